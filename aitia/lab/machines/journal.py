"""The control room: limits that trip, the journal with the habits of its operators, and work orders."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aitia.lab.machines.case import DAY_S, Case, Floats, Happening
from aitia.lab.machines.historian import Style, iso
from aitia.lab.machines.sensors import Tag


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A limit of one point, by `component` and `name` of its tag, and what the control room reads when it trips."""

    component: str
    name: str
    words: str
    above: float | None = None
    below: float | None = None
    hold_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Tripped:
    """An alarm that came, and when it went again (none: it stands)."""

    at: float
    until: float | None
    alarm: Alarm
    value: float


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a site writes: lines of its journal, names of its people, and the file of its work orders.

    `line` has the fields time, level, component, text; `orders` is a `.jsonl` or a CSV with the columns that follow.
    """

    journal: str
    line: str
    raised: str = "{words} ({name} = {value:g}, limit {limit:g})"
    cleared: str = "{words}: back to normal"
    acknowledged: str = "alarm acknowledged, {who}"
    levels: tuple[str, str] = ("INFO", "ALARM")
    people: tuple[str, ...] = ("HM", "JK", "ST")
    orders: str = "workorders.jsonl"
    columns: tuple[str, str, str] = ("start", "asset", "text")


def trips(alarms: Sequence[Alarm], readings: Mapping[Tag, Floats], case: Case) -> list[Tripped]:
    """Every time that a limit was passed for as long as its rule asks for, in the order of time."""
    by_name = {(tag.component, tag.name): values for tag, values in readings.items()}
    found = []
    for alarm in alarms:
        values = by_name[alarm.component, alarm.name]
        over = np.nan_to_num(values, nan=0.0) > alarm.above if alarm.above is not None else np.zeros(0)
        if alarm.below is not None:
            over = np.nan_to_num(values, nan=np.inf) < alarm.below
        steps = max(1, round(alarm.hold_s / case.span.step_s))
        padded = np.concatenate([[False], over, [False]]).astype(int)
        begins, ends = np.flatnonzero(np.diff(padded) == 1), np.flatnonzero(np.diff(padded) == -1)
        for first, last in zip(begins, ends, strict=True):
            if last - first >= steps:
                at = float(case.t[first + steps - 1])
                until = float(case.t[last]) if last < case.t.size else None
                found.append(Tripped(at=at, until=until, alarm=alarm, value=float(values[first + steps - 1])))
    return sorted(found, key=lambda trip: trip.at)


def write_journal(
    out: Path, habits: Habits, style: Style, case: Case, tripped: Sequence[Tripped],
    journal: Sequence[Happening], now: float,
) -> None:  # fmt: skip
    """Alarms with their acknowledgements, what operators and controllers wrote down, and each shift's hand-over."""
    rng = case.rng("people")
    rows: list[tuple[float, str, str, str]] = []
    for trip in tripped:
        alarm = trip.alarm
        limit = alarm.above if alarm.above is not None else alarm.below
        words = {"words": alarm.words, "name": alarm.name, "value": trip.value, "limit": limit}
        rows.append((trip.at, habits.levels[1], alarm.component, habits.raised.format(**words)))
        who = str(rng.choice(habits.people))
        seen = trip.at + float(rng.uniform(20, 400))
        rows.append((seen, habits.levels[0], alarm.component, habits.acknowledged.format(who=who, **words)))
        if trip.until is not None:
            rows.append((trip.until, habits.levels[0], alarm.component, habits.cleared.format(**words)))
    rows += [(h.at, habits.levels[0], h.component, h.text) for h in journal]
    folder = out / "logs"
    folder.mkdir()
    lines = (
        habits.line.format(time=style.clock(at), level=level, component=component, text=text)
        for at, level, component, text in sorted(rows)
        if case.start <= at <= now
    )
    (folder / habits.journal).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_orders(
    out: Path, habits: Habits, style: Style, case: Case, orders: Sequence[Happening],
    routine: Sequence[tuple[str, str]], now: float,
) -> dict[str, Any]:  # fmt: skip
    """Work orders: routine ones over the past weeks, and those of this recording. Returns their source."""
    rng = case.rng("orders")
    past = [
        Happening(at=case.start - float(rng.uniform(1, 60)) * DAY_S, component=component, text=text)
        for component, text in routine
    ]
    kept = sorted((h for h in (*past, *orders) if h.at <= now), key=lambda h: h.at)
    source: dict[str, Any] = {
        "name": "work-orders", "kind": "maintenance", "type": "maintenance", "path": habits.orders
    }  # fmt: skip
    numbers = [f"{40_000 + case.order.seed % 900 * 10 + i}" for i in range(len(kept))]
    if habits.orders.endswith(".jsonl"):
        text = "".join(
            json.dumps(
                {"at": iso(h.at), "component": h.component, "kind": "maintenance", "text": f"WO {n} {h.text}"},
                ensure_ascii=False,
            ) + "\n"
            for n, h in zip(numbers, kept, strict=True)
        )  # fmt: skip
    else:
        held = io.StringIO()
        table = csv.writer(held, delimiter=style.delimiter, lineterminator="\n")
        table.writerow(habits.columns)
        for n, h in zip(numbers, kept, strict=True):
            table.writerow((style.clock(h.at), h.component, f"{n} {h.text}"))
        text = held.getvalue()
        if style.zone != "UTC":
            source["options"] = {"timezone": style.zone}
    (out / habits.orders).write_text(text, encoding="utf-8")
    return source
