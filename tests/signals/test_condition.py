"""The condition of one asset: regimes, slow faults with time to limit, instruments against the process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.tools.signals.condition import assess as assessing
from aitia.tools.signals.condition import joint
from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.departing import Left, material
from aitia.tools.signals.condition.words import AssetSignals, Limits, Point
from tests.signals.made_machine import BEGIN, DAY_S, LOAD, OUTLET, machine, rising

SINCE = 20.0  # day of a fault's onset


def test_healthy_machine_with_starts_and_load_steps_raises_nothing() -> None:
    for seed in (1, 2, 3):
        told = assess(machine(seed))
        assert told.status == "ok"
        assert told.findings == ()
        assert told.transients.starts >= 2


def test_regimes_are_off_changing_and_classes_of_the_load_with_levels() -> None:
    told = assess(machine(1))
    names = [r.name for r in told.regimes]
    assert names[:2] == ["off", "starting or changing"]
    assert any(LOAD in n for n in names[2:])
    assert sum(r.share for r in told.regimes) == pytest.approx(1.0, abs=0.01)
    assert told.reference is not None
    assert told.reference.by == "proposed"
    assert LOAD in told.reference.drivers


def test_slow_rise_is_found_with_onset_rate_and_time_to_limit() -> None:
    asset = machine(4, changed={OUTLET: rising(0.2, since_day=SINCE)})
    (found, *_) = assess(asset, limits={OUTLET: Limits(high=95.0)}).findings
    assert (found.cls, found.kind, found.point, found.direction) == ("process", "trend", OUTLET, "up")
    assert abs(found.onset.timestamp() - BEGIN - SINCE * DAY_S) < 4 * DAY_S
    assert found.rate_per_day == pytest.approx(0.2, rel=0.25)
    assert found.limit is not None
    assert found.limit.low <= found.limit.hours <= (found.limit.high or np.inf)
    assert found.limit.earliest <= found.limit.at


def test_a_heavier_season_is_no_fault_but_the_same_rise_by_itself_is() -> None:
    """More load explains a warmer outlet: only what the load does not explain is told."""
    plain = machine(5)
    busy = {name: p.v for name, p in plain.points.items()}
    more = rising(0.6, since_day=SINCE)(plain.points[LOAD].t - BEGIN, np.zeros(busy[LOAD].size))
    heavier = {
        **plain.points,
        LOAD: Point(t=plain.points[LOAD].t, v=busy[LOAD] + more * (busy[LOAD] > 0), unit="%"),
        OUTLET: Point(t=plain.points[OUTLET].t, v=busy[OUTLET] + 0.25 * more, unit="°C"),
    }
    assert OUTLET not in {f.point for f in assess(AssetSignals(name="E-301", points=heavier)).findings}
    alone = {**plain.points, OUTLET: heavier[OUTLET]}
    assert OUTLET in {f.point for f in assess(AssetSignals(name="E-301", points=alone)).findings}


def test_without_a_limit_no_time_is_given() -> None:
    asset = machine(4, changed={OUTLET: rising(0.2, since_day=SINCE)})
    (found, *_) = assess(asset).findings
    assert found.limit is None
    assert "no limit is known" in found.no_limit


def test_nothing_later_than_now_is_looked_at() -> None:
    asset = machine(4, changed={OUTLET: rising(0.4, since_day=SINCE)})
    assert assess(asset, now=BEGIN + (SINCE - 1) * DAY_S).findings == ()
    assert assess(asset).findings


def _stuck(t: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.where(t > SINCE * DAY_S, v[t > SINCE * DAY_S][0], v)


def _fahrenheit(t: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.where(t > SINCE * DAY_S, 1.8 * v + 32.0, v)


def _spikes(t: np.ndarray, v: np.ndarray) -> np.ndarray:
    places = np.flatnonzero(t > SINCE * DAY_S)[10::97]
    out = v.copy()
    out[places] += 60.0
    return out


@pytest.mark.parametrize(
    ("kind", "change"),
    [("stuck", _stuck), ("unit", _fahrenheit), ("spike", _spikes)],
    ids=["stuck", "unit", "spike"],
)
def test_instruments_that_show_it_themselves(kind: str, change: object) -> None:
    (found, *_) = assess(machine(6, changed={OUTLET: change})).findings  # type: ignore[dict-item]
    assert (found.cls, found.kind, found.point) == ("sensor", kind, OUTLET)


def test_two_exchanged_instruments_are_both_told() -> None:
    plain = machine(7)
    late = plain.points[OUTLET].t > BEGIN + SINCE * DAY_S
    one, two = plain.points[OUTLET], plain.points["oil pressure"]
    swapped = {
        OUTLET: Point(t=one.t, v=np.where(late, two.v, one.v), unit=one.unit),
        "oil pressure": Point(t=two.t, v=np.where(late, one.v, two.v), unit=two.unit),
    }
    told = assess(AssetSignals(name="E-301", points={**plain.points, **swapped}))
    assert {(f.kind, f.point) for f in told.findings} >= {("swapped", OUTLET), ("swapped", "oil pressure")}


def test_what_cannot_be_judged_is_said() -> None:
    few = AssetSignals(name="P-1", points={"flow": Point(t=np.arange(10.0), v=np.arange(10.0))})
    told = assess(few)
    assert told.status == "no_data"
    assert "10 samples" in told.not_judged["flow"]
    assert "how the asset is run" in assess(machine(1)).not_judged[LOAD]


def test_a_healthy_period_outside_of_the_data_is_an_error() -> None:
    with pytest.raises(BadInput, match="holds no samples"):
        assess(machine(1), healthy=(1.0, 2.0))


def test_a_named_healthy_period_is_the_reference() -> None:
    told = assess(machine(1), healthy=(BEGIN + 2 * DAY_S, BEGIN + 16 * DAY_S))
    assert told.reference is not None
    assert told.reference.by == "named"


def test_unequal_lengths_are_an_error_that_names_the_point() -> None:
    with pytest.raises(BadInput, match="'flow'"):
        assess(AssetSignals(name="P-1", points={"flow": Point(t=np.arange(100.0), v=np.arange(99.0))}))


def test_a_month_of_minutes_costs_no_more_than_two_seconds() -> None:
    import time

    rng = np.random.default_rng(0)
    t = BEGIN + 60.0 * np.arange(43_200)
    load = 80 + 10 * np.sin(2 * np.pi * t / DAY_S) + rng.normal(0, 2, t.size)
    points = {LOAD: Point(t=t, v=load)}
    points |= {
        f"temperature {k}": Point(t=t, v=40 + 0.2 * load + rng.normal(0, 0.5, t.size)) for k in range(19)
    }
    assess(machine(1))  # imports
    began = time.process_time()
    assert assess(AssetSignals(name="M", points=points)).status == "ok"
    assert time.process_time() - began < 6.0  # 2 s on an idle core; a shared one may take three times that


def test_a_diagnosis_tells_the_stuck_instrument_of_a_machine_over_days(tmp_path: object) -> None:
    import csv
    from datetime import UTC, datetime
    from pathlib import Path

    import aitia

    folder = Path(str(tmp_path))
    asset = machine(6, step=1800.0, changed={OUTLET: _stuck})
    names = list(asset.points)
    with (folder / "plant.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time", *(f"E-301.{n.replace(' ', '_')}" for n in names)])
        for k, at in enumerate(asset.points[LOAD].t):
            stamp = datetime.fromtimestamp(at, UTC).isoformat()
            writer.writerow([stamp, *(f"{asset.points[n].v[k]:.3f}" for n in names)])
    (folder / "topology.yaml").write_text("components:\n  - {id: E-301, type: machine}\n", encoding="utf-8")
    from aitia.core.config import SourceConfig

    report = aitia.diagnose(
        "E-301 outlet temperature looks wrong",
        sources=[
            SourceConfig(name="plant", kind="metrics", type="table", path=str(folder / "plant.csv")),
            SourceConfig(name="tree", kind="topology", type="topology", path=str(folder / "topology.yaml")),
        ],
        model=None,
        at=datetime.fromtimestamp(BEGIN + 39.9 * DAY_S, UTC),
        started_at=datetime.fromtimestamp(BEGIN + 39.7 * DAY_S, UTC),
        home=folder / "home",
    )
    facts = [e for e in report.evidence if e.kind == "condition.stuck"]
    assert facts
    assert facts[0].component == "E-301"
    assert "has shown" in facts[0].statement
    assert report.suspects[0].fault == "sensor.stuck"


def test_the_stated_rate_of_false_alarms_is_spent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: dict[str, float] = {}

    def watched(name: str, whole: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, per_month: float, **more: Any) -> Any:
            spent[name] = per_month
            return whole(*args, per_month=per_month, **more)

        return counted

    for module in (assessing, joint):
        monkeypatch.setattr(module, "thresholds", watched(module.__name__, module.thresholds))
    told = assess(machine(1), false_alarms=0.4)
    assert len(spent) == 2
    assert sum(spent.values()) == pytest.approx(told.false_alarms_per_month) == pytest.approx(0.4)


@pytest.mark.parametrize("since", [0.0, 20.0])
def test_what_drifts_from_the_beginning_has_not_departed(since: float) -> None:
    """A recording that warms up all along has no rest to depart from; the same drift after a rest is a fault."""
    drifting = {OUTLET: rising(0.15, since_day=since), "vibration": rising(0.01, since_day=since)}
    found = {f.point for f in assess(machine(6, changed=drifting)).findings}
    assert bool(found & {OUTLET, "vibration"}) == (since > 0.0)


def test_one_point_that_moves_by_next_to_nothing_alone_is_no_alarm() -> None:
    one = Left(times=1.3, size=6.0, k=120, error=2.0, shape="step", before=50.0, now=50.4)
    spreads = {"a": 4.0, "b": 4.0}
    assert material({"a": one}, spreads, near=20.0) == {}
    assert material({"a": replace(one, now=50.8)}, spreads, near=20.0).keys() == {"a"}
    assert material({"a": one, "b": replace(one, k=125)}, spreads, near=20.0).keys() == {"a", "b"}
    assert material({"a": one, "b": replace(one, k=190)}, spreads, near=20.0) == {}
