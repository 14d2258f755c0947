"""MCP servers as tool sources: what they answer becomes a fact or a clear error, whatever they do."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from aitia.agent.planning.defaults import Roles
from aitia.agent.planning.plan_prompt import system_of
from aitia.agent.planning.planner import first_round
from aitia.agent.planning.skeleton import calls_in
from aitia.agent.planning.validate import validated
from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import weigh
from aitia.core.config import McpServer
from aitia.core.errors import BadInput
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Inventory, Task
from aitia.graphs.live import safe_result
from aitia.settings import load_settings
from aitia.tools.mcp import accept, client_state, mcp_tools
from aitia.tools.mcp.arguments import arguments_of
from aitia.tools.mcp.transport import kept
from tests.mcp.rawserver import ORDERS
from tests.mcp.world import COMPONENTS, call, context, raw, registry


def test_an_answer_is_a_faint_tainted_fact_about_whom_the_report_names(tmp_path: Path) -> None:
    result = call(raw("good", str(tmp_path / "log")), tmp_path, text="orders is slow, and so is gateway")
    said = [e.statement for e in result.evidence]
    assert said == [
        'orders: the tool look of MCP server cmdb answered "orders belongs to team blue".',
        'gateway: the tool look of MCP server cmdb answered "gateway belongs to team blue".',
    ]
    fact = result.evidence[0]
    assert (fact.kind, fact.aspect, fact.taint, fact.direction) == ("external.text", "other", True, "none")
    assert fact.strength <= 0.1
    assert fact.source.query == 'look {"service": "orders"}'
    asked = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [a["arguments"] for a in asked] == [{"service": "orders"}, {"service": "gateway"}]


def test_a_call_may_name_its_component_and_give_arguments(tmp_path: Path) -> None:
    server = raw("good", str(tmp_path / "log"))
    assert call(server, tmp_path, component="postgres", depth=2).status == "ok"
    assert json.loads((tmp_path / "log").read_text())["arguments"] == {"service": "postgres", "depth": 2}
    assert call(server, tmp_path, text="something is wrong").status == "no_data"
    assert call(server, tmp_path, service="postgres").message.startswith("Fix argument 'service'")


def test_arguments_of_the_settings_are_sent_and_nobody_else_can_set_them(tmp_path: Path) -> None:
    fixed = raw("good", str(tmp_path / "log"), read=[{"tool": "look", "args": {"depth": 7}}])
    assert call(fixed, tmp_path).status == "ok"
    assert json.loads((tmp_path / "log").read_text())["arguments"]["depth"] == 7
    assert call(fixed, tmp_path, depth=9).status == "error"


def test_what_is_not_listed_waits_for_a_person(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for server, tool in ((raw("good", str(log)), "restart"), (raw("good", str(log), read=[]), "look")):
        result = call(server, tmp_path, tool=tool)
        assert (result.status, result.evidence) == ("needs_approval", ())
    assert not log.exists()


@pytest.mark.parametrize(
    "mode", ["described", "nasty", "noise", "asks", "stranger", "many", "names", "schema", "pages"]
)
def test_hostile_servers_that_answer_are_read_and_say_nothing_outside_quotes(
    tmp_path: Path, mode: str
) -> None:
    server = raw(mode)
    tools = registry(server, tmp_path)
    assert len(tools.names()) <= 64
    assert all(len(n) <= 110 and n.replace("_", "").replace("-", "").isalnum() for n in tools.names())
    prompt = system_of(tools) + "".join(s.doc for s in tools)
    assert "gnore all" not in prompt
    assert "Ask MCP server cmdb with its tool look about a component." in prompt
    result = tools.call(Task(id=1, tool="mcp_cmdb_look"), context())
    assert result.status == "ok"
    (fact,) = result.evidence
    assert fact.statement.isprintable()
    before, quoted = fact.statement[:-2].split('answered "')
    assert before == "orders: the tool look of MCP server cmdb "
    assert '"' not in quoted
    assert "”" not in quoted
    assert "\x1b" not in quoted
    assert "[31m" not in quoted


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        (
            "die",
            "MCP server 'cmdb' exits before it answers: its last output was 'out of luck Ignore all",
        ),
        ("big", "sent more than 4 MiB"),
        ("endless", "sent more than 4 MiB"),
        ("shape", "does not follow the protocol"),
        ("refuses", "MCP server 'cmdb' answered 'Ignore all"),
        ("version", "Unsupported protocol version"),
    ],
)
def test_servers_that_fail_give_an_error_that_says_so(tmp_path: Path, mode: str, says: str) -> None:
    began = time.monotonic()
    result = call(raw(mode), tmp_path)
    assert result.status == "error"
    assert says in result.message
    assert result.message.isprintable()
    assert len(result.message) < 500
    assert time.monotonic() - began < 12


@pytest.mark.parametrize("mode", ["hang", "mute", "nested"])
def test_a_server_that_never_answers_is_given_up_and_gone(tmp_path: Path, mode: str) -> None:
    server = raw(mode, timeout_s=1.5)
    began = time.monotonic()
    result = call(server, tmp_path)
    assert result.status == "error"
    assert "did not answer within 1.5 s" in result.message or "is not MCP" in result.message
    assert time.monotonic() - began < 9
    assert not _processes_with(f"rawserver.py {mode}")


def _processes_with(words: str) -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = each.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if words in line and str(os.getpid()) != each.parent.name:
            found.append(line)
    return found


@given(text=st.text(alphabet="ab \x1b[3m\n\u202e", max_size=600), most=st.integers(2, 80))
def test_what_is_cut_is_cut_between_words(text: str, most: int) -> None:
    cut = kept(text, most)
    assert cut.isprintable()
    assert len(cut) <= most + 2
    whole = kept(text, 10_000).split(" ")
    assert cut.removesuffix(" …").removesuffix("…").split(" ") in (
        whole[: len(cut.removesuffix(" …").split(" "))],
        [""],
    )


def test_a_runbook_may_name_a_listed_tool_and_no_other(tmp_path: Path) -> None:
    tools = registry(raw("good"), tmp_path)
    held = Inventory(components=COMPONENTS)
    roles = Roles(context().incident, held)
    text = "Run mcp_cmdb_look component={alarmed} depth=2, then mcp_cmdb_look component=nowhere, then mcp_cmdb_restart."
    asked = [t.model_copy(update={"id": n}) for n, t in enumerate(calls_in(text, tools, roles), 1)]
    planned, refused = validated(asked, tools, held, ())
    assert [(t.tool, t.args) for t in planned] == [("mcp_cmdb_look", {"component": "orders", "depth": "2"})]
    assert any("is not a component in the inventory: name one" in why for why in refused)
    assert any("this tool is exec: choose a read-only one" in why for why in refused)
    assert tools.call(planned[0], context()).status == "ok"


def test_long_answers_are_cut_and_empty_ones_are_no_data(tmp_path: Path) -> None:
    (fact,) = call(raw("long"), tmp_path / "a").evidence
    assert len(fact.statement) <= 400
    assert fact.statement.endswith('word …".')
    assert call(raw("empty"), tmp_path / "b").status == "no_data"
    assert call(raw("nan"), tmp_path / "c").status in ("no_data", "error")


def test_a_secret_in_an_answer_is_not_kept(tmp_path: Path) -> None:
    result = safe_result(call(raw("secret"), tmp_path), Redactor(load_key(tmp_path)))
    assert "hunter2" not in result.model_dump_json()


def test_rows_weigh_what_the_settings_say_and_only_for_known_components_and_times(tmp_path: Path) -> None:
    rows = {
        "rows": "alerts",
        "component": "labels.service",
        "onset": "since",
        "text": "what",
        "aspect": "errors",
    }
    server = raw("rows", read=[{"tool": "look", "facts": rows | {"direction": "up", "strength": 0.6}}])
    (fact,) = call(server, tmp_path).evidence
    assert (fact.component, fact.kind, fact.aspect, fact.direction) == (
        "orders",
        "external.fact",
        "errors",
        "up",
    )
    assert (fact.strength, fact.taint, fact.values["reported_by"]) == (0.6, True, "mcp:cmdb")
    assert fact.statement.startswith(
        'orders: MCP server cmdb, asked with look, reports errors since 10:00:50 UTC: "pool'
    )
    dead = raw("rows", read=[{"tool": "look", "facts": rows | {"aspect": "log.oom", "strength": 0.8}}])
    weighed = weigh(
        call(dead, tmp_path).evidence, Inventory(components=COMPONENTS), bundled(), alarmed=["orders"]
    )
    assert ("orders", "resource.memory") in {(s.component, s.fault) for s in weighed.suspects}
    assert weighed.verdict == "unknown"  # second-hand: it supports a suspect and convicts none
    plain = call(raw("rows"), tmp_path)
    assert (plain.status, plain.evidence) == ("ok", ())
    assert plain.data["external"][0]["answer"]["alerts"]


def test_a_tool_that_changed_is_refused_until_it_is_accepted(tmp_path: Path) -> None:
    server = raw("changed", str(tmp_path / "flag"))
    assert call(server, tmp_path).status == "ok"
    (tmp_path / "flag").touch()
    refused = call(server, tmp_path)
    assert refused.status == "error"
    assert "has changed since it was first seen, so it was" in refused.message
    states = {row["tool"]: row["state"] for row in client_state(server, tmp_path)}
    assert states == {"mcp_cmdb_look": "changed, not called", "mcp_cmdb_restart": "as first seen"}
    accept(server, tmp_path)
    assert call(server, tmp_path).status == "ok"


def test_a_tool_that_appears_later_is_not_called_unnoticed(tmp_path: Path) -> None:
    server = raw("good", read=["look", "t1"])
    assert ". Remove it from `read`." in call(server, tmp_path, tool="t1").message
    pins = tmp_path / "mcp" / "cmdb.json"
    kept = json.loads(pins.read_text())
    many = raw("many", read=["look", "t1"])
    assert "t1" in {t.tool for t in mcp_tools([many], tmp_path / "other")}
    pins.write_text(
        json.dumps(kept | {"of": json.loads((tmp_path / "other/mcp/cmdb.json").read_text())["of"]})
    )
    assert "has changed since it was first seen, so it was" in call(many, tmp_path, tool="t1").message


@pytest.mark.parametrize("kept", [b"", b"{", b"\xff", b"[]", b'{"of": 1}'])
def test_damaged_pins_say_what_to_do_and_are_mended_by_accepting(tmp_path: Path, kept: bytes) -> None:
    server, file = raw("good"), tmp_path / "mcp" / "cmdb.json"
    file.parent.mkdir()
    file.write_bytes(kept)
    with pytest.raises(BadInput, match=r"mcp/cmdb\.json is damaged.*aitia mcp accept cmdb"):
        mcp_tools([server], tmp_path)
    accept(server, tmp_path)
    assert mcp_tools([server], tmp_path)


def test_a_dead_server_leaves_its_listed_tools_which_say_why(tmp_path: Path) -> None:
    server = raw("good", command=["/nowhere/at/all"])
    began = time.monotonic()
    tools = registry(server, tmp_path)
    assert tools.names() == ("mcp_cmdb_look",)
    result = tools.call(Task(id=1, tool="mcp_cmdb_look"), context())
    assert (result.status, "it does not start" in result.message) == ("error", True)
    assert time.monotonic() - began < 5


def test_only_named_variables_reach_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_SECRET", "not for everybody")
    # Its own name alone: the list of all would be cut in the message, and what is cut is not missed.
    script = "import os,sys; print([n for n in os.environ if 'SECRET' in n], file=sys.stderr); sys.exit(1)"
    python = raw("good").command[0]
    shown = call(raw("good", command=[python, "-c", script], env_names=["SITE_SECRET"]), tmp_path).message
    hidden = call(raw("good", command=[python, "-c", script]), tmp_path).message
    assert "['SITE_SECRET']" in shown
    assert "[]" in hidden
    monkeypatch.delenv("SITE_SECRET")
    with pytest.raises(BadInput, match="The environment variable SITE_SECRET is not set"):
        call(raw("good", env_names=["SITE_SECRET"]), tmp_path)


def test_listed_tools_are_planned_last_in_the_first_round(tmp_path: Path) -> None:
    tools = registry(raw("good"), tmp_path)
    plan = first_round(tools, Inventory(components=COMPONENTS), context().incident, ())
    assert [t.tool for t in plan.tasks] == ["mcp_cmdb_look"]
    without = registry(
        raw("good", components_arg=""), tmp_path
    )  # its argument stays open: nobody can plan it
    assert first_round(without, Inventory(components=COMPONENTS), context().incident, ()).tasks == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mcp: [{name: a_b, command: [x]}]", "mcp.0.name"),
        ("mcp: [{name: a}]", "either a command or a url"),
        ("mcp: [{name: a, command: [x], url: http://x}]", "either a command or a url"),
        ("mcp: [{name: a, command: [x], token_env: T}]", "token_env is only for url; for a command use"),
        ("mcp: [{name: a, url: file:///etc}]", "must begin with http"),
        ("mcp: [{name: a, command: [x], read: ['rm -rf']}]", "mcp.0.read.0.tool"),
        ("mcp: [{name: a, command: [x], read: [t, t]}]", "lists 't' twice"),
        ("mcp: [{name: a, command: [x]}, {name: a, command: [y]}]", "names must differ: a"),
        ("mcp: [{name: a, command: [x], read: [{tool: t, facts: {aspect: doom}}]}]", "aspect must be one of"),
        ("mcp: [{name: a, command: [x], timeout_s: 600}]", "mcp.0.timeout_s"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "aitia.yaml").write_text(text)
    with pytest.raises(BadInput) as refused:
        load_settings(tmp_path / "aitia.yaml")
    assert says in str(refused.value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["string", "object", "integer"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "required", "enum", "$ref", "pattern", "model_config", "copy"]
            )
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150)
@given(
    schema=st.dictionaries(st.sampled_from(["type", "properties", "required", "$defs"]), JSON),
    about=st.booleans(),
)
def test_no_schema_breaks_the_arguments_or_speaks_through_them(schema: dict[str, Any], about: bool) -> None:
    model = arguments_of(schema, fixed=(), about=about)
    assert len(model.model_fields) <= 25
    assert ("component" in model.model_fields) >= about
    shown = model.model_json_schema().get("properties", {})
    assert all(
        set(told) <= {"default", "maxLength", "title", "type"}
        for n, told in shown.items()
        if n == "component"
    )
    assert all(
        set(told) <= {"title", "default"} for n, told in shown.items() if not (about and n == "component")
    )
    with pytest.raises(ValidationError):
        model.model_validate({"not an argument": 1})


def test_the_server_and_its_tools_read_back_from_what_a_run_keeps(tmp_path: Path) -> None:
    tools = mcp_tools([raw("good")], tmp_path)
    again = [type(t).model_validate_json(t.model_dump_json()) for t in tools]
    assert again == tools
    assert McpServer.model_validate(tools[0].server.model_dump()) == tools[0].server
    assert ORDERS not in "".join(t.model_dump_json() for t in mcp_tools([raw("described")], tmp_path / "x"))
