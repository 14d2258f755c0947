"""Two numbers beside each other: one measurement or number of lines in two spans, or of two components."""

from __future__ import annotations

from aitia.tools.query.found import Found
from aitia.tools.query.lines import count_lines, span_told
from aitia.tools.query.site import Site
from aitia.tools.query.statistics import shown, stat
from aitia.tools.query.words import Compare, Count, Stat


def compare(query: Compare, site: Site) -> Found:
    """Two numbers, and by how much they differ."""
    first, second = _sides(query)
    one, two = (_one_side(side, site) for side in (first, second))
    for found in (one, two):
        if found.status in ("unknown", "empty") or found.value is None:
            return found
    a, b = float(one.value or 0.0), float(two.value or 0.0)
    ratio = f" ({a / b:.2g} times)" if a >= 0 and b > 0 else ""
    differs = f"{shown(abs(a - b))} {'more' if a > b else 'less'}" if a != b else "no difference"
    return Found(
        status="found",
        kind="number",
        value=a - b,
        unit=one.unit,
        values={_side_name(first): shown(a), _side_name(second): shown(b)},
        names=tuple(n for _, n in sorted([(-a, _side_name(first)), (-b, _side_name(second))])),
        said=f"{_what(query)}: {shown(a)} {_side_name(first)}, {shown(b)} {_side_name(second)}; {differs}{ratio}.",
        sources=(*one.sources, *two.sources),
    )


def _sides(query: Compare) -> tuple[Compare, Compare]:
    if query.other or query.other_metric:
        other = {"component": query.other or query.component, "metric": query.other_metric or query.metric}
        return query, query.model_copy(update=other)
    return query, query.model_copy(update={"since": query.against_since, "until": query.against_until})


def _one_side(side: Compare, site: Site) -> Found:
    if not side.metric:
        return count_lines(
            Count(
                of="lines",
                component=side.component,
                level=side.level,
                code=side.code,
                since=side.since,
                until=side.until,
            ),
            site,
        )
    return stat(
        Stat(
            component=side.component,
            metric=side.metric,
            function=side.function,
            labels=side.labels,
            since=side.since,
            until=side.until,
        ),
        site,
    )


def _side_name(side: Compare) -> str:
    if side.other_metric:
        return f"{side.metric} of {side.component}"
    return (
        side.component
        if side.other or not (side.since or side.until)
        else f"{span_told(side.since, side.until).strip()}"
    )


def _what(query: Compare) -> str:
    if not query.metric:
        return f"{query.level} log lines{f' answered with {query.code}' if query.code else ''}".strip()
    if query.other_metric:
        return query.function
    whose = "" if query.other else f" of {query.component}"
    return f"{query.function} of {query.metric}{whose}"
