"""Facts, and suspects one by one: whether each is the cause. Kinds of the taxonomy on made-up systems.

Asked for the letter of the right one, a small model learns nothing (benchmarks/LOG.md); asked of each by itself, what counts is
how likely its `yes` is beside the others', and that nobody is it follows where none is likely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.models.adapters import Role
from aitia.models.curriculum import written
from aitia.models.curriculum.items import Item, Segment, Split, dealt, distinct, of_split, split_of

SYSTEM: Final = "Facts:"
LABELS: Final = ("yes", "no")
MOST: Final = 5  # suspects of a case
_NONE: Final = 0.2  # share in which nobody whom the facts tell of is suspected
_PLANT: Final = 0.3  # share of plants
_TOO_LATE: Final = (9, 40)  # minutes after the trouble began
_LONG_BEFORE: Final = (180, 600)  # minutes
_TURNS: Final = 2  # of each written case: as often with its suspects in another order
PARTS: Final = 5  # of the kinds: one is held out, one is for the checks
_NOON: Final = 12 * 60


class Judge:
    """The curriculum of judgements."""

    role: Role = "judge"
    about = "facts and a suspect, one by one → whether it is the cause"
    size = 1400

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` different cases; a split's kinds of faults and systems are its own."""
        random, site = Random(f"judge {seed} {split}"), _Site(split)
        real = [item_of(_turned(random, c), split) for c in _real(split) for _ in range(_TURNS)]
        random.shuffle(real)
        items = list({i.prompt: i for i in real}.values())[: size // 2]
        items += distinct(lambda: item_of(site.one(random), split), size - len(items))
        random.shuffle(items)
        return items

    def cases(self, seed: int, size: int, split: Split) -> list[Case]:
        """Cases with all their suspects, half of them written ones: for whoever scores who stands first."""
        random, site = Random(f"judge {seed} {split}"), _Site(split)
        real = [_turned(random, c) for c in _real(split)][: size // 2]
        return real + [site.one(random) for _ in range(size - len(real))]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Facts as they are told, at most `MOST` suspects as (component, title of the kind), and which of them is the cause, if any.

    `began` is HH:MM.
    """

    facts: tuple[str, ...]
    suspects: tuple[tuple[str, str], ...]
    cause: tuple[str, str] | None
    began: str
    vendor: str
    author: str


def _real(split: Split) -> list[Case]:
    """The written cases of a split's systems."""
    return [
        Case(
            facts=tuple(c["facts"]),
            suspects=tuple((a, b) for a, b in c["suspects"]),
            cause=tuple(c["cause"]) if c["cause"] else None,
            began=c["began"],
            vendor=c["system"],
            author="facts as a report has them, language models",
        )
        for c in written.cases()
        if split_of(c["system"].lower()) == split
    ]


def _turned(random: Random, case: Case) -> Case:
    """The same case with its suspects in another order."""
    return replace(case, suspects=tuple(random.sample(case.suspects, len(case.suspects))))


@dataclass(kw_only=True)
class _Making:
    """A case while it is made: facts by minute, and suspects as (component, kind's title)."""

    began: int
    facts: list[tuple[int, str]] = field(default_factory=list)
    suspects: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, random: Random, templates: str, at: int, component: str, other: str) -> None:
        self.facts.append((at, _filled(random, templates, component, other)))


class _Site:
    """Kinds and names of one split."""

    def __init__(self, split: Split) -> None:
        held = _read("judge.yaml")
        self._split = split
        self._kinds = {
            world: {k: held[world][k] for k in dealt(held[world], split, PARTS)} for world in ("it", "plant")
        }
        self._symptoms: Mapping[str, str] = held["symptoms"]
        self._things = {k: of_split(map(str, v), split) for k, v in _read("things.yaml").items()}

    def one(self, random: Random) -> Case:
        """A case: a cause with its proof, what it does to those behind it, and suspects of whom facts say otherwise."""
        world = "plant" if random.random() < _PLANT else "it"
        names, kinds = self._names(random, world), self._kinds[world]
        kind = random.choice(sorted(kinds))
        case = _Making(began=_NOON + random.randint(-600, 600))
        known = random.random() >= _NONE
        cause = (names[0], kinds[kind]["title"])
        if known:
            for text in _some(random, kinds[kind]["proof"], 2):
                case.tell(random, text, case.began + random.randint(0, 2), names[0], names[1])
            case.suspects.append(cause)
        elif random.random() < 0.5:  # suspected, and excluded
            case.tell(random, kinds[kind]["denies"], case.began + random.randint(0, 4), names[0], names[1])
            case.suspects.append(cause)
        self._symptoms_of(random, case, names, world)
        self._add_others(random, case, names, world, kind)
        return _case(random, case, cause if known else None, world, names[0])

    def _names(self, random: Random, world: str) -> list[str]:
        """Four components, the first of which has the trouble and the second of which feels it."""
        made: dict[str, None] = {}
        while len(made) < 4:
            service = f"{random.choice(self._things['areas'])}-{random.choice(self._things['parts'])}"
            machine = f"{random.choice('PKFTCM')}-{random.randint(10, 989)}"
            made[service if world == "it" else machine] = None
        return list(made)

    def _symptoms_of(self, random: Random, case: _Making, names: Sequence[str], world: str) -> None:
        """What it and the one behind it show, whatever the cause."""
        for component, other in random.sample(
            [(names[0], names[2]), (names[1], names[0])], random.randint(1, 2)
        ):
            at = case.began + random.randint(1, 6)
            case.tell(random, self._symptoms[world], at, component, other)

    def _add_others(self, random: Random, case: _Making, names: Sequence[str], world: str, kind: str) -> None:
        """Suspects who are not it: excluded, without any proof, too late, or over long before."""
        kinds = self._kinds[world]
        free = [(c, k) for c in names for k in sorted(kinds) if not (c == names[0] and k == kind)]
        wanted = random.randint(2, MOST) - len(case.suspects)
        for component, other in random.sample(free, min(max(wanted, 1), len(free))):
            case.suspects.append((component, kinds[other]["title"]))
            way = random.choice(("denied", "denied", "silent", "late", "before"))
            if way == "denied":
                at = case.began + random.randint(0, 6)
                case.tell(random, kinds[other]["denies"], at, component, names[3])
            elif way == "late" and component != names[0]:
                at = case.began + random.randint(*_TOO_LATE)
                case.tell(random, kinds[other]["proof"], at, component, names[3])
            elif way == "before" and component != names[0]:
                at = case.began - random.randint(*_LONG_BEFORE)
                case.tell(random, kinds[other]["proof"], at, component, names[3])
                case.facts[-1] = (at, f"{case.facts[-1][1]}, over since {clock(at + random.randint(5, 60))}")


def _case(random: Random, made: _Making, cause: tuple[str, str] | None, world: str, vendor: str) -> Case:
    suspects = list(dict.fromkeys(made.suspects))
    random.shuffle(suspects)
    return Case(
        facts=tuple(f"{text} ({clock(at)})" for at, text in sorted(set(made.facts))),
        suspects=tuple(suspects),
        cause=cause,
        began=clock(made.began),
        vendor=vendor,
        author=f"facts, hand, {world}",
    )


def item_of(case: Case, split: Split) -> Item:
    """A case as an item. The first suspect's answer is judged; those after it are learned too, up to the cause."""
    answer: list[Segment] = []
    for suspect in case.suspects:
        if answer:
            answer.append(Segment(text=question(*suspect), weight=0.0))
        right = suspect == case.cause
        answer.append(Segment(text=f" {LABELS[not right]}", name="" if answer else "cause", labels=LABELS))
        if right:
            break
    return Item(
        role="judge",
        system=SYSTEM,
        prompt=head(case.facts, case.began) + question(*case.suspects[0]),
        answer=tuple(answer),
        split=split,
        vendor=case.vendor,
        author=case.author,
    )


def head(facts: Sequence[str], began: str) -> str:
    """What all suspects of a case are asked with, on one line."""
    told = "; ".join(fact.rstrip(".") for fact in facts)
    return f" {' '.join(told.split())}. Trouble since {began}."


def question(component: str, title: str) -> str:
    """One suspect, after `head`."""
    return f"\nSuspect: {component}: {title}\nCause:"


def _some(random: Random, templates: str, most: int) -> list[str]:
    every = templates.splitlines()
    return random.sample(every, random.randint(1, min(most, len(every))))


def _filled(random: Random, templates: str, component: str, other: str) -> str:
    return random.choice(templates.splitlines()).format_map(
        {
            "c": component, "x": other, "n": random.randint(3, 60), "m": random.randint(70, 4000), "p": random.randint(15, 90),
        }
    )  # fmt: skip


def clock(minute: int) -> str:
    """HH:MM of a minute of a day."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


@cache
def _read(file: str) -> Mapping[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath(file).read_text("utf-8")))
