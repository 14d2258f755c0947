"""What `aitia logs watch` shows: an alarm a line, and a summary at the end."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aitia.tools.logs.watching import Alarm, Changed, Watcher
    from aitia.tools.logs.watching.stream import Stream


def stands(watcher: Watcher) -> str:
    """Where a watcher stands, and since when."""
    return f"{watcher.component}: {f'{_clock(watcher.since)}  ' if watcher.since else ''}{watcher.stands()}"


def put(alarm: Alarm, *, as_json: bool) -> None:
    """An alarm as a line, or as a JSON object on one."""
    from aitia.render.text import clean, clip, duration

    if as_json:
        print(json.dumps(told(alarm), ensure_ascii=False), flush=True)
        return
    onset = alarm.onset
    began = f"{_clock(onset.likeliest)} ({_clock(onset.earliest, short=True)} to {_clock(onset.latest, short=True)})"
    what = "; ".join(_change(c, clip(clean(c.kind.text), 120)) for c in alarm.changes[:3]) or alarm.statistic
    days = alarm.by_chance_s / 86400
    chance = f"by chance at most once in {f'{days:,.0f} days' if days > 2 else duration(alarm.by_chance_s)}"
    print(clean(f"{_clock(alarm.at)}  {alarm.component}  since {began}, {chance}: {what}"), flush=True)


def told(alarm: Alarm) -> dict[str, Any]:
    """An alarm as plain data."""
    return {
        "kind": "alarm",
        "component": alarm.component,
        "at": _iso(alarm.at),
        "onset": {name: _iso(at) for name, at in asdict(alarm.onset).items()},
        "statistic": alarm.statistic,
        "evidence_bits": round(math.log2(alarm.evidence), 1),
        "by_chance_s": round(alarm.by_chance_s),
        "changes": [
            {
                "what": c.what,
                "template": c.kind.text,
                "level": c.kind.level,
                "lines": c.lines,
                "expected": round(c.expected, 2),
            }
            for c in alarm.changes
        ],
    }


def _change(change: Changed, text: str) -> str:
    level = f"[{change.kind.level}] " if change.kind.level else ""
    name = f'{level}"{text}"' if text else "all lines"
    if change.what == "new":
        return f"{name} is new ({change.lines:,} lines)"
    if change.what == "vanished":
        return f"{name} vanished (about {change.expected:,.1f} lines were expected)"
    return f"{name} {'rose' if change.what == 'surge' else 'fell'} to {change.lines:,} lines from {change.expected:,.1f}"


def summary(stream: Stream, *, as_json: bool) -> None:
    """What was watched, at the end."""
    from aitia.cli.console import note

    watcher, clock = stream.watcher, stream.watcher.clock
    notes = [*stream.notes(), *stream.skipped.say()]
    facts = {
        "kind": "summary",
        "component": watcher.component,
        "records": watcher.records,
        "until": _iso(clock.now) if watcher.records else "",
        "phase": watcher.phase,
        "normal_cells": len(watcher.normal),
        "alarms": watcher.alarms,
        "notes": notes,
    }
    if as_json:
        print(json.dumps(facts, ensure_ascii=False), flush=True)
        return
    until = f" until {_clock(clock.now)}" if watcher.records else ""
    alarms = f"{watcher.alarms} {'alarm' if watcher.alarms == 1 else 'alarms'}"
    note(f"{watcher.component}: {watcher.records:,} records{until}, {alarms}; {watcher.stands()}")
    for line in notes:
        note(line)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clock(at: float, *, short: bool = False) -> str:
    return f"{datetime.fromtimestamp(at, tz=UTC):{'%H:%M:%S' if short else '%Y-%m-%d %H:%M:%S'}}"
