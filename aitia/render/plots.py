"""A fact's plot: its samples where the run keeps them, else the levels that the fact itself holds.

Samples are an artifact whose name ends in `.series.json`: {"times": [epoch seconds], "values": [numbers or null]}, and
where known {"limit": number, "shares": {channel: percent of the blame}, "band": [low, high] of the baseline, "baseline": its
name, "alarm": epoch seconds}; a spectrum's are described in `spectra.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from aitia.core.words import Evidence, Window, from_epoch
from aitia.render import text as t
from aitia.render.seen import read_seen, seen_svg
from aitia.render.spectra import SPECTRUM, read_spectrum, spectrum_plot
from aitia.render.svg import fit, picture, tag, text
from aitia.tools.signals.plots import PICTURE, kept_samples

SUFFIX: Final = ".series.json"
_WIDE, _HIGH, _EDGE, _BAR = 240, 64, 4, 14
_MOST_POINTS, _MOST_SHARES = 160, 6
# What the values of a fact are called before and in the window: levels over time, or amounts to be compared.
_LEVELS: Final = (("before", "after"), ("from", "to"))
_AMOUNTS: Final = (
    ("count_baseline", "count_window"), ("share_baseline", "share_window"), ("baseline_snr_db", "snr_db"),
    ("share_before_percent", "share_percent"),
)  # fmt: skip
_UNITS: Final = {"share_before_percent": " %", "baseline_snr_db": " dB", "count_baseline": " lines"}


def plot(fact: Evidence, window: Window, artifacts: Mapping[str, bytes]) -> Markup | None:
    """The plot of a fact, where there is something to plot."""
    kept = artifacts.get(fact.artifact, b"")
    spectrum = read_spectrum(kept) if kept and fact.artifact.endswith(SPECTRUM) else None
    if spectrum is not None:
        return spectrum_plot(fact, spectrum)
    if kept and fact.artifact.endswith(PICTURE) and (seen := read_seen(kept)) is not None:
        return seen_svg(
            seen,
            key=f"seen-{fact.id}",
            title="Picture with the places that are told",
            desc=t.clean(fact.statement),
        )
    series = kept_samples(kept) if kept and fact.artifact.endswith(SUFFIX) else []
    if len(series) >= 2:
        return _samples(fact, series, *read_limit(kept), read_marks(kept))
    if fact.kind.endswith(".quiet"):
        return None
    for first, second in (*_LEVELS, *_AMOUNTS):
        before, after = _number(fact.values.get(first)), _number(fact.values.get(second))
        if before is None or after is None or before == after:
            continue
        if (first, second) in _AMOUNTS:
            return _amounts(fact, before, after, _UNITS.get(first, ""))
        return _levels(fact, before, after, window, trend=first == "from")
    return None


def read_limit(data: bytes) -> tuple[float | None, list[tuple[str, float]]]:
    """The threshold and the channels' shares in percent that an artifact of samples holds."""
    try:
        told = json.loads(data)
        shares = [(str(name), float(share)) for name, share in (told.get("shares") or {}).items()]
        return _number(told.get("limit")), [s for s in shares if 0 <= s[1] <= 100][:_MOST_SHARES]
    except (ValueError, TypeError, AttributeError):
        return None, []


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What is drawn beside samples: between which values the baseline lay, and when the alarm was."""

    band: tuple[float, float] | None = None
    baseline: str = ""
    alarm: float | None = None


def read_marks(data: bytes) -> Marks:
    """The band and the alarm that an artifact of samples holds."""
    try:
        told = json.loads(data)
        ends = [_number(x) for x in told.get("band") or ()]
        band = (min(ends), max(ends)) if len(ends) == 2 and None not in ends else None  # type: ignore[type-var]
        name = str(told.get("baseline") or "")[:40].replace("_", " ")
        return Marks(band=band, baseline=name, alarm=_number(told.get("alarm")))  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError):
        return Marks()


def _number(value: object) -> float | None:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return number if number is not None and math.isfinite(number) else None


def _samples(
    fact: Evidence,
    series: Sequence[tuple[float, float]],
    limit: float | None,
    shares: Sequence[tuple[str, float]],
    marks: Marks,
) -> Markup:
    """The line of the samples over the baseline's band; onset, alarm and threshold; below, who contributes."""
    start, end = series[0][0], series[-1][0]
    reach = [y for _, y in series] + list(marks.band or ())
    low, high = min(reach), max(reach)
    points = [(_across(x, start, end), _up(y, low, high)) for x, y in _thinned(series)]
    line = tag("polyline", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points), "class": "series"})
    values = [y for _, y in series]
    told = f"from {say(min(values))} to {say(max(values))}{unit_of(fact)}"
    behind = _behind(marks, start, end, low, high)
    return _frame(
        fact, [*behind, line], start, end, low, high, told, drawn=_drawn(fact, marks, start, end), limit=limit, shares=shares
    )  # fmt: skip


def _behind(marks: Marks, start: float, end: float, low: float, high: float) -> list[Markup]:
    """The baseline's band, at least a line, and the alarm."""
    body: list[Markup] = []
    if marks.band is not None:
        top, foot = _up(marks.band[1], low, high), _up(marks.band[0], low, high)
        body.append(
            tag("rect", {"x": _EDGE, "y": top - 1, "width": _WIDE - 2 * _EDGE, "height": foot - top + 2, "class": "band"})
        )  # fmt: skip
    if marks.alarm is not None and start <= marks.alarm <= end:
        x = _across(marks.alarm, start, end)
        body.append(tag("line", {"x1": x, "x2": x, "y1": 2, "y2": _HIGH - 16, "class": "alarm"}))
    return body


def _drawn(fact: Evidence, marks: Marks, start: float, end: float) -> str:
    """What the picture shows, in words; a full stop behind all but the last."""
    told = ["its samples"]
    if marks.band is not None:
        low, high = marks.band
        told.append(f"Shaded: the baseline ({marks.baseline}), {say(low)} to {say(high)}{unit_of(fact)}")
    if fact.onset is not None and start <= fact.onset.timestamp() <= end:
        told.append(f"Onset {t.at(fact.onset)}")
    if marks.alarm is not None and start <= marks.alarm <= end:
        told.append(f"Dashed: the alarm {t.at(from_epoch(marks.alarm))}")
    return ". ".join(told)


def _bars(shares: Sequence[tuple[str, float]]) -> list[Markup]:
    """One bar a channel with its share of the blame, below the line."""
    body = []
    for n, (name, share) in enumerate(shares):
        y = _HIGH + n * _BAR
        body.append(text(_EDGE, y + 11, fit(name, 120, 11), kind="tick"))
        body.append(
            tag(
                "rect",
                {"x": 130, "y": y + 2, "width": max(share * 0.7, 1.0), "height": 10, "class": "amount"},
            )
        )
        body.append(text(136 + share * 0.7, y + 11, f"{say(share)} %", kind="tick"))
    return body


def _levels(fact: Evidence, before: float, after: float, window: Window, *, trend: bool) -> Markup:
    """The level before, a step or slope at the onset, the level after."""
    start, end = window.shift(-window.seconds / 2).epoch[0], window.epoch[1]
    onset = fact.onset.timestamp() if fact.onset else window.epoch[0]
    onset = min(max(onset, start), end)
    low, high = min(before, after, 0.0), max(before, after)
    a, b, x = _up(before, low, high), _up(after, low, high), _across(onset, start, end)
    turn = f"{x:.1f},{a:.1f}" if trend else f"{x:.1f},{a:.1f} {x:.1f},{b:.1f}"
    points = f"{_EDGE},{a:.1f} {turn} {_WIDE - _EDGE},{b:.1f}"
    line = tag("polyline", {"points": points, "class": "series"})
    told = f"from {say(before)} to {say(after)}{unit_of(fact)}"
    return _frame(fact, [line], start, end, low, high, told, drawn="the levels before and after")


def _amounts(fact: Evidence, before: float, after: float, unit: str) -> Markup | None:
    """Two bars: before and in the window."""
    if min(before, after) < 0:
        return None
    body: list[Markup] = []
    for n, (words, value) in enumerate((("before", before), ("window", after))):
        y = 8 + n * 26
        long = value / max(before, after) * (_WIDE - 130)
        body.append(text(_EDGE, y + 13, words, kind="tick"))
        body.append(tag("rect", {"x": 52, "y": y, "width": max(long, 1.0), "height": 18, "class": "amount"}))
        body.append(text(58 + max(long, 1.0), y + 13, fit(f"{say(value)}{unit}", 70, 11), kind="tick"))
    return _picture(
        fact, f"{say(before)}{unit} before, {say(after)}{unit} in the window", "what was counted", body
    )


def _frame(
    fact: Evidence, line: Sequence[Markup], start: float, end: float, low: float, high: float, told: str, *, drawn: str,
    limit: float | None = None, shares: Sequence[tuple[str, float]] = (),
) -> Markup:  # fmt: skip
    body = [
        tag("line", {"x1": _EDGE, "x2": _WIDE - _EDGE, "y1": _HIGH - 16, "y2": _HIGH - 16, "class": "rule"})
    ]
    limit = _number(fact.values.get("limit")) if limit is None else limit
    if limit is not None and low < limit <= high * 1.001:
        y = _up(limit, low, high)
        body.append(tag("line", {"x1": _EDGE, "x2": _WIDE - _EDGE, "y1": y, "y2": y, "class": "torn"}))
    words, moment = f"{say(low)} – {say(high)}{unit_of(fact)}", fact.onset
    if moment is not None and start <= moment.timestamp() <= end:
        x = _across(moment.timestamp(), start, end)
        body.append(tag("line", {"x1": x, "x2": x, "y1": 2, "y2": _HIGH - 12, "class": "onset"}))
        body.append(text(min(max(x, 30), _WIDE - 30), _HIGH - 2, t.at(moment), kind="tick", anchor="middle"))
        left = x > _WIDE / 2
    else:
        left = True
    room = text(
        _EDGE if left else _WIDE - _EDGE,
        _HIGH - 2,
        fit(words, 90, 11),
        kind="tick",
        anchor="start" if left else "end",
    )
    return _picture(fact, told, drawn, [*line, *body, room, *_bars(shares)], high=_HIGH + _BAR * len(shares))


def _picture(fact: Evidence, told: str, drawn: str, body: Sequence[Markup], *, high: int = _HIGH) -> Markup:
    key = f"plot-{''.join(c for c in fact.id if c.isalnum())}"
    return picture(
        key, *body, title=f"{fact.id}: {told}", desc=f"Drawn from {drawn}.",
        attributes={"viewBox": f"0 0 {_WIDE} {high}", "class": "plot"},
    )  # fmt: skip


def _across(x: float, start: float, end: float) -> float:
    return _EDGE + (x - start) / ((end - start) or 1.0) * (_WIDE - 2 * _EDGE)


def _up(y: float, low: float, high: float) -> float:
    return (_HIGH - 18) - (y - low) / ((high - low) or 1.0) * (_HIGH - 26)


def _thinned(series: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """The lowest and the highest sample of each stretch, so that no spike is lost."""
    if len(series) <= _MOST_POINTS:
        return series
    size = math.ceil(len(series) / (_MOST_POINTS // 2))
    parts = [series[n : n + size] for n in range(0, len(series), size)]
    ends = [{min(p, key=lambda s: s[1]), max(p, key=lambda s: s[1])} for p in parts]
    return [point for pair in ends for point in sorted(pair)]


def say(value: float) -> str:
    """A number as a plot says it: three digits."""
    return f"{value:.3g}" if abs(value) < 1e5 else f"{value:.2e}"


def unit_of(fact: Evidence) -> str:
    """The fact's unit behind a blank; "" where it has none."""
    return f" {t.clean(fact.unit)}" if fact.unit else ""
