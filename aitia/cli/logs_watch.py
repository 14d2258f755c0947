"""`aitia logs watch`: alarms while a log grows."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.logs_diff import Zone, near_of, zone_named

if TYPE_CHECKING:
    from aitia.tools.logs.watching import Settings, Watcher
    from aitia.tools.logs.watching.stream import Stream
    from aitia.tools.text.reading import Skipped

Paths = Annotated[list[str], typer.Argument(help="Growing log files, or - for stdin.", metavar="PATH...")]
Reference = Annotated[
    str,
    typer.Option(
        "--reference",
        metavar="FILE|DURATION",
        help="The baseline: a log (file, folder, glob), or how much of the beginning to use, such as 2h.",
    ),
]
Cell = Annotated[
    str, typer.Option("--cell", metavar="DURATION", help="Length of the cells in which lines are counted.")
]
Every = Annotated[
    str,
    typer.Option(
        "--false-alarms-every",
        metavar="DURATION",
        help="Minimum mean time between false alarms.",
    ),
]
New = Annotated[bool, typer.Option("--new", help="Skip what the files already contain.")]
Follow = Annotated[bool, typer.Option("--follow/--no-follow", help="Stop at the current end of the files.")]
Lines = Annotated[bool, typer.Option("--json", help="Print a JSON object for each alarm, one per line.")]
_POLL_S = 0.25


def watch(
    paths: Paths,
    reference: Reference = "",
    cell: Cell = "10s",
    every: Every = "7d",
    new: New = False,
    follow: Follow = True,
    timezone: Zone = "UTC",
    as_json: Lines = False,
) -> None:
    """Follow logs and raise an alarm when one is no longer as it was; Ctrl-C ends with a summary."""
    from aitia.cli.console import note
    from aitia.cli.logs_watch_show import summary
    from aitia.core.errors import BadInput

    if paths.count("-") > 1:
        raise BadInput("- can be given only once: there is only one standard input.")
    if reference == "-":
        raise BadInput("--reference cannot be standard input. Save the reference to a file and give that.")
    zone = zone_named(timezone)
    paths = list(dict.fromkeys(paths))
    settings, known = _settings(reference, cell, every, len(paths))
    streams = [_stream(path, settings, known, zone, new=new, stay=follow) for path in paths]
    try:
        _run(streams, as_json=as_json)
    except KeyboardInterrupt:
        note("stopped")
    for stream in streams:
        summary(stream, as_json=as_json)


def _settings(reference: str, cell: str, every: str, streams: int) -> tuple[Settings, str]:
    """The settings, and the path of the logs that are normal."""
    from aitia.core.errors import BadInput
    from aitia.incoming import parse_duration
    from aitia.tools.logs.watching import Settings

    learn, known = 0.0, reference
    if reference and not Path(reference).exists():
        try:
            learn, known = parse_duration(reference), ""
        except BadInput:
            known = reference  # a glob, or gather tells what is wrong
    return (
        Settings(cell_s=parse_duration(cell), every_s=parse_duration(every), streams=streams, learn_s=learn),
        known,
    )


def _stream(path: str, settings: Settings, reference: str, zone: tzinfo, *, new: bool, stay: bool) -> Stream:
    """A log, and its watcher that has learned its reference."""
    from aitia.cli.logs_show import redactor
    from aitia.tools.logs.watching import Kinds, Watcher
    from aitia.tools.logs.watching.following import follow, piped
    from aitia.tools.logs.watching.stream import Stream
    from aitia.tools.sources.logs.log_files import stem_of
    from aitia.tools.text.reading import Skipped

    skipped = Skipped()
    component = "stdin" if path == "-" else stem_of(Path(path))
    watcher = Watcher(component, Kinds(redact=redactor().text), settings)
    if reference:
        _learn(watcher, reference, skipped, zone)
    if path == "-" or Path(path).is_fifo():
        source = piped(sys.stdin.buffer if path == "-" else Path(path), skipped)
        near, stay = datetime.now(UTC) - timedelta(days=181), True
    else:
        source, near = follow(Path(path), skipped, new=new, stay=stay), near_of([Path(path)])
    return Stream(source, watcher, skipped=skipped, zone=zone, near=near, stay=stay)


def _learn(watcher: Watcher, reference: str, skipped: Skipped, zone: tzinfo) -> None:
    """Let a watcher learn the reference's log of its component, or the only one."""
    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.tools.logs.watching.stream import learn
    from aitia.tools.text.reading import gather

    sets = gather([reference], skipped=skipped, zone=zone)
    own = [s for s in sets if s.component == watcher.component] or sets
    if len(own) > 1:
        names = ", ".join(s.component for s in own)
        raise BadInput(
            f"--reference {reference!r} contains {names}, but no log of {watcher.component!r}. Give a "
            "reference that has one."
        )
    files = own[0].paths
    learn(watcher, files, skipped, zone=zone, near=near_of(files))
    if watcher.phase == "learning":
        short = watcher.least - len(watcher.normal)
        note(
            f"{watcher.component}: the reference is {short} cells of {watcher.settings.cell_s:g} s too short"
        )


def _run(streams: Sequence[Stream], *, as_json: bool) -> None:
    """Take turns until all have ended."""
    from aitia.cli.console import note
    from aitia.cli.logs_watch_show import put, stands

    phases = [s.watcher.phase for s in streams]
    while left := [s for s in streams if not s.ended]:
        for i, stream in enumerate(streams):
            for alarm in [] if stream.ended else stream.step():
                put(alarm, as_json=as_json)
            if stream.watcher.phase != phases[i]:
                phases[i] = stream.watcher.phase
                note(stands(stream.watcher))
        if all(s.idle for s in left):
            time.sleep(_POLL_S)
