"""Log files on disk: one stream per component and rotated set, opened without reading them whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Holding, Window
from aitia.tools.sources.base import Configured, LogStream, Only
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.text_form import few
from aitia.tools.sources.time_texts import configured_zone

if TYPE_CHECKING:
    from aitia.tools.sources.logs.component_fields import Named

MAX_FILES = 2000
MAX_DATED = 40
PACKED = (".gz", ".zst", ".xz", ".bz2")
# What a file is called for its kind of lines: whose they are, the folder says (`shop/access.log`), unless that tells no more.
_KINDS = frozenset(
    {
        "access",
        "error",
        "errors",
        "access_log",
        "error_log",
        "stdout",
        "stderr",
        "out",
        "err",
        "console",
        "output",
        "current",
    }
)
_PLACES = frozenset({"", "log", "logs", "var", "tmp", "data", "output", "default", "private"})
_ROTATION = re.compile(
    r"(?:\.\d{1,4}|[-._](?:\d{4}-?\d\d-?\d\d(?:[T_-]?\d{2,6})?|\d{10})"
    r"|\.(?:gz|zst|xz|bz2|log|txt|out|err|jsonl|ndjson|json))$"
)


class LogFiles(Configured):
    """Source of type `log_files`: a file, a folder or a glob, packed or wrapped as `tools/text/reading` undoes it.

    The component is `component` of the configuration; of JSON lines what `options.component_field` or one of the usual fields
    holds; else the file's stem without rotation suffixes (`payment.log.2.gz` and `payment-2026-11-25.log` are `payment`), or
    the folder where the stem only tells the kind of lines (`shop/access.log` is `shop`). Timestamps without a zone are UTC
    unless `options.timezone` names another one. `options.events` says that a provider wrote them of what it runs.
    """

    KIND = "logs"
    OPTIONS = frozenset({"timezone", "component_field", "events"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._zone = configured_zone(config)
        self._named: dict[tuple[tuple[Path, int, int], ...], Named | None] = {}

    def streams(self) -> list[LogStream]:
        """One stream per component and stem, its files in the order of time. Raises SourceError where nothing is there."""
        return [stream for stream, _ in self._streams()]

    def _streams(self) -> list[tuple[LogStream, Named | None]]:
        from aitia.tools.text.reading.order import first_time, in_time_order

        first = partial(first_time, zone=self._zone, near=datetime.now(UTC))
        groups: dict[tuple[str, str], list[Path]] = defaultdict(list)
        for path in self._files():
            groups[owner_of(path), stem_of(path)].append(path)
        made = []
        for (owner, name), paths in groups.items():
            ordered = tuple(in_time_order(paths, first))
            own = LogStream(
                component=self._config.component or owner, name=name, paths=ordered, zone=self._zone
            )
            held = self._components(ordered, owner)
            own = replace(own, events=bool(self._config.options.get("events")) or _are_events(held))
            # A line that names no component belongs to the file, as all lines of other files do.
            names = [*held.values, *([""] if held.others else [])] if held else []
            for called in names:
                only = (
                    Only(field=held.field, value=called, sharing=len(names))
                    if held and len(names) > 1
                    else None
                )
                made.append((replace(own, component=called or owner, only=only), held))
            if not names:
                made.append((own, None))
        return sorted(made, key=lambda one: (one[0].component, one[0].name))

    def _components(self, paths: tuple[Path, ...], stem: str) -> Named | None:
        """The components that lines of JSON name, looked for once while the files are the same."""
        if self._config.component:
            return None
        from aitia.tools.sources.logs.component_fields import named

        key = tuple((p, (status := p.stat()).st_size, status.st_mtime_ns) for p in paths)
        if key not in self._named:
            field = str(self._config.options.get("component_field", ""))
            self._named[key] = named(paths, stem=stem, field=field)
        return self._named[key]

    def describe(self, window: Window) -> Holding:
        """Streams and an estimate of their lines (bytes / 120); only file sizes are looked at."""
        found = self._streams()
        streams = [stream for stream, _ in found]
        size = sum(map(_size, {path for stream in streams for path in stream.paths}))
        return Holding(
            source=self.name,
            kind="logs",
            components=tuple(sorted({s.component for s in streams})),
            items=tuple(dict.fromkeys(s.name for s in streams)),
            count=size // 120 + (size > 0),
            note="" if size else f"The files of source {self.name!r} are empty.",
            guessed=self._said([held for _, held in found if held]),
        )

    def _said(self, held: Sequence[Named]) -> str:
        if not held:
            return ""
        fields = (
            "" if "component_field" in self._config.options else few(sorted({repr(h.field) for h in held}))
        )
        told = [f"component from {fields} of the lines (else set options.component_field)"] if fields else []
        if any(h.others for h in held):
            told.append("lines without it belong to the file's name")
        if not all(h.whole for h in held):
            told.append("the files are large: component names were looked for in a part of them")
        return "; ".join(told)

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


def _are_events(held: Named | None) -> bool:
    from aitia.tools.sources.logs.component_fields import EVENTS

    return held is not None and held.field in EVENTS


def stem_of(path: Path) -> str:
    """The file's name without extension and rotation suffixes; the folder's where only a number is left (`pay/0.log`)."""
    name = path.name
    while (shorter := _ROTATION.sub("", name)) != name and shorter:
        name = shorter
    return path.parent.name if name.isdecimal() and path.parent.name else name


def owner_of(path: Path) -> str:
    """Whose lines a file holds by its name, or by its folder's where the name only tells which lines they are."""
    stem, folder = stem_of(path), path.parent.name
    told = stem.casefold() in _KINDS and folder.casefold() not in _PLACES
    return folder if told else stem


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise SourceError(
            f"Cannot read {str(path)!r} ({error.strerror}). Check the path and its permissions."
        ) from None
