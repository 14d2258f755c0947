"""Findings in words and figures: of instruments, and of the process."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

import numpy as np

from aitia.core.words import from_epoch
from aitia.tools.signals.condition.departing import Left
from aitia.tools.signals.condition.grid import Buckets
from aitia.tools.signals.condition.instruments import Wrong
from aitia.tools.signals.condition.lone import exchanged, lone_instrument
from aitia.tools.signals.condition.redundancy import Told
from aitia.tools.signals.condition.roles import Role
from aitia.tools.signals.condition.until_limit import heavy_of, until_limit
from aitia.tools.signals.condition.words import AssetSignals, Finding, Limits, Moved, Severity, TimeToLimit
from aitia.tools.sources.rows import Floats

_DAY_S: Final = 86_400.0
_SHIFT_S: Final = 8 * 3600.0  # beyond a limit for so long: it is reached
_NO_ZERO: Final = frozenset(
    {"temperature", "level", "voltage", "position", ""}
)  # of these no factor can be told
_ACT_H, _PLAN_H = 72.0, 24.0 * 30  # hours to a limit: by hand, days are for a repair, weeks for its plan
_STRONG: Final = 2.0  # times the threshold from which on a departure is to be planned for
_MOST_BESIDE: Final = 8
_SIDES: Final = 12  # samples on each side of a start or a gap
_MOST_OF_IT: Final = 0.5  # of a step that came there
_TOGETHER: Final = 0.15  # of the data: onsets nearer than that, and than their errors, are of one fault
_CONTRADICTED: Final = 6.0  # times its limit an instrument leaves its company, where nothing else shows
_WITNESSED: Final = (
    0.4  # of a point's own fluctuation that other points see: only then their silence says anything
)
_ANSWERS_AT_ONCE: Final = frozenset({"position", "speed", "power", "current"})
"""Quantities that a control moves by itself: alone they are no instrument's fault."""
_ANSWERS: Final = frozenset({"answer", "position"})
_UNIT_KIND: Final = {
    "stuck": "has shown {now} since", "spike": "shows lone spikes since", "unit": "reads in another unit since",
    "swapped": "is exchanged with {other} since", "bias": "reads wrong by a step since", "drift": "drifts since",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What findings are told from: blocks `t` and `levels` (blocks, points), corrected, NaN where unknown."""

    asset: AssetSignals
    grid: Buckets
    t: Floats
    levels: Floats
    settled: Floats  # (buckets, points), corrected
    quantities: Mapping[str, str]
    limits: Mapping[str, Limits]
    now: float
    upset: Floats = field(default_factory=lambda: np.empty(0))  # when the plant was disturbed, epoch s

    def unit(self, point: str) -> str:
        """The unit that the file states."""
        return self.asset.points[point].unit

    def column(self, point: str) -> tuple[Floats, Floats]:
        """Times and levels of one point, known ones."""
        y = self.levels[:, self.grid.names.index(point)]
        known = np.isfinite(y)
        return self.t[known], y[known]


def sensor_finding(seen: Seen, wrong: Wrong) -> Finding:
    """The finding of an instrument whose own samples show it."""
    said = _UNIT_KIND[wrong.kind].format(
        now=_figure(wrong.now, seen.unit(wrong.point)), other=wrong.with_point
    )
    return Finding(
        cls="sensor", kind=wrong.kind, point=wrong.point, unit=seen.unit(wrong.point), quantity=seen.quantities[wrong.point],
        channels=(wrong.point, *([wrong.with_point] if wrong.with_point else [])),
        onset=from_epoch(wrong.since), onset_error_s=wrong.error, until=from_epoch(wrong.until), direction="changed",
        before=_six(wrong.before),
        now_level=_six(wrong.now), size=0.0, times_threshold=_STRONG, severity="plan", confidence=wrong.sure, why=wrong.why,
        no_limit="an instrument's reading has no limit to reach",
        statement=f"{seen.asset.name}: instrument {wrong.point} {said} {_day(wrong.since)}: {wrong.why}.",
    )  # fmt: skip


def process_findings(
    seen: Seen, gone: Mapping[str, Left], told: Told | None, roles: Mapping[str, Role],
    quantities: Mapping[str, str], witnessed: Mapping[str, float],
) -> list[Finding]:  # fmt: skip
    """What left, one finding for what left together; an instrument that its company alone contradicts is named as such."""
    pair = exchanged(gone, {n: seen.grid.column(n) for n in gone}, {n: _row(seen, n, gone[n]) for n in gone})
    if pair is not None:
        rest = {n: one for n, one in gone.items() if n not in pair}
        both = [_exchanged(seen, a, b, gone[a]) for a, b in (pair, pair[::-1])]
        return [*both, *process_findings(seen, rest, None, roles, quantities, witnessed)] if rest else both
    point = _contradicted(gone, told, roles, quantities, witnessed)
    if told is not None and point:
        why = f"the other points agree with one another without it, and contradict it by {told.times:.2g} times its limit"
        return [
            _instrument(
                seen, point, gone.get(point), since=told.since, drifts=told.drifts, why=why, times=told.times
            )
        ]
    point, why = lone_instrument(gone, quantities, sum(roles[n] in _ANSWERS for n in seen.grid.names))
    if point and not _at_an_upset(seen, point, gone[point]):
        one = gone[point]
        return [_instrument(seen, point, one, since=0.0, drifts=True, why=why, times=one.times)]
    return [_process(seen, {n: gone[n] for n in group}, told) for group in _together(seen, gone)]


def _at_an_upset(seen: Seen, point: str, left: Left) -> bool:
    """Whether a point stepped when a machine of the plant was started, stopped or changed over, or over a gap."""
    blocks, _ = seen.column(point)
    t, v = seen.grid.raw[point]
    onset, near = float(blocks[left.k]), _error(seen.t, left)
    size = left.now - left.before
    for at in seen.upset[np.abs(seen.upset - onset) <= near]:
        k = int(np.searchsorted(t, at))
        before, after = v[max(0, k - _SIDES) : k], v[k + 1 : k + 1 + _SIDES]
        if before.size and after.size:
            stepped = float(np.median(after) - np.median(before))
            if stepped * np.sign(size) >= _MOST_OF_IT * abs(size):
                return left.shape == "step"
    return False


def _contradicted(
    gone: Mapping[str, Left], told: Told | None, roles: Mapping[str, Role], quantities: Mapping[str, str],
    witnessed: Mapping[str, float],
) -> str:  # fmt: skip
    """The point that is wrong by all others' word; "" where there is none."""
    if told is None or not told.alone:
        return ""
    point = told.point
    if roles[point] in {"position", "speed"} or quantities[point] in _ANSWERS_AT_ONCE:
        return ""
    if witnessed.get(point, 0.0) < _WITNESSED:
        return ""
    others = set(gone) - {point}
    plain = point in gone or told.times >= _CONTRADICTED
    return point if plain and not others else ""


def _row(seen: Seen, name: str, left: Left) -> int:
    """The bucket of an onset."""
    return int(np.searchsorted(seen.grid.t, seen.column(name)[0][left.k]))


def _exchanged(seen: Seen, point: str, other: str, left: Left) -> Finding:
    t, _ = seen.column(point)
    at = float(t[left.k])
    return sensor_finding(
        seen,
        Wrong(
            kind="swapped", point=point, since=at, until=float(t[-1]), error=_error(t, left), before=left.before, now=left.now,
            why=f"it shows the values that {other} had, and {other} shows those that it had", sure=0.8, with_point=other,
        ),
    )  # fmt: skip


def _instrument(
    seen: Seen, point: str, left: Left | None, *, since: float, drifts: bool, why: str, times: float
) -> Finding:
    t, y = seen.column(point)
    kind: Literal["drift", "bias"] = "drift" if drifts and (left is None or left.shape == "trend") else "bias"
    onset = float(t[left.k]) if left is not None else since
    before = (
        left.before
        if left is not None
        else float(np.median(y[t < onset]))
        if np.any(t < onset)
        else float(y[0])
    )
    now = left.now if left is not None else float(np.median(y[-5:]))
    rate = _rate(t, y, onset) if kind == "drift" else None
    unit = seen.unit(point)
    return Finding(
        cls="sensor", kind=kind, point=point, channels=(point,), unit=unit, quantity=seen.quantities[point],
        onset=from_epoch(onset),
        onset_error_s=_error(t, left), direction="up" if now > before else "down", before=_six(before), now_level=_six(now),
        rate_per_day=None if rate is None else _six(rate), size=round(left.size if left else 0.0, 2),
        times_threshold=round(left.times if left else 1.0, 2), severity="plan",
        confidence=round(min(0.97, 1.0 - 0.5 ** (times / 2.0)), 3), why=why,
        no_limit="an instrument's reading has no limit to reach",
        statement=f"{seen.asset.name}: instrument {point} {_UNIT_KIND[kind]} {_day(onset)},"
        f" {_levels(before, now, unit)}{_by_day(rate, unit)}: {why}.",
    )  # fmt: skip


def _together(seen: Seen, gone: Mapping[str, Left]) -> list[list[str]]:
    """Points by onset: a group begins with the plainest departure."""
    waiting = sorted(gone, key=lambda n: (-gone[n].times, n))
    groups: list[list[str]] = []
    when = {n: float(seen.column(n)[0][gone[n].k]) for n in gone}
    near = _TOGETHER * float(seen.t[-1] - seen.t[0])
    while waiting:
        lead = waiting[0]
        reach = {n: near + _error(seen.t, gone[lead]) + _error(seen.t, gone[n]) for n in waiting}
        groups.append([n for n in waiting if abs(when[n] - when[lead]) <= reach[n]])
        waiting = [n for n in waiting if n not in groups[-1]]
    return groups


def _process(seen: Seen, left: Mapping[str, Left], told: Told | None) -> Finding:
    """One finding of points that left together; the one that reaches its limit first leads, else the plainest."""
    ends = {n: _until(seen, n, one) for n, one in left.items()}
    lead = min(left, key=lambda n: (_hours(ends[n][0]), -left[n].times, n))
    one, (limit, none) = left[lead], ends[lead]
    t, y = seen.column(lead)
    onset, unit, up = float(t[one.k]), seen.unit(lead), one.now > one.before
    rate = _rate(t, y, onset) if one.shape == "trend" else None
    names = (lead, *sorted((n for n in left if n != lead), key=lambda n: (-left[n].times, n)))
    times = max(o.times for o in left.values())
    why = _why(names, told)
    return Finding(
        cls="process", kind=one.shape, point=lead, channels=names, unit=unit, quantity=seen.quantities[lead],
        onset=from_epoch(onset),
        onset_error_s=_error(t, one), direction="up" if up else "down", before=_six(one.before), now_level=_six(one.now),
        rate_per_day=None if rate is None else _six(rate), size=round(one.size, 2), times_threshold=round(times, 2),
        severity=_severity(limit, times), confidence=round(min(0.99, 1.0 - 0.5**times) * (1.0 if len(names) > 1 else 0.9), 3),
        why=why, limit=limit, no_limit=none, beside=tuple(_moved_beside(seen, n, left[n]) for n in names[1:_MOST_BESIDE]),
        statement=f"{seen.asset.name}: {lead} {_moved(up, one.shape, rate, unit)} since {_day(onset)},"
        f" {_levels(one.before, one.now, unit)} in its usual way of running{_beside(names)}{_ends(limit, unit)}.",
    )  # fmt: skip


def _moved_beside(seen: Seen, name: str, left: Left) -> Moved:
    onset = from_epoch(float(seen.column(name)[0][left.k]))
    return Moved(
        point=name, quantity=seen.quantities[name], unit=seen.unit(name), shape=left.shape, onset=onset,
        direction="up" if left.now > left.before else "down", before=_six(left.before), now_level=_six(left.now),
        times_threshold=round(left.times, 2),
    )  # fmt: skip


def swing_finding(seen: Seen, wider: Mapping[str, Left]) -> Finding:
    """The finding of points that swing more widely than they did; levels are the usual distance from the slow level."""
    names = tuple(sorted(wider, key=lambda n: (-wider[n].times, n)))
    lead = names[0]
    one = wider[lead]
    t, _ = seen.column(lead)
    before, now = math.exp(one.before), math.exp(one.now)
    onset, unit = float(t[min(one.k, t.size - 1)]), seen.unit(lead)
    return Finding(
        cls="process", kind="swing", point=lead, channels=names, unit=unit, quantity=seen.quantities[lead],
        onset=from_epoch(onset), onset_error_s=_error(t, one), direction="up", before=_six(before), now_level=_six(now),
        size=round(one.size, 2), times_threshold=round(max(1.0, one.times), 2), severity="watch",
        confidence=round(1.0 - 0.5 ** max(1.0, one.times), 3), no_limit="it swings about its level and goes nowhere",
        why=f"{len(names)} points swing more widely together, which no single instrument does",
        statement=f"{seen.asset.name}: {lead} swings {now / before:.2g} times as widely since {_day(onset)}{_beside(names)}.",
    )  # fmt: skip


def _until(seen: Seen, name: str, left: Left) -> tuple[TimeToLimit | None, str]:
    t, y = seen.column(name)
    if left.shape == "step":
        return None, "it changed by a step: nothing says that it goes on"
    heavy = heavy_of(
        seen.grid.column(name), seen.settled[:, seen.grid.names.index(name)],
        max(1, round(_SHIFT_S / seen.grid.step)), factor=seen.quantities[name] not in _NO_ZERO,
    )  # fmt: skip
    return until_limit(t, y, left, limits=seen.limits.get(name), now=seen.now, heavy=heavy)


def _hours(limit: TimeToLimit | None) -> float:
    return math.inf if limit is None else limit.hours


def _severity(limit: TimeToLimit | None, times: float) -> Severity:
    if limit is not None and limit.hours <= _ACT_H:
        return "act"
    return "plan" if (limit is not None and limit.hours <= _PLAN_H) or times >= _STRONG else "watch"


def _why(names: tuple[str, ...], told: Told | None) -> str:
    if len(names) > 1:
        return f"{len(names)} points left together, which no single instrument does"
    if told is None:
        return "no other point tells what this one should show: a wrong instrument is not ruled out"
    return "the points that go with it do not contradict it alone"


def _rate(t: Floats, y: Floats, onset: float) -> float:
    """The median of slopes since the onset (Theil 1950; Sen, J. Am. Stat. Assoc. 63, 1968), per day."""
    from scipy.stats import theilslopes

    since = t >= onset
    if since.sum() < 3:
        since = np.arange(t.size) >= t.size - 3
    return float(theilslopes(y[since], t[since])[0]) * _DAY_S


def _error(t: Floats, left: Left | None) -> float:
    step = float(np.median(np.diff(t)))
    return round(step * (left.error if left is not None else 6.0), 1)


def _day(epoch: float) -> str:
    moment: datetime = from_epoch(epoch)
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _moved(up: bool, shape: str, rate: float | None, unit: str) -> str:
    if shape == "step":
        return "stepped up" if up else "stepped down"
    return ("has risen" if up else "has fallen") + _by_day(rate, unit)


def _by_day(rate: float | None, unit: str) -> str:
    return "" if rate is None else f" by {_figure(abs(rate), unit)} a day"


def _levels(before: float, now: float, unit: str) -> str:
    """Both levels, to the digits in which they differ."""
    apart = abs(now - before)
    digits = min(9, max(0, 1 - math.floor(math.log10(apart)))) if apart > 0 else 3
    return f"from {before:.{digits}f} to {f'{now:.{digits}f} {unit}'.rstrip()}"


def _figure(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".rstrip()


def _beside(names: tuple[str, ...]) -> str:
    return (
        f", with {', '.join(names[1:4])}{' and others' if len(names) > 4 else ''}" if len(names) > 1 else ""
    )


def _ends(limit: TimeToLimit | None, unit: str) -> str:
    if limit is None:
        return ""
    whose = f" ({limit.clause})" if limit.clause else ""
    if limit.hours == 0.0 and limit.high == 0.0:
        return f"; run hard it is past its limit of {_figure(limit.limit, unit)}{whose}"
    latest = _days(limit.high) if limit.high is not None else "no end"
    return f"; limit of {_figure(limit.limit, unit)}{whose} in {_days(limit.hours)} days [{_days(limit.low)}, {latest}]"


def _days(hours: float) -> str:
    """Two digits of days, without an exponent: 210, 3.5, 0.04."""
    return f"{float(f'{hours / 24:.2g}'):g}"


def _six(value: float) -> float:
    return float(f"{value:.6g}")
