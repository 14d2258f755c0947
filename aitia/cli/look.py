"""`aitia look`: what one vibration recording tells of the machine it was taken from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.tools.signals.vibration.look import Look
    from aitia.tools.signals.vibration.signs import Plant
    from aitia.tools.sources.signals.recordings import Channel, Recording


def look(
    file: Annotated[
        Path,
        typer.Argument(
            help="A recording (.wav, .csv, .txt, .tsv, .npz, .npy, .tdms, .uff), or a picture (.png, .tif, .jpg).",
            metavar="FILE",
        ),
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
            help="A designation (6309), Z,d,D[,angle] (elements, their diameter, pitch diameter, degrees), or bpfo=3.05,…",
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
    klass: Annotated[
        Literal["I", "II", "III", "IV"] | None,
        typer.Option("--class", help="Of ISO 10816-1, instead of group and support.", show_default=False),
    ] = None,
    power: Annotated[
        float | None, typer.Option(help="Rated power in kW: it gives the group.", show_default=False)
    ] = None,
    gear: Annotated[
        str,
        typer.Option(help="Teeth of the gears on this shaft: 23,61.", metavar="TEETH", show_default=False),
    ] = "",
    blades: Annotated[
        int | None, typer.Option(help="Blades of the fan, or vanes of the pump.", min=2, show_default=False)
    ] = None,
    line_hz: Annotated[
        float | None, typer.Option(help="Line frequency of the motor, Hz.", show_default=False)
    ] = None,
    healthy: Annotated[
        Path | None,
        typer.Option(
            help="A recording of the same channels while the machine was well.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Picture: the same view while the machine was well.", metavar="FILE", show_default=False
        ),
    ] = None,
    scale_range: Annotated[
        str,
        typer.Option(
            "--range",
            help="Picture: °C at the ends of its colour bar, or of its darkest and brightest grey: 20..80.",
            metavar="LOW..HIGH",
        ),
    ] = "",
    regions: Annotated[
        Path | None,
        typer.Option(
            help="Picture: named boxes of like parts, YAML or JSON: regions: {L1: [x, y, w, h]}.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    thermal: Annotated[
        bool,
        typer.Option("--thermal", help="The file is a matrix of temperatures (CSV, NumPy), not a recording."),
    ] = False,
    axes: Annotated[
        str,
        typer.Option(
            help="Picture of a spectrogram: seconds across and Hz up, 0,60,0,1000.", metavar="S,S,HZ,HZ"
        ),
    ] = "",
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write a printable page with waveform and spectra, or the picture and its spots, here (a .svg: the picture).",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Levels, severity zone, spectrum, bearing, shaft, gear and motor faults of one recording; hot spots or ridges of a picture.

    It says what the record shows, no more: where rate, speed, unit or bearing are not known, what depends on them is left out.
    """
    from dataclasses import replace

    from aitia.cli.console import print_json, stdout_console
    from aitia.cli.look_picture import is_picture, look_at_picture
    from aitia.cli.look_shown import as_dict, shown
    from aitia.core.errors import BadInput
    from aitia.tools.signals.vibration.designations import bearing_of
    from aitia.tools.signals.vibration.look import Machine
    from aitia.tools.signals.vibration.look import look as looked
    from aitia.tools.signals.vibration.zones import group_of
    from aitia.tools.sources.signals.recordings import UNSCALED, read_recording

    if thermal or reference or regions or scale_range or axes or is_picture(file):
        look_at_picture(
            file,
            reference=reference,
            scale=scale_range,
            axes=axes,
            rpm=rpm,
            as_json=as_json,
            regions=regions,
            html=html,
        )
        return
    for value, option in (
        (rpm, "--rpm"),
        (scale, "--scale"),
        (sensitivity, "--sensitivity"),
        (rate, "--rate"),
        (power, "--power"),
        (line_hz, "--line-hz"),
    ):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise BadInput(f"Give {option} as a positive number, not {value:g}.")
    if scale is not None and sensitivity is not None:
        raise BadInput("Give --scale or --sensitivity, not both: each says what a sample is worth.")
    if klass and (group or support or power):
        raise BadInput(
            "Give --class, or --group (or --power) with --support, not both: they are two standards."
        )
    if group and power and group_of(power) != group:
        raise BadInput(f"--power {power:g} is group {group_of(power)}, --group says {group}. Leave one out.")
    machine = Machine(
        rpm=rpm,
        bearing=bearing_of(bearing) if bearing else None,
        group=group_of(power) if power else group,
        support=support,
        klass=klass,
        plant=_plant(gear, blades, line_hz),
    )
    factor = scale if scale is not None else 1000.0 / sensitivity if sensitivity is not None else None
    recording = read_recording(file)
    if factor is not None:
        recording = replace(recording, notes=tuple(n for n in recording.notes if n != UNSCALED))
    chosen = _chosen(recording, channel or [], file)
    past = {c.name: c for c in read_recording(healthy).channels} if healthy else {}
    found, channels = [], []
    for one in chosen:
        before = past.get(one.name) or (next(iter(past.values())) if len(past) == len(chosen) == 1 else None)
        if past and before is None:
            raise BadInput(f"{str(healthy)!r} has no channel {one.name!r}; it has {', '.join(past)}.")
        told = _told(one, unit, factor, rate)
        channels.append(told)
        found.append(looked(told, machine, healthy=_told(before, unit, factor, rate) if before else None))
    if html:
        _write_page(html, file.name, recording, channels, found)
    if as_json:
        print_json(
            {
                "file": file.name,
                "form": recording.form,
                "notes": list(recording.notes),
                "channels": [as_dict(f) for f in found],
            }
        )
        return
    console = stdout_console()
    for line in shown(file, recording, found):
        console.print(line)


def _plant(gear: str, blades: int | None, line_hz: float | None) -> Plant:
    from aitia.core.errors import BadInput
    from aitia.tools.signals.vibration.signs import Plant

    teeth = [part.strip() for part in gear.split(",") if part.strip()]
    if not all(t.isascii() and t.isdecimal() and 4 <= int(t) <= 1000 for t in teeth):
        raise BadInput(f"Give --gear as whole numbers of teeth from 4 to 1000: 23,61, not {gear!r}.")
    return Plant(gears=tuple(int(t) for t in teeth), blades=blades or 0, line_hz=line_hz or 0.0)


def _write_page(
    place: Path, name: str, recording: Recording, channels: list[Channel], found: list[Look]
) -> None:
    from aitia.core.errors import BadInput
    from aitia.render.recording import page

    try:
        place.write_text(page(name, recording, channels, found), encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"Cannot write {str(place)!r} ({error.strerror}). Give --html a file that can be written."
        ) from None


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
    return replace(made, x=channel.x * factor, scaled=True) if factor is not None else made
