"""Peers on raw signals: CUSUM (Page 1954), EWMA (Roberts 1959), Mann-Kendall with Theil-Sen, and a threshold of 3 sigma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, theilslopes

from aitia.tools.signals.condition.words import AssetSignals, Limits
from aitia.tools.sources.rows import Floats
from benchmarks.machines.cases import raw_means

REFERENCE = 0.25  # of the data, the first part, as for ours
K, H = 0.5, 5.0  # CUSUM's usual design, in standard deviations
WEIGHT, WIDTH = 0.2, 3.0  # EWMA's
CHANCE = 0.01  # of Mann-Kendall, two-sided


@dataclass(frozen=True)
class PeerAlarm:
    """A point that a peer alarms, and the hours that it gives until the limit (NaN: none)."""

    point: str
    hours: float = float("nan")


def peer_alarms(system: str, asset: AssetSignals, limits: dict[str, Limits], now: float) -> list[PeerAlarm]:
    """The alarms that stand at `now`."""
    found = []
    for name, point in sorted(asset.points.items()):
        t, y = raw_means(point, now)
        if t.size < 40 or float(np.ptp(y)) == 0.0:
            continue
        if system == "peer trend":
            told = _trend(t, y, limits.get(name))
            found += [PeerAlarm(name, told)] if told is not None else []
        elif _RULES[system](y):
            found.append(PeerAlarm(name))
    return found


def _scaled(y: Floats) -> tuple[Floats, int]:
    n = int(REFERENCE * y.size)
    return (y - np.mean(y[:n])) / max(float(np.std(y[:n])), 1e-12), n


def _cusum(y: Floats) -> bool:
    z, n = _scaled(y)
    up = down = 0.0
    for value in z[n:]:
        up, down = max(0.0, up + value - K), max(0.0, down - value - K)
    return max(up, down) > H


def _ewma(y: Floats) -> bool:
    z, n = _scaled(y)
    level = 0.0
    for value in z[n:]:
        level += WEIGHT * (value - level)
    return abs(level) > WIDTH * (WEIGHT / (2 - WEIGHT)) ** 0.5


def _naive(y: Floats) -> bool:
    z, _ = _scaled(y)
    return bool(np.any(np.abs(z[-max(1, y.size // 50) :]) > 3.0))


def _trend(t: Floats, y: Floats, limits: Limits | None) -> float | None:
    """Hours to the limit (NaN for none) where the trend is significant."""
    if float(kendalltau(t, y).pvalue) > CHANCE:
        return None
    slope, base = theilslopes(y, t)[:2]
    limit = None if limits is None else (limits.high if slope > 0 else limits.low)
    return float("nan") if limit is None else max(0.0, (limit - (base + slope * t[-1])) / slope / 3600.0)


_RULES = {"peer cusum": _cusum, "peer ewma": _ewma, "trivial": _naive}
SYSTEMS = ("peer cusum", "peer ewma", "peer trend", "trivial")
