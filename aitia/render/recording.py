"""What one recording tells, as words for a maintenance engineer and as a printable page with its waveform and spectra."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from aitia.render.charts import chart
from aitia.render.text import clean
from aitia.tools.signals.vibration.look import Look
from aitia.tools.signals.vibration.signs import Sign
from aitia.tools.signals.vibration.spectrum import amplitude_spectrum
from aitia.tools.sources.signals.recordings import Channel, Recording

FAULTS: Final = {
    "inner_race": "inner race of the bearing",
    "outer_race": "outer race of the bearing",
    "ball": "rolling element of the bearing",
    "cage": "cage of the bearing",
    "bearing_like": "a repetition as of a bearing; its geometry is needed (--bearing)",
    "gear": "gear: its mesh is modulated",
    "blade_pass": "blade or vane passing: disturbed flow",
    "electrical": "magnetic field of the motor",
    "cavitation": "flow noise: cavitation is one cause",
}
ZONES: Final = {
    "A": "as of a new machine",
    "B": "fit for unrestricted operation",
    "C": "fit for a limited time only: plan the repair",
    "D": "severe enough to cause damage: check at once whether it may go on running",
}
LINES: Final = {"bsf": "2×BSF"}
_ORDERS_SHOWN: Final = 25.0
_WAVE_S: Final = 1.0  # of the waveform are drawn


def fault_name(name: str) -> str:
    """A fault in an engineer's words."""
    return FAULTS.get(name, name.replace("_", " "))


def verdict(found: Look) -> str:
    """What the record says of the bearing or shaft, in one phrase."""
    told = found.diagnosis
    if told.outcome == "fault":
        lead = " (a lead, no verdict)" if told.confidence <= 0.5 else ""
        return f"{fault_name(told.fault)}, {told.confidence:.2f} sure{lead}"
    if told.outcome == "no_indication":
        return "no indication of a fault, which is no proof of health"
    return "cannot be diagnosed"


def figures(found: Look) -> list[str]:
    """Levels, speed and zone, a sentence each."""
    unit = f" {found.unit}" if found.unit else " (unit unknown: --unit, --scale)"
    told = [
        f"{found.seconds:.3g} s at {found.fs:g} Hz; RMS {found.rms:.3g}{unit}, peak {found.peak:.3g},"
        f" crest factor {found.crest:.2g}, kurtosis {found.kurtosis:.2g} (3: noise; more: impacts)"
    ]
    speed = found.diagnosis.speed
    if speed:
        told.append(f"shaft {speed.rpm:.1f} rpm ({speed.hz:.3g} Hz), {speed.origin}")
    zone = found.zone
    if zone and zone.letter:
        told.append(
            f"velocity {zone.velocity:.2g} mm/s RMS from {zone.low:g} to 1000 Hz: zone {zone.letter},"
            f" {ZONES[zone.letter]} ({zone.because})"
        )
    elif zone and math.isfinite(zone.velocity):
        told.append(f"velocity {zone.velocity:.2g} mm/s RMS; {zone.because}")
    return told


def sign_words(sign: Sign) -> str:
    """A lead with what it stands on, what else looks the same and what would decide."""
    return f"{fault_name(sign.name)} ({sign.confidence:.2f}, a lead): {sign.why}. But {sign.instead}. To decide: {sign.decide}."


def line_rows(found: Look) -> list[tuple[str, ...]]:
    """The defect lines: name, order, Hz, height over the floor, whether it counts."""
    rows: list[tuple[str, ...]] = []
    for s in found.diagnosis.lines:
        height = f"{s.db:.1f} dB" if math.isfinite(s.db) else "beyond the record"
        counts = "yes" if s.counts else f"no: as {s.coincides}" if s.stands and s.coincides else "no"
        rows.append((LINES.get(s.name, s.name.upper()), f"{s.found:.3f}", f"{s.hz:.4g}", height, counts))
    return rows


def page(file: str, recording: Recording, channels: Sequence[Channel], found: Sequence[Look]) -> str:
    """One printable page: no script, no request. Outside text is escaped."""
    environment = Environment(
        loader=PackageLoader("aitia.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    told = [_channel(n, c, f) for n, (c, f) in enumerate(zip(channels, found, strict=True))]
    return environment.get_template("recording.html").render(
        file=clean(file), form=clean(recording.form), notes=[clean(n) for n in recording.notes], channels=told
    )


def _channel(number: int, channel: Channel, found: Look) -> dict[str, Any]:
    lines = [*found.diagnosis.why, *figures(found), *found.notes]
    lines += [f"also {fault_name(f.name)} ({f.confidence:.2f}): {f.why}" for f in found.diagnosis.also]
    unit = found.unit or "unit unknown"
    tables: list[dict[str, Any]] = [
        {"title": "Lines of the bearing", "head": ("line", "order", "Hz", "over the floor", "counts"), "rows": line_rows(found)},
        {"title": "Largest lines of the spectrum", "head": ("Hz", "order", f"amplitude, {unit}", "may be"),
         "rows": [(f"{p.hz:.4g}", f"{p.order:.2f}" if math.isfinite(p.order) else "", f"{p.amplitude:.3g}", p.what)
                  for p in found.peaks]},
    ]  # fmt: skip
    return {
        "name": clean(found.channel),
        "verdict": clean(verdict(found)),
        "lines": [clean(line) for line in lines],
        "signs": [clean(sign_words(s)) for s in found.signs],
        "plots": _plots(number, channel, found, unit),
        "tables": [t for t in tables if t["rows"]],
    }


def _plots(number: int, channel: Channel, found: Look, unit: str) -> list[Markup]:
    """Waveform of the first second, the whole spectrum, and the envelope spectrum over shaft orders."""
    x = channel.x[np.isfinite(channel.x)]
    if x.size < 2:
        return []
    shown = x[: max(int(_WAVE_S * channel.fs), 2)]
    made = [
        chart(
            f"wave-{number}", np.arange(shown.size) / channel.fs, shown, title="Waveform", across="s", up=unit
        )
    ]
    frequency, amplitude = amplitude_spectrum(x, channel.fs)
    speed = found.diagnosis.speed
    marks = {"1×": speed.hz, "2×": 2 * speed.hz} if speed else {}
    made.append(
        chart(
            f"spectrum-{number}",
            frequency,
            amplitude,
            title="Spectrum",
            across="Hz",
            up=f"{unit} (peak)",
            marks=marks,
        )
    )
    envelope = found.diagnosis.spectrum
    if envelope is not None:
        within = envelope.orders <= _ORDERS_SHOWN
        lines = {LINES.get(s.name, s.name.upper()): s.found for s in found.diagnosis.lines}
        made.append(chart(f"envelope-{number}", envelope.orders[within], envelope.db[within], title="Envelope spectrum",
                          across="multiples of the shaft speed", up="dB over the noise floor", marks=lines))  # fmt: skip
    return [m for m in made if m]
