"""Log lines that belong to visits: whatever the logger's format, a line that carries a known span or trace id is joined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.registry import ToolContext
from aitia.tools.sources.base import LogStream
from aitia.tools.sources.traces.span_files import in_sample
from aitia.tools.text.headers.levels import Level
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.streams import streams
from aitia.tools.traces.labels import Label, Labels
from aitia.tools.traces.visits import Visit

BUDGET: Final = 64 << 20  # bytes of logs read in all
MAX_LINES: Final = 100_000
MARGIN_S: Final = 30.0
_UNPACKS = 20  # times its packed size that a log may have
_ID = re.compile(rb"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{16})(?![0-9a-fA-F])")


@dataclass(frozen=True, slots=True)
class Line:
    """A log line of a visit. `label` stands for the statement that wrote it."""

    at: float
    label: Label
    error: bool
    text: str


def join(ctx: ToolContext, windows: Sequence[Window], visits: Sequence[Visit]) -> Joined:
    """The log lines of visits, each visit's complete or none of its component's, of a sample of traces where there are many.

    A line that is missing because it was not read must not look like one that was not written.
    """
    out, labels = Joined(), Labels(ctx)
    owners = _Owners(visits)
    held = streams(ctx)
    budget = BUDGET // max(1, sum(len(s.paths) for each in held.values() for _, s in each))
    spans = _merged(windows)
    for component, sources in held.items():
        try:
            for _, stream in sources:
                for raw, at, message, level in _records(stream, spans, budget):
                    owner = owners.of(raw, component, at)
                    if owner is not None and out.takes(owner):
                        label = labels.of(component, message, level)
                        out.add(owner, Line(at, label, labels.is_error(label, message, level), message))
        except SourceError as error:
            out.drop(component)
            out.notes.append(str(error))
    labels.settle()
    for lines in out.lines.values():
        lines.sort(key=lambda line: (line.at, line.text))
    if out.share < 1:
        out.notes.append(f"the log lines of one in {round(1 / out.share)} traces were joined")
    return out


@dataclass(kw_only=True)
class Joined:
    """Lines by visit; `share` of the traces are in the sample."""

    lines: dict[Visit, list[Line]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    share: float = 1.0
    count: int = 0

    def takes(self, visit: Visit) -> bool:
        """Whether the visit's trace is in the sample."""
        return self.share >= 1.0 or in_sample(visit.root.trace, self.share)

    def add(self, visit: Visit, line: Line) -> None:
        """Keep a line; halve the sample where it is full."""
        self.lines.setdefault(visit, []).append(line)
        self.count += 1
        while self.count > MAX_LINES:
            self.share /= 2
            self.lines = {v: held for v, held in self.lines.items() if self.takes(v)}
            self.count = sum(len(held) for held in self.lines.values())

    def drop(self, component: str) -> None:
        """Forget the lines of a component whose log was not read whole."""
        self.lines = {v: held for v, held in self.lines.items() if v.component != component}
        self.count = sum(len(held) for held in self.lines.values())


def _merged(windows: Sequence[Window]) -> list[tuple[float, float]]:
    """The windows with a margin for clocks that run apart, merged where they overlap, so that no line is read twice."""
    out: list[tuple[float, float]] = []
    for start, end in sorted((w.epoch[0] - MARGIN_S, w.epoch[1] + MARGIN_S) for w in windows):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out


def _records(
    stream: LogStream, spans: Sequence[tuple[float, float]], budget: int
) -> Iterator[tuple[bytes, float, str, Level]]:
    """Raw bytes, time, message and level of each record in the spans. Raises SourceError where they are too many."""
    near = datetime.fromtimestamp(spans[-1][1], tz=UTC)
    if stream.shares:
        raise SourceError(f"{stream.name} is too large to be joined with traces")
    for path in stream.paths:
        file = LogFile(path, zone=stream.zone, near=near, component=stream.component, only=stream.only)
        if file.header is None or not file.size:
            continue
        if file.packed and file.size * _UNPACKS > budget:
            raise SourceError(f"{path.name} is too large to be joined with traces")
        with file.open() as handle:
            for start, end in spans:
                extract = Extract()
                for record in file.records(start, end, budget=budget // len(spans), extract=extract):
                    handle.seek(record.offset)
                    raw = handle.read(min(record.size, 1 << 16))
                    if file.form.encoding or file.form.wrapper:
                        raw = file.text(record, raw).encode()
                    yield raw, record.at, record.message[:1000], record.level
                if extract.share < 1:
                    raise SourceError(f"{path.name} is too large to be joined with traces")


class _Owners:
    """Visits by the ids of their spans and traces."""

    def __init__(self, visits: Sequence[Visit]) -> None:
        self._spans: dict[str, Visit] = {}
        self._traces: dict[tuple[str, str], list[Visit]] = {}
        for visit in visits:
            for span in visit.spans:
                self._spans[span.id] = visit
            self._traces.setdefault((visit.root.trace, visit.component), []).append(visit)

    def of(self, raw: bytes, component: str, at: float) -> Visit | None:
        """The visit of a line: by its span id, else the visit of its component in its trace that it falls into."""
        ids = [m.decode().lower() for m in _ID.findall(raw)[:8]]
        for each in ids:
            owner = self._spans.get(each)
            if owner is not None and owner.component == component:
                return owner
        for each in ids:
            for visit in self._traces.get((each, component), ()):
                if visit.root.start - 0.001 <= at <= visit.root.start + visit.root.duration + 0.001:
                    return visit
        return None
