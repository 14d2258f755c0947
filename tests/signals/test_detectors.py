"""Detectors and changepoints on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.tools.signals import PcaT2Spe, RobustBaseline, changepoints, cusum


def machine(rng: np.random.Generator, n: int) -> np.ndarray:
    load = np.zeros(n)
    for i in range(1, n):
        load[i] = 0.9 * load[i - 1] + rng.normal(0, 0.4)
    mixing = np.array([1.0, 0.8, -0.5, 0.3, 2.0])
    return load[:, None] * mixing + rng.normal(0, 0.1, (n, 5)) + np.array([10, 20, 30, 40, 50.0])


def test_a_broken_relation_is_seen_and_its_channel_blamed() -> None:
    """Channel 1 leaves the common pattern by less than its own range: only the relation shows it."""
    blamed, single = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = machine(rng, 700)
        x[550:, 1] += 1.0
        model = PcaT2Spe().fit(x[:500])
        over = model.predict(x[550:])
        blamed += int(np.argmax(np.median(model.contributions(x[550:]), axis=0))) == 1 and over.mean() > 0.5
        single += RobustBaseline().fit(x[:500]).predict(x[550:]).mean() > 0.5
    assert blamed >= 16
    assert single < blamed


def test_the_reference_itself_is_rarely_over_the_threshold() -> None:
    for seed in range(10):
        x = np.random.default_rng(seed).normal(0, 1, (800, 6))
        for model in (PcaT2Spe(), RobustBaseline()):
            assert model.fit(x[:500]).predict(x[500:]).mean() < 0.03


def test_constant_channels_do_no_harm() -> None:
    x = np.random.default_rng(0).normal(0, 1, (200, 4))
    x[:, 2] = 5.0
    assert np.isfinite(PcaT2Spe().fit(x).decision_function(x)).all()
    assert np.isfinite(RobustBaseline().fit(x).decision_function(x)).all()


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


def test_noise_has_no_changepoints() -> None:
    t = np.arange(300.0)
    found = [changepoints(t, np.random.default_rng(seed).normal(0, 1, 300)) for seed in range(60)]
    assert sum(map(bool, found)) <= 2


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=60))
def test_changepoints_never_fail(values: list[float]) -> None:
    found = changepoints(np.arange(float(len(values))), np.array(values, dtype=float))
    assert all(np.isfinite(c.at) and c.error_s > 0 for c in found)
    assert [c.at for c in found] == sorted(c.at for c in found)


def test_cusum_finds_the_first_departure() -> None:
    rng = np.random.default_rng(1)
    v = rng.normal(0, 1, 200) + 3.0 * (np.arange(200) >= 120)
    found = cusum(v, median=0.0, spread=1.0)
    assert found is not None
    assert abs(found - 120) <= 2
    assert cusum(np.zeros(50), median=0.0, spread=1.0) is None
