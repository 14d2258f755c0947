"""What a fleet consists of: the tables of a folder or the metric sources of an aitia.yaml, and how critical each asset is."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aitia.core.bounds import read_text
from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError, BadInput
from aitia.core.words import Window, from_epoch
from aitia.fleet.words import Unit
from aitia.probe_files import is_measured
from aitia.settings import load_settings
from aitia.tools.sources import MetricSource, open_source
from aitia.tools.sources.column_names import plain
from aitia.tools.sources.duck import database
from aitia.tools.sources.exports.tag_files import NAMES, read_map, tags_listed
from aitia.tools.sources.metrics.table import TableSource
from aitia.tools.sources.paths import iter_files

ENDINGS: Final = (".parquet", ".pq", ".csv", ".tsv", ".csv.gz", ".xlsx")
LARGE: Final = 256 << 20  # bytes; of a larger source each asset is read by itself, so that memory stays flat
USUAL_CRITICALITY: Final = 3
_LOOKED_AT: Final = 20  # files of a folder, for one that lists tags
DICTIONARY: Final = "dictionary.yaml"
LISTS: Final = ("assets.csv", "assets.tsv")  # beside the data
_ASIDE: Final = (
    *NAMES,
    "topology.csv",
    "orders.csv",
    "alarms.csv",
)  # what is usually kept beside exports
_CRITICALITY: Final = (
    "criticality",
    "critical",
    "consequence",
    "importance",
    "kritikalität",
    "kritikalitaet",
    "abc",
)
_ASSET: Final = (
    "asset",
    "equipment",
    "machine",
    "component",
    "id",
    "tag",
    "name",
    "anlage",
    "technischer_platz",
)
_KIND: Final = ("kind", "type", "class", "equipment_type", "art")
_WORDS: Final = {
    "a": 5, "b": 3, "c": 1, "very high": 5, "critical": 5, "high": 4, "medium": 3, "low": 2, "very low": 1,
    "hoch": 4, "mittel": 3, "niedrig": 2,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class About:
    """What a person says of an asset."""

    criticality: int | None = None
    kind: str = ""


def units_of(path: Path) -> tuple[list[Unit], dict[str, str]]:
    """The units of work of a folder of tables or of an aitia.yaml, in a fixed order, and the sources that cannot be read."""
    if path.is_dir():
        sources = list(_of_folder(path))
        if not sources:
            raise BadInput(
                f"{str(path)!r} holds no tables ({', '.join(ENDINGS)}). Give a folder of exports, or an aitia.yaml."
            )
    elif path.suffix.lower() in (".yaml", ".yml"):
        sources = [s for s in load_settings(path).sources if s.kind == "metrics"]
        if not sources:
            raise BadInput(
                f"{str(path)!r} names no source of kind metrics. Add one, or give a folder of tables."
            )
    elif path.exists():
        sources = [_table(path)]
    else:
        raise BadInput(f"{str(path)!r} does not exist. Give a folder of tables, a table, or an aitia.yaml.")
    sources = _with_tags(sources, path if path.is_dir() else path.parent)
    units, errors = list[Unit](), dict[str, str]()
    for source in sources:
        try:
            units += _split(source)
        except AitiaError as error:
            errors[source.name] = str(error)
    return units, errors


def _with_tags(sources: Iterable[SourceConfig], folder: Path) -> list[SourceConfig]:
    """The sources, of which tables take the list of tags of the site's folder: limits and corrections hold for all.

    Without one of the usual names that is the first table of the folder that lists tags.
    """
    file = next((f for name in (*NAMES, DICTIONARY) if (f := folder / name).is_file()), None)
    file = file or next((f for f in sorted(folder.glob("*.csv"))[:_LOOKED_AT] if tags_listed(f)), None)
    if file is not None:
        read_map(file)  # what is wrong with it is told once, before the work begins
    return [
        s.model_copy(update={"options": {**s.options, "tags": str(file.absolute())}})
        if file is not None and s.type == "table" and "tags" not in s.options
        else s
        for s in sources
    ]


def _of_folder(folder: Path) -> Iterator[SourceConfig]:
    """A source for each table; tables of the same assets, such as one a month, are one source with their folder as its path."""
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        name = path.name.lower()
        if (
            name.endswith(ENDINGS)
            and path.is_file()
            and not name.startswith(".")
            and name not in (*LISTS, *_ASIDE)
            and is_measured(path)
            and not tags_listed(path)
        ):
            by_folder[path.parent].append(path)
    for held, paths in sorted(by_folder.items()):
        if _are_parts(paths):
            yield _table(held)
        else:
            yield from map(_table, paths)


def _are_parts(paths: Sequence[Path]) -> bool:
    """Whether tables of one folder have the same columns and, by the first and the last, the same assets."""
    if len(paths) < 2 or len({_columns(p) for p in paths}) > 1:
        return False
    ever = Window(start=from_epoch(0), end=datetime.now(UTC))
    try:
        first, last = (
            TableSource(_table(p), Path("/")).describe(ever).components for p in (paths[0], paths[-1])
        )
    except AitiaError:
        return False  # each tells by itself what is wrong with it
    return bool(first) and bool(set(first) & set(last))


def _columns(path: Path) -> str:
    """The names of a table's columns, as one text; its own name where they cannot be told."""
    if path.suffix.lower() in (".parquet", ".pq"):
        import duckdb

        try:
            with database() as db:
                rows = db.execute("SELECT name FROM parquet_schema(?)", [str(path)]).fetchall()
        except duckdb.Error:
            return str(path)
        return "\n".join(str(row[0]) for row in rows)
    if path.suffix.lower() not in (".csv", ".tsv"):
        return str(path)
    with path.open("rb") as file:
        return file.readline(1 << 20).decode("utf-8", "replace")


def _table(path: Path) -> SourceConfig:
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in path.stem)
    return SourceConfig(name=name or "table", kind="metrics", type="table", path=str(path.absolute()))


def _split(source: SourceConfig) -> list[Unit]:
    """A source as one unit, or, where it is large or on a server, its components one by one."""
    if source.path and not source.url:
        stats = [(p, p.stat()) for p in iter_files(source, Path("/"))]
        tags = [Path(str(source.options["tags"]))] if "tags" in source.options else []
        state = [(str(p), s.st_size, s.st_mtime_ns) for p, s in (*stats, *((t, t.stat()) for t in tags))]
        seen = hashlib.sha256(repr(state).encode()).hexdigest()[:16]
        if sum(s.st_size for _, s in stats) <= LARGE:
            return [Unit(source=source, seen=seen)]
    else:
        seen = ""  # of a server nothing is known to be as before
    opened = open_source(source, Path("/"))
    if not isinstance(opened, MetricSource):
        return []
    held = opened.describe(Window(start=from_epoch(0), end=datetime.now(UTC)))
    return [Unit(source=source, component=c, seen=seen) for c in held.components] or [
        Unit(source=source, seen=seen)
    ]


def about_assets(path: Path, given: Path | None) -> dict[str, About]:
    """What the list of assets says, by name without case; {} without one. Raises BadInput with the line that is wrong."""
    folder = path if path.is_dir() else path.parent
    file = given or next((folder / n for n in LISTS if (folder / n).is_file()), None)
    if file is None:
        return {}
    try:
        text = read_text(file).removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Give a readable CSV of assets, not {str(file)!r} ({error}).") from None
    rows = csv.reader(io.StringIO(text), delimiter=_mark(text))
    names = [plain(n) for n in next(rows, [])]
    roles = (
        next((names.index(w) for w in some if w in names), None) for some in (_ASSET, _CRITICALITY, _KIND)
    )
    asset, criticality, kind = roles
    if asset is None or (criticality is None and kind is None):
        raise BadInput(f"Name the columns asset and criticality (or kind) in line 1 of {str(file)!r}.")
    return dict(_about(rows, asset, criticality, kind, str(file)))


def _mark(text: str) -> str:
    head = text.partition("\n")[0]
    return max(";\t,", key=head.count)


def _about(
    rows: Iterable[Sequence[str]], asset: int, criticality: int | None, kind: int | None, file: str
) -> Iterator[tuple[str, About]]:
    for number, row in enumerate(rows, 2):
        if len(row) > asset and row[asset].strip():
            said = row[criticality].strip() if criticality is not None and len(row) > criticality else ""
            yield (
                row[asset].strip().casefold(),
                About(
                    criticality=_level(said, f"line {number} of {file!r}") if said else None,
                    kind=row[kind].strip()[:60] if kind is not None and len(row) > kind else "",
                ),
            )


def _level(text: str, where: str) -> int:
    """1 to 5 of a number, a letter or a word."""
    known = _WORDS.get(text.casefold())
    if known is not None:
        return known
    if text.isdecimal() and 1 <= int(text) <= 5:
        return int(text)
    raise BadInput(
        f"Set the criticality in {where} to 1 to 5, A to C, or low, medium or high, not {text[:20]!r}."
    )


def said_of(asset: str, about: Mapping[str, About]) -> About:
    """What is said of an asset."""
    return about.get(asset.casefold(), About())
