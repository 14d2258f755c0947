"""Questions in five languages with the query that answers them, over made-up sites of components and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.models.adapters import Role
from aitia.models.curriculum.items import Item, Segment, Split, distinct, of_split, split_of

SYSTEM: Final = "Components:"
LANGUAGES: Final = ("en", "de", "fr", "es", "it")
_COMPONENTS, _METRICS = 5, 4  # that a site in a prompt has at most
_ENGLISH: Final = 0.4  # share of the questions in English


class Questions:
    """The curriculum of questions."""

    role: Role = "questions"
    about = "question in five languages, with a site's components and metrics → query (docs/cli.md)"
    size = 4000

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` different questions; a split's templates, components and measurements are its own."""
        random, parts = Random(f"questions {seed} {split}"), _Parts(split)
        return distinct(lambda: parts.one(random), size)


class _Parts:
    """Templates, things and measurements of one split."""

    def __init__(self, split: Split) -> None:
        held = _read("questions.yaml")
        things = _read("things.yaml")
        self._split = split
        self._areas = of_split(map(str, things["areas"]), split)
        self._parts: Sequence[str] = things["parts"]
        self._tags: Sequence[str] = [t for t in map(str, things["tags"]) if " " not in t]
        self._words, self._spans = held["words"], held["spans"]
        by_name = {names[0]: (names, called) for names, called in held["measured"]}
        self._measured = [by_name[n] for n in of_split(by_name, split)]
        self._other = [names for names, _ in by_name.values()]
        self._asked: dict[str, list[tuple[str, str]]] = {}
        for entry in held["asked"]:
            for language in LANGUAGES:
                for text in entry[language].splitlines():
                    if split_of(f"{language} {text}") == split:
                        self._asked.setdefault(language, []).append((text, entry["query"]))

    def one(self, random: Random) -> Item:
        """A site, a question about it and its query."""
        others = [x for x in LANGUAGES[1:] if x in self._asked]
        language = "en" if random.random() < _ENGLISH or not others else random.choice(others)
        text, query = random.choice(self._asked[language])
        place = LANGUAGES.index(language)
        components = self._components(random)
        names, called = random.choice(self._measured)
        others_of = random.sample([o for o in self._other if o != names], _METRICS - 1)
        metrics = [random.choice(names), *map(random.choice, others_of)]
        span, spoken = random.choice(self._spans)
        slots = {
            "c": components[0], "o": components[1], "m": metrics[0], "q": called[place], "d": span, "D": spoken[place],
            "w": random.choice(self._words), "n": random.choice([3, 5, 20, 25, 50, 100]),
        }  # fmt: skip
        shown = [
            random.sample(components, len(components)),
            random.sample(sorted(set(metrics)), len(set(metrics))),
        ]
        asked = text.format_map(slots)
        if random.random() < 0.5:
            asked = asked[:1].upper() + asked[1:]
        return Item(
            role="questions",
            system=SYSTEM,
            prompt=f" {', '.join(shown[0])}\nMetrics: {', '.join(shown[1])}\nQuestion: {asked}\nQuery:",
            answer=(Segment(text=f" {query.format_map(slots)}\n", name="query"),),
            split=self._split,
            vendor=components[0],
            author=f"templates, hand, {language}",
        )

    def _components(self, random: Random) -> list[str]:
        """Different components of one site, the first two of which are asked about."""
        made: dict[str, None] = {}
        while len(made) < _COMPONENTS:
            if random.random() < 0.25:
                made[random.choice(self._tags)] = None
            else:
                made[f"{random.choice(self._areas)}-{random.choice(self._parts)}"] = None
        return list(made)


@cache
def _read(file: str) -> Mapping[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath(file).read_text("utf-8")))
