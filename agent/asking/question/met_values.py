"""What measurements a query reads, and whether they are of the kind, the component and the number that a question asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.agent.asking.question.bounds import bound
from aitia.agent.asking.question.measure import named_of, things_of
from aitia.agent.asking.question.outcome import KUBERNETES
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.tables import pattern_of, words_of
from aitia.tools.query.measured import Measured, measured
from aitia.tools.query.words import Beyond, Changes, Count, Curve, Events, Get, Query, Stat, Who


def of_query(p: Pieces, query: Query) -> list[Measured]:
    """The measurements that a query reads."""
    told = (
        getattr(query, "metric", ""),
        getattr(query, "other_metric", ""),
        *getattr(query, "whole", "").split("+"),
    )
    owner = getattr(query, "component", "")
    return [
        m
        for m in measured(p.site)
        if {m.metric, m.family} & (set(told) - {""}) and owner in ("", m.component)
    ]


def _kind(p: Pieces, queries: Sequence[Query]) -> str:
    """The flow is not the flow temperature."""
    asked = frozenset(c for t in p.terms for c in t.concepts) & _KINDS
    for query in queries:
        read = of_query(p, query) if isinstance(query, Stat | Curve | Beyond) and asked else []
        other = next((k for m in read[:1] for k in sorted((named_of(m) & _KINDS) - asked)), "")
        if other:
            return f"{read[0].family} is of {other} too, which was not asked for."
    return ""


def _faulty(p: Pieces, queries: Sequence[Query]) -> str:
    """What was dropped or refused is not what went through."""
    if p.level or p.has("states", "failed"):
        return ""
    asked = frozenset(c for t in p.terms for c in t.concepts)
    for query in queries:
        metric = str(getattr(query, "metric", "")).casefold()
        other = next((w for w in re.split(r"[^a-z]+", metric) if w in _FAULTS), "")
        if other and not (things_of(other) & asked) and other[:4] not in p.low and metric not in p.low:
            return f"{metric} is of what was {other}, which was not asked for."
    return ""


def _share(p: Pieces, queries: Sequence[Query]) -> str:
    """A share is no rate and no number."""
    asked = {"ratio", "full"} & set(p.keys("share")) or "%" in p.keys("units")
    if not asked or not all(isinstance(q, Stat | Curve) for q in queries):
        return ""
    if "rate" in p.keys("functions") and "%" not in p.keys("units"):
        return ""  # the rate of requests is no share
    told = any(_PERCENT.search(m.metric) or m.unit in ("%", "ratio") for q in queries for m in of_query(p, q))
    return "" if told else "The query does not tell it as a share."


def _named(p: Pieces, queries: Sequence[Query]) -> str:
    """What is asked of one component is not told of others."""
    name = p.about.surest
    if not name or not all(isinstance(q, Who | Stat) and not getattr(q, "component", "") for q in queries):
        return ""
    held = {m.component for q in queries for m in of_query(p, q)}
    said = any(name in str(value) for q in queries for value in q.model_dump().values())
    return "" if said or name in held else f"The query does not look at {name}."


_STILL: Final = re.compile(
    r"(?<!\w)(?:still|noch(?: immer)?|immer noch|toujours|encore|sigue\w*|todavía|aún|ancora|nog|ainda)(?!\w)"
)


def _number(p: Pieces, queries: Sequence[Query]) -> str:
    """A number that is asked for stands in the query: the set point of 1330."""
    said = " ".join(str(v) for q in queries for v in q.model_dump().values())
    if _STILL.search(p.low) and all(
        isinstance(q, Get) or (isinstance(q, Stat) and q.function == "last") for q in queries
    ):
        return ""  # "is it still at 256 MiB?": what it is now tells
    for m in re.finditer(r"(?<![\w.:/=-])\d{3,}(?![\w:/-]|\.\d)", p.words):
        inside = any(a <= m.start() < b for a, b in (*p.about.taken, *p.named))
        if (
            not inside
            and m[0] not in said
            and m[0] != str(p.limit)
            and m[0] != p.code
            and bound(p.words) is None
        ):
            return f"The query does not look for {m[0]}."
    return ""


def _minutes(p: Pieces, queries: Sequence[Query]) -> str:
    """The load of five minutes is not that of one."""
    asked = re.search(r"(?<!\d)(1|5|15)[ -]?min", p.low)
    told = [m for q in queries if (m := re.search(r"load(1|5|15)$", str(getattr(q, "metric", ""))))]
    return (
        f"The query does not tell it over {asked[1]} min."
        if asked and any(m[1] != asked[1] for m in told)
        else ""
    )


def _objects(p: Pieces, queries: Sequence[Query]) -> str:
    """How many objects there were is no average of a measurement."""
    averaged = all(isinstance(q, Stat) and q.function == "mean" for q in queries)
    asked = averaged and p.has("verbs", "count") and "mean" not in p.keys("functions")
    kinds = [k for k in p.keys("resources") if k in KUBERNETES]
    return f"The query does not count {kinds[0]}." if asked and kinds else ""


def _which(p: Pieces, queries: Sequence[Query]) -> str:
    """Which one has most is answered by names."""
    if not all(isinstance(q, Stat | Curve) for q in queries) or p.has("verbs", "when"):
        return ""
    first = p.low.split()[0].strip("¿?,") if p.low.split() else ""
    asked = first in {*words_of("people"), "which"} or any(
        _WHICH.search(p.words[: h.begin]) or _WHICH.match(p.words[h.begin : h.end])
        for h in p.hits("label_keys")
    )
    if first in words_of("people") and p.keys("relations"):
        return "The query does not tell who."
    if len({getattr(q, "component", "") for q in queries}) > 1:
        return ""  # each of them is told
    superlative = p.keys("rank") or {"max", "min"} & set(p.keys("functions"))
    return "The query does not tell which one." if asked and superlative else ""


def _grown(p: Pieces, queries: Sequence[Query]) -> str:
    """By how much something grew is no value of it."""
    still = all(isinstance(q, Stat) and q.function in ("last", "mean", "max", "min") for q in queries)
    return "The query does not tell by how much it changed." if still and _GREW.search(p.low) else ""


def _percentile(p: Pieces, queries: Sequence[Query]) -> str:
    """A percentile is of what each took, not of how many there were."""
    for query in (q for q in queries if isinstance(q, Stat) and q.function[1:].isdigit()):
        read = of_query(p, query)
        if read and all(m.metric.endswith("_total") for m in read) and "rate" not in p.keys("functions"):
            return f"{read[0].metric} counts: it has no {query.function} of what one took."
    return ""


def _most(p: Pieces, queries: Sequence[Query]) -> str:
    """Which has more or most is in no list of changes."""
    asked = (
        p.keys("rank")
        or {"max", "min"} & set(p.keys("functions"))
        or pattern_of("comparatives").search(p.words)
    )
    told = all(isinstance(q, Changes) for q in queries) and not p.keys("order")
    return "Changes do not tell which has most." if asked and told else ""


def _level(p: Pieces, queries: Sequence[Query]) -> str:
    """Events are of no level."""
    every = all((isinstance(q, Count) and q.of == "events") or isinstance(q, Events) for q in queries)
    said = any(getattr(q, "text", "") for q in queries)
    return (
        f"The query tells all events, not those of level {p.level}." if every and p.level and not said else ""
    )


_GREW: Final = re.compile(
    r"(?<!\w)(?:how much (?:more )?(?:did|has|have) .{2,60}? (?:grow|rise|increase|fall|drop|decrease|grown|risen|fallen"
    r"|increased|dropped|decreased|change|changed)|by how much|um wie ?viel(?! ?uhr))(?!\w)"
)
_FAULTS: Final = frozenset(
    {
        "drop", "dropped", "drops", "discarded", "rejected", "refused", "denied", "aborted", "aborts", "retrans", "retranssegs",
        "evicted", "expired", "blocked", "canceled", "cancel", "unavailable", "misses", "killed",
    }
)  # fmt: skip


_KINDS: Final = frozenset(
    {
        "temperature",
        "pressure",
        "flow",
        "speed",
        "power",
        "current",
        "voltage",
        "torque",
        "energy",
        "humidity",
    }
)


_PERCENT: Final = re.compile(
    r"(?i)ratio|percent|pct|proz|share|utili[sz]ation|availability|_rate|level|success|load"
)


_WHICH: Final = re.compile(
    r"(?:which|what|welche\w*|quel\w*|qué|que|quale|quali|che)\s*$|(?:which|welche\w*|quel\w*|qué|quale)\s"
)


VALUES: Final = (
    _kind,
    _faulty,
    _share,
    _named,
    _number,
    _minutes,
    _objects,
    _which,
    _grown,
    _percentile,
    _most,
    _level,
)
"""The checks; each says what is not met, or ""."""
