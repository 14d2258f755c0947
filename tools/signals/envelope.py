"""The tool of rolling-element bearings: lines of the envelope spectrum at the fault orders, against the machine's own past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from aitia.core.words import Evidence, Result, SourceRef
from aitia.tools.metrics.numbers import clock, sig3, text
from aitia.tools.registry import ToolContext, tool
from aitia.tools.signals.channels import Channel, channels_of, usable_blocks
from aitia.tools.signals.level import level_evidence
from aitia.tools.signals.spectrum import Band, amplitude_spectrum, best_band, comb, line, squared_envelope
from aitia.tools.sources.base import Waveform
from aitia.tools.sources.rows import Floats

# The order of a defect's impacts: a ball strikes both races in one spin.
FACTOR = {"bpfo": 1.0, "bpfi": 1.0, "bsf": 2.0, "ftf": 1.0}
NAMES = {
    "bpfo": "the outer-race ball-pass frequency (BPFO",
    "bpfi": "the inner-race ball-pass frequency (BPFI",
    "bsf": "twice the ball-spin frequency (2×BSF",
    "ftf": "the cage frequency (FTF",
    "1x": "the shaft speed (1×",
    "2x": "twice the shaft speed (2×",
}
LEAST_RISE_DB, LEAST_SNR_DB, ALONE_SNR_DB = 4.0, 11.0, 15.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A line per block: heights in dB over all blocks, and how the window compares with the baseline."""

    line: str
    order: float
    height: float
    base: float
    spread: float
    harmonics: int
    frequency: float
    rpm: float
    per_block: Floats

    @property
    def rise(self) -> float:
        """Decibels above the machine's own past (above a healthy floor where there is no past)."""
        return self.height - self.base

    @property
    def threshold(self) -> float:
        """How far a line must rise to count."""
        return max(LEAST_RISE_DB, 3.0 * self.spread)


@tool(needs=("signals",), produces=("lines",))
def signals_envelope(ctx: ToolContext) -> Result:
    """Bearing, imbalance and misalignment lines in vibration spectra, compared with the machine's own baseline blocks."""
    channels, problems = channels_of(ctx)
    if not any(any(c.inside) for c in channels):
        message = (
            " ".join(problems)
            or "Widen the window or check the signal sources: no waveform block begins in it."
        )
        return Result(status="no_data", message=message)
    facts: list[Evidence] = []
    for channel in channels:
        if any(channel.inside):
            found, notes = _channel(ctx, channel)
            facts += found
            problems += notes
    facts.sort(key=lambda e: (-e.strength, e.component, e.aspect, e.statement))
    return Result(
        status="ok" if facts else "no_data",
        message=" ".join(dict.fromkeys(problems)),
        query=", ".join(f"{c.name}: {len(c.blocks)} blocks" for c in channels),
        evidence=tuple(facts),
        data={
            "lines": [{"component": e.component, "aspect": e.aspect, "strength": e.strength} for e in facts]
        },
    )


def _channel(ctx: ToolContext, channel: Channel) -> tuple[list[Evidence], list[str]]:
    usable, notes = usable_blocks(channel)
    level = list(
        level_evidence(channel.component, channel.name, usable.blocks, usable.inside, ctx.incident.window)
    )
    if not any(usable.inside):
        return level, notes
    first = usable.pick(inside=True)[0]
    if not all(np.isfinite(b.rpm) for b in usable.blocks):
        return level, [
            *notes,
            f"Give `rpm` for {channel.name}: order analysis not possible without the shaft speed.",
        ]
    findings = [*_shaft(usable)]
    if first.bearing:
        findings += _bearing(usable, first)
    else:
        notes.append(
            f"Give `bearing` orders for {channel.name}: bearing geometry needed, only shaft orders were looked at."
        )
    lines = list(_lines(ctx, usable, findings))
    if not lines and not any(e.strength >= 0.5 for e in level):
        lines = [_quiet(ctx, usable, findings)]
    return [*level, *lines], notes


def _bearing(channel: Channel, first: Waveform) -> list[Finding]:
    """One finding per fault order, in one demodulation band for all blocks."""
    orders = {
        name: factor * first.bearing[name]
        for name, factor in FACTOR.items()
        if first.bearing.get(name, 0) > 0
    }
    fastest = max(orders.values(), default=1.0) * first.rpm / 60.0
    band = best_band([b.x for b in channel.pick(inside=True)], first.fs, 3.0 * fastest)
    spectra = [_envelope_spectrum(b, band) for b in channel.blocks]
    found = []
    for name, order in orders.items():
        measured = [
            comb(f, a, order * b.rpm / 60.0) for (f, a), b in zip(spectra, channel.blocks, strict=True)
        ]
        found.append(_finding(channel, name, order, measured))
    return found


def _envelope_spectrum(block: Waveform, band: Band) -> tuple[Floats, Floats]:
    envelope = squared_envelope(block.x, block.fs, band)
    return amplitude_spectrum(envelope / float(np.mean(envelope)), block.fs)


def _shaft(channel: Channel) -> Iterator[Finding]:
    """1× and 2× of the plain spectrum: their amplitude against the baseline's, since a healthy shaft has both."""
    spectra = [amplitude_spectrum(b.x, b.fs) for b in channel.blocks]
    for name, order in (("1x", 1.0), ("2x", 2.0)):
        measured = []
        for (f, a), block in zip(spectra, channel.blocks, strict=True):
            at = order * block.rpm / 60.0
            height, place = line(f, a, at, slip=0.01)
            near = a[np.abs(f - at) <= max(0.01 * at, 1.01 * float(f[1]))]
            level = 20.0 * np.log10(max(float(np.max(near)), 1e-12)) if near.size else float("nan")
            measured.append((level, int(height >= 10.0), place))
        yield _finding(channel, name, order, measured)


def _finding(channel: Channel, name: str, order: float, measured: list[tuple[float, int, float]]) -> Finding:
    heights = np.array([m[0] for m in measured])
    inside = np.array(channel.inside)
    now, past = heights[inside & np.isfinite(heights)], heights[~inside & np.isfinite(heights)]
    harmonics = [m[1] for m, i in zip(measured, channel.inside, strict=True) if i]
    places = [m[2] for m, i in zip(measured, channel.inside, strict=True) if i]
    rpm = float(np.median([b.rpm for b in channel.pick(inside=True)]))
    # A fault grows: what counts is the highest third of the window's blocks, two at least.
    top = np.sort(now)[-max(min(2, now.size), -(-now.size // 3)) :] if now.size else now
    return Finding(
        line=name,
        order=order,
        height=float(np.median(top)) if top.size else float("nan"),
        base=float(np.median(past)) if past.size else float("nan"),
        spread=float(np.std(past)) if past.size >= 2 else 1.5,
        harmonics=int(np.max(harmonics)),
        frequency=float(np.median(places)),
        rpm=rpm,
        per_block=heights,
    )


def _lines(ctx: ToolContext, channel: Channel, findings: list[Finding]) -> Iterator[Evidence]:
    risen = [f for f in findings if _counts(f)]
    best = max((f.rise for f in risen if f.line in FACTOR and np.isfinite(f.rise)), default=0.0)
    for finding in risen:
        yield _line_fact(ctx, channel, finding, best)


def _counts(f: Finding) -> bool:
    if not np.isfinite(f.height):
        return False
    if not np.isfinite(f.base):  # no past: only an unmistakable bearing line counts
        return f.line in FACTOR and f.height >= ALONE_SNR_DB and f.harmonics >= 2
    loud = f.height >= LEAST_SNR_DB if f.line in FACTOR else f.harmonics > 0
    return loud and f.rise >= max(f.threshold, LEAST_RISE_DB if f.line in FACTOR else 5.0)


def _line_fact(ctx: ToolContext, channel: Channel, f: Finding, best: float) -> Evidence:
    bearing, past = f.line in FACTOR, np.isfinite(f.base)
    surprise = (f.rise - f.threshold) if past else (f.height - ALONE_SNR_DB) * 0.5
    strength = 0.55 + 0.4 * (1.0 - float(np.exp(-surprise / 4.0)))
    strength *= 0.75 if f.harmonics < 2 and bearing else 1.0
    strength *= min(1.0, max(0.3, f.rise / best)) if bearing and past and best > 0 else 1.0
    onset, error = _onset(channel, f)
    order, hertz, rpm = sig3(f.order), sig3(f.frequency), sig3(f.rpm)
    where = f"{NAMES[f.line]}, order {text(order)}, {text(hertz)} Hz at {text(rpm)} rpm)"
    values: dict[str, float | int | str | bool] = {
        "order": order, "frequency_hz": hertz, "rpm": rpm, "channel": channel.name, "blocks": len(channel.pick(inside=True)),
    }  # fmt: skip
    if bearing:
        values |= {"snr_db": sig3(f.height), "harmonics": f.harmonics}
        said = f"the envelope spectrum has a line at {where}, {text(f.height)} dB over its surroundings, {f.harmonics} harmonics"
        if past:
            values["baseline_snr_db"] = sig3(f.base)
            said += f"; the baseline blocks have {text(f.base)} dB"
    else:
        values |= {"rise_db": sig3(f.rise), "times": sig3(10 ** (f.rise / 20.0))}
        said = f"vibration at {where} is {text(10 ** (f.rise / 20.0))} times that of the baseline blocks"
    return Evidence(
        component=channel.component,
        kind="vibration.line",
        aspect=f"vibration.{f.line}",
        statement=f"{channel.component}: {said} (since {clock(onset)}).",
        values=values,
        unit="dB",
        window=ctx.incident.window,
        onset=onset,
        onset_error_s=error,
        direction="new" if bearing and (not past or f.base < LEAST_SNR_DB) else "up",
        strength=round(float(np.clip(strength, 0.0, 0.97)), 3),
        source=_ref(channel),
    )


def _onset(channel: Channel, f: Finding) -> tuple[datetime, float]:
    """The first block of the window from which on the line stands, and the time since the block before."""
    threshold = (f.base + 0.5 * f.rise) if np.isfinite(f.base) else ALONE_SNR_DB
    index = max(i for i, inside in enumerate(channel.inside) if inside)
    first = channel.inside.index(True)
    while index > first and f.per_block[index - 1] >= threshold:
        index -= 1
    at = channel.blocks[index].at
    error = (at - channel.blocks[index - 1].at).total_seconds() if index else 0.0
    return at, error


def _quiet(ctx: ToolContext, channel: Channel, findings: list[Finding]) -> Evidence:
    inside, past = len(channel.pick(inside=True)), len(channel.pick(inside=False))
    looked = [f.line for f in findings if np.isfinite(f.height)]
    names = ", ".join({"bsf": "2×BSF"}.get(n, n.upper()) for n in looked)
    return Evidence(
        component=channel.component,
        kind="vibration.quiet",
        aspect="vibration.none",
        statement=f"{channel.component}: no line rose in {inside} vibration blocks of {channel.name}; {names} stayed at the"
        f" level of its {past} baseline blocks.",
        values={"channel": channel.name, "blocks": inside, "baseline_blocks": past},
        window=ctx.incident.window,
        direction="steady",
        strength=round(min(0.8, 0.3 + 0.1 * inside) * (1.0 if past >= 2 else 0.5), 3),
        source=_ref(channel),
    )


def _ref(channel: Channel) -> SourceRef:
    first = next((b for b, i in zip(channel.blocks, channel.inside, strict=True) if i), channel.blocks[0])
    return first.ref or SourceRef(source="", query=channel.name)
