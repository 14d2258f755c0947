"""Log streams of a span of time, copied redacted: the records of the span, each redacted whole, in files of the same names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aitia.core.percent import percent
from aitia.core.redact import Redactor
from aitia.core.words import Window
from aitia.tools.sources.base import LogStream, RemoteLogSource
from aitia.tools.text.reader import Extract, LogFile

FILE_BYTES: Final = 256 * 2**20
SERVER_BYTES: Final = 2**30
SERVER_S: Final = 300.0
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(kw_only=True)
class Copied:
    """How many lines were written, and what was left out and why."""

    lines: int = 0
    notes: list[str] = field(default_factory=list)


def read_server(source: RemoteLogSource, spans: Sequence[Window]) -> list[LogStream]:
    """The streams of a server with their lines of the spans, more of them than a diagnosis reads."""
    return source.fetch(spans, budget=SERVER_BYTES, seconds=SERVER_S)


def copy_streams(
    streams: Sequence[LogStream], spans: Iterable[Window], folder: Path, redactor: Redactor
) -> Copied:
    """Write each file of each stream into the folder. Raises SourceError where a file cannot be read."""
    done, spans = Copied(), list(spans)
    for stream in streams:
        if stream.shares:
            done.notes.append(
                f"{stream.name}: {percent(min(stream.shares.values()))} of its lines, in even blocks"
            )
        done.notes += [stream.note] if stream.note else []
        for path in stream.paths:
            # Lines of several components in one file are copied one component after the other: a file each, in time order.
            own = f"{stream.only.value}." if stream.only and stream.only.value else ""
            target = folder / _UNSAFE.sub("_", redactor.text(own + path.name.removesuffix(".gz")))
            _copy(path, stream, spans, target, redactor, done)
    return done


def _copy(
    path: Path, stream: LogStream, spans: list[Window], target: Path, redactor: Redactor, done: Copied
) -> None:
    log = LogFile(path, zone=stream.zone, near=spans[-1].end, component=stream.component, only=stream.only)
    if log.header is None:
        if log.size:
            done.notes.append(f"{path.name} has no timestamps and is left out")
        return
    with log.open() as source, target.open("a", encoding="utf-8") as out:
        for span in spans:
            extract = Extract()
            for record in log.records(*span.epoch, budget=FILE_BYTES, extract=extract):
                source.seek(record.offset)
                text = log.text(record, source.read(record.size))
                out.write(redactor.text(text) + "\n")
                done.lines += record.lines
            if extract.share < 1.0:
                done.notes.append(f"{path.name}: {percent(extract.share)} of its lines, in even blocks")
    if not target.stat().st_size:
        target.unlink()
