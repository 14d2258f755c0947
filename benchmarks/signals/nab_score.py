"""The scores of the Numenta Anomaly Benchmark, and the variant of it that SKAB takes for changepoints.

Lavin & Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta anomaly benchmark" (2015): the first
alarm in a window earns a sigmoid of its place, an alarm outside costs one of its distance to the window before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Window = tuple[float, float]  # first and last moment, both inside


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a hit earns, and what a false alarm and a missed window cost."""

    hit: float = 1.0
    false: float = 0.11
    missed: float = 1.0


PROFILES = {
    "standard": Profile(),
    "reward_low_FP": Profile(false=0.22),
    "reward_low_FN": Profile(missed=2.0),
}


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What an alarm at each sample is worth: `gain` (hits positive) and `window`, its number or -1 outside."""

    gain: Floats
    window: NDArray[np.int64]
    windows: int

    def raw(self, alarms: NDArray[np.bool_], profile: Profile) -> float:
        """The raw score of alarms (one truth value per sample): in a window only the best (first) one counts."""
        inside = self.window[alarms]
        gain = self.gain[alarms]
        best = np.full(self.windows, -profile.missed)
        np.maximum.at(best, inside[inside >= 0], profile.hit * gain[inside >= 0])
        return float(best.sum() + profile.false * gain[inside < 0].sum())


def worth(windows: Sequence[Window], t: Floats, *, probation: float = 0.15) -> Worth:
    """The worth of an alarm at each of `t` (sorted); in the probationary part, at most 750 samples, it is nothing."""
    t = np.asarray(t, dtype=np.float64)
    position = np.arange(t.size)
    gain, number = np.full(t.size, -1.0), np.full(t.size, -1, dtype=np.int64)
    for k, (start, end) in enumerate(sorted(windows)):
        left, right = np.searchsorted(t, start), np.searchsorted(t, end, side="right") - 1
        width = right - left + 1
        inside = (position >= left) & (position <= right)
        gain[inside] = _sigmoid(-(right - position[inside] + 1) / max(width, 1)) / _sigmoid(-1.0)
        number[inside] = k
        later = position > right
        gain[later] = _sigmoid((position[later] - right) / max(width - 1, 1))
    trial = int(min(np.floor(probation * t.size), probation * 5000))
    gain[:trial], number[:trial] = 0.0, -1
    return Worth(gain=gain, window=number, windows=len(windows))


def _sigmoid(place: Floats | float) -> Floats:
    y = 2.0 / (1.0 + np.exp(5.0 * np.minimum(place, 100.0))) - 1.0
    return np.where(np.asarray(place) > 3.0, -1.0, y)


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """100 for a perfect detector, 0 for one that never alarms; `raw` and `windows` summed over all the series."""
    if not windows:
        raise ValueError("Score at least one series with a window: without one the NAB score has no scale.")
    null = -profile.missed * windows
    return float(100.0 * (raw - null) / (profile.hit * windows - null))


def nab_score(
    alarms: NDArray[np.bool_],
    windows: Sequence[Window],
    t: Floats,
    *,
    profile: str = "standard",
    probation: float = 0.15,
) -> float:
    """The normalised score of one series: `alarms` is one truth value per sample of `t`, `windows` the answers."""
    chosen = PROFILES[profile]
    raw = worth(windows, t, probation=probation).raw(np.asarray(alarms, dtype=bool), chosen)
    return normalised(raw, len(windows), chosen)


def corpus_score(
    series: Iterable[tuple[NDArray[np.bool_], Sequence[Window], Floats]], *, profile: str = "standard"
) -> float:
    """The normalised score of many series (alarms, windows, t) taken together, as NAB reports it."""
    chosen = PROFILES[profile]
    parts = [(worth(w, t).raw(np.asarray(alarms, dtype=bool), chosen), len(w)) for alarms, w, t in series]
    return normalised(sum(raw for raw, _ in parts), sum(n for _, n in parts), chosen)


def changepoint_windows(changes: Sequence[float], *, width: float = 60.0) -> list[Window]:
    """SKAB's windows: from each change `width` seconds to the right; where two overlap, the later is cut."""
    made: list[Window] = []
    for at in sorted(changes):
        start = max(at, made[-1][1]) if made else at
        made.append((start, at + width))
    return made


def changepoint_raw(alarms: Sequence[float], windows: Sequence[Window], profile: Profile) -> float:
    """SKAB's raw score of alarm times: in a window the first alarm earns from `hit` (left) down to -`false` (right)
    along a tanh, each alarm outside all windows costs `false`.

    As in `tsad` (Kozitsin, Katser & Lakontsev, 2021), which SKAB's leaderboard is computed with.
    """
    times = np.sort(np.asarray(alarms, dtype=np.float64))
    covered = np.zeros(times.size, dtype=bool)
    score = 0.0
    for start, end in windows:
        inside = (times >= start) & (times <= end)
        covered |= inside
        if not inside.any():
            score -= profile.missed
            continue
        place = (times[inside][0] - start) / max(end - start, 1e-9)
        fall = np.tanh(np.pi * (place - 0.5)) / np.tanh(np.pi / 2.0)
        score += (profile.hit - profile.false) / 2.0 - (profile.hit + profile.false) / 2.0 * float(fall)
    return score - profile.false * int(np.sum(~covered))
