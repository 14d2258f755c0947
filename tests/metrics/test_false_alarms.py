"""Calibration: healthy series of many shapes raise few alarms, and real shifts are found."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.tools.change.levels import detect, reference
from aitia.tools.change.trends import find_trend
from aitia.tools.series.aspects import Aspect

ABOUT = Aspect(aspect="latency", say="latency", unit="s", bad="up", floor=0.0)
N, M, TESTS = 120, 60, 300


def white(rng: np.random.Generator) -> np.ndarray:
    return 10.0 + rng.normal(0, 2.0, N + M)


def autoregressive(rng: np.random.Generator) -> np.ndarray:
    x = np.zeros(N + M)
    for i in range(1, x.size):
        x[i] = 0.8 * x[i - 1] + rng.normal(0, 1.0)
    return 10.0 + 1.2 * x


def heavy_tailed(rng: np.random.Generator) -> np.ndarray:
    return 10.0 + rng.standard_t(2, N + M)


def lognormal(rng: np.random.Generator) -> np.ndarray:
    return rng.lognormal(0, 0.5, N + M)


def counts(rng: np.random.Generator) -> np.ndarray:
    return rng.poisson(0.3, N + M).astype(float)


def spiky(rng: np.random.Generator) -> np.ndarray:
    x = 10.0 + rng.normal(0, 0.5, N + M)
    x[rng.integers(0, N + M, 6)] += 40.0
    return x


def periodic(rng: np.random.Generator) -> np.ndarray:
    t = np.arange(N + M)
    return 10.0 + 3.0 * np.sin(2 * np.pi * t / 45.0 + rng.uniform(0, 6)) + rng.normal(0, 0.5, N + M)


def steps_between_two(rng: np.random.Generator) -> np.ndarray:
    return 5.0 + (rng.random(N + M) < 0.2).astype(float)


HEALTHY = (white, autoregressive, heavy_tailed, lognormal, counts, spiky, periodic, steps_between_two)


def strength_of(x: np.ndarray, about: Aspect = ABOUT) -> float:
    ref = reference(x[:N], about)
    assert ref is not None
    shift = detect(ref, x[N:], about, tests=TESTS)
    return shift.strength if shift else 0.0


def test_healthy_series_raise_few_alarms(capsys: pytest.CaptureFixture[str]) -> None:
    shares = {}
    for make in HEALTHY:
        strengths = [strength_of(make(np.random.default_rng(seed))) for seed in range(200)]
        shares[make.__name__] = float(np.mean(np.array(strengths) >= 0.5))
    overall = float(np.mean(list(shares.values())))
    with capsys.disabled():
        print("\nfalse alarms at strength >= 0.5 on 200 healthy seeds:", {**shares, "all": round(overall, 4)})
    assert overall < 0.02
    assert max(shares.values()) < 0.05


@pytest.mark.parametrize("sigmas", [3.0, 4.0, 6.0])
def test_lasting_shifts_of_three_sigma_are_found(sigmas: float) -> None:
    found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x = 10.0 + rng.normal(0, 2.0, N + M)
        x[N + 30 :] += sigmas * 2.0
        found += strength_of(x) >= 0.5
    assert found >= 95


@pytest.mark.parametrize("length", [1, 2])
def test_a_blip_of_one_or_two_samples_is_no_shift(length: int) -> None:
    for seed in range(50):
        x = white(np.random.default_rng(seed))
        x[N + 20 : N + 20 + length] += 100.0
        assert strength_of(x) < 0.5


def test_too_short_a_baseline_claims_nothing() -> None:
    assert reference(np.arange(9.0), ABOUT) is None
    assert reference(np.full(30, np.nan), ABOUT) is None


def test_onset_is_the_first_changed_sample() -> None:
    errors = []
    for seed in range(60):
        x = white(np.random.default_rng(seed))
        x[N + 25 :] += 12.0
        ref = reference(x[:N], ABOUT)
        assert ref is not None
        shift = detect(ref, x[N:], ABOUT)
        assert shift is not None
        errors.append(abs(shift.first - 25))
    assert np.quantile(errors, 0.9) <= 1


def test_a_change_that_precedes_the_window_starts_at_its_first_sample() -> None:
    for seed in range(20):
        x = white(np.random.default_rng(seed))
        x[N:] += 30.0
        x[N + 3] = 10.0  # one sample as before is not its end
        ref = reference(x[:N], ABOUT)
        assert ref is not None
        shift = detect(ref, x[N:], ABOUT)
        assert shift is not None
        assert shift.first == 0


def test_the_size_of_a_change_counts_in_proportion() -> None:
    rng = np.random.default_rng(3)
    x = 1000.0 + rng.normal(0, 0.5, N + M)
    small, large = x.copy(), x.copy()
    small[N:] += 20.0
    large[N:] += 900.0
    assert strength_of(small) < 0.35 < 0.85 < strength_of(large)


def test_nan_samples_are_left_out() -> None:
    x = white(np.random.default_rng(5))
    x[N + 20 :] += 20.0
    holes = x.copy()
    holes[::4] = np.nan
    assert strength_of(holes) > 0.5


def leak(seed: int, *, slope: float, at: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    t = np.arange(N + M) * 2.0
    v = 1e8 + rng.normal(0, 2e5, t.size) + slope * np.maximum(t - t[at], 0.0)
    return t, v


MEMORY = Aspect(aspect="memory", say="memory in use", unit="bytes", bad="up", floor=8e6)


def test_a_leak_is_a_trend_with_its_slope_and_its_start() -> None:
    for seed in range(20):
        t, v = leak(seed, slope=6e5, at=100)
        trend = find_trend(t, v, MEMORY, window_start=t[N])
        assert trend is not None
        assert trend.strength > 0.5
        assert trend.slope_per_min == pytest.approx(6e5 * 60, rel=0.05)
        assert abs(trend.since - t[100]) <= max(trend.error_s, 12.0)


def test_healthy_gauges_have_no_trend() -> None:
    strong = 0
    for make in HEALTHY:
        for seed in range(40):
            t = np.arange(N + M) * 2.0
            trend = find_trend(t, 1e8 + 1e6 * make(np.random.default_rng(seed)), MEMORY, window_start=t[N])
            strong += trend is not None and trend.strength >= 0.5
    assert strong <= 0.01 * 40 * len(HEALTHY)


def test_a_sawtooth_is_growth_that_fell_back() -> None:
    t, v = leak(2, slope=8e5, at=70)
    v[150:] -= v[150] - 1e8
    trend = find_trend(t, v, MEMORY, window_start=t[N])
    assert trend is not None
    assert trend.resets == 1
    assert trend.slope_per_min > 0


def few(seed: int, *, n: int = 5) -> np.ndarray:
    return 10.0 + np.random.default_rng(seed).normal(0, 1.0, 300 + n)


def test_two_coarse_samples_in_a_short_window_are_a_change() -> None:
    found = 0
    for seed in range(50):
        x = few(seed)
        x[302:304] += 20.0
        ref = reference(x[:300], ABOUT)
        assert ref is not None
        shift = detect(ref, x[300:], ABOUT, tests=TESTS)
        found += shift is not None and shift.strength >= 0.45 and (shift.first, shift.last) == (2, 3)
    assert found >= 48


def test_one_coarse_sample_is_none() -> None:
    for seed in range(50):
        x = few(seed)
        x[302] += 50.0
        ref = reference(x[:300], ABOUT)
        assert ref is not None
        shift = detect(ref, x[300:], ABOUT, tests=TESTS)
        assert shift is None or shift.strength < 0.3


def test_short_healthy_windows_raise_few_alarms() -> None:
    alarms = 0
    for make in HEALTHY:
        for seed in range(100):
            x = make(np.random.default_rng(seed))
            ref = reference(x[:N], ABOUT)
            assert ref is not None
            shift = detect(ref, x[N : N + 5], ABOUT, tests=TESTS)
            alarms += shift is not None and shift.strength >= 0.5
    assert alarms <= 0.02 * 100 * len(HEALTHY)
