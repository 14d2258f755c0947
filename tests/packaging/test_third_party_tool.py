"""docs/add-a-tool.md, done for real: its files are installed, the tool is listed and called."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

DOC = Path(__file__).parents[2] / "docs" / "add-a-tool.md"
CALL = """
import json
from datetime import UTC, datetime
from pathlib import Path
from aitia.core.config import SourceConfig
from aitia.core.words import Incident, Task, Window
from aitia.tools import Registry, SourceSet, ToolContext
from aitia.tools.sources import open_source

window = Window(start=datetime(2026, 11, 25, 10, tzinfo=UTC), end=datetime(2026, 11, 25, 11, tzinfo=UTC))
source = open_source(SourceConfig(name="q", kind="metrics", type="table", path="q.csv"), Path.cwd())
incident = Incident(id="i", title="slow", started_at=window.start, window=window)
context = ToolContext(incident=incident, sources=SourceSet([source]))
for minimum in (100, 5000):
    result = Registry.load().call(Task(id=1, tool="queue_depth", args={"minimum": minimum}), context)
    print(json.dumps([result.status, result.message, [e.statement for e in result.evidence]]))
"""


def _blocks() -> dict[str, str]:
    """The code blocks of the page that begin with a file name."""
    found = re.findall(
        r"^```\w+\n# ([\w.]+)\n(.*?)^```$", DOC.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return dict(found)


def test_the_tool_of_the_docs_is_installed_listed_and_called(fresh: Any, tmp_path: Path) -> None:
    blocks = _blocks()
    assert set(blocks) == {"acme_tools.py", "pyproject.toml"}
    project = tmp_path / "acme"
    project.mkdir()
    for name, text in blocks.items():
        (project / name).write_text(text, encoding="utf-8")
    fresh.install(project)

    listed = fresh.run("aitia", "tools", "list", "--json", cwd=tmp_path)
    tools = {t["name"]: t for t in json.loads(listed.stdout)["tools"]}
    assert tools["queue_depth"]["needs"] == ["metrics"]
    assert tools["queue_depth"]["doc"].startswith("Which queues")
    assert "queue_depth" in fresh.run("aitia", "tools", "list", cwd=tmp_path).stdout

    rows = "".join(f"2026-11-25T10:{m:02}:00Z,mail,queue_depth,{20 * m}\n" for m in range(60))
    (tmp_path / "q.csv").write_text("time,component,metric,value\n" + rows)
    called = fresh.run("python", "-c", CALL, cwd=tmp_path)
    assert called.returncode == 0, called.stderr
    found, none = [json.loads(line) for line in called.stdout.splitlines()]
    assert found == ["ok", "", ["mail: 1180 messages wait, more than 100."]]
    assert none[0] == "no_data"
    assert none[1].startswith("Lower `minimum`")
