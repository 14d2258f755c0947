"""The incidents that are poisoned: recorded ones, and two twins of each made by code when the benchmark runs.

The healthy twin is the same recording and the same alarm, asked at a moment before the fault was injected. The
unwatched twin is the whole recording without the culprit's own telemetry. Nothing of it is copied into the project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import yaml

from aitia.agent.topology import Topology
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.words import Baseline, Component, Window

Kind = Literal["real", "healthy", "undecidable"]
_INJECTED = re.compile(r"Injected at (\S+?Z)")


@dataclass(frozen=True, kw_only=True)
class Base:
    """An incident before it is poisoned. `scenario` holds the answer, which only the scorer reads."""

    name: str
    kind: Kind
    folder: Path
    scenario: Scenario
    components: tuple[Component, ...]  # of the site, with their relations
    hide: frozenset[str] = frozenset()  # whose own telemetry is left out


def bases(data: Path) -> list[Base]:
    """The recorded incidents of a folder of scenario folders, and their twins."""
    return [base for file in sorted(data.glob("*/scenario.yaml")) for base in _of(file.parent)]


def _of(folder: Path) -> Iterator[Base]:
    scenario = load_scenario(folder)
    components = (*scenario.components, *_listed(scenario, folder))
    kinds: dict[str, Kind] = {"cause": "real", "healthy": "healthy", "unknown": "undecidable"}
    made = Base(
        name=folder.name,
        kind=kinds[scenario.expected.verdict],
        folder=folder,
        scenario=scenario,
        components=components,
    )
    yield made
    yield replace(made, name=f"{folder.name} before", kind="healthy", scenario=_before(scenario))
    if made.kind == "real":
        hide = culprits(scenario, components)
        yield replace(made, name=f"{folder.name} unwatched", kind="undecidable", hide=hide)


def _listed(scenario: Scenario, folder: Path) -> Iterator[Component]:
    for source in scenario.sources:
        if source.kind == "topology":
            text = (folder / source.path).read_text(encoding="utf-8")
            yield from (Component.model_validate(c) for c in yaml.safe_load(text)["components"])


def culprits(scenario: Scenario, components: Sequence[Component]) -> frozenset[str]:
    """The accepted components with their parts: what has to be unwatched so that the cause cannot be told."""
    expected = scenario.expected
    named = {expected.component, *(a.component for a in expected.alternatives)}
    topology = Topology(components)
    return frozenset(m for name in named if name for m in topology.family(name))


def _before(scenario: Scenario) -> Scenario:
    """The same alarm at a time when nothing was wrong yet: the last quiet moment is its `now`."""
    quiet = scenario.baselines[0].window
    end = _injected(scenario) or quiet.end
    back = scenario.now - min(end, scenario.now)
    room = (end - quiet.start).total_seconds()
    length = min(scenario.window.seconds, room / 2)
    start = end - timedelta(seconds=length)
    lead = min((scenario.incident.started_at - back - start).total_seconds(), length)
    started = start + timedelta(seconds=lead if lead > 0 else length * 0.7)
    return scenario.model_copy(
        update={
            "now": end,
            "window": Window(start=start, end=end),
            "baselines": (Baseline(name="preceding", window=Window(start=quiet.start, end=start)),),
            "incident": scenario.incident.model_copy(update={"started_at": started}),
        }
    )


def _injected(scenario: Scenario) -> datetime | None:
    """When the recorder injected the fault, where it says so."""
    found = _INJECTED.search(scenario.recorded.notes)
    return datetime.fromisoformat(found.group(1)) if found else None
