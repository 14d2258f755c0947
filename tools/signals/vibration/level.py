"""Overall vibration: RMS and kurtosis of a channel's blocks against its own past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aitia.core.words import Evidence, SourceRef, Window
from aitia.tools.change.scale import mad
from aitia.tools.series.numbers import clock, sig3, text, with_unit
from aitia.tools.signals.vibration.began_before import of_the_past
from aitia.tools.sources.base import Waveform
from aitia.tools.sources.rows import Floats

LEAST_PAST = 3


def rms(x: Floats) -> float:
    """Root mean square about the mean."""
    return float(np.std(x))


def kurtosis(x: Floats) -> float:
    """Pearson's kurtosis: 3 for Gaussian noise, more for impacts."""
    centred = x - np.mean(x)
    power = float(np.mean(centred**2))
    return float(np.mean(centred**4)) / power**2 if power > 0 else 0.0


def level_evidence(
    component: str, channel: str, blocks: Sequence[Waveform], inside: Sequence[bool], window: Window
) -> Iterator[Evidence]:
    """`metric.shift` facts of aspect vibration for the block RMS and kurtosis, where there is a past to compare with."""
    if not blocks:
        return
    for name, unit, measure, floor in (("RMS", blocks[0].unit, rms, 0.05), ("kurtosis", "", kurtosis, 0.1)):
        values = np.array([measure(b.x) for b in blocks])
        mask = np.array(inside)
        past, now = values[~mask], values[mask]
        if past.size < LEAST_PAST or now.size < 1:
            continue
        past = past[: of_the_past(past, float(np.median(now)), least=floor * float(np.median(past)))]
        before = float(np.median(past))
        spread = max(float(mad(past)), float(np.std(past)), floor * before, 1e-12)
        z = (now - before) / spread
        moved = np.abs(z) >= 3.0
        if int(np.sum(moved)) < min(2, now.size):
            continue
        after = float(np.median(now[moved]))
        first = [b for b, i in zip(blocks, inside, strict=True) if i][int(np.argmax(moved))]
        yield _fact(
            component, channel, name, unit, before, after, (after - before) / spread, first, past.size, window
        )


def _fact(
    component: str, channel: str, name: str, unit: str, before: float, after: float, z: float, first: Waveform,
    past: int, window: Window,
) -> Evidence:  # fmt: skip
    verb = "rose" if after > before else "fell"
    size = min(1.0, abs(after - before) / before / 0.3) ** 0.5 if before > 0 else 1.0
    strength = min(0.85, past / (past + 2.0)) * size * (1.0 - float(np.exp(-abs(z) / 4.0)))
    return Evidence(
        component=component,
        kind="metric.shift",
        aspect="vibration",
        statement=f"{component}: vibration {name} of {channel} {verb} from {text(before)} to {with_unit(after, unit)}"
        f" at {clock(first.at)}.",
        values={"metric": f"vibration_{name.lower()}", "before": sig3(before), "after": sig3(after),
                "ratio": sig3(after / before) if before > 0 else 0.0, "z": sig3(z), "baseline_blocks": past},
        unit=unit,
        window=window,
        onset=first.at,
        direction="up" if after > before else "down",
        strength=round(strength if after > before else 0.5 * strength, 3),
        source=first.ref or SourceRef(source="", query=channel),
    )  # fmt: skip
