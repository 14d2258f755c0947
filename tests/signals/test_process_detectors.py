"""Multivariate detectors against scikit-learn, on faults that are known, and on input that is not usable."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.tools.signals.channel_blame import Onset, leaders, onset_order, shares
from aitia.tools.signals.detectors import (
    Detector,
    Ensemble,
    Knn,
    Mcd,
    PcaT2Spe,
    VectorAutoregression,
)
from aitia.tools.signals.detectors.features import rolling, window_features
from aitia.tools.signals.detectors.thresholds import (
    conformal_limit,
    held_out,
    hysteresis,
    runs,
    smoothed,
    tail_limit,
)

MAKERS: dict[str, Callable[[], Detector]] = {
    "mcd": Mcd,
    "knn": Knn,
    "pca": PcaT2Spe,
    "autoregression": VectorAutoregression,
    "ensemble": Ensemble,
}


def plant(seed: int, n: int = 900, p: int = 6) -> np.ndarray:
    """Two slow common causes, mixed into `p` channels of different units, with noise."""
    rng = np.random.default_rng(seed)
    causes = np.zeros((n, 2))
    for i in range(1, n):
        causes[i] = 0.9 * causes[i - 1] + rng.normal(0, 0.4, 2)
    x = causes @ rng.normal(0, 1, (2, p)) + rng.normal(0, 0.3, (n, p))
    return x * np.geomspace(0.01, 100, p) + np.arange(p) * 10.0


def step(x: np.ndarray, channel: int, size: float, start: int = 700) -> np.ndarray:
    """A bias of `size` standard deviations in one channel from `start` on."""
    made = x.copy()
    made[start:, channel] += size * x[:600, channel].std()
    return made


def limit_of(name: str, reference: np.ndarray) -> float:
    """A detector's own limit; else what 1 % of held-out samples of normal operation pass."""
    own = getattr(MAKERS[name]().fit(reference), "threshold_", None)
    return conformal_limit(held_out(MAKERS[name], reference), 0.01) if own is None else own


def test_mcd_agrees_with_scikit_learn() -> None:
    """Both find the clean half of a contaminated reference: the same centre, and the covariance up to one factor."""
    covariance = pytest.importorskip("sklearn.covariance")
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (400, 8)) @ rng.normal(0, 1, (8, 8))
    x[:60] += 25.0
    ours = Mcd().fit(x)
    z = ours.scaler_.transform(x)
    theirs = covariance.MinCovDet(random_state=0).fit(z)
    assert np.abs(ours.location_ - theirs.location_).max() < 0.05
    a, b = ours.covariance_ / np.trace(ours.covariance_), theirs.covariance_ / np.trace(theirs.covariance_)
    assert np.abs(a - b).max() < 0.01
    plain = np.cov(z, rowvar=False)
    assert np.abs(plain / np.trace(plain) - b).max() > 0.05
    assert ours.decision_function(x[:60]).min() > ours.decision_function(x[60:]).max()


@pytest.mark.parametrize("name", list(MAKERS))
def test_a_step_is_seen_and_normal_operation_is_not(name: str) -> None:
    seen, false = [], []
    for seed in range(5):
        x = step(plant(seed), 2, 6.0 if seed % 2 else -6.0)
        model = MAKERS[name]().fit(x[:600])
        score, limit = model.decision_function(x), limit_of(name, x[:600])
        seen.append(np.mean(score[720:] > limit))
        false.append(np.mean(score[600:700] > limit))
    assert np.mean(false) < 0.06
    assert np.mean(seen) > (0.1 if name == "autoregression" else 0.7)


@pytest.mark.parametrize("name", ["mcd", "pca", "ensemble"])
def test_the_faulty_channel_is_blamed(name: str) -> None:
    """A bias, a drift and noise in each channel in turn: the largest share is the channel's own."""
    right = total = 0
    for seed in range(3):
        x = plant(seed)
        rng = np.random.default_rng(seed)
        model, limit = MAKERS[name]().fit(x[:600]), limit_of(name, x[:600])
        for channel in range(x.shape[1]):
            spread = x[:600, channel].std()
            for fault in (4.0 * spread, np.linspace(0, 6, 200) * spread, rng.normal(0, 3 * spread, 200)):
                bad = x.copy()
                bad[700:, channel] += fault
                over = model.decision_function(bad) > limit
                over[:700] = False
                right += int(np.argmax(shares(model.contributions(bad), over))) == channel and over.any()
                total += 1
    assert right / total > 0.85


def test_reconstruction_smears_less_than_distance() -> None:
    """The correlated neighbours of a biased channel get less of the blame than by plain squared scores."""
    ours, plain = [], []
    for seed in range(10):
        x = step(plant(seed), 1, 4.0)
        model = Mcd().fit(x[:600])
        z = model.scaler_.transform(x[720:]) - model.location_
        simple = np.abs(z * (z @ model.precision_))
        ours.append(np.median(model.contributions(x[720:])[:, 1] / model.contributions(x[720:]).max(axis=1)))
        plain.append(np.median(simple[:, 1] / simple.sum(axis=1)))
    assert np.mean(ours) > 0.99
    assert np.mean(plain) < np.mean(ours)


def test_channels_are_ordered_by_their_onset() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, (600, 4))
    for channel, start in ((2, 420), (0, 480), (3, 540)):
        x[start:, channel] += 5.0
    found = onset_order(x[400:], x[:400])
    assert [o.channel for o in found] == [2, 0, 3]
    assert all(
        abs(o.row + 400 - start) <= max(o.error, 2.0) for o, start in zip(found, (420, 480, 540), strict=True)
    )
    assert onset_order(rng.normal(0, 1, (100, 2)), rng.normal(0, 1, (300, 2))) == []


@pytest.mark.parametrize(("shape", "least"), [("step", 0.85), ("pulse", 0.85), ("ramp", 0.5)])
def test_the_error_of_an_onset_reaches_the_true_one(shape: str, least: float) -> None:
    at = np.arange(200) - 60
    moved = {
        "step": 3.0 * (at >= 0),
        "pulse": 6.0 * ((at >= 0) & (at < 15)),
        "ramp": np.clip(at, 0, None) / 15.0,
    }[shape]
    reached, told = [], []
    for seed in range(100):
        v = np.random.default_rng(seed).normal(0, 1, 600)
        (found,) = onset_order((v[400:] + moved)[:, None], v[:400, None])
        reached.append(abs(found.row - 60) <= found.error)
        told.append(found.error)
    assert np.mean(reached) >= least
    assert np.median(told) <= (25.0 if shape == "ramp" else 3.0)


def test_leaders_are_those_that_none_precedes_beyond_the_errors() -> None:
    first, near, late = (
        Onset(channel=3, row=10, error=2),
        Onset(channel=0, row=13, error=2),
        Onset(channel=1, row=40, error=5),
    )
    assert leaders([first, near, late]) == [first, near]
    assert leaders([first, late]) == [first]
    vague = Onset(channel=2, row=60, error=60)
    assert leaders([first, late, vague]) == [first, vague]
    assert leaders([]) == []


def test_limits_hold_what_they_promise() -> None:
    rng = np.random.default_rng(5)
    over = [
        np.mean(rng.exponential(1, 2000) > conformal_limit(rng.exponential(1, 500), 0.01)) for _ in range(50)
    ]
    assert np.mean(over) == pytest.approx(0.01, abs=0.004)
    far = [tail_limit(rng.exponential(1, 500), 1e-4) for _ in range(50)]
    assert np.median(far) == pytest.approx(-np.log(1e-4), rel=0.2)
    assert conformal_limit(np.full(20, 2.0), 0.001) == 2.0


def test_alarms_fall_at_the_lower_limit() -> None:
    score = np.array([0.1, 0.6, 1.2, 0.7, 0.6, 0.2, 0.7])
    assert runs(hysteresis(score, 1.0, 0.5)) == [(2, 5)]
    assert runs(hysteresis(score, 1.0, 0.5, back=True)) == [(1, 5)]
    assert smoothed(np.array([0.0, 9.0, 0.0, 1.0]), 3).tolist() == [0.0, 0.0, 0.0, 1.0]


def test_windows_of_one_row_at_a_time() -> None:
    x = np.array([[1e6 + 1.0], [1e6 + 3.0], [1e6 + 5.0]])
    mean, spread = rolling(x, 2)
    assert mean[:, 0].tolist() == [1e6 + 1.0, 1e6 + 2.0, 1e6 + 4.0]
    assert spread[:, 0] == pytest.approx([0.0, np.sqrt(2), np.sqrt(2)])
    assert window_features(x, 1) is x


@pytest.mark.parametrize("name", list(MAKERS))
@pytest.mark.parametrize(
    "bad",
    [np.zeros((1, 3)), np.zeros((0, 3)), np.zeros(30), np.full((300, 3), np.nan), np.zeros((300, 0))],
    ids=["one row", "no rows", "no table", "all missing", "no channels"],
)
def test_a_useless_reference_says_what_to_change(name: str, bad: np.ndarray) -> None:
    with pytest.raises(BadInput, match=r"(Give|Fill)"):
        MAKERS[name]().fit(bad)


@pytest.mark.parametrize("name", list(MAKERS))
def test_equal_values_and_gaps_give_finite_scores(name: str) -> None:
    x = plant(0)
    x[:, 1] = 7.0
    model = MAKERS[name]().fit(x[:600])
    new = x[600:].copy()
    new[20:25, 0] = np.nan
    assert np.isfinite(model.decision_function(new)).all()
    assert np.isfinite(model.contributions(new)).all()
    flat = MAKERS[name]().fit(np.full((300, 3), 2.0))
    assert np.isfinite(flat.decision_function(np.full((50, 3), 2.0))).all()
    assert not (flat.decision_function(np.full((50, 3), 2.0)) > limit_of(name, np.full((300, 3), 2.0))).any()
