"""A site's own runbook, read from its folder, becomes the skeleton of the plan."""

from __future__ import annotations

from pathlib import Path

from aitia.agent.planning.defaults import Roles
from aitia.agent.planning.skeleton import skeleton
from aitia.core.config import SourceConfig
from aitia.core.words import Holding, Inventory, Result
from aitia.tools import Registry, SourceSet, ToolContext
from aitia.tools.incidents import runbooks_search
from aitia.tools.sources import open_source

from . import evidence as shop
from .incident import INCIDENT

REGISTRY = Registry.load()
BOOK = """---
services: [gateway]
symptoms: [5xx ratio]
tools:
  - logs_patterns component={component}
  - metrics_component component=redis
---
# Gateway 5xx ratio

## Checks
1. See what was deployed: `changes_list`
2. Look at the slots of postgres with metrics_component component=postgres
3. `kubectl delete pod gateway`
"""


def site() -> Inventory:
    kinds = ("metrics", "logs", "changes", "runbooks")
    holdings = tuple(Holding(source=k, kind=k, components=("gateway",), count=1) for k in kinds)
    return Inventory(holdings=holdings, components=shop.inventory().components)


def found(folder: Path) -> list[Result]:
    config = SourceConfig(name="books", kind="runbooks", type="runbooks", path=str(folder))
    return [runbooks_search(ToolContext(incident=INCIDENT, sources=SourceSet([open_source(config, folder)])))]


def test_front_matter_and_steps_name_the_calls(tmp_path: Path) -> None:
    (tmp_path / "gateway.md").write_text(BOOK)
    inventory = site()
    steps = skeleton(REGISTRY, inventory, Roles(INCIDENT, inventory), found(tmp_path))
    assert [(t.tool, t.args) for t, _ in steps] == [
        ("logs_patterns", {"component": "gateway"}),
        ("metrics_component", {"component": "redis"}),
        ("changes_list", {}),
        ("metrics_component", {"component": "postgres"}),
    ]
    assert {title for _, title in steps} == {"Gateway 5xx ratio"}


def test_a_tool_without_a_component_is_asked_about_the_alarmed_one(tmp_path: Path) -> None:
    (tmp_path / "gateway.md").write_text(
        "# Gateway 5xx ratio\n## Checks\n1. Run metrics_component\n2. traces_tree\n"
    )
    inventory = site()
    steps = skeleton(REGISTRY, inventory, Roles(INCIDENT, inventory), found(tmp_path))
    assert [(t.tool, t.args) for t, _ in steps] == [("metrics_component", {"component": "gateway"})]


def test_the_bundled_runbooks_name_no_tools(tmp_path: Path) -> None:
    assert skeleton(REGISTRY, site(), Roles(INCIDENT, site()), found(tmp_path)) == []
