"""All files of an export as one: series by tag, the tag map, and how everything was read."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from aitia.core.errors import BadInput, SourceError
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.exports.asked import Asked, Samples, Tag
from aitia.tools.sources.exports.derived import derived
from aitia.tools.sources.exports.reading import read_sheet
from aitia.tools.sources.exports.sheets import (
    DATABASES,
    JSONS,
    MARKUPS,
    SHEETS,
    SUFFIXES,
    Sheet,
    sheets_of,
    stem_of,
)
from aitia.tools.sources.exports.tag_files import NAMES, beside, is_list, listed, listed_above
from aitia.tools.sources.text_form import few
from aitia.tools.tags.map import AREA, propose
from aitia.tools.tags.names import machine_named
from aitia.tools.tags.point import Point, TagEntry

_ASIDE: Final = (*JSONS, *MARKUPS, *DATABASES)  # beside tables of text they may be anything
_DATED: Final = re.compile(r"(?:19|20)\d\d[-_.]?[01]\d(?:[-_.]?[0-3]\d)?(?:[-_T.]?\d{4,6})?")


@dataclass
class Export:
    """What was read: `series` in the order of the files, the map of their tags, and what was guessed and left out."""

    series: list[Samples] = field(default_factory=list)
    entries: list[TagEntry] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    zoned: bool = True


def read_export(
    paths: Sequence[Path],
    asked: Asked,
    *,
    root: Path | None = None,
    encoding: str = "",
    delimiter: str = "",
    machine: str = "",
    known: Mapping[str, TagEntry] = MappingProxyType({}),
) -> Export:
    """The series of some files. Raises SourceError where no file holds any, BadInput where a package is missing.

    root     the folder that names of files are told from
    machine  the machine that all tags belong to, where a person says so
    known    what is said of tags elsewhere, of more than are in these files; what stands beside the files goes first
    """
    base = root or (paths[0].parent if paths else Path())
    found, own = Export(), beside(paths)
    reasons: list[str] = []
    unread: list[str] = []
    tables = any(p.suffix.lower() in SUFFIXES and p.suffix.lower() not in _ASIDE for p in paths)
    for path in paths:
        if path.name.lower() in NAMES:
            continue
        beside_tables = tables and path.suffix.lower() in _ASIDE
        if len(paths) > 1 and (path.suffix.lower() not in SUFFIXES or beside_tables):
            found.notes.append(f"{path.name} is passed over: no table beside these files")
            continue
        made = sheets_of(path, root=base, encoding=encoding, delimiter=delimiter)
        for sheet in _readable(path, made, unread) if len(paths) > 1 else made:
            if len(paths) > 1 and is_list(sheet):
                found.said.append(f"{len(told := listed(sheet))} tags told by {sheet.path!r}")
                own |= told
                continue
            read = read_sheet(sheet, asked)
            if not read.series:
                try:
                    told = listed(sheet)
                except BadInput as error:
                    reasons.append(f"{sheet.path}: {error}")
                    continue
                own |= told
                if told:
                    found.said.append(f"{len(told)} tags told by {sheet.path!r}")
                    continue
            if not read.series:
                reasons.append(f"{sheet.path}: {'; '.join(read.said[-2:])}")
                continue
            own = listed_above(sheet.path, read.above, {s.tag.name for s in read.series}) | own
            found.series += read.series
            found.said += [s for s in read.said if s not in found.said]
            found.zoned = found.zoned and read.zoned
    if not found.series:
        wanted = "Give tables with a column of times and columns of numbers."
        if any(p.suffix.lower() in SHEETS for p in paths):
            wanted = (
                "Looked for in each sheet: a column or a row of times with numbers beside it, or days down and clocks across"
                " with the month above. Save the sheet as CSV and set `columns.time` (of a long one `columns.value` too)."
            )
        raise SourceError(
            f"No series in {few([p.name for p in paths])} ({'; '.join([*unread, *reasons])[:300] or 'no rows'}). {wanted}"
        )
    found.notes += [f"passed over {r}" for r in (*unread[:5], *reasons[:5])]
    if len(unread) > 5:
        found.notes.append(f"{len(unread) - 5} further files cannot be read")
    _sectioned(found.series)
    _placed(found, paths)
    found.series = _merged(found.series)
    _map(found, known, own, machine)
    _tell(found)
    return found


def _readable(path: Path, made: Iterator[Sheet], unread: list[str]) -> Iterator[Sheet]:
    """The sheets of a file among others up to where it cannot be read, which goes into `unread`."""
    try:
        yield from made
    except SourceError as error:
        unread.append(f"{path.name}: {error}")


def _sectioned(series: Sequence[Samples]) -> None:
    """Put the line above a block before the names of its columns, where several blocks of a file call theirs alike."""
    alike: dict[tuple[str, str, str], list[Samples]] = defaultdict(list)
    for s in series:
        alike[s.tag.place, s.tag.asset or s.tag.title, s.tag.name].append(s)
    for of in alike.values():
        if len({s.tag.section for s in of}) > 1:
            for s in of:
                point = re.split(r"\s+-+>", s.tag.section)[0].strip()
                s.tag.name = point if s.tag.generic and point else " ".join(filter(None, (point, s.tag.name)))
    alike = defaultdict(list)
    for s in series:
        alike[s.tag.place, s.tag.asset or s.tag.title, s.tag.name].append(s)
    for of in alike.values():
        if _cross(of):  # tables or columns of one name that cover the same time
            told = len({s.tag.headline for s in of}) == len(of)
            for n, s in enumerate(of):
                s.tag.name = (
                    " ".join(filter(None, (s.tag.headline, "" if s.tag.generic else s.tag.name)))
                    if told
                    else f"{s.tag.name} ({n + 1})"
                    if n
                    else s.tag.name
                )


def _cross(of: Sequence[Samples]) -> bool:
    """Whether series cover more than half of the time of one another."""
    ends = sorted((float(np.nanmin(s.t)), float(np.nanmax(s.t))) for s in of if s.t.size > 1)
    return any(a[1] - b[0] > 0.5 * min(a[1] - a[0], b[1] - b[0]) for a, b in itertools.pairwise(ends))


def _placed(found: Export, paths: Sequence[Path]) -> None:
    """Give machines to tags that several files or sheets spell alike: each file, sheet or folder is one."""
    places = defaultdict(set)
    for s in found.series:
        places[s.tag.name, s.tag.asset].add((s.tag.place, s.tag.generic))
    stems = Counter(stem_of(s.tag.place) for s in found.series if s.tag.generic)
    several = {key for key, of in places.items() if len({p for p, _ in of}) > 1}
    for s in found.series:
        folder = "" if machine_named(s.tag.name) else s.tag.place.rpartition("/")[0]
        if (s.tag.generic and folder and (s.tag.name, s.tag.asset) in several) or (
            s.tag.generic
            and folder
            and stems[stem_of(s.tag.place)] == 1
            and not any(c.isdigit() for c in s.tag.name)
        ):
            s.tag.asset = folder.rpartition("/")[2]


def _merged(series: Sequence[Samples]) -> list[Samples]:
    """Series of one tag and machine from several files as one, in the order of the files."""
    by_key: dict[tuple[str, str, str], list[Samples]] = {}
    parts = _spread(series)
    for s in series:
        place = _DATED.sub("", s.tag.place) if parts[id(s)] else ""  # a file a day of several machines
        by_key.setdefault((s.tag.asset or s.tag.title, s.tag.name, place), []).append(s)
    return [of[0] if len(of) == 1 else _joined(of) for of in by_key.values()]


def _spread(series: Sequence[Samples]) -> dict[int, bool]:
    """Whether a series stays apart from those of the same name: where files cover the same time, they are of several machines."""
    same: dict[tuple[str, str], list[Samples]] = defaultdict(list)
    for s in series:
        same[s.tag.asset or s.tag.title, s.tag.name].append(s)
    apart: dict[int, bool] = {}
    for of in same.values():
        ends = sorted((float(np.nanmin(s.t)), float(np.nanmax(s.t))) for s in of if s.t.size)
        overlap = sum(max(0.0, a[1] - b[0]) for a, b in itertools.pairwise(ends))
        whole = sum(b - a for a, b in ends) or 1.0
        files = {s.tag.place for s in of}
        split = len(files) > 1 and overlap > 0.5 * whole / len(ends) and not of[0].tag.asset
        apart |= {id(s): split for s in of}
    return apart


def _joined(of: Sequence[Samples]) -> Samples:
    made = Samples(tag=of[0].tag, t=np.concatenate([s.t for s in of]), v=np.concatenate([s.v for s in of]))
    for s in of:
        made.words += s.words
        made.bad += s.bad
        made.doubtful += s.doubtful
        made.states |= s.states
    units = {s.tag.unit for s in of if s.tag.unit}
    made.other_unit = (
        ", ".join(sorted(units)) if len({u.symbol for k in units if (u := unit_named(k))}) > 1 else ""
    )
    return made


def _map(found: Export, known: Mapping[str, TagEntry], own: Mapping[str, TagEntry], machine: str) -> None:
    told = {**known, **own}
    points = [_point(s.tag, machine, told.get(s.tag.name)) for s in found.series]
    found.entries = propose(points, told)
    made = derived(found.series, found.entries, own, known)
    found.series += [samples for samples, _ in made.pairs]
    found.entries += [entry for _, entry in made.pairs]
    found.notes += made.notes
    held = {e.tag for e in found.entries}
    missing = [t for t in own if t not in held]
    if missing:
        found.notes.append(f"{len(missing)} tags of the list are not in the data: {few(missing)}")


def _point(tag: Tag, machine: str, listed: TagEntry | None) -> Point:
    """The tag, described by a list of tags where the file itself says nothing: its machine stands in these words too."""
    return Point(
        tag=tag.name,
        asset=machine or tag.asset,
        unit=tag.unit or (listed.unit if listed else ""),
        description=tag.description or (listed.description if listed else ""),
        place=tag.place,
        generic=tag.generic,
        title=tag.title,
        states=tag.states,
    )


def _tell(found: Export) -> None:
    """What a person should know of the samples: words, qualities, states, units, gaps, doubled times."""
    words: Counter[str] = Counter()
    where: Counter[str] = Counter()
    for s in found.series:
        words += s.words
        where[s.tag.name] += s.words.total()
    if words:
        shown = few([f"{name} {n}" for name, n in where.most_common() if n])
        first = few([repr(w) for w, _ in words.most_common(3)])
        one = words.total() == 1
        found.notes.append(
            f"{words.total()} {'cell is no number' if one else 'cells are no numbers'}, e.g. {first}; read as missing ({shown})"
        )
    if bad := sum(s.bad for s in found.series):
        found.notes.append(f"{bad} samples of bad quality read as missing")
    if twice := sum(s.twice for s in found.series):
        found.notes.append(f"{twice} rows repeat a sample: left out")
    if doubtful := sum(s.doubtful for s in found.series):
        found.notes.append(f"{doubtful} samples of uncertain quality kept")
    for s in found.series:
        if s.states:
            found.said.append(
                f"states of {s.tag.name}: {', '.join(f'{k}={v:g}' for k, v in s.states.items())}"
            )
        if s.other_unit:
            found.notes.append(
                f"{s.tag.name} has several units ({s.other_unit}): nothing is converted, split it by unit"
            )
    unknown = sorted({e.unit for e in found.entries if e.unit and unit_named(e.unit) is None})
    if unknown:
        found.notes.append(f"unknown unit {few(unknown)}: kept as written, nothing is converted")
    areas = sorted({e.asset for e in found.entries if e.by == AREA})
    if areas:
        found.notes.append(
            f"loops of one hundred are taken as one machine ({few(areas)}), a guess"
            " (else write tags.csv: `aitia tags FILE --write tags.csv`)"
        )
    homeless = [e.tag for e in found.entries if e.by.startswith("no machine")]
    if homeless:
        places = {e.asset for e in found.entries if e.tag in homeless}
        found.notes.append(
            f"no machine told for {few(homeless)}: taken as one of {few(sorted(places))}"
            " (else write tags.csv: `aitia tags FILE --write tags.csv`)"
        )
