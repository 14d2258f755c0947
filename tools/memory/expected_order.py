"""What machines of an incident were likely to need next, by the site's own orders: context, never a sign of a cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput, SourceError
from aitia.core.home import aitia_home
from aitia.core.percent import percent
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Evidence, SourceRef, Window, from_epoch
from aitia.tools.memory.next_order import LEAST_ORDERS, Expected, History, NextOrder, Order, Sign
from aitia.tools.memory.order_files import Orders, read_orders
from aitia.tools.registry import ToolContext
from aitia.tools.series.large import near_alarm
from aitia.tools.sources.base import AlarmSource
from aitia.tools.sources.event_files import EventFiles

SAID: Final = 0.3  # probability from which on it is said; by hand: below it a planner has nothing to prepare
MOST_MACHINES: Final = 6
STRENGTH: Final = 0.3  # of a fact that is context
_QUOTED: Final = 80  # characters of a code and its description


def expected_orders(ctx: ToolContext) -> list[Evidence]:
    """The likeliest next corrective order of machines that the alarm names, then of others, before the incident.

    None where a site has fewer than LEAST_ORDERS corrective orders with codes.
    """
    found: list[Evidence] = []
    for source in ctx.sources.of("maintenance"):
        if isinstance(source, EventFiles):
            for path in source.files:
                found += _of_file(ctx, source, path)
    return found[:MOST_MACHINES]


def _of_file(ctx: ToolContext, source: EventFiles[object], path: Path) -> list[Evidence]:
    at = ctx.incident.started_at
    try:
        read = read_orders(path, source.zone)
    except (BadInput, SourceError):  # a journal without codes: `maintenance_list` tells its entries
        return []
    orders = [o for o in read.corrective if o.at < at.timestamp()]
    if len(orders) < LEAST_ORDERS:
        return []
    named = {*ctx.incident.hints, *near_alarm(ctx.incident, ctx.resolver.resolve, ())}
    prior = NextOrder(History(orders=orders, signs=[*read.signs, *_alarms(ctx, orders)]), at.timestamp())
    told = [
        (name not in named, -best.probability, name, best)
        for asset, name in _known(ctx, orders)
        if (best := next(iter(prior.expect(asset, at.timestamp())), None)) and best.probability >= SAID
    ]
    return [
        _fact(ctx, source, path, name, best, read, len(orders))
        for _, _, name, best in sorted(told, key=lambda t: t[:3])
    ]


def _known(ctx: ToolContext, orders: Sequence[Order]) -> Iterator[tuple[str, str]]:
    """The machines of orders that the incident's sources know, by both names."""
    for asset in sorted({o.asset for o in orders}):
        if name := ctx.resolver.resolve(asset):
            yield asset, name


def _alarms(ctx: ToolContext, orders: Sequence[Order]) -> Iterator[Sign]:
    """The site's alarms as signs, by the name that its orders give the machine."""
    named = {ctx.resolver.resolve(o.asset): o.asset for o in orders}
    ever = Window(start=from_epoch(0), end=ctx.incident.started_at)
    for source in ctx.sources.of("alarms"):
        if isinstance(source, AlarmSource):
            try:
                events = source.events(ever)
            except SourceError:  # `alarms_first` says what is wrong with it
                continue
            for event in events:
                asset = named.get(ctx.resolver.resolve(event.component) or "", event.component)
                if event.change == "active":
                    yield Sign(at=event.at.timestamp(), asset=asset, name=event.name)


def _fact(
    ctx: ToolContext,
    source: EventFiles[object],
    path: Path,
    name: str,
    best: Expected,
    read: Orders,
    orders: int,
) -> Evidence:
    redact = Redactor(load_key(aitia_home())).text
    text = redact(f"{best.code} {read.texts.get(best.code, '')}".strip()).replace('"', "'")
    quoted = " ".join(text.split())[:_QUOTED]
    when: datetime = ctx.incident.started_at
    return Evidence(
        component=name,
        kind="maintenance.expected",
        aspect="maintenance.work",
        statement=f'{name}: by {orders} corrective orders before {when:%Y-%m-%d %H:%M} UTC its next one is most likely "{quoted}"'
        f" ({percent(best.probability)}, by {best.because}).",
        values={"text": quoted, "probability": round(best.probability, 3), "orders": orders, "by": best.because},
        window=ctx.incident.window,
        direction="changed",
        strength=STRENGTH,
        source=SourceRef(
            source=source.name, query=f"aitia memory next {path.name!r} --asset {name!r} --at {when:%Y-%m-%dT%H:%M:%SZ}",
            path=path.name,
        ),
        taint=True,
    )  # fmt: skip
