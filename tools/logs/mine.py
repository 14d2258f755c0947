"""Mining: every record of the window and the baselines, counted by template and span, one component at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Baseline, Window
from aitia.tools.logs.access import canonical
from aitia.tools.logs.drain import Drain, Template
from aitia.tools.logs.durations import Took, bucket
from aitia.tools.logs.levels import Level, worst
from aitia.tools.logs.masks import Masker
from aitia.tools.logs.names import Names
from aitia.tools.logs.reader import Extract, LogFile, Record
from aitia.tools.registry import ToolContext
from aitia.tools.sources.base import LogSource, LogStream
from aitia.tools.sources.log_files import FileStream

BUDGET = 160 << 20  # bytes read per call: what one core mines well within a task's 30 s
CELLS = 60  # of the window, for onsets
MESSAGE = 1000


@dataclass(slots=True, kw_only=True)
class Count:
    """Occurrences of one template. `cells` count the window, `old_cells` the baselines, in the same cell width."""

    template: Template
    level: Level
    example: str
    file: int = 0
    record: Record | None = None  # the first one in the window
    window: int = 0
    baseline: list[int] = field(default_factory=list)
    cells: dict[int, int] = field(default_factory=dict)
    firsts: dict[int, float] = field(default_factory=dict)
    old_cells: dict[int, int] = field(default_factory=dict)
    old_last: float = 0.0

    @property
    def before(self) -> int:
        """Occurrences in all baselines together."""
        return sum(self.baseline)


@dataclass(kw_only=True)
class Mined:
    """What one component logged. Exposures are the seconds of each span that its records cover."""

    component: str
    source: str
    files: list[LogFile] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    exposure: float = 0.0
    exposures: list[float] = field(default_factory=list)
    lines: int = 0
    old_lines: int = 0
    first: float = float("inf")
    last: float = float("-inf")
    shares: list[float] = field(default_factory=list)  # of each span's bytes that were read, the window last
    took: dict[str, Took] = field(default_factory=dict)  # answer times of access lines by upstream
    notes: list[str] = field(default_factory=list)

    @property
    def old_exposure(self) -> float:
        """Seconds of all baselines together."""
        return sum(self.exposures)


def spans(ctx: ToolContext) -> tuple[Window, list[Baseline]]:
    """The window and its baselines; without configured ones the six-fold span before it is taken."""
    window = ctx.incident.window
    baselines = [b for b in ctx.incident.baselines if b.window.start < window.start]
    if not baselines:
        before = Window(start=window.shift(-6 * window.seconds).start, end=window.start)
        baselines = [Baseline(name="preceding", window=before)]
    return window, baselines


def streams(ctx: ToolContext, component: str = "") -> dict[str, list[tuple[str, LogStream]]]:
    """The log streams by canonical component, optionally of one. Raises BadInput for a component without logs."""
    found: dict[str, list[tuple[str, LogStream]]] = {}
    for source in ctx.sources.of("logs"):
        if isinstance(source, LogSource):
            for stream in source.streams():
                name = ctx.resolver.resolve(stream.component) or stream.component
                found.setdefault(name, []).append((source.name, stream))
    if component and (wanted := ctx.resolver.resolve(component) or component) not in found:
        raise BadInput(
            f"Name a component that has logs: {component!r} is not one of {', '.join(sorted(found)) or 'none'}."
        )
    return {c: s for c, s in sorted(found.items()) if not component or c == wanted}


def mine(
    component: str,
    sources: Sequence[tuple[str, LogStream]],
    window: Window,
    baselines: Sequence[Baseline],
    names: Names,
    *,
    budget: int = BUDGET,
) -> Mined:
    """Read and count one component's records."""
    out = Mined(component=component, source=sources[0][0], exposures=[0.0] * len(baselines))
    out.shares = [1.0] * (len(baselines) + 1)
    miner = _Miner(out, names, window, baselines)
    share = budget // max(1, sum(len(stream.paths) for _, stream in sources))
    for _, stream in sources:
        for path in stream.paths:
            try:
                _one_file(miner, stream, path, share)
            except SourceError as error:  # a torn file does not silence the others
                out.notes.append(str(error))
    out.counts = sorted(
        miner.counts.values(), key=lambda c: (-c.window, -c.before, c.template.group, c.template.text)
    )
    miner.cover()
    return out


def _one_file(miner: _Miner, stream: LogStream, path: Path, budget: int) -> None:
    zone = stream.zone if isinstance(stream, FileStream) else UTC
    file = LogFile(path, zone=zone, near=miner.window.end, component=stream.component)
    if file.header is None:
        if file.size:
            miner.out.notes.append(f"no timestamps were recognised in {path.name}")
        return
    miner.out.files.append(file)
    index = len(miner.out.files) - 1
    half = max(1 << 20, budget // 2)
    for span, record in _ordered(file, miner, half):
        miner.take(record, span, index)


def _ordered(file: LogFile, miner: _Miner, half: int) -> Iterator[tuple[int, Record]]:
    """Records of the baselines in order, then of the window (-1)."""
    start, end = miner.window.epoch
    if file.packed:  # one pass: a seek would unpack again
        low = min(start, *(b.window.epoch[0] for b in miner.baselines))
        for record in file.records(low, end, budget=half, extract=Extract()):
            for span in miner.spans_of(record.at):
                yield span, record
        return
    shares = miner.out.shares
    for i, baseline in enumerate(miner.baselines):
        low, high = baseline.window.epoch
        extract = Extract()
        yield from (
            (i, r)
            for r in file.records(low, min(high, start), budget=half // len(miner.baselines), extract=extract)
        )
        shares[i] = min(shares[i], extract.share)
    extract = Extract()
    yield from ((-1, r) for r in file.records(start, end, budget=half, extract=extract))
    shares[-1] = min(shares[-1], extract.share)


class _Miner:
    """Counts records by template; `take` is the hot path."""

    def __init__(self, out: Mined, names: Names, window: Window, baselines: Sequence[Baseline]) -> None:
        self.out, self.window, self.baselines = out, window, baselines
        self.counts: dict[Template, Count] = {}
        self._masker = Masker(names.alias)
        self._drain = Drain(self._masker.tokens, subjects=names.of_token)
        self._start = window.epoch[0]
        self._width = window.seconds / CELLS

    def spans_of(self, at: float) -> list[int]:
        """The spans that hold a moment: -1 the window, else baselines."""
        start, end = self.window.epoch
        if start <= at < end:
            return [-1]
        return [i for i, b in enumerate(self.baselines) if b.window.epoch[0] <= at < b.window.epoch[1]]

    def take(self, record: Record, span: int, file: int) -> None:
        """Count a record in a span."""
        message = record.message[:MESSAGE]
        access = self._access(message)
        text, level = access or message, record.level
        if record.exception:
            text, level = f"{text} | {record.exception}", worst(level, "error")
        # An access line is its own template already: routes and statuses must not be merged.
        template = self._drain.add(text, (level, access) if access else (level,), masked=bool(access))
        count = self.counts.get(template)
        if count is None:
            count = Count(template=template, level=level, example=text, baseline=[0] * len(self.baselines))
            self.counts[template] = count
        out, at = self.out, record.at
        if access and (took := bucket(message)) is not None:
            via = access.partition(" via ")[2]
            times = out.took.setdefault(via, Took())
            (times.new if span < 0 else times.old)[took] += 1
        cell = int((at - self._start) // self._width)
        out.first, out.last = min(out.first, at), max(out.last, at)
        if span < 0:
            if count.record is None or at < count.record.at:
                count.record, count.file, count.example = record, file, text
            count.window += 1
            count.cells[cell] = count.cells.get(cell, 0) + 1
            count.firsts[cell] = min(count.firsts.get(cell, at), at)
            out.lines += 1
        else:
            count.baseline[span] += 1
            count.old_cells[cell] = count.old_cells.get(cell, 0) + 1
            count.old_last = max(count.old_last, at)
            out.old_lines += 1

    def _access(self, message: str) -> str:
        """The canonical access line, its upstream by the component's name where it is known."""
        text, via, upstream = canonical(message).partition(" via ")
        return f"{text} via {self._masker.mask(upstream)}" if via else text

    def cover(self) -> None:
        """Exposures: the part of each span that lies after the first record and is not cut by sampling."""
        out = self.out
        start, end = self.window.epoch
        out.exposure = out.shares[-1] * max(0.0, end - max(start, min(out.first, end)))
        for i, baseline in enumerate(self.baselines):
            low, high = baseline.window.epoch
            out.exposures[i] = out.shares[i] * max(0.0, min(high, start) - max(low, out.first))
