"""The query that reads a derived series again: what its numbers were made of, and not one part of it."""

from __future__ import annotations

from collections.abc import Sequence

from aitia.tools.series.kinds import CODE, FAILED
from aitia.tools.sources.base import Series
from aitia.tools.sources.metrics.promql import any_value, selector


def again(members: Sequence[Series], stat: str, over_s: float) -> str:
    """Of series of a PromQL server the same sum, rate, mean, share or quantile; of others the first one's own query.

    `over_s` is how many seconds a value sums over.
    """
    first = next(iter(members), None)
    if first is None:
        return ""
    if any(m.query != selector(m.metric, m.labels) for m in members):
        return first.query
    common = {k: v for k, v in first.labels.items() if all(m.labels.get(k) == v for m in members)}
    shared = [label for label in CODE if all(label in m.labels for m in members)]
    code = next((label for label in shared if FAILED.search(first.labels[label])), next(iter(shared), ""))
    codes = any_value(code, (m.labels[code] for m in members)) if code and code not in common else ""
    some = selector(first.metric, common, match=codes)
    span = f"[{max(1, round(over_s))}s]"
    if stat == "rate":
        return f"sum(rate({some}{span}))" if len(members) > 1 else f"rate({some}{span})"
    if stat == "mean":
        count = selector(first.metric.removesuffix("_sum") + "_count", common)
        return f"sum(rate({some}{span})) / sum(rate({count}{span}))"
    if stat == "p95":
        return f"histogram_quantile(0.95, sum by (le) (rate({selector(first.metric, common)}{span})))"
    if stat == "ratio" and code:
        every = selector(first.metric, {k: v for k, v in common.items() if k not in CODE})
        return f"sum(rate({some}{span})) / sum(rate({every}{span}))"
    return f"sum({some})" if len(members) > 1 else some
