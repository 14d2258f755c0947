"""The tag map: for each tag its machine, point, quantity, unit and range, proposed by names, overruled by a person."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aitia.tools.meaning.electrical_names import electrical_quantity
from aitia.tools.meaning.names import UNKNOWN, lexicon
from aitia.tools.meaning.plant_words import quantity_in, quantity_of_word
from aitia.tools.meaning.unit_table import split_unit, unit_named
from aitia.tools.tags.equipment_words import Parts, is_channel, is_machine, mention_in, plain
from aitia.tools.tags.names import machine_named, parts_of

PERSON: Final = "person"
LOOP: Final = "loop of ISA-5.1"
AREA: Final = "a guess: loops of one hundred"
_PLANT: Final = frozenset(
    {"temperature", "pressure", "flow", "level", "vibration", "speed", "current", "voltage", "power", "power_factor", "energy",
     "position",
     "humidity", "concentration", "force", "frequency", "setting", "state", "age", "count"}
)  # fmt: skip
_KKS: Final = {"CP": "pressure", "CT": "temperature", "CF": "flow", "CL": "level", "CS": "speed",
                "CY": "vibration", "CE": "current", "CG": "position", "CQ": "concentration"}  # fmt: skip
_IED: Final = re.compile(r"^[\w-]+/[A-Z]{3,9}\d*[.$](\w+)")
_IEC_61850: Final = {
    "Pos": "state", "Op": "state", "Str": "state", "Pres": "pressure", "Flw": "flow", "Lev": "level", "Hum": "humidity",
    "Spd": "speed", "RotSpd": "speed", "Vbr": "vibration",
}  # fmt: skip
"""Data objects of IEC 61850-7-4 by what they measure, beside the electrical ones."""
_NUMBERED: Final = re.compile(r"[A-Z]{2,6}-?\d{1,4}[A-Z]?")
_DATED: Final = re.compile(r"[\s_.-]+(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d.*$")  # of a file's name
_TAIL: Final = re.compile(r"^(.*?[^\W])[\s_.]+([^\s_.]+)$")
_LEFT: Final = ("setting", "state")  # told by words, never by a unit


@dataclass(frozen=True, kw_only=True)
class Point:
    """A tag as a source tells it. `asset` and `unit` where it has columns of their own; `place` the file that holds it."""

    tag: str
    asset: str = ""
    unit: str = ""
    description: str = ""
    place: str = ""
    generic: bool = False
    title: str = ""  # the machine that the file's own title names


@dataclass(frozen=True, kw_only=True)
class TagEntry:
    """A row of the map. `low` and `high` in `unit`, None where nobody tells them; `by` the rule, `person` where one wrote it.

    `formula` calculates the tag from others; `zone` is the machine's class whose zones of vibration are its limits.
    """

    tag: str
    asset: str = ""
    point: str = ""
    quantity: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    description: str = ""
    formula: str = ""
    zone: str = ""
    by: str = ""


def propose(points: Sequence[Point], known: Mapping[str, TagEntry] | None = None) -> list[TagEntry]:
    """The map of some tags, in their order; what `known` says of a tag, or of ASSET.POINT (without case), stands.

    A tag of which neither its name nor a column nor a description tells the machine gets that of its file, said in `by`.
    """
    written = {plain(t): e for t, e in (known or {}).items()}
    parts = [parts_of(_bare(p)) for p in points]
    owners = _short({p.whole: p.asset for p in parts if p.whole and not p.loop})
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


def _bare(point: Point) -> str:
    """A tag without the unit behind it: `Pumpe A Leistung W`."""
    name = split_unit(point.tag)[0]
    if is_channel(name) and point.description:
        return split_unit(point.description)[0]
    found = _TAIL.match(name)
    if (
        found
        and " " in name[found.end(1) :]
        and (unit := unit_named(found[2]))
        and unit.quantity
        and unit.quantity == quantity_in(found[1])
    ):
        return found[1]
    cubic = re.fullmatch(
        r"(.*[^\W\d])_(N?m3h|m3_h|m3s|mm_s|m_s|kg_h|t_h|l_min|l_h|m2s)", name
    )  # an exponent is no number of a machine
    return cubic[1] if cubic else name


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
        if part.by == LOOP and len(number) >= 3 and not point.asset and not mention_in(point.description):
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
    bare = _bare(point)
    if point.asset:
        inner = part.asset and plain(part.asset) == plain(point.asset)
        if (
            part.asset
            and not part.loop
            and re.search(r"\d", part.asset)
            and not re.search(r"\d", point.asset)
            and not inner
        ):
            return owners.get(part.whole, part.asset), part.point, part.by
        return point.asset, part.point if inner else bare, "column of machines"
    if part.loop:
        if said := mention_in(point.description):
            return said, bare, "its description"
        if (area := areas.get(part.loop)) is not None:
            return area, bare, AREA
        return loops.get(part.loop) or singles.get(part.loop, part.loop), bare, part.by
    if part.asset:
        return owners.get(part.whole, part.asset), part.point, part.by
    if said := mention_in(point.description):
        return said, bare, "its description"
    if point.generic and machine_named(bare):
        return bare, bare, "a machine's name"
    file = point.place.rpartition("/")[2]
    stem = re.sub(
        r"(?:\.(?:csv|tsv|txt|gz|xlsx|xlsm|ods|parquet|pq|zip|lvm|lis|dat|prn|log|lst|rpt|jsonl?|ndjson|xls|xml|html?|sqlite3?|db))+$",
        "",
        file,
        flags=re.I,
    )
    stem = _DATED.sub("", stem) or stem
    head = re.match(r"[^\W\d_]{4,}", _bare(point))
    if (
        head
        and is_machine(head[0])
        and len(bare) > len(head[0])
        and not mention_in(re.sub(r"[_.]", " ", point.place))
    ):
        return head[0], bare[len(head[0]) :].strip(" _-.:"), "a machine's name"
    if point.title:
        return point.title, bare, "a line above the table"
    if code := mention_in(re.sub(r"[_.]", " ", stem)) or mention_in(re.sub(r"[_.]", " ", point.place)):
        return code, bare, "the name of its file"
    numbered = [w for w in re.split(r"[\s_.]+", stem) if _NUMBERED.fullmatch(w)]
    if len(numbered) == 1:
        return numbered[0], bare, "the name of its file"
    return stem or "machine", bare, "no machine told: the name of its file"


def _entry(point: Point, owned: tuple[str, str, str]) -> TagEntry:
    asset, name, by = owned
    quantity, unit = _meaning(point, name)
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
    found = _TAIL.match(name)
    return found[1] if found and unit and found[2] == unit else name


def _meaning(point: Point, name: str) -> tuple[str, str]:
    """Quantity and unit: words and unit must agree, a unit that tells one quantity decides, a set point or state stays one."""
    unit = point.unit or split_unit(point.tag)[1]
    said, told = quantity_in(point.description), quantity_in(name)
    if said and told not in _LEFT:
        told = said
    if not unit:
        unit = _from_name(point.tag, told)
    known = unit_named(unit) if unit else None
    if told in _LEFT:
        return told, unit
    code = _coded(point)
    told = code if code and _IED.match(point.tag) else told
    if known is not None and known.quantity:
        fits = told if (told, known.quantity) in _ALIKE else ""
        return fits or known.quantity, unit
    told = told or code
    if not told:
        meaning = lexicon().read(point.tag, unit, point.description)
        told = meaning.quantity if meaning.quantity in _PLANT and meaning.quantity != UNKNOWN else ""
    if not told and known is not None and known.dimension == "level":
        told = "level" if known.symbol in ("m", "mm", "cm") else ""
    return told, unit


_ALIKE: Final = frozenset({("frequency", "speed"), ("age", "time")})


def _coded(point: Point) -> str:
    """The quantity by the letters of ISA-5.1 or KKS."""
    if found := re.search(r"\d{2}(C[PTFLSYEGQ])\d{3}", point.tag):
        return _KKS[found[1]]
    if ied := _IED.match(point.tag):
        return _IEC_61850.get(ied[1], "") or electrical_quantity(re.sub(r"^[\w-]+/", "", point.tag))
    for level in re.split(r"[\\/|:]", point.tag):
        if (told := lexicon()._tag(re.sub(r"\.(?:PV\.)?CV$", ".PV", level))) in _PLANT:
            return told
    shares = lexicon()._tag(re.sub(r"^.*[\\/\]:]", "", point.tag))
    return shares if shares in _PLANT else ""


def _from_name(tag: str, told: str) -> str:
    """The unit that a name ends with, where the words before it tell a quantity that is measured in it."""
    words = [w for w in re.split(r"[\s_.\-]+", tag) if w]
    if len(words) < 2 or words[-1].isdecimal():
        return ""
    unit = unit_named(words[-1])
    if unit is None:
        return ""
    before = quantity_in("_".join(words[:-1])) or told
    long = len(words[-1]) > 1 and quantity_of_word(words[-1]) not in (
        "level",
        "position",
        "state",
        "setting",
        "flow",
        "pressure",
    )
    if unit.quantity and unit.quantity == before:
        return words[-1]
    if unit.dimension in ("share",) or (
        not unit.quantity
        and long
        and unit.dimension in ("level", "time")
        and before in ("level", "age", "position", "vibration")
    ):
        return words[-1]
    return (
        words[-1] if long and unit.quantity and before in ("", unit.quantity) and len(words[-1]) > 2 else ""
    )


def _overruled(entry: TagEntry, said: TagEntry) -> TagEntry:
    """What a person wrote, in place of what was proposed."""
    fields = {
        f: getattr(said, f)
        for f in ("asset", "point", "quantity", "unit", "description", "zone")
        if getattr(said, f)
    }
    if (said.description or said.unit) and not said.quantity:
        fields["quantity"] = _meaning(
            Point(tag=entry.tag, unit=said.unit or entry.unit, description=said.description),
            said.point or entry.point,
        )[0]
    ranges = {f: v for f in ("low", "high") if (v := getattr(said, f)) is not None}
    return replace(entry, **fields, **ranges, by=said.by or PERSON)


def is_plant(entries: Sequence[TagEntry]) -> bool:
    """Whether tags are of a plant: at least half of them have a quantity of machines and a machine told by their own spelling."""
    good = Counter(bool(e.quantity) and not e.by.startswith("no machine") for e in entries)
    return good[True] >= max(1, good[False])
