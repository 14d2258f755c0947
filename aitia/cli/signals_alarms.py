"""`aitia signals alarms`: what a log of alarms says of the alarm system, after ISA-18.2."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.tools.alarms.isa18 import AlarmReport

MOST_ROWS = 10  # of each list that is printed


def alarms(
    path: Annotated[
        Path,
        typer.Argument(
            help="An alarm log as the control system exports it (CSV), or a folder.", metavar="FILE"
        ),
    ],
    timezone: Annotated[str, typer.Option(help="Time zone for times without one.")] = "UTC",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Look from this moment; default: the last entry.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Alarm floods, chattering, standing and stale alarms and the worst ones of an alarm log, after ISA-18.2."""
    from aitia.cli.console import note, print_json
    from aitia.core.config import SourceConfig
    from aitia.core.errors import BadInput
    from aitia.core.words import Window, from_epoch
    from aitia.incoming import parse_moment
    from aitia.tools.alarms.isa18 import report, returns_seen
    from aitia.tools.sources.alarms.alarm_log import AlarmLog

    source = SourceConfig(
        name="alarms", kind="alarms", type="alarm_log", path=str(path), options={"timezone": timezone}
    )
    log, now = AlarmLog(source, Path.cwd()), datetime.now(UTC)
    end = parse_moment(at, now=now, option="--at") if at else None
    window = Window(start=from_epoch(0), end=from_epoch((end or now).timestamp() + 1))
    held, events = log.describe(window), log.events(window)
    for said in filter(None, (held.guessed, held.note)):
        note(said)
    told = report(events, end or events[-1].at) if events else None
    if told is None:
        raise BadInput(f"No alarm came in {str(path)!r}. Check its times, or give another file.")
    if as_json:
        print_json(told.model_dump(mode="json"))
        return
    if not returns_seen(events):
        note("the log has no returns: what stands cannot be told")
        told = told.model_copy(update={"standing": ()})
    _print(told)


def _print(told: AlarmReport) -> None:
    from aitia.core.percent import percent
    from aitia.render.text import clean, count

    of = f" of {count(len(told.consoles), 'console')}" if len(told.consoles) > 1 else ""
    lines = [
        f"{count(told.alarms, 'alarm')}{of} from {told.start:%Y-%m-%d %H:%M} to {told.end:%Y-%m-%d %H:%M} UTC",
        f"rate       {told.mean_in_10_min:.2g} in 10 min on average (ISA-18.2: about 1 is acceptable, 2 manageable), at most"
        f" {told.most_in_10_min}; {percent(told.in_flood)} of the time in flood",
    ]
    for flood in told.floods[:MOST_ROWS]:
        until = f"{flood.end:%H:%M:%S}" if flood.end else "not over"
        who = f" {flood.console}" if flood.console else ""
        lines.append(
            f"flood{who}      {flood.start:%Y-%m-%d %H:%M:%S} to {until}: {flood.alarms} alarms, {flood.most_in_10_min}"
            f" in 10 min, first {flood.first_alarm}"
        )
    lines += _more(len(told.floods), "floods")
    lines += [
        f"chattering {c.alarm}: {c.times} times, {c.most_in_a_minute} within a minute"
        for c in told.chattering[:MOST_ROWS]
    ]
    lines += _more(len(told.chattering), "chattering alarms")
    for standing in told.standing[:MOST_ROWS]:
        how = "stale" if standing.stale else "standing"
        acked = "acknowledged" if standing.acknowledged else "unacknowledged"
        lines.append(f"{how:<10} {standing.alarm}: since {standing.since:%Y-%m-%d %H:%M:%S}, {acked}")
    lines += _more(len(told.standing), "standing alarms")
    lines += [f"bad actor  {b.alarm}: {b.times} times, {percent(b.share)} of all" for b in told.bad_actors]
    for line in lines:
        print(clean(line))


def _more(found: int, what: str) -> list[str]:
    return [f"           {found - MOST_ROWS} more {what} (--json lists all)"] if found > MOST_ROWS else []
