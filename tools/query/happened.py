"""What happened: a cluster's events; deploys, settings, scalings, maintenance and work orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import SourceRef, Window
from aitia.tools.query.found import Found, Row, unknown
from aitia.tools.query.lines import span_told
from aitia.tools.query.site import Site
from aitia.tools.query.words import Changes, Count, Events
from aitia.tools.sources.base import ChangeSource, RecordedChange

HISTORY: Final = timedelta(days=3650)  # of changes and work orders, which are few
LONGEST: Final = 300
_NOUNS: Final = {
    "deploy": "deploys", "config": "configuration changes", "flag": "flag changes", "scale": "scalings",
    "maintenance": "maintenance acts and work orders", "": "changes",
}  # fmt: skip
_NOUN: Final = {
    "deploy": "deploy", "config": "configuration change", "flag": "flag change", "scale": "scaling",
    "maintenance": "maintenance act or work order", "": "change",
}  # fmt: skip


def events(query: Events | Count, site: Site) -> Found:
    """The events about a component's objects, or all, the newest last."""
    readers = site.readers()
    if not readers:
        return unknown(
            "No source holds events of a cluster.", "a cluster source (kubectl or recorded) in aitia.yaml"
        )
    window = site.window(query.since, query.until) if query.since or query.until else None
    rows: list[Row] = []
    refs: list[SourceRef] = []
    for source, reader in readers:
        ref = SourceRef(source=source, query=f"kubectl get events -n {reader.namespace}")
        refs.append(ref)
        now = reader.now or site.now
        mine = {p.name for p in reader.pods if query.component in (p.app, p.node, site.name(p.app))}
        for event in reader.events:
            about = site.name(event.name)
            if (
                query.component
                and query.component not in (event.name, about, reader.namespace)
                and event.name not in mine
            ):
                continue
            text = f"{event.type} {event.reason} {event.kind}/{event.name}: {event.message}"
            if query.text and query.text.casefold() not in text.casefold():
                continue
            at = None if event.last_s is None else now - timedelta(seconds=event.last_s)
            if window and (at is None or not window.contains(at)):
                continue
            times = f" ({event.count} times)" if event.count > 1 else ""
            rows.append(
                Row(
                    at=at,
                    component=about or event.name,
                    text=site.redact(f"{text}{times}")[:LONGEST],
                    ref=ref,
                )
            )
    rows.sort(key=lambda r: (r.at is not None, r.at or datetime.min.replace(tzinfo=UTC)))
    limit = query.limit if isinstance(query, Events) else 3
    first = isinstance(query, Events) and query.order == "oldest"
    end = "first" if first else "last"
    whose = f" of {query.component}" if query.component else ""
    said = f"{len(rows)} event{'s' * (len(rows) != 1)}{whose}{span_told(query.since, query.until)}"
    return Found(
        status="found" if rows or isinstance(query, Count) else "empty",
        kind="lines" if isinstance(query, Events) else "number",
        value=float(len(rows)),
        unit="events",
        rows=tuple(rows[:limit] if first else rows[-limit:]),
        said=f"{said}{f', the {end} {limit} below' if len(rows) > limit else ''}.",
        sources=tuple(refs[:4]),
    )


def changes(query: Changes | Count, site: Site) -> Found:
    """What was deployed, set, scaled or maintained, the newest last."""
    sources = [
        s
        for s in (*site.sources.of("changes"), *site.sources.of("maintenance"))
        if isinstance(s, ChangeSource)
    ]
    if not sources:
        return unknown(
            "No source holds changes or work orders.", "a changes or maintenance source in aitia.yaml"
        )
    end = site.window(None, query.until).end
    window = Window(start=min(query.since or site.now - HISTORY, end - timedelta(milliseconds=1)), end=end)
    found: list[RecordedChange] = []
    for source in sources:
        try:
            found += source.read(window)
        except SourceError as error:
            site.notes.append(str(error))
    parts = _within(site, query.component)
    wanted = [
        c
        for c in sorted(found, key=lambda c: (c.at, c.component, c.text))
        if (not query.component or site.name(c.component) in parts)
        and (not query.what or c.kind == query.what or query.what in c.text.casefold())
        and (not query.text or query.text.casefold() in f"{c.text} {c.id}".casefold())
        and all(any(a in c.text.casefold() for a in w.split("|")) for w in query.words.casefold().split())
    ]
    whose = f" of {query.component}" if query.component else ""
    noun = _NOUNS[query.what] if len(wanted) != 1 else _NOUN[query.what]
    like = f" containing {query.text!r}" if query.text else f" with {query.words!r}" if query.words else ""
    own = [c for c in wanted if site.name(c.component) == query.component]
    parted = f" (and {len(wanted) - len(own)} of its parts)" if 0 < len(own) < len(wanted) else ""
    wanted = own or wanted
    said = f"{len(wanted)} {noun}{whose}{parted}{like}{span_told(query.since, query.until)}"
    refs = tuple(SourceRef(source=s.name, query=f"changes of {s.name}") for s in sources[:4])
    if isinstance(query, Count):
        return Found(
            status="found",
            kind="number",
            value=float(len(wanted)),
            unit="changes",
            said=f"{said}.",
            sources=refs,
        )
    picked = wanted[-query.limit :] if query.order == "newest" else wanted[: query.limit]
    rows = tuple(_row(c, site) for c in picked)
    return Found(
        status="found" if rows else "empty",
        kind="time" if query.wanted == "time" else "names" if query.wanted == "component" else "lines",
        value=float(len(wanted)),
        at=rows[-1].at if rows else None,
        names=tuple(dict.fromkeys(r.component for r in rows)),
        rows=rows,
        said=f"{said}{f', the {query.order} {query.limit} below' if len(wanted) > query.limit else ''}.",
        sources=refs,
    )


def _within(site: Site, component: str) -> set[str]:
    """A component and what is a part of it: a pump's work orders may be of its bearing."""
    own = {component}
    while (
        more := {
            c.id
            for c in site.inventory.components
            if any(k.relation == "part_of" and k.to in own for k in c.links)
        }
        - own
    ):
        own |= more
    return own


def _row(change: RecordedChange, site: Site) -> Row:
    told = f"{change.kind}: {change.text}" + (
        f" ({change.id})" if change.id and change.id not in change.text else ""
    )
    return Row(
        at=change.at, component=site.name(change.component), text=site.redact(told)[:LONGEST], ref=change.ref
    )
