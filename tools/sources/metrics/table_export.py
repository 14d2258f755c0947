"""Whether a table can be read as it stands, and if not, a plain copy of it with a row for each sample."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from aitia.core.config import Columns, SourceConfig
from aitia.core.errors import BadInput
from aitia.tools.meaning.metadata import Metadata
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.column_names import COMPONENT, METRIC, VALUE, first
from aitia.tools.sources.exports.asked import Asked
from aitia.tools.sources.exports.columns import Role, Shape
from aitia.tools.sources.exports.derived import has_formula
from aitia.tools.sources.exports.export import Export, read_export
from aitia.tools.sources.exports.formula import names_in
from aitia.tools.sources.exports.numbers import notation_of
from aitia.tools.sources.exports.numeric_times import numeric_times
from aitia.tools.sources.exports.separators import NAMED
from aitia.tools.sources.exports.shape import shape_of
from aitia.tools.sources.exports.sheets import DATABASES, MOST_BYTES, PARQUET, SHEETS, TEXTS, head_sheet
from aitia.tools.sources.exports.tag_files import beside
from aitia.tools.sources.exports.times import stamp_of, zone_told
from aitia.tools.sources.exports.told_in_text import unfolded
from aitia.tools.sources.exports.turning import joined_parts, matrix, transposed
from aitia.tools.sources.exports.whole_times import MILLI, absolute, joined_times
from aitia.tools.sources.exports.words import called, key_of, state_of
from aitia.tools.sources.time_texts import CLOCK, DATE, configured_order, configured_zone
from aitia.tools.tags.equipment_words import plain
from aitia.tools.tags.map import is_plant, propose
from aitia.tools.tags.point import Point, TagEntry

if TYPE_CHECKING:
    from aitia.tools.sources.exports.asked import Samples
    from aitia.tools.sources.metrics.table_columns import Layout

MOST_FILES: Final = 5_000  # of a folder that are read one by one
_BARE: Final = (
    0.2  # of the columns of a wide table: with fewer that name no component, the others alone are read
)
_LARGEST: Final = 64 << 20  # bytes of a long table that is copied for its tags alone
_NUMBER: Final = re.compile(r"[-+\d.,eE:\s]*")
_OWN: Final = frozenset({"time", "component", "metric", "value"})  # the columns that aitia itself writes
Key = tuple[str, str]  # component and metric


@dataclass
class Prepared:
    """A plain copy of an export, what was guessed, and what each of its series is called in the files."""

    export: Export
    paths: list[Path]
    tags: Mapping[Key, TagEntry]
    said: list[str] = field(default_factory=list)

    def metadata(self, component: str, metric: str) -> Metadata:
        """Unit, quantity and range of a series."""
        return metadata_of_tag(self.tags.get((component, metric)))

    def query(self, path: str, component: str, metric: str) -> str:
        """The command that shows the samples of a series again."""
        entry = self.tags.get((component, metric))
        return f"aitia tags {path!r} --samples {entry.tag if entry else metric!r}"


def metadata_of_tag(entry: TagEntry | None) -> Metadata:
    """What a tag map tells of a series beside its numbers."""
    if entry is None:
        return Metadata()
    return Metadata(
        unit=entry.unit,
        help=entry.description,
        quantity=entry.quantity,
        low=entry.low,
        high=entry.high,
        zone=entry.zone,
    )


def asked_of(config: SourceConfig, near: datetime) -> Asked:
    """What the options of a source say of its times and numbers. Raises BadInput."""
    return Asked(
        zone=configured_zone(config),
        zone_given="timezone" in config.options,
        order=configured_order(config),
        decimal=str(config.options.get("decimal", "")),
        near=near,
    )


def is_told(config: SourceConfig) -> bool:
    """Whether a person told which columns hold what: then nothing is guessed."""
    return config.columns != Columns() or "separator" in config.options


def is_book(paths: Sequence[Path]) -> bool:
    """Whether some files hold sheets or tables: nothing but a copy can be read of them."""
    return any(p.suffix.lower() in (*SHEETS, *DATABASES, ".xls") for p in paths)


def calculates(paths: Sequence[Path], elsewhere: Mapping[str, TagEntry]) -> bool:
    """Whether a list of tags has formulas for these files. Raises BadInput where files are too large to calculate with."""
    own = has_formula(beside(paths))
    if not own and not (has_formula(elsewhere) and _speaks_of(paths[0], elsewhere)):
        return False
    if len(paths) <= MOST_FILES and all(p.stat().st_size <= MOST_BYTES for p in paths):
        return True
    raise BadInput(
        "Remove the formulas from the list of tags, or split the files: formulas are calculated in memory, of files up to"
        f" {MOST_BYTES >> 20} MiB ({MOST_FILES} at most)."
    )


def _speaks_of(path: Path, known: Mapping[str, TagEntry]) -> bool:
    """Whether the first rows of a file hold a name that a formula holds; of a workbook nobody knows before it is read."""
    if path.suffix.lower() not in (*TEXTS, *PARQUET, ".gz"):
        return True
    cells = dict.fromkeys(
        cell for row in head_sheet(path).rows for cell in row if cell and not _NUMBER.fullmatch(cell)
    )
    return any(names_in(e.formula, cells) for e in known.values() if e.formula)


def needs_copy(paths: Sequence[Path]) -> bool:
    """Whether some files are laid out so that their rows must be taken apart one by one."""
    if any(p.suffix.lower() not in (*TEXTS, *PARQUET, ".gz") for p in paths):
        return len(paths) <= MOST_FILES
    if sum(p.stat().st_size for p in paths) > 4 * MOST_BYTES or len(paths) > MOST_FILES:
        return False
    heads: set[tuple[str, ...]] = set()
    for path in paths:
        sheet = head_sheet(path)
        if sheet.form:
            return True
        if set(next((r for r in sheet.rows if any(r)), ())) >= _OWN:
            continue
        if (
            any(s.split()[-1] not in ("Windows-1252", "UTF-16", "UTF-16-BE") for s in sheet.said)
            or transposed(sheet.rows) is not None
            or matrix(sheet.rows, path.name) is not None
            or joined_parts(sheet.rows) is not None
            or absolute(sheet.rows) is not None
            or unfolded(sheet.rows) is not None
            or sheet.mark == NAMED
        ):
            return True
        joined = joined_times(sheet.rows, path.name)
        if joined is not None and not _is_pair(sheet.rows):
            return True
        rows = joined[0] if joined is not None else sheet.rows
        shape = shape_of(rows)
        if shape is None:
            return len(paths) > 1
        if path.suffix.lower() in PARQUET and _is_typed(shape):
            heads.add(tuple(c.name for c in shape.columns))
            continue
        if _is_odd(shape, rows[shape.first :], commas_part=sheet.commas_part, size=path.stat().st_size):
            return True
        heads.add(tuple(c.name for c in shape.columns))
    return len(heads) > 1


def _is_pair(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names columns, one of which holds plain dates and another one plain clocks: read as they stand."""
    columns = [[r[n] for r in rows[1:] if n < len(r)] for n in range(len(rows[0]))]
    if any(key_of(name) in MILLI for name in rows[0]):
        return False
    dates, clocks = (sum(bool(c) and all(map(form.fullmatch, c)) for c in columns) for form in (DATE, CLOCK))
    return dates == clocks == 1


def _is_typed(shape: Shape) -> bool:
    """Whether a wide Parquet table has nothing but a time and values: its numbers are numbers, whatever their unit."""
    return not shape.long and not shape.said and {c.role for c in shape.columns} == {"time", "value"}


def _is_called(shape: Shape, role: Role, names: Sequence[str]) -> bool:
    """Whether the column of a role is called as a plain table calls it."""
    return bool(first([c.name for c in shape.of_role(role)[:1]], names))


def _is_odd(shape: Shape, body: Sequence[Sequence[str]], *, commas_part: bool, size: int) -> bool:
    values = shape.of_role("value")
    if (
        shape.titled
        or shape.above
        or shape.first != 1
        or shape.said
        or any(c.group or c.description for c in shape.columns)
    ):
        return True
    if any(called(c.name, "time") or key_of(c.name) in MILLI for c in shape.of_role("ignore")):
        return True
    if any(shape.of_role(role) for role in ("quality", "unit", "description", "nanos", "label")):
        return True
    if (
        shape.long
        and any(called(c.name, "tag") for c in shape.of_role("tag"))
        and not (_is_called(shape, "tag", METRIC) and _is_called(shape, "value", VALUE))
    ):
        return True
    if any(not first([c.name], COMPONENT) for c in shape.of_role("asset") if not shape.long):
        return True
    if len(shape.of_role("time")) > 1 or (
        shape.long and values and _plant_tags(shape, body) and size <= _LARGEST
    ):
        return True
    if not shape.long and not shape.of_role("asset") and _some_owned([c.name for c in values]):
        return True
    if _odd_times(shape, body) or any(c.unit and unit_named(c.unit) is None for c in values):
        return True
    cells = [[r[c.at] for r in body if c.at < len(r) and r[c.at]] for c in values]
    if any(
        len({c for c in held if state_of(c) is not None and not c.strip().isdigit()}) > 1 for held in cells
    ):
        return True
    return notation_of((c for held in cells for c in held), commas_part=commas_part).thousands


def _some_owned(names: Sequence[str]) -> bool:
    """Whether some columns name a component before an underscore and others none, or two are called alike."""
    told = [n for n in names if n]
    bare = sum(re.search(r"[_./:]", n) is None for n in told)
    return len(set(told)) < len(told) or (_BARE * len(told) <= bare < len(told))


def _odd_times(shape: Shape, body: Sequence[Sequence[str]]) -> bool:
    """Whether times are days of a spreadsheet or ticks, of a zone that the name tells, or of an order that must be weighed."""
    for column in shape.of_role("time"):
        cells = [r[column.at] for r in body if column.at < len(r) and r[column.at]]
        stamps = [s for c in cells if (s := stamp_of(c))]
        if not stamps:
            numbers = np.array(
                [
                    float(c.replace(",", "."))
                    for c in cells
                    if re.fullmatch(r"-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?", c)
                ]
            )
            told = numeric_times(numbers, named=True)
            return told is not None and not told[1].endswith("since 1970")
        zone = zone_told(f"{column.name} {column.unit}")
        if zone is not None and zone.utcoffset(datetime(2026, 1, 1)):
            return True
        if any(s.kind == "abc" and s.mark != "." and max(s.parts[:2]) <= 12 for s in stamps):
            return not any(s.kind == "abc" and max(s.parts[:2]) > 12 for s in stamps)
    return False


def _plant_tags(shape: Shape, body: Sequence[Sequence[str]]) -> bool:
    """Whether the tags of a long table without a column of machines are those of a plant."""
    if shape.of_role("asset"):
        return False
    at = shape.of_role("tag")[0].at
    tags = dict.fromkeys(r[at] for r in body if at < len(r) and r[at])
    return is_plant(propose([Point(tag=t) for t in tags]))


def prepare(
    config: SourceConfig,
    paths: Sequence[Path],
    root: Path,
    folder: Path,
    near: datetime,
    known: Mapping[str, TagEntry],
) -> Prepared:
    """A plain copy in a folder of the reader's own. Raises SourceError, BadInput."""
    export = read_export(
        paths, asked_of(config, near), root=root, encoding=str(config.options.get("encoding", "")),
        delimiter=str(config.options.get("delimiter", "")), machine=config.component, known=known,
    )  # fmt: skip
    tags: dict[Key, TagEntry] = {}
    copy = folder / "samples.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("time", "component", "metric", "value"))
        for samples, entry in zip(export.series, export.entries, strict=True):
            key = _free(tags, (entry.asset, entry.point or entry.tag), entry.tag)
            tags[key] = entry
            rows.writerows(_rows(samples, key))
    said = list(export.said)
    if not export.zoned and "timezone" not in config.options:
        said.append("times without a zone are read as UTC (else set options.timezone)")
    return Prepared(export=export, paths=[copy], tags=tags, said=said)


def _free(taken: Mapping[Key, TagEntry], key: Key, tag: str) -> Key:
    """A name of its own for a series: two tags of one machine may be called alike."""
    if key not in taken:
        return key
    number = 2
    while (key[0], f"{tag} ({number})") in taken:
        number += 1
    return (key[0], tag) if (key[0], tag) not in taken else (key[0], f"{tag} ({number})")


def _rows(samples: Samples, key: Key) -> list[tuple[str, str, str, str]]:
    known = np.isfinite(samples.v)
    values = [repr(v) if k else "" for v, k in zip(samples.v.tolist(), known.tolist(), strict=True)]
    return [
        (f"{t:.6f}".rstrip("0").rstrip("."), *key, v) for t, v in zip(samples.t.tolist(), values, strict=True)
    ]


def tags_of(layout: Layout, paths: Sequence[Path], elsewhere: Mapping[str, TagEntry]) -> dict[str, TagEntry]:
    """The tag map of a plain wide table, by column; {} where it is none of a plant and no list tells of its tags."""
    if layout.shape != "wide":
        return {}
    apart = {layout.time.column, *layout.joined}
    columns = [c for c in layout.columns if c not in apart and not called(c, "ignore")]
    wanted = {plain(c) for c in columns}
    known = {t: e for t, e in {**elsewhere, **beside(paths)}.items() if plain(t) in wanted}
    entries = propose([Point(tag=c, place=paths[0].name) for c in columns], known)
    if layout.by_row:
        rows = propose(
            [Point(tag=c, asset="of each row") for c in columns if c != layout.meant.component], known
        )
        return {e.tag: replace(e, asset="", point=e.tag) for e in rows} if is_plant(rows) or known else {}
    if not known and (any(e.by.startswith("no machine") for e in entries) or not is_plant(entries)):
        return {}
    keyed: dict[Key, TagEntry] = {}
    for column, entry in zip(columns, entries, strict=True):
        asset, point = layout.values.get(column, ("", ""))
        if (
            asset and plain(asset) == plain(entry.asset) and "person" not in entry.by
        ):  # as its own spelling has it
            keyed[asset, point] = replace(entry, asset=asset, point=point)
            continue
        asset, point = _free(keyed, (entry.asset, entry.point or entry.tag), entry.tag)
        keyed[asset, point] = replace(entry, asset=asset, point=point)
    return dict(zip(columns, keyed.values(), strict=True))
