"""What kind of series this is, before anything is detected in it: the facts that choose the detector."""

from __future__ import annotations

from typing import Literal

import numpy as np

from aitia.core.words import Word
from aitia.tools.signals.grid import LEAST, is_counter, numbers, reference_rates, regular, size
from aitia.tools.sources.rows import Floats

HEAD = 0.15  # the share of a series that is taken as its own usual state, as NAB's probation
_LEAST_ACF = 0.3  # autocorrelation of a season
_SEEN = 1 << 17  # samples that the search for a period looks at
_RATE_HZ = 200.0  # sampled faster than this: vibration


class Profile(Word):
    """The measured properties of one series; lengths of time in seconds, lags in samples of the regular grid."""

    samples: int
    step_s: float
    jitter: float  # share of steps that differ from the median step by more than a tenth
    gaps: int  # steps longer than 1.5 median steps
    missing: float  # share of the regular grid without a finite value
    distinct: int
    constant: bool
    counter: bool
    resets: int
    period: int  # samples, 0 where the series repeats nothing
    seasonality: float  # autocorrelation at the period, 0..1
    periods: float  # length of the series in periods
    trend: float  # share of the variance that a straight line explains
    kind: Literal["vibration", "process"]
    reference: int = 0  # samples given as normal
    reference_constant: bool = False
    departure: float = 0.0  # Kolmogorov-Smirnov distance of the series' own first part from the reference


def season(v: Floats) -> tuple[int, float]:
    """The period in samples and its autocorrelation, or (0, 0) where the series does not repeat itself three times.

    The first peak of the detrended series' autocorrelation that comes within a tenth of the highest one.
    """
    v = v[-_SEEN:]
    n = v.size
    if n < LEAST or float(np.ptp(v)) <= 0:
        return 0, 0.0
    z = v - np.polyval(np.polyfit(np.arange(n), v, 1), np.arange(n))
    low, high = np.quantile(z, (0.01, 0.99))
    z = np.clip(z, low, high)  # a single spike is no season
    z = z - z.mean()
    most = n // 3
    power = np.abs(np.fft.rfft(z, n=1 << int(np.ceil(np.log2(2 * n))))) ** 2
    acf = np.fft.irfft(power)[: most + 2]
    if acf[0] <= 1e-12 * n:
        return 0, 0.0
    acf = acf / acf[0] * (n / (n - np.arange(acf.size)))
    below = np.flatnonzero(acf < 0.5 * _LEAST_ACF)
    if not below.size:
        return 0, 0.0
    inner = np.arange(max(int(below[0]), 2), most)
    peaks = inner[
        (acf[inner] >= acf[inner - 1]) & (acf[inner] >= acf[inner + 1]) & (acf[inner] >= _LEAST_ACF)
    ]
    if not peaks.size:
        return 0, 0.0
    best = float(acf[peaks].max())
    first = int(peaks[np.argmax(acf[peaks] >= best - 0.1)])
    period = float(first)
    for k in (1, 2, 4, 8, 16):  # a peak at a multiple tells the period more exactly
        half = max(1.0, 0.05 * first) if k == 1 else 0.25 * period
        near = np.arange(max(2, int(k * period - half)), int(k * period + half) + 1)
        if near[-1] > most:
            break
        period = float(near[np.argmax(acf[near])]) / k
    whole = round(period)
    return whole, round(float(min(acf[whole], 1.0)), 3)


def departure(a: Floats, b: Floats) -> float:
    """Kolmogorov-Smirnov distance of two samples: 0 alike, 1 apart. What differs by rounding alone is alike."""
    if not a.size or not b.size:
        return 0.0
    unit = size(a, b)
    a, b = np.round(a / unit, 9), np.round(b / unit, 9)
    every = np.concatenate([a, b])
    of_a = np.searchsorted(np.sort(a), every, side="right") / a.size
    of_b = np.searchsorted(np.sort(b), every, side="right") / b.size
    return float(np.max(np.abs(of_a - of_b)))


def profile(t: object, v: object, *, reference: object = None) -> Profile:
    """Measure a series; `reference` holds samples known to be normal, measured the same way (of a counter as rates)."""
    times, values = numbers(t, "t"), numbers(v, "v")
    given = np.array([]) if reference is None else numbers(reference, "reference")
    unit = size(values, given)
    values, given = values / unit, given / unit
    grid = regular(times, values)
    given = given[np.isfinite(given)]
    known = grid.v[grid.known]
    finite = values[np.isfinite(values)]
    steps = np.diff(np.unique(times)) if times.size > 1 else np.array([])
    step = float(np.median(steps)) if steps.size else 0.0
    counter = is_counter(values)
    given = reference_rates(given, step) if counter else given  # the grid holds rates, too
    period, strength = season(grid.v) if known.size >= LEAST else (0, 0.0)
    head = known[: max(int(HEAD * known.size), 1)] if known.size else known
    return Profile(
        samples=int(values.size), step_s=step,
        jitter=round(float(np.mean(np.abs(steps - step) > 0.1 * step)), 4) if steps.size else 0.0,
        gaps=int(np.sum(steps > 1.5 * step)),
        missing=round(1.0 - float(np.mean(grid.known)), 4) if grid.known.size else 1.0,
        distinct=int(np.unique(finite).size), constant=finite.size > 0 and float(np.ptp(finite)) == 0.0,
        counter=counter, resets=int(np.sum(np.diff(finite) < 0)) if counter else 0,
        period=period, seasonality=strength, periods=round(grid.v.size / period, 2) if period else 0.0,
        trend=_trend(known), kind="vibration" if step and step < 1.0 / _RATE_HZ else "process",
        reference=int(given.size), reference_constant=given.size > 0 and float(np.ptp(given)) == 0.0,
        departure=round(departure(given, head), 3),
    )  # fmt: skip


def _trend(v: Floats) -> float:
    if v.size < 3 or float(np.ptp(v)) == 0:
        return 0.0
    return round(float(np.corrcoef(np.arange(v.size), v)[0, 1] ** 2), 3)
