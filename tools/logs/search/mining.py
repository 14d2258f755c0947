"""Reading whole sets into parts of Parquet, in one pass over the logs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.tools.logs.search.rows import Rows
from aitia.tools.logs.search.spool import Spool
from aitia.tools.logs.survey import opened
from aitia.tools.logs.tally import Side, Tally
from aitia.tools.logs.work import FOREVER
from aitia.tools.text.access import canonical
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.reading import LogSet, Skipped
from aitia.tools.text.reading.blocks import newlines
from aitia.tools.text.templates import Form, Miner, Template

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ALL: Final = 1 << 62
OnBlock = Callable[[int, int], None]


@dataclass(kw_only=True)
class Mined:
    """What was read: parts of Parquet, each file's path and component, and each form's template."""

    parts: list[Path]
    records: int = 0
    files: list[tuple[str, str]] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    skipped: Skipped = field(default_factory=Skipped)


def mine(
    sets: Sequence[LogSet],
    folder: Path,
    db: DuckDBPyConnection,
    *,
    redactor: Redactor,
    window: tuple[float, float],
    zone: tzinfo,
    near: datetime,
    on_block: OnBlock = lambda size, lines: None,
) -> Mined:
    """Mine the records of a span (epoch seconds) into parts in a folder. Undated logs are read whole."""
    spool = Spool(db, folder, redactor)
    out = Mined(parts=spool.parts)
    for logs in sets:
        tally = Tally(
            miner=Miner(), baselines=1, origin=0.0, width=FOREVER, redact=redactor.text, access=canonical
        )
        forms: list[Form] = []
        base = len(out.templates)
        for file in opened(logs, zone, near, out.skipped):
            index = len(out.files)
            out.files.append((str(file.path), logs.component))
            _read(file, index, tally, spool, forms, base, window, on_block)
            out.skipped += file.skipped
        tally.settled()
        out.templates += [tally.miner.template(form) for form in forms]
    spool.close()
    out.records = spool.count
    return out


def _read(
    file: LogFile,
    index: int,
    tally: Tally,
    spool: Spool,
    forms: list[Form],
    base: int,
    window: tuple[float, float],
    on_block: OnBlock,
) -> None:
    """Read a file. What was read before a damage is kept, the damage told in its `skipped`."""
    start, end = (-FOREVER, FOREVER) if file.header is None else window
    rows = Rows(tally, file, index, [Side(start=start, end=end, index=-1)], spool, forms, base=base)
    try:
        for run in file.parts(start, end, budget=_ALL, extract=Extract()):
            rows.begin()
            for block in run:
                rows.feed(block)
                on_block(block.end - block.offset, newlines(block.data))
            rows.close()
    except SourceError as error:
        rows.close()
        file.skipped.files[str(file.path)] = str(error)


def extent(paths: Sequence[Path], zone: tzinfo, near: datetime) -> tuple[datetime, datetime] | None:
    """The first and the last time (UTC) that the ends of unpacked files name."""
    found = []
    for path in paths:
        try:
            ends = LogFile(path, zone=zone, near=near).extent()
        except SourceError:  # told when it is read
            continue
        found += [ends] if ends else []
    if not found:
        return None
    first, last = min(a for a, _ in found), max(b for _, b in found)
    return datetime.fromtimestamp(first, tz=UTC), datetime.fromtimestamp(last, tz=UTC)
