"""What people write of trouble, in five languages, with its main symptom."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.models.adapters import Role
from aitia.models.curriculum import written
from aitia.models.curriculum.items import Item, Segment, Split, distinct, of_split, split_of

SYSTEM: Final = "Text:"
QUESTION: Final = "\nMain symptom:"
SYMPTOMS: Final = (
    "latency", "errors", "unavailable", "restart", "saturation", "queue", "data", "vibration", "temperature",
    "pressure", "flow", "noise", "leak", "speed", "other",
)  # fmt: skip
"""In the words in which texts are asked about (`aitia.tools.meaning.incidents.symptoms.SYMPTOMS`)."""
_ENGLISH: Final = 0.45  # share of the texts in English


class Texts:
    """The curriculum of incident texts."""

    role: Role = "texts"
    about = "what people write of trouble, five languages → main symptom"
    size = 3000

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` different texts, of sites and made; a split's sites, templates and components are its own."""
        random, held = Random(f"texts {seed} {split}"), _read("texts.yaml")
        things = {k: of_split(map(str, v), split) for k, v in _read("things.yaml").items()}
        by_symptom = _templates(split)

        def draw() -> Item:
            symptom = random.choice(sorted(by_symptom))
            return _text(random, symptom, by_symptom[symptom], held, things, split)

        real = written.of(written.texts(), split)
        random.shuffle(real)
        items = [_real(*row, split) for row in real[: size - size // 3 if split == "train" else size // 2]]
        items += distinct(draw, size - len(items))
        random.shuffle(items)
        return items


def _real(text: str, site: str, symptom: str, language: str, split: Split) -> Item:
    return Item(
        role="texts",
        system=SYSTEM,
        prompt=f" {text}{QUESTION}",
        answer=(Segment(text=f" {symptom}", name="symptom", labels=SYMPTOMS),),
        split=split,
        vendor=site,
        author=f"texts of sites, language models, {language}",
    )


def _templates(split: Split) -> dict[str, dict[str, list[str]]]:
    """Templates by symptom and language; a symptom of which the split has none is left out."""
    made: dict[str, dict[str, list[str]]] = {}
    for symptom in SYMPTOMS:
        for language, texts in _read("texts.yaml")[symptom].items():
            if kept := [t for t in texts.splitlines() if split_of(f"{symptom} {t}") == split]:
                made.setdefault(symptom, {})[language] = kept
    return made


def _text(
    random: Random,
    symptom: str,
    templates: Mapping[str, list[str]],
    held: Mapping[str, Any],
    things: Mapping[str, list[str]],
    split: Split,
) -> Item:
    others = [language for language in sorted(templates) if language != "en"]
    english = "en" in templates and (not others or random.random() < _ENGLISH)
    language = "en" if english else random.choice(others)
    template = random.choice(templates[language])
    names = [f"{random.choice(things['areas'])}-{random.choice(things['parts'])}" for _ in range(2)]
    machines = random.sample(things["tags"], 2) if len(things["tags"]) > 1 else [*things["tags"] * 2]
    slots = {
        "x": names[0],
        "p": machines[0],
        "y": machines[1] if "{p}" in template else names[1],
        "n": str(random.randint(2, 95)),
        "m": str(random.randint(600, 2900)),
    }
    text = random.choice(held["around"][language]) + template + random.choice(held["behind"][language])
    return Item(
        role="texts",
        system=SYSTEM,
        prompt=f" {text.format_map(slots)}{QUESTION}",
        answer=(Segment(text=f" {symptom}", name="symptom", labels=SYMPTOMS),),
        split=split,
        vendor=machines[0] if "{p}" in template else names[0],
        author=f"templates, hand, {language}",
    )


@cache
def _read(file: str) -> Mapping[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath(file).read_text("utf-8")))
