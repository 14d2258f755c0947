"""The scorer of the Numenta Anomaly Benchmark: perfect is 100, silence 0, and an example computed by hand."""

from __future__ import annotations

import sys
from math import exp, tanh
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.signals.nab_score import (  # noqa: E402
    PROFILES,
    changepoint_raw,
    changepoint_windows,
    corpus_score,
    nab_score,
)

T = np.arange(200.0)
WINDOWS = [(60.0, 69.0), (150.0, 159.0)]


def at(*positions: int) -> np.ndarray:
    alarms = np.zeros(T.size, dtype=bool)
    alarms[list(positions)] = True
    return alarms


@pytest.mark.parametrize("profile", list(PROFILES))
def test_perfect_is_100_and_silence_0(profile: str) -> None:
    assert nab_score(at(60, 150), WINDOWS, T, profile=profile) == pytest.approx(100.0)
    assert nab_score(at(), WINDOWS, T, profile=profile) == pytest.approx(0.0)


def test_an_example_by_hand() -> None:
    """Alarms: one before any window (-1 x .11), the sixth and seventh sample of the first window, one 9 samples past it."""
    place = -(69 - 65 + 1) / 10
    hit = (2 / (1 + exp(5 * place)) - 1) / (2 / (1 + exp(-5)) - 1)
    past = 0.11 * (2 / (1 + exp(5 * 9 / 9)) - 1)
    raw = hit - 0.11 + past - 1.0
    assert nab_score(at(40, 65, 66, 78), WINDOWS, T) == pytest.approx(100 * (raw + 2) / 4)
    assert hit == pytest.approx(0.8599, abs=1e-3)


def test_alarms_in_the_probationary_part_are_nothing() -> None:
    assert nab_score(at(3, 60, 150), WINDOWS, T) == pytest.approx(100.0)
    assert nab_score(at(3, 60, 150), WINDOWS, T, probation=0.0) < 100.0


def test_profiles_weigh_errors() -> None:
    false, missed = at(100, 101, 60, 150), at(60)
    assert nab_score(false, WINDOWS, T, profile="reward_low_FP") < nab_score(false, WINDOWS, T)
    assert nab_score(missed, WINDOWS, T) == pytest.approx(50.0)


def test_a_corpus_is_normalised_as_a_whole_and_needs_a_window() -> None:
    quiet = (at(100), [], T)
    assert corpus_score([(at(60, 150), WINDOWS, T), quiet]) == pytest.approx(100 * (2 - 0.11 + 2) / 4)
    with pytest.raises(ValueError, match="at least one series with a window"):
        corpus_score([quiet])


def test_changepoints_are_scored_in_windows_to_the_right() -> None:
    windows = changepoint_windows([100.0, 130.0])
    assert windows == [(100.0, 160.0), (160.0, 190.0)]
    standard = PROFILES["standard"]
    assert changepoint_raw([100.0, 160.0], [windows[0]], standard) == pytest.approx(1.0)
    assert changepoint_raw([160.0], [windows[0]], standard) == pytest.approx(-0.11)
    assert changepoint_raw([115.0, 99.0], [windows[0]], standard) == pytest.approx(
        0.445 + 0.555 * tanh(np.pi / 4) / tanh(np.pi / 2) - 0.11
    )
    assert changepoint_raw([], windows, standard) == -2.0
