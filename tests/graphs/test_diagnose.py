"""The machine itself: waves, failures, budgets, recording, and what survives a kill."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aitia.core.errors import NotRecorded
from aitia.core.events import EVENT, Ranked, TaskDone
from aitia.core.store import RunStore, list_runs, remove_run, report_bytes
from aitia.core.words import Report
from aitia.graphs.drawing import page
from aitia.graphs.rerun import rerun

from . import lab

ROOT = Path(__file__).parents[2]


def test_the_report_is_right_cited_and_on_disk(tmp_path: Path) -> None:
    store, report = lab.run(tmp_path)
    assert (report.verdict, report.component, report.fault) == ("cause", "orders", "resource.connections")
    assert store.report_json() == report_bytes(report)
    ids = {e.id for e in report.evidence}
    assert ids == {f"E{n}" for n in range(1, len(ids) + 1)}
    assert all(set(s.cites) <= ids and s.cites for s in (*report.summary, *report.chain))
    assert report.cost.repeated_calls == 0
    assert report.mitigations
    assert all(m.source for m in report.mitigations)


def test_refused_sentences_are_replaced_and_counted(tmp_path: Path) -> None:
    _, report = lab.run(tmp_path)
    assert "moon" not in " ".join(s.text for s in (*report.summary, *report.chain))
    assert report.model.accepted >= 1
    assert report.model.replaced >= 1
    refused = [r for s in report.chain for r in s.refused]
    assert any("'moon'" in r for r in refused)


def test_without_a_model_the_verdict_is_the_same(tmp_path: Path) -> None:
    _, with_model = lab.run(tmp_path)
    _, without = lab.run(tmp_path, llm=False)
    assert (without.verdict, without.component) == (with_model.verdict, with_model.component)
    assert without.model.narrator == "template"
    assert all(s.by == "template" for s in without.chain)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_rerun_is_byte_identical(tmp_path: Path, concurrency: int) -> None:
    store, _ = lab.run(tmp_path, concurrency=3)
    assert (
        report_bytes(rerun(store, max_concurrency=concurrency, registry=lab.Registry(lab.GOOD)))
        == store.report_json()
    )


def test_rerun_says_when_the_recording_is_not_enough(tmp_path: Path) -> None:
    store, _ = lab.run(tmp_path)
    (store.path / "results" / "1.json").unlink()
    with pytest.raises(NotRecorded, match="Run a new diagnosis"):
        rerun(store, registry=lab.Registry(lab.GOOD))


def test_failing_and_endless_tools_do_not_end_the_run(tmp_path: Path) -> None:
    _, report = lab.run(tmp_path, *lab.GOOD, lab.broken, lab.endless, lab.unmet, lab.restart, seconds=0.5)
    assert report.verdict == "cause"
    status = {c.tool: c.status for c in report.calls}
    assert status["broken"] == "error"
    assert status["endless"] == "error"
    assert "unmet" not in status
    assert "restart" not in status


def test_a_dependency_waits_for_its_producer(tmp_path: Path) -> None:
    store, _ = lab.run(tmp_path)
    plan = next(e for e in store.events() if e.type == "plan_made")
    deps = {t.tool: t.dep for t in plan.tasks}
    assert deps["changes_list"] == (1,)


def test_suspects_move_and_facts_are_seen_while_it_runs(tmp_path: Path) -> None:
    store, report = lab.run(tmp_path)
    events = list(store.events())
    *passing, settled = [e for e in events if isinstance(e, Ranked)]
    assert len(passing) >= 2  # what the scan makes of it, then what the plan's facts make of it
    assert not any(e.settled or s.ledger for e in passing for s in e.suspects)
    assert settled.settled
    assert settled.suspects[0].ledger
    assert len({e.suspects[0].probability for e in passing}) > 1
    done = {e.task: e for e in events if isinstance(e, TaskDone)}
    for call in report.calls:
        seen = done[call.task].strongest
        assert len(seen) <= min(3, done[call.task].facts)
        assert [g.strength for g in seen] == sorted((g.strength for g in seen), reverse=True)
    assert {g.statement for e in done.values() for g in e.strongest} <= {e.statement for e in report.evidence}
    assert any(e.strongest for e in done.values())


def test_events_that_were_recorded_before_they_showed_facts_still_load() -> None:
    old = b'{"type":"task_done","task":1,"tool":"logs_diff","status":"ok","facts":2}'
    assert EVENT.validate_json(old) == TaskDone(task=1, tool="logs_diff", status="ok", facts=2)
    ranked = EVENT.validate_json(b'{"type":"ranked","suspects":[]}')
    assert isinstance(ranked, Ranked)
    assert ranked.settled


def _in_process(home: Path, action: str, **env: str) -> int:
    command = [sys.executable, "-c", f"from tests.graphs.lab import main; main({str(home)!r}, {action!r})"]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, check=False, capture_output=True
    ).returncode


def _comparable(report: Report) -> dict[str, Any]:
    plain = report.model_dump(mode="json")
    for name in ("run", "cost"):
        plain.pop(name)
    plain["calls"] = [c | {"seconds": 0} for c in plain["calls"]]
    return plain


@pytest.mark.parametrize("where", ["logs_diff", pytest.param("narrator", marks=pytest.mark.long)])
def test_killed_then_resumed_gives_the_same_report(tmp_path: Path, where: str) -> None:
    assert _in_process(tmp_path, "run", LAB_DIE_IN=where) == -9
    store = RunStore.open(tmp_path, "last")
    assert not (store.path / "report.json").exists()
    assert _in_process(tmp_path, "resume") == 0
    _, whole = lab.run(tmp_path)
    assert _comparable(store.report()) == _comparable(whole)
    assert report_bytes(rerun(store, registry=lab.Registry(lab.GOOD))) == store.report_json()


def test_the_store_is_private_listed_and_removable(tmp_path: Path) -> None:
    store, _ = lab.run(tmp_path)
    assert store.path.stat().st_mode & 0o777 == 0o700
    (entry,) = list_runs(tmp_path)
    assert (entry["id"], entry["state"], entry["verdict"]) == (store.id, "finished", "cause")
    remove_run(tmp_path, store.id[:8])
    assert list_runs(tmp_path) == []


def test_the_drawing_in_the_docs_is_the_machine() -> None:
    file = ROOT / "docs" / "graph.md"
    assert page() == file.read_text(encoding="utf-8"), "run `make drawing`"
