"""How a level that stayed is told: "unchanged" only where it did to the eye, else the range that it always had."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.metrics.intermittent import runs_of
from aitia.tools.metrics.quiet_metrics import ALL, Looked, find_quiet
from aitia.tools.series.aspects import Aspect
from aitia.tools.series.derive import Derived
from aitia.tools.series.numbers import usual_range

T = np.arange(40.0)
WINDOW = Window(start=from_epoch(0.0), end=from_epoch(40.0))


def told(
    before: float, after: float, usual: tuple[float, float] | None, baseline: str = "preceding"
) -> Evidence:
    series = Derived(component="V-1", metric="temp", stat="gauge", t=T, v=T,
                     about=Aspect(aspect="temperature", say="temperature", unit="celsius"))  # fmt: skip
    seen = Looked(series=series, before=before, after=after, samples=40, strength=0.0, usual=usual)
    return next(find_quiet([seen], window=WINDOW, baseline=baseline, busy=frozenset()))


@pytest.mark.parametrize(
    ("before", "after", "usual", "said"),
    [
        (
            20.0,
            20.4,
            (10.0, 30.0),
            "temperature unchanged, 1 series stayed within the baseline range (temperature 20",
        ),
        (
            17.7,
            21.2,
            (10.0, 30.0),
            "temperature stayed within its usual range (10 to 30 °C), 1 series (temperature 17.7",
        ),
        (
            17.7,
            31.5,
            (10.0, 30.0),
            "temperature stayed near its usual range (10 to 30 °C), 1 series (temperature 17.7",
        ),
        (0.0, 0.0, (0.0, 0.0), "temperature unchanged"),
    ],
)
def test_levels_that_differ_are_not_called_unchanged(
    before: float, after: float, usual: tuple[float, float], said: str
) -> None:
    assert said in told(before, after, usual).statement


def test_two_halves_that_differ_are_not_called_unchanged_either() -> None:
    assert "unchanged" not in told(17.7, 21.2, None, ALL).statement
    assert "unchanged" in told(17.7, 17.8, None, ALL).statement


def test_one_odd_sample_makes_no_range() -> None:
    low, high = usual_range(np.r_[np.linspace(1.0, 2.0, 400), 99.0])
    assert low >= 1.0
    assert high <= 2.0


def test_what_runs_at_times_is_told_by_what_it_does_while_it_runs() -> None:
    about = Aspect(aspect="flow", say="flow", unit="m3/h")
    series = Derived(component="PU-1", metric="flow", stat="gauge", t=T, v=T, about=about)
    before, now = np.r_[np.zeros(40), np.full(60, 210.0)], np.r_[np.full(10, 212.0), np.zeros(30)]
    runs = runs_of(series, before, now)
    seen = Looked(
        series=series, before=210.0, after=0.0, samples=40, strength=0.0, usual=(0.0, 211.0), runs=runs
    )
    (fact,) = find_quiet([seen], window=WINDOW, baseline="preceding", busy=frozenset())
    assert "flow while running 210 m3/h before, 212 m3/h in the window" in fact.statement
    assert "ran 60 % of the time before and 25 % of the time in the window" in fact.statement


def test_what_always_runs_or_is_no_load_has_no_shares_of_time() -> None:
    flow = Aspect(aspect="flow", say="flow", unit="m3/h")
    always = Derived(component="PU-1", metric="flow", stat="gauge", t=T, v=T, about=flow)
    assert runs_of(always, np.full(100, 210.0), np.full(40, 210.0)) is None
    heat = Derived(component="PU-1", metric="t", stat="gauge", t=T, v=T,
                   about=Aspect(aspect="temperature", say="temperature", unit="celsius"))  # fmt: skip
    assert runs_of(heat, np.r_[np.zeros(40), np.full(60, 60.0)], np.full(40, 60.0)) is None


def test_a_level_that_left_its_range_at_the_end_says_so() -> None:
    about = Aspect(aspect="current", say="electric current", unit="")
    series = Derived(component="L-1", metric="i", stat="gauge", t=T, v=T, about=about)
    seen = Looked(
        series=series, before=56.0, after=35.0, samples=40, strength=0.0, usual=(22.0, 112.0), last=0.2
    )
    (fact,) = find_quiet([seen], window=WINDOW, baseline="preceding", busy=frozenset())
    assert "35 in the window, 0.2 at the end" in fact.statement
