"""Shaft speed: given, from a tachometer, made more exact by the shaft's own lines, or estimated from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aitia.core.errors import BadInput
from aitia.core.percent import percent
from aitia.tools.signals.vibration.spectrum import amplitude_spectrum, floor_of
from aitia.tools.sources.base import Pulses, Waveform
from aitia.tools.sources.rows import Floats

Origin = Literal["given", "given, refined with the shaft's lines", "tachometer", "estimated"]
MAINS = (50.0, 60.0)
_OFF = 0.02  # a nameplate or logged speed is taken to be right to 2 %: the slip range of induction motors
_MISSED = 0.02  # share of pulses that may be missed or counted twice: a median over the others is right
_HARMONICS, _LINE_DB, _MOST_DB = 5, 10.0, 25.0
_SLOWEST, _FASTEST = (
    5.0,
    61.0,
)  # Hz, of an estimated shaft speed: up to two-pole motors; faster combs may be a bearing's


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Shaft speed in revolutions a minute, its error (same unit, about one standard deviation), and where it is from."""

    rpm: float
    error: float
    origin: Origin

    @property
    def hz(self) -> float:
        """Revolutions a second."""
        return self.rpm / 60.0


def from_tachometer(pulses: Floats, fs: float, *, pulses_per_rev: int = 1) -> Speed:
    """The median speed over whole revolutions of a pulse signal sampled at fs, and its spread.

    BadInput with fewer than three rising edges, missing samples, or pulses that were missed or counted twice.
    """
    if pulses_per_rev < 1 or not bool(np.all(np.isfinite(pulses))):
        raise BadInput("Give a tachometer signal without missing samples and pulses_per_rev of at least 1.")
    edges = _edges(pulses) / fs
    if edges.size < max(3, pulses_per_rev + 1):
        raise BadInput("Give a tachometer signal with at least three pulses and one whole revolution.")
    gaps = np.diff(edges)
    if float(np.mean(np.abs(gaps / np.median(gaps) - 1.0) > 0.5)) > _MISSED:
        raise BadInput("Tachometer pulses are missing or counted twice. Fix the tachometer signal.")
    turns = edges[pulses_per_rev:] - edges[:-pulses_per_rev]
    rates = 60.0 / turns
    rpm = float(np.median(rates))
    resolved = rpm / (fs * float(np.median(turns)))  # an edge is known to a sample
    return Speed(rpm=rpm, error=max(float(np.std(rates)), resolved), origin="tachometer")


def _edges(pulses: Floats) -> Floats:
    """Places of the rising edges, from below 40 % to over 60 % of the range: noise at one threshold would count twice."""
    if not pulses.size or float(np.ptp(pulses)) <= 0:
        return np.zeros(0)
    share = (pulses - np.min(pulses)) / np.ptp(pulses)
    marks = np.flatnonzero((share < 0.4) | (share > 0.6))
    high = share[marks] > 0.6
    return np.asarray(marks[1:][high[1:] & ~high[:-1]], dtype=np.float64)


def speed_of(block: Waveform) -> Speed | str:
    """A block's speed: as given, else its tachometer's, else estimated; or why order analysis is not possible."""
    if np.isfinite(block.rpm):
        return refined(block.x, block.fs, block.rpm)
    if block.tachometer is None:
        found = estimated(block.x, block.fs)
        return found or "order analysis not possible without the shaft speed: give `rpm`"
    told = _by_pulses(block.tachometer)
    if isinstance(told, Speed):
        return told
    return f"order analysis not possible with the tachometer {block.tachometer.channel}: {told}"


def rpm_of(block: Waveform) -> float:
    """A block's speed in revolutions a minute as it is given or its tachometer tells it; NaN where neither does."""
    if np.isfinite(block.rpm) or block.tachometer is None:
        return block.rpm
    told = _by_pulses(block.tachometer)
    return told.rpm if isinstance(told, Speed) else float("nan")


def _by_pulses(pulses: Pulses) -> Speed | str:
    if pulses.problem:
        return pulses.problem
    try:
        speed = from_tachometer(pulses.x, pulses.fs, pulses_per_rev=pulses.per_rev)
    except BadInput as error:
        return str(error).rstrip(".")
    if speed.error > _OFF * speed.rpm:
        return f"the speed varies by more than {percent(_OFF)} within a block"
    return speed


def refined(x: Floats, fs: float, rpm: float) -> Speed:
    """The given speed, moved by up to 2 % to where at least three of the first five shaft orders have lines."""
    frequency, height = _heights(x, fs)
    step = float(frequency[1])
    shaft = rpm / 60.0
    candidates = shaft * np.linspace(1.0 - _OFF, 1.0 + _OFF, 401)
    score, count = _comb(frequency, height, candidates, _HARMONICS)
    best, here = int(np.argmax(score)), candidates.size // 2
    if count[best] < 3 or score[best] < score[here] + _LINE_DB:  # to move, it must explain one line more
        return Speed(rpm=rpm, error=_OFF / 2.0 * rpm, origin="given")
    error = max(step / (2.0 * _HARMONICS), shaft * _OFF / 200.0)
    origin: Origin = "given, refined with the shaft's lines"
    return Speed(rpm=float(60.0 * candidates[best]), error=60.0 * error, origin=origin)


def estimated(x: Floats, fs: float) -> Speed | None:
    """The speed whose first six orders have at least four lines, mains lines left out; None where no comb stands out.

    Where orders fall on the mains (a four-pole motor's even ones), three lines are enough if they are all of the others.
    """
    frequency, height = _heights(x, fs)
    step = float(frequency[1])
    if frequency[-1] < 6 * _SLOWEST or 2.0 * step > _SLOWEST:
        return None
    fastest = min(_FASTEST, float(frequency[-1]) / 6.0)
    candidates = np.arange(max(_SLOWEST, 4.0 * step), fastest, step / 12.0)
    if not candidates.size:
        return None
    score, count = _comb(frequency, height, candidates, 6)
    first = np.interp(candidates, frequency, height) >= _LINE_DB
    hidden = np.array(
        [np.interp(n * candidates, frequency, _on_mains(frequency)) >= 0.5 for n in range(1, 7)]
    )
    whole = (count >= 3) & (count + hidden.sum(axis=0) >= 6)
    score = np.where(((count >= 4) | whole) & first, score, 0.0)
    if not float(np.max(score)) > 0:
        return None
    near = np.flatnonzero(score >= 0.9 * float(np.max(score)))
    best = candidates[near[int(np.argmax(score[near]))]]
    rivals = candidates[near][np.abs(candidates[near] / best - 1.0) > 0.03]
    if rivals.size:  # two speeds explain the lines as well
        return None
    return Speed(rpm=float(60.0 * best), error=60.0 * step / 12.0, origin="estimated")


def _heights(x: Floats, fs: float) -> tuple[Floats, Floats]:
    """Frequencies and decibels over the local floor of the plain spectrum, multiples of the mains frequency taken out."""
    frequency, amplitude = amplitude_spectrum(x, fs)
    power = amplitude**2
    step = float(frequency[1])
    height = 10.0 * np.log10(np.maximum(power, 1e-300) / floor_of(power, max(int(10.0 / step), 40)))
    height[:2] = 0.0
    height[_on_mains(frequency) > 0] = 0.0
    return frequency, np.clip(height, 0.0, _MOST_DB)


def _on_mains(frequency: Floats) -> Floats:
    """1 at the bins of a multiple of 50 or 60 Hz, else 0."""
    found, step = np.zeros(frequency.size), float(frequency[1])
    for mains in MAINS:
        near = np.abs(frequency - mains * np.round(frequency / mains)) <= min(1.5 * step, 0.005 * mains)
        found[near & (frequency >= mains / 2)] = 1.0
    return found


def _comb(frequency: Floats, height: Floats, candidates: Floats, harmonics: int) -> tuple[Floats, Floats]:
    """Sum of heights at the first orders of each candidate, and how many of them are lines."""
    found = np.array(
        [np.interp(n * candidates, frequency, height, right=0.0) for n in range(1, harmonics + 1)]
    )
    return found.sum(axis=0), (found >= _LINE_DB).sum(axis=0)
