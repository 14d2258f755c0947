"""A slow fault of two machines that began within the usual baseline: what lies before it is the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import (
    HEALTHY,
    NOT_SEEN,
    Baseline,
    Component,
    Evidence,
    Incident,
    Result,
    SourceRef,
    Window,
    from_epoch,
)
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.series.gather import BEGINNING, Gathered
from aitia.tools.signals import signals_detect
from aitia.tools.signals.further_back import EARLIER, holds_a_change
from aitia.tools.sources import open_source

T0, STEP, ROWS = 1_767_225_600.0, 300.0, 700
START, USUAL, DRIFT = 680, 570, 560  # rows: of the window, of the usual baseline, of the fault's beginning
NAMES = (
    ("COND-1", "condensing_pressure_bar"), ("COND-1", "leaving_temperature_celsius"), ("COND-1", "entering_temperature_celsius"),
    ("PUMP-1", "water_flow_lpm"), ("PUMP-1", "motor_current_amps"), ("PUMP-1", "discharge_pressure_bar"),
)  # fmt: skip


def plant(*, drift: float, seed: int = 5) -> np.ndarray:
    """Six signals of one load; from `DRIFT` on the condenser's pressure rises within an hour by `drift` of what load moves it."""
    rng, rows = np.random.default_rng(seed), np.arange(ROWS)
    load = 50 + 10 * np.sin(rows / 25.0) + 4 * np.sin(rows / 7.0)
    flow = 120 + 0.5 * load + 3 * np.sin(rows / 11.0)
    grown = np.clip((rows - DRIFT) / 12.0, 0.0, 1.0)
    x = np.stack([
        10 + 0.04 * load + 0.4 * drift * grown, 35 + 0.06 * load - 0.3 * drift * grown, 30 + 0.02 * load,
        flow, 8 + 0.02 * flow, 2 + 0.00002 * flow**2,
    ], axis=1)  # fmt: skip
    return np.asarray(x + rng.normal(0, 0.01, x.shape) * np.std(x, axis=0))


def told(folder: Path, x: np.ndarray, *, first: int = 0, named: str = "preceding") -> Result:
    """What `signals_detect` tells of a file that begins at row `first`."""
    lines = [
        f"{T0 + STEP * i},{c},{m},{x[i, k]:.6f}" for i in range(first, ROWS) for k, (c, m) in enumerate(NAMES)
    ]
    (folder / "plant.csv").write_text("\n".join(["time,component,metric,value", *lines]) + "\n")
    source = open_source(SourceConfig(name="plant", kind="metrics", type="table", path="plant.csv"), folder)
    start, usual, end = (from_epoch(T0 + STEP * row) for row in (START, USUAL, ROWS))
    past = Baseline(name=named, window=Window(start=usual, end=start))
    incident = Incident(
        id="i", title="COP is lower", started_at=start, window=Window(start=start, end=end), baselines=(past,)
    )
    machines = Resolver([Component(id=c, type="machine") for c in ("COND-1", "PUMP-1")])
    return signals_detect(ToolContext(incident=incident, sources=SourceSet([source]), resolver=machines))


def moved(result: Result) -> list[Evidence]:
    return [e for e in result.evidence if e.kind.startswith("signal.") and e.kind != "signal.quiet"]


def test_a_fault_that_fills_the_usual_baseline_is_found_and_the_reference_is_told(tmp_path: Path) -> None:
    result = told(tmp_path, plant(drift=3.0))
    lead = moved(result)[0]
    assert lead.component == "COND-1"
    assert lead.values["baseline"] == EARLIER
    assert lead.onset is not None
    assert abs(lead.onset.timestamp() - (T0 + STEP * DRIFT)) < 3600.0
    assert NOT_SEEN in result.message
    assert "The usual baseline lies within a change since about 2026-01-0" in result.message
    assert "signals were held against 2026-01-01 00:00 to 2026-01-02 23:30 UTC, before it" in result.message
    assert f"--since {lead.onset:%Y-%m-%dT}" in result.message


def test_without_the_older_data_the_same_window_shows_nothing(tmp_path: Path) -> None:
    result = told(tmp_path, plant(drift=3.0), first=USUAL)
    assert not moved(result)
    assert "usual baseline" not in result.message


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_what_stayed_stays_well(tmp_path: Path, seed: int) -> None:
    result = told(tmp_path, plant(drift=0.0, seed=seed))
    assert not moved(result)
    assert NOT_SEEN not in result.message
    assert (
        "Against 2026-01-01 00:00 to 2026-01-02 23:30 UTC, before the usual baseline, none did that lasts either."
        in result.message
    )


@pytest.mark.parametrize("named", [HEALTHY, BEGINNING])
def test_a_span_that_a_person_gave_or_the_beginning_is_kept(tmp_path: Path, named: str) -> None:
    result = told(tmp_path, plant(drift=3.0), named=named)
    assert EARLIER not in {str(e.values.get("baseline")) for e in result.evidence}
    assert not moved(result)


def fact(kind: str, aspect: str, row: int, **values: float) -> Evidence:
    return Evidence(
        component="COND-1", kind=kind, aspect=aspect, statement="COND-1: said.", values=values, direction="changed", strength=0.6,
        onset=from_epoch(T0 + STEP * row), source=SourceRef(source="plant", query="COND-1"),
        window=Window(start=from_epoch(T0 + STEP * START), end=from_epoch(T0 + STEP * ROWS)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "held"),
    [
        (fact("signal.apart", "pattern.apart", DRIFT), True),
        (fact("signal.apart", "pattern.apart", START + 2), False),  # the usual baseline shows it as well
        (fact("signal.apart", "pattern.unlike", DRIFT), False),  # only near a limit
        (fact("signal.apart", "pattern.unlike", DRIFT, now=9.0, due=6.0, reads=9.0, expected=6.0), True),
        (fact("signal.apart", "pattern.unlike", DRIFT, now=6.1, due=6.0, reads=9.0, expected=6.0), False),  # it is over
        (fact("signal.quiet", "pattern.usual", DRIFT), False),
    ],
)  # fmt: skip
def test_a_baseline_is_dropped_for_what_began_before_the_window_and_lasts(one: Evidence, held: bool) -> None:
    start, end = from_epoch(T0 + STEP * START), from_epoch(T0 + STEP * ROWS)
    window = Window(start=start, end=end)
    older = Gathered(raw=(), derived=(), baselines=(), window=window, problems=())
    assert holds_a_change([one], older) is held
