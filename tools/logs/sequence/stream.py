"""Records of log files as sessions: those that ended before the incident window, and those of the window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import chain, islice
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Baseline, Window
from aitia.tools.logs.sequence.assemble import Assembler, Draft
from aitia.tools.logs.sequence.ids import Field, session_field
from aitia.tools.logs.sequence.sessions import Session
from aitia.tools.sources.base import LogStream
from aitia.tools.text.names import Names
from aitia.tools.text.reader import Extract, LogFile, Record
from aitia.tools.text.templates import Form, Masker, Miner

BUDGET: Final = 40 << 20  # bytes of all files: what one core turns into sessions well within a task's 30 s
SAMPLE: Final = 10_000  # records that the session's field is found in
NORMAL: Final = 20_000  # sessions that are learned at most
RECORDS: Final = 500_000  # of the window's sessions that are kept for citing
LOOK_BACK: Final = 900.0  # s before the window from which records of its sessions are kept
MESSAGE: Final = 1000
ID: Final = "<id>"

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """Where a record stands, and whose it is."""

    component: str
    source: str
    query: str  # of the server that the file was read from, if any
    file: LogFile
    record: Record


@dataclass(kw_only=True)
class Told:
    """What the sessions are called by, the normal ones, those of the window with their places, and what was cut."""

    by: Field | None = None
    normal: list[Session] = field(default_factory=list)
    window: list[tuple[Session, Sequence[Place | None]]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # template id -> text
    records: int = 0
    kept: int = 0
    idle: float = float("inf")  # s that a session had waited when it was given up for want of room, at least
    notes: list[str] = field(default_factory=list)


def told(
    found: Mapping[str, Sequence[tuple[str, LogStream]]],
    window: Window,
    baselines: Sequence[Baseline],
    names: Names,
    *,
    budget: int = BUDGET,
) -> Told:
    """Read the spans and put sessions together, across the components' files. Sessions cut by a span's edge are left out."""
    out = Told()
    sets = [
        _Set.of(component, name, stream, window, out)
        for component, each in found.items()
        for name, stream in each
    ]
    sets = [s for s in sets if s.files]
    if not sets:
        return out
    spans = [s.window.epoch for s in baselines] + [window.epoch]
    share = budget // (len(spans) * sum(len(s.files) for s in sets))
    miner = Miner(Masker(names.alias, apart=True))
    drafts: list[tuple[Draft[Form], Span]] = []
    for span in _chained([_fitted(sets, s, share, s == window.epoch, out) for s in spans], window.epoch[0]):
        records = merge(*(s.records(span, share) for s in sets), key=lambda p: p.record.at)
        drafts += ((draft, span) for draft in _sessions(records, miner, window.epoch[0], out))
        if out.by is None and out.records:  # a baseline from before the logs began says nothing
            return out
    return _sorted_out(drafts, window.epoch[0], miner, out)


@dataclass(frozen=True, kw_only=True)
class _Set:
    """A stream: its files in the order of time."""

    component: str
    source: str
    query: str
    files: tuple[LogFile, ...]

    @classmethod
    def of(cls, component: str, source: str, stream: LogStream, window: Window, out: Told) -> _Set:
        files = []
        for path in stream.paths:
            try:
                file = LogFile(
                    path, zone=stream.zone, near=window.end, component=stream.component, only=stream.only
                )
            except SourceError as error:  # a torn file does not silence the others
                out.notes.append(str(error))
                continue
            if file.header is not None:
                files.append(file)
        return cls(component=component, source=source, query=stream.query, files=tuple(files))

    def records(self, span: Span, share: int) -> Iterator[Place]:
        for file in self.files:
            for record in file.records(*span, budget=share, extract=Extract()):
                yield Place(
                    component=self.component, source=self.source, query=self.query, file=file, record=record
                )


def _fitted(sets: Sequence[_Set], span: Span, share: int, window: bool, out: Told) -> Span:
    """The part of a span that the budget lets read whole: samples of it would tear sessions apart.

    Of the window its beginning, of a baseline its end.
    """
    least = 1.0
    for file in (f for s in sets for f in s.files if not f.packed):
        extract = Extract()
        next(file.records(*span, budget=share, extract=extract), None)
        least = min(least, extract.share)
    if least >= 1:
        return span
    start, end = span
    length = 0.9 * least * (end - start)
    which = "first" if window else "last"
    out.notes.append(f"the logs are large: of {end - start:.0f} s only the {which} {length:.0f} s were read")
    return (start, start + length) if window else (end - length, end)


def _chained(spans: Sequence[Span], start: float) -> list[Span]:
    """Spans that touch or overlap made one, so that sessions go on from the baseline into the window."""
    out: list[Span] = []
    for low, high in sorted(spans):
        if out and low <= out[-1][1] + 1e-6:
            out[-1] = out[-1][0], max(high, out[-1][1])
        else:
            out.append((low, high))
    return out


def _sessions(records: Iterator[Place], miner: Miner, start: float, out: Told) -> Iterator[Draft[Form]]:
    if out.by is None:
        head = list(islice(records, SAMPLE))
        sample = Miner(miner.masker)
        forms = [sample.form(_message(p), (p.record.level,)) for p in head]
        out.by = session_field(
            (p.record.at, _message(p), sample.template(form).id) for p, form in zip(head, forms, strict=True)
        )
        records = chain(head, records)
        if out.by is None:
            out.records += len(head)
            return
    assembler: Assembler[Form] = Assembler()
    for place in records:
        out.records += 1
        record, message = place.record, _message(place)
        if not (ids := out.by.values(message)):
            continue
        for name in ids:
            message = message.replace(name, ID)
        form = miner.form(message, (record.level,))
        record.message = ""  # places are kept for the window, their text is in the file
        for name in ids:
            if keep := record.at >= start - LOOK_BACK and out.kept < RECORDS:
                out.kept += 1
            if done := assembler.take(name, form, record.at, place if keep else None):
                yield done
    out.idle = min(out.idle, assembler.idle)
    yield from assembler.close()


def _message(place: Place) -> str:
    return place.record.message[:MESSAGE]


def _sorted_out(drafts: Sequence[tuple[Draft[Form], Span]], start: float, miner: Miner, out: Told) -> Told:
    """Normal sessions, and those of the window. Nearer to a span's edge than 99 % of sessions last, one may be cut."""
    lasted = sorted(d.times[-1] - d.times[0] for d, _ in drafts if d.times[-1] < start)
    edge = lasted[int(0.99 * len(lasted))] if lasted else 0.0
    if out.idle < edge:
        out.notes.append(
            f"sessions were cut off after {out.idle:.0f} s, although they last up to {edge:.0f} s: too "
            "many are open at the same time"
        )
    templates = {form: miner.template(form) for form in {e for d, _ in drafts for e in d.events}}
    out.texts = {t.id: t.text for t in templates.values()}
    for draft, (low, high) in drafts:
        first, last = draft.times[0], draft.times[-1]
        if first < low + edge:
            continue
        session = Session(
            draft.id,
            [templates[e].id for e in draft.events],
            draft.times,
            open=last > high - edge,
        )
        if last >= start:
            out.window.append((session, [p if isinstance(p, Place) else None for p in draft.refs]))
        elif not session.open and len(out.normal) < NORMAL:
            out.normal.append(session)
    return out
