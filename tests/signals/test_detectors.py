"""Detectors and changepoints on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.tools.change.changepoints import changepoints, departure
from aitia.tools.change.scale import Scaler
from aitia.tools.signals import PcaT2Spe


def machine(rng: np.random.Generator, n: int) -> np.ndarray:
    load = np.zeros(n)
    for i in range(1, n):
        load[i] = 0.9 * load[i - 1] + rng.normal(0, 0.4)
    mixing = np.array([1.0, 0.8, -0.5, 0.3, 2.0])
    return load[:, None] * mixing + rng.normal(0, 0.1, (n, 5)) + np.array([10, 20, 30, 40, 50.0])


def furthest(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The largest robust z-score of each row: every channel for itself."""
    return np.max(np.abs(Scaler().fit(reference).transform(x)), axis=1)


def test_a_broken_relation_is_seen_and_its_channel_blamed() -> None:
    """Channel 1 leaves the common pattern by less than its own range: only the relation shows it."""
    blamed, single = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = machine(rng, 700)
        x[550:, 1] += 1.0
        model = PcaT2Spe().fit(x[:500])
        over = model.decision_function(x[550:]) > model.threshold_
        blamed += int(np.argmax(np.median(model.contributions(x[550:]), axis=0))) == 1 and over.mean() > 0.5
        usual = 1.2 * np.quantile(furthest(x[:500], x[:500]), 0.99)
        single += (furthest(x[550:], x[:500]) > usual).mean() > 0.5
    assert blamed >= 16
    assert single < blamed


def test_the_reference_itself_is_rarely_over_the_threshold() -> None:
    for seed in range(10):
        x = np.random.default_rng(seed).normal(0, 1, (800, 6))
        model = PcaT2Spe().fit(x[:500])
        assert (model.decision_function(x[500:]) > model.threshold_).mean() < 0.03


def test_constant_channels_do_no_harm() -> None:
    x = np.random.default_rng(0).normal(0, 1, (200, 4))
    x[:, 2] = 5.0
    assert np.isfinite(PcaT2Spe().fit(x).decision_function(x)).all()


@pytest.mark.parametrize("size", [3.0, 6.0])
def test_changepoints_lie_within_their_stated_error(size: float) -> None:
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        t = 2.0 * np.arange(300)
        v = rng.normal(0, 1, 300) + size * (np.arange(300) >= 180)
        found = changepoints(t, v)
        inside += len(found) == 1 and abs(found[0].at - 360.0) <= found[0].error_s
    assert inside >= 36


@pytest.mark.parametrize("memory", [0.0, 0.3, 0.5])
def test_noise_has_no_changepoints(memory: float) -> None:
    found = 0
    for seed in range(60):
        v = np.random.default_rng(seed).normal(0, 1, 300)
        for i in range(1, v.size):
            v[i] += memory * v[i - 1]
        found += bool(changepoints(np.arange(300.0), v))
    assert found <= 2


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=60))
def test_changepoints_never_fail(values: list[float]) -> None:
    found = changepoints(np.arange(float(len(values))), np.array(values, dtype=float))
    assert all(np.isfinite(c.at) and c.error_s > 0 for c in found)
    assert [c.at for c in found] == sorted(c.at for c in found)


def test_a_two_sided_cusum_finds_the_first_departure() -> None:
    rng = np.random.default_rng(1)
    v = rng.normal(0, 1, 200) + 3.0 * (np.arange(200) >= 120)
    found = departure(v)
    assert found is not None
    assert abs(found[0] - 120) <= 2
    assert departure(np.zeros(50)) is None
