"""How a level that stayed is told: "unchanged" only where it did to the eye, else the range that it always had."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.core.words import Evidence, Window, from_epoch
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
