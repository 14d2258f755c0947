"""`aitia look`: what one vibration recording tells of the machine it was taken from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from aitia.tools.signals.vibration.look import Look, Machine
    from aitia.tools.sources.signals.recordings import Channel, Recording

_FAULTS = {
    "inner_race": "inner race of the bearing",
    "outer_race": "outer race of the bearing",
    "ball": "rolling element of the bearing",
    "cage": "cage of the bearing",
    "bearing_like": "a repetition as of a bearing; its geometry is needed (--bearing)",
}
_ZONES = {
    "A": "as of a new machine",
    "B": "fit for unrestricted operation",
    "C": "fit for a limited time only",
    "D": "severe enough to cause damage",
}


def look(
    file: Annotated[
        Path,
        typer.Argument(help="A recording: .wav, .csv, .txt, .tsv, .npz, .npy, .tdms, .uff.", metavar="FILE"),
    ],
    rpm: Annotated[
        float | None,
        typer.Option(
            help="Shaft speed, revolutions a minute. Default: the file's, else estimated.", show_default=False
        ),
    ] = None,
    bearing: Annotated[
        str,
        typer.Option(
            help="Z,d,D[,angle]: elements, their diameter, pitch diameter, degrees; or a catalogue name.",
            show_default=False,
        ),
    ] = "",
    unit: Annotated[
        Literal["g", "m/s2", "mm/s", "m/s"] | None,
        typer.Option(help="What the samples are in, where the file does not say.", show_default=False),
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option(help="Multiply the samples by this to have them in the unit.", show_default=False),
    ] = None,
    sensitivity: Annotated[
        float | None,
        typer.Option(help="Of the sensor, mV per unit, where the samples are volts.", show_default=False),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(help="Sampling rate in Hz, where the file does not say.", show_default=False),
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="Only this channel (repeatable).", metavar="NAME")
    ] = None,
    group: Annotated[
        Literal["1", "2"] | None,
        typer.Option(help="Of ISO 10816-3: 1 above 300 kW, 2 from 15 to 300 kW.", show_default=False),
    ] = None,
    support: Annotated[
        Literal["rigid", "flexible"] | None, typer.Option(help="How the machine stands.", show_default=False)
    ] = None,
    healthy: Annotated[
        Path | None,
        typer.Option(
            help="A recording of the same channels while the machine was well.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Levels, severity zone, spectrum, bearing and shaft faults of one recording.

    It says what the record shows, no more: where rate, speed, unit or bearing are not known, what depends on them is left out.
    """
    from aitia.cli.console import print_json, stdout_console
    from aitia.core.errors import BadInput
    from aitia.tools.signals.vibration.designations import bearing_of
    from aitia.tools.signals.vibration.look import Machine
    from aitia.tools.signals.vibration.look import look as looked
    from aitia.tools.sources.signals.recordings import read_recording

    for value, option in (
        (rpm, "--rpm"),
        (scale, "--scale"),
        (sensitivity, "--sensitivity"),
        (rate, "--rate"),
    ):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise BadInput(f"Give {option} as a positive number, not {value:g}.")
    if scale is not None and sensitivity is not None:
        raise BadInput("Give --scale or --sensitivity, not both: each says what a sample is worth.")
    machine = Machine(rpm=rpm, bearing=bearing_of(bearing) if bearing else None, group=group, support=support)
    factor = scale if scale is not None else 1000.0 / sensitivity if sensitivity is not None else None
    recording = read_recording(file)
    chosen = _chosen(recording, channel or [], file)
    past = {c.name: c for c in read_recording(healthy).channels} if healthy else {}
    found = []
    for one in chosen:
        before = past.get(one.name) or (next(iter(past.values())) if len(past) == len(chosen) == 1 else None)
        if past and before is None:
            raise BadInput(f"{str(healthy)!r} has no channel {one.name!r}; it has {', '.join(past)}.")
        told = _told(one, unit, factor, rate)
        found.append(looked(told, machine, healthy=_told(before, unit, factor, rate) if before else None))
    if as_json:
        print_json(
            {
                "file": file.name,
                "form": recording.form,
                "notes": list(recording.notes),
                "channels": [_json(f) for f in found],
            }
        )
        return
    console = stdout_console()
    for line in _shown(file, recording, found, machine):
        console.print(line)


def _chosen(recording: Recording, wanted: list[str], file: Path) -> list[Channel]:
    from aitia.core.errors import BadInput

    names = [c.name for c in recording.channels]
    for name in wanted:
        if name not in names:
            raise BadInput(f"{file.name!r} has no channel {name!r}; it has {', '.join(names)}.")
    return [c for c in recording.channels if not wanted or c.name in wanted]


def _told(channel: Channel, unit: str | None, factor: float | None, rate: float | None) -> Channel:
    """The channel with what was said on the command line. Raises BadInput where that contradicts the file."""
    from dataclasses import replace

    from aitia.core.errors import BadInput

    if unit and channel.unit and unit != channel.unit and factor is None:
        raise BadInput(
            f"The file says that {channel.name!r} is in {channel.unit}, --unit says {unit}. Leave --unit out, or add --scale."
        )
    if rate and math.isfinite(channel.fs) and abs(rate / channel.fs - 1) > 0.01:
        raise BadInput(
            f"The file says {channel.fs:g} Hz, --rate says {rate:g} Hz. Leave --rate out, or correct the file."
        )
    made = replace(channel, unit=unit or channel.unit, fs=rate or channel.fs)
    return replace(made, x=channel.x * factor) if factor is not None else made


def _json(found: Look) -> dict[str, Any]:
    zone, told = found.zone, found.diagnosis
    return {
        "channel": found.channel,
        "unit": found.unit,
        "sampling_rate_hz": _figure(found.fs),
        "seconds": _figure(found.seconds),
        "rms": _figure(found.rms),
        "peak": _figure(found.peak),
        "crest_factor": _figure(found.crest),
        "kurtosis": _figure(found.kurtosis),
        "zone": zone and {"letter": zone.letter, "velocity_mm_s": _figure(zone.velocity), "because": zone.because},
        "speed": told.speed and {"rpm": _figure(told.speed.rpm), "error": _figure(told.speed.error), "origin": told.speed.origin},
        "outcome": told.outcome,
        "fault": told.fault,
        "confidence": told.confidence,
        "why": list(told.why),
        "also": [{"fault": f.name, "confidence": f.confidence, "why": f.why} for f in told.also],
        "lines": [{"name": s.name, "order": _figure(s.found), "hz": _figure(s.hz), "db": _figure(s.db)} for s in told.lines],
        "peaks": [
            {"hz": _figure(p.hz), "amplitude": _figure(p.amplitude), "order": _figure(p.order), "what": p.what}
            for p in found.peaks
        ],
        "notes": list(found.notes),
    }  # fmt: skip


def _figure(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None


def _shown(file: Path, recording: Recording, found: list[Look], machine: Machine) -> list[RenderableType]:
    from rich.text import Text

    from aitia.render.text import clean

    lines: list[RenderableType] = [
        Text(
            clean(f"{file.name}  {recording.form}, {len(found)} channel{'s' * (len(found) != 1)}"),
            style="bold",
        )
    ]
    lines += [Text(f"  {clean(note)}", style="dim") for note in recording.notes]
    for one in found:
        lines += ["", Text(clean(f"{one.channel}: {_verdict(one)}"), style="bold")]
        lines += [Text(f"  {clean(why)}") for why in one.diagnosis.why]
        lines += [
            Text("  " + clean(f"also {_fault(f.name)} ({f.confidence:.2f}): {f.why}"))
            for f in one.diagnosis.also
        ]
        lines += [Text(f"  {clean(line)}") for line in _figures(one)]
        lines += [Text(f"  {clean(note)}") for note in one.notes]
        lines += _tables(one, machine)
    return lines


def _fault(name: str) -> str:
    return _FAULTS.get(name, name.replace("_", " "))


def _verdict(found: Look) -> str:
    told = found.diagnosis
    if told.outcome == "fault":
        return f"{_fault(told.fault)}, {told.confidence:.2f} sure" + (
            " (a lead, no verdict)" if told.confidence <= 0.5 else ""
        )
    if told.outcome == "no_indication":
        return "no indication of a fault, which is no proof of health"
    return "cannot be diagnosed"


def _figures(found: Look) -> list[str]:
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
            f" {_ZONES[zone.letter]} ({zone.because})"
        )
    elif zone and math.isfinite(zone.velocity):
        told.append(f"velocity {zone.velocity:.2g} mm/s RMS; {zone.because}")
    return told


def _tables(found: Look, machine: Machine) -> list[RenderableType]:
    from rich.padding import Padding

    from aitia.cli.tables import plain_table

    made: list[RenderableType] = []
    if found.diagnosis.lines:
        lines = plain_table("defect line", "order", "Hz", "over the floor", "counts")
        for s in found.diagnosis.lines:
            height = f"{s.db:.1f} dB" if math.isfinite(s.db) else "beyond the record"
            counts = "yes" if s.counts else f"no: as {s.coincides}" if s.stands and s.coincides else "no"
            lines.add_row(
                {"bsf": "2×BSF"}.get(s.name, s.name.upper()), f"{s.found:.3f}", f"{s.hz:.4g}", height, counts
            )
        made.append(Padding(lines, (1, 0, 0, 2)))
    if found.peaks:
        most = max(p.amplitude for p in found.peaks)
        peaks = plain_table(
            "Hz", "order", f"amplitude{f', {found.unit}' if found.unit else ''}", "", "may be"
        )
        for p in found.peaks:
            bar = "█" * max(1, round(20 * p.amplitude / most))
            peaks.add_row(
                f"{p.hz:.4g}",
                f"{p.order:.2f}" if math.isfinite(p.order) else "",
                f"{p.amplitude:.3g}",
                bar,
                p.what,
            )
        made.append(Padding(peaks, (1, 0, 0, 2)))
    return made
