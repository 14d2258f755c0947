"""Traces come in over OTLP/HTTP, an alert by webhook: the diagnosis reads the spans and names who is slow."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .conftest import ROOT, free_port

HISTORY_S, SLOW_S, EVERY_S = 420, 60, 2


def requests_of(now: float) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A request every two seconds through gateway, orders and payment; payment gets slow in the last minute."""
    for n, ago in enumerate(range(HISTORY_S, 5, -EVERY_S)):
        begun, trace = now - ago, f"{n + 1:032x}"
        own = {"gateway": 0.004, "orders": 0.006, "payment": 0.5 if ago <= SLOW_S else 0.02 + n % 5 / 1000}
        left, parent = sum(own.values()), ""
        for depth, service in enumerate(own):
            span = f"{3 * n + depth + 1:016x}"
            yield (
                service,
                [
                    {
                        "traceId": trace,
                        "spanId": span,
                        "parentSpanId": parent,
                        "name": "POST /orders",
                        "kind": 2,
                        "startTimeUnixNano": str(int((begun + depth * 0.001) * 1e9)),
                        "endTimeUnixNano": str(int((begun + depth * 0.001 + left) * 1e9)),
                    }
                ],
            )
            left, parent = left - own[service], span


def post(url: str, message: dict[str, Any]) -> int:
    request = urllib.request.Request(
        url, data=json.dumps(message).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def test_spans_that_were_sent_explain_the_alert(tmp_path: Path) -> None:
    (tmp_path / "aitia.yaml").write_text(
        f"window: {{lead_s: {SLOW_S}, baselines: [preceding], preceding_factor: 6}}\nmodel: {{name: none}}\n"
    )
    port = free_port()
    run = "from aitia.cli import main; main()"
    argv = [sys.executable, "-c", run, "listen", "--port", str(port), "--otlp", "0", "--json"]
    process = subprocess.Popen(
        [*argv, "-c", str(tmp_path / "aitia.yaml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "AITIA_HOME": str(tmp_path / "home")},
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as told, process.stderr as said:
        try:
            assert "listening on" in said.readline()
            traces = re.search(r"http://\S+/v1/traces", said.readline())
            assert traces is not None
            now = time.time()
            spans = [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                    "scopeSpans": [{"spans": found}],
                }
                for service, found in requests_of(now)
            ]
            assert post(traces[0], {"resourceSpans": spans}) == 200
            alert = {
                "status": "firing",
                "labels": {"alertname": "Slow", "service": "gateway"},
                "annotations": {"summary": "gateway answers slowly"},
                "startsAt": datetime.fromtimestamp(now, tz=UTC).isoformat(),
            }
            message = {"version": "4", "groupKey": "slow", "status": "firing", "alerts": [alert]}
            assert post(f"http://127.0.0.1:{port}/", message) == 202
            outcome = json.loads(told.readline())
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert (outcome["verdict"], outcome["component"]) == ("cause", "payment"), outcome
    assert outcome["probability"] >= 0.5
