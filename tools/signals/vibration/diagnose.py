"""The diagnosis of one vibration record: a fault with its confidence, no indication, or why it cannot be diagnosed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.vibration import quality
from aitia.tools.signals.vibration.bearings import Geometry, Orders, orders_of
from aitia.tools.signals.vibration.designations import Estimate, bearing_of
from aitia.tools.signals.vibration.lines import HARMONICS, SLIP, Line, Measured, line, measure
from aitia.tools.signals.vibration.reference import Past, Reference, fitting
from aitia.tools.signals.vibration.settle import settled
from aitia.tools.signals.vibration.shaft import FAULTS, rises, shaft_orders
from aitia.tools.signals.vibration.spectrum import OrderSpectrum, fused_envelope
from aitia.tools.signals.vibration.speed import Speed, estimated, refined
from aitia.tools.signals.vibration.tracking import tracked
from aitia.tools.signals.vibration.verdict import LEAD, SIDEBANDS, Fault, Summary, bearing_fault, summarise
from aitia.tools.sources.rows import Floats

Outcome = Literal["fault", "no_indication", "cannot_be_diagnosed"]
Bearing = str | Geometry | Orders | Estimate | Mapping[str, float] | None
ESTIMATED_MOST = 0.85  # of a race's fault by an estimated geometry, by hand: another bearing's line may lie in the wider band


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What a record tells.

    fault         inner_race, outer_race, ball, cage, imbalance, misalignment, looseness, or bearing_like (a repetition
                  rate of unknown origin: geometry needed); "" unless `outcome` is fault
    confidence    of the fault, 0 to 1; of no indication, 0: absence of lines is no proof of health
    why           the reasons, most important first
    also          further faults that the record tells of, less surely
    lines         the defect lines looked at; heights in dB over the floor of the fused envelope spectrum
    """

    outcome: Outcome
    fault: str = ""
    confidence: float = 0.0
    why: tuple[str, ...] = ()
    also: tuple[Fault, ...] = ()
    speed: Speed | None = None
    lines: tuple[Summary, ...] = ()
    spectrum: OrderSpectrum | None = None


def diagnose(
    x: Any,
    *,
    fs: float,
    rpm: float | Speed | None = None,
    bearing: Bearing = None,
    load: float | None = None,
    reference: Sequence[Any] | None = None,
) -> Diagnosis:
    """What is wrong with the machine that this record is of.

    Args:
        x: one channel of acceleration (or velocity) samples, any unit.
        fs: sampling rate in Hz.
        rpm: shaft speed; a number is taken to be right to 2 % and made more exact; None: estimated where possible.
        bearing: designation (of the catalogue, or of ISO 15: then its geometry is estimated and the verdict says so), geometry,
            or orders; None: unknown.
        load: of the machine, in any unit, as its references tell theirs; None: unknown.
        reference: records of the same channel and rate while the machine was well, as samples or `Reference` (samples with
            speed and load). One at another speed or load does not count, as far as it tells.

    Raises:
        BadInput: fs or rpm that is not a positive number, strings, several channels, unknown bearing name.
    """
    record, known = quality.samples(x), bearing_of(bearing) if isinstance(bearing, str) else bearing
    orders = known.candidates[0] if isinstance(known, Estimate) else orders_of(known)
    _positive(fs, "fs")
    reason = quality.unusable(record)
    if reason:
        return _cannot(reason)
    speed = rpm if isinstance(rpm, Speed) else _speed(record, fs, rpm)
    if speed is None:
        return _cannot(
            "order analysis not possible: the shaft's own lines do not show the speed; give rpm or a "
            "tachometer"
        )
    impacts = orders.impacts
    fastest = max(impacts.values(), default=3.0) * speed.hz
    reason = quality.too_short(record, fs, speed.hz) or quality.too_narrow(record, fs, fastest)
    if reason:
        return replace(_cannot(reason), speed=speed)
    record, speed, drift = tracked(record, fs, speed)
    told = [r if isinstance(r, Reference) else Reference(x=r) for r in reference or ()]
    past = fitting(told, fs=fs, speed=speed, load=load)
    spectrum = fused_envelope(record, fs, speed.hz)
    if isinstance(known, Estimate):
        orders = settled(known, spectrum)
    found = _judged(record, past, fs, speed, orders, spectrum)
    if isinstance(known, Estimate):
        found = by_estimate(found, known)
    if drift:
        said = f"the speed drifts by {100 * abs(drift):.1f} % within the record: taken to constant speed by the shaft's lines"
        found = replace(found, why=(*found.why, said))
    apart = len(told) - len(past)
    if not apart:
        return found
    said = f"{apart} of {len(told)} reference records do not count: unusable, or at another speed or load"
    return replace(found, why=(*found.why, said))


def by_estimate(found: Diagnosis, estimate: Estimate) -> Diagnosis:
    """The diagnosis with what an estimated geometry allows: races up to .85, a ball or a cage as a lead, and that it is said."""
    most = {"inner_race": ESTIMATED_MOST, "outer_race": ESTIMATED_MOST, "ball": LEAD, "cage": LEAD}
    also = tuple(replace(f, confidence=min(f.confidence, most.get(f.name, 1.0))) for f in found.also)
    sure = min(found.confidence, most.get(found.fault, 1.0))
    return replace(found, confidence=sure, also=also, why=(*found.why, estimate.told))


def _judged(
    record: Floats, past: Sequence[Past], fs: float, speed: Speed, orders: Orders, spectrum: OrderSpectrum
) -> Diagnosis:
    now = measure(record, fs, speed.hz, orders, spectrum=spectrum)
    before = [measure(p.x, fs, p.shaft_hz, orders) for p in past]
    lines = summarise([now], before)
    turned = rises([shaft_orders(record, fs, speed.hz)], [shaft_orders(p.x, fs, p.shaft_hz) for p in past])
    shaft = [
        Fault(name=FAULTS[r.name], confidence=round(0.5 + 0.4 * (1 - float(np.exp(-(r.rise - 5.0) / 6.0))), 3),
              why=f"{r.name} rose by {r.rise:.1f} dB over the reference", line=r.name)
        for r in sorted(turned, key=lambda r: -r.rise) if r.counts
    ]  # fmt: skip
    made = Diagnosis(outcome="no_indication", speed=speed, lines=tuple(lines), spectrum=now.spectrum)
    bearing = bearing_fault(lines) if orders.impacts else bearing_like(now, before)
    if bearing and orders.impacts and (other := doubted(now, orders, lines, bearing.line)):
        bearing = replace(
            bearing, confidence=min(bearing.confidence, LEAD), why=f"{bearing.why}; but {other}"
        )
    faults = [f for f in (bearing, *shaft) if f is not None]
    if faults:
        first, *rest = faults
        return replace(made, outcome="fault", fault=first.name, confidence=first.confidence, why=(first.why,),
                       also=tuple(rest))  # fmt: skip
    hidden = [s for s in lines if s.stands and not s.counts]
    if hidden:
        why = tuple(
            (
                f"the line at {s.hz:.4g} Hz ({s.name}) cannot be distinguished from {s.coincides} at this "
                "record length; a reference would help"
            )
            for s in hidden
        )
        return replace(made, outcome="cannot_be_diagnosed", why=why)
    quiet = _quiet(lines, bool(past))
    if (
        orders.impacts
        and bearing_like(now, before)
        and (
            other := _of_another(
                now.spectrum, orders, lines, sidebands=0
            )  # a carrier that is not there has none
        )
    ):
        return replace(made, outcome="cannot_be_diagnosed", why=(other, *quiet))
    return replace(made, why=quiet)


def bearing_like(now: Measured, before: Sequence[Measured]) -> Fault | None:
    """A repetition rate of unknown origin that the reference does not have."""
    found = repetition(now.spectrum)
    if found is None or any(_same(found, repetition(b.spectrum)) for b in before):
        return None
    rate = found.found * now.shaft_hz
    why = (
        f"bearing-like, geometry needed: the envelope repeats at {found.found:.4g} times the shaft speed ({rate:.4g} Hz)"
        f" with {found.family} harmonics"
    )
    return Fault(name="bearing_like", confidence=0.6, why=why, line="repetition")


def doubted(now: Measured, orders: Orders, lines: Sequence[Summary], name: str) -> str:
    """What else repeats in the record that makes a line of the bearing no more than a lead; "" where nothing does."""
    return _of_another(now.spectrum, orders, lines) or _overtone(now, name)


def _of_another(
    spectrum: OrderSpectrum, orders: Orders, lines: Sequence[Summary], sidebands: int = SIDEBANDS
) -> str:
    """What repeats more strongly than any line of this bearing, and is none of its lines, harmonics or sidebands; or ""."""
    found = repetition(spectrum)
    highest = max((s.db for s in lines if np.isfinite(s.db)), default=-np.inf)
    if found is None or found.db < highest + _OVER_OWN_DB:
        return ""
    spacing = {
        "bsf": orders.ftf,
        "ftf": 0.0,
    }  # of sidebands: the cage's speed for a rolling element, else the shaft's
    own = [
        k * order + n * spacing.get(name, 1.0)
        for name, order in orders.impacts.items()
        for k in range(1, HARMONICS + 1)
        for n in range(-sidebands, sidebands + 1)
    ]
    if any(abs(found.found - order) <= max(SLIP * order, 2 * spectrum.resolution) for order in own):
        return ""
    return (
        f"the envelope repeats more strongly ({found.db:.1f} dB) at {found.found:.4g} times the shaft speed, which is no line"
        " of this bearing: check that the geometry is that of the bearing that was measured"
    )


def _overtone(now: Measured, name: str) -> str:
    """Of which lower repetition, no multiple of the shaft speed, the line is the second, third or fourth harmonic; or ""."""
    line_of = now.lines.get(name)
    if line_of is None or name == "bsf":  # a rolling element's cage has harmonics everywhere
        return ""
    for n in (2, 3, 4):
        lower, place = now.spectrum.peak(line_of.found / n, within=0.0)
        apart = abs(place - round(place)) > max(_APART, 0.5 * now.spectrum.resolution)
        if apart and lower >= LEAST_DB and lower >= line_of.db - _NEARLY_DB:
            return (
                f"the envelope repeats as strongly ({lower:.1f} dB) at {place:.4g} times the shaft speed, of which this line is"
                f" the {n}. harmonic: another source may cause it"
            )
    return ""


def _same(a: Line, b: Line | None) -> bool:
    return b is not None and abs(a.found / b.found - 1.0) < 0.02


def _quiet(lines: Sequence[Summary], past: bool) -> tuple[str, ...]:
    if not lines:
        return (
            "no repetition rate apart from the shaft's stands out; without geometry, only strong defects would",
        )
    told = ", ".join(f"{s.name} {s.db:.1f} dB" for s in lines if np.isfinite(s.db))
    against = "over the reference" if past else "above the floor with a second line next to it"
    return (f"no defect line stands out {against} ({told})",)


def _speed(x: Floats, fs: float, rpm: float | None) -> Speed | None:
    if rpm is None or (isinstance(rpm, float) and np.isnan(rpm)):
        return estimated(x, fs)
    _positive(rpm, "rpm")
    return refined(x, fs, float(rpm))


def _positive(value: float, name: str) -> None:
    good = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not good or not np.isfinite(value) or value <= 0:
        raise BadInput(f"Give {name} as a positive number, not {value!r}.")


def _cannot(reason: str) -> Diagnosis:
    return Diagnosis(outcome="cannot_be_diagnosed", why=(reason,))


LEAST_DB = 10.0
_OVER_OWN_DB = 6.0  # twice the amplitude of the bearing's own highest line, by hand
_NEARLY_DB = 6.0  # by hand: a harmonic is hardly ever so much higher than its own rate
_LOWEST = 1.6  # below is the cage, and half the shaft speed
_APART = (
    0.03  # of an order from every multiple of half the shaft speed: those are the shaft's own, and looseness
)


def repetition(spectrum: OrderSpectrum) -> Line | None:
    """The strongest rate whose first three harmonics all stand out by 10 dB; None where there is none."""
    apart = max(_APART, 0.5 * spectrum.resolution)  # a local maximum is at most a bin off its line
    tops = (
        np.flatnonzero((spectrum.db[1:-1] >= spectrum.db[:-2]) & (spectrum.db[1:-1] >= spectrum.db[2:])) + 1
    )
    best: Line | None = None
    for index in tops[spectrum.db[tops] >= LEAST_DB]:
        order = float(spectrum.orders[index])
        if order < _LOWEST or abs(2 * order - round(2 * order)) < 2 * apart:
            continue
        found = line(spectrum, "repetition", order, slip=0.0)
        heights = (found.db, *found.harmonics[:2])
        whole = all(np.isfinite(heights)) and min(heights) >= LEAST_DB
        if whole and (best is None or sum(heights) > sum((best.db, *best.harmonics[:2]))):
            best = found
    return best
