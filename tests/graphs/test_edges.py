"""What the machine does at its edges: odd tools, secrets, another model on resume, approvals."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aitia.agent.planning import planner
from aitia.core.clock import RecordedClock
from aitia.core.errors import BadInput
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Evidence, Plan, Result, SourceRef, Task
from aitia.graphs.diagnose import Options, diagnose, resume
from aitia.graphs.rerun import rerun
from aitia.tools import Registry, ToolContext, tool

from . import lab


@tool(needs=("metrics",))
def returns_nothing(ctx: ToolContext) -> Result:
    """Returns None."""
    return None  # type: ignore[return-value]


@tool(needs=("metrics",))
def exits(ctx: ToolContext) -> Result:
    """Ends the process, or tries to."""
    sys.exit(3)


@tool(needs=("metrics",))
def infinite(ctx: ToolContext) -> Result:
    """A ratio that is not a number."""
    fact = Evidence(
        kind="metric.shift",
        aspect="cpu",
        statement="x",
        values={"ratio": float("inf")},
        strength=0.5,
        source=SourceRef(source="s", query="q"),
    )
    return Result(status="ok", evidence=(fact,))


@tool(needs=("metrics",))
def times_out_itself(ctx: ToolContext) -> Result:
    """A socket's time-out."""
    raise TimeoutError("the server did not answer")


def test_odd_tools_give_errors_that_can_be_stored(tmp_path: Path) -> None:
    store, report = lab.run(tmp_path, *lab.GOOD, returns_nothing, exits, infinite, times_out_itself)
    calls = {c.tool: c for c in report.calls}
    assert {calls[n].status for n in ("returns_nothing", "exits", "infinite", "times_out_itself")} == {
        "error"
    }
    assert "did not answer" in calls["times_out_itself"].message
    assert len(store.results()) == len(report.calls)


def test_no_secret_is_stored(tmp_path: Path) -> None:
    reported = lab.incident().model_copy(
        update={
            "title": "login fails, password=hunter2",
            "text": "ask bob@example.com",
            "labels": {"password": "swordfish9"},
            "hints": ("token=abcdef123456",),
        }
    )
    store = RunStore.create(tmp_path, meta={})
    diagnose(
        reported,
        [lab.Shop()],
        store=store,
        llm=None,
        options=Options(),
        clock=RecordedClock(lab.shop.T0),
        registry=Registry(lab.GOOD),
    )
    held = b"".join(p.read_bytes() for p in store.path.rglob("*") if p.is_file())
    for secret in (b"hunter2", b"bob@example.com", b"swordfish9", b"abcdef123456"):
        assert secret not in held


def test_a_run_is_resumed_with_its_own_model_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "aitia.graphs.nodes.explaining.narrate", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        lab.run(tmp_path)
    monkeypatch.undo()
    store = RunStore.open(tmp_path, "last")
    assert store.meta()["state"] == "interrupted"
    with pytest.raises(BadInput, match="with the model it started with"):
        resume(store, [lab.Shop()], llm=None, registry=Registry(lab.GOOD))
    assert (
        resume(store, [lab.Shop()], llm=lab.ScriptedLlm(lab.reply), registry=Registry(lab.GOOD)).verdict
        == "cause"
    )


def test_a_task_that_changes_something_waits_for_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = planner.first_round

    def with_a_write(*args: object) -> Plan:
        plan = first(*args)  # type: ignore[arg-type]
        return plan.model_copy(update={"tasks": (*plan.tasks, Task(id=99, tool="restart"))})

    monkeypatch.setattr(planner, "first_round", with_a_write)
    registry = Registry([*lab.GOOD, lab.restart])
    store = RunStore.create(tmp_path, meta={})
    with pytest.raises(BadInput, match="waiting for approval"):
        diagnose(
            lab.incident(), [lab.Shop()], store=store, llm=None, options=Options(approvals=True),
            clock=RecordedClock(lab.shop.T0), components=lab.components(), registry=registry,
        )  # fmt: skip
    assert store.meta()["state"] == "waiting"
    report = resume(store, [lab.Shop()], llm=None, answers={}, registry=registry)
    (call,) = [c for c in report.calls if c.tool == "restart"]
    assert (call.status, call.message.endswith("(denied)")) == ("needs_approval", True)
    assert report_bytes(rerun(store, registry=registry)) == store.report_json()
