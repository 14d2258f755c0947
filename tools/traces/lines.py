"""Log lines that belong to visits: whatever the logger's format, a line that carries a known span or trace id is joined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.logs.classes import meaning
from aitia.tools.logs.drain import Drain, Template
from aitia.tools.logs.levels import RANK, Level, fold
from aitia.tools.logs.masks import Masker
from aitia.tools.logs.mine import streams
from aitia.tools.logs.names import known
from aitia.tools.logs.reader import Extract, LogFile
from aitia.tools.registry import ToolContext
from aitia.tools.sources.base import LogStream
from aitia.tools.sources.log_files import FileStream
from aitia.tools.traces.visits import Visit

BUDGET: Final = 64 << 20  # bytes of logs read in all
MAX_LINES: Final = 200_000
_ID = re.compile(rb"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{16})(?![0-9a-fA-F])")
_IDS = re.compile(r"[\w.-]*\s*[=:]?\s*\b(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{16})\b,?", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_WORDS = 2  # plain words after which the first variable ends a label
_LONGEST = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A log line of a visit. `label` stands for the statement that wrote it."""

    at: float
    label: Template
    error: bool
    text: str


class Labels:
    """From messages to labels: the words up to the first variable part, mined with Drain per component."""

    def __init__(self, ctx: ToolContext) -> None:
        self._masker = Masker(known(ctx).alias)
        self._drains: dict[str, Drain] = {}

    def of(self, component: str, message: str, level: Level) -> Template:
        """The label of a message of a component."""
        drain = self._drains.get(component)
        if drain is None:
            drain = self._drains[component] = Drain(self._masker.tokens, similarity=0.8)
        tokens = self._masker.tokens(_UUID.sub("<uuid>", _IDS.sub("", message)))
        return drain.add(" ".join(_beginning(tokens)), (level,), masked=True)


def _beginning(tokens: Sequence[str]) -> list[str]:
    """Tokens up to the first masked one after two plain words; dates and levels at the front are no words."""
    out: list[str] = []
    words = 0
    for token in tokens[:_LONGEST]:
        masked = "<" in token
        if masked and words >= _WORDS:
            break
        if not (masked and not out):
            out.append(token)
        words += not masked and not fold(token.strip("[]():"))
    return out


def join(ctx: ToolContext, spans: Sequence[tuple[Window, Sequence[Visit]]]) -> tuple[dict[Visit, list[Line]], list[str]]:
    """The lines of each visit, in order of time, and what could not be read. Empty where there are no logs."""
    by_span: dict[str, Visit] = {}
    by_trace: dict[tuple[str, str], list[Visit]] = {}
    for _, visits in spans:
        for visit in visits:
            for span in visit.spans:
                by_span[span.id] = visit
            by_trace.setdefault((visit.root.trace, visit.component), []).append(visit)
    labels, found, notes, left = Labels(ctx), dict[Visit, list[Line]](), list[str](), MAX_LINES
    held = streams(ctx)
    share = BUDGET // max(1, sum(len(s.paths) for each in held.values() for _, s in each))
    for component, sources in held.items():
        for _, stream in sources:
            try:
                for raw, at, message, level in _records(stream, [w for w, _ in spans], share):
                    visit = _visit_of(raw, component, at, by_span, by_trace)
                    if visit is None or left <= 0:
                        continue
                    left -= 1
                    severity = meaning(message, level).severity
                    line = Line(
                        at, labels.of(visit.component, message, level), RANK[severity] >= RANK["error"], message
                    )
                    found.setdefault(visit, []).append(line)
            except SourceError as error:
                notes.append(str(error))
    if left <= 0:
        notes.append(f"only the first {MAX_LINES} log lines with trace ids were joined")
    for lines in found.values():
        lines.sort(key=lambda line: (line.at, line.text))
    return found, notes


def _records(
    stream: LogStream, windows: Sequence[Window], budget: int
) -> Iterator[tuple[bytes, float, str, Level]]:
    """Raw bytes, time, message and level of each record in the windows."""
    zone = stream.zone if isinstance(stream, FileStream) else UTC
    for path in stream.paths:
        file = LogFile(path, zone=zone, near=windows[0].end, component=stream.component)
        if file.header is None or not file.size:
            continue
        with file.open() as handle:
            for window in sorted(windows, key=lambda w: w.start):
                start, end = window.epoch
                for record in file.records(start, end, budget=budget // len(windows), extract=Extract()):
                    handle.seek(record.offset)
                    raw = handle.read(min(record.size, 1 << 16))
                    yield raw, record.at, record.message[:1000], record.level


def _visit_of(
    raw: bytes,
    component: str,
    at: float,
    by_span: dict[str, Visit],
    by_trace: dict[tuple[str, str], list[Visit]],
) -> Visit | None:
    """The visit of a line: by its span id, else the visit of its component in its trace that it falls into."""
    ids = [m.decode().lower() for m in _ID.findall(raw)[:8]]
    for each in ids:
        visit = by_span.get(each)
        if visit is not None and visit.component == component:
            return visit
    for each in ids:
        for visit in by_trace.get((each, component), ()):
            if visit.root.start - 0.001 <= at <= visit.root.start + visit.root.duration + 0.001:
                return visit
    return None
