"""The whole service: a request comes in, workers diagnose, the events and the report come out; whatever is killed."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aitia.cli.app import run as aitia
from aitia.core.words import Window, from_epoch
from aitia.tools.sources import open_source
from aitia.web.spans import SpanSpool
from tests.shop import CAUSE, shop_alert, small_yaml

from .served import Served, told, wait_for

pytestmark = pytest.mark.server
TOKEN = "an-open-secret"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    made = Served(folder, small_yaml(folder, workers=1), AITIA_TOKEN=TOKEN)
    with made:
        yield made
        assert made.stop() == 0
    assert "stopping" in made.log()
    assert "Traceback" not in made.log()


@pytest.fixture(scope="module")
def done(served: Served) -> dict[str, Any]:
    """A diagnosis that came to its end, followed from the first moment."""
    asked = served.ask(shop_alert("done"))
    events = list(told(served.client, asked["links"]["events"]))
    return served.ended(asked["id"]) | {"events": events}


def test_an_alert_comes_in_and_its_cause_comes_out(served: Served, done: dict[str, Any]) -> None:
    assert (done["state"], done["verdict"], done["component"], done["fault"]) == ("done", "cause", *CAUSE)
    assert done["probability"] > 0.5
    assert done["alert"] == "firing"
    listed = served.client.get("/v1/diagnoses", params={"state": "done"}).json()
    assert done["id"] in [d["id"] for d in listed["diagnoses"]]


def test_the_stream_tells_every_step_once_and_then_ends(served: Served, done: dict[str, Any]) -> None:
    steps = [json.loads(e["data"]) for e in done["events"] if e.get("event") == "step"]
    assert (steps[0]["type"], steps[-1]["type"]) == ("run_started", "run_finished")
    ids = [e["id"] for e in done["events"] if e.get("event") == "step"]
    assert len(set(ids)) == len(ids) > 10
    end = done["events"][-1]
    assert end["event"] == "end"
    assert json.loads(end["data"])["state"] == "done"
    again = list(told(served.client, done["links"]["events"], **{"Last-Event-ID": ids[4]}))
    assert [e["id"] for e in again if e.get("event") == "step"] == ids[5:]
    after_the_end = served.client.get(done["links"]["events"], headers={"Last-Event-ID": end["id"]})
    assert after_the_end.status_code == 204


@pytest.mark.parametrize(
    ("ask", "media", "begins"),
    [
        ({}, "application/json", b"{"),
        ({"params": {"format": "html"}}, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ({"params": {"format": "md"}}, "text/markdown; charset=utf-8", b"# "),
        ({"headers": {"Accept": "text/html,*/*;q=0.8"}}, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ({"headers": {"Accept": "text/markdown"}}, "text/markdown; charset=utf-8", b"# "),
        ({"headers": {"Accept": "image/png"}}, "application/json", b"{"),
    ],
)
def test_the_report_comes_in_the_format_that_is_asked_for(
    served: Served, done: dict[str, Any], ask: dict[str, Any], media: str, begins: bytes
) -> None:
    answer = served.client.get(done["links"]["report"], **ask)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert answer.content.startswith(begins)
    assert b"orders" in answer.content


def test_a_question_is_answered_with_citations_and_goes_on(served: Served, done: dict[str, Any]) -> None:
    def ask(question: str, conversation: str = "") -> dict[str, Any]:
        body = {"kind": "question", "question": question, "conversation": conversation}
        answer = served.client.post(done["links"]["answers"], json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["answer"]
        return found

    first = ask("Why not postgres?")
    assert first["status"] == "answered"
    assert first["citations"]
    second = ask("and the gateway?", first["conversation"])
    assert (second["conversation"], second["turn"]) == (first["conversation"], 2)
    assert "gateway" in json.dumps(second["replies"])


def test_a_confirmed_cause_is_remembered_and_found(served: Served, done: dict[str, Any]) -> None:
    assert served.client.get("/v1/search", params={"q": "gateway errors"}).json()["incidents"] == []
    body = {"kind": "outcome", "right": True, "mitigation": ["rolled back orders"], "by": "ann"}
    said = served.client.post(done["links"]["answers"], json=body).json()
    assert (said["outcome"]["component"], said["outcome"]["by"]) == (CAUSE[0], "ann")
    found = served.client.get("/v1/search", params={"q": "gateway 5xx ratio"}).json()
    assert found["incidents"][0]["incident"]["run"] == done["run"]
    assert [r["diagnosis"] for r in found["runs"]] == [done["id"]]
    wrong = served.client.post(done["links"]["answers"], json={"kind": "outcome", "right": False})
    assert wrong.status_code == 422
    assert "name the component" in wrong.json()["detail"]


def test_a_diagnosis_is_made_again_and_the_revision_before_stays(
    served: Served, done: dict[str, Any]
) -> None:
    assert served.client.post(f"{done['links']['self']}/again").status_code == 202
    now = wait_for(lambda: (d := served.ended(done["id"])) and d["revision"] == 2 and d)
    assert now["run"] == done["run"]
    for revision, status in ((1, 200), (2, 200), (3, 404)):
        answer = served.client.get(done["links"]["report"], params={"revision": revision})
        assert answer.status_code == status


def test_a_resolved_notice_closes_the_alert(served: Served, done: dict[str, Any]) -> None:
    message = shop_alert("done")
    for alert in message["alerts"]:
        alert["status"] = "resolved"
    assert served.ask(message)["alert"] == "resolved"
    strange = served.client.post("/v1/diagnoses", json=message | {"groupKey": "nobody knows"})
    assert strange.status_code == 204


def test_the_service_counts_what_came_of_it(served: Served, done: dict[str, Any]) -> None:
    text = served.client.get("/metrics").text
    assert 'aitia_diagnoses_ended_total{verdict="cause"}' in text
    assert 'route="/v1/diagnoses/{id}/events"' in text
    assert "aitia_workers 1.0" in text
    assert "aitia_build_info{version=" in text
    assert "Gateway" not in text
    assert "orders" not in text


def test_without_the_token_nothing_is_told(served: Served, done: dict[str, Any]) -> None:
    for path in (
        "/v1/diagnoses",
        done["links"]["report"],
        done["links"]["events"],
        "/v1/search?q=x",
        "/metrics",
    ):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            answer = httpx.get(
                f"{served.client.base_url}".rstrip("/") + path, headers=headers, trust_env=False
            )
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "orders" not in answer.text


def test_kill_9_of_the_whole_service_loses_nothing(tmp_path: Path) -> None:
    served = Served(tmp_path, small_yaml(tmp_path, workers=1, lease_s=60)).start()
    first, second = served.ask(shop_alert("one")), served.ask(shop_alert("two"))
    for event in told(served.client, first["links"]["events"]):
        if "findings" in event.get("data", "")[:40]:
            break
    served.kill()
    with served:
        assert served.ended(first["id"])["verdict"] == "cause"
        assert served.ended(second["id"])["verdict"] == "cause"
        assert len(list((tmp_path / "home/runs").iterdir())) == 2


@pytest.mark.long
def test_a_worker_that_is_killed_is_replaced_and_its_job_goes_on(tmp_path: Path) -> None:
    with Served(tmp_path, small_yaml(tmp_path, workers=1, lease_s=60)) as served:
        asked = served.ask(shop_alert())
        for event in told(served.client, asked["links"]["events"]):
            if "findings" in event.get("data", "")[:40]:
                break
        assert served.process is not None
        children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        assert served.ended(asked["id"])["verdict"] == "cause"
        assert "aitia_workers_lost 1.0" in served.client.get("/metrics").text


@pytest.mark.long
def test_it_stops_when_told_and_goes_on_at_the_next_start(tmp_path: Path) -> None:
    served = Served(tmp_path, small_yaml(tmp_path, workers=1)).start()
    asked = [served.ask(shop_alert(f"g{n}"))["id"] for n in range(3)]
    assert served.stop() == 0
    with served:
        assert [served.ended(id)["verdict"] for id in asked] == ["cause"] * 3


def test_a_request_that_is_sent_many_times_at_once_is_one_run(served: Served) -> None:
    runs = served.folder / "home/runs"
    before = len(list(runs.iterdir())) if runs.exists() else 0
    bodies = [shop_alert("twins")] * 8 + [{"text": "gateway fails"}] * 8

    def send(body: dict[str, Any]) -> tuple[int, str]:
        headers = {"Idempotency-Key": "4711"} if "text" in body else {}
        answer = served.client.post("/v1/diagnoses", json=body, headers=headers)
        return answer.status_code, answer.json()["id"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        said = list(pool.map(send, bodies))
    assert sorted(status for status, _ in said) == [200] * 14 + [202] * 2
    ids = {id for _, id in said}
    assert len(ids) == 2
    for id in ids:
        served.ended(id)
    assert len(list(runs.iterdir())) == before + 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--host", "0.0.0.0"), "Set AITIA_TOKEN to listen on '0.0.0.0'"),
        (("--port", "taken"), "Choose another --host or --port"),
        (("--host", "no.such.host.invalid"), "Set AITIA_TOKEN"),
        (("--config", "missing.yaml"), "Cannot read the settings file"),
        (("--config", "empty.yaml"), "No sources are configured. Add them to"),
        (("--model", "no-such-model"), "is neither a model in the catalogue"),
    ],
)
def test_what_cannot_be_served_is_told_before_it_begins(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AITIA_TOKEN", "")
    (tmp_path / "empty.yaml").write_text("model: {name: none}\n")
    config = small_yaml(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        words = [str(other.getsockname()[1]) if o == "taken" else o for o in options]
        assert aitia(["serve", "--port", "0", "--config", str(config), *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert says in told


def test_spans_that_are_sent_are_evidence(tmp_path: Path) -> None:
    spool = SpanSpool(tmp_path, host="127.0.0.1", port=0)
    with spool:
        host, port = spool.address
        span = {
            "traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "name": "GET /pay", "kind": 2,
            "startTimeUnixNano": str(time.time_ns()), "endTimeUnixNano": str(time.time_ns() + 5_000_000),
        }  # fmt: skip
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "payment"}}]}
        body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
        assert httpx.post(f"http://{host}:{port}/v1/traces", json=body, trust_env=False).status_code == 200
    (file,) = (tmp_path / "spans").glob("*.jsonl")
    assert file.stat().st_mode & 0o777 == 0o600
    source = open_source(spool.source, Path("/"))
    now = time.time()
    (found,) = source.spans(Window(start=from_epoch(now - 60), end=from_epoch(now + 60)))  # type: ignore[attr-defined]
    assert (found.component, found.operation) == ("payment", "GET /pay")
