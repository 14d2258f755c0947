"""Metric names with what they mean, made of subjects, phrases, units, statistics and spellings: the same for the same seed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.core.words import Word
from aitia.models.curriculum.styles import spelled

SIZE: Final = 5200  # names that a model is tuned on, unless told otherwise
HELD_OUT: Final = 10  # every tenth subject and phrase is kept for names that the tuning never sees
_TRIES: Final = 30  # for a name that was not made yet
_NOISE, _TAGS = 0.35, 0.07  # share of `other` without any word, and of physical quantities written as tags
_FILLED, _SENSOR = 0.4, 0.12  # share made of templates, and of physical quantities that end in `sensor`
_PHYSICAL: Final = frozenset(
    (
        "temperature", "pressure", "flow", "level", "vibration", "speed", "current", "voltage", "power", "energy", "position",
        "humidity", "concentration", "force", "frequency",
    )
)  # fmt: skip
SYSTEM: Final = "Metric:"
QUESTION: Final = "\nQuantity, bad direction:"
_WORDS: Final = {"file_descriptors": "files"}  # where a quantity's own id begins like another's
_SHAPES: Final = (
    "{a}_{b}", "{a}{n}", "{A}{n}", "{a}_{b}_{n}", "{o}.{a}.{b}", "{A}_{n}", "Tag_{n}", "reg{n}", "{o}_{a}", "CH{n}", "{a}.{b}{n}",
    "DB{n}.DBW{n}", "point {n}", "{A}-{n}-{a}",
)  # fmt: skip
_CONSONANTS: Final = "bcdfghjklmnpqrstvwxz"


class Named(Word):
    """A name, the quantity that it means, and the direction that means trouble."""

    name: str
    quantity: str
    direction: str


class Phrase(Word):
    """Words that mean a quantity, said of a kind of subject."""

    text: str
    quantity: str
    direction: str
    kind: str


@cache
def phrases() -> tuple[Phrase, ...]:
    """All phrases."""
    return tuple(
        Phrase(text=text, quantity=quantity, direction=direction, kind=kind)
        for quantity, directions in _read("phrases.yaml").items()
        for direction, kinds in directions.items()
        for kind, texts in kinds.items()
        for text in texts
    )


@cache
def _filled(held_out: bool) -> dict[str, list[list[Phrase]]]:
    """By quantity and template: the template with each of its words. What is a phrase already, or trained on, is left out."""
    known = {p.text for p in phrases()}
    if held_out:
        known |= {p.text for templates in _filled(False).values() for texts in templates for p in texts}

    def part(texts: Iterable[str]) -> list[str]:
        return [t for t in texts if _is_held_out(t) == held_out]

    made: dict[str, list[list[Phrase]]] = {}
    tables = _read("templates.yaml")
    for table in (tables["things"], tables["objects"]):
        words = [(table["kind"], w) for w in part(table["words"])]
        _fill(made, table["templates"], words, part)
    measured = [
        (p.kind, p.text)
        for p in phrases()
        if p.kind != "it" and p.quantity in _PHYSICAL and _is_held_out(p.text) == held_out
    ]
    _fill(made, tables["derived"], measured, part)
    return {
        quantity: [kept for texts in templates if (kept := [p for p in texts if p.text not in known])]
        for quantity, templates in made.items()
    }


def _fill(
    made: dict[str, list[list[Phrase]]],
    templates: Mapping[str, Mapping[str, Sequence[str]]],
    words: Sequence[tuple[str, str]],
    part: Callable[[Iterable[str]], list[str]],
) -> None:
    for quantity, directions in templates.items():
        for direction, texts in directions.items():
            for text in part(texts):
                made.setdefault(quantity, []).append(
                    [
                        Phrase(text=_put(text, word), quantity=quantity, direction=direction, kind=kind)
                        for kind, word in words
                    ]
                )


def _put(template: str, word: str) -> str:
    many = re.sub(r"([^aeiou])ys$", r"\1ies", f"{word}s")
    many = re.sub(r"(s|sh|ch|x)s$", r"\1es", many)
    return template.replace("{}s", many).replace("{}", word)


def quantities() -> list[str]:
    """The quantities that names are made for, `other` among them."""
    return list(dict.fromkeys(phrase.quantity for phrase in phrases()))


def label_of(quantity: str) -> str:
    """How a quantity is put to a model."""
    return _WORDS.get(quantity, quantity)


def names(seed: int, size: int = SIZE, *, held_out: bool = False) -> list[Named]:
    """`size` distinct names in random order; `held_out` ones share neither a subject nor a phrase with the others."""
    return list(Parts(seed, held_out).made(size))


def digest(made: Sequence[Named]) -> str:
    """The sha256 of names and answers."""
    lines = (f"{n.name}\t{n.quantity}\t{n.direction}\n" for n in made)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class Parts:
    """The subjects and phrases that are tuned on, or those that are held out; draws names from them."""

    def __init__(self, seed: int, held_out: bool) -> None:
        self._random = Random(f"{seed} {held_out}")
        self._parts = _read("subjects.yaml")
        self._weights: Mapping[str, float] = self._parts["weights"]
        self._subjects: dict[str, list[str]] = {
            kind: [s for s in self._parts[kind][0] if _is_held_out(s) == held_out]
            for kind in ("it", "plant", "de")
        }
        self._owners: list[str] = [o for o in self._parts["org"] if _is_held_out(o) == held_out]
        self._templates = _filled(held_out)
        self._phrases: dict[str, list[Phrase]] = {}
        for phrase in phrases():
            if _is_held_out(phrase.text) == held_out:
                self._phrases.setdefault(phrase.quantity, []).append(phrase)

    @property
    def texts(self) -> set[str]:
        """All subjects, owners, phrases and filled templates of this part."""
        subjects = {f"subject {s}" for part in self._subjects.values() for s in part}
        filled = {p.text for part in self._templates.values() for texts in part for p in texts}
        return (
            subjects | set(self._owners) | filled | {p.text for part in self._phrases.values() for p in part}
        )

    def made(self, size: int) -> Iterator[Named]:
        """Distinct names; a quantity's share follows its weight."""
        wanted = list(self._phrases)
        drawn = self._random.choices(wanted, [self._weights.get(q, 1.0) for q in wanted], k=size)
        seen: set[str] = set()
        for quantity in drawn:
            for _ in range(_TRIES):
                one = self._one(quantity)
                if one.name not in seen:
                    seen.add(one.name)
                    yield one
                    break

    def _one(self, quantity: str) -> Named:
        random = self._random
        if quantity == "other" and random.random() < _NOISE:
            return Named(name=self._noise(), quantity="other", direction="both")
        if quantity in self._parts["tags"]["letters"].values() and random.random() < _TAGS:
            return self._tag(quantity)
        phrase = self._phrase(quantity)
        text, label = _without_label(phrase.text)
        before, star, after = text.partition("*")
        words = (after if star else text).split()
        words = self._measured(quantity, words)
        subject = self._subject(phrase.kind, plain=bool(star))
        if star:
            words = [*before.split(), *subject, *words]
            subject = [random.choice(self._owners)]
        subject, words = self._shortened(subject), self._shortened(words)
        name = spelled(random, phrase.kind, subject, words)
        if phrase.kind == "it" and not label and random.random() < 0.03:
            label = random.choice(self._parts["labels"])
        return Named(name=name + label, quantity=quantity, direction=phrase.direction)

    def _phrase(self, quantity: str) -> Phrase:
        templates = self._templates.get(quantity)
        if templates and self._random.random() < _FILLED:
            return self._random.choice(self._random.choice(templates))
        return self._random.choice(self._phrases[quantity])

    def _subject(self, kind: str, *, plain: bool) -> list[str]:
        """What it is of: an owner, a thing, both or neither."""
        random = self._random
        thing, owner = random.choice(self._subjects[kind]).split(), random.choice(self._owners)
        if plain:
            return thing
        if kind != "it":
            return thing if random.random() < 0.85 else [owner, *thing]
        return random.choices([thing, [owner, *thing], [owner]], [5, 3, 2])[0]

    def _measured(self, quantity: str, words: list[str]) -> list[str]:
        """The phrase with a unit or a statistic behind or in front."""
        random = self._random
        out = list(words)
        if quantity in _PHYSICAL and random.random() < _SENSOR:
            out.append("sensor")
        units: list[str] = self._parts["units"].get(quantity, [])
        if units and random.random() < 0.4:
            unit = random.choice(units).split()
            out += [] if out[-len(unit) :] == unit else unit
        if quantity in self._parts["monotone"] and random.random() < 0.25:
            statistic = random.choice(self._parts["statistics"])
            out = [statistic, *out] if random.random() < 0.4 else [*out, statistic]
        return out

    def _shortened(self, words: Sequence[str]) -> list[str]:
        """Some names have abbreviations: known ones, without vowels, cut."""
        random = self._random
        if random.random() > 0.35:
            return list(words)
        out = []
        for word in words:
            known: list[str] = self._parts["short"].get(word, [])
            if known and random.random() < 0.7:
                out.append(random.choice(known))
            elif len(word) > 5 and word.isalpha() and random.random() < 0.12:
                out.append(word[0] + "".join(c for c in word[1:] if c not in "aeiou"))
            elif len(word) > 6 and word.isalpha() and random.random() < 0.08:
                out.append(word[:4])
            else:
                out.append(word)
        return out

    def _noise(self) -> str:
        """Letters and numbers that mean nothing."""
        random = self._random

        def letters(most: int) -> str:
            return "".join(random.choices(_CONSONANTS, k=random.randint(1, most)))

        number = str(random.randrange(1, 10 ** random.randint(1, 5)))
        shape = random.choice(_SHAPES)
        return shape.format(
            a=letters(4), A=letters(3).upper(), b=letters(3), n=number, o=random.choice(self._owners)
        )

    def _tag(self, quantity: str) -> Named:
        """A tag by ISA-5.1 whose letters tell the quantity, or that the value is an output, a setting or an alarm."""
        random, tags = self._random, self._parts["tags"]
        letter = random.choice([x for x, q in tags["letters"].items() if q == quantity])
        number = f"{random.randrange(1, 999):03}{random.choice(['', '', 'A', 'B'])}"
        loop = random.choice(["{a}{n}", "{a}-{n}", "{u}-{a}-{n}", "{u}{a}{n}", "{a}_{n}", "{u}_{a}_{n}"])
        function, value, meant = random.choice(tags["functions"]), random.choice(tags["values"]), quantity
        direction = random.choice([p.direction for p in phrases() if p.quantity == quantity])
        drawn = random.random()
        if drawn < 0.1:
            function, value, meant, direction = "IC", random.choice(tags["positions"]), "position", "both"
        elif drawn < 0.2:
            function, value, meant, direction = "IC", random.choice(tags["settings"]), "setting", "none"
        elif drawn < 0.3:
            function, value, meant, direction = random.choice(tags["alarms"]), "", "state", "up"
        made = loop.format(a=letter + function, n=number, u=random.randrange(1, 99)) + value
        return Named(name=made, quantity=meant, direction=direction)


def _without_label(text: str) -> tuple[str, str]:
    """A phrase's words and its label in braces."""
    start = text.find("{")
    if start < 0:
        return text, ""
    end = text.index("}") + 1
    key, _, value = text[start + 1 : end - 1].partition("=")
    return f"{text[:start]} {text[end:]}".strip() or "responses", f'{{{key}="{value}"}}'


def _is_held_out(text: str) -> bool:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % HELD_OUT == 0


@cache
def _read(file: str) -> dict[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath(file).read_text("utf-8")))
