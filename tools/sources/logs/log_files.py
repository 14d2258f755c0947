"""Log files on disk: one stream per component and rotated set, opened without reading them whole."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Holding, Window
from aitia.tools.sources.base import Configured, LogStream
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.time_texts import configured_zone

MAX_FILES = 2000
MAX_DATED = 40
PACKED = (".gz", ".zst", ".xz", ".bz2")
_ROTATION = re.compile(
    r"(?:\.\d{1,4}|[-._](?:\d{4}-?\d\d-?\d\d(?:[T_-]?\d{2,6})?|\d{10})"
    r"|\.(?:gz|zst|xz|bz2|log|txt|out|err|jsonl|ndjson|json))$"
)


@dataclass(frozen=True, kw_only=True)
class FileStream(LogStream):
    """A stream of files, with the zone of its zone-less timestamps."""

    zone: tzinfo = UTC


class LogFiles(Configured):
    """Source of type `log_files`: a file, a folder or a glob, packed or wrapped as `tools/text/reading` undoes it.

    The component is `component` of the configuration, else the file's stem without rotation suffixes
    (`payment.log.2.gz` and `payment-2026-11-25.log` are `payment`). Timestamps without a zone are UTC
    unless `options.timezone` names another one.
    """

    KIND = "logs"
    OPTIONS = frozenset({"timezone"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._zone = configured_zone(config)

    def streams(self) -> list[LogStream]:
        """One stream per stem, its files in the order of time. Raises SourceError where nothing is there."""
        from aitia.tools.text.reading.order import first_time, in_time_order

        first = partial(first_time, zone=self._zone, near=datetime.now(UTC))
        groups: dict[tuple[str, str], list[Path]] = defaultdict(list)
        for path in self._files():
            stem = stem_of(path)
            groups[self._config.component or stem, stem].append(path)
        return [
            FileStream(component=component, name=stem, paths=in_time_order(paths, first), zone=self._zone)
            for (component, stem), paths in sorted(groups.items())
        ]

    def describe(self, window: Window) -> Holding:
        """Streams and an estimate of their lines (bytes / 120); only file sizes are looked at."""
        streams = self.streams()
        size = sum(_size(path) for stream in streams for path in stream.paths)
        return Holding(
            source=self.name,
            kind="logs",
            components=tuple(sorted({s.component for s in streams})),
            items=tuple(s.name for s in streams),
            count=size // 120 + (size > 0),
            note="" if size else f"The files of source {self.name!r} are empty.",
        )

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of the records in at most a few dozen unpacked files."""
        from aitia.tools.text.reader import LogFile

        plain = [p for p in self._files() if p.suffix not in PACKED][:MAX_DATED]
        found = [e for p in plain if (e := LogFile(p, zone=self._zone, near=near).extent())]
        return (min(a for a, _ in found), max(b for _, b in found)) if found else None

    def _files(self) -> list[Path]:
        ignore = self._config.ignore
        found: list[Path] = []
        for path in iter_files(self._config, self._root):
            if path.name.startswith(".") or any(fnmatch(path.name, pattern) for pattern in ignore):
                continue
            found.append(path)
            if len(found) > MAX_FILES:
                raise SourceError(f"Source {self.name!r} has more than {MAX_FILES} files. Narrow its `path`.")
        if not found:
            raise SourceError(
                f"No log file was found in {self._config.path!r}. Fix {self._config.place('path')}."
            )
        return found


def stem_of(path: Path) -> str:
    """The file's name without extension and rotation suffixes; the folder's where only a number is left (`pay/0.log`)."""
    name = path.name
    while (shorter := _ROTATION.sub("", name)) != name and shorter:
        name = shorter
    return path.parent.name if name.isdecimal() and path.parent.name else name


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise SourceError(
            f"Cannot read {str(path)!r} ({error.strerror}). Check the path and its permissions."
        ) from None
