"""The tree of a plant's assets, proposed from how tags are spelled and from functional locations of work orders."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from aitia.core.bounds import read_text
from aitia.core.errors import BadInput
from aitia.core.words import Component, Link
from aitia.tools.sources.column_names import plain as key
from aitia.tools.tags.equipment_words import plain
from aitia.tools.tags.names import levels_above
from aitia.tools.tags.point import TagEntry

MOST: Final = 4  # levels above a machine
_EQUIPMENT: Final = (
    "equipment",
    "equipment_id",
    "asset",
    "machine",
    "anlagenteil",
    "maschine",
    "component",
    "equipo",
    "equnr",
)
_LOCATION: Final = ("functional_location", "location", "parent", "technischer_platz", "standort", "tplnr", "parent_asset",
                    "superior_equipment", "ubicacion_tecnica", "area", "system")  # fmt: skip
_SYSTEM: Final = re.compile(
    r"^(\d{0,2}[A-Z]{3}\d{2})[A-Z]{2}\d{3}[A-Z]?$"
)  # KKS: system, then the unit in it
_AREA: Final = re.compile(r"^(\d{1,4})[-_](?:[A-Z]{1,4}[-_]?\d|\d{3})")  # ISA-5.1: `41-P-101A`, `41-101`
Part = tuple[str, str]
"""What is a part, and of what."""


def tree_of(entries: Sequence[TagEntry], placed: Sequence[Part] = ()) -> list[Component]:
    """The machines of a tag map and what each is a part of, by id; `placed` (work orders) goes before spelling."""
    machines = {e.asset: e.tag for e in entries if e.asset and not e.by.startswith("no machine")}
    whole = {plain(part): of for part, of in placed if plain(part) != plain(of)}
    parts = [(m, whole[plain(m)]) for m in machines if plain(m) in whole]
    held = {m for m, _ in parts}
    parts += [pair for m, tag in machines.items() if m not in held for pair in _above(m, tag, machines)]
    links: dict[str, str] = {}
    for part, of in parts:
        links.setdefault(part, of)
    names = dict.fromkeys([*machines, *links, *links.values()])
    return [
        Component(
            id=name,
            type="machine" if name in machines else "asset",
            links=(Link(relation="part_of", to=links[name]),)
            if name in links and not _loops(name, links)
            else (),
        )
        for name in sorted(names)
    ]


def _above(machine: str, tag: str, machines: Iterable[str]) -> Iterator[Part]:
    """The chain of what a machine's spelling says it is a part of."""
    own = [m for m in machines if m != machine and re.match(rf"{re.escape(m)}[\s_./-]+[^\W\d]", machine)]
    if own:
        yield machine, max(own, key=len)
        return
    if found := _SYSTEM.match(machine):
        yield machine, found[1]
        return
    if found := _AREA.match(machine):
        yield machine, f"area {found[1]}"
        return
    part = machine
    for level in reversed(levels_above(tag, machine)[-MOST:]):
        yield part, level
        part = level


def _loops(name: str, links: Mapping[str, str]) -> bool:
    """Whether the way up from a name comes back to it: hostile or clumsy names must not make a ring."""
    seen, at = {name}, links.get(name)
    while at is not None:
        if at in seen:
            return True
        seen.add(at)
        at = links.get(at)
    return False


def placed_in(file: Path) -> list[Part]:
    """Equipment and functional location of each work order. Raises BadInput where a list has no such columns."""
    try:
        text = read_text(file).removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Give a readable CSV of work orders in UTF-8, not {str(file)!r} ({error}).") from None
    mark = max(";\t,|", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text), delimiter=mark)
    names = [key(n) for n in next(rows, [])]
    part, of = (
        next((names.index(w) for w in words if w in names), None) for words in (_EQUIPMENT, _LOCATION)
    )
    if part is None or of is None or part == of:
        raise BadInput(f"Name columns of equipment and of functional location in line 1 of {str(file)!r}.")
    pairs = ((r[part].strip(), r[of].strip()) for r in rows if len(r) > max(part, of))
    return list(dict.fromkeys((a, b) for a, b in pairs if a and b))


def tree_lines(components: Sequence[Component]) -> Iterator[str]:
    """The tree as text, what is part of nothing first, each level two blanks further in."""
    above = {c.id: next((k.to for k in c.links if k.relation == "part_of"), "") for c in components}

    def shown(name: str, depth: int) -> Iterator[str]:
        yield f"{'  ' * depth}{name}"
        for child in sorted(n for n, of in above.items() if of == name):
            yield from shown(child, depth + 1)

    for name in sorted(n for n, of in above.items() if not of):
        yield from shown(name, 0)
