"""What stands beside a gap, a start, a stop or a changeover is no instrument's fault; what an instrument did long ago neither."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from aitia.core.words import Window, from_epoch
from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.facts import is_over
from aitia.tools.signals.condition.upsets import disturbed, is_flag, upsets
from aitia.tools.signals.condition.words import AssetSignals, Finding, Point
from aitia.tools.sources.rows import Floats

ROWS, STEP_S, T0 = 4000, 300.0, 1.7e9
AT = 2600


def times(rows: int = ROWS) -> Floats:
    return T0 + STEP_S * np.arange(rows)


def tank(seed: int, *, spike: bool = False, step: bool = False) -> dict[str, Point]:
    """The level, temperature and pressure of a tank, of which only the level shows something at AT."""
    rng = np.random.default_rng(seed)
    names = ("level", "temperature", "pressure", "oil temperature", "gas temperature", "humidity", "density")
    made = {n: 50.0 + rng.normal(size=ROWS) for n in names}
    if spike:
        made["level"][AT] += 20.0
    if step:
        made["level"][AT:] += 8.0
    return {n: Point(t=times(), v=v) for n, v in made.items()}


def pumps(seed: int) -> list[tuple[Floats, Floats]]:
    """Flow, current and pressure of a pump that starts at AT."""
    rng = np.random.default_rng(seed)
    on = np.arange(ROWS) >= AT
    return [(times(), size * on + 0.01 * size * rng.normal(size=ROWS)) for size in (200.0, 90.0, 4.0)]


def kinds(points: dict[str, Point], disturbances: Floats | None) -> list[tuple[str, str]]:
    told = assess(AssetSignals(name="T-1", points=points), disturbances=disturbances)
    return [(f.point, f.kind) for f in told.findings if f.cls == "sensor"]


def test_a_lone_spike_is_told_where_nothing_else_happens() -> None:
    assert kinds(tank(1, spike=True), None) == [("level", "spike")]


def test_beside_the_start_of_another_machine_it_is_none() -> None:
    assert kinds(tank(1, spike=True), upsets(pumps(2))) == []


def test_a_lone_step_is_told_but_beside_a_start() -> None:
    assert kinds(tank(3, step=True), None) == [("level", "bias")]
    assert ("level", "bias") not in kinds(tank(3, step=True), upsets(pumps(2)))


def test_the_first_sample_after_a_gap_is_no_spike() -> None:
    gone = np.ones(ROWS, dtype=bool)
    gone[AT - 40 : AT] = False
    points = {n: Point(t=p.t[gone], v=p.v[gone]) for n, p in tank(1, spike=True).items()}
    assert kinds(points, None) == []


def test_upsets_are_starts_and_both_ends_of_gaps_and_nothing_of_noise() -> None:
    assert upsets([(p.t, p.v) for p in tank(4).values()]).size == 0
    found = upsets(pumps(2))
    assert disturbed(float(times()[AT]), STEP_S, found)
    assert not disturbed(float(times()[AT + 30]), STEP_S, found)
    keep = np.r_[0:1000, 1040:ROWS]
    ends = upsets([(p.t[keep], p.v[keep]) for p in tank(4).values()])
    assert ends.tolist() == [times()[999], times()[1040]]


def test_a_flag_that_seldom_changes_tells_a_start_and_one_that_often_does_tells_nothing() -> None:
    seldom = (np.arange(ROWS) > AT).astype(float)
    often = (np.arange(ROWS) % 4 < 2).astype(float)
    assert upsets([(times(), seldom)]).tolist() == [times()[AT + 1]]
    assert upsets([(times(), often)]).size == 0
    assert is_flag(seldom)
    assert not is_flag(np.linspace(0.0, 1.0, ROWS))


def finding(first_h: float, last_h: float) -> tuple[Finding, Window]:
    """An instrument that showed it from `first_h` to `last_h` hours before a window of an hour."""
    start = from_epoch(T0)
    told = Finding(
        cls="sensor", kind="spike", point="level", channels=("level",), onset=start - timedelta(hours=first_h),
        onset_error_s=300.0, until=start - timedelta(hours=last_h), direction="changed", size=0.0, times_threshold=2.0,
        severity="plan", confidence=0.7, why="", statement="level spiked",
    )  # fmt: skip
    return told, Window(start=start, end=start + timedelta(hours=1))


@pytest.mark.parametrize(
    ("first_h", "last_h", "over"),
    [(900.0, 900.0, True), (900.0, 30.0, False), (20.0, 20.0, False), (2.0, -0.5, False)],
)
def test_what_ended_longer_ago_than_it_lasted_is_over(first_h: float, last_h: float, over: bool) -> None:
    assert is_over(*finding(first_h, last_h)) is over
