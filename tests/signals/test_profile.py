"""The profile of a series: what is measured, and what bad input does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.errors import BadInput
from aitia.tools.signals.choose import choose
from aitia.tools.signals.grid import is_counter, regular
from aitia.tools.signals.profile import departure, profile, season


def wave(n: int, period: float, *, noise: float = 0.2, seed: int = 0) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(n) / period) + np.random.default_rng(seed).normal(0, noise, n)


@pytest.mark.parametrize("period", [12, 50, 288, 600])
def test_the_period_is_found_through_noise_and_a_trend(period: int) -> None:
    v = wave(4000, period, noise=0.5) + np.linspace(0, 5, 4000)
    found, strength = season(v)
    assert abs(found - period) <= max(1, 0.01 * period)
    assert 0.3 < strength <= 1.0


def test_noise_a_drift_a_spike_and_a_constant_have_no_period() -> None:
    rng = np.random.default_rng(0)
    spike = rng.normal(0, 1, 2000)
    spike[500] = 1e6
    for v in (rng.normal(0, 1, 2000), np.cumsum(rng.normal(0, 1, 2000)), np.full(2000, 3.0), spike):
        assert season(v) == (0, 0.0)


def test_steps_gaps_and_missing_values_are_counted() -> None:
    t = np.delete(60.0 * np.arange(400), np.arange(100, 120))
    v = wave(t.size, 24)
    v[[5, 6, 7]] = np.nan
    p = profile(t, v)
    assert p.step_s == 60.0
    assert p.gaps == 1
    assert p.missing == pytest.approx(23 / 400, abs=1e-4)
    assert p.samples == 380
    assert p.kind == "process"


def test_a_fast_series_is_vibration_and_jitter_is_told() -> None:
    assert profile(np.arange(500) / 12_000, wave(500, 20)).kind == "vibration"
    t = np.cumsum(np.random.default_rng(0).uniform(0.5, 1.5, 500))
    assert profile(t, wave(500, 20)).jitter > 0.5


def test_a_counter_becomes_a_rate_across_its_resets() -> None:
    total = np.cumsum(np.full(300, 5.0))
    total[150:] -= total[149]
    t = 10.0 * np.arange(300)
    p = profile(t, total)
    assert p.counter
    assert p.resets == 1
    assert np.allclose(regular(t, total).v, 0.5)
    assert profile(t, total, reference=total[:100] + 1e6).departure == 0.0
    assert not is_counter(np.linspace(0, 1, 10))
    assert not is_counter(wave(300, 20) + 5)


def test_a_counter_departs_from_its_reference_by_its_rate_alone() -> None:
    steps = np.random.default_rng(0).uniform(1.0, 3.0, 3000)
    usual, faster = np.cumsum(steps), steps[:1000].sum() + np.cumsum(2.0 * steps[1000:])
    t = 10.0 * np.arange(2000)
    same, other = (profile(t, v, reference=usual[:1000]) for v in (usual[1000:], faster))
    assert same.departure < 0.2
    assert choose(same).learns == "both"
    assert other.departure > 0.5
    assert choose(other).learns == "head"


def test_unsorted_and_duplicate_times_give_the_same_grid() -> None:
    t, v = 60.0 * np.arange(200), wave(200, 25)
    order = np.random.default_rng(0).permutation(200)
    twice_t = np.concatenate([t[order], t[:3]])
    twice_v = np.concatenate([v[order], v[:3]])
    assert np.array_equal(regular(t, v).v, regular(twice_t, twice_v).v)
    again = regular(np.array([0.0, 60.0, 60.0, 120.0]), np.array([1.0, 2.0, 9.0, 3.0]))
    assert again.v.tolist() == [1.0, 9.0, 3.0]


def test_a_gap_is_filled_and_marked_and_a_long_silence_is_cut() -> None:
    t = np.concatenate([np.arange(50.0), np.arange(53.0, 100.0)])
    grid = regular(t, np.arange(t.size, dtype=float), counter=False)
    assert grid.v.size == 100
    assert grid.v[49:54].tolist() == [49.0, 49.0, 49.0, 49.0, 50.0]
    assert grid.known[49:54].tolist() == [True, False, False, False, True]
    silent = regular(np.concatenate([np.arange(50.0), 1e9 + np.arange(50.0)]), wave(100, 10))
    assert silent.v.size <= 102
    assert silent.t[-1] == 1e9 + 49


def test_distance_between_samples() -> None:
    a = np.arange(100.0)
    assert departure(a, a) == 0.0
    assert departure(a, a + 1000) == 1.0
    assert departure(a, np.array([])) == 0.0


@pytest.mark.parametrize(
    ("t", "v", "message"),
    [
        ([0, 1, 2], ["1", "x", "3"], r"Give numbers only: v\[1\] is 'x'"),
        ([0, 1], [1.0], "Give one time per sample"),
        ([0, float("nan")], [1.0, 2.0], "Drop samples without a time"),
        (np.array(["2026-01-01"], dtype="datetime64[s]"), [1.0], "epoch seconds"),
        ([[0, 1]], [[1, 2]], "Give one time per sample"),
    ],
)
def test_bad_input_says_what_to_change(t: object, v: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        profile(t, v)


def test_the_smallest_and_emptiest_series_have_a_profile() -> None:
    assert profile([], []).samples == 0
    assert profile([5.0], [1.0]).samples == 1
    assert profile(np.arange(50), np.full(50, np.nan)).missing == 1.0
    assert profile(np.arange(50), np.full(50, 2.0)).constant
    assert profile(np.zeros(50), np.arange(50.0)).step_s == 0.0
    assert profile([0, 1, 2], ["1", "2", "3"]).distinct == 3


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=60))
def test_no_series_of_numbers_breaks_the_profile(values: list[float]) -> None:
    p = profile(np.arange(len(values)), np.array(values))
    assert 0.0 <= p.missing <= 1.0
    assert 0.0 <= p.seasonality <= 1.0
    assert p.period <= max(len(values) // 3, 0) + 1


def test_each_rule_is_taken_and_says_why() -> None:
    t, rng = np.arange(4000.0), np.random.default_rng(0)
    noise = rng.normal(0, 1, 4000)
    asked = {
        ("seasonal", "itself"): profile(t, wave(4000, 100)),
        ("kmeans", "itself"): profile(t, noise),
        ("robust", "itself"): profile(t[:100], noise[:100]),
        ("nearest", "head"): profile(t, noise, reference=noise[:1000] + 50),
        ("nearest+matrix profile+kmeans", "both"): profile(
            t, np.where(t > 3000, 1.0, 0.0), reference=np.zeros(500)
        ),
        ("matrix profile", "both"): profile(t, wave(4000, 100), reference=wave(1000, 100, seed=1)),
        ("nearest", "both"): profile(t, noise, reference=rng.normal(0, 1, 1000)),
        ("nearest", "reference"): profile(t[:300], noise[:300], reference=rng.normal(0, 1, 1000)),
    }
    for (detectors, learns), p in asked.items():
        choice = choose(p)
        assert ("+".join(choice.detectors), choice.learns) == (detectors, learns)
    assert "seasonal with period 100" in choose(asked["seasonal", "itself"]).reason
    assert len({choose(p).reason for p in asked.values()}) == len(asked)
