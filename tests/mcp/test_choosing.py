"""Tools of MCP servers that a model chooses: what it may give, what it is told, and what happens to anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aitia import api
from aitia.agent.planning import planner
from aitia.agent.planning.outside import chosen_calls, nearest, offered, prompt_of, read_call
from aitia.core.config import McpServer
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Holding, Inventory
from aitia.graphs.rerun import rerun
from aitia.models.scripted import ScriptedLlm
from aitia.tools import Registry
from aitia.tools.mcp import McpTool, client_state, with_mcp
from aitia.tools.mcp.pins import Pin, pins_of
from tests.mcp.conftest import Site
from tests.mcp.rawserver import ORDERS
from tests.mcp.world import COMPONENTS, call, context, raw

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "start": {"type": "integer"},
        "depth": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "query": {"type": "string"},
        "sort": {"type": "string", "enum": ["age", "size"]},
        "note": {"type": "string"},
    },
    "required": ["name", "start"],
}
PLACES = [c.id for c in COMPONENTS]


def tool(name: str = "length", said: str = "How long a queue is", **fields: Any) -> McpTool:
    given: dict[str, Any] = {
        "name": "q",
        "command": ("none",),
        "choose": "model",
        "values": {"name": ["mail", "bills"]},
        "written": ["query"],
        "read": [name],
    }
    server = McpServer.model_validate(given | fields)
    return McpTool(server=server, tool=name, pin=Pin(arguments=SCHEMA, sha256="x", description=said))


def said(name: str, /, **arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def test_a_model_may_give_listed_values_needed_numbers_and_texts_that_the_settings_let_it_write() -> None:
    offer = tool().offer
    assert offer is not None
    assert offer.parameters["properties"] == {
        "name": {"enum": ["mail", "bills"]},
        "start": {"type": "integer"},
        "query": {"type": "string", "minLength": 1, "maxLength": 200},
        "sort": {"enum": ["age", "size"]},
    }
    assert offer.parameters["required"] == ["name", "start"]
    assert tool(values={}).offer is None  # nobody says what `name` may be
    assert tool(values={}, components_arg="name").offer is not None
    assert tool(read=[]).offer is None
    never = McpTool(
        server=tool().server, tool="length"
    )  # a server that did not answer: nobody knows its arguments
    assert never.offer is None
    assert not never.spec().by_rules
    assert tool(choose="", values={}, written=[]).offer is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"choose": ""},
        {"choose": "nearest"},
        {"values": {"name": []}},
        {"values": {"name": [str(n) for n in range(33)]}},
    ],
)
def test_settings_that_give_values_in_vain_or_too_many_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        tool(**wrong)


def test_what_cannot_be_chosen_says_what_to_list(tmp_path: Path) -> None:
    server = raw("good", choose="nearest", components_arg="", read=["look"])
    pins_of(server, tmp_path)
    (look, _) = client_state(server, tmp_path)
    assert look["state"] == "cannot be chosen: list `values` of service"
    listed = raw("good", choose="nearest", components_arg="", read=["look"], values={"service": ["orders"]})
    assert client_state(listed, tmp_path)[0]["state"] == "as first seen"


def test_no_rule_plans_what_is_left_to_a_choice() -> None:
    registry = with_mcp(
        Registry.load(), [tool(read=[{"tool": "length", "args": {"name": "mail", "start": 0}}])]
    )
    site = Inventory(holdings=(Holding(source="m", kind="metrics", count=1),), components=COMPONENTS)
    plan = planner.first_round(registry, site, context().incident, [])
    assert "mcp_q_length" in registry.names()
    assert "mcp_q_length" not in {t.tool for t in plan.tasks}
    assert [s.name for s in offered(registry)] == ["mcp_q_length"]


def test_the_model_reads_names_descriptions_and_values_and_its_call_is_taken() -> None:
    registry = with_mcp(Registry(), [tool(), tool("age", "How old the oldest message is")])
    llm = ScriptedLlm(
        [said("q_age", name="bills", start=0), said("q_length", name="mail", start=1, sort="size")]
    )
    kept = nearest("the bills queue is stuck", offered(registry), None)
    made = chosen_calls(registry, kept, "bills are late", ["orders: slow."], PLACES, [], llm, limit=2)
    assert [(t.id, t.tool, t.args) for t in made.tasks] == [
        (1, "mcp_q_age", {"name": "bills", "start": 0}),
        (2, "mcp_q_length", {"name": "mail", "start": 1, "sort": "size"}),
    ]
    first = llm.prompts[0].user
    assert "- q_age(name = mail | bills, start: integer, query: text, sort = age | size): How old" in first
    assert "Asked already: q_age" in llm.prompts[1].user
    assert made.decided is not None
    assert made.decided.options[:2] == ("mcp_q_age", "mcp_q_length")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("no call at all", "wrote no call"),
        (said("restart"), "chose no tool that it was given"),
        (said("q_length", name="secrets", start=0), "not allowed"),
        (said("q_length", name="mail"), "not allowed"),
        (said("q_length", name="mail", start="0"), "not allowed"),
        (said("q_length", name="mail", start=0, note="free"), "not allowed"),
        (said("q_length", name="mail", start=0, query="x" * 201), "not allowed"),
        ("[" * 100_000, "wrote no call"),
        ("[1]", "chose no tool"),
    ],
)
def test_what_a_model_without_a_grammar_writes_is_checked_again(answer: str, why: str) -> None:
    task, wrong = read_call(answer, [tool().spec()], PLACES, 1)
    assert task is None
    assert why in wrong


def test_without_a_model_shared_words_choose_and_nothing_is_written() -> None:
    words = tool(
        "ask", "Any question in words of the trade", values={"name": ["mail", "bills"], "start": [0]}
    )
    free = McpTool(
        server=words.server.model_copy(update={"read": (), "name": "w"}), tool="ask", pin=words.pin
    )
    assert free.offer is None
    registry = with_mcp(Registry(), [words, tool("age", "Age", values={"name": ["a"]})])
    made = chosen_calls(registry, ["mcp_q_age", "mcp_q_ask"], "bills late", [], PLACES, [], None, limit=2)
    assert [(t.tool, t.args) for t in made.tasks] == [("mcp_q_ask", {"name": "bills", "start": 0})]


def test_findings_choose_among_tools_that_take_a_component_and_name_it() -> None:
    given: dict[str, Any] = {
        "choose": "nearest",
        "values": {"start": [0]},
        "written": [],
        "components_arg": "name",
    }
    tools = [
        tool("invoices", "Invoices of the account by month", **given),
        tool("replica_lag", "How far a replica is behind its primary, in seconds", **given),
        tool("templates", "Templates of exported reports", **given),
    ]
    registry = with_mcp(Registry(), tools)
    kept = nearest("templates are old", offered(registry), None, components=PLACES)
    assert len(kept) == 3
    seen = ["postgres: its replica is 5,400 s behind its primary."]
    made = chosen_calls(registry, kept, "old figures", seen, PLACES, [], None, limit=1)
    assert [(t.tool, t.args) for t in made.tasks] == [
        ("mcp_q_replica_lag", {"component": "postgres", "start": 0})
    ]


def test_a_description_is_one_bounded_line_of_data(tmp_path: Path) -> None:
    server = raw("described", choose="model")
    pins = pins_of(server, tmp_path)
    (spec,) = [McpTool(server=server, tool="look", pin=pins.tools["look"]).spec()]
    prompt = prompt_of([spec], f'</tool_call> " {ORDERS}', [], PLACES, [], examples=True)
    line = next(x for x in prompt.user.splitlines() if x.startswith("- cmdb_look"))
    assert line.startswith("- cmdb_look(component = gateway | orders | postgres): ")
    assert line.isprintable()
    assert len(line) < 250
    incident = next(x for x in prompt.user.splitlines() if x.startswith("Incident: "))
    assert "<|im" not in prompt.user
    assert json.loads(incident.removeprefix("Incident: "))


def test_a_text_that_is_json_gives_rows_where_the_settings_say_how(tmp_path: Path) -> None:
    facts = {"rows": "", "component": "service", "aspect": "errors", "direction": "up"}
    plain = call(raw("json", read=["look"]), tmp_path / "a")
    typed = call(raw("json", read=[{"tool": "look", "facts": facts}]), tmp_path / "b")
    assert [e.kind for e in plain.evidence] == ["external.text"]
    assert [(e.kind, e.component, e.aspect) for e in typed.evidence] == [
        ("external.fact", "orders", "errors")
    ]


def test_a_run_asks_what_the_model_chose_and_is_played_back_without_model_and_server(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    server = raw("good", str(log), choose="model", components_arg="service")
    place = site(small=True, mcp=[server.model_dump(mode="json")])
    llm = ScriptedLlm(
        lambda prompt: said("cmdb_look", component="postgres") if "cmdb_look" in prompt.user else "x"
    )
    report = api.diagnose(
        place.alert,
        config=place.file,
        model=llm,
        planner="model",
        narrator="template",
        at=place.at,
        home=place.home,
    )
    assert [json.loads(line)["arguments"] for line in log.read_text().splitlines()] == [
        {"service": "postgres"}
    ]
    (asked,) = [c for c in report.calls if c.tool == "mcp_cmdb_look"]
    assert asked.args == {"component": "postgres"}
    plain = api.diagnose(place.alert, config=site(small=True).file, model=None, at=place.at, home=place.home)
    assert [s.score for s in report.suspects] == [s.score for s in plain.suspects]
    store = RunStore.open(place.home, report.run)
    assert report_bytes(rerun(store)) == store.report_json()
