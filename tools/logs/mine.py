"""Mining: every record of the window and the baselines, counted by template and span, one component at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aitia.core.errors import SourceError
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Baseline, SourceRef, Window
from aitia.tools.logs.access import Took, bucket
from aitia.tools.logs.count import Count
from aitia.tools.logs.passing import Pass
from aitia.tools.logs.tally import Side, Tally
from aitia.tools.sources.base import LogStream
from aitia.tools.text.access import canonical, refused
from aitia.tools.text.names import Names
from aitia.tools.text.reader import SLACK_S, Extract, LogFile, open_each
from aitia.tools.text.streams import BUDGET
from aitia.tools.text.templates import Masker, Miner

CELLS = 60  # of the window, for onsets


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
    events: bool = False  # a provider's, of what it runs
    first: float = float("inf")
    last: float = float("-inf")
    shares: list[float] = field(default_factory=list)  # of each span's bytes that were read, the window last
    took: dict[str, Took] = field(default_factory=dict)  # answer times of access lines by upstream
    notes: list[str] = field(default_factory=list)
    tally: Tally | None = None
    queries: dict[Path, str] = field(default_factory=dict)  # of files that were read of a server

    def reference(self, what: str = "", file: int = 0) -> SourceRef:
        """All the records of a file, or of the query of a server that it was read with; `what` of them."""
        path = self.files[file].path if self.files else Path()
        where = self.queries.get(path, str(path) if self.files else "")
        query = f"{where}: {what}" if what else where
        return SourceRef(source=self.source, query=query, path="" if path in self.queries else where)

    @property
    def old_exposure(self) -> float:
        """Seconds of all baselines together."""
        return sum(self.exposures)


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
    out.events = all(stream.events for _, stream in sources)
    out.shares = [1.0] * (len(baselines) + 1)
    masker = Masker(names.alias, apart=True)
    out.tally = tally = Tally(
        miner=Miner(masker, subject=names.of_token),
        baselines=len(baselines),
        origin=window.epoch[0],
        width=window.seconds / CELLS,
        redact=Redactor(load_key(aitia_home())).text,
        access=lambda message: _access(message, masker),
        on_access=lambda message, access, index: _took(out, message, access, index),
    )
    share = budget // max(1, sum(len(stream.paths) for _, stream in sources))
    for _, stream in sources:
        _told(out, stream, window, baselines)
        for file in _files(out, stream, window):
            try:
                _one_file(out, file, share, window, baselines)
            except SourceError as error:  # a torn file does not silence the others
                out.notes.append(str(error))
            out.notes += file.skipped.say()
    out.counts = sorted(
        tally.settled(), key=lambda c: (-c.window, -c.before, c.template.group, c.template.text)
    )
    out.lines, out.first, out.last = tally.lines[-1], tally.first, tally.last
    out.old_lines = sum(n for index, n in tally.lines.items() if index >= 0)
    _cover(out, window, baselines)
    return out


ONLY_ERRORS, LEAST_LINES = (
    0.5,
    5,
)  # share of a component's lines that are errors, and how many, from which it does little else


def only_errors(mined: Mined) -> bool:
    """Whether most of what a component logs in the window are errors, new or not."""
    bad = sum(c.window for c in mined.counts if c.meaning.bad)
    return bad >= LEAST_LINES and bad >= ONLY_ERRORS * mined.lines


def _told(out: Mined, stream: LogStream, window: Window, baselines: Sequence[Baseline]) -> None:
    """What is known of a stream that was read of a server."""
    if stream.note:
        out.notes.append(stream.note)
    if stream.query:
        out.queries |= dict.fromkeys(stream.paths, stream.query)
    for i, span in enumerate((*(b.window for b in baselines), window)):
        out.shares[i] = min(out.shares[i], stream.shares.get(span, 1.0))


def _files(out: Mined, stream: LogStream, window: Window) -> list[LogFile]:
    """The files of a stream that can be opened, each knowing where the next one begins."""
    return open_each(
        stream.paths,
        zone=stream.zone,
        near=window.end,
        component=stream.component,
        only=stream.only,
        refused=lambda path, error: out.notes.append(str(error)),
    )


def _one_file(out: Mined, file: LogFile, budget: int, window: Window, baselines: Sequence[Baseline]) -> None:
    if file.header is None:
        if file.size:
            out.notes.append(f"no timestamps were recognised in {file.path.name}")
        return
    out.files.append(file)
    whole = list(out.shares)
    index = len(out.files) - 1
    assert out.tally is not None
    for sides, part in _passes(file, window, baselines, max(1 << 20, budget // 2)):
        extract = Extract()
        reading = Pass(out.tally, file.header, index, sides, file.skipped)
        for run in file.parts(sides[0].start, sides[-1].end, budget=part, extract=extract):
            for block in run:
                reading.feed(block)
                if reading.latest >= sides[-1].end + SLACK_S:
                    break
            reading.close()
        for side in sides:
            out.shares[side.index] = min(out.shares[side.index], whole[side.index] * extract.share)


def _passes(
    file: LogFile, window: Window, baselines: Sequence[Baseline], half: int
) -> list[tuple[list[Side], int]]:
    """What is read in one go, and the bytes allowed for it: each baseline, then the window; a packed file all at once."""
    start, end = window.epoch
    own = Side(start=start, end=end, index=-1)
    old = [
        Side(start=low, end=min(high, start), index=i)
        for i, (low, high) in enumerate(b.window.epoch for b in baselines)
    ]
    if file.packed:
        return [([*sorted(old, key=lambda s: s.start), own], half)]  # a seek would unpack again
    return [*(([side], half // len(old)) for side in old), ([own], half)]


def _access(message: str, masker: Masker) -> str:
    """The canonical access line, its upstream by the component's name where it is known."""
    text, via, upstream = canonical(message).partition(" via ")
    return f"{text} via {masker.text(upstream)}" if via else text


def _took(out: Mined, message: str, access: str, index: int) -> None:
    """Count how long an answer took: what it refuses is no work, and how much of it there is, is the clients' doing."""
    if refused(access):
        return
    if (took := bucket(message)) is not None:
        times = out.took.setdefault(access.partition(" via ")[2], Took())
        (times.new if index < 0 else times.old)[took] += 1


def _cover(out: Mined, window: Window, baselines: Sequence[Baseline]) -> None:
    """Exposures: the part of each span that lies after the first record and is not cut by sampling."""
    start, end = window.epoch
    out.exposure = out.shares[-1] * max(0.0, end - max(start, min(out.first, end)))
    for i, baseline in enumerate(baselines):
        low, high = baseline.window.epoch
        out.exposures[i] = out.shares[i] * max(0.0, min(high, start) - max(low, out.first))
