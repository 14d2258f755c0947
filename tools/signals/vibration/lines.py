"""Defect lines of one record: heights of fundamentals, harmonics and sidebands in the fused envelope spectrum."""

from __future__ import annotations

from dataclasses import dataclass

from aitia.tools.signals.vibration.bearings import Orders
from aitia.tools.signals.vibration.spectrum import OrderSpectrum, fused_envelope
from aitia.tools.sources.rows import Floats

# Slip by Randall and Antoni 2011; the height of a line from simulated healthy records; `_FOLLOW` was widened for a CWRU record.
SLIP = 0.015  # rolling elements slip and load changes the contact angle: a line is within 1.5 % of its nominal order
HARMONICS = 4
LINE_DB = (
    8.0  # over the floor: simulated healthy records reach it in fewer than 1 of 100 lines (docs/vibration.md)
)
_FOLLOW = 0.005  # a harmonic or sideband follows the place of its fundamental to this share of its order


@dataclass(frozen=True, kw_only=True)
class Line:
    """A defect's line. Heights in dB over the local floor; NaN where the spectrum does not reach.

    `order` is nominal, `found` where the line stands; `harmonics` are the heights at 2, 3 and 4 times it, `sidebands`
    those at ± `spacing` (the shaft for an inner race, the cage for a ball, 0: none looked for).
    """

    name: str
    order: float
    found: float
    db: float
    harmonics: tuple[float, ...]
    sidebands: tuple[float, ...] = ()
    spacing: float = 0.0

    @property
    def family(self) -> int:
        """How many of the fundamental and its harmonics stand out."""
        return int(sum(h >= LINE_DB for h in (self.db, *self.harmonics)))

    @property
    def supported(self) -> bool:
        """Whether a harmonic or both sidebands stand out as well: a single line has too many other causes."""
        return self.family >= 2 or (bool(self.sidebands) and min(self.sidebands) >= LINE_DB)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One record's envelope spectrum over shaft orders and the defect lines in it, by name."""

    shaft_hz: float
    spectrum: OrderSpectrum
    lines: dict[str, Line]


def measure(
    x: Floats, fs: float, shaft_hz: float, orders: Orders, *, spectrum: OrderSpectrum | None = None
) -> Measured:
    """The defect lines of a record; `spectrum` is its fused envelope where that is at hand."""
    spectrum = fused_envelope(x, fs, shaft_hz) if spectrum is None else spectrum
    spacing = {"bpfi": 1.0, "bsf": orders.ftf}
    lines = {
        name: line(
            spectrum, name, order, spacing=spacing.get(name, 0.0), slip=SLIP + orders.slack.get(name, 0.0)
        )
        for name, order in orders.impacts.items()
    }
    return Measured(shaft_hz=shaft_hz, spectrum=spectrum, lines=lines)


def line(
    spectrum: OrderSpectrum, name: str, order: float, *, spacing: float = 0.0, slip: float = SLIP
) -> Line:
    """The highest bin within the slip of `order`, and what stands at its multiples and beside it."""
    height, found = spectrum.peak(order, within=slip * order)
    harmonics = [spectrum.peak(n * found, within=_FOLLOW * n * found)[0] for n in range(2, HARMONICS + 1)]
    beside = (
        [spectrum.peak(found + s, within=_FOLLOW * found)[0] for s in (-spacing, spacing)]
        if spacing > 0
        else []
    )
    return Line(
        name=name,
        order=order,
        found=found,
        db=height,
        harmonics=tuple(harmonics),
        sidebands=tuple(beside),
        spacing=spacing,
    )
