"""Which components there are, what is measured of them, and who calls, runs on, feeds, holds or logs what."""

from __future__ import annotations

from typing import Final

from aitia.core.words import MACHINES, SourceRef
from aitia.tools.query.found import Found, unknown
from aitia.tools.query.lines import count_lines, loggers
from aitia.tools.query.measured import families, measured
from aitia.tools.query.site import Site
from aitia.tools.query.statistics import stat
from aitia.tools.query.words import Count, List, Relation, Stat, Who

_LINKS: Final[dict[Relation, tuple[str, bool]]] = {  # the relation of a component's own links; True: of those that lead to it
    "calls": ("calls", False), "called_by": ("calls", True), "runs_on": ("runs_on", False), "hosts": ("runs_on", True),
    "part_of": ("part_of", False), "parts": ("part_of", True), "feeds": ("feeds", False), "fed_by": ("feeds", True),
}  # fmt: skip
_SAID: Final[dict[Relation, str]] = {
    "calls": "{c} calls", "called_by": "{c} is called by", "runs_on": "{c} runs on", "hosts": "On {c} run",
    "part_of": "{c} is part of",
    "parts": "Parts of {c}", "feeds": "{c} feeds", "fed_by": "{c} is fed by",
}  # fmt: skip
_MOST: Final = 200


def who(query: Who, site: Site) -> Found:
    """The components on the other side of a relation; for `logs` those that logged a text; for `holds` the most of a metric."""
    if query.does == "logs":
        return _logged(query, site)
    if query.does == "holds":
        return _holders(query, site)
    relation, inverse = _LINKS[query.does]
    held = site.held(query.component)
    drawn = any(link.relation == relation for c in site.inventory.components for link in c.links)
    if held is None or not drawn:
        return unknown(
            f"No source tells what {query.component or 'a component'} {relation.replace('_', ' ')}.",
            "a topology source or traces",
        )
    if inverse:
        names = [
            c.id
            for c in site.inventory.components
            if any(k.relation == relation and k.to == held.id for k in c.links)
        ]
    else:
        names = [link.to for link in held.links if link.relation == relation]
    names = list(dict.fromkeys(names))
    start = _SAID[query.does].format(c=query.component)
    return Found(
        status="found",
        kind="names",
        value=float(len(names)),
        names=tuple(names),
        said=f"{start}: {', '.join(names)}." if names else f"{start} nothing that is known.",
        sources=_drawn(site),
    )


def _drawn(site: Site) -> tuple[SourceRef, ...]:
    kinds = [h for h in site.inventory.holdings if h.kind in ("topology", "cluster", "traces")]
    return tuple(SourceRef(source=h.source, query=f"components of {h.source}") for h in kinds[:3])


def _logged(query: Who, site: Site) -> Found:
    if not query.text and not query.level:
        names = sorted(loggers(site))
        return Found(
            status="found",
            kind="names",
            value=float(len(names)),
            names=tuple(names),
            said=f"Logs are held of {', '.join(names)}.",
        )
    found = count_lines(
        Count(of="lines", text=query.text, level=query.level, since=query.since, until=query.until), site
    )
    if found.status != "found":
        return found
    told = ", ".join(f"{c} ({n})" for c, n in found.values.items())
    what = f"containing {query.text!r}" if query.text else f"of level {query.level}"
    return found.model_copy(
        update={
            "kind": "names",
            "status": "found" if found.names else "empty",
            "said": f"Lines {what} were logged by {told}." if told else f"No line {what} was logged.",
        }
    )


def _holders(query: Who, site: Site) -> Found:
    """The components by how much of a metric they have, the most (or least) first."""
    values: dict[str, float] = {}
    refs: list[SourceRef] = []
    unit = ""
    for name, component, labels in _ranked(query, site):
        found = stat(
            Stat(component=component, metric=query.metric, labels=labels, function=query.function,
                 since=query.since, until=query.until),
            site,
        )  # fmt: skip
        if found.value is not None and found.status == "found":
            values[name] = found.value
            refs += found.sources[:1]
            unit = found.unit
    if not values:
        return unknown(f"{query.metric!r} is not measured.")
    names = sorted(values, key=lambda c: values[c] if query.least else -values[c])[: query.limit]
    each = f" of each {query.by}" if query.by else ""
    first = f"{'Least' if query.least else 'Most'} {query.metric}{each} ({query.function})"
    return Found(
        status="found",
        kind="names",
        value=values[names[0]],
        unit=unit,
        names=tuple(names),
        values={c: f"{values[c]:.4g}" for c in names},
        said=f"{first}: {', '.join(f'{c} {values[c]:.4g}' for c in names[:8])}{f' {unit}' if unit else ''}.",
        sources=tuple(refs[:4]),
    )


def _ranked(query: Who, site: Site) -> list[tuple[str, str, str]]:
    """What is ranked, with the component and the labels of its measurement: components, or the values of a label."""
    held = [
        m
        for m in measured(site)
        if query.metric in (m.metric, m.family) and query.component in ("", m.component)
    ]
    if not query.by:
        return [(m.component, m.component, query.labels) for m in families(held)]
    found = sorted({(v, m.component) for m in held for k, v in m.labels if k == query.by})
    several = len({c for _, c in found}) > 1
    also = f"{query.labels}," if query.labels else ""
    return [(f"{v} of {c}" if several else v, c, f"{also}{query.by}={v}") for v, c in found]


def inventory(query: List | Count, site: Site) -> Found:
    """Components, machines, measurements or sources."""
    of = str(query.of)
    if of == "measurements":
        names = sorted(
            {m.family for m in measured(site) if not query.component or m.component == query.component}
        )
    elif of == "sources":
        names = [f"{h.source} ({h.kind})" for h in site.inventory.holdings]
    else:
        kinds = [c for c in site.inventory.components if of != "machines" or c.type in MACHINES]
        drawn = {r.source for r in _drawn(site)}
        known = {site.name(raw) for h in site.inventory.holdings if h.source in drawn for raw in h.components}
        names = [c.id for c in kinds if (not known or c.id in known or c.type == "node")]
    whose = f" of {query.component}" if query.component else ""
    return Found(
        status="found" if names else "empty",
        kind="number" if isinstance(query, Count) else "names",
        value=float(len(names)),
        unit=of,
        names=tuple(names[:_MOST]),
        said=f"{len(names)} {of}{whose}: {', '.join(names[:60])}{' …' if len(names) > 60 else ''}.",
        sources=_drawn(site),
    )
