"""`aitia memory next`: what a machine's next corrective order will be about, by the site's history of orders and alarms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.tools.memory.next_order import Sign

MOST_CODES = 5  # a machine, printed


def next_order(
    orders: Annotated[
        Path,
        typer.Argument(
            help="Work orders (CSV): time, machine, code, and whether preventive.", metavar="ORDERS"
        ),
    ],
    alarms: Annotated[
        Path | None,
        typer.Option(help="An alarm log of the same machines.", metavar="FILE", show_default=False),
    ] = None,
    asset: Annotated[
        list[str] | None, typer.Option("--asset", help="A machine (repeatable); default all.", metavar="NAME")
    ] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Look from this moment; default: now.")
    ] = "",
    timezone: Annotated[str, typer.Option(help="Time zone for times without one.")] = "UTC",
    as_json: Json = False,
) -> None:
    """What each machine's next corrective order will most likely be about, with the share and the reason."""
    from aitia.cli.console import note, print_json
    from aitia.cli.logs_diff import zone_named
    from aitia.core.errors import BadInput
    from aitia.core.percent import percent
    from aitia.incoming import parse_moment
    from aitia.render.text import clean
    from aitia.tools.memory.next_order import LEAST_ORDERS, History, NextOrder
    from aitia.tools.memory.order_files import read_orders

    if not orders.is_file():
        raise BadInput(f"{str(orders)!r} does not exist. Give a CSV of work orders.")
    now = datetime.now(UTC)
    moment = (parse_moment(at, now=now, option="--at") if at else now).timestamp()
    read = read_orders(orders, zone_named(timezone))
    note(
        read.guessed + (f"; {read.left} entries without time, machine or code: left out" if read.left else "")
    )
    signs = [*read.signs, *(_alarms(alarms, timezone) if alarms else ())]
    known = {o.asset for o in read.corrective}
    if unknown := [name for name in asset or () if name not in known]:
        there = ", ".join(sorted(known)[:10])
        raise BadInput(
            f"No corrective order of {unknown[0]!r} is in {str(orders)!r}. Machines there: {there}."
        )
    history = History(orders=read.corrective, signs=signs)
    if (have := len(history.before(moment))) < LEAST_ORDERS:
        raise BadInput(
            f"Give a longer history: {have} corrective orders before that moment; {LEAST_ORDERS} are needed."
        )
    prior = NextOrder(history, moment)
    told = {name: prior.expect(name, moment) for name in sorted(set(asset or known))}
    if as_json:
        print_json(
            {n: [vars(e) | {"text": read.texts.get(e.code, "")} for e in some] for n, some in told.items()}
        )
        return
    for name, some in told.items():
        print(clean(name))
        for e in some[:MOST_CODES]:
            print(
                "  "
                + clean(
                    f"{percent(e.probability)}  {e.code} {read.texts.get(e.code, '')}".rstrip()
                    + f" (by {e.because})"
                )
            )


def _alarms(path: Path, timezone: str) -> list[Sign]:
    """The alarms of a log as signs of their machines."""
    from aitia.core.config import SourceConfig
    from aitia.core.words import Window, from_epoch
    from aitia.tools.memory.next_order import Sign
    from aitia.tools.sources.alarms.alarm_log import AlarmLog

    source = SourceConfig(
        name="alarms", kind="alarms", type="alarm_log", path=str(path), options={"timezone": timezone}
    )
    ever = Window(start=from_epoch(0), end=datetime.now(UTC))
    events = AlarmLog(source, Path.cwd()).events(ever)
    return [Sign(at=e.at.timestamp(), asset=e.component, name=e.name) for e in events if e.change == "active"]
