"""A full queue turns requests away before they are read, says when to come again, and lets in what needs no place."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from aitia.web.limits import Bounds
from aitia.web.shedding import Shedding
from tests.shop import small_settings

from .served import opened
from .test_api_door import is_problem, post
from .test_joined_alerts import alert

pytestmark = pytest.mark.server
ASKS = {"method": "POST", "path": "/v1/diagnoses"}
NEVER = Bounds(per_s=10_000.0, burst=10_000, when_full=0)


def shed(client: httpx.Client) -> float:
    told = client.get("/metrics").text
    return float(next(line for line in told.splitlines() if line.startswith("aitia_shed_total")).split()[1])


def test_what_is_shed_is_told_before_it_is_read(tmp_path: Path) -> None:
    with opened(tmp_path, small_settings(join_minutes=15, places=1), bounds=NEVER) as client:
        assert post(client, alert("GatewayErrors", service="gateway")).status_code == 202
        is_problem(post(client, alert("PumpHot", asset="pump-7")), 503, "waiting")
        answer = client.post("/v1/diagnoses", content=b"{ no JSON at all")
        is_problem(answer, 503, "full")
        assert int(answer.headers["retry-after"]) > 0
        assert shed(client) == 1
        assert client.get("/v1/diagnoses").status_code == 200, "what asks for no place is answered"


def test_alerts_that_join_need_no_place_while_there_is_time_to_read_them(tmp_path: Path) -> None:
    with opened(tmp_path, small_settings(join_minutes=15, places=1)) as client:
        first = post(client, alert("GatewayErrors", service="gateway"))
        assert post(client, alert("PumpHot", asset="pump-7")).status_code == 503
        second = post(client, alert("OrdersSlow", service="orders"))
        assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
        assert shed(client) == 0


def test_it_counts_those_inside_and_forgets_that_it_was_full(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = [100.0], []
    monkeypatch.setattr("aitia.web.shedding.time.monotonic", lambda: now[0])
    made = Shedding(1, lambda: told.append(1))
    with made.inside(ASKS):
        assert made.refusal(ASKS) is None, "nothing was full yet"
        made.full()
        assert made.refusal(ASKS) is not None
        assert made.refusal({"method": "GET", "path": "/v1/diagnoses"}) is None
        made.room()
        assert made.refusal(ASKS) is None, "there was a place again"
        made.full()
        now[0] += 3.0
        assert made.refusal(ASKS) is None, "that was a while ago"
    made.full()
    assert made.refusal(ASKS) is None, "nobody else is inside"
    assert told == [1]
