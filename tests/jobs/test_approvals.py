"""A site's runbook names a tool that changes something: a person is asked, the answer is bound to the call, nothing is run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aitia.core.errors import BadInput
from aitia.core.store import report_bytes
from aitia.core.words import Task
from aitia.engine import choose_engine
from aitia.graphs.live import recorded_tools
from aitia.graphs.nodes.closing import call_hash
from aitia.graphs.rerun import rerun
from aitia.jobs import Job, Jobs
from aitia.jobs.work import Work
from aitia.settings import Settings, load_settings
from aitia.tools import Registry
from tests.shop import CAUSE, shop_alert, small_yaml

pytest.importorskip("mcp", reason="needs the [mcp] extra")

from tests.mcp.world import raw

RUNBOOK = """# Gateway 5xx ratio above 5 %

GatewayErrorRatioHigh: the gateway answers with 5xx, customers see errors.

## Check

1. Look at the errors: `metrics_component component={component}`

## Do now

1. Restart it: `mcp_cmdb_restart`
2. Restart it once more: `mcp_cmdb_restart`
3. Erase it: `mcp_cmdb_erase_everything`
"""


@pytest.fixture
def site(tmp_path: Path) -> Jobs:
    """The shop, with a runbook and an MCP server whose `restart` nobody listed as read-only."""
    import yaml

    file = small_yaml(tmp_path)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "gateway-5xx.md").write_text(RUNBOOK)
    settings: dict[str, Any] = yaml.safe_load(file.read_text())
    settings["sources"].append({"name": "books", "kind": "runbooks", "type": "runbooks", "path": "books"})
    settings["max_calls"] = Settings().max_calls  # room for what the runbook proposes
    settings["mcp"] = [raw("good", str(tmp_path / "calls.log")).model_dump(mode="json")]
    file.write_text(yaml.safe_dump(settings))
    (tmp_path / "home").mkdir()
    return Jobs(tmp_path / "home", load_settings(file))


def work(jobs: Jobs, job: Job) -> Job:
    """What a worker does, once."""
    claim = jobs.table.claim("me/1/1", lease_s=30, attempts=3)
    assert claim is not None
    engine = choose_engine(
        None, settings=jobs.settings, planner=None, narrator=None, threads=None, on_event=None
    )
    Work(jobs.table, jobs.home, jobs.settings, engine).run(claim, lost=lambda: None)
    return jobs.get(job.id)


@pytest.mark.parametrize("approved", [True, False])
def test_a_person_is_asked_and_nothing_is_run(site: Jobs, approved: bool) -> None:
    job = work(site, site.submit(shop_alert(), origin="alertmanager", key="k").job)
    assert job.state == "waiting", job.message
    (asked,) = job.asked  # the second restart is the same call; the last one names no tool that is there
    assert (asked.tool, asked.args) == ("mcp_cmdb_restart", {})
    events = [e for u in site.follow(job.id) for _, e in u.events]
    (plan,) = [e for e in events if e.type == "plan_made"]
    assert "mcp_cmdb_restart" in [t.tool for t in plan.tasks]
    assert any(e.type == "task_done" and e.status == "needs_approval" for e in events)

    with pytest.raises(BadInput, match=r"is not the hash of a waiting call. Answer one"):
        site.answer(job.id, {"0" * 64: True}, by="eve")
    assert site.answer(job.id, {asked.hash: approved}, by="ann").state == "queued"
    with pytest.raises(BadInput, match="not waiting for an answer"):
        site.answer(job.id, {asked.hash: not approved}, by="eve")
    done = work(site, job)
    assert (done.state, done.component, done.fault, done.run) == ("done", *CAUSE, job.run)

    store = site.run_store(job.id)
    (call,) = [c for c in store.report().calls if c.tool == "mcp_cmdb_restart"]
    assert call.status == "needs_approval"
    assert ("approved: run it by hand" if approved else "denied") in call.message
    assert store.meta()[f"answer_{asked.hash}"]["by"] == "ann"
    assert '"restart"' not in (Path(site.home.parent) / "calls.log").read_text()
    assert report_bytes(rerun(store)) == store.report_json()


def test_the_hash_is_of_one_call_of_one_look_at_one_incident(site: Jobs) -> None:
    job = work(site, site.submit(shop_alert(), origin="alertmanager").job)
    store = site.run_store(job.id)
    (held,) = [r for r in store.results().values() if r.status == "needs_approval"]
    tools = recorded_tools(store.meta())
    asked = {"run": store.id, "revision": 1, "registry": tools}
    assert call_hash(held, **asked) == job.asked[0].hash
    otherwise = [
        call_hash(held.model_copy(update={"args": {"service": "postgres"}}), **asked),
        call_hash(held.model_copy(update={"task": held.task + 1}), **asked),
        call_hash(held, **asked | {"run": "20260101-000000-abcdef"}),
        call_hash(held, **asked | {"revision": 2}),
        call_hash(held, **asked | {"registry": Registry()}),
        call_hash(held, **asked | {"registry": Registry([replace(tools[held.tool], effect="write")])}),
    ]
    assert len({job.asked[0].hash, *otherwise}) == 7
    assert Task(id=1, tool=held.tool, args=held.args).args == {}


def test_what_was_asked_a_day_ago_can_only_be_denied(site: Jobs) -> None:
    job = work(site, site.submit(shop_alert(), origin="alertmanager").job)
    (asked,) = job.asked
    old = asked.model_copy(update={"at": datetime.now(tz=UTC) - timedelta(hours=25)})
    site.table.set(job.id, asked=json.dumps([old.model_dump(mode="json")]))
    with pytest.raises(BadInput, match="24 hours"):
        site.answer(job.id, {asked.hash: True}, by="ann")
    assert site.answer(job.id, {asked.hash: False}, by="ann").state == "queued"
