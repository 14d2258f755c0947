"""Which change is to blame: incidents of a bike rental, facts and changes in, a commit, flag, several or none out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia.agent.blame import blamed
from aitia.agent.facts import Facts
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.agent import taxonomy
from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Blame, Evidence, Incident, Inventory, Window
from aitia.tools.changes import changes_list
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import open_source

from ..evidence import T0, fact, inventory, numbered, quiet

RAW: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "incidents.yaml").read_text(encoding="utf-8"))
CALLS = {name: tuple(callees) for name, callees in RAW.pop("components").items()}
INVENTORY: Inventory = inventory(CALLS)
INCIDENT = Incident(
    id="i", title="an alarm", origin="alertmanager", started_at=T0,
    window=Window(start=T0 - timedelta(minutes=15), end=T0 + timedelta(minutes=5)),
    baselines=(Baseline(name="preceding", window=Window(start=T0 - timedelta(hours=4), end=T0 - timedelta(minutes=15))),),
)  # fmt: skip


def listed(folder: Path, changes: list[dict[str, Any]]) -> list[Evidence]:
    """The changes as the tool tells them, read from a journal."""
    entries = [c | {"at": (T0 + timedelta(seconds=c["at"])).isoformat()} for c in changes]
    (folder / "changes.json").write_text(json.dumps(entries))
    config = SourceConfig(name="journal", kind="changes", type="changes", path="changes.json")
    context = ToolContext(
        incident=INCIDENT, sources=SourceSet([open_source(config, folder)]), resolver=Resolver(INVENTORY.components)
    )
    return list(changes_list(context).evidence)


def observed(rows: list[list[Any]]) -> list[Evidence]:
    found = []
    for component, aspect, kind, at, statement, *more in rows:
        direction = "new" if kind.startswith("log.") else "up"
        found.append(fact(component, aspect, statement, kind=kind, at=at, direction=direction, **(more[0] if more else {})))
    touched = {row[0] for row in rows}
    return found + [q for name in CALLS if name not in touched for q in quiet(name, "latency", "errors")]


def judge(folder: Path, incident: dict[str, Any]) -> tuple[Blame | None, str]:
    facts = numbered([*observed(incident["facts"]), *listed(folder, incident["changes"])])
    weighed = weigh(facts, INVENTORY, taxonomy.bundled())
    cause = weighed.component or next(s.component for s in weighed.suspects if s.component)
    return blamed(Facts(facts, Topology(INVENTORY.components)), cause, INCIDENT), cause


@pytest.mark.parametrize("name", RAW)
def test_the_change_to_blame_is_told_from_its_neighbours_in_time(name: str, tmp_path: Path) -> None:
    found, _ = judge(tmp_path, RAW[name])
    expected = RAW[name]["expected"]
    assert found is not None
    assert sorted(found.ids) == sorted(expected), found.model_dump(include={"suspects", "sentence"})
    assert found.answer == ("none" if not expected else "change" if len(expected) == 1 else "undecided")
