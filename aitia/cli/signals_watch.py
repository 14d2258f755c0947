"""`aitia signals watch`: alarms on signals while they come."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.tools.signals.feed import Feed
    from aitia.tools.signals.watch import Alarm, Watch
    from aitia.tools.sources.rows import Floats


def watch(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV with a time and numbers in each row, - for stdin, or a folder with exports and recordings.",
            metavar="CSV|FOLDER",
        ),
    ],
    reference: Annotated[
        str,
        typer.Option(
            help="Normal operation: the number of first rows, or a separate CSV.", metavar="ROWS|CSV"
        ),
    ] = "400",
    healthy: Annotated[
        str,
        typer.Option(
            help="Normal operation by its times, in place of --reference; alarms begin after it.",
            metavar="FROM..TO",
            show_default=False,
        ),
    ] = "",
    detector: Annotated[
        str,
        typer.Option(
            help="level (changes in any column), pattern (shapes of a single one), or a library's: pyod:ECOD, "
            "sklearn:IsolationForest, stumpy:stump, ruptures:rbf.",
            metavar="NAME",
        ),
    ] = "level",
    limit: Annotated[
        float,
        typer.Option(
            min=0.0,
            help="Higher values give fewer alarms; default 12, with pattern 3.",
            show_default=False,
        ),
    ] = 0.0,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Follow the file as it grows, until Ctrl-C.")
    ] = False,
    time: Annotated[str, typer.Option(help="The time column.", metavar="COLUMN", show_default=False)] = "",
    drop: Annotated[
        list[str] | None, typer.Option(help="A column to leave out (repeatable).", metavar="COLUMN")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Time zone for times without one.")] = "UTC",
    as_json: Json = False,
) -> None:
    """Tell of each change in a machine's signals as soon as it shows, with when it began and how sure that is."""
    from aitia.cli.logs_diff import zone_named
    from aitia.core.errors import BadInput
    from aitia.tools.signals.feed import Feed
    from aitia.tools.signals.watch import Watch

    zone = zone_named(timezone)
    if file != "-" and Path(file).is_dir():
        if follow or time or not reference.isdecimal():
            raise BadInput(
                "Leave out --follow, --time and a CSV as --reference: a folder is watched to its end."
            )
        _watch_folder(
            Path(file), detector, limit, int(reference), healthy, zone, timezone, drop or (), as_json=as_json
        )
        return
    with ExitStack() as stack:
        feed = Feed(_lines(file, stack, follow=follow), time=time, drop=drop or (), zone=zone)
        rows = int(reference) if reference.isdecimal() else 0
        seen = Watch(feed.channels, detector=detector, limit=limit, reference=rows or 400)
        watched: Iterable[tuple[float, Floats]] = feed
        if healthy:
            watched = _after_healthy(seen, feed, healthy, zone)
        elif not rows:
            _learn(seen, Path(reference), time=time, drop=drop or (), zone=zone)
        try:
            for at, row in watched:
                if alarm := seen.update(at, row):
                    _tell(alarm, as_json=as_json)
        except KeyboardInterrupt:
            pass  # the way to end it
    _sum_up(seen, feed, wanted=rows, as_json=as_json)


def _watch_folder(
    folder: Path, detector: str, limit: float, reference: int, healthy: str, zone: tzinfo, timezone: str, drop: Sequence[str],
    *, as_json: bool,
) -> None:  # fmt: skip
    """The alarms of all that a folder holds, by time, and what was watched."""
    from datetime import UTC, datetime

    from aitia.cli.console import note
    from aitia.cli.signals_watch_folder import folder_sources, watch_source
    from aitia.incoming import parse_healthy
    from aitia.render.text import clean, count

    span = parse_healthy(healthy, now=datetime.now(tz=UTC).astimezone(zone)).epoch if healthy else None
    watched = [
        (source, one)
        for source in folder_sources(folder, timezone)
        for one in watch_source(source, folder, detector=detector, limit=limit, reference=reference, healthy=span, drop=drop)
    ]  # fmt: skip
    for alarm in sorted((a for _, one in watched for a in one.alarms), key=lambda a: (a.at, a.channel)):
        _tell(alarm, as_json=as_json)
    for source, one in watched:
        if as_json:
            _put(
                {
                    "watched": {
                        "source": source.name,
                        "component": one.component,
                        "rows": one.rows,
                        "alarms": len(one.alarms),
                        "note": one.note,
                    }
                }
            )
            continue
        noun = "recording" if source.kind == "signals" else "row"
        said = f"{source.name}, {one.component or 'all'}: {count(one.rows, noun)}, {count(len(one.alarms), 'alarm')}"
        note(clean(f"{said}; {one.note}" if one.note else said))


def _lines(file: str, stack: ExitStack, *, follow: bool) -> Iterator[str]:
    from aitia.core.errors import BadInput
    from aitia.tools.signals.feed import followed, lines_of

    if file == "-":
        return lines_of(sys.stdin.buffer)
    path = Path(file)
    if not path.is_file():
        raise BadInput(f"{file!r} does not exist. Give a CSV file, or - for stdin.")
    held = stack.enter_context(_readable(path))
    return followed(path) if follow else lines_of(held)


def _readable(path: Path) -> BinaryIO:
    from aitia.core.errors import BadInput

    try:
        return path.open("rb")
    except OSError as error:
        raise BadInput(
            f"Cannot read {str(path)!r} ({error.strerror or error}). Check the path and its permissions."
        ) from None


def _learn(seen: Watch, path: Path, *, time: str, drop: Sequence[str], zone: tzinfo) -> None:
    """The reference of a file of its own, its columns in the order of those that are watched."""
    import numpy as np

    from aitia.core.errors import BadInput
    from aitia.tools.signals.feed import Feed, lines_of

    if not path.is_file():
        raise BadInput(f"Set --reference to a number of rows or a CSV file that exists, not {str(path)!r}.")
    with _readable(path) as file:
        known = Feed(lines_of(file), time=time, drop=drop, zone=zone)
        lacking = [c for c in seen.channels if c not in known.channels]
        if lacking:
            raise BadInput(
                f"{str(path)!r} does not have these columns: {', '.join(lacking)[:300]}. Leave them out with "
                "--drop."
            )
        order = [known.channels.index(c) for c in seen.channels]
        rows = [(at, row[order]) for at, row in known]
    seen.learn(np.array([at for at, _ in rows]), np.array([row for _, row in rows]).reshape(-1, len(order)))


def _after_healthy(seen: Watch, feed: Feed, healthy: str, zone: tzinfo) -> Iterator[tuple[float, Floats]]:
    """The rows after a healthy period, once its own have been learned. Raises BadInput where it has none."""
    from datetime import UTC, datetime

    import numpy as np

    from aitia.core.errors import BadInput
    from aitia.incoming import parse_healthy

    start, end = parse_healthy(healthy, now=datetime.now(tz=UTC).astimezone(zone)).epoch
    known: list[tuple[float, Floats]] = []
    learned = False
    for at, row in feed:
        if at < start:
            continue
        if at < end:
            known.append((at, row))
            continue
        if not learned:
            if not known:
                break
            seen.learn(np.array([t for t, _ in known]), np.array([r for _, r in known]))
            learned = True
        yield at, row
    if not learned:
        raise BadInput(
            f"No row lies after a row of the healthy period {healthy!r}. Give --healthy a period that the file holds, "
            "with rows after it."
        )


def _tell(alarm: Alarm, *, as_json: bool) -> None:
    from aitia.render.text import clean, duration

    if as_json:
        _put({"alarm": _plain(vars(alarm) | {"at": _iso(alarm.at), "onset": _iso(alarm.onset)})})
        return
    moved = {"up": "rose", "down": "fell", "changed": "left its usual pattern"}[alarm.direction]
    levels = _levels(alarm.before, alarm.since) if alarm.direction != "changed" else ""
    within = duration(alarm.error_s)
    line = f"{_iso(alarm.at)}  {alarm.channel} {moved}{levels}, since {_iso(alarm.onset)} within {within}"
    print(clean(line), flush=True)


def _levels(before: float, since: float) -> str:
    """Both levels, to the digits in which they differ; "" where one is not known."""
    if math.isnan(before + since) or before == since:
        return ""
    digits = min(12, max(0, 1 - math.floor(math.log10(abs(since - before)))))
    return f" from {before:.{digits}f} to {since:.{digits}f}"


def _sum_up(seen: Watch, feed: Feed, *, wanted: int, as_json: bool) -> None:
    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.render.text import count, duration

    left_out = {why: {"rows": n, "first_line": first} for why, (n, first) in feed.bad.items()}
    missing = {c: int(n) for c, n in zip(seen.channels, seen.missing, strict=True) if n}
    if left_out and not seen.rows:
        whys = "; ".join(
            f"{count(s['rows'], 'row')} with {why} (first in line {s['first_line']})"
            for why, s in left_out.items()
        )
        raise BadInput(
            f"No row could be read: {whys}. Each row needs one time and numbers with a decimal point, one "
            "column per signal."
        )
    if as_json:
        told = {"rows": seen.rows, "alarms": seen.alarms, "learned": seen.ready, "left_out": left_out, "missing": missing,
                "cells_not_numbers": {"cells": feed.words[0], "first_line": feed.words[1]} if feed.words[0] else {},
                "gaps": seen.gaps, "longest_gap_s": seen.longest_gap_s,
                "first": _iso(seen.first), "last": _iso(seen.last)}  # fmt: skip
        _put({"summary": told})
        return
    note(
        f"{count(seen.rows, 'row')} from {_iso(seen.first) or '-'} to {_iso(seen.last) or '-'}, {count(seen.alarms, 'alarm')}"
    )
    if not seen.ready:
        note(f"nothing was watched: fewer rows came than the {wanted} of --reference")
    for why, said in left_out.items():
        note(f"left out: {count(said['rows'], 'row')} with {why} (first in line {said['first_line']})")
    if feed.words[0]:
        note(
            f"read as missing: {count(feed.words[0], 'cell')} that no number fills (first in line {feed.words[1]})"
        )
    if missing:
        note("missing values: " + ", ".join(f"{n} of {c}" for c, n in missing.items()))
    if seen.gaps:
        note(f"{count(seen.gaps, 'gap')}, the longest {duration(seen.longest_gap_s)}")


def _put(value: dict[str, Any]) -> None:
    """One JSON value a line, as soon as it is known."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """NaN, which JSON does not have, as null."""
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in values.items()}


def _iso(at: float) -> str:
    """UTC to the second, to the millisecond where it has a part of one; "" for no time."""
    from aitia.core.words import from_epoch

    if math.isnan(at):
        return ""
    moment = from_epoch(at)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond >= 1000 else "seconds").replace(
        "+00:00", "Z"
    )
