"""Signs of shaft, coupling, foot, gear, blades, motor and flow in one record: leads with the measurement that would decide.

Without the machine's own past a line's size says little, so every sign here is a lead (at most .5) and carries what else would
look the same. Patterns as in the fault tables of ISO 13373-3:2015 and 13373-9:2017: imbalance at 1×, misalignment at 2×,
looseness at many multiples and halves, a gear at its mesh with sidebands of its shaft, blades at their passing rate, a motor's
field at twice the line frequency. Shares are of the velocity's power where the unit is known, since ISO zones are of velocity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.vibration.shaft import order_spectrum
from aitia.tools.signals.vibration.spectrum import OrderSpectrum
from aitia.tools.signals.vibration.verdict import LEAD
from aitia.tools.sources.rows import Floats

# By hand, from the tables named above and ordinary analyst's practice; judged on simulated machines only.
LINE_DB: Final = 10.0  # over the local floor of the plain spectrum
ONE_TIMES: Final = 0.6  # share of the velocity's power (10 to 1000 Hz) in 1×
TWO_TIMES: Final = 0.5  # amplitude at 2× over that at 1× (velocity)
LOOSE_LINES: Final = 6  # of 3× to 10× and the halves .5, 1.5, 2.5
LOOSE_HALVES: Final = 1  # of them a half at least
SIDEBANDS: Final = 2  # pairs beside a gear's mesh, one of its shaft apart
SIDEBAND_SHARE: Final = 0.35  # of the mesh's amplitude
FLOW_FROM: Final = 2_000.0  # Hz: above the lines of most machines
FLOW_DB: Final = 6.0  # twice the amplitude
PASSING: Final = 1.0  # amplitude at the blades' rate over that at 1× (velocity)


@dataclass(frozen=True, kw_only=True)
class Plant:
    """What is known of the machine's parts: teeth of the gears on this shaft, blades or vanes, the line frequency in Hz."""

    gears: tuple[int, ...] = ()
    blades: int = 0
    line_hz: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A lead: what it may be, how sure (0 to .5), the figures, what else looks the same, and what would decide."""

    name: str
    confidence: float
    why: str
    instead: str
    decide: str


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """The plain spectrum over orders, and velocities (or the record's own unit) at them."""

    spectrum: OrderSpectrum
    amplitude: Floats  # of velocity where the record is an acceleration: divided by the order
    shaft_hz: float
    share: float  # of the velocity's power between 10 and 1000 Hz that lies at 1×

    def at(self, order: float) -> tuple[float, bool]:
        """Amplitude at an order, and whether a line stands there."""
        step = float(self.spectrum.orders[1])
        near = np.flatnonzero(np.abs(self.spectrum.orders - order) <= max(0.005 * order, 1.51 * step))
        if not near.size or order >= self.spectrum.orders[-1]:
            return 0.0, False
        top = int(near[np.argmax(self.amplitude[near])])
        return float(self.amplitude[top]), bool(self.spectrum.db[top] >= LINE_DB)


def signs(x: Floats, fs: float, shaft_hz: float, plant: Plant, *, acceleration: bool) -> list[Sign]:
    """The leads of a record at a known shaft speed, the surest first; `acceleration` is integrated to compare lines."""
    lines = _lines(x, fs, shaft_hz, acceleration)
    found = [*_shaft(lines), *_gears(lines, plant), *_blades(lines, plant), *_motor(lines, plant)]
    return sorted(found, key=lambda s: -s.confidence)


def flow(x: Floats, healthy: Floats, fs: float) -> Sign | None:
    """Broadband noise of a pump or fan that rose over its past without impacts in step: cavitation is one of its causes."""
    low, high = FLOW_FROM, 0.4 * fs
    if high <= 1.5 * low or not (np.all(np.isfinite(healthy)) and float(np.ptp(healthy)) > 0):
        return None
    rise = _floor_db(x, fs, low, high) - _floor_db(healthy, fs, low, high)
    if rise < FLOW_DB:
        return None
    return Sign(
        name="cavitation",
        confidence=0.35,
        why=f"the noise floor from {low:g} to {high:.4g} Hz rose by {rise:.1f} dB over the earlier record",
        instead="gas in the liquid, recirculation at low flow, dry bearings or a looser sensor look the same",
        decide="suction pressure against the NPSH required, a slow change of the flow while listening",
    )


def _floor_db(x: Floats, fs: float, low: float, high: float) -> float:
    """The median of the power spectrum between two frequencies in dB: lines do not count."""
    power = np.abs(np.fft.rfft((x - np.mean(x)) * np.hanning(x.size))) ** 2 / x.size
    hertz = np.fft.rfftfreq(x.size, 1.0 / fs)
    return float(10.0 * np.log10(max(float(np.median(power[(hertz >= low) & (hertz <= high)])), 1e-300)))


def _lines(x: Floats, fs: float, shaft_hz: float, acceleration: bool) -> _Lines:
    spectrum, level = order_spectrum(x, fs, shaft_hz)
    amplitude = 10.0 ** (level / 20.0)
    if acceleration:
        amplitude = amplitude / np.maximum(spectrum.orders, float(spectrum.orders[1]))
    hertz = spectrum.orders * shaft_hz
    power = np.where((hertz >= 10.0) & (hertz <= 1000.0), amplitude**2, 0.0)
    first = np.abs(spectrum.orders - 1.0) <= max(0.02, 2.01 * float(spectrum.orders[1]))
    total = float(np.sum(power))
    share = float(np.sum(power[first])) / total if total > 0 else 0.0
    return _Lines(spectrum=spectrum, amplitude=amplitude, shaft_hz=shaft_hz, share=share)


def _shaft(lines: _Lines) -> Iterator[Sign]:
    one, first = lines.at(1.0)
    two, second = lines.at(2.0)
    halves = [o for o in (0.5, 1.5, 2.5) if lines.at(o)[1]]
    many = [o for o in range(3, 11) if lines.at(float(o))[1]]
    if first and lines.share >= ONE_TIMES:
        yield Sign(
            name="imbalance",
            confidence=round(min(LEAD, 0.3 + 0.4 * (lines.share - ONE_TIMES)), 3),
            why=f"{100 * lines.share:.0f} % of the velocity's power from 10 to 1000 Hz lies at the shaft speed",
            instead="a bent shaft, an eccentric rotor, a resonance at this speed or a soft foot look the same",
            decide="phase at 1× in two directions (90° apart: imbalance), and a run-down for a resonance",
        )
    if first and second and two >= TWO_TIMES * one:
        yield Sign(
            name="misalignment",
            confidence=round(min(LEAD, 0.3 + 0.2 * (two / one - TWO_TIMES)), 3),
            why=f"twice the shaft speed has {two / one:.2g} times the velocity of once",
            instead="a cracked shaft, a loose foot, and in a two-pole motor its magnetic field look the same",
            decide="axial vibration and phase across the coupling; alignment check while warm",
        )
    if len(many) + len(halves) >= LOOSE_LINES and len(halves) >= LOOSE_HALVES:
        yield Sign(
            name="looseness",
            confidence=0.4,
            why=f"lines at {len(many)} multiples from 3× to 10× and at {', '.join(f'{o:g}×' for o in halves)}",
            instead="rubbing, or a large bearing clearance look the same",
            decide="phase between foot and base; check bolts and the fit of the bearing",
        )


def _gears(lines: _Lines, plant: Plant) -> Iterator[Sign]:
    for teeth in plant.gears:
        mesh, stands = lines.at(float(teeth))
        beside = [(lines.at(teeth - n)[0], lines.at(teeth + n)[0]) for n in range(1, 5)
                  if lines.at(teeth - n)[1] and lines.at(teeth + n)[1]]  # fmt: skip
        highest = max((a for pair in beside for a in pair), default=0.0)
        if stands and len(beside) >= SIDEBANDS and highest >= SIDEBAND_SHARE * mesh:
            yield Sign(
                name="gear",
                confidence=round(min(LEAD, 0.3 + 0.1 * (len(beside) - SIDEBANDS)), 3),
                why=f"the mesh of {teeth} teeth ({teeth * lines.shaft_hz:.4g} Hz) has {len(beside)} pairs of sidebands one shaft"
                f" speed apart, the highest {100 * highest / mesh:.0f} % of it",
                instead="an eccentric or bent gear shaft, or varying load look the same; mesh height alone goes with the load",
                decide="compare at the same load with an earlier record (--healthy); look at the tooth flanks, oil sample",
            )


def _blades(lines: _Lines, plant: Plant) -> Iterator[Sign]:
    if not plant.blades:
        return
    passing, stands = lines.at(float(plant.blades))
    one, _ = lines.at(1.0)
    if stands and passing >= PASSING * one:
        yield Sign(
            name="blade_pass",
            confidence=0.4,
            why=f"the line at {plant.blades} blades ({plant.blades * lines.shaft_hz:.4g} Hz) has {passing / one:.2g} times the"
            " velocity of the shaft's"
            if one > 0
            else f"the line at {plant.blades} blades stands above all",
            instead="a duct or casing resonance at this rate looks the same",
            decide="flow against the design point, clearance of the impeller to the volute or casing, eroded vanes",
        )


def _motor(lines: _Lines, plant: Plant) -> Iterator[Sign]:
    if not plant.line_hz:
        return
    order = 2.0 * plant.line_hz / lines.shaft_hz
    field, stands = lines.at(order)
    if lines.spectrum.on_shaft(order):
        if stands:
            yield Sign(
                name="electrical",
                confidence=0.2,
                why=f"a line at {2 * plant.line_hz:g} Hz that this record cannot part from {round(order)}× the shaft speed",
                instead="a mechanical cause at that multiple looks the same",
                decide="a longer record, or switch the motor off: an electrical line is gone at once",
            )
        return
    one, _ = lines.at(1.0)
    if stands and field >= one:
        yield Sign(
            name="electrical",
            confidence=0.45,
            why=f"the line at twice the line frequency ({2 * plant.line_hz:g} Hz) has {field / max(one, 1e-12):.2g} times the"
            " velocity of the shaft's",
            instead="a soft foot that distorts the frame looks the same",
            decide="switch the motor off (an electrical line is gone at once); air gap, winding resistance, feet one by one",
        )
