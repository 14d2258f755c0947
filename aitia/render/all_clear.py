"""What a plant's report says where nothing is ordered: why, what else it could be, and what to tell whoever reported it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aitia.agent.first_look import explained_by, may_be_all
from aitia.agent.weigher import Weighed
from aitia.core.percent import chance
from aitia.core.words import Evidence, Report
from aitia.render import text as t
from aitia.tools.series.numbers import with_unit
from aitia.tools.signals.measures import MEASURES
from aitia.tools.signals.quantities import named_aspect

_NO_FAULT: Final = "no fault was found, and no signal departs by enough to send somebody"
_TOO_LITTLE: Final = (
    "no signal departs by enough to send somebody; ask whoever reported it what was seen, and look again"
    " after the next shift"
)
_TOLD: Final = 0.02  # probability from which on what else it could be is told; by hand
_MOST: Final = 4
_QUANTITY: Final = re.compile(r"(?i)\b(pressure|flow|temperature|level|voltage|vibration|current|power)\b")


def nothing_to_order(report: Report) -> Iterator[tuple[str, str]]:
    """Why nothing is ordered, what the rest of the probability is, and what to tell whoever reported it."""
    weighed = Weighed(verdict=report.verdict, probability=report.probability, suspects=report.suspects)
    if told := explained_by(weighed):
        yield "order", f"nothing to order: {told}"
        yield "check", "ask the control room whether that set-point was meant"
    elif report.verdict == "healthy":
        yield "order", f"nothing to order: {_NO_FAULT}"
    else:
        yield "order", f"nothing to order: {_TOO_LITTLE}"
    yield from to_ask(report)
    yield from rest_of(report)
    if report.verdict == "healthy":
        yield "tell", _to_tell(report)


def to_ask(report: Report) -> Iterator[tuple[str, str]]:
    """Of an open verdict: whom to ask first, where a journal tells of what may be all that happened."""
    weighed = Weighed(verdict=report.verdict, probability=report.probability, suspects=report.suspects)
    if told := may_be_all(weighed):
        yield "ask first", f"the control room whether that was meant, which may be all: {told}"


def rest_of(report: Report) -> Iterator[tuple[str, str]]:
    """Of a verdict that nothing is wrong: what the rest of the probability is."""
    if report.verdict != "healthy":
        return
    others = [s for s in report.suspects if s.fault != "healthy" and s.probability >= _TOLD]
    named = [
        f"{chance(s.probability)} {f'{t.clean(s.component)}, {t.clean(s.fault)}' if s.component else t.NOT_VISIBLE}"
        for s in others[:_MOST]
    ]
    if named:
        yield f"other {chance(1.0 - report.probability)}", "; ".join(named)


def _to_tell(report: Report) -> str:
    """What whoever reported it can be told: what was looked at of the quantity that the report names, and what was not."""
    asked = _QUANTITY.search(f"{report.incident.title} {report.incident.text}")
    quiet = [e for e in report.evidence if e.kind.endswith(".quiet")]
    if asked:
        quantity = asked[1].casefold()
        quiet = [e for e in quiet if _measures(e, quantity)]
    places = sorted({e.component for e in quiet if e.component})
    what = f"{asked[1].casefold()} " if asked else ""
    where = (
        "ask where and since when it is noticed: at a place without an instrument a fault would not show here"
    )
    if not places:
        return f"no {what}signal of it was looked at; {where}"
    named = ", ".join(places[:_MOST]) + (f" and {len(places) - _MOST} more" if len(places) > _MOST else "")
    return f"the {what}signals at {t.clean(named)} are as they always were; {where}"


def _measures(fact: Evidence, quantity: str) -> bool:
    own = named_aspect(str(fact.values.get("channel") or fact.values.get("metric") or ""))
    listed = str(fact.values.get(MEASURES, "")).split(", ")
    return quantity in (own, *listed) or named_aspect(f"{fact.component}.PV") == quantity


def until_empty(report: Report, alarm: Evidence) -> str:
    """When a level that falls reads nothing at its rate; "" where it does not fall steadily."""
    name, now = alarm.values.get("channel"), alarm.values.get("now")
    level = "level" in (named_aspect(str(name)), *str(alarm.values.get(MEASURES, "")).split(", "))
    for e in report.evidence:
        slope = e.values.get("slope_per_min")
        if (
            e.kind != "metric.trend"
            or e.component != alarm.component
            or e.values.get("metric") != name
            or not level
        ):
            continue
        if isinstance(slope, int | float) and isinstance(now, int | float) and slope < 0 < now:
            unit = str(alarm.values.get("unit", ""))
            rate = with_unit(60.0 * slope, t.clean(unit))
            return f"; at its rate ({rate} an hour) it reads 0 in about {now / -slope / 60.0:.0f} h [{e.id}]"
    return ""
