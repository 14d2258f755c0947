"""How a flat list of spans spells its fields, and in which unit its durations are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

TRACE: Final = ("trace_id", "traceId", "traceID", "trace.id", "TraceId", "traceid", "trace")
OWN: Final = ("span_id", "spanId", "spanID", "span.id", "SpanId", "spanid", "transaction.id", "id")
PARENT: Final = ("parent_id", "parentId", "parentID", "parent_span_id", "parentSpanId", "parentSpanID", "parent.id",
                 "ParentSpanId", "parentspanid", "parent")  # fmt: skip
SERVICE: Final = ("service", "service.name", "service_name", "serviceName", "ServiceName", "localEndpoint.serviceName",
                  "process.serviceName", "resource.attributes.service.name", "resource.service.name",
                  "resource_attributes.service.name", "ResourceAttributes.service.name", "attributes.service.name",
                  "component", "app")  # fmt: skip
OPERATION: Final = ("operation", "operationName", "operation_name", "span.name", "transaction.name", "name", "SpanName",
                    "span_name", "spanName", "resource_name", "resource")  # fmt: skip
START: Final = ("start", "start_time", "startTime", "startTimeUnixNano", "start_time_unix_nano", "StartTime", "start_timestamp",
                "startTimestamp", "start_us", "start_ms", "start_ns", "startTimeMillis", "timestamp.us", "@timestamp",
                "timestamp", "Timestamp", "time", "begin", "ts")  # fmt: skip
END: Final = ("end", "end_time", "endTime", "endTimeUnixNano", "end_time_unix_nano", "EndTime", "end_timestamp", "endTimestamp",
              "finish", "end_ms", "end_us", "end_ns")  # fmt: skip
DURATION: Final = ("duration_ms", "durationMs", "duration_us", "durationUs", "duration_ns", "durationNano", "duration_nano",
                   "durationNanos", "duration_s", "duration_seconds", "durationMillis", "span.duration.us",
                   "transaction.duration.us", "event.duration", "duration", "Duration", "elapsed_ms", "elapsed", "latency_ms",
                   "latency", "dur")  # fmt: skip
STATUS: Final = (
    "status",
    "status.code",
    "status_code",
    "statusCode",
    "StatusCode",
    "otel.status_code",
    "event.outcome",
)
ERROR: Final = ("error", "tags.error", "meta.error", "is_error")
KIND: Final = ("kind", "span_kind", "spanKind", "SpanKind", "span.kind", "tags.span.kind", "meta.span.kind")
UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_NAMED: Final = (
    (re.compile(r"nano|[_.]ns$|Ns$"), "ns"),
    (re.compile(r"micro|[_.]us$|Us$"), "us"),
    (re.compile(r"milli|[_.]ms$|Ms$", re.IGNORECASE), "ms"),
    (re.compile(r"seconds?$|[_.]s(?:ec)?$"), "s"),
)
_SAMPLE: Final = 2000  # spans that tell the fields and the unit
_PAIRS: Final = 5  # of parents and children that tell a unit
_MOST: Final = 0.9  # of these children must fit
_MEDIAN_S: Final = 60.0  # of a span at most, where nothing but the numbers tells the unit

Time = Callable[[object], float]
"""Epoch seconds of a field's value, NaN where it is no time."""


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """The fields of a list of spans. Of several in a tuple the first that a span has counts."""

    trace: str
    own: tuple[str, ...]
    parent: tuple[str, ...]
    service: str
    operation: tuple[str, ...]
    start: str
    end: str
    duration: tuple[str, ...]
    kind: str
    units: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of durations, and how they were told

    @property
    def said(self) -> str:
        """What was guessed."""
        told = [f"{name!r} in {unit.replace('us', 'µs')} ({why})" for name, (unit, why) in self.units.items()]
        durations = f"duration {' and '.join(told)}" if told else f"duration up to {self.end!r}"
        return f"service from {self.service!r}, operation from {self.operation[0]!r}, start from {self.start!r}, {durations}"


def at(row: Mapping[str, Any], *paths: str) -> Any:
    """The first value that is neither empty nor a collection under some names or paths of names; None for none."""
    for path in paths:
        found = row.get(path) if path in row else _inside(row, path) if "." in path else None
        if found not in (None, "") and not isinstance(found, dict | list):
            return found
    return None


def _inside(row: Mapping[str, Any], path: str) -> Any:
    head, _, rest = path.partition(".")
    while rest:
        inner = row.get(head)
        if isinstance(inner, dict):
            return inner[rest] if rest in inner else _inside(inner, rest) if "." in rest else None
        more, _, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None


def number(value: object) -> float:
    """A number, NaN for anything else."""
    try:
        return (
            float(value)
            if isinstance(value, str | int | float) and not isinstance(value, bool)
            else float("nan")
        )
    except (ValueError, OverflowError):
        return float("nan")


def spelling_of(rows: Sequence[Mapping[str, Any]], *, service: str = "") -> Spelling | None:
    """The fields that hold what a span has; None where ids, service or times are missing: no list of spans."""
    rows = rows[:_SAMPLE]

    def used(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(n for n in names if any(at(row, n) is not None for row in rows))

    def first(names: Sequence[str]) -> str:
        counts = {name: sum(at(row, name) is not None for row in rows) for name in names}
        most = max(counts.values(), default=0)
        return next((n for n in names if most and counts[n] == most), "")

    trace, start, own = first(TRACE), first(START), used(OWN)
    service = first([service] if service else SERVICE)
    duration, end = used(DURATION), first(END)
    if not (trace and own and start and service and (duration or end)):
        return None
    operation = tuple(n for n in used(OPERATION) if n != service) or (service,)
    return Spelling(trace=trace, own=own, parent=used(PARENT), service=service, operation=operation, start=start, end=end,
                    duration=duration, kind=first(KIND))  # fmt: skip


def lacking(row: Mapping[str, Any], *, service: str = "") -> str:
    """What keeps a list from being one of spans, and what to set where that is in the settings."""
    wanted = {"a trace id": TRACE, "a span id": OWN, "a start": START, "a duration or end": (*DURATION, *END),
              "a service": (service,) if service else SERVICE}  # fmt: skip
    lacks = [what for what, names in wanted.items() if at(row, *names) is None]
    more = ": set options.service_field" if lacks == ["a service"] else ""
    fields = ", ".join(str(key)[:40] for key in list(row)[:12])
    return f"no field holds {' or '.join(lacks) or 'what all spans need'}{more} (it has {fields})"


def unit_of(rows: Sequence[Mapping[str, Any]], name: str, spelling: Spelling, time: Time) -> tuple[str, str]:
    """The unit of a field of durations and how it was told: its name, start and end, the starts, the children, its size."""
    for pattern, unit in _NAMED:
        if pattern.search(name):
            return unit, "by its name"
    if name == "event.duration":
        return "ns", "as the Elastic Common Schema has it"
    rows = [row for row in rows[:_SAMPLE] if at(row, name) is not None]
    values = [number(at(row, name)) for row in rows]
    lengths = [
        time(at(row, spelling.end)) - time(at(row, spelling.start)) if spelling.end else 0.0 for row in rows
    ]
    fits = [
        min(UNITS, key=lambda u: abs(v * UNITS[u] - s))
        for v, s in zip(values, lengths, strict=True)
        if v > 0 and s > 0
    ]
    if fits:
        return Counter(fits).most_common(1)[0][0], "by start and end"
    digits = Counter(len(str(int(s))) for row in rows if 0 < (s := number(at(row, spelling.start))) < 1e20)
    usual = digits.most_common(1)[0][0] if digits else 0
    if usual >= 16:  # Zipkin and Jaeger write both in µs, Datadog and OTLP both in ns
        return ("ns" if usual >= 19 else "us"), "as its starts"
    return _by_children(rows, name, spelling, time) or _by_size([v for v in values if v == v])


def _by_children(
    rows: Sequence[Mapping[str, Any]], name: str, spelling: Spelling, time: Time
) -> tuple[str, str] | None:
    """The smallest unit in which nearly all children begin within their parents' time."""
    spans = {
        (at(row, spelling.trace), at(row, *spelling.own)): (
            time(at(row, spelling.start)),
            number(at(row, name)),
        )
        for row in rows
    }
    offsets = []
    for row in rows:
        child = spans[at(row, spelling.trace), at(row, *spelling.own)]
        parent = spans.get((at(row, spelling.trace), at(row, *spelling.parent)))
        if parent is not None and child[0] > parent[0] and parent[1] > 0:
            offsets.append((child[0] - parent[0], parent[1]))
    for unit in ("ns", "us", "ms", "s") if len(offsets) >= _PAIRS else ():
        if sum(offset <= length * UNITS[unit] for offset, length in offsets) >= _MOST * len(offsets):
            return unit, "by when children begin"
    return None


def _by_size(values: Sequence[float]) -> tuple[str, str]:
    """Fractions of a few are seconds; else the coarsest unit in which the median is a plausible request, from ms on."""
    middle = sorted(values)[len(values) // 2] if values else 0.0
    if middle < 10 and any(v != int(v) for v in values if v < 1e15):
        return "s", "by its size"
    return next((u for u in ("ms", "us") if middle * UNITS[u] <= _MEDIAN_S), "ns"), "by its size"
