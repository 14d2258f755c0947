"""Questions for a share, a rate, or what failed: error rate, hit ratio, how full, memory in percent, requests that failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from aitia.agent.asking.question.measure import Fit, best, fits, things_of
from aitia.agent.asking.question.measures_rules import counted, fitting
from aitia.agent.asking.question.outcome import Reading, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.measured import Measured, measured
from aitia.tools.query.words import Query, Share, Stat
from aitia.tools.series.kinds import CODE

_FREE: Final = frozenset({"avail", "available", "free", "idle", "unused"})
_TAKEN: Final = frozenset(
    {
        "used",
        "use",
        "in",
        "usage",
        "current",
        "connected",
        "active",
        "numbackends",
        "throttled",
        "estab",
        "curr",
        "allocated",
    }
)
_WHOLE: Final = frozenset(
    {
        "total",
        "size",
        "capacity",
        "max",
        "limit",
        "config",
        "maximum",
        "settings",
        "databases",
        "files",
        "periods",
    }
)
_DULL: Final = frozenset(
    {"bytes", "total", "seconds", "count", "container", "kubelet", "stats", "node", "stat"}
)
_SPLIT: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|[^0-9A-Za-z]+")
_FAILING: Final = re.compile(
    r"(?<![a-zà-ÿ])(?:error|fail|fehler|erreur|échec|échou|errore|fallo|falla|fracas|fallit|fallisc|schief|gescheit|scheiter|5xx)"
)
_RATIO: Final = re.compile(r"ratio|percent|pct|_share|utili[sz]ation|success|availability|proz")


def of_shares(p: Pieces) -> Reading | None:
    """A share in percent, a rate per second, or a number of failures, where measurements tell it."""
    wanted = p.keys("share") or (["ratio"] if "%" in p.keys("units") else [])
    failing = fails(p) or ("ratio" in wanted and p.code[:1] in ("4", "5"))
    if not wanted and not (failing and p.has("verbs", "count") and _of_requests(p)):
        return None
    owners = [p.component] if p.component else _owners(p)
    for owner in owners:
        queries = tuple(_shares(p, owner, wanted, failing=failing))
        if queries:
            return Reading(status="query", queries=queries, live=True)
    return None


def _owners(p: Pieces) -> list[str]:
    """The components whose measurements fit, where they are few."""
    found = dict.fromkeys(f.of.component for f in best(fitting(p, "")))
    return list(found) if len(found) <= 2 else []


def _shares(p: Pieces, owner: str, wanted: Sequence[str], *, failing: bool) -> list[Query]:
    own = [m for m in measured(p.site) if m.component == owner]
    span = span_fields(p)
    if failing:
        return _failures(p, owner, own, wanted, span)
    if {"hits", "misses"} & things_of(p.words) and "ratio" in wanted:
        return _hits(p, own, span)
    found = [f for f in best(fitting(p, owner)) if not f.left]
    if not found:
        return []
    fit = found[0]
    if _RATIO.search(fit.of.family.casefold()):
        return []
    if wanted == ["rate"]:
        return [_stat(fit, owner, "rate", span)] if counted(fit.of) else []
    if fit.labels and counted(fit.of) and fit.of.family == fit.of.metric:
        return [Share(component=owner, metric=fit.of.metric, labels=fit.labels, whole=fit.of.metric, **span)]
    for one in found:
        if (whole := _whole(one.of, own)) is not None:
            return [_of_whole(p, one, whole, full="full" in wanted, span=span)]
    return [_stat(fit, owner, "rate", span)] if counted(fit.of) and "rate" in wanted else []


def _stat(fit: Fit, owner: str, function: Any, span: dict[str, Any]) -> Stat:
    return Stat(component=owner, metric=fit.of.family, labels=fit.labels, function=function, **span)


def _of_whole(p: Pieces, fit: Fit, whole: str, *, full: bool, span: dict[str, Any]) -> Share:
    free = bool(_words(fit.of.metric) & _FREE)
    asks_free = any("available" in t.concepts for t in p.terms)
    return Share(
        component=fit.of.component, metric=fit.of.family, labels=fit.labels, whole=whole,
        rest=free and not asks_free if full or not asks_free else False, **span,
    )  # fmt: skip


def _words(name: str) -> frozenset[str]:
    return frozenset(w.casefold() for w in _SPLIT.split(name) if w)


def _whole(part: Measured, own: Sequence[Measured]) -> str | None:
    """The measurement that a part is of: a name that differs only in words such as `total`, `max` and `free`."""
    bare = _words(part.metric) - _FREE - _TAKEN - _DULL
    if part.metric.endswith("throttled_periods_total"):
        return part.metric.replace("throttled_", "")
    if not _words(part.metric) & (
        _FREE | _TAKEN | {"numbackends", "connections", "clients", "sessions", "pool"}
    ):
        return None
    best_of: list[tuple[int, str]] = []
    for m in own:
        words = _words(m.metric)
        if m.metric == part.metric or not (words & _WHOLE or any(w.startswith("max") for w in words)):
            continue
        rest = {w.removeprefix("max") for w in words} - _WHOLE - _DULL - {""}
        if rest and (rest <= bare or bare <= rest) and not words & (_FREE | {"current", "used"}):
            best_of.append((len(rest ^ bare), m.metric))
    return min(best_of)[1] if best_of and min(best_of)[0] <= 1 else None


def _hits(p: Pieces, own: Sequence[Measured], span: dict[str, Any]) -> list[Query]:
    """Hits of all look-ups: with the misses, or blocks that were read."""
    misses = "misses" in things_of(p.words) and "hits" not in things_of(p.words)
    for m in sorted(own, key=lambda m: not re.search(r"keyspace|cache|blks|lookup|command", m.metric)):
        for hit, miss in (("hits", "misses"), ("hit", "miss"), ("hit", "read")):
            parts = m.metric.split("_")
            if hit not in parts or {"settings", "defrag"} & set(parts):
                continue
            other = "_".join(miss if w == hit else w for w in parts)
            if any(o.metric == other for o in own):
                first = other if misses else m.metric
                return [Share(component=m.component, metric=first, whole=f"{m.metric}+{other}", **span)]
    wanted = "misses" if misses else "hits"
    for m in own:
        label = next((f"{k}={v}" for k, v in m.labels if wanted in things_of(v)), "")
        if label and counted(m):
            return [Share(component=m.component, metric=m.metric, labels=label, whole=m.metric, **span)]
    return []


def fails(p: Pieces) -> bool:
    """Whether errors or failures are asked of."""
    return (
        p.level in ("error", "fatal")
        or p.has("states", "failed")
        or p.code == "5xx"
        or bool(_FAILING.search(p.words))
    )


def _of_requests(p: Pieces) -> bool:
    return any("requests" in t.concepts for t in p.terms)


def failing_label(m: Measured) -> str:
    """`code=5xx` with the label of a counter that has a status or an outcome."""
    held: dict[str, set[str]] = {}
    for k, v in m.labels:
        held.setdefault(k, set()).add(v)
    for key in CODE:
        values = held.get(key, set())
        if any(re.fullmatch(r"[1-5](?:\d\d|xx)", v) for v in values):
            return f"{key}={'5xx'}"
        if failed := next((v for v in values if re.search(r"(?i)^(err|fail)", v)), ""):
            return f"{key}={failed}"
    return ""


def _failures(
    p: Pieces, owner: str, own: Sequence[Measured], wanted: Sequence[str], span: dict[str, Any]
) -> list[Query]:
    """Failed requests: how many, or which share of all."""
    requests = [
        m
        for m in own
        if re.search(r"requests?(?:_total|_count)?$|duration_seconds_count$|responses_total$", m.metric)
        and counted(m)
    ]
    order = sorted(requests, key=lambda m: (not failing_label(m), "client" in m.metric, len(m.metric)))
    for m in order:
        if not (label := failing_label(m)):
            continue
        if p.code and "=" in label and re.fullmatch(r"[1-5]\d\d", p.code):
            label = f"{label.partition('=')[0]}={p.code}"
        share = Share(
            component=owner,
            metric=m.family if m.family == m.metric else m.metric,
            labels=label,
            whole=m.metric,
            **span,
        )
        if wanted:
            return [share]
        return [Stat(component=owner, metric=m.metric, labels=label, function="sum", **span)]
    errors = [
        f
        for f in best(fits([t for t in p.terms if t.concepts], own))
        if not f.left and counted(f.of) and "error" in f.of.metric
    ]
    if errors:
        function: Any = "rate" if wanted else "sum"
        return [_stat(errors[0], owner, function, span)]
    return []
