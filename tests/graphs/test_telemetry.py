"""Traces of a run: what a real receiver gets of it over OTLP, that no text is in it, and that nothing is loaded unless asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aitia.core.errors import WaitsForPerson
from aitia.core.telemetry import Telemetry, traced_run, use_telemetry
from aitia.settings import Settings
from tests.graphs import lab
from tests.web.served import wait_for

ROOT = Path(__file__).parents[2]
pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")
ALLOWED = {
    "openinference.span.kind", "session.id", "tool.name", "llm.model_name", "llm.token_count.prompt",
    "llm.token_count.completion", "llm.token_count.total", "llm.token_count.prompt_details.cache_read", "aitia.status",
    "aitia.facts", "aitia.verdict", "aitia.probability", "error.type",
}  # fmt: skip


class Receiver:
    """A receiver of OTLP/HTTP."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []
        self.services: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.take(self.path, self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, body: bytes) -> None:
        from google.protobuf.json_format import MessageToDict
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        assert path == "/v1/traces"
        for group in MessageToDict(ExportTraceServiceRequest.FromString(body))["resourceSpans"]:
            self.services |= {
                a["value"]["stringValue"]
                for a in group["resource"]["attributes"]
                if a["key"] == "service.name"
            }
            self.spans += [span for scope in group["scopeSpans"] for span in scope["spans"]]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [s for s in self.spans if s["name"].startswith(name)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    use_telemetry(Telemetry(traces=True, endpoint=made.url))
    yield made
    use_telemetry(Telemetry())
    made.server.shutdown()
    made.server.server_close()


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {a["key"]: next(iter(a["value"].values())) for a in span.get("attributes", [])}


def test_a_run_is_a_trace_of_its_steps_tools_and_model_calls(receiver: Receiver, tmp_path: Path) -> None:
    store, report = lab.run(tmp_path, *lab.GOOD)
    wait_for(lambda: receiver.of("diagnosis"), 20)
    (root,) = receiver.of("diagnosis")
    told = attributes(root)
    assert (told["openinference.span.kind"], told["session.id"], told["aitia.verdict"]) == (
        "AGENT",
        store.id,
        report.verdict,
    )
    steps, tools, calls = receiver.of("step "), receiver.of("tool "), receiver.of("model ")
    assert {"step open", "step weigh", "step publish"} <= {s["name"] for s in steps}
    assert sorted(attributes(s)["tool.name"] for s in tools) == sorted(
        e["tool"]
        for e in map(json.loads, (store.path / "events.jsonl").read_text().splitlines())
        if e["type"] == "task_done"
    )
    recorded = [r for r in store.llm_records() if r["method"] != "count"]
    assert len(calls) == len(recorded) > 0
    assert {attributes(s)["openinference.span.kind"] for s in calls} == {"LLM"}
    for span in (*steps, *tools, *calls):
        assert (span["traceId"], span["parentSpanId"]) == (root["traceId"], root["spanId"])
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    assert receiver.services == {"aitia"}


def test_no_text_of_the_incident_the_telemetry_or_the_model_is_in_it(
    receiver: Receiver, tmp_path: Path
) -> None:
    store, report = lab.run(tmp_path, *lab.GOOD)
    wait_for(lambda: receiver.of("diagnosis"), 20)
    assert {key for span in receiver.spans for key in attributes(span)} <= ALLOWED
    sent = json.dumps(receiver.spans)
    said = {
        report.incident.title,
        *(e.statement for e in report.evidence),
        *(e.component for e in report.evidence),
    }
    said |= {str(r["answer"].get("text", "")) for r in store.llm_records()}
    assert said > {"orders"}
    assert [text for text in said if text and text in sent] == []


def test_a_failure_is_told_by_its_kind_alone_and_waiting_is_none(receiver: Receiver) -> None:
    with pytest.raises(ValueError, match="secret"), traced_run("a"):
        raise ValueError("a secret of the telemetry")
    with pytest.raises(WaitsForPerson), traced_run("b"):
        raise WaitsForPerson("b", {})
    wait_for(lambda: len(receiver.of("diagnosis")) == 2, 20)
    failed, waits = sorted(receiver.of("diagnosis"), key=lambda s: str(attributes(s)["session.id"]))
    assert (failed["status"]["code"], attributes(failed)["error.type"]) == ("STATUS_CODE_ERROR", "ValueError")
    assert waits.get("status", {}).get("code") is None
    assert "secret" not in json.dumps(receiver.spans)


def test_a_collector_that_is_away_holds_up_no_run(tmp_path: Path) -> None:
    use_telemetry(Telemetry(traces=True, endpoint="http://127.0.0.1:9"))
    try:
        _, report = lab.run(tmp_path, *lab.GOOD)
    finally:
        use_telemetry(Telemetry())
    assert report.verdict == "cause"


@pytest.mark.parametrize(("exporter", "loaded"), [("", False), ("none", False), ("otlp", True)])
def test_it_is_off_and_not_loaded_unless_asked(tmp_path: Path, exporter: str, loaded: bool) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.graphs import lab; lab.run(Path(sys.argv[1]), *lab.GOOD);"
        " print('opentelemetry.exporter.otlp.proto.http.trace_exporter' in sys.modules)"
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    env |= {"OTEL_TRACES_EXPORTER": exporter, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(loaded)


def test_settings() -> None:
    assert not Settings().telemetry.traces
    with pytest.raises(ValidationError, match="http"):
        Telemetry(endpoint="collector:4317")
