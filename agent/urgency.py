"""How soon a machine's fault must be seen to, and which fact says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from aitia.agent.fact_values import ALERTS
from aitia.agent.instruments_agree import is_velocity, same_direction
from aitia.agent.taxonomy import Fault
from aitia.core.words import Evidence
from aitia.core.work_order import Priority, Remaining
from aitia.tools.series.numbers import text, with_unit

ALARM_SIGNAL: Final = "alarm.signal"
"""The kind of the fact that shows the alarm's own signal (`tools/signals/alarmed.py`)."""
_NOW_H: Final = (
    24.0  # hours left at worst from which on it is done now; by hand: what one shift plan cannot hold
)
_SOON_H: Final = 168.0  # a week: what a weekly plan cannot hold; by hand
_OF_SEVERITY: Final[dict[str, Priority]] = {"act": "now", "plan": "soon", "watch": "plan"}
_OF_ZONE: Final[dict[str, Priority]] = {"D": "now", "C": "soon", "B": "plan", "A": "plan"}
_RULE: Final = {"now": "at once", "soon": "within days", "plan": "at the next stop"}
_MOVED: Final = frozenset({"flow", "pressure", "efficiency", "level"})
_OF_LOSS: Final[tuple[tuple[float, Priority], ...]] = ((0.5, "now"), (0.2, "soon"), (0.0, "plan"))
"""Share of its usual flow, pressure or level that a machine gives less, from which on it is seen to so soon; by hand."""
_DEAD: Final = 0.05  # of its usual value, below which nothing is there any more; by hand
_FAR: Final = 2.0  # times the way from what is usual to the limit: far beyond; by hand
UNMEASURED: Final = "no zone, limit or trend says how bad it is"
_ELSEWHERE: Final = ": not the part that the order is of, but of the same machine, and at risk by it: look at both in one visit"
_ORDER: Final[tuple[Priority, ...]] = ("now", "soon", "plan", "unknown")
_SHOWN: Final = 1.25  # times its past that a velocity must reach to be one after the rise; by hand
_LIMIT: Final = re.compile(
    r"(?i)(?P<what>[\w.]+[ =:]+-?\d+(?:[.,]\d+)?)(?: ?[^\s\d,;()]{1,6})?[ ,;(]+(?:limit|threshold|grenzwert|grenze|l[ií]mite)"
    r"[ =:]*(?P<limit>-?\d+(?:[.,]\d+)?)"
)
"""A value beside its limit, as alarms write it: `voltage_v 58.5 (limit 58.4)`."""
_LOW: Final = re.compile(
    r"(?i)(?<![a-z])(?:low\w*|under\w*|below|min\w*|unter\w*|tief\w*|niedrig\w*|baj[ao]\w*|ll?)(?![a-z])"
)
"""What an alarm says of a limit that a value falls below."""


def priority(
    told: Iterable[Evidence],
    own: Sequence[Evidence],
    logged: Iterable[Evidence],
    remaining: Remaining,
    fault: Fault | None,
    alarms: Sequence[Evidence] = (),
    at: Collection[str] = (),
) -> tuple[Priority, str]:
    """The most urgent of what the facts say, and which of them says it; where nothing measured says it, that it is not known.

    own      facts of the whole machine that it is part of, with all parts of that
    logged   alarms that name it, in the words of a log
    alarms   the signals of the alarm, of whatever asset: the cause explains them
    at       what the order is of: urgency that is of another part of its machine says so
    """
    found: list[tuple[Priority, str]] = []
    beyond = [e for e in {e.id: e for e in (*own, *alarms)}.values() if is_beyond(e)]
    for e in beyond:
        other = _ELSEWHERE if at and e in own and e.component not in at else ""
        found.append((_of_alarm(e, fault), f"{_how_far(e)} [{e.id}]{_beside(e, own)}{other}"))
    for e in sorted(own, key=lambda e: -_highest(e)):  # of several bearings the worst tells
        zone = zone_of(e, own)
        if zone and (
            zone in "CD" or not beyond
        ):  # a good zone elsewhere does not speak for what stands beyond its limit
            other = _ELSEWHERE if at and e.component not in at else ""
            found.append(
                (_OF_ZONE[zone], f"vibration zone {zone} at {e.component}{_velocity(e)} [{e.id}]{other}")
            )
        elif e.kind in ("metric.limit", *ALERTS):
            found.append(("soon", f"a limit is reached [{e.id}]"))
    for e in logged:
        if (passed := _passed(e)) is not None:
            found.append(("soon", f"alarm limit passed: {passed['what']}, limit {passed['limit']} [{e.id}]"))
    for e in told:
        if str(e.values.get("severity")) in _OF_SEVERITY:
            found.append((_OF_SEVERITY[str(e.values["severity"])], f"size and rate of the change [{e.id}]"))
        if e.values.get("days_to_limit") == 0.0 == e.values.get("days_high"):
            found.append(("soon", f"its limit is passed [{e.id}]"))
        if e.kind == "signal.idle":
            found.append(("now", f"it does not run [{e.id}]"))
    worst = remaining.low_hours if remaining.low_hours is not None else remaining.hours
    if worst is not None:
        left: Priority = "now" if worst <= _NOW_H else "soon" if worst <= _SOON_H else "plan"
        found.append((left, f"at worst {worst:g} h are left [{remaining.fact}]"))
    if not found and (lost := _lost(told)):
        return lost
    if not found:
        return _usual(fault)
    return min(found, key=lambda f: _ORDER.index(f[0]))


def _lost(told: Iterable[Evidence]) -> tuple[Priority, str] | None:
    """How soon by the share that a machine gives less of what it moves, the largest first; None where no fact tells one."""
    shares = [(share, e) for e in told if (share := _share_lost(e)) > 0.0]
    if not shares:
        return None
    share, e = max(shares, key=lambda s: (s[0], s[1].id))
    name = str(e.values.get("channel") or e.aspect)
    soon = next(p for least, p in _OF_LOSS if share >= least)
    return soon, f"{name} of {e.component} is {100.0 * share:.0f} % lower than it should be [{e.id}]"


def _share_lost(e: Evidence) -> float:
    """Of what a machine moves the share that is missing, of its usual value; 0 where nothing is or no fact tells it."""
    usual, off = (v if isinstance(v := e.values.get(k), int | float) else 0.0 for k in ("usual", "off_by"))
    if e.kind != "signal.quantity" or e.aspect not in _MOVED or e.direction != "down" or usual <= 0.0:
        return 0.0
    return min(1.0, abs(off) / usual)


def _highest(e: Evidence) -> float:
    """The highest velocity of a zone's blocks, in mm/s; 0 of what is no zone."""
    value = e.values.get("highest", 0.0)
    return float(value) if e.kind == "vibration.zone" and isinstance(value, int | float) else 0.0


def _velocity(e: Evidence) -> str:
    before = e.values.get("baseline_velocity")
    usual = f", usually {text(float(before))}" if isinstance(before, int | float) else ""
    return f" ({text(_highest(e))} mm/s{usual})" if _highest(e) else ""


def _of_alarm(e: Evidence, fault: Fault | None) -> Priority:
    """How soon a signal beyond its alarm limit is seen to: by how far beyond it is, and by what kind of fault it is of."""
    limit, usual, now = (float(e.values[k]) for k in ("limit", "usual", "now"))
    if abs(now - usual) >= _FAR * abs(limit - usual) or (fault is not None and fault.urgency == "now"):
        return "now"
    return "soon"


def _how_far(e: Evidence) -> str:
    """How far beyond the alarm's limit its signal is, since when, and whether it goes on."""
    limit, usual, now = (float(e.values[k]) for k in ("limit", "usual", "now"))
    since = f" since {e.values['since']}" if e.values.get("since") else ""
    moves = f", {e.values['moves']}" if e.values.get("moves") else ""
    unit = str(e.values.get("unit", ""))
    reads, bound, was = (with_unit(v, unit) for v in (now, limit, usual))
    if abs(now) <= _DEAD * abs(usual):
        dead = "reads nothing:" if e.values.get("measures") == "pressure" else "is dead: it reads"
        return (
            f"{e.values.get('channel', 'the alarm')} of {e.component} {dead} {reads} (limit {bound}, usually"
            f" {was}){since}"
        )
    return (
        f"{e.values.get('channel', 'the alarm')} of {e.component} reads {reads}, {with_unit(abs(now - limit), unit)} beyond"
        f" the alarm's limit {bound} (usually {was}){since}{moves}"
    )


def _beside(beyond: Evidence, own: Sequence[Evidence]) -> str:
    """That vibration blocks of the same place show a good zone: another direction, or an instrument that does not agree."""
    good = next((e for e in own if e.component == beyond.component and zone_of(e, own) in ("A", "B")), None)
    if good is None:
        return ""
    zone, name = zone_of(good, own), good.values.get("channel", "its blocks")
    if not is_velocity(beyond):
        return f"; its velocity is in zone {zone} [{good.id}], which says nothing of that quantity"
    if not same_direction(beyond, good):
        return f"; {name} measures another direction, in which it is in zone {zone} [{good.id}]"
    return f", though its blocks show zone {zone} [{good.id}]: hold the two instruments against each other"


def alarms_of(evidence: Iterable[Evidence], names: Collection[str]) -> list[Evidence]:
    """Lines of a log that tell of a limit which was passed and hold one of the machine's names as a word."""
    held = re.compile("|".join(rf"(?<![\w-]){re.escape(n)}(?![\w-])" for n in sorted(names)) or r"(?!)")
    return [
        e
        for e in evidence
        if e.kind.startswith("log.") and _passed(e) is not None and held.search(e.statement)
    ]


def is_beyond(e: Evidence) -> bool:
    """Whether the signal of the alarm ends on the other side of its limit than it usually is."""
    told = [v for k in ("now", "usual", "limit") if isinstance(v := e.values.get(k), int | float)]
    if e.kind != ALARM_SIGNAL or len(told) < 3:
        return False
    now, usual, limit = told
    return (now - limit) * (usual - limit) < 0


def _passed(logged: Evidence) -> re.Match[str] | None:
    """The value beside its limit that a line tells, where it is beyond: above it, or below one that the line calls low."""
    found = _LIMIT.search(logged.statement)
    if found is None:
        return None
    value = re.search(r"-?\d+(?:[.,]\d+)?$", found["what"])
    assert value is not None  # the pattern ends in it
    shows, limit = (float(text.replace(",", ".")) for text in (value[0], found["limit"]))
    return found if (shows <= limit if _LOW.search(logged.statement) else shows >= limit) else None


def zone_of(e: Evidence, own: Iterable[Evidence]) -> str:
    """The zone that a fact tells; of a machine whose vibration rose that of its highest block, "" where none shows the rise."""
    zone = str(e.values.get("zone", "")) if e.kind == "vibration.zone" else ""
    if zone not in _OF_ZONE or zone in "CD" or not any(_rose(o, e.component) for o in own):
        return zone if zone in _OF_ZONE else ""
    highest, before = e.values.get("highest"), e.values.get("baseline_velocity")
    if not isinstance(highest, int | float) or not isinstance(before, int | float):
        return zone
    if highest < _SHOWN * before:
        return ""
    limits = [float(v) for v in str(e.values.get("limits", "")).split(", ") if v]
    return "ABCD"[sum(highest > limit for limit in limits[:3])]


def _rose(e: Evidence, component: str) -> bool:
    up = e.aspect == "vibration" and e.direction == "up" and e.kind.startswith(("metric.", "signal."))
    return up and e.component == component


def _usual(fault: Fault | None) -> tuple[Priority, str]:
    """That nothing measured says how bad it is, what would, and how soon such a fault is usually seen to."""
    if fault is None or not fault.urgency:
        return "unknown", UNMEASURED
    tell = f"; measure {fault.decides}" if fault.decides else ""
    return "unknown", f"{UNMEASURED}{tell}; as a rule such a fault is seen to {_RULE[fault.urgency]}"
