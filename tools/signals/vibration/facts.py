"""The facts of vibration: a line that rose, a shaft order that rose, and a quiet channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from aitia.core.words import Evidence, SourceRef, Window
from aitia.tools.series.numbers import clock, sig3, text
from aitia.tools.signals.vibration.channels import Channel
from aitia.tools.signals.vibration.shaft import ShaftRise
from aitia.tools.signals.vibration.verdict import ALONE_DB, LEAD, Summary

NAMES = {
    "bpfo": "the outer-race ball-pass frequency (BPFO",
    "bpfi": "the inner-race ball-pass frequency (BPFI",
    "bsf": "twice the ball-spin frequency (2×BSF",
    "ftf": "the cage frequency (FTF",
    "1x": "the shaft speed (1×",
    "2x": "twice the shaft speed (2×",
    "harmonics": "higher and half multiples of the shaft speed (to at least",
}
_STRONGEST = 0.97


def line_fact(
    channel: Channel, line: Summary, heights: Sequence[float], rpm: float, window: Window, *, best: float
) -> Evidence:
    """A defect's line: over its surroundings, and over the baseline blocks where there are any.

    `heights` are those of all blocks in order, `best` the largest rise among the lines that count. Indirect evidence is a lead.
    """
    past = bool(np.isfinite(line.base))
    surprise = (line.rise - line.threshold) if past else 0.5 * (line.db - ALONE_DB)
    strength = 0.55 + 0.4 * (1.0 - float(np.exp(-surprise / 4.0)))
    strength *= 0.75 if line.family < 2 else 1.0
    strength *= min(1.0, max(0.3, line.rise / best)) if past and best > 0 else 1.0
    onset, error = _onset(channel, heights, line.base + 0.5 * line.rise if past else ALONE_DB)
    where = _where(line.name, line.order, line.hz, rpm)
    said = f"the envelope spectrum has a line at {where}, {text(line.db)} dB above the noise floor, {line.family} harmonics"
    values = _values(channel, line.order, line.hz, rpm) | {"snr_db": sig3(line.db), "harmonics": line.family}
    if past:
        values["baseline_snr_db"] = sig3(line.base)
        said += f"; the baseline blocks have {text(line.base)} dB"
    if line.indirect:
        strength, said = min(strength, LEAD), f"{said}; a lead only: {line.indirect}"
    return _fact(channel, line.name, said, values, window, onset, error, strength,
                 new=not past or line.base < ALONE_DB)  # fmt: skip


def both_races_fact(channel: Channel, ball: Summary, races: Sequence[Summary], heights: Sequence[float], rpm: float,
                    window: Window, *, confidence: float) -> Evidence:  # fmt: skip
    """A rolling element's defect told by the lines of both races, neither of which dominates."""
    outer, inner = races
    level = max(outer.db, inner.db)
    past = bool(np.isfinite(outer.base))
    onset, error = _onset(channel, heights, max(outer.base, inner.base) + 4.0 if past else ALONE_DB)
    said = (
        f"the envelope spectrum has lines of both races ({text(outer.db)} dB at BPFO, {text(inner.db)} dB at BPFI) and"
        " neither dominates: a rolling element strikes both, but two damaged races look the same, so this is a lead only"
    )
    values = _values(channel, ball.order, ball.hz, rpm) | {
        "snr_db": sig3(level),
        "bpfo_snr_db": sig3(outer.db),
        "bpfi_snr_db": sig3(inner.db),
        "harmonics": max(outer.family, inner.family),
    }
    return _fact(channel, "bsf", said, values, window, onset, error, confidence, new=True)


def shaft_fact(
    channel: Channel, rise: ShaftRise, heights: Sequence[float], rpm: float, window: Window
) -> Evidence:
    """A shaft order's amplitude against the baseline blocks."""
    least = max(5.0, 3.0 * rise.spread)
    strength = 0.55 + 0.4 * (1.0 - float(np.exp(-(rise.rise - least) / 4.0)))
    times = 10 ** (rise.rise / 20.0)
    hertz = rise.order * rpm / 60.0
    onset, error = _onset(channel, heights, rise.base + 0.5 * rise.rise)
    said = f"vibration at {_where(rise.name, rise.order, hertz, rpm)} is {text(times)} times that of the baseline blocks"
    values = _values(channel, rise.order, hertz, rpm) | {"rise_db": sig3(rise.rise), "times": sig3(times)}
    return _fact(channel, rise.name, said, values, window, onset, error, strength, new=False)


def quiet_fact(channel: Channel, looked: Sequence[str], window: Window) -> Evidence:
    """No line rose."""
    inside, past = len(channel.pick(inside=True)), len(channel.pick(inside=False))
    names = ", ".join({"bsf": "2×BSF"}.get(n, n.upper()) for n in looked if n != "harmonics")
    return Evidence(
        component=channel.component,
        kind="vibration.quiet",
        aspect="vibration.none",
        statement=f"{channel.component}: no line rose in {inside} vibration blocks of {channel.name}; {names} stayed at the"
        f" level of its {past} baseline blocks.",
        values={"channel": channel.name, "blocks": inside, "baseline_blocks": past},
        window=window,
        direction="steady",
        strength=round(min(0.8, 0.3 + 0.1 * inside) * (1.0 if past >= 2 else 0.5), 3),
        source=_ref(channel),
    )


def _where(name: str, order: float, hertz: float, rpm: float) -> str:
    return f"{NAMES[name]}, order {text(order)}, {text(hertz)} Hz at {text(rpm)} rpm)"


def _values(channel: Channel, order: float, hertz: float, rpm: float) -> dict[str, float | int | str | bool]:
    return {
        "order": sig3(order), "frequency_hz": sig3(hertz), "rpm": sig3(rpm), "channel": channel.name,
        "blocks": len(channel.pick(inside=True)),
    }  # fmt: skip


def _fact(
    channel: Channel, name: str, said: str, values: dict[str, float | int | str | bool], window: Window, onset: datetime,
    error: float, strength: float, *, new: bool,
) -> Evidence:  # fmt: skip
    return Evidence(
        component=channel.component,
        kind="vibration.line",
        aspect=f"vibration.{name}",
        statement=f"{channel.component}: {said} (since {clock(onset)}).",
        values=values,
        unit="dB",
        window=window,
        onset=onset,
        onset_error_s=error,
        direction="new" if new else "up",
        strength=round(float(np.clip(strength, 0.0, _STRONGEST)), 3),
        source=_ref(channel),
    )


def _onset(channel: Channel, heights: Sequence[float], threshold: float) -> tuple[datetime, float]:
    """The first block from which on the line stands, in the window or before it, and the time since the block before."""
    index = max(i for i, inside in enumerate(channel.inside) if inside)
    while index > 0 and heights[index - 1] >= threshold:
        index -= 1
    at = channel.blocks[index].at
    return at, (at - channel.blocks[index - 1].at).total_seconds() if index else 0.0


def _ref(channel: Channel) -> SourceRef:
    first = next((b for b, i in zip(channel.blocks, channel.inside, strict=True) if i), channel.blocks[0])
    return first.ref or SourceRef(source="", query=channel.name)
