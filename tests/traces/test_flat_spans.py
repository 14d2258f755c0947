"""Flat lists of spans in the spellings of several tools; each tells the same three spans."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources.base import Span
from aitia.tools.sources.traces.flat_spans import FlatSpans

T0 = 1_781_776_800.0
WINDOW = Window(start=from_epoch(T0 - 60), end=from_epoch(T0 + 3600))
Row = dict[str, Any]
CALLS = (
    ("frontend", "GET /", 0.0, 0.4, ""),
    ("checkout", "pay", 0.1, 0.25, "0a"),
    ("orders", "select", 0.2, 0.1, "0b"),
)
"""Service, operation, start and duration in seconds, parent; ids are 0a, 0b, 0c, the last one failed."""


def rows(make: Callable[..., Row], count: int = 4) -> list[Row]:
    found = []
    for trace in range(count):
        for n, (service, name, start, duration, parent) in enumerate(CALLS):
            id = ("0a", "0b", "0c")[n]
            begun = T0 + trace + start
            found.append(make(f"{trace + 1:032x}", id, parent, service, name, begun, duration, n == 2))
    return found


def plain(
    trace: str, id: str, parent: str, service: str, name: str, at: float, took: float, bad: bool
) -> Row:
    return {"trace_id": trace, "span_id": id, "parent_id": parent or None, "service": service, "operation": name,
            "start": datetime.fromtimestamp(at, tz=UTC).isoformat(), "duration_ms": took * 1e3, "status": "ERROR" if bad else "OK"}  # fmt: skip


def zipkin(
    trace: str, id: str, parent: str, service: str, name: str, at: float, took: float, bad: bool
) -> Row:
    return {"traceId": trace, "id": id, **({"parentId": parent} if parent else {}), "name": name, "kind": "SERVER",
            "timestamp": round(at * 1e6), "duration": round(took * 1e6), "localEndpoint": {"serviceName": service},
            "tags": {"error": "timeout"} if bad else {}}  # fmt: skip


def jaeger(
    trace: str, id: str, parent: str, service: str, name: str, at: float, took: float, bad: bool
) -> Row:
    references = [{"refType": "CHILD_OF", "traceID": trace, "spanID": parent}] if parent else []
    return {"traceID": trace, "spanID": id, "references": references, "operationName": name, "startTime": round(at * 1e6),
            "duration": round(took * 1e6), "process": {"serviceName": service},
            "tags": [{"key": "otel.status_code", "value": "ERROR"}, {"key": "error", "value": True}] if bad else []}  # fmt: skip


def datadog(
    trace: str, id: str, parent: str, service: str, name: str, at: float, took: float, bad: bool
) -> Row:
    return {"trace_id": int(trace, 16), "span_id": int(id, 16), "parent_id": int(parent or "0", 16), "service": service,
            "resource": name, "start": round(at * 1e9), "duration": round(took * 1e9), "error": int(bad), "meta": {}}  # fmt: skip


def elastic(
    trace: str, id: str, parent: str, service: str, name: str, at: float, took: float, bad: bool
) -> Row:
    own = "span" if parent else "transaction"
    return {"_source": {"trace": {"id": trace}, own: {"id": id, "name": name, "duration": {"us": round(took * 1e6)}},
                        **({"parent": {"id": parent}, "transaction": {"id": "0a"}} if parent else {}),
                        "service": {"name": service}, "timestamp": {"us": round(at * 1e6)},
                        "@timestamp": datetime.fromtimestamp(at, tz=UTC).isoformat(),
                        "event": {"outcome": "failure" if bad else "success"}}}  # fmt: skip


def otel(trace: str, id: str, parent: str, service: str, name: str, at: float, took: float, bad: bool) -> Row:
    return {"traceId": trace, "spanId": id, "parentSpanId": parent, "name": name, "kind": 2, "startTimeUnixNano": str(round(at * 1e9)),
            "endTimeUnixNano": str(round((at + took) * 1e9)), "status": {"code": 2 if bad else 1},
            "resource": {"attributes": {"service.name": service, "k8s.pod.name": f"{service}-1"}}}  # fmt: skip


def read(root: Path, text: str, name: str = "spans.json", **options: Any) -> tuple[list[Span], FlatSpans]:
    (root / name).write_text(text)
    source = FlatSpans(SourceConfig(name="s", kind="traces", type="spans", path=name, options=options), root)
    return source.spans(WINDOW), source


def as_csv(found: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(found[0]))
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue()


WRITTEN: dict[str, tuple[str, str]] = {
    "plain": (json.dumps(rows(plain)), "duration 'duration_ms' in ms (by its name)"),
    "lines": ("\n".join(map(json.dumps, rows(plain))), "'duration_ms' in ms"),
    "csv": (as_csv(rows(plain)), "'duration_ms' in ms"),
    "zipkin": (json.dumps(rows(zipkin), indent=1), "service from 'localEndpoint.serviceName'"),
    "zipkin traces": (json.dumps([[one] for one in rows(zipkin)]), "'duration' in µs (as its starts)"),
    "jaeger lines": ("\n".join(map(json.dumps, rows(jaeger))), "service from 'process.serviceName'"),
    "datadog": (json.dumps({"data": [{"id": "x", "type": "span", "attributes": x} for x in rows(datadog)]}), "'duration' in ns"),
    "elastic": (json.dumps({"hits": {"total": 1, "hits": rows(elastic)}}), "'span.duration.us' in µs"),
    "otel": (json.dumps(rows(otel)), "duration up to 'endTimeUnixNano'"),
}  # fmt: skip


@pytest.mark.parametrize("form", WRITTEN)
def test_every_spelling_tells_the_same_spans(tmp_path: Path, form: str) -> None:
    text, said = WRITTEN[form]
    spans, source = read(tmp_path, text)
    assert len(spans) == 12
    found = [
        (s.component, s.operation, round(s.start - T0, 3), round(s.duration, 3), s.error, bool(s.parent))
        for s in spans[:3]
    ]
    assert found == [(c, name, start, took, c == "orders", bool(up)) for c, name, start, took, up in CALLS]
    links = {c.id: [k.to for k in c.links] for c in source.components()}
    assert links == {"frontend": ["checkout"], "checkout": ["orders"], "orders": []}
    assert said in source.describe(WINDOW).guessed


@pytest.mark.parametrize(("unit", "scale"), [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
@pytest.mark.parametrize("given", ["end", "children"])
def test_a_unit_that_no_name_tells_is_told_by_the_end_or_by_the_children(
    tmp_path: Path, unit: str, scale: float, given: str
) -> None:
    def bare(*told: Any) -> Row:
        row = plain(*told)
        row["duration"] = row.pop("duration_ms") / 1e3 * scale
        if given == "end":
            row["end"] = datetime.fromtimestamp(told[5] + told[6], tz=UTC).isoformat()
        return row

    spans, source = read(tmp_path, json.dumps(rows(bare)))
    why = {"end": "by start and end", "children": "by when children begin"}[given]
    assert (
        f"'duration' in {unit.replace('us', 'µs')} ({why}); else set options.duration_unit"
        in source.describe(WINDOW).guessed
    )
    assert [round(s.duration, 3) for s in spans[:3]] == [0.4, 0.25, 0.1]


def test_the_options_say_what_is_not_to_be_guessed(tmp_path: Path) -> None:
    told = [{**one, "team": "shop"} for one in rows(plain)]
    spans, source = read(tmp_path, json.dumps(told), duration_unit="s", service_field="team")
    assert {s.component for s in spans} == {"shop"}
    assert spans[0].duration == 400
    assert "as configured" in source.describe(WINDOW).guessed
    with pytest.raises(BadInput, match="duration_unit"):
        read(tmp_path, "[]", duration_unit="min")


def test_spans_without_a_service_name_the_option_and_the_fields(tmp_path: Path) -> None:
    told = [{k: v for k, v in one.items() if k != "service"} for one in rows(plain)]
    with pytest.raises(
        SourceError, match=r"no field holds a service: set options.service_field \(it has trace_id, span_id"
    ):
        read(tmp_path, json.dumps(told))


def test_what_is_no_span_is_counted_and_said(tmp_path: Path) -> None:
    odd: list[object] = [
        3,
        None,
        "x",
        {},
        {**rows(plain)[0], "start": "noon"},
        {**rows(plain)[0], "duration_ms": -1},
    ]
    spans, source = read(tmp_path, json.dumps([*rows(plain), *odd]))
    assert len(spans) == 12
    assert source.note == "6 spans have no ids, times or service name and were left out"


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"data":' * 50_000, "[1, 2]", '[{"trace_id": {"a": 1}}]', "a,b\n1,2\n", "\x00\x01", "[[[[[[[[[]]]]]]]]]",
     '[{"trace_id": "1", "span_id": "2", "service": "a", "start": 1e308, "duration": 1e308}]'],
)  # fmt: skip
def test_hostile_lists_hold_no_span_or_are_a_source_error(tmp_path: Path, text: str) -> None:
    with contextlib.suppress(SourceError):
        assert read(tmp_path, text)[0] == []
