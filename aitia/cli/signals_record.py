"""`aitia signals record`: keeps the last days of live plant sources in the folders that their `path` names."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.core.config import SourceConfig
    from aitia.tools.sources.plant.chunks import Chunks
    from aitia.tools.sources.plant.readings import Feed
    from aitia.tools.sources.plant.recorder import Told

SAY_S = 10.0  # between two lines of progress


def record(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Sources to record; default all of type mqtt, opcua and modbus.", metavar="[SOURCE]..."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Config file; default ./aitia.yaml if it exists.")
    ] = None,
    days: Annotated[float, typer.Option(min=0.01, help="How much is kept.")] = 7.0,
    most_mb: Annotated[
        int,
        typer.Option("--max-mb", min=1, help="How much disk each source may take; the oldest goes first."),
    ] = 2000,
    seconds: Annotated[
        float | None,
        typer.Option("--for", min=0.1, metavar="SECONDS", help="Stop after so long; default: Ctrl-C."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Keep the last days of live plant sources (MQTT, OPC UA, Modbus) on disk, for diagnoses; read-only, until Ctrl-C."""
    from aitia import api
    from aitia.cli.console import note
    from aitia.tools.sources.plant.recorder import record as keep

    settings = api.settings_of(config)
    wanted = _wanted(settings.sources, names or ())
    feeds = {c.name: _feed(c, days=days, most_bytes=most_mb << 20) for c in wanted}
    with _until_stopped() as stop:
        note(f"recording {', '.join(feeds)}; Ctrl-C stops and loses nothing")
        told = keep(feeds, stop=stop, seconds=seconds, on_flush=_saying())
    for each in told:
        _sum_up(each, as_json=as_json)


def _wanted(sources: Sequence[SourceConfig], names: Sequence[str]) -> list[SourceConfig]:
    from aitia.core.config import SCHEMES
    from aitia.core.errors import BadInput

    live = {c.name: c for c in sources if c.type in SCHEMES}
    if unknown := [n for n in names if n not in live]:
        have = f"there are {', '.join(live)}" if live else "there is none"
        raise BadInput(f"Name sources of type mqtt, opcua or modbus, not {unknown[0]!r}: {have}.")
    found = [c for name, c in live.items() if not names or name in names]
    if not found:
        raise BadInput(
            "Add a source of type mqtt, opcua or modbus to aitia.yaml, with its `url` and a folder as `path`"
            " (docs/plant.md), or give --config."
        )
    if lacking := next((c for c in found if not c.path), None):
        raise BadInput(f"Set `path` of source {lacking.name!r} to the folder that the recording goes to.")
    return found


def _feed(config: SourceConfig, *, days: float, most_bytes: int) -> tuple[Feed, Chunks]:
    """A source's feed and its folder."""
    from aitia.tools.sources import open_source
    from aitia.tools.sources.plant.chunks import Chunks
    from aitia.tools.sources.plant.sources import Live

    source = open_source(config, Path("/"))  # settings hold absolute paths
    if not isinstance(source, Live):
        raise TypeError(f"{config.type} has no feed")
    return source.feed(), Chunks(Path(config.path), days=days, most_bytes=most_bytes)


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C interrupts as usual."""
    stop = threading.Event()
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}

    def end(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, end)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _saying() -> Callable[[list[Told]], None]:
    """Lines of progress on stderr, at most one every SAY_S; errors as soon as they are new."""
    import time

    from aitia.cli.console import note

    said: dict[str, str] = {}
    due = time.monotonic() + SAY_S

    def say(told: list[Told]) -> None:
        nonlocal due
        for each in told:
            if each.error != said.get(each.source, ""):
                said[each.source] = each.error
                note(f"{each.source}: {each.error or 'connected again'}")
        if time.monotonic() >= due:
            due = time.monotonic() + SAY_S
            note("; ".join(map(_line, told)))

    return say


def _line(told: Told) -> str:
    from aitia.cli.progress import size
    from aitia.render.text import count

    away = "" if told.connected else ", not connected"
    return f"{told.source}: {count(told.values, 'value')} of {count(told.signals, 'signal')}, {size(told.bytes)}{away}"


def _sum_up(told: Told, *, as_json: bool) -> None:
    from aitia.cli.console import note

    if as_json:
        print(json.dumps(asdict(told), ensure_ascii=False), flush=True)
        return
    note(_line(told) + (f": {told.error}" if told.error else ""))
    for what, times in told.problems.items():
        note(f"{told.source}: {times} × {what}")
