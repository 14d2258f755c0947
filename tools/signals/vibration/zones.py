"""Velocity severity zones of ISO 10816-3:2009, Tables A.1 and A.2 (kept as Tables A.1 and A.2 of ISO 20816-3:2022).

The older classes I to IV of ISO 10816-1:1995, Table B.1 (withdrawn, still on many data sheets), are known too.
Zone A: newly commissioned; B: unrestricted operation; C: restricted time; D: damage is likely. The limits hold for the
RMS velocity of bearing housings between 10 Hz and 1000 Hz at shaft speeds from 600 rpm (from 2 Hz for 120 to 600 rpm).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.meaning.vibration_zones import BY_CLASS, BY_GROUP, CLASS_CLAUSE, GROUP_CLAUSE
from aitia.tools.signals.vibration.quality import cut_at
from aitia.tools.sources.rows import Floats

Group = Literal["1", "2"]  # 1: 300 kW to 50 MW; 2: 15 kW to 300 kW
Support = Literal["rigid", "flexible"]
Class = Literal[
    "I", "II", "III", "IV"
]  # to 15 kW; to 75 kW (300 kW on own foundations); large, rigid; large, soft
Letter = Literal["A", "B", "C", "D", ""]
_SMALLEST, _LARGE, _LARGEST = 15.0, 300.0, 50_000.0  # kW: the scope of ISO 10816-3 and what parts its groups
_MOST_VELOCITY = 100.0  # mm/s RMS; by hand: nine times the highest limit, above it no machine runs for long
_MOST_ACCELERATION = 50.0  # g RMS; by hand: the range of a usual 100 mV/g sensor
_LOW, _LOW_SLOW = 10.0, 2.0  # Hz, from 600 rpm on and below
_PERIODS = 10.0  # of the band's lowest frequency that a record must hold
_MM_PER_S = {"mm/s": 1.0, "m/s": 1e3}
_MM_PER_S2 = {"g": 9806.65, "m/s2": 1e3, "m/s²": 1e3, "m/s^2": 1e3}


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A severity zone: its letter ("" where none can be given), RMS velocity in mm/s, limits, and clause or reason.

    `low` is the lower end in Hz of the band that the velocity is of.
    """

    letter: Letter
    velocity: float
    limits: tuple[float, float, float]
    because: str
    low: float = _LOW


def group_of(power: float) -> Group:
    """The group of ISO 10816-3 by rated power in kW. Raises BadInput outside its scope."""
    if not _SMALLEST < power <= _LARGEST:
        raise BadInput(
            f"ISO 10816-3 is for machines above 15 kW and up to 50 MW, not {power:g} kW. Leave --power out, or give --class I for"
            " a small one."
        )
    return "1" if power > _LARGE else "2"


def severity(
    x: Floats,
    fs: float,
    *,
    unit: str,
    rpm: float,
    group: Group | None,
    support: Support | None,
    klass: Class | None = None,
) -> Zone:
    """The zone of a velocity or acceleration record; no zone without group and support (or class), speed and a full band.

    A record must hold ten periods of the band's lowest frequency: 1 s, or 5 s below 600 rpm.
    """
    if (group is not None and group not in ("1", "2")) or (
        support is not None and support not in ("rigid", "flexible")
    ):
        raise BadInput(
            f"Give the machine group 1 or 2 and the support rigid or flexible, not {group!r}, {support!r}."
        )
    low = _LOW if rpm >= 600 else _LOW_SLOW
    velocity = rms_velocity(x, fs, unit=unit, low=low, high=1000.0)
    missing = (
        _missing(fs, unit, rpm)
        or (
            ""
            if klass or (group and support)
            else "give the machine group (1 or 2) and the support (rigid or flexible)"
        )
        or _short(x.size / fs, low)
        or _implausible(x, fs, unit, velocity)
    )
    if not missing and klass:
        return _lettered(velocity, BY_CLASS[klass], CLASS_CLAUSE.format(name=klass), low)
    if missing or group is None or support is None:
        return Zone(
            letter="", velocity=velocity, limits=(0.0, 0.0, 0.0), because=f"no zone: {missing}", low=low
        )
    return zone_at(velocity, group=group, support=support, low=low)


def zone_at(velocity: float, *, group: Group, support: Support, low: float = _LOW) -> Zone:
    """The zone of an RMS velocity in mm/s."""
    return _lettered(velocity, BY_GROUP[group, support], GROUP_CLAUSE.format(group=group), low)


def _lettered(velocity: float, limits: tuple[float, float, float], clause: str, low: float) -> Zone:
    letter: Letter = ("A", "B", "C", "D")[int(np.sum(velocity > np.array(limits)))]
    return Zone(letter=letter, velocity=velocity, limits=limits, because=clause, low=low)


def _missing(fs: float, unit: str, rpm: float) -> str:
    if unit not in {**_MM_PER_S, **_MM_PER_S2}:
        return f"the unit {unit!r} is neither a velocity nor an acceleration"
    if not rpm >= 120:
        return "the standard applies from 120 rpm, and the speed must be known"
    if fs < 2000.0 * 1.28:
        return f"sampled at {fs:g} Hz, 10 to 1000 Hz cannot be measured"
    return ""


def _implausible(x: Floats, fs: float, unit: str, velocity: float) -> str:
    """Why the figures cannot be a machine's: another unit or sensitivity, or a band that a filter cut below 1000 Hz."""
    level = float(np.std(x)) * (_MM_PER_S2[unit] / _MM_PER_S2["g"] if unit in _MM_PER_S2 else 0.0)
    if velocity > _MOST_VELOCITY or level > _MOST_ACCELERATION:
        said = f"{level:.3g} g" if level > _MOST_ACCELERATION else f"{velocity:.3g} mm/s"
        return f"{said} RMS is more than machines do: check unit, scale and sensitivity"
    cut = cut_at(x, fs)
    if cut < 1000.0:
        return f"the record holds nothing above {cut:.3g} Hz (filtered or resampled), and the band goes to 1000 Hz"
    return ""


def _short(seconds: float, low: float) -> str:
    if seconds * low >= _PERIODS:
        return ""
    return f"{_PERIODS / low:g} s of samples are needed to measure from {low:g} Hz on"


def rms_velocity(x: Floats, fs: float, *, unit: str, low: float, high: float) -> float:
    """RMS velocity in mm/s between two frequencies, acceleration integrated in the spectrum; NaN for another unit."""
    factor = _MM_PER_S.get(unit) or _MM_PER_S2.get(unit)
    if factor is None or not x.size:
        return float("nan")
    spectrum = np.fft.rfft((x - np.mean(x)) * factor) / x.size
    frequency = np.fft.rfftfreq(x.size, 1.0 / fs)
    inside = (frequency >= low) & (frequency <= high)
    part = spectrum[inside]
    if unit in _MM_PER_S2:
        part = part / (2.0 * np.pi * frequency[inside])
    return float(np.sqrt(2.0 * np.sum(np.abs(part) ** 2)))
