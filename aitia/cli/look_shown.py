"""What `aitia look` prints of a recording: as JSON, and for a terminal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aitia.cli.tables import plain_table
from aitia.render.recording import fault_name, figures, line_rows, sign_words, verdict
from aitia.render.text import clean

if TYPE_CHECKING:
    from rich.console import RenderableType

    from aitia.tools.signals.vibration.look import Look
    from aitia.tools.sources.signals.recordings import Recording


def as_dict(found: Look) -> dict[str, Any]:
    """A channel for --json; figures that cannot be had are null."""
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
        "zone": zone and {"letter": zone.letter, "limits_mm_s": list(zone.limits), "from_hz": zone.low,
                          "velocity_mm_s": _figure(zone.velocity), "because": zone.because},
        "speed": told.speed and {"rpm": _figure(told.speed.rpm), "error": _figure(told.speed.error), "origin": told.speed.origin},
        "outcome": told.outcome,
        "fault": told.fault,
        "confidence": told.confidence,
        "why": list(told.why),
        "also": [{"fault": f.name, "confidence": f.confidence, "why": f.why} for f in told.also],
        "signs": [
            {"fault": s.name, "confidence": s.confidence, "why": s.why, "instead": s.instead, "decide": s.decide}
            for s in found.signs
        ],
        "lines": [{"name": s.name, "order": _figure(s.found), "hz": _figure(s.hz), "db": _figure(s.db)} for s in told.lines],
        "peaks": [
            {"hz": _figure(p.hz), "amplitude": _figure(p.amplitude), "order": _figure(p.order), "what": p.what}
            for p in found.peaks
        ],
        "notes": list(found.notes),
    }  # fmt: skip


def _figure(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None


def shown(file: Path, recording: Recording, found: list[Look]) -> list[RenderableType]:
    """The lines of a terminal: verdict and reasons first, then figures, leads and tables."""
    from rich.text import Text

    many = "s" * (len(found) != 1)
    lines: list[RenderableType] = [
        Text(clean(f"{file.name}  {recording.form}, {len(found)} channel{many}"), style="bold")
    ]
    lines += [Text(f"  {clean(note)}", style="dim") for note in recording.notes]
    for one in found:
        also = [f"also {fault_name(f.name)} ({f.confidence:.2f}): {f.why}" for f in one.diagnosis.also]
        told = [*one.diagnosis.why, *also, *figures(one), *one.notes, *(sign_words(s) for s in one.signs)]
        lines += ["", Text(clean(f"{one.channel}: {verdict(one)}"), style="bold")]
        lines += [Text(f"  {clean(line)}") for line in told]
        lines += _tables(one)
    return lines


def _tables(found: Look) -> list[RenderableType]:
    from rich.padding import Padding

    made: list[RenderableType] = []
    if found.diagnosis.lines:
        lines = plain_table("defect line", "order", "Hz", "over the floor", "counts")
        for row in line_rows(found):
            lines.add_row(*row)
        made.append(Padding(lines, (1, 0, 0, 2)))
    if found.peaks:
        most = max(p.amplitude for p in found.peaks)
        peaks = plain_table(
            "Hz", "order", f"amplitude{f', {found.unit}' if found.unit else ''}", "", "may be"
        )
        for p in found.peaks:
            bar = "█" * max(1, round(20 * p.amplitude / most))
            order = f"{p.order:.2f}" if math.isfinite(p.order) else ""
            peaks.add_row(f"{p.hz:.4g}", order, f"{p.amplitude:.3g}", bar, p.what)
        made.append(Padding(peaks, (1, 0, 0, 2)))
    return made
