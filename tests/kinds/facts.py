"""What the tools would tell of a case, without its noise: one fact for each series that moved, each message and each change.

What a series or a message is about is read as the tools read it, by the bundled rules. Rankings are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aitia.core.words import Component, Evidence, Holding, Inventory, Link, SourceRef
from aitia.tools.series.aspects import bundled
from aitia.tools.text.classes import meaning

ALARM: Final = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
LEAST: Final = 1.3  # ratio below which nothing moved
_COUNTED: Final = ("_total", "_sum", "seconds_count")


def inventory_of(shop: Mapping[str, Any]) -> Inventory:
    """The shop's components, all of them watched."""
    components = tuple(
        Component(
            id=name,
            type="node" if of["is"] == "host" else "service",
            links=(
                *(Link(relation="calls", to=to) for to in of.get("calls", ())),
                *(Link(relation="runs_on", to=host) for host in (of.get("host"),) if host),
            ),
        )
        for name, of in shop["components"].items()
    )
    holding = Holding(source="prom", kind="metrics", components=tuple(sorted(shop["components"])), count=90)
    return Inventory(holdings=(holding,), components=components)


def facts_of(shop: Mapping[str, Any], case: Mapping[str, Any]) -> list[Evidence]:
    """All facts of a case, numbered."""
    told = [*_moves(shop, case), *_messages(shop, case), *_changes(case)]
    moved = {(e.component, e.aspect) for e in told if not e.peer}
    for component, of in shop["components"].items():
        aspects = (
            ()
            if of["is"] == "host"
            else ("latency", "errors")
            if of["is"] == "service"
            else ("cpu", "connections")
        )
        told += [_calm(component, a) for a in aspects if (component, a) not in moved]
    return [e.model_copy(update={"id": f"E{n}"}) for n, e in enumerate(told, 1)]


def _moves(shop: Mapping[str, Any], case: Mapping[str, Any]) -> Iterator[Evidence]:
    usual = {
        (c, m): level for c, of in shop["components"].items() for m, level in shop["usual"][of["is"]].items()
    }
    series = {(c, m): (before, after, at) for c, m, before, after, at in case.get("series", ())}
    for (component, metric), (before, after, at) in series.items():
        name, _, rest = metric.partition("{")
        labels = dict(pair.split("=") for pair in rest.rstrip("}").split(",") if pair)
        about = bundled().of(name, {k: v for k, v in labels.items() if k not in ("peer", "code")})
        aspect, bad = about.aspect, about.bad
        if "code" in labels:
            aspect, bad = ("errors", "up") if labels["code"].startswith("5") else ("traffic", "both")
        elif name.endswith("seconds_count"):
            aspect, bad = "traffic", "both"
        elif name.endswith("_sum"):  # the mean: by how much more requests it was asked for is taken off
            counted = (component, metric.replace("_sum", "_count"))
            asked, _, _ = series.get(counted, (usual.get(counted, 1.0), 0.0, 0.0))
            now = series[counted][1] if counted in series else asked
            aspect, bad, after = "latency", "up", after * asked / now
        floor = 0.02 if name.endswith(_COUNTED) and aspect == "errors" else about.floor
        ratio = after / before if before else float("inf")
        if aspect == "other" or abs(after - before) < floor or 1 / LEAST < ratio < LEAST:
            continue
        way = "up" if after > before else "gone" if aspect == "availability" and not after else "down"
        if bad == "up" and way != "up":
            continue
        yield _fact(
            component, aspect, "metric.shift", f"{component}: {about.say or aspect} went from {before} to {after:g}.",
            way, at, peer=labels.get("peer", ""), metric=metric, ratio=min(ratio, 1e6), before=before, after=after,
        )  # fmt: skip


def _messages(shop: Mapping[str, Any], case: Mapping[str, Any]) -> Iterator[Evidence]:
    for component, at, text in case.get("logs", ()):
        line = text.replace("#", "17")
        level, _, message = (
            line.partition(" ") if line.split(" ")[0] in ("ERROR", "WARN", "INFO", "LOG:") else ("", "", line)
        )
        named = {"ERROR": "error", "WARN": "warning", "INFO": "info"}.get(level, "")
        read = meaning(message, named)  # type: ignore[arg-type]
        peer = next(
            (c for c in shop["components"] if c != component and f" {c} " in f"{message} ".replace(",", " ")),
            "",
        )
        if read.bad:
            yield _fact(
                component, read.aspect, "log.new", f'{component} logged 60 times and not once before: "{message}"',
                "new", at, peer=peer, reported_by=component, template=message, strength=0.98,
            )  # fmt: skip


def _changes(case: Mapping[str, Any]) -> Iterator[Evidence]:
    for c in case.get("changes", ()):
        kind = f"change.{c['kind']}"
        yield _fact(
            c["component"],
            kind,
            kind,
            f'{c["component"]} was changed: "{c["text"]}".',
            "changed",
            c["at"],
            strength=0.7,
        )


def _calm(component: str, aspect: str) -> Evidence:
    return _fact(
        component, aspect, "metric.quiet", f"{component}: {aspect} unchanged.", "steady", None, strength=0.6
    )


def _fact(
    component: str, aspect: str, kind: str, statement: str, direction: str, at: float | None, *,
    peer: str = "", strength: float = 0.95, **values: float | str,
) -> Evidence:  # fmt: skip
    return Evidence(
        component=component, peer=peer, kind=kind, aspect=aspect, statement=statement, values=values,
        direction=direction, strength=strength, onset=None if at is None else ALARM + timedelta(seconds=at),
        source=SourceRef(source="prom", query=f"{component} {aspect}"),
    )  # type: ignore[arg-type]  # fmt: skip
