"""Planning in the machine: references become components, the budget holds, and a rerun plans the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.agent.planning import planner
from aitia.agent.planning.defaults import Step
from aitia.agent.planning.plans import PastPlan, PlanStore
from aitia.agent.planning.stopping import FEATURES, Turning
from aitia.core.clock import RecordedClock
from aitia.core.events import Decided, PlanMade
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Plan, Report, Result, Task
from aitia.graphs.diagnose import Options, diagnose
from aitia.graphs.nodes import planning
from aitia.graphs.rerun import rerun
from aitia.tools import Registry, ToolContext, tool

from . import lab


@tool(needs=("metrics",), produces=("ranking",))
def metrics_rank(ctx: ToolContext) -> Result:
    """Whom the metrics point at."""
    return Result(status="ok", data={"ranking": [{"component": "orders"}, {"component": "postgres"}]})


@tool(needs=("metrics",), target="component")
def look(ctx: ToolContext, *, component: str) -> Result:
    """Look at one component."""
    return Result(status="no_data", message=f"{component} is calm")


REGISTRY = Registry([*lab.GOOD, metrics_rank, look])


def run(home: Path, registry: Registry = REGISTRY, **options: float) -> tuple[RunStore, Report]:
    store = RunStore.create(home, meta={"title": "lab"})
    report = diagnose(
        lab.incident(), [lab.Shop()], store=store, llm=None, options=Options(**options),  # type: ignore[arg-type]
        clock=RecordedClock(lab.shop.T0), components=lab.components(), registry=registry,
    )  # fmt: skip
    return store, report


def test_references_are_resolved_when_their_turn_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = planner.first_round

    def with_references(*args: object) -> Plan:
        plan = first(*args)  # type: ignore[arg-type]
        ranking = next(t.id for t in plan.tasks if t.tool == "metrics_rank")
        about = {"component": f"<task-{ranking}.ranking>"}
        late = [Task(id=n, tool="look", args=about, dep=(ranking,)) for n in (90, 91, 92)]
        return plan.model_copy(update={"tasks": (*plan.tasks, *late)})

    monkeypatch.setattr(planner, "first_round", with_references)
    store, report = run(tmp_path, max_rounds=1)
    looked = [(c.task, c.args["component"], c.status) for c in report.calls if c.tool == "look"]
    assert [(n, c) for n, c, _ in looked[:2]] == [(90, "orders"), (91, "postgres")]
    assert looked[2][1].startswith("<task-")
    assert looked[2][2] == "no_data"
    assert "only points at components it was already asked" in next(
        c.message for c in report.calls if c.task == 92
    )
    assert report.cost.repeated_calls == 0
    assert report_bytes(rerun(store, registry=REGISTRY)) == store.report_json()


@pytest.mark.parametrize("most", [4, 5, 6, 24])
def test_the_budget_counts_every_call_of_the_run(tmp_path: Path, most: int) -> None:
    store, report = run(tmp_path, max_calls=most)
    assert len(report.calls) <= most
    made = [e for e in store.events() if isinstance(e, PlanMade)]
    assert sum(len(e.tasks) for e in made) + 1 == len(report.calls)
    assert report_bytes(rerun(store, registry=REGISTRY)) == store.report_json()


def test_memory_is_kept_with_the_run(tmp_path: Path) -> None:
    step = Step(tool="look", role="callee")
    known = PastPlan(id="p", text=lab.incident().title, sources=("metrics",), path=(step,), confirmed=True)
    small = Registry([*REGISTRY, *(tool(name=f"more_{n}", needs=("metrics",))(_more) for n in range(6))])
    plain, _ = run(tmp_path / "plain", small, max_calls=4)
    PlanStore(tmp_path).add(known)
    store, _ = run(tmp_path, small, max_calls=4)
    assert _asked(plain) != _asked(store)
    assert "look" in _asked(store)
    (decided,) = [e for e in store.events() if isinstance(e, Decided)]
    assert decided.weights["memory"] > 0
    assert max(decided.memory) > 0
    PlanStore(tmp_path).path.unlink()
    assert report_bytes(rerun(store, registry=small)) == store.report_json()


def _more(ctx: ToolContext) -> Result:
    """Something else."""
    return Result(status="no_data", message="nothing")


def _asked(store: RunStore) -> list[str]:
    return [t.tool for e in store.events() if isinstance(e, PlanMade) for t in e.tasks]


def turned(bias: float) -> Turning:
    """Whatever is left changes the verdict with this log-odds; `look` first."""
    return Turning(turns={"look": 0.5, "logs_diff": 0.1}, bias=bias, weights=dict.fromkeys(FEATURES, 0.0))


def test_a_run_that_may_stop_calls_nothing_more_once_the_verdict_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, whole = run(tmp_path / "whole")
    monkeypatch.setattr(planning, "turning", lambda: turned(-9.0))
    store, report = run(tmp_path / "stopped", stop_at=0.9)
    made, planned = {c.task for c in report.calls}, {c.task: c.tool for c in whole.calls}
    assert made < set(planned)
    left = [(g.what, g.stood) for g in report.given_up]
    assert left == [(tool, True) for task, tool in planned.items() if task not in made]
    assert all("the verdict stood at" in g.why and g.look.text for g in report.given_up)
    assert not any(c.term == "unknown.given_up" for s in report.suspects for c in s.ledger)
    assert report_bytes(rerun(store, registry=REGISTRY)) == store.report_json()


def test_it_makes_every_call_while_any_may_change_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, whole = run(tmp_path / "whole")
    monkeypatch.setattr(planning, "turning", lambda: turned(9.0))
    _, report = run(tmp_path / "stopped", stop_at=0.9)
    assert {c.task for c in report.calls} == {c.task for c in whole.calls}
    assert report.given_up == whole.given_up == ()
    assert (report.verdict, report.component, report.probability) == (
        whole.verdict,
        whole.component,
        whole.probability,
    )
