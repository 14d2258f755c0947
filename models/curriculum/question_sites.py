"""Made-up sites that questions are asked of: components, what is measured of them, and what people call both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.models.curriculum.items import Split, of_split
from aitia.models.curriculum.styles import spelled

LANGUAGES: Final = ("en", "de", "fr", "es", "it")
GENERIC: Final[
    Mapping[str, tuple[str, ...]]
] = {  # what people say of a whole group, in the order of the languages
    "temp": ("temperature", "Temperatur", "température", "temperatura", "temperatura"),
    "press": ("pressure", "Druck", "pression", "presión", "pressione"),
    "disk": ("disk space", "Plattenplatz", "espace disque", "espacio en disco", "spazio su disco"),
    "net": ("network traffic", "Netzverkehr", "trafic réseau", "tráfico de red", "traffico di rete"),
}
_COMPONENTS: Final = (2, 3, 4, 5, 5, 6, 7, 8)  # how many a prompt may show
_METRICS: Final = (3, 4, 5, 6, 7, 8, 9, 10, 12)
_PLANT, _MIXED, _ALIKE = (
    0.35,
    0.1,
    0.4,
)  # shares of sites of machines, of both, of metrics that are like the wanted one
_SNAKE, _OWNED = 0.7, 0.6  # shares of names in snake case, and with a subject in front
_TAGS: Final = (
    "P", "M", "FV", "TK", "K", "CV", "HX", "RB", "AHU", "GT", "PU", "COMP", "FAN", "V", "KL", "WT", "R", "UV", "BLR",
    "DR",
)  # fmt: skip
_MACHINES: Final = (
    "Pumpe", "mill", "press", "boiler", "kiln", "saw", "pompa", "bomba", "Kessel", "mixer", "dryer", "loom",
)  # fmt: skip
_ROLES, _ENDS = ("db", "lb", "cache", "host", "mq", "node"), ("", "-a", "-b", "1", "2")
_SUBJECTS: Final = ("app", "svc", "node", "host", "srv", "proc", "sys", "main", "core", "pool", "vault", "lynx", "otter", "kiwi",
                    "dbx", "mqx", "webd", "kvd", "ngw", "hlb", "jvmx", "ctr", "kube")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A metric: its name here, what it is like, and what people call it."""

    id: str
    name: str
    group: str
    whole: str
    called: Mapping[str, Any]

    def said(self, random: Random, language: str) -> str:
        """What somebody calls it, sometimes by its very name."""
        return self.name if random.random() < 0.05 else str(random.choice(self.called[language]))

    def asks(self, language: str) -> Sequence[str]:
        """Whole ways to ask for it."""
        return tuple(self.called.get("ask", {}).get(language, ()))


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a question is of."""

    component: str
    second: str
    metric: Measured
    other: Measured
    whole: Measured | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is put before the model: components, and what is measured of them."""

    components: tuple[str, ...]
    measured: tuple[Measured, ...]

    @property
    def metrics(self) -> list[str]:
        """The names."""
        return [m.name for m in self.measured]

    def place(self, random: Random, *, whole: bool = False) -> Place:
        """Two components and two measurements, the first a part of another one where `whole` and there is one."""
        first, second = random.sample(self.components, 2)
        parts = [(m, w) for m in self.measured for w in self.measured if m.whole and w.id == m.whole]
        if whole and parts:
            metric, all_of = random.choice(parts)
            return Place(component=first, second=second, metric=metric, other=all_of, whole=all_of)
        metric, other = random.choice(self.measured), random.choice(self.measured)
        return Place(component=first, second=second, metric=metric, other=other)


class Sites:
    """The sites of one split."""

    def __init__(self, split: Split) -> None:
        things, held = _read("things.yaml"), _read("measured.yaml")["measured"]
        self._areas = of_split(map(str, things["areas"]), split)
        self._hosts = of_split(map(str, things["hosts"]), split)
        self._parts: Sequence[str] = things["parts"]
        by_name = {str(m["n"][0]): m for m in held}
        wanted = set(of_split(by_name, split))
        self._kinds = {
            k: [m for n, m in by_name.items() if m["k"] == k and n in wanted] for k in ("it", "plant")
        }
        self._all = {k: [m for m in held if m["k"] == k] for k in ("it", "plant")}

    def one(self, random: Random) -> Site:
        """A site of services, of machines, or of both."""
        plant = random.random() < _PLANT
        kind = "plant" if plant else "it"
        wanted = random.choice(self._kinds[kind] or self._all[kind])
        size = random.choice(_METRICS) - 1
        alike = [m for m in self._all[kind] if m is not wanted and m["g"] == wanted["g"]]
        others = [m for m in self._all[kind] if m is not wanted and m["g"] != wanted["g"]]
        near = random.sample(alike, min(len(alike), round(size * _ALIKE)))
        chosen = [wanted, *near, *random.sample(others, max(1, size - len(near)))]
        if wanted.get("whole"):
            chosen += [
                m for m in self._all[kind] if m.get("id", m["g"]) == wanted["whole"] and m not in chosen
            ][:1]
        random.shuffle(chosen)
        names: dict[str, Measured] = {}
        subject = random.choice(_SUBJECTS)
        for m in chosen:
            name = _named(random, kind, subject, str(random.choice(m["n"])))
            names[name] = Measured(
                id=_id(m), name=name, group=m["g"], whole=str(m.get("whole", "")), called=m
            )
        return Site(components=tuple(self._components(random, plant)), measured=tuple(names.values()))

    def absent(self, random: Random, site: Site) -> Measured:
        """What the site does not measure, mostly like something that it measures."""
        held, groups = {m.id for m in site.measured}, {m.group for m in site.measured}
        kind = site.measured[0].called["k"]
        gone = [m for m in self._all[kind] if _id(m) not in held]
        near = [m for m in gone if m["g"] in groups]
        m = random.choice(near if near and random.random() < _ALIKE + 0.2 else gone)
        return Measured(
            id=_id(m), name=_named(random, kind, "", str(m["n"][0])), group=m["g"], whole="", called=m
        )

    def strange(self, random: Random, site: Site) -> str:
        """A name that the site does not know, like those that it knows."""
        plant = any(re.search(r"\d", c) for c in site.components)
        return next(c for _ in range(99) for c in self._components(random, plant) if c not in site.components)

    def _components(self, random: Random, plant: bool) -> list[str]:
        made: dict[str, None] = {}
        size, style = random.choice(_COMPONENTS), random.random()
        area, tag = random.choice(self._areas), random.choice(_TAGS)
        while len(made) < size:
            mixed = random.random() < _MIXED
            made[
                self._machine(random, tag, style) if plant != mixed else self._service(random, area, style)
            ] = None
        return list(made)

    def _machine(self, random: Random, tag: str, style: float) -> str:
        letters = tag if random.random() < 0.4 else random.choice(_TAGS)
        digits = random.randrange(1, 9) if style < 0.4 else random.randrange(100, 999)
        if style > 0.9:
            return f"{random.choice(_MACHINES)} {random.randrange(1, 9)}"
        return f"{letters}{'' if 0.3 < style < 0.4 else '-'}{digits}{random.choice(['', '', 'A', 'B', '-DS', '-M'])}"

    def _service(self, random: Random, area: str, style: float) -> str:
        first = area if random.random() < 0.3 else random.choice(self._areas)
        if style < 0.25:
            return first
        if style > 0.85:
            return f"{random.choice(self._hosts)}-{random.choice(_ROLES)}{random.choice(_ENDS)}"
        return f"{first}-{random.choice(self._parts)}"


def _id(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id", entry["n"][0]))


def said(random: Random, component: str, others: Sequence[str]) -> str:
    """What somebody calls a component: mostly its name, else without its sign, in small letters, or by its first part."""
    style = random.random()
    first = re.split(r"[-\s]", component)[0]
    if style < 0.68:
        return component
    if style < 0.78:
        return component.lower()
    if style < 0.9:
        return component.replace("-", " ")
    alone = sum(first.lower() in o.lower() for o in others) == 1 and len(first) > 3
    return first if alone else component


def _named(random: Random, kind: str, subject: str, words: str) -> str:
    parts = words.split()
    if random.random() < _SNAKE:
        return "_".join([*([subject] if random.random() < _OWNED and kind == "it" else []), *parts])
    owner = [subject] if random.random() < 0.3 and kind == "it" else []
    made = spelled(random, kind, owner, parts)
    return "_".join(parts) if set(made) & set(',"@\\\n') or len(made) > 48 else made


@cache
def sites(split: Split) -> Sites:
    """The sites of a split."""
    return Sites(split)


@cache
def _read(file: str) -> Mapping[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath(file).read_text("utf-8")))
