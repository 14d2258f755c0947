"""A look at one recording: levels, speed, severity zone, the largest lines of its spectrum, and the diagnosis, by channel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.vibration.bearings import Orders
from aitia.tools.signals.vibration.designations import Estimate
from aitia.tools.signals.vibration.diagnose import Diagnosis, diagnose
from aitia.tools.signals.vibration.level import kurtosis, rms
from aitia.tools.signals.vibration.quality import too_short, unusable
from aitia.tools.signals.vibration.reference import Reference
from aitia.tools.signals.vibration.signs import Plant, Sign, flow, signs
from aitia.tools.signals.vibration.spectrum import amplitude_spectrum, floor_of
from aitia.tools.signals.vibration.speed import estimated
from aitia.tools.signals.vibration.zones import Class, Group, Support, Zone, severity
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.recordings import UNSCALED, Channel

MOST_PEAKS = 8
PEAK_DB = 10.0  # over the local floor of the amplitude spectrum
_NEAR = 0.01  # of an order, or the width of a bin: a peak this near a multiple of the shaft speed is one
_FLOOR = 200  # bins
_MAINS = (50.0, 60.0)
UNKNOWN_ZONE = 0.3  # of a shaft's lead where nothing says how much vibration is too much, by hand
_SAME_SPEED = 0.03
_SLOW = 100.0  # rpm below which a speed was rather given in Hz


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What is known of the machine beside the file: speed in rpm, bearing, ISO 10816-3 group and support or class, its parts."""

    rpm: float | None = None
    bearing: Orders | Estimate | None = None
    group: Group | None = None
    support: Support | None = None
    klass: Class | None = None
    plant: Plant = Plant()


@dataclass(frozen=True, kw_only=True)
class Peak:
    """A line of the spectrum: Hz, amplitude (peak, in the channel's unit), order of the shaft or NaN, what it may be."""

    hz: float
    amplitude: float
    order: float
    what: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """One channel: `seconds` long, levels in its unit, `zone` None where no velocity can be had, and the diagnosis."""

    channel: str
    unit: str
    fs: float
    seconds: float
    rms: float
    peak: float
    crest: float
    kurtosis: float
    zone: Zone | None
    peaks: tuple[Peak, ...]
    diagnosis: Diagnosis
    signs: tuple[Sign, ...] = ()
    notes: tuple[str, ...] = ()


def look(channel: Channel, machine: Machine, *, healthy: Channel | None = None) -> Look:
    """What one channel tells; `healthy` is the same channel while the machine was well. The channel's rate must be known."""
    x, fs = channel.x, channel.fs
    if not (math.isfinite(fs) and fs > 0):
        raise BadInput(f"The file does not say the sampling rate of {channel.name!r}. Give it: --rate HZ.")
    given = machine.rpm if machine.rpm is not None else (channel.rpm if math.isfinite(channel.rpm) else None)
    past = (
        []
        if healthy is None
        else [Reference(x=healthy.x, rpm=healthy.rpm if math.isfinite(healthy.rpm) else given)]
    )
    found = diagnose(x, fs=fs, rpm=given, bearing=machine.bearing, reference=past)
    if reason := _hertz_called_rpm(x, fs, given):
        found = Diagnosis(outcome="cannot_be_diagnosed", why=(reason,))
    notes = []
    if given is not None and given < _SLOW:
        notes.append(
            f"{given:g} rpm is {given / 60:.3g} turns a second; if {given:g} was meant in Hz, give --rpm {given * 60:g}"
        )
    if found.speed is None and not unusable(x):
        notes.append("give the shaft speed with --rpm")
    known = x[np.isfinite(x)]
    if known.size == 0:
        known = np.zeros(1)
    centred = known - float(np.mean(known))
    level = rms(known)
    peak = float(np.max(np.abs(centred)))
    shaft = found.speed.hz if found.speed else math.nan
    zone = _zone(x, channel, machine, found, given)
    return Look(
        channel=channel.name,
        unit=channel.unit,
        fs=fs,
        seconds=x.size / fs,
        rms=level,
        peak=peak,
        crest=peak / level if level > 0 else math.nan,
        kurtosis=kurtosis(known),
        zone=zone,
        peaks=()
        if unusable(x)
        else tuple(_peaks(x, fs, shaft, {line.name: line.found for line in found.lines})),
        diagnosis=found,
        signs=()
        if unusable(x) or not found.speed
        else _signs(channel, found.speed.hz, machine, zone, healthy),
        notes=tuple(notes),
    )


def _hertz_called_rpm(x: Floats, fs: float, given: float | None) -> str:
    """Why a slow speed is rather in Hz: the shaft's own lines stand at that many turns a second; "" where they do not."""
    if given is None or given >= _SLOW or unusable(x):
        return ""
    seen = estimated(x, fs)
    if seen is None or abs(seen.hz / given - 1) > _SAME_SPEED:
        return ""
    return f"{given:g} rpm was given, but the shaft's own lines stand at {seen.hz:.4g} Hz: give --rpm {seen.rpm:.4g}"


def _signs(
    channel: Channel, shaft: float, machine: Machine, zone: Zone | None, healthy: Channel | None
) -> tuple[Sign, ...]:
    """Leads beside the bearing, where the record is long enough to part shaft orders.

    Every healthy shaft has 1× and 2×: in zones A and B only a gear's sidebands and a rise over the past are told, and without a
    zone the others are weak.
    """
    if too_short(channel.x, channel.fs, shaft):
        return ()
    found = signs(
        channel.x, channel.fs, shaft, machine.plant, acceleration=channel.unit not in ("mm/s", "m/s")
    )
    letter = zone.letter if zone else ""
    if letter in ("A", "B"):
        found = [s for s in found if s.name == "gear"]
    if not letter:
        found = [
            s if s.name == "gear" else replace(s, confidence=min(s.confidence, UNKNOWN_ZONE)) for s in found
        ]
    risen = flow(channel.x, healthy.x, channel.fs) if healthy is not None and machine.plant.blades else None
    return tuple([*found, risen] if risen else found)


def _zone(
    x: Floats, channel: Channel, machine: Machine, found: Diagnosis, given: float | None
) -> Zone | None:
    if unusable(x) or not channel.unit:
        return None
    rpm = found.speed.rpm if found.speed else given or math.nan
    zone = severity(x, channel.fs, unit=channel.unit, rpm=rpm, group=machine.group, support=machine.support,
                    klass=machine.klass)  # fmt: skip
    if not channel.scaled:
        return replace(zone, letter="", velocity=math.nan, because=f"no zone: {UNSCALED}")
    return zone if math.isfinite(zone.velocity) else replace(zone, letter="")


def _peaks(x: Floats, fs: float, shaft: float, lines: Mapping[str, float]) -> list[Peak]:
    """The largest lines and those at once and twice the shaft speed, in the order of their frequency."""
    frequency, amplitude = amplitude_spectrum(x, fs)
    db = 20.0 * np.log10(np.maximum(amplitude, 1e-300) / floor_of(amplitude, _FLOOR))
    tops = np.flatnonzero((amplitude[1:-1] > amplitude[:-2]) & (amplitude[1:-1] >= amplitude[2:])) + 1
    tops = tops[(db[tops] >= PEAK_DB) & (frequency[tops] >= 2.0)]
    step = float(frequency[1])
    largest = {int(n) for n in sorted(tops, key=lambda n: -amplitude[n])[:MOST_PEAKS]}
    for order in (1, 2) if shaft > 0 else ():  # an analyst looks at these first, however low they are
        near = np.flatnonzero(np.abs(frequency - order * shaft) <= max(_NEAR * shaft, 1.5 * step))
        if near.size:
            largest.add(int(near[np.argmax(amplitude[near])]))
    return [
        Peak(
            hz=float(frequency[n]),
            amplitude=float(amplitude[n]),
            order=float(frequency[n]) / shaft,
            what=_what(float(frequency[n]), shaft, step, lines),
        )
        for n in sorted(largest)
    ]


def _what(hz: float, shaft: float, step: float, lines: Mapping[str, float]) -> str:
    told = []
    if shaft > 0:
        order, within = hz / shaft, max(_NEAR, 1.5 * step / shaft)
        if round(order) >= 1 and abs(order - round(order)) <= within:
            told.append(f"{round(order)}× shaft")
        for name, impact in lines.items():
            if abs(order - impact) <= 0.015 * impact:
                told.append({"bsf": "2×BSF"}.get(name, name.upper()))
    told += [
        f"{round(hz / m)}× {m:g} Hz mains"
        for m in _MAINS
        if 1 <= round(hz / m) <= 6 and abs(hz - round(hz / m) * m) <= 1.5 * step
    ]
    return ", ".join(told)
