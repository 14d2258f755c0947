"""The tag map: for each tag its machine, point, quantity, unit and range, proposed by names, overruled by a person."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from aitia.tools.meaning.names import lexicon
from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.tags.equipment_words import (
    Parts,
    instrument_of,
    is_machine,
    is_part,
    mention_in,
    plain,
)
from aitia.tools.tags.meant import PLANT, meaning_of
from aitia.tools.tags.names import machine_in, machine_named, parts_of
from aitia.tools.tags.point import TAIL, Point, TagEntry, bare_of
from aitia.tools.tags.shared import weighed
from aitia.tools.tags.together import behind_what_all_share, cut, varying, without_weak

PERSON: Final = "person"
LOOP: Final = "loop of ISA-5.1"
AREA: Final = "a guess: loops of one hundred"
_NUMBERED: Final = re.compile(r"[A-Z]{2,6}-?\d{1,4}[A-Z]?")
_DATED: Final = re.compile(r"[\s_.-]+(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d.*$")  # of a file's name
_MEASURED: Final = frozenset({"pv", "meas", "value", "val", "cv", "process value", "istwert"})
_MESSAGES: Final = frozenset(
    {"telemetry", "tele", "data", "state", "status", "value", "values", "sensor", "sensors", "attributes", "uplink",
     "up", "event", "events", "measurements", "json", "stat", "messages"}
)  # fmt: skip
"""Levels of a topic that say which kind of message it is."""
_ID: Final = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAMELESS: Final = "column "  # a column without a name
_DEEP: Final = 3  # levels of a path of places
_NAMED: Final = 4  # words of a machine's name
_SAID: Final = 80  # characters of a description
_SOME: Final = 3  # tags of a machine: with fewer it may be an instrument


def propose(points: Sequence[Point], known: Mapping[str, TagEntry] | None = None) -> list[TagEntry]:
    """The map of some tags, in their order; what `known` says of a tag, or of ASSET.POINT (without case), stands.

    A tag of which neither its name nor a column nor a description tells the machine gets that of its file, said in `by`.
    """
    written = {plain(t): e for t, e in (known or {}).items()}
    points = varying(points)
    parts = [parts_of(bare_of(p)) for p in points]
    parts = behind_what_all_share(points, cut(points, weighed(points, parts)))
    parts = without_weak(points, parts, [p.title or _of_file(p.place) for p in points])
    spoken = _spoken(points)
    owners = _short({p.whole: p.asset for p in parts if p.whole and not p.loop})
    points = [replace(p, said=spoken.get(n, "")) for n, p in enumerate(points)]
    loops = _loops(points, parts)
    areas = _areas(points, parts, loops)
    singles = _singles(parts)
    alone = len({p.place for p in points}) <= 1
    entries = []
    for point, part in zip(points, parts, strict=True):
        entry = _entry(point, _owned(point, part, owners, loops, areas, singles, alone=alone))
        said = written.get(plain(point.tag)) or written.get(plain(f"{entry.asset}.{entry.point}"))
        if said is not None:
            entry = _overruled(entry, said)
        entries.append(entry)
    return entries


def _spoken(points: Sequence[Point]) -> dict[int, str]:
    """The machine, by place, that several descriptions begin with and that has no number: `CRUDE COLUMN REFLUX FLOW`.

    Two words or more, the last a kind of machine, before words that tell a quantity.
    """
    heads: dict[int, str] = {}
    for n, point in enumerate(points):
        words = point.description[:_SAID].split()
        for end in range(min(_NAMED, len(words) - 1), 1, -1):
            fits = is_machine(words[end - 1]) and quantity_in(" ".join(words[end:]))
            if fits and not quantity_in(head := " ".join(words[:end])) and not is_part(words[0]):
                heads[n] = head
                break
    told = Counter(plain(h) for h in heads.values())
    return {n: h for n, h in heads.items() if told[plain(h)] > 1}


def _short(wholes: Mapping[str, str]) -> dict[str, str]:
    """The asset of each whole name: its short one where that is of one alone."""
    same: dict[str, set[str]] = defaultdict(set)
    for whole, asset in wholes.items():
        same[plain(asset)].add(plain(whole))
    return {whole: asset if len(same[plain(asset)]) == 1 else whole for whole, asset in wholes.items()}


def _loops(points: Sequence[Point], parts: Sequence[Parts]) -> dict[str, str]:
    """The machine that an instrument's loop belongs to: the one with the same number, where there is one alone."""
    machines = {p.asset for p in parts if p.asset and not p.loop} | {
        m for p in points if (m := mention_in(p.description))
    }
    found: dict[str, str] = {}
    for part in parts:
        if part.by == "KKS" and part.loop:
            same = {m for m in machines if m.startswith(part.loop)}
            found |= {part.loop: min(same)} if len(same) == 1 else {}
            continue
        number = re.sub(r"\D", "", part.loop.rpartition("-")[2])
        like = [
            m
            for m in sorted(machines)
            if len(number) >= 3 and re.sub(r"\D", "", m.rpartition("-")[2]) == number
        ]
        if part.loop and len({plain(m) for m in like}) == 1:
            found[part.loop] = like[0]
    return found


def _areas(points: Sequence[Point], parts: Sequence[Parts], loops: Mapping[str, str]) -> dict[str, str]:
    """Loops of one instrument each whose numbers lie in one hundred, as one machine: `TI3301` and `FI3302` are of 3300.

    A loop of several instruments stays a machine of its own, and so does all where another one lies in the same hundred.
    """
    held: dict[tuple[str, str], dict[str, int]] = defaultdict(Counter)
    for point, part in zip(points, parts, strict=True):
        before, _, number = part.loop.rpartition("-")
        if (
            part.by == LOOP
            and len(number) >= 3
            and not (point.asset or point.said or mention_in(point.description))
        ):
            held[before, number[:-2]][part.loop] += 1
    found: dict[str, str] = {}
    for (before, hundred), of in held.items():
        if len(of) > 1 and max(of.values()) == 1 and not of.keys() & loops.keys():
            found |= dict.fromkeys(of, "-".join(filter(None, (before, f"{hundred}00"))))
    return found


def _singles(parts: Sequence[Parts]) -> dict[str, str]:
    """The instrument of each loop that has but one, by which a person calls it: `FIC-201` of `FIC-201/PID1/PV`."""
    held: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        if part.by == LOOP:
            held[part.loop].add(part.whole)
    return {loop: next(iter(of)) for loop, of in held.items() if len(of) == 1}


def _owned(
    point: Point,
    part: Parts,
    owners: Mapping[str, str],
    loops: Mapping[str, str],
    areas: Mapping[str, str],
    singles: Mapping[str, str],
    *,
    alone: bool,
) -> tuple[str, str, str]:
    """Machine, point, and what told it."""
    bare = bare_of(point)
    if point.asset:
        if (
            part.asset and not part.loop and _ID.fullmatch(point.asset)
        ):  # a record's, beside a path that tells the machine
            return owners.get(part.whole, part.asset), part.point, part.by
        whole = (
            parts_of(point.asset)
            if re.search(rf"[.:/]{re.escape(plain(bare))}$", plain(point.asset))
            else None
        )
        if whole is not None and whole.asset and not whole.loop:  # the whole path of the tag
            return whole.asset, whole.point, "path"
        inner = part.asset and plain(part.asset) == plain(point.asset)
        if (
            part.asset
            and not part.loop
            and re.search(r"\d", part.asset)
            and not re.search(r"\d", point.asset)
            and not inner
        ):
            return owners.get(part.whole, part.asset), part.point, part.by
        rest = bare[len(point.asset) + 1 :] if plain(bare).startswith(f"{plain(point.asset)}.") else bare
        return _last_level(point.asset), part.point if inner else rest, "column of machines"
    if part.loop:
        if said := _mentioned(point):
            return said, bare, "its description"
        if (area := areas.get(part.loop)) is not None:
            return area, bare, AREA
        return loops.get(part.loop) or singles.get(part.loop, part.loop), bare, part.by
    if part.asset:
        return owners.get(part.whole, part.asset), part.point, part.by
    if said := _mentioned(point):
        return said, bare, "its description"
    if point.generic and not bare.startswith(_NAMELESS) and machine_named(bare):
        return bare, bare, "a machine's name"
    stem = _stem(point.place)
    head = re.match(r"[^\W\d_]{4,}", bare_of(point))
    if (
        head
        and is_machine(head[0])
        and not bare.startswith(_NAMELESS)
        and len(bare) > len(head[0])
        and not (_of_file(point.place) or mention_in(re.sub(r"[_.]", " ", point.place)))
    ):
        return head[0], bare[len(head[0]) :].strip(" _-.:"), "a machine's name"
    if point.title:
        return point.title, bare, "a line above the table"
    if code := mention_in(re.sub(r"[_.]", " ", stem)) or mention_in(re.sub(r"[_.]", " ", point.place)):
        return code, bare, "the name of its file"
    if named := machine_in(stem):
        return named, bare, "the name of its file"
    numbered = [w for w in re.split(r"[\s_.]+", stem) if _NUMBERED.fullmatch(w)]
    if len(numbered) == 1:
        return numbered[0], bare, "the name of its file"
    return stem or "machine", bare, "no machine told: the name of its file"


def _stem(place: str) -> str:
    """The name of a file without its endings and days."""
    stem = re.sub(
        r"(?:\.(?:csv|tsv|txt|gz|xlsx|xlsm|xlsb|ods|asc|tab|las|out|parquet|pq|zip|lvm|lis|dat|prn|log|lst|rpt|jsonl?|ndjson|xls|xml|html?|sqlite3?|db))+$",
        "",
        place.rpartition("/")[2],
        flags=re.I,
    )
    return _DATED.sub("", stem) or stem


def _of_file(place: str) -> str:
    """The machine with a number that the name of a file, or of its sheet, tells."""
    stem = re.sub(r"[_.]", " ", _stem(place))
    return mention_in(stem) or machine_in(stem)


def _last_level(asset: str) -> str:
    """The last level of a path of places, which is the machine: `INV-01` of `Park/Logger 1/INV-01`."""
    levels = [t for t in re.split(r"\s*[\\/>|]\s*", asset) if t]
    whole = len(levels)
    while len(levels) > 1 and plain(levels[-1]) in _MESSAGES:
        levels.pop()
    return levels[-1] if whole >= _DEEP and re.search(r"[^\W\d_]", levels[-1]) else asset


def _mentioned(point: Point) -> str:
    """The machine that a description speaks of by its code, or begins or ends with: `Autoclave 5 top`, `Prep Cooler`."""
    said = point.description
    if code := mention_in(said):
        return code
    if point.said:
        return point.said
    if (named := machine_in(said)) and said.startswith(named):
        return named
    words = re.sub(r"[\s_-]+\d{1,3}$", "", said).split()
    return said if 1 < len(words) <= _NAMED and is_machine(words[-1]) and not quantity_in(said) else ""


def _entry(point: Point, owned: tuple[str, str, str]) -> TagEntry:
    asset, name, by = owned
    quantity, unit = meaning_of(point, name)
    if not quantity and instrument_of(asset) and name.casefold() in _MEASURED:
        told = lexicon()._tag(asset)  # `PV` of `FIC-101`
        quantity = told if told in PLANT else ""
    label = _unitless(name, unit) or name
    return TagEntry(
        tag=point.tag,
        asset=asset.strip(" _-./:"),
        point=label,
        quantity=quantity,
        unit=unit,
        description=point.description,
        by=by,
    )


def _unitless(name: str, unit: str) -> str:
    found = TAIL.match(name)
    return found[1] if found and unit and found[2] == unit else name


def _overruled(entry: TagEntry, said: TagEntry) -> TagEntry:
    """What a person wrote, in place of what was proposed."""
    fields = {
        f: getattr(said, f)
        for f in ("asset", "point", "quantity", "unit", "description", "zone")
        if getattr(said, f)
    }
    if (said.description or said.unit) and not said.quantity:
        fields["quantity"] = meaning_of(
            Point(tag=entry.tag, unit=said.unit or entry.unit, description=said.description),
            said.point or entry.point,
        )[0]
    ranges = {f: v for f in ("low", "high") if (v := getattr(said, f)) is not None}
    return replace(entry, **fields, **ranges, by=said.by or PERSON)


def is_plant(entries: Sequence[TagEntry]) -> bool:
    """Whether tags are of a plant: at least half of them have a quantity of machines and a machine told by their own spelling."""
    good = Counter(bool(e.quantity) and not e.by.startswith("no machine") for e in entries)
    return good[True] >= max(1, good[False])


def machines_told(entries: Iterable[TagEntry]) -> tuple[str, ...]:
    """The machines that tags tell by their own spelling, each with some tags of which most have a quantity; by name.

    A loop or a lone instrument is none, nor is what only the name of a file says.
    """
    found: dict[str, list[bool]] = defaultdict(list)
    for e in entries:
        if e.asset and not e.by.startswith(("no machine", LOOP, AREA)):
            found[e.asset].append(bool(e.quantity))
    return tuple(
        sorted(a for a, known in found.items() if len(known) >= _SOME and 2 * sum(known) >= len(known))
    )
