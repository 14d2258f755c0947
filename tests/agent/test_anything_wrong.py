"""How surely anything is wrong: harm that nobody feels, steps that were taken back, reliefs of before, surges."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aitia.agent.alarm import counted
from aitia.agent.anything_wrong import alarm
from aitia.agent.facts import Facts
from aitia.agent.topology import Topology
from aitia.core.words import Component, Evidence, Incident, Link, Window

from . import evidence as shop

WINDOW = Window(start=shop.T0, end=shop.T0 + timedelta(minutes=5))
TOPOLOGY = Topology(
    [
        Component(id="door", type="service", links=(Link(relation="calls", to="app"),)),
        Component(id="app", type="service"),
    ]
)


def wrong(*facts: Evidence) -> float:
    return alarm(Facts([e.model_copy(update={"window": WINDOW}) for e in facts], TOPOLOGY))


def failing() -> Evidence:
    return shop.fact("app", "errors", "app: errors rose from 0.1 to 0.2 /s.", unit="/s", strength=0.8)


def test_what_hurts_of_one_whose_callers_are_well_is_a_sign() -> None:
    assert wrong(failing(), *shop.quiet("door", "latency", "errors")) == pytest.approx(0.4)
    assert wrong(failing(), *shop.quiet("door", "latency")) == pytest.approx(0.8), (
        "half of it is not measured"
    )
    assert wrong(failing()) == pytest.approx(0.8)


def step(at: float, before: float, after: float) -> Evidence:
    made = shop.fact(
        "app", "latency", f"app: p95 went from {before} to {after}.", kind="signal.changepoint", at=at,
        direction="up" if after > before else "down", before=before, after=after, metric="p95",
    )  # fmt: skip
    return made.model_copy(update={"strength": 0.9})


def test_a_step_that_was_taken_back_counts_a_third() -> None:
    assert wrong(step(10, 18.0, 33.0)) == pytest.approx(0.9)
    assert wrong(step(10, 18.0, 33.0), step(20, 33.0, 17.6)) == pytest.approx(0.3)
    assert wrong(step(10, 18.0, 33.0), step(20, 33.0, 29.0)) == pytest.approx(0.9), "it is not back"


def test_a_relief_of_before_the_window_is_none_where_nothing_happened_in_it() -> None:
    relief = shop.fact("app", "latency", "app: latency fell.", direction="down", at=-60)
    restart = shop.fact("door", "restart", "door: restarted.", kind="metric.restart", direction="new", at=30)
    assert wrong(relief) == pytest.approx(0.45)
    assert wrong(relief, restart) == pytest.approx(0.9)
    assert wrong(relief.model_copy(update={"onset": shop.T0 + timedelta(seconds=5)})) == pytest.approx(0.9)


@pytest.mark.parametrize(("ratio", "expected"), [(12.0, 0.45), (2.0, 0.05)])
def test_a_surge_is_unusual_though_nobody_suffers(ratio: float, expected: float) -> None:
    more = shop.fact("app", "traffic", "app: requests rose.", ratio=ratio)
    assert wrong(more) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Since 22:43 about 3% of page loads end at the login page.", "3%"),
        ("12,5 Prozent der Anfragen scheitern", "12,5 Prozent"),
        ("A colleague saw a slow page, once.", ""),
        ("More than 4 % of the visitors' requests fail.", ""),
        ("p95 is high, 5xx ratio above the 5 %", ""),
    ],
)
def test_a_report_that_counts(text: str, share: str) -> None:
    incident = Incident(id="i", title="Users are logged out", text=text, started_at=shop.T0, window=WINDOW)
    assert counted(incident) == share
