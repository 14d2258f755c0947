"""The sub-graph as a node of somebody's own graph: run, streamed, interrupted, resumed, with that graph's checkpointer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from aitia.core.errors import BadInput
from aitia.core.events import NodeDone, RunFinished, RunStarted
from aitia.core.store import RunStore, list_runs
from aitia.core.words import Report
from aitia.langchain import subgraph

from .conftest import Shop

Config = dict[str, Any]
ONE: Config = {"configurable": {"thread_id": "one"}}


class Ticket(TypedDict, total=False):
    """The parent's own state: it shares `incident`, `report` and `messages` with the sub-graph."""

    incident: Any
    report: dict[str, Any]
    messages: Annotated[list[AnyMessage], add_messages]
    closed: str


def _parent(node: CompiledStateGraph[Any, Any, Any, Any], saver: BaseCheckpointSaver[Any] | None) -> Any:
    def close(state: Ticket) -> Ticket:
        report = Report.model_validate(state["report"])
        return {"closed": f"{report.component}: {report.fault}"}

    graph = StateGraph(Ticket)
    graph.add_node("cause", node)
    graph.add_node("close", close)
    graph.add_edge(START, "cause")
    graph.add_edge("cause", "close")
    graph.add_edge("close", END)
    return graph.compile(checkpointer=saver)


def test_it_diagnoses_within_a_parent_and_its_events_are_streamed(shop: Shop, home: Path) -> None:
    parent = _parent(subgraph(**shop.given), None)
    events, done = [], {}
    for part in parent.stream(
        {"incident": shop.alert}, stream_mode=["custom", "values"], subgraphs=True, version="v2"
    ):
        if part["type"] == "custom":
            events.append(part["data"])
            assert part["ns"][0].startswith("cause:")
        elif not part["ns"]:
            done = part["data"]
    assert done["closed"] == "orders: resource.connections"
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunFinished)
    assert "orders" in done["messages"][-1].text
    assert set(done) == {"incident", "report", "messages", "closed"}
    assert RunStore.open(home, done["report"]["run"]).meta()["state"] == "finished"


def test_the_last_human_message_is_the_incident_where_none_is_named(shop: Shop) -> None:
    said = [HumanMessage("5xx of gateway"), AIMessage("I look into it.")]
    done = subgraph(**shop.given).invoke({"messages": said})
    assert done["report"]["incident"]["title"] == "5xx of gateway"
    assert [m.type for m in done["messages"]] == ["human", "ai", "ai"]
    with pytest.raises(BadInput, match="an `incident`"):
        subgraph(**shop.given).invoke({"messages": [AIMessage("hello")]})


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda call: True, "approved"),
        (lambda call: {call: True}, "approved"),
        (lambda call: {call: False}, "denied"),
        (lambda call: False, "denied"),
        (lambda call: {call: "yes please"}, "denied"),
    ],
)
def test_an_approval_interrupts_the_parent_and_a_command_resumes_it(
    shop: Shop, home: Path, needs_approval: None, answer: Callable[[str], Any], outcome: str
) -> None:
    node = subgraph(**shop.given)
    with SqliteSaver.from_conn_string(str(home.parent / "parent.sqlite")) as saver:
        stopped = _parent(node, saver).invoke({"incident": shop.alert}, ONE)
        (asked,) = stopped["__interrupt__"]
        (call,) = asked.value["approve"]
        assert asked.value["approve"][call] == {"tool": "restart", "args": {}}
        assert RunStore.open(home, asked.value["run"]).meta()["state"] == "waiting"
    with SqliteSaver.from_conn_string(
        str(home.parent / "parent.sqlite")
    ) as saver:  # as another process would
        done = _parent(subgraph(**shop.given), saver).invoke(Command(resume=answer(call)), ONE)
    (said,) = [c["message"] for c in done["report"]["calls"] if c["tool"] == "restart"]
    assert outcome in said
    assert done["closed"] == "orders: resource.connections"
    assert [r["id"] for r in list_runs(home)] == [asked.value["run"]]  # gone on with, not begun anew


def test_what_is_no_answer_is_asked_again(shop: Shop, needs_approval: None) -> None:
    parent = _parent(subgraph(**shop.given), InMemorySaver())
    (first,) = parent.invoke({"incident": shop.alert}, ONE)["__interrupt__"]
    for odd in ({"0" * 64: True}, "yes"):
        (again,) = parent.invoke(Command(resume=odd), ONE)["__interrupt__"]
        assert again.value["approve"] == first.value["approve"]
        assert again.value["refused"].startswith("Answer True, False")
    assert parent.invoke(Command(resume=False), ONE)["closed"] == "orders: resource.connections"


def test_without_approvals_nobody_is_asked(shop: Shop, needs_approval: None) -> None:
    done = _parent(subgraph(approvals=False, **shop.given), None).invoke({"incident": shop.alert})
    assert "__interrupt__" not in done
    assert [c["status"] for c in done["report"]["calls"] if c["tool"] == "restart"] == ["needs_approval"]


def test_async_streams_interrupts_and_resumes(shop: Shop, home: Path, needs_approval: None) -> None:
    async def go() -> tuple[list[Any], dict[str, Any]]:
        async with AsyncSqliteSaver.from_conn_string(":memory:") as saver:
            parent = _parent(subgraph(**shop.given), saver)
            parts = parent.astream(
                {"incident": shop.alert}, ONE, stream_mode="custom", subgraphs=True, version="v2"
            )
            events = [part["data"] async for part in parts]
            return events, await parent.ainvoke(Command(resume=True), ONE)

    events, done = asyncio.run(go())
    assert isinstance(events[0], RunStarted)
    assert done["closed"] == "orders: resource.connections"
    assert len(list_runs(home)) == 1


def test_a_cancelled_parent_leaves_a_run_that_can_be_resumed(shop: Shop, home: Path) -> None:
    async def go() -> None:
        parts = _parent(subgraph(**shop.given), None).astream(
            {"incident": shop.alert}, stream_mode="custom", subgraphs=True, version="v2"
        )
        async for part in parts:
            if isinstance(part["data"], NodeDone):
                break
        await parts.aclose()

    asyncio.run(go())
    (run,) = list_runs(home)
    assert run["state"] == "interrupted"


def test_an_incident_as_json_keeps_its_window(shop: Shop) -> None:
    told = shop.recorded.as_incident().model_dump(mode="json")
    done = subgraph(**shop.given).invoke({"incident": told})
    assert Report.model_validate(done["report"]).incident.window == shop.recorded.window
