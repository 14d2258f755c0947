"""A machine in which something moved is not told well, and measurements of unknown meaning are no proof of health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import aitia
from aitia.agent.anything_wrong import alarm
from aitia.agent.facts import Facts
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.core.config import SourceConfig
from aitia.core.words import Component, Evidence, Holding, Inventory, Report, Window

from . import evidence as shop

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEP_S, ROWS = 10, 420


def plant(kind: str) -> Inventory:
    component = Component(id="R-1", type=kind)  # type: ignore[arg-type]
    return Inventory(
        holdings=(Holding(source="prom", kind="metrics", components=("R-1",), count=9),),
        components=(component,),
    )


def moved() -> Evidence:
    return shop.fact("R-1", "flow", "R-1: flow rose from 1 to 3.", strength=0.95)


@pytest.mark.parametrize(
    ("kind", "verdict"), [("machine", "unknown"), ("part", "unknown"), ("service", "healthy")]
)
def test_a_plain_departure_counts_in_a_machine_as_it_does_not_in_a_service(kind: str, verdict: str) -> None:
    facts = shop.numbered([moved(), *shop.quiet("R-1", "temperature", "pressure")])
    assert weigh(facts, plant(kind), bundled()).verdict == verdict


@pytest.mark.parametrize(
    ("watched", "verdict"), [(1, "unknown"), (2, "unknown"), (3, "healthy"), (4, "healthy")]
)
def test_a_plant_of_which_a_quarter_is_not_watched_is_not_told_well(watched: int, verdict: str) -> None:
    names = [f"R-{n}" for n in range(4)]
    facts = [e for n in names[:watched] for e in shop.quiet(n, "temperature", "pressure")]
    inventory = Inventory(
        holdings=(Holding(source="prom", kind="metrics", components=tuple(names[:watched]), count=9),),
        components=tuple(Component(id=n, type="machine") for n in names),
    )
    assert weigh(shop.numbered(facts), inventory, bundled()).verdict == verdict


def test_signals_together_speak_for_themselves_whatever_leads() -> None:
    together = shop.fact("R-1", "flow", "R-1: its 9 signals left their normal pattern.", kind="signal.anomaly",
                         direction="changed", strength=0.8, channels=9, channel="flow")  # fmt: skip
    one = together.model_copy(update={"values": {"channel": "flow"}})
    topology = Topology([])
    assert alarm(Facts([together], topology)) == pytest.approx(0.8)
    assert alarm(Facts([one], topology)) < 0.4


def test_measurements_of_unknown_meaning_watch_nobody() -> None:
    known = shop.numbered(shop.quiet("R-1", "temperature"))
    unknown = shop.numbered(
        [shop.fact("R-1", "other", "R-1: xmeas_9 stayed.", kind="metric.quiet", direction="steady", at=None)]
    )
    assert weigh(known, plant("service"), bundled(), alarmed=("R-1",)).verdict == "healthy"
    assert weigh(unknown, plant("service"), bundled(), alarmed=("R-1",)).verdict == "unknown"


def diagnosed(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    fault: float,
    *,
    stop: int = 0,
    freeze: bool = False,
) -> Report:
    """A reactor of eight tags that say nothing, one of which steps by `fault` deviations five minutes before now.

    Its last `stop` rows are missing, or stand still.
    """
    rng = np.random.default_rng(4)
    load = np.cumsum(rng.normal(0, 0.05, ROWS))
    x = np.sin(load)[:, None] * rng.uniform(0.5, 2, 8) + rng.normal(0, 0.3, (ROWS, 8)) + 50
    x[-30:, 3] += 0.3 * fault
    if stop and freeze:
        x[-stop:] = x[-stop]
    rows = ROWS - stop * (not freeze)
    at = [(NOW - timedelta(seconds=STEP_S * (ROWS - i))).isoformat() for i in range(ROWS)]
    lines = [f"{at[i]},R-1,XK-{k}.PV,{x[i, k]:.5f}" for i in range(rows) for k in range(8)]
    (folder / "plant.csv").write_text("\n".join(["time,component,metric,value", *lines]) + "\n")
    (folder / "topology.yaml").write_text(f"components:\n  - {{id: R-1, type: {kind}}}\n")
    monkeypatch.setenv("AITIA_HOME", str(folder / "home"))
    return aitia.diagnose(
        "R-1: process alarm",
        sources=[
            SourceConfig(name="plant", kind="metrics", type="table", path=str(folder / "plant.csv")),
            SourceConfig(name="site", kind="topology", type="topology", path=str(folder / "topology.yaml")),
        ],
        started_at=NOW - timedelta(minutes=5), window=Window(start=NOW - timedelta(minutes=10), end=NOW), at=NOW, model=None,
    )  # fmt: skip


def test_opaque_tags_of_a_machine_are_looked_at_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = diagnosed(tmp_path, monkeypatch, "machine", 12.0)
    assert faulty.verdict != "healthy"
    assert [e.values["channel"] for e in faulty.evidence if e.kind == "signal.anomaly"] == ["XK-3.PV"]


def test_a_quiet_machine_with_opaque_tags_is_told_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = diagnosed(tmp_path, monkeypatch, "machine", 0.0)
    assert [e.aspect for e in well.evidence if e.kind == "signal.quiet"] == ["pattern.usual"]
    assert well.verdict == "healthy"


def test_a_service_with_opaque_counters_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = diagnosed(tmp_path, monkeypatch, "service", 0.0)
    assert not [e for e in report.evidence if e.kind.startswith("signal.")]
    assert report.verdict == "unknown"


@pytest.mark.parametrize(("how", "said"), [("frozen", "has changed since"), ("ended", "has a sample after")])
def test_a_machine_whose_signals_tell_nothing_any_more_is_not_told_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, said: str
) -> None:
    report = diagnosed(tmp_path, monkeypatch, "machine", 0.0, stop=45, freeze=how == "frozen")
    assert report.verdict == "unknown"
    (fact,) = [e for e in report.evidence if e.kind == "signal.stopped"]
    assert f"none of its 8 signals {said}" in fact.statement
