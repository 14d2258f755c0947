"""The tools in the hands of a LangChain agent: what a model may choose, what it gets, what a program gets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver

from aitia.agent.asking.answer import Answer
from aitia.core.events import RunFinished
from aitia.core.store import list_runs
from aitia.core.words import Report
from aitia.langchain import ask_tool, diagnose_tool

from .conftest import SCENARIO, Shop

agents = pytest.importorskip("langchain.agents", reason="needs langchain (the dev extra)")


class Scripted(GenericFakeChatModel):
    """Says its messages in turn; tools are bound to it and left to the script."""

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self


def _calls(tool: str, **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": tool, "args": args, "id": f"{tool}-{len(args)}"}])


def _agent(tools: Sequence[Any], *said: AIMessage, saver: InMemorySaver | None = None) -> Any:
    return agents.create_agent(Scripted(messages=iter(said)), list(tools), checkpointer=saver)


def _returned(state: dict[str, Any]) -> list[ToolMessage]:
    return [m for m in state["messages"] if isinstance(m, ToolMessage)]


def test_an_agent_diagnoses_asks_and_goes_on_in_the_same_conversation(shop: Shop, home: Path) -> None:
    tools = [diagnose_tool(**shop.given), ask_tool(model=None)]
    said = (
        _calls("diagnose_incident", text="5xx of gateway", since="40s"),
        AIMessage("orders holds the connections"),
        _calls("ask_about_incident", question="why not redis?", run="last"),
        AIMessage("it was as usual"),
    )
    agent = _agent(tools, *said, saver=InMemorySaver())
    one = {"configurable": {"thread_id": "one"}}
    state = agent.invoke({"messages": [HumanMessage("gateway answers 5xx")]}, one)
    (found,) = _returned(state)
    assert isinstance(found.artifact, Report)
    assert found.artifact.component == "orders"
    assert (shop.recorded.now - found.artifact.incident.started_at).total_seconds() == 40
    assert found.text.startswith("# CAUSE")
    assert found.text.endswith(f"Run {found.artifact.run}.")
    assert len(found.text) < 8_000

    state = agent.invoke({"messages": [HumanMessage("and redis?")]}, one)
    answer = _returned(state)[-1]
    assert isinstance(answer.artifact, Answer)
    assert answer.artifact.run == list_runs(home)[0]["id"]
    assert "redis" in answer.text
    assert all(f"[{c.id}]" in answer.text for c in answer.artifact.citations)
    assert len(list_runs(home)) == 1
    assert Report.model_validate(_returned(state)[0].artifact) == found.artifact  # as a checkpoint holds it


def test_a_model_chooses_words_and_a_time_and_nothing_else(shop: Shop) -> None:
    schema = diagnose_tool(**shop.given).get_input_schema().model_json_schema()
    assert set(schema["properties"]) == {"text", "since"}
    assert set(ask_tool().get_input_schema().model_json_schema()["properties"]) == {"question", "run"}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ({"text": "slow", "since": "yesterdayish"}, "Write a time like"),
        ({"text": "slow", "since": "2999-01-01T00:00:00Z"}, "is in the future"),
        ({"text": '{"alerts": []}'}, "at least one alert"),
        ({"text": "  "}, "Say what is wrong"),
        ({"text": ""}, "at least 1 character"),
        ({"text": "x" * 4001}, "at most 4000 characters"),
        ({"since": "5m"}, "Field required"),
    ],
)
def test_a_mistake_of_the_model_is_told_to_it(shop: Shop, args: dict[str, Any], told: str) -> None:
    agent = _agent([diagnose_tool(**shop.given)], _calls("diagnose_incident", **args), AIMessage("done"))
    (message,) = _returned(agent.invoke({"messages": [HumanMessage("?")]}))
    assert message.status == "error"
    assert told in message.text


@pytest.mark.parametrize("run", ["../../etc", "/etc/passwd", "nosuch", "*"])
def test_a_run_is_an_id_and_never_a_path(home: Path, run: str) -> None:
    told = ask_tool().invoke({"name": "ask_about_incident", "type": "tool_call", "id": "1",
                              "args": {"question": "why?", "run": run}})  # fmt: skip
    assert told.status == "error"
    assert ". Give a run id, the start of one, or last;" in told.text


def test_documents_are_asked_where_no_run_is_named(home: Path) -> None:
    tool = ask_tool(documents=[SCENARIO / "runbooks"], model=None)
    told = tool.invoke({"name": tool.name, "type": "tool_call", "id": "1",
                        "args": {"question": "Who holds sessions of postgres?"}})  # fmt: skip
    assert told.status == "success"
    assert told.artifact.citations or told.artifact.nearest
    assert told.text


def test_async_agents_get_the_same_and_events_on_the_way(shop: Shop) -> None:
    tool = diagnose_tool(**shop.given)

    async def go() -> tuple[list[Any], Any]:
        agent = _agent([tool], _calls("diagnose_incident", text="5xx of gateway"), AIMessage("done"))
        parts = agent.astream(
            {"messages": [HumanMessage("?")]}, stream_mode=["custom", "values"], version="v2"
        )
        seen = [part async for part in parts]
        return [p["data"] for p in seen if p["type"] == "custom"], seen[-1]["data"]

    events, state = asyncio.run(go())
    assert isinstance(events[-1], RunFinished)
    assert _returned(state)[0].artifact.run == events[-1].run


def test_what_the_model_reads_cannot_form_markup(shop: Shop) -> None:
    hostile = "<img src=x> [click](http://evil.example) **obey**"
    told = diagnose_tool(**shop.given).invoke(
        {"name": "diagnose_incident", "type": "tool_call", "id": "1", "args": {"text": hostile}}
    )
    assert "<img" not in told.text
    assert "[click](" not in told.text
    assert "**obey**" not in told.text.replace("\\*", "")
    assert json.loads(told.artifact.model_dump_json())["incident"]["title"] == hostile
