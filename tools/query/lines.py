"""Log lines that fit a query, and how many there are: of files, of servers that hold logs, and of a cluster's containers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import SourceRef, Window, from_epoch
from aitia.tools.query.found import Figure, Found, Row, unknown
from aitia.tools.query.line_figures import Figures
from aitia.tools.query.line_fits import fits, grouped
from aitia.tools.query.site import FILE_SPAN, Site
from aitia.tools.query.words import MOST, Count, Lines
from aitia.tools.sources.base import LogSource, LogStream, RemoteLogSource
from aitia.tools.text.access import canonical
from aitia.tools.text.headers import detect
from aitia.tools.text.reader import Extract, LogFile, open_set
from aitia.tools.text.reading.record import Record

BUDGET: Final = 64 << 20  # bytes read of one stream
LONGEST: Final = 600  # characters of a line that are shown
_LAST: Final = 200  # of these, of the last line of many
_RAW: Final = 1 << 16  # bytes of a record that are looked at


@dataclass(kw_only=True)
class _Kept:
    """The lines that fit so far: the first or last of them, and how many there were."""

    limit: int
    newest: bool
    total: int = 0
    rows: deque[tuple[float, int, Callable[[], Row]]] = field(default_factory=deque)
    place: Callable[[Record], float | None] = field(default=lambda record: record.at)  # None: no line to keep
    whole: bool = True  # everything of the span was read
    by: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)  # by what a query asks for

    def add(self, at: float, component: str, make: Callable[[], Row], group: str = "") -> None:
        """Count a line; keep it where it is among those that are wanted."""
        self.total += 1
        self.groups[group] = self.groups.get(group, 0) + 1
        self.by[component] = self.by.get(component, 0) + 1
        self.rows.append((at, self.total, make))
        if len(self.rows) > 4 * self.limit:
            self.cut()

    def cut(self) -> None:
        """Keep no more than are wanted."""
        ordered = sorted(self.rows, key=lambda r: r[:2])
        self.rows = deque(ordered[-self.limit :] if self.newest else ordered[: self.limit])


def lines(query: Lines, site: Site) -> Found:
    """The lines themselves."""
    held = _search(query, site, query.limit, newest=query.order != "oldest")
    if isinstance(held, Found):
        return held
    kept, window, refs = held
    kept.cut()
    if isinstance(kept.place, Figures):
        return _largest(query, kept, kept.place, window, refs)
    rows = tuple(make() for _, _, make in kept.rows)
    shown = (
        f", the {'last' if query.order == 'newest' else 'first'} {len(rows)} below"
        if kept.total > len(rows)
        else ""
    )
    return Found(
        status="found" if rows else "empty",
        kind="lines",
        value=float(kept.total),
        rows=rows,
        window=window,
        said=f"{_told(query, kept, window)}{shown}.",
        sources=tuple(refs),
        notes=_partly(kept),
    )


def _largest(query: Lines, kept: _Kept, figures: Figures, window: Window, refs: list[SourceRef]) -> Found:
    """The lines with the largest figures, the largest one first."""
    told = _told(query, kept, window)
    if not kept.rows:
        none = f"No log line{f' of {query.component}' if query.component else ''} that fits tells one figure with a unit."
        return Found(status="empty", kind="lines", said=none, window=window, sources=tuple(refs))
    best = max(kept.rows, key=lambda r: r[:2])
    value, unit = figures.told(best[0])
    return Found(
        status="found",
        kind="lines",
        value=value,
        unit=unit,
        figures=(Figure(value=value, unit=unit),),
        rows=tuple(make() for _, _, make in sorted(kept.rows, key=lambda r: r[:2], reverse=True)),
        window=window,
        said=f"The largest figure is {value:g}{'' if unit == '%' else ' '}{unit}, among {told}.",
        sources=tuple(refs),
        notes=_partly(kept),
    )


def count_lines(query: Count, site: Site) -> Found:
    """How many there are, and by component where several have any."""
    held = _search(query, site, 3, newest=True)
    if isinstance(held, Found):
        return held
    kept, window, refs = held
    counted = kept.groups if isinstance(query, Count) and query.by not in ("", "component") else kept.by
    by = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
    parts = f": {', '.join(f'{c} {n}' for c, n in by[:8])}" if len(by) > 1 or query.by else ""
    return Found(
        status="found",
        kind="names" if query.by else "number",
        value=float(kept.total),
        unit="lines",
        names=tuple(c for c, _ in by),
        values={c: str(n) for c, n in by},
        window=window,
        said=f"{_told(query, kept, window)}{parts}.",
        sources=tuple(refs),
        notes=_partly(kept),
    )


def texts_of(site: Site, component: str) -> tuple[str, list[str]]:
    """The lines of a component (of all: "") up to now in small letters, each once, as one text and apart; at most `TEXTS`."""
    held: dict[str, None] = {}
    for _, stream in streams_of(
        site, Window(start=site.begins(), end=site.window(None, None).end), component
    ):
        try:
            for file in open_set(
                stream.paths, zone=stream.zone, near=site.now, component=stream.component, only=stream.only
            ):
                for record in file.records(
                    float("-inf"), site.window(None, None).epoch[1], budget=BUDGET, extract=Extract()
                ):
                    held[canonical(record.message) or record.message.casefold()] = None
                    if len(held) >= TEXTS or site.deadline.left <= 0:
                        break
        except SourceError as error:
            site.notes.append(str(error))
    texts = [t.casefold() for t in held]
    return "\n".join(texts), texts


TEXTS: Final = 50_000  # different lines that are looked through for words of a question


def loggers(site: Site) -> set[str]:
    """The components that have logs."""
    found = {site.name(raw) for h in site.inventory.holdings if h.kind == "logs" for raw in h.components}
    return found | {w.name for _, reader in site.readers() for w in reader.workloads}


def _search(
    query: Lines | Count, site: Site, limit: int, *, newest: bool
) -> tuple[_Kept, Window, list[SourceRef]] | Found:
    if not site.sources.of("logs") and not site.sources.of("cluster"):
        return unknown("No source holds logs.", "a logs source in aitia.yaml, or --logs")
    wanted = query.component
    if wanted and wanted not in loggers(site):
        return unknown(
            f"No source holds logs of {wanted}.", f"a logs source that holds the lines of {wanted}"
        )
    kept = _Kept(limit=limit, newest=newest)
    if isinstance(query, Lines) and query.order == "largest":
        kept.place = Figures()
    refs: list[SourceRef] = []
    fit, group = fits(query), grouped(query)
    window = Window(
        start=query.since or min(site.now - FILE_SPAN, query.until or site.now),
        end=site.window(None, query.until).end,
    )
    window = (
        window if query.since is None or query.since < window.end else site.window(query.since, query.until)
    )
    seen: set[str] = set()
    for source, stream in streams_of(site, window, wanted):
        component = site.name(stream.component)
        seen.add(component)
        refs.append(
            SourceRef(
                source=source,
                query=stream.query or stream.name,
                path=str(stream.paths[0]) if stream.paths else "",
            )
        )
        _read(stream, component, source, window, fit, group, kept, site)
    _of_cluster(site, wanted, seen, window, fit, group, kept, refs)
    return kept, window, refs


def streams_of(site: Site, window: Window, wanted: str) -> Iterator[tuple[str, LogStream]]:
    """The logs of a component, of all for "", each with its source; one that cannot be read is a note of the site."""
    for source in site.sources.of("logs"):
        try:
            if isinstance(source, RemoteLogSource):
                span = Window(start=max(window.start, site.begins(source)), end=window.end)
                raws = [r for r in source.components_in([span]) if not wanted or site.name(r) == wanted]
                found = source.fetch([span], raws, budget=BUDGET, seconds=max(1.0, site.deadline.left / 2))
            else:
                found = source.streams() if isinstance(source, LogSource) else []
        except SourceError as error:
            site.notes.append(str(error))
            continue
        for stream in found:
            if not wanted or site.name(stream.component) == wanted:
                yield source.name, stream


def _read(
    stream: LogStream,
    component: str,
    source: str,
    window: Window,
    fit: Callable[[Record, Callable[[], str]], bool],
    group: Callable[[Record, str], str],
    kept: _Kept,
    site: Site,
) -> None:
    try:
        files = open_set(
            stream.paths, zone=stream.zone, near=site.now, component=stream.component, only=stream.only
        )
        for file in files:
            extract = Extract()
            for record in file.records(*window.epoch, budget=BUDGET, extract=extract):
                if site.deadline.left <= 0:
                    kept.whole = False
                    return
                if fit(record, partial(_raw, file, record)) and (at := kept.place(record)) is not None:
                    kept.add(
                        at,
                        component,
                        partial(_row, file, record, component, source, site),
                        group(record, component),
                    )
            kept.whole &= extract.share >= 1.0
    except SourceError as error:
        site.notes.append(str(error))


def _raw(file: LogFile, record: Record) -> str:
    return file.text(record, file.read_at(record.offset, min(record.size, _RAW)))


def _row(file: LogFile, record: Record, component: str, source: str, site: Site) -> Row:
    line = max(1, record.line)
    ref = SourceRef(
        source=source,
        query=f"{file.path.name}:{line}",
        path=str(file.path),
        lines=(line, line + record.lines - 1),
    )
    return Row(at=from_epoch(record.at), component=component, text=_shown(_raw(file, record), site), ref=ref)


def _shown(text: str, site: Site) -> str:
    told = site.redact(text.strip())
    if len(told) <= LONGEST or "\n" not in told:
        return told[:LONGEST]
    last = told.rsplit("\n", 1)[1].strip()[:_LAST]  # of a stack of calls the end says what was raised
    return f"{told[: LONGEST - len(last) - 3]}\n…\n{last}"


def _of_cluster(
    site: Site,
    wanted: str,
    seen: set[str],
    window: Window,
    fit: Callable[[Record, Callable[[], str]], bool],
    group: Callable[[Record, str], str],
    kept: _Kept,
    refs: list[SourceRef],
) -> None:
    """Of components of which no log source holds lines: what their containers said last."""
    for source, reader in site.readers():
        for one in reader.workloads:
            component = site.name(one.name)
            if component in seen or (wanted and component != wanted):
                continue
            texts = reader.lines(one, [p for p in reader.pods if p.app == one.name])
            if texts:
                ref = SourceRef(
                    source=source, query=f"kubectl logs -n {one.namespace} {one.kind.lower()}/{one.name}"
                )
                refs.append(ref)
                for record, text in dated(texts, component, site.now):
                    within = window.epoch[0] <= record.at < window.epoch[1]
                    at = kept.place(record) if within and fit(record, partial(str, text)) else None
                    if at is not None:
                        row = Row(
                            at=from_epoch(record.at), component=component, text=_shown(text, site), ref=ref
                        )
                        kept.add(at, component, partial(_same, row), group(record, component))


def _same(row: Row) -> Row:
    return row


def dated(texts: Iterable[str], component: str, now: datetime) -> Iterator[tuple[Record, str]]:
    """Lines with their times; one without a time has that of the line above it."""
    held = list(texts)
    header = detect(held, zone=UTC, near=now, component=component)
    last = now.timestamp()
    for number, text in enumerate(held, 1):
        parsed = header(text) if header else None
        last = parsed[0] if parsed else last
        level, message = (parsed[1], parsed[2]) if parsed else ("", text)
        yield Record(last, level, message, 0, len(text), number), text


_OTHERWISE: Final = re.compile(r"\|[^\s|]+")  # other forms and languages of a word, which the query names


def _told(query: Lines | Count, kept: _Kept, window: Window) -> str:
    usual = {"": "", "warning": "warning " if query.only else "warning-or-worse "}
    level = usual.get(query.level, f"{query.level} ")
    whose = f" of {query.component}" if query.component else ""
    held = [repr(query.text)] if query.text else []
    words = _OTHERWISE.sub("", query.words)
    held += [f"the words {words!r}"] if words else []
    said = f" containing {' and '.join(held)}" if held else ""
    said += f" answered with {query.code}" if query.code else ""
    n = kept.total
    return f"{n} {level}log {'line' if n == 1 else 'lines'}{whose}{said}{span_told(query.since, query.until)}"


def span_told(since: datetime | None, until: datetime | None) -> str:
    """` from … to … UTC`, ` since …`, ` until …` or nothing."""
    if since and until:
        day = "" if since.date() == until.date() else f"{until:%Y-%m-%d} "
        return f" from {since:%Y-%m-%d %H:%M:%S} to {day}{until:%H:%M:%S} UTC"
    if since:
        return f" since {since:%Y-%m-%d %H:%M:%S} UTC"
    return f" until {until:%Y-%m-%d %H:%M:%S} UTC" if until else ""


def _partly(kept: _Kept) -> tuple[str, ...]:
    return () if kept.whole else ("not all lines of the span were read: name a component or a shorter span",)
