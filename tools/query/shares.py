"""How much one measurement is of another: of counters what they rose by, of gauges their values at one time."""

from __future__ import annotations

import numpy as np

from aitia.tools.query.found import Found, unknown
from aitia.tools.query.lines import span_told
from aitia.tools.query.samples import Values, values_of
from aitia.tools.query.site import Site
from aitia.tools.query.statistics import STALE, replace_start, shown
from aitia.tools.query.words import Share


def share(query: Share, site: Site) -> Found:
    """A percentage, and the two numbers that it is of."""
    window = site.window(query.since, query.until)
    parts: list[float] = []
    refs = []
    for metric, labels in (
        (query.metric, query.labels),
        *((w, query.whole_labels) for w in query.whole.split("+")),
    ):
        held = values_of(site, query.component, metric, labels, window, "sum")
        if isinstance(held, Found) and labels.endswith("xx") and parts == [] and "no series" in held.said:
            parts.append(0.0)  # a counter that has a status and no series of that class: none was
            continue
        if isinstance(held, Found):
            return held
        amount = _amount(held, spanned=query.since is not None)
        if amount is None and not held.rate:
            held = values_of(site, query.component, metric, labels, replace_start(window, STALE), "last")
            amount = None if isinstance(held, Found) else _amount(held, spanned=False)
        if amount is None:
            return unknown(
                f"{metric} of {query.component} has no sample{span_told(query.since, query.until)}."
            )
        parts.append(amount)
        refs += [*(held.refs[:1] if isinstance(held, Values) else ())]
    part, whole = parts[0], sum(parts[1:])
    if not whole:
        return unknown(
            f"{query.whole} of {query.component} was 0{span_told(query.since, query.until)}: no share can be told."
        )
    ratio = 1.0 - part / whole if query.rest else part / whole
    what = f"{query.metric}{f' ({query.labels})' if query.labels else ''} of {query.component}"
    rest = ", so that the rest is" if query.rest else ","
    return Found(
        status="found",
        kind="number",
        value=100.0 * ratio,
        unit="%",
        values={"ratio": shown(ratio), "part": shown(part), "whole": shown(whole)},
        window=window,
        said=f"{shown(100.0 * ratio)} %: {what} was {shown(part)} of {shown(whole)} ({query.whole})"
        f"{span_told(query.since, query.until)}{rest} {shown(100.0 * ratio)} %.",
        sources=tuple(refs[:4]),
    )


def _amount(held: Values, *, spanned: bool) -> float | None:
    """What a counter rose by; of gauges what their series hold together, at the end or on average over a span."""
    if held.rate:
        return held.total
    known = held.v[np.isfinite(held.v)]
    if not known.size:
        return None
    if spanned:
        return float(known.mean()) * (1 if held.summed else max(1, len(held.each)))
    last = [v for _, _, v in held.each if np.isfinite(v)]
    return float(sum(last)) if last and not held.summed else float(known[-1])
