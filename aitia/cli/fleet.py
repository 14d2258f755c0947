"""`aitia fleet`: the condition of all assets of a site, the most urgent first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.crew import Jobs, Ray
from aitia.cli.diagnose import Json
from aitia.core.errors import EXIT_CAUSE, EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_UNKNOWN

if TYPE_CHECKING:
    from aitia.fleet.words import Fleet

SAY_S = 5.0  # between two lines of progress
OnDone = Callable[[int, int, int], None]


def fleet(
    path: Annotated[
        Path, typer.Argument(help="A folder of exports, a table, or an aitia.yaml.", metavar="FOLDER|FILE")
    ],
    assets: Annotated[
        Path | None,
        typer.Option(
            help="CSV: asset, criticality (1-5, A-C, words), kind. Default: assets.csv beside the data.",
            metavar="FILE",
        ),
    ] = None,
    healthy: Annotated[
        str,
        typer.Option(help="A period that is known to be normal, ISO times or 30d..7d.", metavar="FROM..TO"),
    ] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Look from this moment; default: the last sample.")
    ] = "",
    days: Annotated[float, typer.Option(min=0.0, help="How many days back; 0: all.")] = 0.0,
    jobs: Jobs = 0,
    ray: Ray = "",
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write a page with sparklines.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Judge all again, also what has not changed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Judge every asset of a site in parallel and rank them by risk × consequence; Ctrl-C keeps what is done."""
    from aitia.core.spread import Crew, one_thread

    one_thread()
    from aitia.cli.console import note, print_json, write_out
    from aitia.core.home import aitia_home
    from aitia.fleet.assets import about_assets, units_of
    from aitia.fleet.look import look
    from aitia.fleet.page import fleet_lines, render_fleet
    from aitia.fleet.pictures import pictures_of
    from aitia.incoming import parse_healthy, parse_moment

    now = datetime.now(UTC)
    about = about_assets(path, assets)
    period = parse_healthy(healthy, now=now).epoch if healthy else None
    moment = parse_moment(at, now=now, option="--at").timestamp() if at else None
    units, errors = units_of(path)
    pictures, unread = pictures_of(path, now=moment)
    with _progress() as show:
        told = look(
            units, about, keep=aitia_home() / "fleet", crew=Crew(jobs=jobs, ray=ray), healthy=period, now=moment, days=days,
            fresh=fresh, errors=errors | unread, on_done=show,
        )  # fmt: skip
    told = told.model_copy(update={"pictures": tuple(pictures)})
    for name, why in told.errors.items():
        note(f"{name}: {why}")
    if html is not None:
        write_out(render_fleet(told, title=path.absolute().name, made=now), html)
    if as_json:
        print_json(told.model_dump(mode="json"))
    else:
        for line in fleet_lines(told):
            print(line)
    if told.unfinished:
        note(f"stopped: {told.unfinished} of {len(units)} tables are left; the same command goes on")
    raise typer.Exit(_exit(told))


def _exit(told: Fleet) -> int:
    """0 with findings, 10 where nothing was found, 11 where nothing could be judged, 130 where it was stopped."""
    if told.unfinished:
        return EXIT_INTERRUPTED
    if any(one.judged.findings for one in told.assets):
        return EXIT_CAUSE
    judged = [one for one in told.assets if one.judged.status == "ok"]
    return EXIT_HEALTHY if judged and len(judged) == len(told.assets) and not told.errors else EXIT_UNKNOWN


@contextmanager
def _progress() -> Iterator[OnDone]:
    """How far it is and how long it takes yet: a line on stderr, on a terminal in place, else every few seconds."""
    import sys

    from aitia.cli.console import note, stderr_console
    from aitia.render.text import duration

    began, due, start = time.monotonic(), 0.0, -1

    def line(done: int, reused: int, total: int) -> str:
        nonlocal start
        start = done if start < 0 else start
        here, elapsed = done - start, time.monotonic() - began
        left = f", {duration(elapsed / here * (total - done))} left" if here and done < total else ""
        before = f" ({reused} assets unchanged since an earlier look)" if reused else ""
        return f"{done} of {total} tables{before}{left}"

    if not sys.stderr.isatty():

        def tell(done: int, reused: int, total: int) -> None:
            nonlocal due
            said = line(done, reused, total)
            if time.monotonic() >= due or done == total:
                due = time.monotonic() + SAY_S
                note(said)

        yield tell
        return
    with stderr_console().status("looking") as status:
        yield lambda done, reused, total: status.update(line(done, reused, total))
