"""The signal that an alarm is about, with its curve: what it was, what it is, since when beyond its limit, and whether still."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from aitia.core.words import Evidence, SourceRef, from_epoch
from aitia.tools.registry import ToolContext
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered, within
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import clock, scale, sig3, with_unit
from aitia.tools.signals.plots import SERIES, series_artifact
from aitia.tools.signals.quantities import is_weather, unit_beside, unit_of
from aitia.tools.signals.tables import machines_of

KIND: Final = "alarm.signal"
_MOST: Final = 3
_HALF: Final = 0.5  # of the furthest it went, from which on it is asked whether it still grows; by hand
_LEAST: Final = 3  # samples of an eighth
_STEADY: Final = 0.03  # of the furthest, below which a difference of two eighths is none; by hand
_LIMIT: Final = re.compile(
    r"(?i)\b(?:limit|grenzwert|l[ií]mite|limite|seuil|threshold)\W{0,3}(-?\d+(?:[.,]\d+)?)"
)


def alarm_signals(ctx: ToolContext, gathered: Gathered) -> Iterator[Evidence]:
    """A fact for each signal of the alarm's asset that its text names; of a text that names none for all of an asset with few."""
    told = f"{ctx.incident.title} {ctx.incident.text}"
    machines = machines_of(ctx.resolver.components)
    hinted = {ctx.resolver.resolve(h) or h for h in ctx.incident.hints} & machines
    own = [d for d in gathered.derived if d.component in hinted and not d.peer and d.t.size]
    named = [d for d in own if re.search(rf"(?<![\w.]){re.escape(d.metric)}(?![\w.]*\w)", told)]
    limit = _LIMIT.search(told) if len(named) == 1 else None
    few = [d for d in own if not is_weather(d.metric)]
    for channel in named or (few if len(few) <= _MOST else []):
        bound = float(limit[1].replace(",", ".")) if limit else None
        if (fact := _told(channel, gathered, bound, named=bool(named))) is not None:
            drawn = series_artifact(channel.t, channel.v)
            yield fact.model_copy(update={"artifact": ctx.put_artifact(drawn, SERIES)})


def _told(channel: Derived, gathered: Gathered, limit: float | None, *, named: bool) -> Evidence | None:
    known = np.isfinite(channel.v)
    t, v = channel.t[known], channel.v[known]
    start, end = gathered.window.epoch
    past, part = v[t < start], within(t, gathered.window)
    if not past.size or part.stop <= part.start:
        return None
    seen = v[part]
    usual, low, high, now = (float(f) for f in (np.median(past), np.min(seen), np.max(seen), v[t < end][-1]))
    far = low if abs(low - usual) > abs(high - usual) else high
    at = clock(from_epoch(float(t[part][int(np.argmax(seen == far))])))
    beyond = _beyond(t, v, limit, usual, end) if limit is not None else ""
    moves = _moves(np.abs(v[t < end] - usual))
    whose = "the signal of the alarm" if named else "a signal of the alarm's asset"
    shown = {k: _unit(channel, x) for k, x in (("usual", usual), ("far", far), ("now", now))}
    return Evidence(
        component=channel.component, kind=KIND, aspect="condition.alarms",
        statement=f"{channel.component}: {subject(channel)}, {whose}, reads {shown['now']} at the end, usually"
        f" {shown['usual']}, at its furthest {shown['far']} at {at}{beyond}{f', {moves}' if 'still so' in beyond else ''}.",
        values={"channel": channel.metric, "now": sig3(now), "usual": sig3(usual), "furthest": sig3(far), "moves": moves,
                "shown": shown["now"], **unit_beside(channel, now),
                **({"limit": limit, **_since(t, v, limit, usual, end)} if limit is not None else {})},
        window=gathered.window, direction="none", strength=0.3, source=SourceRef(source=channel.source, query=channel.query),
    )  # fmt: skip


def _moves(away: np.ndarray) -> str:
    """Whether it still leaves what is usual: the last eighth since it was halfway there, against the eighth before."""
    gone = np.flatnonzero(away < _HALF * np.max(away))
    part = away[int(gone[-1]) + 1 :] if gone.size else away
    size = max(_LEAST, part.size // 8)
    if part.size < 2 * size:
        return "too short to say whether it grows"
    change = float(np.median(part[-size:]) - np.median(part[-2 * size : -size]))
    if abs(change) < _STEADY * float(np.max(away)):
        return "neither growing nor falling back"
    return "still growing" if change > 0 else "falling back"


def _since(t: np.ndarray, v: np.ndarray, limit: float, usual: float, end: float) -> dict[str, str]:
    """Since when it has been beyond its limit to the end, as a time of day; nothing where it is not."""
    over = ((v > limit) if usual <= limit else (v < limit))[t < end]
    if not over.size or not over[-1]:
        return {}
    inside = np.flatnonzero(~over)
    return {"since": clock(from_epoch(float(t[inside[-1] + 1] if inside.size else t[0])))}


def _beyond(t: np.ndarray, v: np.ndarray, limit: float, usual: float, end: float) -> str:
    """Since when it has been beyond its limit, or when it no longer was."""
    over = (v > limit) if usual <= limit else (v < limit)
    over, t = over[t < end], t[t < end]
    if not over.any():
        return f"; its limit {limit:g} was not passed in the values at hand"
    if over[-1]:
        return f"; beyond its limit {limit:g} since {_since(t, v, limit, usual, end)['since']} and still so"
    return f"; beyond its limit {limit:g} last at {clock(from_epoch(float(t[np.flatnonzero(over)[-1]])))}, no longer"


def _unit(channel: Derived, value: float) -> str:
    factor, unit = scale(unit_of(channel), value)
    return with_unit(sig3(value * factor), unit)
