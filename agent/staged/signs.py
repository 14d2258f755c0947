"""Discrete signs of trouble in the facts of a stack of servers: since when who is down, fails, is slow, or says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aitia.agent.fact_values import ratio_of
from aitia.core.words import Evidence

FAR: Final = frozenset({
    "log.connection_refused", "log.timeout", "log.unavailable", "log.dns", "log.certificate", "log.permission", "log.quota",
})  # fmt: skip
"""Classes of lines that speak of the other end of a call."""
OWN: Final = frozenset({
    "log.lock", "log.oom", "log.disk_full", "log.exception", "log.connection_limit", "log.replication", "log.overload",
    "log.error", "log.data", "log.deadlock", "log.io", "log.slow", "log.query_plan", "log.configuration",
})  # fmt: skip
RELAYED: Final = frozenset({"log.timeout", "log.unavailable", "log.error", "log.connection_limit"})
"""Classes in which a component passes on what failed behind it."""
WAITS: Final = ("connections", "threads", "queue")
HELD: Final = 5.0  # connections, threads or messages that wait: fewer exhaust nothing
SECONDED_S: Final = 10.0
Since = dict[str, float]
"""Seconds since 1970 by component."""


def failing_lines(facts: Iterable[Evidence]) -> list[Evidence]:
    """New lines of failure that no client could have written."""
    return [
        e
        for e in facts
        if e.kind in ("log.new", "log.surge")
        and e.onset
        and e.provenance not in ("client", "infrastructure")
        and (
            e.aspect in FAR | OWN
            or (e.aspect == "log.other" and e.values.get("level") in ("error", "fatal", "warning"))
        )
        and (e.values.get("level") in ("error", "fatal", "warning", None) or e.aspect != "log.error")
        and e.strength >= 0.3
    ]


def down_since(facts: Iterable[Evidence]) -> tuple[Since, set[str]]:
    """Since when each is down, and of these whom an exporter asks and gets no answer."""
    found: dict[str, float] = {}
    asked: set[str] = set()
    for e in facts:
        if e.aspect != "availability" or not e.kind.startswith("metric.") or not e.onset or e.peer:
            continue
        if e.unit == "/s":  # how often all was well goes with the traffic
            continue
        if str(e.values.get("metric", "")).startswith("probe_") or e.values.get("answers") is True:
            continue
        stopped, series = float(e.values.get("stopped", 0)), float(e.values.get("series", 0))
        gone = e.kind == "metric.missing" and (bool(e.values.get("still")) or (stopped >= 0.7 * series > 2))
        fell = e.kind == "metric.shift" and e.direction == "down" and float(e.values.get("after", 1.0)) <= 0.3
        if gone or fell:
            found[e.component] = min(found.get(e.component, at(e)), at(e))
            if str(e.values.get("metric", "")).endswith("_up"):
                asked.add(e.component)
    return found, asked


def hung_since(facts: Iterable[Evidence]) -> Since:
    """Whose outside check gets no answer at all any more: no status, not a bad one."""
    found: dict[str, float] = {}
    for e in facts:
        status = str(e.values.get("metric", "")) == "probe_http_status_code"
        if status and e.kind == "metric.shift" and e.onset and float(e.values.get("after", 1) or 0) == 0:
            found[e.component] = min(found.get(e.component, at(e)), at(e))
    return found


def ended_since(facts: Iterable[Evidence]) -> Since:
    """Of whom the host says that it ended."""
    found: dict[str, float] = {}
    for e in facts:
        if (
            e.kind == "log.new"
            and e.provenance == "infrastructure"
            and e.onset
            and author_of(e) != e.component
        ):
            found[e.component] = min(found.get(e.component, at(e)), at(e))
    return found


def failing_since(metrics: Mapping[str, Sequence[Evidence]]) -> Since:
    """Whose own counter of errors leaves 0."""
    found: dict[str, float] = {}
    for c, every in metrics.items():
        for e in every:
            if e.kind != "metric.shift" or e.aspect != "errors" or e.direction != "up" or not e.onset:
                continue
            if str(e.values.get("metric", "")).startswith("probe_") or e.strength < 0.4:
                continue
            before, after = float(e.values.get("before", 0)), float(e.values.get("after", 0))
            if before <= 0.02 * after:
                found[c] = min(found.get(c, at(e)), at(e))
    return found


def slow_since(metrics: Mapping[str, Sequence[Evidence]]) -> tuple[Since, Since]:
    """When each began to answer far slower, or to hold far more that waits, and of these what is beyond doubt."""
    found: dict[str, float] = {}
    strong: Since = {}
    for c, every in metrics.items():
        for e in every:
            held = e.aspect in WAITS and float(e.values.get("after", HELD) or 0) >= HELD
            late = e.aspect == "latency" and not str(e.values.get("metric", "")).startswith("probe_")
            rose = ratio_of(e) >= 3.0 or (held and float(e.values.get("before", 1) or 0) <= 1.0)
            limit = e.kind == "metric.limit"
            if e.onset and (
                (
                    e.kind == "metric.shift"
                    and e.direction == "up"
                    and e.strength >= 0.5
                    and (late or held)
                    and rose
                )
                or limit
            ):
                found[c] = min(found.get(c, at(e)), at(e))
                if e.strength >= 0.9 and not limit:
                    strong[c] = min(strong.get(c, at(e)), at(e))
    return found, strong


def piling_since(metrics: Mapping[str, Sequence[Evidence]]) -> Since:
    """Where work that waits grows threefold and more, or from nothing."""
    found: dict[str, float] = {}
    for c, every in metrics.items():
        for e in every:
            if e.aspect not in ("queue", "lag") or e.direction != "up" or e.strength < 0.5 or not e.onset:
                continue
            first, last = ("from", "to") if e.kind == "metric.trend" else ("before", "after")
            before, after = (float(e.values.get(k, 0) or 0) for k in (first, last))
            if after >= max(HELD, 3.0 * before):
                found[c] = min(found.get(c, at(e)), at(e))
    return found


def halted_since(metrics: Mapping[str, Sequence[Evidence]]) -> Since:
    """Of whom a rate of what it does fell to nothing."""
    found: dict[str, float] = {}
    for c, every in metrics.items():
        for e in every:
            before, after = float(e.values.get("before", 0) or 0), float(e.values.get("after", 1) or 0)
            fell = e.kind == "metric.shift" and e.direction == "down" and e.unit == "/s" and e.strength >= 0.4
            if (
                fell
                and e.onset
                and before > 0
                and after <= 0.02 * before
                and e.aspect not in ("errors", "latency")
            ):
                found[c] = min(found.get(c, at(e)), at(e))
    return found


def author_of(e: Evidence) -> str:
    """Who wrote it."""
    return str(e.values.get("reported_by") or e.component)


def at(e: Evidence) -> float:
    """Its onset; infinite where it has none."""
    return e.onset.timestamp() if e.onset else float("inf")


def seconded(signs: list[tuple[float, str, str]]) -> float:
    """The earliest sign with which one of another component or sort began; the earliest where none did."""
    ordered = sorted(signs)
    for i, (t, c, k) in enumerate(ordered):
        if any(u - t <= SECONDED_S and (d, m) != (c, k) for u, d, m in ordered[i + 1 :]):
            return t
    return ordered[0][0] if ordered else float("inf")
