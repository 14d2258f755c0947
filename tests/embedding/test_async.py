"""The async doors: events in the loop as they happen, and a cancelled diagnosis that is carried on to the same report."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import aitia
from aitia.agent.planning import planner
from aitia.core.errors import BadInput, RunNotFound, WaitsForPerson
from aitia.core.events import Event, NodeDone, RunFinished, RunStarted
from aitia.core.store import RunStore, list_runs
from aitia.core.words import Plan, Report

from .conftest import Shop

Given = dict[str, Any]


def _same(one: Report, other: Report) -> bool:
    """But for the run's id and how long things took."""
    alike = {"run": "", "cost": one.cost, "calls": ()}
    return one.model_copy(update=alike) == other.model_copy(update=alike)


def test_events_come_as_they_happen_and_last_the_report(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagnosis waits in its planner for the loop: a loop that it blocks never answers."""
    asked, answered, first = threading.Event(), threading.Event(), planner.first_round
    seen_by_planner: list[bool] = []

    def waits(*args: Any) -> Plan:
        asked.set()
        seen_by_planner.append(answered.wait(30))
        return first(*args)

    monkeypatch.setattr(planner, "first_round", waits)

    async def watch() -> list[Event | Report]:
        async def answer() -> None:
            while not asked.is_set():
                await asyncio.sleep(0.01)
            answered.set()

        answering = asyncio.create_task(answer())
        seen = [e async for e in aitia.astream(shop.recorded.as_incident(), **shop.given)]
        await answering
        return seen

    (*events, report) = asyncio.run(watch())
    assert seen_by_planner == [True]
    assert isinstance(report, Report)
    assert report.component == "orders"
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunFinished)
    assert list(RunStore.open(aitia.api.aitia_home(), report.run).events()) == events


def test_on_event_is_called_in_the_loop_s_thread(shop: Shop) -> None:
    threads: set[int] = set()

    async def watch() -> Report:
        return await aitia.adiagnose(
            shop.alert, on_event=lambda event: threads.add(threading.get_ident()), **shop.given
        )

    assert asyncio.run(watch()).verdict == "cause"
    assert threads == {threading.get_ident()}


def _cancelled_at(wanted: Callable[[Event], bool], shop: Shop) -> Callable[[], Coroutine[Any, Any, str]]:
    async def run() -> str:
        runs: list[str] = []

        def look(event: Event) -> None:
            if isinstance(event, RunStarted):
                runs.append(event.run)
            if wanted(event):
                task.cancel()

        task = asyncio.ensure_future(
            aitia.adiagnose(shop.recorded.as_incident(), on_event=look, **shop.given)
        )
        with pytest.raises(asyncio.CancelledError):
            await task
        return runs[0]

    return run


@pytest.fixture(scope="module")
def uncancelled() -> list[Report]:
    """Holds the report of a diagnosis that nobody cancels, once a test has made it."""
    return []


@pytest.mark.parametrize(
    "node",
    ["", "plan", "run_task", "publish", *(pytest.param(n, marks=pytest.mark.long) for n in ("open", "gather", "explain"))],
)  # fmt: skip
def test_a_cancelled_diagnosis_is_carried_on_to_the_same_report(
    shop: Shop, home: Path, uncancelled: list[Report], node: str
) -> None:
    if not uncancelled:
        uncancelled.append(aitia.diagnose(shop.recorded.as_incident(), **shop.given))

    def wanted(event: Event) -> bool:
        return event.node == node if isinstance(event, NodeDone) else not node

    run = asyncio.run(_cancelled_at(wanted, shop)())
    assert RunStore.open(home, run).meta()["state"] == "interrupted"
    assert not [t for t in threading.enumerate() if t.name.startswith("ThreadPoolExecutor")]
    report = asyncio.run(aitia.aresume(run))
    assert report.run == run
    assert _same(report, uncancelled[0])


def test_a_stream_that_is_left_stops_its_run(shop: Shop, home: Path) -> None:
    async def leave() -> None:
        stream = aitia.astream(shop.alert, **shop.given)
        async for event in stream:
            if isinstance(event, NodeDone):
                break
        await stream.aclose()
        assert [r["state"] for r in list_runs(home)] == ["interrupted"]

    asyncio.run(leave())


def test_a_time_limit_ends_it_cleanly(shop: Shop, home: Path) -> None:
    async def limited() -> None:
        async with asyncio.timeout(0.05):
            await aitia.adiagnose(shop.alert, **shop.given)

    with pytest.raises(TimeoutError):
        asyncio.run(limited())
    assert aitia.resume("last").verdict == "cause"


def test_errors_of_the_run_and_of_the_listener_reach_the_caller(
    shop: Shop, home: Path, needs_approval: None
) -> None:
    with pytest.raises(BadInput, match=r"No source is configured. Add one in aitia.yaml"):
        asyncio.run(aitia.adiagnose("slow", config=aitia.api.Settings()))
    with pytest.raises(WaitsForPerson) as stop:
        asyncio.run(aitia.adiagnose(shop.alert, approvals=True, **shop.given))
    (call,) = stop.value.asked
    report = asyncio.run(aitia.aresume(stop.value.run, answers={call: True}))
    assert "approved" in next(c.message for c in report.calls if c.tool == "restart")

    def broken(event: Event) -> None:
        if isinstance(event, NodeDone):
            raise ValueError("the listener is broken")

    with pytest.raises(ValueError, match="listener is broken"):
        asyncio.run(aitia.adiagnose(shop.alert, on_event=broken, **shop.given))
    assert list_runs(home)[0]["state"] == "interrupted"
    with pytest.raises(RunNotFound):
        asyncio.run(aitia.aresume("nosuch"))


def test_several_diagnoses_go_on_at_once(shop: Shop, home: Path) -> None:
    async def many() -> list[Report]:
        return list(await asyncio.gather(*(aitia.adiagnose(shop.alert, **shop.given) for _ in range(3))))

    reports = asyncio.run(many())
    assert len({r.run for r in reports}) == 3
    assert all(_same(r, reports[0]) for r in reports)
