"""The curves of what a report cites as one PNG, for where no SVG is shown: samples over the baseline's band, onset, alarm."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aitia.core.words import Evidence, Report, from_epoch
from aitia.render import text as t
from aitia.render.plots import SUFFIX, read_marks, say, unit_of
from aitia.tools.signals.plots import kept_samples

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

MOST: Final = 6  # curves of a picture: what a phone shows without scrolling much
WIDE, HIGH, EDGE, HEAD, FOOT = 960, 190, 24, 34, 26  # pixels of a panel, twice what a phone's width shows
INK, SERIES, BAND, ONSET, ALARM, PAPER = "#222222", "#1f5fa8", "#dfe7ef", "#c62828", "#8a6d00", "#ffffff"
_LETTERS, _SMALL = 19, 16  # pixels
_DASH: Final = 8


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One curve: its fact, and its samples (epoch seconds, value in the fact's unit)."""

    fact: Evidence
    samples: Sequence[tuple[float, float]]
    kept: bytes


def panels(report: Report, artifacts: Mapping[str, bytes]) -> list[Panel]:
    """The cited measurements of which the run keeps a curve, in the order in which they are cited; each curve once."""
    known = {e.id: e for e in report.evidence}
    found: dict[str, Panel] = {}
    for id in t.cited_ids(report):
        fact = known.get(id)
        kept = artifacts.get(fact.artifact, b"") if fact else b""
        if fact is None or not kept or not fact.artifact.endswith(SUFFIX):
            continue
        samples = kept_samples(kept)
        if len(samples) >= 3 and samples[0][0] < samples[-1][0]:
            found.setdefault(fact.artifact, Panel(fact=fact, samples=samples, kept=kept))
    return list(found.values())[:MOST]


def curves_png(report: Report, artifacts: Mapping[str, bytes]) -> bytes | None:
    """The picture; None where nothing that is cited has a curve, or Pillow is not installed."""
    drawn = panels(report, artifacts)
    if not drawn:
        return None
    try:
        from PIL import Image, ImageDraw
    except ImportError:  # the sparklines of the text tell the same
        return None
    image = Image.new("RGB", (WIDE, HIGH * len(drawn)), PAPER)
    pen = ImageDraw.Draw(image)
    for number, panel in enumerate(drawn):
        _draw(pen, panel, number * HIGH)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw(pen: ImageDraw, panel: Panel, top: int) -> None:
    """One panel from `top` downwards."""
    marks, values = read_marks(panel.kept), [v for _, v in panel.samples]
    start, end = panel.samples[0][0], panel.samples[-1][0]
    low, high = min([*values, *(marks.band or ())]), max([*values, *(marks.band or ())])
    room = HIGH - HEAD - FOOT

    def across(at: float) -> float:
        return EDGE + (at - start) / (end - start) * (WIDE - 2 * EDGE)

    def up(value: float) -> float:
        return float(top + HEAD + room - (value - low) / ((high - low) or 1.0) * room)

    if marks.band is not None:
        pen.rectangle((EDGE, up(max(marks.band)) - 1, WIDE - EDGE, up(min(marks.band)) + 1), fill=BAND)
    onset = panel.fact.onset.timestamp() if panel.fact.onset else None
    if marks.alarm is not None and start <= marks.alarm <= end:
        for y in range(top + HEAD, top + HEAD + room, 2 * _DASH):
            pen.line((across(marks.alarm), y, across(marks.alarm), y + _DASH), fill=ALARM, width=2)
    if onset is not None and start <= onset <= end:
        pen.line((across(onset), top + HEAD, across(onset), top + HEAD + room), fill=ONSET, width=2)
    pen.line([(across(at), up(v)) for at, v in panel.samples], fill=SERIES, width=3, joint="curve")
    _words(pen, panel, top, marks.alarm, onset, (low, high))


def _words(
    pen: ImageDraw,
    panel: Panel,
    top: int,
    alarm: float | None,
    onset: float | None,
    reach: tuple[float, float],
) -> None:
    """What is measured above, from when to when and how far it reaches below."""
    from PIL import ImageFont

    large, small = ImageFont.load_default(_LETTERS), ImageFont.load_default(_SMALL)
    fact, foot = panel.fact, top + HIGH - FOOT + 4
    head = _plain(t.clip(f"{fact.id}  {t.clean(fact.statement)}", 96))
    pen.text((EDGE, top + 6), head, fill=INK, font=large)
    start, end = from_epoch(panel.samples[0][0]), from_epoch(panel.samples[-1][0])
    date = start.date() != end.date()
    told = [f"{say(reach[0])} to {say(reach[1])}{unit_of(fact)}"]
    told += [f"red: onset {t.at(from_epoch(onset), date=date)}"] if onset is not None else []
    shown = alarm is not None and panel.samples[0][0] <= alarm <= panel.samples[-1][0]
    told += [f"dashed: alarm {t.at(from_epoch(alarm), date=date)}"] if alarm is not None and shown else []
    pen.text((EDGE, foot), t.at(start, date=date), fill=INK, font=small)
    pen.text((WIDE / 2, foot), _plain(", ".join(told)), fill=INK, font=small, anchor="ma")
    pen.text((WIDE - EDGE, foot), f"{t.at(end, date=date)} UTC", fill=INK, font=small, anchor="ra")


def _plain(words: str) -> str:
    """Without signs that the font that comes with Pillow lacks."""
    return "".join(
        c if c.isprintable() and ord(c) < 0x250 else "?" for c in words.replace("×", "x").replace("…", "...")
    )
