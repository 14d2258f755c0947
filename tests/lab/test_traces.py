"""Spans of a recording: the SDK and a Node service into one trace, and what is kept where there are too many."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aitia.core.config import SourceConfig
from aitia.core.words import Window, from_epoch
from aitia.lab.client import http_sender
from aitia.lab.net import listening
from aitia.lab.receiver import SpanReceiver
from aitia.lab.servers.load import PROGRAMS
from aitia.lab.supervisor import wait_for
from aitia.lab.traces import FILE, Request, in_share, write_traces
from aitia.tools.sources import Span, open_sources

BEGIN = 1_790_000_000.0
NODE = shutil.which("node")


def free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def read(folder: Path) -> list[Span]:
    """By the source that a scenario names."""
    config = SourceConfig(name="traces", kind="traces", type="otlp", path=FILE)
    (source,) = open_sources([config], folder)
    spans: list[Span] = source.spans(Window(start=from_epoch(BEGIN - 10), end=from_epoch(time.time() + 1e6)))  # type: ignore[attr-defined]
    assert source.note == ""  # type: ignore[attr-defined]
    return spans


def span(
    rng: random.Random, trace: str, at: float, *, parent: str = "", failed: bool = False
) -> dict[str, Any]:
    nanos = int(at * 1e9) + rng.randrange(1000)
    return {
        "traceId": trace, "spanId": f"{rng.getrandbits(64):016x}", **({"parentSpanId": parent} if parent else {}),
        "name": "GET", "kind": 2, "startTimeUnixNano": str(nanos), "endTimeUnixNano": str(nanos + rng.randrange(10**8)),
        "status": {"code": 2} if failed else {},
    }  # fmt: skip


def requests(number: int, *, failing_from: float = 1.0) -> list[Request]:
    """Two services' spans of `number` traces, each service by itself; the last part of them fails."""
    rng = random.Random(4)
    sent: dict[str, list[dict[str, Any]]] = {"front": [], "back": []}
    for n in range(number):
        trace, failed = f"{rng.getrandbits(128):032x}", n >= failing_from * number
        front = span(rng, trace, BEGIN + n, failed=failed)
        sent["front"].append(front)
        sent["back"].append(span(rng, trace, BEGIN + n, parent=front["spanId"], failed=failed))
    return [
        ("application/json", json.dumps({"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]},
            "scopeSpans": [{"scope": {"name": "http"}, "spans": spans}],
        }]}).encode())
        for name, spans in sent.items()
    ]  # fmt: skip


def test_few_traces_are_all_kept_and_paths_are_the_sites(tmp_path: Path) -> None:
    of = write_traces(
        requests(40), tmp_path, start=BEGIN, end=BEGIN + 20.5, hide=lambda text: text.replace("GET", "HEAD")
    )
    spans = read(tmp_path)
    assert of == 1
    assert len(spans) == 2 * 21  # what begins later is not of the recording
    assert {s.operation for s in spans} == {"HEAD"}


def test_too_many_are_thinned_by_whole_traces_the_same_each_time(tmp_path: Path) -> None:
    sent = requests(1500, failing_from=0.6)
    (tmp_path / "again").mkdir()
    for out in (tmp_path, tmp_path / "again"):
        of = write_traces(sent, out, start=BEGIN, end=BEGIN + 2000, hide=str, limit=20_000)
    spans = read(tmp_path)
    assert (tmp_path / FILE).read_bytes() == (tmp_path / "again" / FILE).read_bytes()
    assert (tmp_path / FILE).stat().st_size <= 20_000
    assert 1 < of <= 32
    traces = {s.trace for s in spans}
    assert len(spans) == 2 * len(traces)  # each whole
    assert traces == {s["traceId"] for s in front_of(sent) if in_share(s["traceId"], 1 / of)}
    assert sum(s.error for s in spans) / len(spans) == pytest.approx(0.4, abs=0.12)


def front_of(sent: list[Request]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sent[0][1])["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return found


def test_which_ones_are_kept_does_not_depend_on_what_failed(tmp_path: Path) -> None:
    kept = []
    for failing in (0.0, 1.0):
        write_traces(
            requests(1500, failing_from=failing),
            tmp_path,
            start=BEGIN,
            end=BEGIN + 2000,
            hide=str,
            limit=20_000,
        )
        kept.append({s.trace for s in read(tmp_path)})
    assert kept[0] == kept[1]


def test_a_share_holds_the_smaller_ones_and_is_about_as_large_as_it_says() -> None:
    rng = random.Random(1)
    ids = [f"{rng.getrandbits(128):032x}" for _ in range(4000)]
    halves, quarters = ({i for i in ids if in_share(i, share)} for share in (0.5, 0.25))
    assert quarters < halves
    assert len(quarters) / len(ids) == pytest.approx(0.25, abs=0.03)
    assert all(in_share(i, 1.0) for i in ids)


def test_without_spans_there_is_no_file(tmp_path: Path) -> None:
    assert write_traces([], tmp_path, start=BEGIN, end=BEGIN + 10, hide=str) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def receiver() -> Iterator[SpanReceiver]:
    with SpanReceiver(free_port()) as running:
        yield running


@pytest.mark.server
def test_a_client_of_the_sdk_and_a_node_service_make_one_trace(
    receiver: SpanReceiver, tmp_path: Path
) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="needs the OTLP/HTTP exporter")
    if NODE is None:
        pytest.skip("needs node")
    endpoint = f"http://127.0.0.1:{receiver.port}/v1/traces"
    port, began = free_port(), time.time()
    env = {"PORT": str(port), "UPLOADS": str(tmp_path / "no such folder"), "HOST_NAME": "edge-1", "PATH": os.environ["PATH"],
           "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint, "OTEL_SERVICE_NAME": "catalog"}  # fmt: skip

    def arrived() -> int:
        write_traces(receiver.requests, tmp_path, start=began - 1, end=time.time(), hide=str)
        return len(read(tmp_path)) if (tmp_path / FILE).exists() else 0

    argv = [NODE, "--require", str(PROGRAMS / "tracing.js"), str(PROGRAMS / "catalog.js")]
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL) as node:
        try:
            wait_for(lambda: listening(port), what="catalog")
            config: dict[str, Any] = {
                "target": f"http://127.0.0.1:{port}", "timeout_s": 20, "headers": {"User-Agent": "Firefox"},
                "component": "visitors", "otlp": endpoint, "peers": {f"127.0.0.1:{port}": "catalog"},
            }  # fmt: skip
            page = {
                "name": "page",
                "method": "GET",
                "path": "/api/articles/{n}",
                "body": "",
                "weight": 1,
                "of": 9,
            }
            picture = page | {
                "name": "picture",
                "method": "POST",
                "path": "/api/uploads",
                "body": "image {n}",
            }
            for kind, outcome in ((page, "ok"), (picture, "error")):
                assert http_sender(config | {"requests": [kind]})(random.Random(1))[0] == outcome
            wait_for(lambda: arrived() == 7, what="all spans", seconds=30)
        finally:
            node.terminate()
    spans = read(tmp_path)
    by = {(s.component, s.operation): s for s in spans}
    page_root, call, served = (
        by["visitors", "page"],
        by["visitors", "GET"],
        by["catalog", "GET /api/articles/:id"],
    )
    assert served.trace == call.trace == page_root.trace
    assert (page_root.parent, call.parent, served.parent) == ("", page_root.id, call.id)
    assert (call.kind, call.peer, call.status, served.kind) == ("client", "catalog", "200", "server")
    assert page_root.start <= call.start <= served.start + 0.05  # two clocks of one machine
    stored = by["catalog", "fs writeFile"]
    assert (stored.error, stored.exception) == (True, "ENOENT")
    assert stored.parent == by["catalog", "POST /api/uploads"].id
    assert by["visitors", "picture"].error
    assert by["catalog", "POST /api/uploads"].status == "500"
    assert b"User-Agent" not in gzip.decompress((tmp_path / FILE).read_bytes())
