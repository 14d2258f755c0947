"""Files of spans: what OTLP and Jaeger files have in common. Bounded in bytes and spans; whole traces are kept."""

from __future__ import annotations

import gzip
import zlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from aitia.core.bounds import load_json
from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Component, Holding, Link, Window
from aitia.tools.sources.base import Configured, Span
from aitia.tools.sources.paths import iter_files

MAX_SPANS: Final = 100_000
MAX_BYTES: Final = 512 << 20  # read per question
HELD_BYTES: Final = 32 << 20  # sources up to this size are parsed once and held
LINE_BYTES: Final = 64 << 20
WHOLE_BYTES: Final = 256 << 20  # of a file that is one message
LINE_COST: Final = 64  # bytes that a line counts at least: one takes as long to read as so many of a long one
ORDER: Final = 1 << 32


def in_sample(trace: str, share: float) -> bool:
    """Whether a trace is in the sample of a share of them: by a hash of its id, so that all its spans are or none."""
    return zlib.crc32(trace.encode()) < share * ORDER


class Sample:
    """At most `most` spans: where more come, whole traces are dropped by a hash of their id, so that the sample is fair."""

    def __init__(self, most: int) -> None:
        self.most, self.share = most, 1.0
        self._kept: list[Span] = []

    def add(self, span: Span) -> None:
        """Keep the span if its trace is in the sample; halve the sample where it is full."""
        if self.share < 1.0 and not self._holds(span):
            return
        self._kept.append(span)
        while len(self._kept) > self.most and self.share > 1 / ORDER:
            self.share /= 2
            self._kept = [s for s in self._kept if self._holds(s)]

    def _holds(self, span: Span) -> bool:
        return in_sample(span.trace, self.share)

    @property
    def spans(self) -> list[Span]:
        """By start, trace and id."""
        return sorted(self._kept, key=lambda s: (s.start, s.trace, s.id))


@dataclass(kw_only=True)
class Tally:
    """What one pass over the files met."""

    bytes: int = 0
    spans: int = 0
    unusable: int = 0
    damaged: list[str] = field(default_factory=list)
    cut: bool = False


def json_values(handle: BinaryIO, tally: Tally, limit: int) -> Iterator[Any]:
    """The JSON values of a file: one a line, or one for the whole of it. Raises ValueError for another form or a damaged line."""
    bad = good = 0
    while raw := handle.readline(LINE_BYTES):
        if tally.bytes >= limit:
            tally.cut = True
            return
        tally.bytes += max(len(raw), LINE_COST)  # a packed file may hold nothing but blank lines
        if not raw.strip():
            continue
        try:
            found = load_json(raw)
        except ValueError:
            if good or bad:
                bad += 1
                continue
            text = raw + handle.read(WHOLE_BYTES)
            if handle.read(1):
                raise ValueError(
                    f"one JSON text may have {WHOLE_BYTES >> 20} MiB: write a span or a trace a line"
                ) from None
            found = load_json(text)
            tally.bytes += len(text) - len(raw)
        good += 1
        yield found
    if bad:
        raise ValueError(f"{bad} lines are not valid JSON")


class SpanFiles(Configured):
    """Source of spans in a file, a folder or a glob, `.gz` or not. Also a topology: who calls whom, by the spans.

    `options.max_spans` and `options.max_mb` bound what one question reads.
    """

    KIND = "traces"
    OPTIONS = frozenset({"max_spans", "max_mb"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._most = max(1, int(config.options.get("max_spans", MAX_SPANS)))
        self._bytes = int(float(config.options.get("max_mb", MAX_BYTES >> 20)) * (1 << 20))
        self._held: tuple[list[Span], Tally] | None = None
        self.note = ""
        self.share = 1.0

    @abstractmethod
    def parse(self, handle: BinaryIO, tally: Tally, *, limit: int) -> Iterator[Span | None]:
        """The spans of one open file, None for each that is not usable; reads at most `limit` bytes. Raises ValueError."""

    def spans(self, window: Window) -> list[Span]:
        """Spans that start in the window, by start, trace and id; `note` and `share` then say what was left out."""
        start, end = window.epoch
        everything = self._everything()
        sample = Sample(self._most)
        tally = everything[1] if everything else Tally()
        for span in everything[0] if everything else self._pass(tally, self._bytes):
            if start <= span.start < end:
                sample.add(span)
        self.note, self.share = self._said(tally, sample.share), sample.share
        return sample.spans

    def describe(self, window: Window) -> Holding:
        """The components and operations that the spans name, and how many spans there are (of a large source: a part)."""
        spans, tally = self._head()
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({s.component for s in spans})),
            items=tuple(sorted({s.operation for s in spans}))[:200],
            count=tally.spans,
            note=self._said(tally, 1.0),
        )

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last start of a span; of a source that is too large to hold it is not known."""
        everything = self._everything()
        starts = [s.start for s in everything[0]] if everything else []
        return (min(starts), max(starts)) if starts else None

    def components(self) -> list[Component]:
        """Components with a `calls` link for each callee that parent and child spans, or client spans, name."""
        return derived(self._head()[0])

    def _head(self) -> tuple[list[Span], Tally]:
        if (everything := self._everything()) is not None:
            return everything
        if self._held is None:
            tally = Tally()
            self._held = list(self._pass(tally, HELD_BYTES)), tally
        return self._held

    def _everything(self) -> tuple[list[Span], Tally] | None:
        """All spans of a small source, parsed once."""
        if sum(_unpacked(p) for p in self._paths()) > min(HELD_BYTES, self._bytes):
            return None
        if self._held is None:
            tally, sample = Tally(), Sample(self._most)
            for span in self._pass(tally, self._bytes):
                sample.add(span)
            self._held = sample.spans, tally
        return self._held

    def _paths(self) -> list[Path]:
        return [p for p in iter_files(self._config, self._root) if not p.name.startswith(".")]

    def _pass(self, tally: Tally, limit: int) -> Iterator[Span]:
        paths = self._paths()
        for path in paths:
            if tally.bytes >= limit:
                tally.cut = True
                return
            try:
                with _open(path) as handle:
                    for span in self.parse(handle, tally, limit=limit):
                        if span is None:
                            tally.unusable += 1
                        else:
                            tally.spans += 1
                            yield span
            except (OSError, EOFError, zlib.error, ValueError) as error:
                tally.damaged.append(f"{path.name}: {str(error)[:120]}")
        if len(tally.damaged) == len(paths) and not tally.spans:
            raise SourceError(
                f"Give source {self.name!r} files of spans ({self._config.type}): {'; '.join(tally.damaged[:3])}"
            )

    def _said(self, tally: Tally, share: float) -> str:
        parts = []
        if not tally.spans:
            parts.append(f"The files of source {self.name!r} contain no spans.")
        if tally.unusable:
            parts.append(f"{tally.unusable} spans have no ids, times or service name and were left out")
        if tally.cut:
            parts.append(f"only the first {tally.bytes >> 20} MiB were read")
        if share < 1:
            parts.append(f"one in {round(1 / share)} traces was kept")
        if tally.damaged:
            parts.append(f"not readable: {'; '.join(tally.damaged[:3])}")
        return "; ".join(parts)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _unpacked(path: Path) -> int:
    """Bytes, of a packed file roughly what it unpacks to."""
    return path.stat().st_size * (12 if path.suffix == ".gz" else 1)


def derived(spans: Iterable[Span]) -> list[Component]:
    """Who calls whom: a span whose parent belongs to another component, or a client span without a served child.

    Consumers of a message are callees of its producer. All names are the source's own: who asks resolves them.
    """
    owner: dict[tuple[str, str], str] = {}
    calls: dict[str, set[str]] = {}
    listed = list(spans)
    for span in listed:
        owner[span.trace, span.id] = span.component
        calls.setdefault(span.component, set())
    served = {(s.trace, s.parent) for s in listed if s.parent}
    for span in listed:
        caller = owner.get((span.trace, span.parent), "")
        if caller and caller != span.component:
            calls[caller].add(span.component)
        if span.peer and span.peer != span.component and (span.trace, span.id) not in served:
            calls[span.component].add(span.peer)
    peers = {callee for callees in calls.values() for callee in callees} - set(calls)
    return [
        Component(
            id=name,
            type="service",
            links=tuple(Link(relation="calls", to=callee) for callee in sorted(calls.get(name, ()))),
        )
        for name in sorted({*calls, *peers})
    ]
