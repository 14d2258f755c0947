"""Span files: OTLP as the OpenTelemetry SDK's own encoder writes it and by hand, and Jaeger's JSON."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.resolve import Resolver
from aitia.core.words import Component, Window, from_epoch
from aitia.tools.sources import Span, TopologySource, TraceSource, build_inventory, open_source
from aitia.tools.sources.traces.span_files import SpanFiles, derived

from .shop import T0, Shop

WINDOW = Window(start=from_epoch(T0), end=from_epoch(T0 + 60))


def source(folder: Path, name: str, type: str = "otlp", **options: Any) -> SpanFiles:
    made = open_source(SourceConfig(name="t", kind="traces", type=type, path=name, options=options), folder)
    assert isinstance(made, SpanFiles)
    assert isinstance(made, TraceSource)
    assert isinstance(made, TopologySource)
    return made


def request(**span: Any) -> dict[str, Any]:
    one = {
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "GET /", "kind": 2,
        "startTimeUnixNano": str(int(T0 * 1e9)), "endTimeUnixNano": str(int((T0 + 0.25) * 1e9)),
    } | span  # fmt: skip
    service = {"key": "service.name", "value": {"stringValue": "web"}}
    return {"resourceSpans": [{"resource": {"attributes": [service]}, "scopeSpans": [{"spans": [one]}]}]}


def only(folder: Path, told: object) -> Span:
    (folder / "one.json").write_text(json.dumps(told), encoding="utf-8")
    (span,) = source(folder, "one.json").spans(WINDOW)
    return span


def test_a_span_has_what_its_json_says(tmp_path: Path) -> None:
    attributes = [
        {"key": "http.response.status_code", "value": {"intValue": "503"}},
        {"key": "server.address", "value": {"stringValue": "payment"}},
    ]
    event = {
        "name": "exception",
        "attributes": [{"key": "exception.type", "value": {"stringValue": "IOError"}}],
    }
    span = only(tmp_path, request(kind="SPAN_KIND_CLIENT", attributes=attributes, events=[event]))
    assert (span.component, span.operation, span.kind, span.peer) == ("web", "GET /", "client", "payment")
    assert (span.start, span.duration) == (pytest.approx(T0), pytest.approx(0.25))
    assert (span.error, span.status, span.exception) == (True, "503", "IOError")


def test_a_client_error_is_no_failure_of_the_server(tmp_path: Path) -> None:
    attributes = [{"key": "http.status_code", "value": {"intValue": 404}}]
    assert not only(tmp_path, request(attributes=attributes)).error


def test_ids_in_base64_and_in_capitals_are_the_same_ids(tmp_path: Path) -> None:
    raw = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")
    packed = only(tmp_path, request(traceId=base64.b64encode(raw).decode()))
    assert packed.trace == only(tmp_path, request(traceId=raw.hex().upper())).trace == raw.hex()


def sdk_spans() -> list[Any]:
    """Spans of a real OpenTelemetry SDK: a server span with a client child that fails."""
    trace = pytest.importorskip("opentelemetry.sdk.trace", reason="needs opentelemetry-sdk")
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import SpanKind

    kept = InMemorySpanExporter()
    provider = trace.TracerProvider(resource=Resource({"service.name": "shop", "k8s.pod.name": "shop-0"}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("GET /cart", kind=SpanKind.SERVER):
        try:
            with tracer.start_as_current_span(
                "SELECT", kind=SpanKind.CLIENT, attributes={"db.system": "postgresql"}
            ):
                raise TimeoutError("no answer")
        except TimeoutError:
            pass
    return list(kept.get_finished_spans())


def around(spans: list[Any]) -> Window:
    at = min(s.start_time for s in spans) / 1e9
    return Window(start=from_epoch(at - 60), end=from_epoch(at + 60))


@pytest.mark.parametrize("framing", ["none", "varint", "four bytes"])
def test_protobuf_of_the_sdk_reads_back_in_each_framing(tmp_path: Path, framing: str) -> None:
    encoder = pytest.importorskip("opentelemetry.exporter.otlp.proto.common.trace_encoder")
    spans = sdk_spans()
    message = encoder.encode_spans(spans).SerializeToString()
    length = {"none": b"", "varint": varint(len(message)), "four bytes": len(message).to_bytes(4, "big")}[
        framing
    ]
    (tmp_path / "t.bin").write_bytes((length + message) * (1 if framing == "none" else 2))
    read = source(tmp_path, "t.bin").spans(around(spans))
    assert len(read) == (2 if framing == "none" else 4)
    client, server = sorted({s.id: s for s in read}.values(), key=lambda s: s.kind)
    assert (server.component, server.operation, server.instance) == ("shop", "GET /cart", "shop-0")
    assert (client.parent, client.trace) == (server.id, server.trace)
    assert (client.error, client.peer, client.exception) == (True, "postgresql", "TimeoutError")


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def test_lines_packed_lines_and_one_indented_object_are_the_same(tmp_path: Path) -> None:
    made = Shop().run(T0, 20)
    made.write(tmp_path)
    lines = (tmp_path / "traces.jsonl").read_bytes()
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(lines))
    whole = {"resourceSpans": [g for r in made.requests for g in r["resourceSpans"]]}
    (tmp_path / "whole.json").write_text(json.dumps(whole, indent=2), encoding="utf-8")
    (tmp_path / "list.json").write_text(json.dumps(made.requests), encoding="utf-8")
    plain = source(tmp_path, "traces.jsonl").spans(WINDOW)
    assert len(plain) == 20 * 9
    for name in ("packed.jsonl.gz", "whole.json", "list.json"):
        assert source(tmp_path, name).spans(WINDOW) == plain


def test_only_spans_that_start_in_the_window_are_given_in_order(tmp_path: Path) -> None:
    Shop().run(T0 - 30, 120).write(tmp_path)
    spans = source(tmp_path, "traces.jsonl").spans(WINDOW)
    assert all(T0 <= s.start < T0 + 60 for s in spans)
    assert spans == sorted(spans, key=lambda s: (s.start, s.trace, s.id))


def test_a_sample_keeps_whole_traces_and_says_so(tmp_path: Path) -> None:
    Shop().run(T0, 59, per_s=4).write(tmp_path)
    held = source(tmp_path, "traces.jsonl", max_spans=500)
    spans = held.spans(WINDOW)
    assert 100 < len(spans) <= 500
    counts = {s.trace: 0 for s in spans}
    for s in spans:
        counts[s.trace] += 1
    assert set(counts.values()) == {9}
    large = source(tmp_path, "traces.jsonl", max_spans=500, max_mb=0.3)
    assert large.spans(WINDOW)
    assert "only the first" in large.note


def test_damaged_lines_and_unusable_spans_are_told_not_fatal(tmp_path: Path) -> None:
    good = json.dumps(request())
    nameless = json.dumps({"resourceSpans": [{"scopeSpans": request()["resourceSpans"][0]["scopeSpans"]}]})
    text = "\n".join([good, '{"resourceSpans": [', nameless, "[]", ""])
    (tmp_path / "t.jsonl").write_text(text, encoding="utf-8")
    held = source(tmp_path, "t.jsonl")
    assert len(held.spans(WINDOW)) == 1
    note = held.describe(WINDOW).note
    assert "1 spans have no ids" in note
    assert "1 lines are not OTLP requests" in note


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02 binary junk \xff" * 40, b"{not json", b'{"a": 1}', b"[[[["]
)
@pytest.mark.parametrize("type", ["otlp", "jaeger"])
def test_junk_is_a_clear_error(tmp_path: Path, content: bytes, type: str) -> None:
    (tmp_path / "junk").write_bytes(content)
    if type == "jaeger" and content == b'{"a": 1}':
        content = b""
    with pytest.raises(SourceError, match="Give source 't' files of spans"):
        source(tmp_path, "junk", type).spans(WINDOW)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        source(tmp_path, "nowhere.jsonl").spans(WINDOW)


def test_a_broken_trace_source_is_a_note_of_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"\x00junk")
    inventory = build_inventory([source(tmp_path, "junk")], WINDOW, Resolver())
    assert "Give source 't'" in inventory.holdings[0].note
    assert not inventory.has("traces")


def jaeger(**span: Any) -> dict[str, Any]:
    server = {
        "traceID": "a1", "spanID": "b1", "operationName": "checkout", "startTime": int(T0 * 1e6), "duration": 9000,
        "processID": "p1", "references": [], "tags": [{"key": "span.kind", "type": "string", "value": "server"}],
    }  # fmt: skip
    client = server | {
        "spanID": "b2", "operationName": "charge", "processID": "p2", "duration": 4000,
        "references": [{"refType": "CHILD_OF", "traceID": "a1", "spanID": "b1"}],
        "tags": [{"key": "error", "type": "bool", "value": True}, {"key": "http.status_code", "value": 500}],
        "logs": [{"fields": [{"key": "event", "value": "error"}, {"key": "error.kind", "value": "Refused"}]}],
    } | span  # fmt: skip
    processes = {"p1": {"serviceName": "orders"}, "p2": {"serviceName": "payment"}}
    return {"traceID": "a1", "spans": [server, client], "processes": processes}


@pytest.mark.parametrize("shape", ["answer", "trace", "lines"])
def test_jaeger_json_in_its_three_shapes(tmp_path: Path, shape: str) -> None:
    text = {
        "answer": json.dumps({"data": [jaeger()], "total": 0}, indent=1),
        "trace": json.dumps(jaeger()),
        "lines": json.dumps(jaeger()) + "\n" + json.dumps({"data": []}) + "\n",
    }[shape]
    (tmp_path / "j.json").write_text(text, encoding="utf-8")
    held = source(tmp_path, "j.json", "jaeger")
    server, client = held.spans(WINDOW)
    assert (server.component, server.kind, server.duration) == ("orders", "server", pytest.approx(0.009))
    assert (client.component, client.parent, client.error) == ("payment", server.id, True)
    assert (client.status, client.exception) == ("500", "Refused")
    assert [(c.id, [link.to for link in c.links]) for c in held.components()] == [
        ("orders", ["payment"]),
        ("payment", []),
    ]


def test_topology_from_parents_and_from_peers_that_send_no_spans(tmp_path: Path) -> None:
    Shop().run(T0, 5).write(tmp_path)
    found = {c.id: {link.to for link in c.links} for c in source(tmp_path, "traces.jsonl").components()}
    assert found == {
        "web": {"orders"}, "orders": {"stock", "payment"}, "payment": {"mail"}, "stock": set(), "mail": set(),
    }  # fmt: skip
    lone = Span(
        trace="t", id="a", parent="", component="orders", operation="SELECT", start=1, duration=1, kind="client",
        peer="orders-db",
    )  # fmt: skip
    assert [c.id for c in derived([lone])] == ["orders", "orders-db"]


def test_names_that_topology_knows_as_aliases_are_not_new_components(tmp_path: Path) -> None:
    Shop().run(T0, 5).write(tmp_path)
    resolver = Resolver([Component(id="Payments", aliases=("payment",))])
    inventory = build_inventory([source(tmp_path, "traces.jsonl")], WINDOW, resolver)
    assert [c.id for c in inventory.components] == ["Payments", "mail", "orders", "stock", "web"]
    orders = next(c for c in inventory.components if c.id == "orders")
    assert {link.to for link in orders.links} == {"Payments", "stock"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("spans", 5), ("references", 5), ("startTime", 10**400), ("duration", 10**400), ("logs", 5), ("tags", 5)],
)  # fmt: skip
def test_a_hostile_jaeger_trace_does_not_hide_the_others(tmp_path: Path, key: str, value: object) -> None:
    hostile = {**jaeger(), "spans": value} if key == "spans" else jaeger(**{key: value})
    (tmp_path / "j.json").write_text(json.dumps({"data": [hostile, jaeger()]}), encoding="utf-8")
    assert {s.component for s in source(tmp_path, "j.json", "jaeger").spans(WINDOW)} == {"orders", "payment"}


@pytest.mark.parametrize("value", ["9" * 400, "9" * 5000])
def test_a_hostile_otlp_span_does_not_hide_the_others(tmp_path: Path, value: str) -> None:
    status = [{"key": "http.status_code", "value": {"stringValue": value}}]
    told = [request(startTimeUnixNano=value), request(attributes=status)]
    (tmp_path / "t.json").write_text(json.dumps(told), encoding="utf-8")
    (span,) = source(tmp_path, "t.json").spans(WINDOW)
    assert not span.error


KEYS = [
    "resourceSpans",
    "scopeSpans",
    "spans",
    "attributes",
    "key",
    "value",
    "traceId",
    "spanId",
    "events",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "kind",
    "status",
    "data",
    "processes",
    "references",
    "tags",
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)


def read_or_refused(held: SpanFiles) -> bool:
    """Whether the source gives a list of spans or the error that says what to change; anything else is raised."""
    try:
        return isinstance(held.spans(WINDOW), list)
    except SourceError as error:
        return "Give source" in str(error)


@given(junk=JUNK, type=st.sampled_from(["otlp", "jaeger"]))
@settings(max_examples=150)
def test_any_json_is_read_or_refused(tmp_path: Path, junk: object, type: str) -> None:
    (tmp_path / "junk.json").write_text(json.dumps(junk), encoding="utf-8")
    assert read_or_refused(source(tmp_path, "junk.json", type))


@given(data=st.binary(max_size=200))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "junk.bin").write_bytes(data)
    assert read_or_refused(source(tmp_path, "junk.bin"))
