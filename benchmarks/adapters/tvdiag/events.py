"""Alert events of TVDiag: what was raised, by which component, and what turned out to be the cause."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from aitia.core.errors import BadInput
from aitia.core.words import Word

Kind = Literal["metric", "log", "trace"]


class AlertEvent(Word):
    """One thing that was raised.

    metric  `signal` is the metric, `direction` how it moved
    log     `signal` is the template
    trace   `signal` is the operation, `direction` the trouble (slow, a status code), `component` the server of the
            call and `peer` its client; both are the same for a span within one component, "" is a user
    """

    component: str
    signal: str
    direction: str = ""
    source: Kind = "metric"
    peer: str = ""


class Case(Word):
    """An incident as events, in the order in which they were raised. Without an answer it is a new one."""

    id: str
    nodes: tuple[str, ...] = ()  # what could be the cause; empty: every component that is named
    edges: tuple[tuple[str, str], ...] = ()
    events: tuple[AlertEvent, ...] = ()
    component: str = ""
    fault: str = ""

    @property
    def candidates(self) -> tuple[str, ...]:
        """The components that could be the cause, sorted."""
        named = self.nodes or (e.component for e in self.events if e.component)
        return tuple(sorted(set(named)))


def systems(data: Path) -> Iterator[Path]:
    """The folders of all systems, sorted."""
    found = sorted(p.parent for p in data.rglob("label.csv") if (p.parent / "raw" / "metrics.json").exists())
    if not found:
        raise BadInput(f"Give --data a folder with SYSTEM/label.csv and SYSTEM/raw/*.json: {str(data)!r}.")
    yield from found


def events_of(folder: Path) -> dict[str, Case]:
    """All incidents of a system by index, without answers."""
    raw = {
        kind: json.loads((folder / "raw" / f"{kind}.json").read_text(encoding="utf-8"))
        for kind in ("metrics", "logs", "traces", "nodes", "edges")
    }
    return {index: _case(index, raw) for index in sorted(raw["metrics"], key=lambda i: (len(i), i))}


def _case(index: str, raw: dict[str, Any]) -> Case:
    nodes = raw["nodes"][index]
    events = [
        AlertEvent(component=component, signal=metric, direction=direction)
        for component, metric, direction in raw["metrics"][index]
    ]
    # A template is written as COMPONENT-NUMBER; its number means the same everywhere.
    events += [
        AlertEvent(component=c, signal=t.removeprefix(f"{c}-"), direction="new", source="log")
        for c, t in raw["logs"][index]
    ]
    events += [
        AlertEvent(component=server, peer=client, signal=operation, direction=trouble, source="trace")
        for client, server, operation, trouble in raw["traces"][index]
    ]
    return Case(
        id=index,
        nodes=tuple(nodes),
        edges=tuple((nodes[a], nodes[b]) for a, b in raw["edges"][index]),
        events=tuple(events),
    )


def read_answers(folder: Path) -> dict[str, tuple[str, str]]:
    """(component, fault) by index."""
    with (folder / "label.csv").open(encoding="utf-8", newline="") as file:
        return {r["index"]: (r["instance"], r["anomaly_type"]) for r in csv.DictReader(file)}


def solved(cases: dict[str, Case], answers: dict[str, tuple[str, str]]) -> list[Case]:
    """Incidents with their answers: what a library holds."""
    return [
        c.model_copy(update={"component": answers[i][0], "fault": answers[i][1]})
        for i, c in cases.items()
        if i in answers and answers[i][0] in c.candidates
    ]


def hidden(case: Case) -> Case:
    """The incident as a system may see it."""
    return case.model_copy(update={"component": "", "fault": ""})
