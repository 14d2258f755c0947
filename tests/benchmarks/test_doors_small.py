"""The trials of the doors can fail: what is seen across teams, changed, shed or lost is counted."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from aitia.access import IssuedTokens
from aitia.jobs import Jobs
from aitia.settings import Settings
from benchmarks.doors import alerts, joined, served_model, tenancy
from benchmarks.doors.tenancy_tries import Site, Try, tries

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def site(home: Path) -> Site:
    return Site(
        name="bank", home=home, secret="zq1", ids=dict.fromkeys(("done", "waiting", "queued"), "i"),
        runs={"done": "r"}, token="aitia.bank." + "0" * 48, expired="e", revoked="r",
    )  # fmt: skip


@pytest.mark.parametrize(("told", "seen"), [("200 {} the zq1", True), ("404 {} nothing", False)])
def test_what_is_seen_across_teams_is_counted(tmp_path: Path, told: str, seen: bool) -> None:
    found = tenancy.Found()
    tenancy._one(Try(id="x", kind="ids", victim=site(tmp_path), send=lambda: told), found)
    assert found.seen == [seen]


def test_what_changes_in_a_home_is_seen(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, Settings())
    IssuedTokens(tmp_path)
    job = jobs.submit("checkout is slow", origin="api").job.id
    before = tenancy.state_of(tmp_path)
    assert tenancy.state_of(tmp_path) == before
    jobs.table.note(job, what="look again", who="eve")
    noted = tenancy.state_of(tmp_path)
    assert noted != before
    jobs.place(job, channel="C1")
    assert tenancy.state_of(tmp_path) != noted


def test_every_kind_of_try_is_made_in_both_directions(tmp_path: Path) -> None:
    shop, bank = site(tmp_path), site(tmp_path)
    shop.name = "shop"
    made = tries("http://x", [shop, bank], random.Random(0))
    assert {t.kind for t in made} == {"ids", "tokens", "paths", "sockets", "MCP"}
    assert len({t.id for t in made}) == len(made)
    assert {t.victim.name for t in made} == {"shop", "bank"}


def test_the_storm_comes_at_its_rate_and_ends_only_what_fired() -> None:
    made = alerts.plan(500, 30.0, NOW, random.Random(0))
    assert [at for at, _ in made] == pytest.approx([n * 0.06 for n in range(500)])
    fired: set[str] = set()
    for _, message in made:
        if message["status"] == "firing":
            fired.add(message["groupKey"])
        else:
            assert message["groupKey"] in fired


def test_alerts_that_join_are_of_one_diagnosis_and_each_is_measured(tmp_path: Path) -> None:
    took, diagnoses = joined.costs(tmp_path, 30)
    assert (len(took), diagnoses) == (30, 1)
    assert min(took) > 0
    (job,) = Jobs(tmp_path, Settings()).list()
    # Five in the first message, one of five says again what is known.
    assert len(Jobs(tmp_path, Settings()).incident(job.id).alerts) == 5 - 1 + 30 - 6


def test_memory_and_processor_time_are_of_the_process_and_its_children() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; sum(range(3_000_000)); print(flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in served_model._family(os.getpid())
        assert served_model._processor_s(child.pid) > 0
        assert 1_000 < served_model._pss(child.pid) < 1_000_000
    finally:
        child.kill()
        child.communicate()
    assert served_model._processor_s(child.pid) == 0.0


class Answers(httpx.AsyncBaseTransport):
    """A door that turns the first of each alert away, and every one of a group for ever."""

    def __init__(self) -> None:
        self.known: set[bytes] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        if b"never" not in body and body in self.known:
            return httpx.Response(202, json={"id": "1"})
        self.known.add(body)
        return httpx.Response(503, headers={"Retry-After": "0"} if b"told" in body else {})


def test_what_is_shed_lost_or_told_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        return None

    monkeypatch.setattr(alerts.asyncio, "sleep", at_once)
    seen = alerts.Seen()

    async def all_of_them() -> None:
        async with httpx.AsyncClient(transport=Answers(), base_url="http://x") as client:
            for name in ("told", "silent", "never told"):
                message: dict[str, Any] = {"groupKey": name}
                await alerts._sent(client, message, 0.0, seen)

    asyncio.run(all_of_them())
    assert (seen.shed, seen.lost, seen.untold) == (3, 1, 1)
    assert seen.statuses[503] == 2 + alerts.TRIES
