"""`aitia mcp`, `aitia mcp tools`, `aitia mcp accept` as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from aitia.cli.app import run
from aitia.core.serving import listening
from aitia.settings import load_settings
from tests.mcp.conftest import Site
from tests.mcp.world import raw

DOC = Path(__file__).parents[2] / "docs" / "mcp.md"


def test_the_tools_of_the_settings_are_listed_and_what_changed_is_accepted(
    site: Callable[..., Site], capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    flag = tmp_path_factory.mktemp("elsewhere") / "flag"  # below the settings it would be asked about again
    good, dead = raw("changed", str(flag)), raw("good", name="dead", command=["/nowhere/at/all"])
    site(mcp=[s.model_dump(mode="json") for s in (good, dead)])
    assert run(["mcp", "tools", "--json"]) == 1  # one server is dead
    told = capsys.readouterr()
    assert "Fix `command` of MCP server 'dead'" in told.err
    rows = {row["tool"]: row for row in json.loads(told.out)["tools"]}
    assert (rows["mcp_cmdb_look"]["effect"], rows["mcp_cmdb_restart"]["effect"]) == ("read", "exec")
    assert rows["mcp_cmdb_look"]["arguments"] == ["component", "depth"]

    flag.touch()
    run(["mcp", "tools"])
    assert "changed, not called" in capsys.readouterr().out
    assert run(["mcp", "accept", "cmdb"]) == 0
    assert "accepted 2 tools of cmdb: look, restart" in capsys.readouterr().err
    run(["mcp", "tools"])
    assert "changed" not in capsys.readouterr().out
    assert run(["mcp", "accept", "nobody"]) == 2
    assert "Unknown MCP server 'nobody'" in capsys.readouterr().err


def test_a_server_that_others_could_reach_needs_a_token(
    site: Callable[..., Site], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site()
    monkeypatch.delenv("AITIA_TOKEN", raising=False)
    assert run(["mcp", "--http", "--host", "0.0.0.0"]) == 2
    assert "Set AITIA_TOKEN to listen on '0.0.0.0'" in capsys.readouterr().err
    monkeypatch.setenv("AITIA_TOKEN", "one\ntwo")
    assert run(["mcp", "--http"]) == 2
    assert "one\ntwo" not in capsys.readouterr().err
    site(sources=[])
    assert run(["mcp", "--http"]) == 2
    assert "No sources are configured. Add them to" in capsys.readouterr().err


def test_a_port_in_use_is_told_as_such(site: Callable[..., Site], capsys: pytest.CaptureFixture[str]) -> None:
    site()
    with listening("127.0.0.1", 0) as held:
        assert run(["mcp", "--http", "--port", str(held.getsockname()[1])]) == 2
    assert "Choose another --host or --port" in capsys.readouterr().err


def test_the_settings_of_the_docs_load(tmp_path: Path) -> None:
    told, chosen = [part.split("```")[0] for part in DOC.read_text(encoding="utf-8").split("```yaml\n")[1:]]
    (tmp_path / "chosen.yaml").write_text(chosen)
    assert [s.choose for s in load_settings(tmp_path / "chosen.yaml").mcp] == ["nearest", "model"]
    (tmp_path / "aitia.yaml").write_text(told)
    cmdb, pager = load_settings(tmp_path / "aitia.yaml").mcp
    assert [r.tool for r in (*cmdb.read, *pager.read)] == ["owner_of", "open_alerts"]
    assert yaml.safe_load(told)["mcp"][1]["read"][0]["facts"]["aspect"] == "errors"
