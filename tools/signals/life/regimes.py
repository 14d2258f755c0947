"""Operating regimes: groups of settings between which a machine switches, each with its own usual level of every sensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from aitia.tools.sources.rows import Floats

_GAP: Final = 0.08  # of a setting's range: values further apart are two regimes
_SHARE: Final = 0.01  # of all rows: fewer are no regime
_FEW: Final = 20  # more cuts than this: it varies continuously
_EXPLAINED: Final = (
    0.5  # of a sensor's variance, by the groups that the cuts make: else they are noise in steps
)


@dataclass(frozen=True, kw_only=True)
class Regimes:
    """Cuts of each setting, and mean and spread of each sensor in each regime.

    Settings that vary without gaps are one regime; per-regime standardisation is the usual preparation of C-MAPSS
    FD002 and FD004 (six regimes).
    """

    cuts: tuple[tuple[float, ...], ...]
    keys: NDArray[np.int64]  # (regimes, settings)
    mean: Floats  # (regimes, sensors)
    spread: Floats

    @classmethod
    def fit(cls, settings: Floats, sensors: Floats) -> Self:
        """From the rows of a whole fleet, shapes (rows, settings) and (rows, sensors)."""
        cuts = tuple(_cuts(settings[:, n], sensors) for n in range(settings.shape[1]))
        codes = _codes(settings, cuts)
        keys, place, count = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
        kept = np.flatnonzero(count >= _SHARE * len(codes))
        place = place.reshape(-1)
        overall = np.maximum(np.nanstd(sensors, axis=0), 1e-9)
        mean, spread = [], []
        for k in kept:
            rows = sensors[place == k]
            mean.append(np.nanmean(rows, axis=0))
            spread.append(np.maximum(np.nanstd(rows, axis=0), 1e-6 * overall))
        return cls(cuts=cuts, keys=keys[kept], mean=np.array(mean), spread=np.array(spread))

    def index(self, settings: Floats) -> NDArray[np.int64]:
        """The regime of each row; the nearest one where it was never seen."""
        codes = _codes(settings, self.cuts)
        far = np.abs(codes[:, None, :] - self.keys[None]).sum(axis=2)
        return np.asarray(np.argmin(far, axis=1), dtype=np.int64)

    def standardise(self, settings: Floats, sensors: Floats) -> Floats:
        """Each sensor in spreads from its regime's mean."""
        at = self.index(settings)
        return np.asarray((sensors - self.mean[at]) / self.spread[at], dtype=np.float64)


def _cuts(values: Floats, sensors: Floats) -> tuple[float, ...]:
    ordered = np.sort(values)
    if ordered.size < 2 or ordered[-1] <= ordered[0]:
        return ()
    wide = np.flatnonzero(np.diff(ordered) > _GAP * (ordered[-1] - ordered[0]))
    edges = np.concatenate([[0], wide + 1, [ordered.size]])
    if wide.size == 0 or wide.size >= _FEW or np.min(np.diff(edges)) < _SHARE * ordered.size:
        return ()
    cuts = tuple(float(0.5 * (ordered[i] + ordered[i + 1])) for i in wide)
    return cuts if _explained(np.searchsorted(np.array(cuts), values), sensors) >= _EXPLAINED else ()


def _explained(group: NDArray[np.intp], sensors: Floats) -> float:
    """The largest share of a sensor's variance that lies between the groups."""
    within = sum(np.nanvar(sensors[group == g], axis=0) * np.mean(group == g) for g in np.unique(group))
    return float(np.nanmax(1.0 - within / np.maximum(np.nanvar(sensors, axis=0), 1e-18)))


def _codes(settings: Floats, cuts: tuple[tuple[float, ...], ...]) -> NDArray[np.int64]:
    codes = np.zeros((settings.shape[0], max(len(cuts), 1)), dtype=np.int64)
    for n, own in enumerate(cuts):
        codes[:, n] = np.searchsorted(np.array(own), settings[:, n])
    return codes
