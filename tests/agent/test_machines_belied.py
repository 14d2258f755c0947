"""A machine is not accused by what only computers have, nor by telemetry that stands still as a whole."""

from __future__ import annotations

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed, weigh
from aitia.core.words import Component, Evidence, Holding, Inventory
from aitia.tools.signals.quantities import is_of_computers

from . import evidence as shop

A, B = "P-1", "P-2"
PUMPS = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=(A, B), count=12),),
    components=(Component(id=A, type="machine"), Component(id=B, type="machine")),
)


def steady(component: str, aspect: str) -> Evidence:
    return shop.fact(component, aspect, f"{component}: {aspect} unchanged.", kind="metric.quiet", direction="steady", at=None,
                     strength=0.8)  # fmt: skip


QUIET = [steady(c, a) for c in (A, B) for a in ("current", "flow", "pressure", "temperature")]


def told(*facts: Evidence) -> Weighed:
    return weigh(shop.numbered([*QUIET, *facts]), PUMPS, bundled())


def apart(channel: str) -> Evidence:
    return shop.fact(B, "pattern.apart", f"{B}: {channel} is higher than its own other signals tell.", kind="signal.apart",
                     strength=0.95, channel=channel)  # fmt: skip


def idle() -> Evidence:
    return shop.fact(
        B,
        "pattern.idle",
        f"{B}: nothing flows through it.",
        kind="signal.idle",
        direction="down",
        strength=0.85,
    )


def stopped(measures: str) -> Evidence:
    return shop.fact(B, "pattern.stopped", f"{B}: none of its signals has changed.", kind="signal.stopped", direction="none",
                     strength=0.8, measures=measures)  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "verdict"), [("bearing_temperature", "cause"), ("errors_total", "unknown"), ("up", "unknown")]
)
def test_a_series_of_a_computer_is_no_signal_of_a_pump(channel: str, verdict: str) -> None:
    assert told(apart(channel)).verdict == verdict


@pytest.mark.parametrize(
    ("beside", "verdict"),
    [
        ([], "cause"),
        ([stopped("current, flow")], "cause"),
        ([stopped("current, flow, temperature")], "unknown"),
    ],
    ids=["it rests", "its flow and current stand still", "its temperature does not move either"],
)
def test_what_rests_goes_on_cooling(beside: list[Evidence], verdict: str) -> None:
    weighed = told(idle(), *beside)
    assert weighed.verdict == verdict
    lines = [c.term for s in weighed.suspects if s.component == B for c in s.ledger]
    assert ("quiet.frozen" in lines) is (verdict == "unknown")


def test_a_ranking_by_series_of_computers_takes_nothing_from_the_others() -> None:
    line = shop.fact(
        A, "vibration.bpfo", f"{A}: a line at BPFO.", kind="vibration.line", direction="new", strength=0.6
    )
    ranks = [
        shop.fact(
            c, "rank.metrics", f"{c} ranks.", kind="rank.suspect", direction="none", strength=s, metric=m
        )
        for c, s, m in ((B, 0.98, "errors_total"), (A, 0.01, "vibration_acceleration_g"))
    ]
    shares = {
        s.component: c.log_odds for s in told(line, *ranks).suspects for c in s.ledger if c.term == "ranking"
    }
    assert shares[A] > 2.0
    assert shares.get(B, 0.0) == 0.0


def step(before: float, after: float, at: float) -> Evidence:
    return shop.fact(B, "current", f"{B}: current moved.", kind="signal.changepoint", at=at, metric="current", before=before,
                     after=after)  # fmt: skip


@pytest.mark.parametrize(
    ("last", "alarmed", "verdict"),
    [(86.0, A, "unknown"), (900.0, A, "cause"), (86.0, B, "cause"), (86.0, "", "cause")],
    ids=["it came back", "it stays higher", "the alarm is of it", "there is no alarm"],
)
def test_what_came_and_went_beside_the_alarm_is_not_its_cause(
    last: float, alarmed: str, verdict: str
) -> None:
    facts = [*QUIET, apart("current"), step(86.0, 2600.0, 10.0), step(2600.0, last, 90.0)]
    weighed = weigh(shop.numbered(facts), PUMPS, bundled(), alarmed=[alarmed] if alarmed else [])
    assert weighed.verdict == verdict


@pytest.mark.parametrize(
    ("name", "of"),
    [("errors_total", True), ("up", True), ("db_pool_in_use", True), ("running", False), ("pump_on", False),
     ("throughput_t_h", False), ("cpu_temperature", False), ("discharge_pressure_bar", False), ("S_PU1", False)],
)  # fmt: skip
def test_what_only_computers_have_is_known_by_its_name(name: str, of: bool) -> None:
    assert is_of_computers(name) is of
