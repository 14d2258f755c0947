"""Real open MCP servers from PyPI and npm, as examples/mcp installs them: what they list, what is chosen, what they answer."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from aitia import api
from aitia.agent.planning.outside import nearest, offered
from aitia.consent import remember
from aitia.core.errors import SourceError
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Report, Task
from aitia.graphs.rerun import rerun
from aitia.models.scripted import ScriptedLlm
from aitia.settings import load_settings
from aitia.tools import Registry
from aitia.tools.mcp import accept, mcp_tools, with_mcp
from tests.mcp.world import context

EXAMPLE = Path(__file__).parents[2] / "examples" / "mcp"
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the servers: AITIA_TEST_MCP_SERVERS, or one that is installed into now."""
    for needed in ("npm", "node", "git", "redis-server", "redis-cli"):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed")
    there = Path(os.environ.get("AITIA_TEST_MCP_SERVERS") or tmp_path_factory.mktemp("servers"))
    made = subprocess.run(
        ["bash", str(EXAMPLE / "install.sh"), str(there)], capture_output=True, text=True, timeout=600
    )
    if made.returncode and any(
        w in made.stderr for w in ("ENOTFOUND", "ECONNREFUSED", "ConnectionError", "No matching")
    ):
        pytest.skip(f"the registries do not answer: {made.stderr[-200:]}")
    assert made.returncode == 0, made.stderr
    return there


@pytest.fixture(scope="module")
def site(servers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The settings of the example, over a world of its own."""
    there = tmp_path_factory.mktemp("shop")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {"REDIS_PORT": str(port)}
    command = ["bash", str(EXAMPLE / "world.sh"), str(servers), str(there)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)
    assert made.returncode == 0, made.stderr
    settings = there / "aitia.yaml"
    settings.write_text(settings.read_text().replace("choose: nearest", "choose: model"))
    remember(settings)
    yield there / "aitia.yaml"
    os.kill(int((there / "redis.pid").read_text()), signal.SIGTERM)


@pytest.fixture(scope="module")
def home(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which every server was seen once: the first start of an interpreter's packages is slow."""
    there = tmp_path_factory.mktemp("home")
    for server in load_settings(site).mcp:
        for left in reversed(range(4)):
            try:
                accept(server, there)
                break
            except SourceError:
                if not left:
                    raise
    return there


@pytest.fixture(scope="module")
def tools(site: Path, home: Path) -> Registry:
    return with_mcp(Registry(), mcp_tools(load_settings(site).mcp, home))


def test_what_is_listed_is_offered_and_what_writes_waits_for_a_person(tools: Registry, site: Path) -> None:
    names = {s.name for s in offered(tools)}
    listed = {f"mcp_{s.name}_{r.tool}" for s in load_settings(site).mcp for r in s.read}
    assert listed - names == set()
    waiting = {s.name for s in tools if s.effect == "exec"}
    assert {
        "mcp_files_write_file",
        "mcp_git_git_commit",
        "mcp_deploys_write_query",
        "mcp_queue_delete",
    } <= waiting
    before = sorted(p.name for p in (site.parent / "conf").iterdir())
    writes = Task(
        id=1, tool="mcp_files_write_file", args={"path": str(site.parent / "conf" / "x"), "content": "x"}
    )
    assert tools.call(writes, context()).status == "needs_approval"
    assert sorted(p.name for p in (site.parent / "conf").iterdir()) == before


@pytest.mark.parametrize(
    ("tool", "args", "says"),
    [
        ("files_read_text_file", {"path": "CONF/orders.yaml"}, "size: 4,"),
        ("git_git_log", {"repo_path": "CONF"}, "a smaller pool"),
        ("git_git_show", {"repo_path": "CONF", "revision": "HEAD"}, "a smaller pool"),
        ("deploys_read_query", {"query": "SELECT * FROM deploys ORDER BY at DESC LIMIT 5"}, "2.3.1"),
        ("queue_llen", {"name": "queue:mail"}, "41"),
    ],
)
def test_what_they_answer_is_quoted_and_without_weight(
    tools: Registry, site: Path, tool: str, args: dict[str, str], says: str
) -> None:
    given = {k: v.replace("CONF", str(site.parent / "conf")) for k, v in args.items()}
    result = tools.call(Task(id=1, tool=f"mcp_{tool}", args=given), context())
    assert result.status == "ok", result.message
    (fact,) = result.evidence
    assert says in fact.statement
    assert (fact.kind, fact.taint, fact.direction) == ("external.text", True, "none")
    assert fact.strength <= 0.1


def test_the_description_alone_brings_the_right_tool_among_the_nearest(tools: Registry) -> None:
    """By shared words, without an embedding model and without a model."""
    told = {"how many mails wait in the queue": "mcp_queue_llen", "show the commit logs": "mcp_git_git_log"}
    for question, wanted in told.items():
        assert wanted in nearest(question, offered(tools), None)


def test_a_diagnosis_asks_what_was_chosen_and_its_verdict_stays(
    site: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(home))
    calls = iter(
        [("git_git_log", {"repo_path": str(site.parent / "conf")}), ("queue_llen", {"name": "queue:mail"})]
    )

    def said(_: object) -> str:
        name, args = next(calls)
        return f"<tool_call>\n{json.dumps({'name': name, 'arguments': args})}\n</tool_call>"

    def diagnosed(model: ScriptedLlm | None) -> Report:
        return api.diagnose(
            "orders fails, mails are late", config=site, model=model, planner="model", narrator="template", home=home,
            at=datetime.fromisoformat(str(load_settings(site).service.at)),
        )  # fmt: skip

    report = diagnosed(ScriptedLlm(said))
    asked = {c.tool: c.status for c in report.calls if c.tool.startswith("mcp_")}
    assert asked == {"mcp_git_git_log": "ok", "mcp_queue_llen": "ok"}
    quoted = [e.statement for e in report.evidence if e.kind == "external.text"]
    assert any("a smaller pool" in s for s in quoted)
    store = RunStore.open(home, report.run)
    assert report_bytes(rerun(store)) == store.report_json()
    plain = diagnosed(None)  # chosen by words: other calls, the same suspects
    assert {c.tool for c in plain.calls if c.tool.startswith("mcp_")}
    assert [(s.component, s.fault, s.score) for s in report.suspects] == [
        (s.component, s.fault, s.score) for s in plain.suspects
    ]
