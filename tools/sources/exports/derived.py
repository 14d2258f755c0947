"""Series that a list of tags calculates by a formula, beside those that the files hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aitia.core.errors import BadInput
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.exports.asked import Samples, Tag
from aitia.tools.sources.exports.formula import Calculated, calculated, names_in, sides
from aitia.tools.sources.rows import Floats
from aitia.tools.tags.equipment_words import plain
from aitia.tools.tags.point import TagEntry

MOST: Final = 1_000  # calculated tags of an export


@dataclass(frozen=True)
class _Operand:
    t: Floats
    v: Floats
    unit: str


@dataclass
class Derived:
    """Calculated series with their rows of the map, and why others could not be calculated."""

    pairs: list[tuple[Samples, TagEntry]]
    notes: list[str]


def has_formula(entries: Mapping[str, TagEntry]) -> bool:
    """Whether any tag of a list is calculated."""
    return any(e.formula for e in entries.values())


def derived(
    series: Sequence[Samples],
    entries: Sequence[TagEntry],
    own: Mapping[str, TagEntry],
    known: Mapping[str, TagEntry],
) -> Derived:
    """The calculated series of the lists `own` (beside the data) and `known` (elsewhere, also of other data).

    Raises BadInput where a formula of `own` is wrong; one of `known` that names other tags is passed over, a wrong one noted.
    """
    held = {plain(e.tag) for e in entries}
    found, notes = [], []
    for list_, is_own in ((own, True), ({t: e for t, e in known.items() if t not in own}, False)):
        for said in [e for t, e in list_.items() if e.formula and plain(t) not in held][:MOST]:
            try:
                pair = _one(said, series, entries)
            except BadInput as error:
                if is_own:
                    raise
                notes.append(f"{said.tag} is not calculated: {error}")
                continue
            if pair is not None:
                found.append(pair)
            elif is_own:
                raise BadInput(
                    f"Fix the formula of {said.tag[:60]!r}, {said.formula!r}: it names no tag of the data"
                    f" ({', '.join(e.tag for e in entries[:8])})."
                )
    return Derived(found, notes)


def _one(
    said: TagEntry, series: Sequence[Samples], entries: Sequence[TagEntry]
) -> tuple[Samples, TagEntry] | None:
    """The calculated series; None where the formula names no tag of the data."""
    left, body = sides(said.formula)
    names = _names(said.asset, series, entries)
    used = names_in(body, names)
    if not used:
        return None
    first = min(used, key=body.index)
    made = calculated(body, {n: _Operand(s.t, s.v, e.unit) for n, (s, e) in names.items() if n in used})
    entry = _entry(said, left, names[first][1], made)
    tag = Tag(name=said.tag, asset=entry.asset, unit=entry.unit, description=entry.description)
    return Samples(tag=tag, t=made.t, v=made.v), entry


def _entry(said: TagEntry, left: str, first: TagEntry, made: Calculated) -> TagEntry:
    unit = said.unit or made.unit
    known = unit_named(unit) if unit else None
    return replace(
        said,
        asset=said.asset or first.asset,
        point=said.point or left or said.tag,
        unit=unit,
        quantity=said.quantity or (known.quantity if known else ""),
        by=f"calculated: {said.formula}",
    )


def _names(
    asset: str, series: Sequence[Samples], entries: Sequence[TagEntry]
) -> dict[str, tuple[Samples, TagEntry]]:
    """What a formula may call each series: its tag, ASSET.POINT, and its point where that is of the asset or of one alone."""
    found: dict[str, tuple[Samples, TagEntry]] = {}
    for name, pair in _called(asset, series, entries):
        found.setdefault(name, pair)
    return found


def _called(
    asset: str, series: Sequence[Samples], entries: Sequence[TagEntry]
) -> Iterator[tuple[str, tuple[Samples, TagEntry]]]:
    pairs = list(zip(series, entries, strict=True))
    yield from ((e.tag, (s, e)) for s, e in pairs)
    yield from ((f"{e.asset}.{e.point}", (s, e)) for s, e in pairs if e.asset and e.point)
    points = [plain(e.point) for e in entries]
    for s, e in pairs:
        if e.point and (plain(e.asset) == plain(asset) or points.count(plain(e.point)) == 1):
            yield e.point, (s, e)
