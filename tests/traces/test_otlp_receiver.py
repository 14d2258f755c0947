"""The OTLP/HTTP receiver against the real SDK and its exporter, and against clients that do not behave."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources import TopologySource, TraceSource
from aitia.tools.sources.traces.otlp_receiver import OtlpReceiver

from .shop import T0, Shop

WINDOW = Window(start=from_epoch(T0), end=from_epoch(T0 + 60))
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver(port=0, max_body=200_000, in_flight=1) as running:
        yield running


def url(receiver: OtlpReceiver, path: str = "/v1/traces") -> str:
    host, port = receiver.address
    return f"http://{host}:{port}{path}"


def body(**shop: Any) -> bytes:
    made = Shop(**shop).run(T0, 3)
    return json.dumps({"resourceSpans": [g for r in made.requests for g in r["resourceSpans"]]}).encode()


@pytest.mark.server
@pytest.mark.parametrize("compression", ["NoCompression", "Gzip"])
def test_the_sdk_exports_to_it(compression: str) -> None:
    http = pytest.importorskip(
        "opentelemetry.exporter.otlp.proto.http", reason="needs the OTLP/HTTP exporter"
    )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    with OtlpReceiver(port=0) as receiver:
        exporter = OTLPSpanExporter(endpoint=url(receiver), compression=http.Compression[compression])
        provider = TracerProvider(resource=Resource({"service.name": "shop"}))
        provider.add_span_processor(BatchSpanProcessor(exporter))
        began = time.time()
        with provider.get_tracer("t").start_as_current_span("outer"):
            for _ in range(20):
                with provider.get_tracer("t").start_as_current_span("inner"):
                    pass
        assert provider.force_flush(5000)
        provider.shutdown()
        spans = receiver.spans(Window(start=from_epoch(began - 1), end=from_epoch(began + 60)))
        assert sorted(s.operation for s in spans) == ["inner"] * 20 + ["outer"]
        assert {s.component for s in spans} == {"shop"}


def test_json_is_taken_and_answered_in_json(receiver: OtlpReceiver) -> None:
    answer = httpx.post(
        url(receiver), content=gzip.compress(body()), headers=JSON | {"Content-Encoding": "gzip"}
    )
    assert (answer.status_code, answer.headers["Content-Type"], answer.json()) == (
        200,
        "application/json",
        {},
    )
    assert isinstance(receiver, TraceSource)
    assert isinstance(receiver, TopologySource)
    assert len(receiver.spans(WINDOW)) == 27
    held = receiver.describe(WINDOW)
    assert (held.kind, held.count, held.components) == (
        "traces",
        27,
        ("mail", "orders", "payment", "stock", "web"),
    )
    orders = next(c for c in receiver.components() if c.id == "orders")
    assert {link.to for link in orders.links} == {"stock", "payment"}


def test_spans_that_cannot_be_used_are_a_partial_success(receiver: OtlpReceiver) -> None:
    told = json.loads(body())
    told["resourceSpans"][0]["resource"] = {}
    answer = httpx.post(url(receiver), json=told)
    assert answer.status_code == 200
    assert int(answer.json()["partialSuccess"]["rejectedSpans"]) > 0


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        (JSON, b"{", 400),
        (JSON, b"[]", 400),
        ({"Content-Type": "application/x-protobuf"}, b"\xff\xff\xff", 400),
        (JSON | {"Content-Encoding": "gzip"}, b"no gzip", 400),
        (JSON | {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 300_000), 413),
        (JSON | {"Content-Encoding": "br"}, b"{}", 415),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        (JSON, b" " * 200_001, 413),
    ],
)
def test_what_it_cannot_take_is_refused_as_the_specification_says(
    receiver: OtlpReceiver, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = httpx.post(url(receiver), content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] in ("application/json", "application/x-protobuf")
    if answer.headers["Content-Type"] == "application/json":
        assert answer.json()["message"]
    assert receiver.spans(WINDOW) == []
    assert httpx.post(url(receiver), content=body(), headers=JSON).status_code == 200


def test_protobuf_errors_are_a_status_message(receiver: OtlpReceiver) -> None:
    status_pb2 = pytest.importorskip("google.rpc.status_pb2", reason="needs googleapis-common-protos")
    answer = httpx.post(url(receiver), content=b"\xff", headers={"Content-Type": "application/x-protobuf"})
    status = status_pb2.Status.FromString(answer.content)
    assert status.code == 3
    assert "ExportTraceServiceRequest" in status.message


def test_other_paths_and_methods(receiver: OtlpReceiver) -> None:
    assert httpx.post(url(receiver, "/v1/metrics"), content=b"{}", headers=JSON).status_code == 404
    answer = httpx.get(url(receiver))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_second_request_while_one_is_read_is_put_off(receiver: OtlpReceiver) -> None:
    with socket.create_connection(receiver.address) as slow:
        slow.sendall(
            b"POST /v1/traces HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        deadline = time.monotonic() + 5
        while (answer := httpx.post(url(receiver), content=b"{", headers=JSON)).status_code != 429:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert answer.headers["Retry-After"] == "1"
    deadline = time.monotonic() + 5
    while httpx.post(url(receiver), content=body(), headers=JSON).status_code == 429:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert len(receiver.spans(WINDOW)) == 27


def test_a_body_of_unknown_length_and_one_that_ends_early(receiver: OtlpReceiver) -> None:
    answer = httpx.post(url(receiver), content=iter([b"{}"]), headers=JSON)
    assert answer.status_code == 411
    with socket.create_connection(receiver.address) as cut:
        cut.sendall(
            b"POST /v1/traces HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        cut.shutdown(socket.SHUT_WR)
        assert b" 400 " in cut.recv(200)


def test_a_body_that_drips_is_given_up() -> None:
    with OtlpReceiver(port=0, body_s=0.2) as receiver, socket.create_connection(receiver.address) as slow:
        slow.settimeout(5)
        slow.sendall(
            b"POST /v1/traces HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )
        assert b" 408 " in slow.recv(200)


@pytest.mark.parametrize(
    ("key", "value"),
    [("traceId", "ab" * 17), ("spanId", "ab" * 9), ("spanId", "ab" * 16), ("parentSpanId", "ab" * 16),
     ("startTimeUnixNano", "9" * 400), ("startTimeUnixNano", "9" * 5000)],
)  # fmt: skip
def test_ids_and_times_that_are_too_long_are_rejected(receiver: OtlpReceiver, key: str, value: str) -> None:
    told = json.loads(body())
    told["resourceSpans"][0]["scopeSpans"][0]["spans"][0][key] = value
    answer = httpx.post(url(receiver), json=told)
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"


def test_protobuf_ids_that_are_too_long_are_rejected(receiver: OtlpReceiver) -> None:
    made = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    request = made.ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = "web"
    at = {"start_time_unix_nano": int(T0 * 1e9), "end_time_unix_nano": int(T0 * 1e9) + 5}
    spans = group.scope_spans.add().spans
    spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, **at)
    spans.add(trace_id=b"t" * 17, span_id=b"s" * 8, **at)
    spans.add(trace_id=b"t" * 16, span_id=b"s" * 9, **at)
    answer = httpx.post(
        url(receiver), content=request.SerializeToString(), headers={"Content-Type": "application/x-protobuf"}
    )
    assert answer.status_code == 200
    assert [s.id for s in receiver.spans(WINDOW)] == [(b"s" * 8).hex()]


def test_the_window_is_bounded_in_spans_and_minutes() -> None:
    clock = [0.0]
    with OtlpReceiver(port=0, max_spans=30, minutes=1, now=lambda: clock[0]) as receiver:
        for seed in range(3):
            assert httpx.post(url(receiver), content=body(seed=seed), headers=JSON).status_code == 200
        assert len(receiver.spans(WINDOW)) == 30
        assert "51 older spans were dropped" in receiver.describe(WINDOW).note
        clock[0] = 61.0
        httpx.post(url(receiver), content=body(seed=9), headers=JSON)
        assert len(receiver.spans(WINDOW)) == 27


def test_a_token_is_asked_for_where_one_is_set() -> None:
    with OtlpReceiver(port=0, token="open sesame") as receiver:
        refused = httpx.post(url(receiver), content=body(), headers=JSON)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        given = JSON | {"Authorization": "Bearer open sesame"}
        assert httpx.post(url(receiver), content=body(), headers=given).status_code == 200


def test_it_listens_on_loopback_and_says_what_is_in_its_way() -> None:
    with OtlpReceiver(port=0) as receiver:
        assert receiver.address[0] == "127.0.0.1"
        with pytest.raises(SourceError, match="Choose another host or port"):
            OtlpReceiver(port=receiver.address[1]).start()
        assert "No span has arrived yet" in receiver.describe(WINDOW).note
    with pytest.raises(BadInput, match="Start the receiver"):
        receiver.address  # noqa: B018
