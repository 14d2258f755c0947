"""Questions whether, when, how often and how long a measurement went beyond a value: "did AS exceed 60 °C?"."""

from __future__ import annotations

import re
from typing import Any, Final

from aitia.agent.asking.question.bounds import SPELLED, Bound, bound
from aitia.agent.asking.question.measure import Fit, Term, best, fits
from aitia.agent.asking.question.measures_rules import MOST_LOOKS, MOST_QUERIES, fitting
from aitia.agent.asking.question.outcome import Reading, span_fields, unclear
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.measured import meaning_of, measured
from aitia.tools.query.notation import written
from aitia.tools.query.samples import unit_of
from aitia.tools.query.units import factor
from aitia.tools.query.words import Beyond, Curve, Query, Stat

SINCE: Final = re.compile(
    r"(?<!\w)(?:since when|since what time|seit wann|depuis quand|depuis quelle heure"
    r"|desde cuándo|desde qué hora|da quando|da che ora)(?!\w)"
)
"""The beginning of what lasts is asked for."""


def of_bounds(p: Pieces) -> Reading | None:
    """A value with "over", "under" or the like beside a measurement that is held."""
    limit = bound(p.words)
    if limit is None:
        return None
    every = [f for f in fitting(p, p.component) if not f.left] or _response_times(p, limit)
    of_unit = [f for f in every if limit.unit and scale_of(f, limit.unit) is not None]
    found = best(of_unit or every)
    if not found:
        return None
    owners = list(dict.fromkeys(f.of.component for f in found))
    if len(found) > MOST_LOOKS or (len(found) > MOST_QUERIES and len(owners) > MOST_QUERIES):
        return unclear(f"Of which component: {', '.join(owners[:8])}{' …' if len(owners) > 8 else ''}?")
    queries = {written(q): q for q in (_look(p, f, limit) for f in found)}
    return Reading(status="query", queries=tuple(queries.values()), live=True)


def _percentile(p: Pieces) -> Any:
    """The percentile that is asked for, "" for none."""
    return next((f for f in p.keys("functions") if f[0] == "p" and f[1:].isdigit()), "")


def _response_times(p: Pieces, limit: Bound) -> list[Fit]:
    """What a percentile in a unit of time is of, where nothing else is named: "was the p98 ever above 500 ms?"."""
    if not _percentile(p) or SPELLED.get(limit.unit, limit.unit) not in ("s", "ms"):
        return []
    held = [m for m in measured(p.site) if p.component in ("", m.component)]
    return fits([Term(word="latency", concepts=frozenset({"latency"}))], held)


def scale_of(fit: Fit, unit: str) -> float | None:
    """By what a measurement's own numbers are multiplied to be in a unit; None where it does not measure that."""
    meaning = meaning_of(fit.of.metric, fit.of.unit, fit.of.help)
    return factor(unit_of(fit.of.family, meaning), SPELLED.get(unit, unit))


def wanted_of(p: Pieces) -> Any:
    """What a question wants told of when something was beyond a value."""
    if p.has("lasting", "long"):
        return "duration"
    if p.has("verbs", "count") and not (p.has("verbs", "when") and not _MANY.search(p.low)):
        return "times"  # "when did the connection count exceed 30" asks for no number
    if not p.has("verbs", "when"):
        return "whether"
    return "since" if SINCE.search(p.low) else "last" if p.has("order", "newest") else "first"


_MANY: Final = re.compile(r"(?<!\w)(?:how (?:many|often)|wie ?(?:viel|oft|häufig)|combien|cuánt|quant[eiao])")


def _look(p: Pieces, fit: Fit, limit: Bound) -> Beyond:
    by = scale_of(fit, limit.unit) if limit.unit else None
    side: Any = {"above" if limit.above else "below": limit.value / (by or 1.0)}
    return Beyond(
        function=_percentile(p) or "mean",
        component=fit.of.component,
        metric=fit.of.family,
        labels=fit.labels,
        wanted=wanted_of(p),
        **side,
        **span_fields(p),
    )


def bounded_before(p: Pieces, before: Query | None) -> Reading | None:
    """A bound of what was asked before: "did it ever go above 80?" after its last value."""
    limit = bound(p.words)
    if (
        limit is None
        or not isinstance(before, Stat | Curve)
        or any(t.concepts and not t.soft for t in p.terms)
    ):
        return None
    owner = p.component or before.component
    held = next(
        (m for m in measured(p.site) if m.component == owner and before.metric in (m.metric, m.family)), None
    )
    if held is None or p.about.strange:
        return None
    query = _look(p, Fit(of=held, score=0.0, labels=before.labels), limit)
    if not p.span.told:
        query = query.model_copy(update={"since": before.since, "until": before.until})
    return Reading(status="query", queries=(query,), live=True)


def other_bound(p: Pieces) -> dict[str, Any]:
    """Another value, the other side, or another thing to tell of when it was beyond."""
    limit = bound(p.words)
    side = {"above": None, "below": None, "above" if limit.above else "below": limit.value} if limit else {}
    return side | ({"wanted": wanted} if (wanted := wanted_of(p)) != "whether" else {})
