"""Telemetry stays where it is, though the program around aitia has its own graphs traced by a service elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ..shop import small_yaml

PROGRAM = """
from datetime import UTC, datetime
from typing import TypedDict

from langchain_core.tracers.langchain import wait_for_all_tracers
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

import aitia


class Ticket(TypedDict, total=False):
    number: str
    verdict: str


def cause(state):
    at = datetime(2026, 11, 25, 1, 10, 7, tzinfo=UTC)
    report = aitia.diagnose("gateway answers 5xx", config="aitia.yaml", at=at)
    answer = aitia.ask("why not redis?", run=report.run, model=None)
    return {"verdict": f"{report.verdict} {answer.status}"}


graph = StateGraph(Ticket)
graph.add_node("cause", cause)
graph.add_edge(START, "cause")
graph.add_edge("cause", END)
saver = InMemorySaver()
parent = graph.compile(checkpointer=saver)
thread = {"configurable": {"thread_id": "t"}}
events = list(parent.stream({"number": "ticket-42"}, thread, stream_mode="custom", subgraphs=True))
print(parent.get_state(thread).values["verdict"], len(events), sorted(saver.storage["t"]))
wait_for_all_tracers()
"""


@pytest.fixture
def tracer() -> Iterator[tuple[str, list[bytes]]]:
    """A tracing service on loopback, and what it was sent."""
    sent: list[bytes] = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers.get("content-length") or 0)))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_PATCH = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    server.server_close()
    thread.join()


def test_no_trace_of_a_diagnosis_leaves(tracer: tuple[str, list[bytes]], home: Path, tmp_path: Path) -> None:
    address, sent = tracer
    small_yaml(tmp_path)
    env = os.environ | {
        "LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "none", "LANGSMITH_ENDPOINT": address, "AITIA_HOME": str(home),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" answered 0 ['']\n")  # neither events nor checkpoints in the parent
    traced = b"\n".join(sent)
    assert b"ticket-42" in traced  # the program's own graph is traced: the service works
    for word in (b"postgres", b"redis", b"gateway", b"run_task"):
        assert word not in traced
