"""Facts of an asset by physics, not by its usual levels: heat transferred and pressure lost at like flows, balances, twins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypedDict

from aitia.core.words import Direction, Evidence, Scalar, SourceRef, Window, from_epoch
from aitia.tools.series.numbers import sig3
from aitia.tools.signals.condition.exchangers import Exchanger, Signal, aspect_of_signal, exchangers
from aitia.tools.signals.condition.head import Head, head, is_pump
from aitia.tools.signals.condition.hindered import Hindered, hindered
from aitia.tools.signals.condition.like_flow import Course
from aitia.tools.signals.condition.seat import Seat, is_valve, seat
from aitia.tools.signals.condition.transfer import Transfer, Wronged, transfer
from aitia.tools.signals.condition.twins import Parted, parted

TRANSFER: Final = "heat transfer"
HEAD: Final = "head"
"""What the relations are called that no instrument shows."""
LIKE_FLOW: Final = "at like flow"
LIKE_POSITION: Final = "at like position"
"""How a fact is described that holds a relation at like flow: faults are told by it (agent/taxonomy_machines.yaml)."""
_PER_MONTH: Final = 0.05  # false alarms of one relation; by hand: a tenth of an asset's
_STRENGTH: Final = 0.9  # at most, as of what an asset's own levels tell
_STEADY: Final = 0.7
_MOST_FLOWS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Physical:
    """What physics tells of an asset; `wrong` the points (asset, point) whose readings are no process."""

    facts: tuple[Evidence, ...] = ()
    wrong: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The signals of one asset and of those beside it by `asset: point`; `called` are its other names."""

    asset: str
    own: Mapping[str, Signal]
    linked: Mapping[str, Signal] = field(default_factory=dict)
    called: str = ""

    def place(self, name: str) -> tuple[str, str]:
        """Asset and point of a signal's name here."""
        if name in self.own:
            return self.asset, name
        asset, _, point = name.partition(": ")
        return asset, point


def physical(
    seen: Neighbours, departed: frozenset[tuple[str, str]], *, healthy: tuple[float, float] | None, window: Window, until: float,
    source: str,
) -> Physical:  # fmt: skip
    """The facts. `departed`: points whose own levels left theirs; of two twins that part the one that did is wrong."""
    look = _Look(
        seen, departed, _When(healthy=healthy, now=until, per_month=_PER_MONTH), _Told(seen, window, source)
    )
    look.twins()
    look.exchangers()
    look.drops()
    look.curve()
    look.seat()
    return Physical(facts=tuple(look.facts), wrong=frozenset(look.wrong))


class _When(TypedDict):
    """Against what is held: see `like_flow.Rows`; `now` in epoch s."""

    healthy: tuple[float, float] | None
    now: float
    per_month: float


class _Look:
    """One look at an asset: what is wrong by it is left out of what follows."""

    def __init__(
        self, seen: Neighbours, departed: frozenset[tuple[str, str]], when: _When, told: _Told
    ) -> None:
        self._seen, self._departed, self._when, self._told = seen, departed, when, told
        self.facts: list[Evidence] = []
        self.wrong: set[tuple[str, str]] = set()
        flows = [n for n, s in seen.own.items() if aspect_of_signal(s) == "flow"]
        flows += sorted(n for n, s in seen.linked.items() if aspect_of_signal(s) == "flow")
        self._flows = flows[:_MOST_FLOWS]
        self._known = {**seen.linked, **seen.own}

    def twins(self) -> None:
        """Instruments that left what another asset shows as well."""
        place = self._seen.place
        others = {n: s for n, s in self._seen.linked.items() if aspect_of_signal(s) != "flow"}
        for one in parted(self._seen.own, others, **self._when):
            if place(one.point) in self._departed and place(one.twin) not in self._departed:
                self.facts.append(self._told.parted(one))
                self.wrong.add(place(one.point))

    def exchangers(self) -> None:
        """Heat transferred, and the instruments that open a heat balance."""
        beside = {n: self._known[n] for n in self._flows if n in self._seen.linked}
        for exchanger in exchangers(self._seen.own, self._seen.asset, beside):
            if {self._seen.place(n) for n in exchanger.signals} & self.wrong:
                continue
            one = transfer(exchanger, self._known, self._flows, **self._when)
            if one is None:
                continue
            at_fault = self._at_fault(one)
            if at_fault is not None and one.balance is not None:
                self.facts.append(self._told.wrong(at_fault, one.balance))
                self.wrong.add(self._seen.place(at_fault.point))
            elif one.fouled or one.as_it_was:
                self.facts.append(self._told.transfer(one))

    def _at_fault(self, one: Transfer) -> Wronged | None:
        """The only instrument that may have opened the balance, else the only one of them whose own level left."""
        left = tuple(w for w in one.wrong if self._seen.place(w.point) in self._departed)
        return next((some[0] for some in (one.wrong, left) if len(some) == 1), None)

    def drops(self) -> None:
        """Pressure lost at like flow."""
        for point in sorted(n for n, s in self._seen.own.items() if aspect_of_signal(s) == "pressure_drop"):
            one = hindered(point, self._flows, self._known, **self._when)
            if one is not None and (one.blocked or one.as_it_was):
                self.facts.append(self._told.hindered(one))

    def curve(self) -> None:
        """The head of a pump at like flow."""
        if is_pump(self._seen.asset, self._seen.called):
            right = {n: s for n, s in self._seen.own.items() if self._seen.place(n) not in self.wrong}
            one = head(right, **self._when)
            if one is not None and (one.worn or one.as_it_was):
                self.facts.append(self._told.head(one))

    def seat(self) -> None:
        """The flow of a valve at like position."""
        if is_valve(self._seen.asset, self._seen.called):
            right = {n: s for n, s in self._seen.own.items() if self._seen.place(n) not in self.wrong}
            one = seat(right, **self._when)
            if one is not None and (one.passes or one.as_it_was):
                self.facts.append(self._told.seat(one))


class _Told:
    """Facts about one asset."""

    def __init__(self, seen: Neighbours, window: Window, source: str) -> None:
        self._seen, self._window, self._source = seen, window, source

    def transfer(self, one: Transfer) -> Evidence:
        """That less heat is transferred at like flows, or as much."""
        of = f"{TRANSFER} ({_called(self._seen, one.exchanger)})"
        closes = "; its heat balance closes as before" if one.balance is not None else ""
        if one.fouled:
            said = (
                f"{of} has fallen to {_percent(one.ua)} % at like flows since {_day(one.ua.onset)}{closes}."
            )
            return self._gone(one.ua, TRANSFER, "efficiency", "down", said)
        return self._steady(
            TRANSFER, "efficiency", f"{of} is what it was at like flows ({_percent(one.ua)} %){closes}."
        )

    def hindered(self, one: Hindered) -> Evidence:
        """That more pressure is lost at like flow, or as much."""
        by = f"{one.point} at like flow ({one.flow.replace(': ', ' ')})"
        if one.blocked:
            said = f"{by} has risen to {_percent(one.course)} % since {_day(one.course.onset)}."
            return self._gone(one.course, one.point, "pressure_drop", "up", said)
        return self._steady(one.point, "pressure_drop", f"{by} is what it was ({_percent(one.course)} %).")

    def head(self, one: Head) -> Evidence:
        """That a pump gives less head at like flow, or as much."""
        by = f"{one.discharge} less {one.suction}" if one.suction else one.discharge
        of = f"{HEAD} ({by}) at like flow ({one.flow})"
        if one.worn:
            said = f"{of} has fallen to {_percent(one.course)} % since {_day(one.course.onset)}."
            return self._gone(one.course, HEAD, "efficiency", "down", said)
        return self._steady(HEAD, "efficiency", f"{of} is what it was ({_percent(one.course)} %).")

    def seat(self, one: Seat) -> Evidence:
        """That more flows through a valve at like position, or as much."""
        of, off = f"{one.flow} at like position ({one.position})", 100.0 * one.course.off
        if one.passes:
            said = f"{of} is more by {off:.0f} % of its largest flow since {_day(one.course.onset)}."
            return self._gone(one.course, one.flow, "flow", "up", said, LIKE_POSITION)
        return self._steady(one.flow, "flow", f"{of} is what it was.")

    def wrong(self, one: Wronged, balance: Course) -> Evidence:
        """That an instrument opens the heat balance."""
        asset, point = self._seen.place(one.point)
        why = "with it put right the heat balance closes and as much heat is transferred as before"
        return self._instrument(asset, point, one.off, balance, why)

    def parted(self, one: Parted) -> Evidence:
        """That an instrument left its twin."""
        asset, point = self._seen.place(one.twin)
        why = f"it showed what {point} of {asset} shows, which stayed"
        return self._instrument(self._seen.asset, one.point, one.off, one.course, why)

    def _instrument(self, asset: str, point: str, off: float, course: Course, why: str) -> Evidence:
        key = point if asset == self._seen.asset else f"{asset}: {point}"
        unit = {**self._seen.linked, **self._seen.own}[key].unit
        drifts = course.shape == "trend"
        by = f"{sig3(abs(off)):g} {unit}".rstrip()
        reads = f"it reads {by} too {'high' if off > 0 else 'low'} now"
        said = f"instrument {point} {'drifts' if drifts else 'reads wrong'} since {_day(course.onset)}, {reads}: {why}."
        return self._made(
            asset, "condition.drift" if drifts else "condition.bias", "pattern.drift" if drifts else "pattern.offset",
            f"{asset}: {said}", {"channel": point, "off_by": sig3(abs(off)), "times_threshold": sig3(course.times)},
            course, "up" if off > 0 else "down", _sure(course), unit,
        )  # fmt: skip

    def _gone(
        self, course: Course, channel: str, aspect: str, way: Direction, said: str, like: str = LIKE_FLOW
    ) -> Evidence:
        values: dict[str, Scalar] = {
            "channel": channel, "percent": _percent(course), "times_threshold": sig3(course.times), "severity": "plan",
            "described": like,
        }  # fmt: skip
        kind = f"condition.{course.shape}"
        return self._made(
            self._seen.asset, kind, aspect, f"{self._seen.asset}: {said}", values, course, way, _sure(course)
        )

    def _steady(self, channel: str, aspect: str, said: str) -> Evidence:
        return self._made(
            self._seen.asset, "signal.quiet", aspect, f"{self._seen.asset}: {said}", {"channel": channel}, None, "steady", _STEADY
        )  # fmt: skip

    def _made(
        self, asset: str, kind: str, aspect: str, said: str, values: Mapping[str, Scalar], course: Course | None,
        way: Direction, strength: float, unit: str = "",
    ) -> Evidence:  # fmt: skip
        onset = (
            {}
            if course is None
            else {"onset": from_epoch(course.onset), "onset_error_s": round(course.error_s, 1)}
        )
        return Evidence(
            component=asset, kind=kind, aspect=aspect, statement=said,
            values={**values, "by": "physics"}, unit=unit, window=self._window,
            direction=way, strength=round(strength, 3),
            source=SourceRef(source=self._source, query=f"heat, pressure drop and twins of {self._seen.asset}"), **onset,
        )  # fmt: skip


def _sure(course: Course) -> float:
    return _STRENGTH * min(0.99, 1.0 - math.pow(0.5, course.times))


def _percent(course: Course) -> float:
    return float(sig3(100.0 * course.share))


def _called(seen: Neighbours, one: Exchanger) -> str:
    """The exchanger by its temperatures."""
    ends: Sequence[str] = [f"{s.inlet} to {s.outlet}" for s in one.streams]
    return " against ".join([*ends, *([one.phase] if one.phase else [])])


def _day(epoch: float) -> str:
    return f"{from_epoch(epoch):%Y-%m-%d %H:%M} UTC"
