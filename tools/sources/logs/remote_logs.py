"""Log servers: what is common to Loki and VictoriaLogs. Lines of spans are read into files that the miner reads.

Reading is bounded in bytes and in time. What does not fit is read in blocks spread evenly over each span, and the share of
the lines that were read is known from the server's own counts, so that rates stay right.
"""

from __future__ import annotations

import math
import os
import threading
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar, Final

from aitia.core.config import SourceConfig
from aitia.core.deadline import Deadline, given_up
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Holding, Window
from aitia.tools.sources.base import Configured, LogStream
from aitia.tools.sources.logs.remote_api import LogApi
from aitia.tools.sources.logs.remote_lines import Entry, LineWriter
from aitia.tools.sources.logs.remote_plan import Block, Cells, blocks, pieces_of
from aitia.tools.sources.logs.remote_spool import Folder, Spool
from aitia.tools.sources.time_texts import configured_zone

BUDGET: Final = 160 << 20
SECONDS: Final = 15.0
MAX_COMPONENTS: Final = 200  # of a fetch; option max_components
MAX_VALUES: Final = 10_000
CLOCK_S: Final = 30.0
_SLACK: Final = 512 * 1024  # the reader of files looks a little beyond a span
_SHOWN: Final = 20

Span = tuple[int, int]  # [start, end) in nanoseconds, by the server's clock


@dataclass(kw_only=True)
class _Read:
    """How far a fetch came: what was read of each component and piece, and whether all of it was."""

    lines: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    cut: set[tuple[str, int]] = field(default_factory=set)
    stopped: str = ""


@dataclass(frozen=True, kw_only=True)
class _Spooled(LogStream):
    """A stream whose files stay as long as it does."""

    folder: Folder | None = field(default=None, repr=False, compare=False)


class RemoteLogs(Configured):
    """A log source over HTTP. Subclasses say how a server is asked."""

    KIND = "logs"
    OPTIONS = frozenset({"timezone", "page", "max_components", "tenant", "tenant_env"})
    HEADERS: ClassVar[Mapping[str, str]] = {}
    LABELS: ClassVar[tuple[str, ...]]
    """Labels that name components where none is configured: the first that occurs is taken."""

    def __init__(self, config: SourceConfig, root: Path) -> None:
        if not config.url:
            raise SourceError(f"Set `url` of source {config.name!r}: a log server has no path.")
        super().__init__(config, root)
        self._zone = configured_zone(config)
        self._api = LogApi(config, root, headers={**self.HEADERS, **self._tenant()})
        self._lock = threading.RLock()
        self._folder: Folder | None = None
        self._files = 0
        self._labels: dict[Span, str] = {}
        self._names: dict[Span, list[str]] = {}
        self._held: dict[tuple[tuple[Window, ...], tuple[str, ...], int], list[LogStream]] = {}
        self._window: Window | None = None
        self._rough: set[str] = set()
        """Components that the server could count in its index only."""
        self._torn = False
        """Set where a server cannot give all entries of a block."""

    @property
    def moved(self) -> int:
        """Bytes of answers so far, as they came over the wire."""
        return self._api.moved

    def close(self) -> None:
        """Remove what was read; without a call it goes with the source and its streams, at the latest with the program."""
        with self._lock:
            if self._folder is not None:
                self._folder.close()
            self._folder = None
            self._held.clear()

    def describe(self, window: Window) -> Holding:
        """Components with lines in the window and how many lines they are; a word on what will not be read."""
        self._window = window
        span, deadline = self._span(window), Deadline(SECONDS)
        with self._lock, self._api.session():
            names = self._components(span, deadline)
            count = self._size(span, deadline) if names else 0
        notes = [] if names else [f"there are no lines between {_iso(span[0])} and {_iso(span[1])}"]
        if len(names) > self._most:
            notes.append(
                f"there are {len(names)} components, but only {self._most} are read (option max_components): "
                "those whose number of lines changed most; narrow `match` to choose"
            )
        ahead = self._api.ahead_s
        if abs(ahead) >= CLOCK_S:
            way = "ahead of" if ahead > 0 else "behind"
            notes.append(
                f"doubtful times: the server's clock is {abs(ahead):.0f} s {way} this machine's: set the clocks"
            )
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(names),
            items=tuple(names[:MAX_VALUES]),
            count=count,
            note="; ".join(notes),
            doubt_s=float(round(abs(ahead))) if abs(ahead) >= CLOCK_S else 0.0,
        )

    def streams(self) -> list[LogStream]:
        """The streams of the window that was described last and of the six-fold span before it; else of the last hour."""
        window = self._window
        if window is None:
            now = datetime.now(tz=UTC)
            window = Window(start=now - timedelta(hours=1), end=now)
        before = Window(start=window.shift(-6 * window.seconds).start, end=window.start)
        return self.fetch((before, window))

    def components_in(self, spans: Sequence[Window]) -> list[str]:
        """The raw components with lines in the spans, sorted."""
        deadline = Deadline(SECONDS)
        with self._lock, self._api.session():
            return sorted({n for w in spans for n in self._components(self._span(w), deadline)})

    def fetch(
        self,
        spans: Sequence[Window],
        components: Sequence[str] | None = None,
        *,
        budget: int = BUDGET,
        seconds: float = SECONDS,
    ) -> list[LogStream]:
        """The streams of some raw components (None: all), with files that hold their lines of the spans.

        The last span is the window: it gets half of the `budget` (bytes), the others share the rest. `shares` of a stream
        say where not all lines of a span are in its files. Raises SourceError where nothing could be read.
        """
        deadline = Deadline(seconds)
        with self._lock, self._api.session():
            wanted = sorted(self.components_in(spans) if components is None else components)
            key = (tuple(spans), tuple(wanted), budget)
            if key not in self._held:
                whole = {
                    s.component: s
                    for k, made in self._held.items()
                    if k[0] == key[0]
                    for s in made
                    if not s.shares
                }
                # Streams that were read whole before are the same again; a sample depends on what shared its budget.
                self._held[key] = (
                    [whole[n] for n in wanted]
                    if wanted and all(n in whole for n in wanted)
                    else self._fetched(spans, wanted, budget, deadline)
                )
            return list(self._held[key])

    def _fetched(
        self, spans: Sequence[Window], names: Sequence[str], budget: int, deadline: Deadline
    ) -> list[LogStream]:
        pieces = pieces_of([self._span(w) for w in spans])
        counts = [self._counts(names, p, deadline) for p in pieces]
        names = _most_changed(names, counts, pieces, self._most)
        last = self._span(spans[-1])
        quota = [self._quota(p, last, len(names), len(pieces), budget) for p in pieces]

        def histogram(name: str, start: int, end: int, width: int) -> tuple[int, Cells]:
            return self._histogram(name, (start, end), width, deadline)

        todo: list[Block] = []
        for i, piece in enumerate(pieces):
            kept = {n: counts[i].get(n, 0) for n in names}
            todo += blocks(kept, i, piece, quota=quota[i], histogram=histogram)
        todo.sort(key=lambda b: (b.turn, b.piece, b.names))
        spool = Spool(self._place())
        try:
            writers = {n: LineWriter(n) for n in names}
            read = self._read(todo, spool, writers, quota, deadline)
            return [self._stream(n, spans, pieces, counts, spool, read, writers[n]) for n in names]
        finally:
            spool.close()

    def _read(
        self,
        todo: Sequence[Block],
        spool: Spool,
        writers: Mapping[str, LineWriter],
        quota: Sequence[int],
        deadline: Deadline,
    ) -> _Read:
        out = _Read()
        for block in todo:
            names = [n for n in block.names if spool.size(n, block.piece) < quota[block.piece]]
            out.cut |= {(n, block.piece) for n in block.names if n not in names}
            if not names:
                continue
            if out.stopped or deadline.left <= 0:
                out.cut |= {(n, block.piece) for n in names}
                out.stopped = out.stopped or self._out_of_time()
                continue
            try:
                self._read_block(block, names, spool, writers, out, quota[block.piece], deadline)
            except SourceError as error:
                if not out.lines:
                    raise
                out.cut |= {(n, block.piece) for n in names}
                out.stopped = str(error)
        return out

    def _read_block(
        self,
        block: Block,
        names: Sequence[str],
        spool: Spool,
        writers: Mapping[str, LineWriter],
        out: _Read,
        quota: int,
        deadline: Deadline,
    ) -> None:
        held: dict[str, list[Entry]] = defaultdict(list)
        size = count = 0
        room = sum(quota - spool.size(n, block.piece) for n in names)
        shift = self._shift((block.start, block.end))
        for entry in self._entries(names, (block.start, block.end), deadline):
            if entry.component in writers:
                held[entry.component].append(entry)
            size, count = size + min(len(entry.line), 8000), count + 1
            if size > room or (block.most and count >= block.most):
                out.cut |= {(n, block.piece) for n in names}
                break
        if deadline.left <= 0:
            out.stopped = out.stopped or self._out_of_time()
        if self._torn or deadline.left <= 0:
            self._torn = False
            out.cut |= {(n, block.piece) for n in names}
        for name, entries in held.items():
            spool.add(name, block.piece, block.start, writers[name].block(entries, shift_ns=shift))
            out.lines[name, block.piece] += len(entries)

    def _out_of_time(self) -> str:
        given_up(f"Source {self.name!r} was not read to its end: its server did not give all lines in time.")
        return "reading ran out of time"

    def _stream(
        self,
        name: str,
        spans: Sequence[Window],
        pieces: Sequence[Span],
        counts: Sequence[Mapping[str, int]],
        spool: Spool,
        read: _Read,
        writer: LineWriter,
    ) -> LogStream:
        self._files += 1
        path = spool.write(name, len(pieces), self._files)
        notes = [f"{writer.cut} long lines of {name} were cut"] if writer.cut else []
        part: dict[int, float] = {}
        for i in range(len(pieces)):
            got, held = read.lines.get((name, i), 0), counts[i].get(name, 0)
            short = name not in self._rough and held - got > max(10, held // 100)
            if (name, i) in read.cut or short:
                part[i] = min(1.0, got / max(1, held))
            if short and (name, i) not in read.cut:
                notes.append(f"the server counted {held} lines of {name} but returned {got}")
        if name in self._rough:
            notes.append(
                f"the lines of {name} were counted by the server's index, which may count some twice"
            )
        shares: dict[Window, float] = {}
        for window in spans:
            a, b = self._span(window)
            if inside := [share for i, share in part.items() if pieces[i][0] < b and pieces[i][1] > a]:
                shares[window] = min(inside)
        if shares and read.stopped:
            notes.append(f"{name} was not read to its end: {read.stopped.rstrip('.')}")
        return _Spooled(
            component=name,
            name=name,
            paths=(path,) if path else (),
            shares=shares,
            query=self._query([name]),
            note="; ".join(notes),
            folder=self._folder,
        )

    def _components(self, span: Span, deadline: Deadline) -> list[str]:
        """The raw components of a span. Raises SourceError for a label that nothing has."""
        if span not in self._names:
            self._names[span] = self._listed(span, deadline)
        return self._names[span]

    def _listed(self, span: Span, deadline: Deadline) -> list[str]:
        given = self._config.component_label
        for label in (given,) if given else self.LABELS:
            if values := self._values(label, span, deadline):
                self._labels[span] = label
                found = sorted({v for v in values if v and not self._ignored(v)})
                return [self._config.component] if self._config.component else found
        others = self._label_names(span, deadline)
        if not others:
            return []
        if self._config.component and not given:
            self._labels[span] = others[0]
            return [self._config.component]
        shown = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
        why = f"{given!r} is not one of them" if given else f"it has none of {', '.join(self.LABELS)}"
        raise SourceError(
            f"Set `component_label` of source {self.name!r} to a label of its lines ({shown}): {why}."
        )

    @property
    def _label(self) -> str:
        """The label that names components, as the latest span told it."""
        return next(reversed(self._labels.values()), self._config.component_label or self.LABELS[0])

    @property
    def _most(self) -> int:
        return int(float(self._config.options.get("max_components", MAX_COMPONENTS)))

    def _ignored(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self._config.ignore)

    def _quota(self, piece: Span, window: Span, names: int, pieces: int, budget: int) -> int:
        """Bytes that one component may have in a piece: what the miner reads of it without sampling again."""
        half = max(1 << 20, budget // max(1, names) // 2)
        own = half if piece[1] > window[0] or pieces == 1 else half // (pieces - 1)
        return max(own // 4, own - _SLACK)

    def _place(self) -> Path:
        if self._folder is None:
            self._folder = Folder()
        return self._folder.path

    def _span(self, window: Window) -> Span:
        """A window in nanoseconds of the server's clock: that of `options.timezone` where it tells local times as UTC."""
        start, end = (_ns(moment) + self._offset(moment, self._zone) for moment in (window.start, window.end))
        return start, max(end, start + 1)

    def _shift(self, span: Span) -> int:
        """Nanoseconds from the server's clock to UTC."""
        local = datetime.fromtimestamp(span[0] // 1_000_000_000, tz=UTC).replace(tzinfo=self._zone)
        return -self._offset(local, self._zone)

    @staticmethod
    def _offset(moment: datetime, zone: tzinfo) -> int:
        offset = moment.astimezone(zone).utcoffset()
        return 0 if offset is None else round(offset.total_seconds()) * 1_000_000_000

    def _tenant(self) -> dict[str, str]:
        """Headers that name the tenant: `options.tenant`, or the environment variable that `options.tenant_env` names."""
        tenant, env = (
            str(self._config.options.get("tenant", "")),
            str(self._config.options.get("tenant_env", "")),
        )
        if env and not (tenant := os.environ.get(env, "")):
            raise BadInput(
                f"The environment variable {env} is not set, but tenant_env of source {self.name!r} names it. "
                "Set it."
            )
        return self._tenant_headers(tenant) if tenant else {}

    @abstractmethod
    def _tenant_headers(self, tenant: str) -> dict[str, str]: ...

    @abstractmethod
    def _query(self, names: Sequence[str]) -> str:
        """The query that selects the lines of some components."""

    @abstractmethod
    def _values(self, label: str, span: Span, deadline: Deadline) -> list[str]:
        """The values of a label in a span, at most MAX_VALUES."""

    @abstractmethod
    def _label_names(self, span: Span, deadline: Deadline) -> list[str]: ...

    @abstractmethod
    def _size(self, span: Span, deadline: Deadline) -> int:
        """How many lines a span holds, as cheaply as the server can tell."""

    @abstractmethod
    def _counts(self, names: Sequence[str], span: Span, deadline: Deadline) -> dict[str, int]:
        """Lines by component in a span."""

    @abstractmethod
    def _histogram(self, name: str, span: Span, width: int, deadline: Deadline) -> tuple[int, Cells]:
        """The lines of a component in cells of a width (ns): the width, and each cell's begin and count."""

    @abstractmethod
    def _entries(self, names: Sequence[str], span: Span, deadline: Deadline) -> Iterator[Entry]:
        """The entries of some components in a span, from its beginning on."""


def _most_changed(
    names: Sequence[str], counts: Sequence[Mapping[str, int]], pieces: Sequence[Span], most: int
) -> list[str]:
    """At most `most` components: those whose rate in the last piece lies most (Poisson) deviations from the others'."""
    if len(names) <= most:
        return sorted(names)
    seconds = [(b - a) / 1e9 for a, b in pieces]
    before_s = sum(seconds[:-1])

    def moved(name: str) -> float:
        now = counts[-1].get(name, 0)
        expected = sum(c.get(name, 0) for c in counts[:-1]) * (seconds[-1] / before_s if before_s else 0.0)
        return abs(now - expected) / math.sqrt(now + expected + 1.0)

    return sorted(sorted(names, key=lambda n: (-moved(n), n))[:most])


def _ns(moment: datetime) -> int:
    """Nanoseconds since the epoch, exactly."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _iso(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // 1_000_000_000, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"
