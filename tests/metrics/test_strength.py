"""Each factor of a change's strength by itself."""

from __future__ import annotations

import pytest

from aitia.tools.change.strength import direction, grounding, persistence, size, strength, surprise
from aitia.tools.series.aspects import Aspect

LATENCY = Aspect(aspect="latency", say="latency", unit="s", bad="up", floor=0.005)


def test_surprise_is_half_at_twice_what_the_baseline_shows_by_itself() -> None:
    assert surprise(2.0**1.1, tests=1, ease=0.0) == pytest.approx(0.5)
    assert surprise(4.0, tests=1, ease=0.0) > 0.8 > surprise(1.0, tests=1, ease=0.0) + 0.5


def test_more_series_need_more_surprise_and_ease_less() -> None:
    assert surprise(3.0, tests=10_000, ease=0.0) < surprise(3.0, tests=10, ease=0.0)
    assert surprise(3.0, tests=10, ease=0.5) > surprise(3.0, tests=10, ease=0.0)


def test_a_change_of_the_floor_counts_half() -> None:
    assert size(0.005, 0.005, LATENCY) == pytest.approx(0.5)
    assert size(5.0, 0.005, LATENCY) > 0.99


def test_a_small_share_of_the_level_counts_less() -> None:
    assert size(1.0, 100.0, LATENCY) < size(1.0, 2.0, LATENCY) / 3
    assert size(1.0, 100.0, Aspect(aspect="latency", say="latency", floor=0.0, relative=False)) == 1.0


@pytest.mark.parametrize(("samples", "counts"), [(3, 0.7), (5, 0.9), (6, 1.0), (60, 1.0)])
def test_a_change_that_holds_counts_more(samples: int, counts: float) -> None:
    assert persistence(samples) == pytest.approx(counts)


def test_a_short_baseline_vouches_for_less() -> None:
    assert grounding(3) == 0.5
    assert grounding(300) > 0.98


def test_latency_that_fell_is_less_than_latency_that_rose() -> None:
    assert direction(-1.0, LATENCY) < direction(1.0, LATENCY) == 1.0


def test_strength_is_their_product_and_never_certain() -> None:
    def of(delta: float, baseline: int) -> float:
        return strength(
            delta, before=0.01, excess=1e9, about=LATENCY, samples=60, baseline=baseline, tests=1, ease=0.0
        )

    assert of(10.0, 10**6) == 0.98
    assert of(0.005, 3) == pytest.approx(0.25, rel=0.01)
