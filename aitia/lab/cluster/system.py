"""A generated cluster as a system of the lab: its failures, its decoys, and how one incident is made."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import BadInput
from aitia.lab.cluster import folder
from aitia.lab.cluster.alarms import Alarm, Rules, doubt, quiet_alarm
from aitia.lab.cluster.decoys import DECOYS
from aitia.lab.cluster.failures import Hit, Kind, table, victims
from aitia.lab.cluster.nodes import beat
from aitia.lab.cluster.site import AGE_DAYS, DAY, STEP_S, Site
from aitia.lab.cluster.spec import Layout
from aitia.lab.cluster.world import World, digest
from aitia.lab.words import LAB, Failure, Made, Order
from aitia.lab.words import Kind as SystemKind

FIRST_DAY: Final = 1_735_689_600  # 2025-01-01; a site begins on one of the days of two years after it
LEAD_S: Final = 1800  # of the window before the alarm
PATIENCE_S: Final = 1260  # after the onset, until a person reports what no rule saw
NONE: Final = "none"


@dataclass(frozen=True)
class Cluster:
    """A generated cluster of one layout. Deterministic: an order makes the same folder every time."""

    make_layout: Callable[[], Layout]

    @property
    def name(self) -> str:
        """The layout's id."""
        return self.make_layout().name

    @property
    def title(self) -> str:
        """What runs in it."""
        return self.make_layout().title

    @property
    def kind(self) -> SystemKind:
        """Generated cluster state."""
        return "cluster"

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The kinds for which this layout has somebody to hit, and a healthy hour."""
        layout = self.make_layout()
        found = [Failure(id=NONE, title="Nothing is wrong", family="none")]
        for kind in table():
            if names := victims(layout, kind):
                found.append(
                    Failure(id=kind.id, title=kind.title, family=kind.family, victims=names, strengths=kind.strengths)
                )  # fmt: skip
        return tuple(found)

    @property
    def decoys(self) -> tuple[str, ...]:
        """Harmless things that can happen."""
        return tuple(DECOYS)

    def missing(self) -> tuple[str, ...]:
        """Nothing: it needs no program."""
        return ()

    def make(self, order: Order, out: Path, tell: Callable[[str], None]) -> Made:
        """Write the scenario folder of an order. Raises BadInput for one that this layout cannot carry out."""
        began, layout = time.monotonic(), self.make_layout()
        order, kind = self._checked(order)
        folder.check_folder(out)
        chance = random.Random(digest(order.system, order.seed, "plan"))
        start = FIRST_DAY + chance.randrange(700) * DAY + chance.randrange(DAY)
        site = Site(layout, World(order.seed, start, int(layout.version.split(".")[1])))
        tell(f"{layout.name}: three weeks of {layout.namespace}")
        site.install()
        told = self._hour(site, order, kind, chance, tell)
        tell(f"{layout.name}: writing")
        made = Made(
            order=order,
            kind=self.kind,
            family=kind.family if kind and not order.twin else "none",
            onset=_moment(told.onset) if kind and not order.twin else None,
            decoys=told.decoys,
            seconds=round(time.monotonic() - began, 2),
        )
        with folder.replaced(out) as part:
            self._write(site, order, kind, told, part)
            (part / LAB).write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return made

    def _checked(self, order: Order) -> tuple[Order, Kind | None]:
        """The order with its victim, and the kind of failure. Raises BadInput."""
        if order.system != self.name:
            raise BadInput(f"Order system {self.name!r} here, not {order.system!r}.")
        if unknown := sorted(set(order.decoys) - set(self.decoys)):
            raise BadInput(f"Choose decoys of {', '.join(self.decoys)}; {self.name} has no {unknown[0]!r}.")
        offered = {f.id: f for f in self.failures}
        if order.fault not in offered:
            raise BadInput(f"Choose a fault of {', '.join(offered)}; {self.name} has no {order.fault!r}.")
        if order.fault == NONE:
            if order.victim:
                raise BadInput(f"Leave out the victim: nothing is wrong in {NONE!r}.")
            return order, None
        failure = offered[order.fault]
        victim = order.victim or random.Random(digest(order.system, order.fault, order.seed)).choice(
            failure.victims
        )
        if victim not in failure.victims:
            raise BadInput(
                f"Choose a victim of {', '.join(failure.victims)} for {order.fault!r}, not {victim!r}."
            )
        if order.strength not in failure.strengths:
            raise BadInput(
                f"Choose a strength of {', '.join(failure.strengths)} for {order.fault!r}, not {order.strength!r}."
            )
        return order.model_copy(update={"victim": victim}), next(k for k in table() if k.id == order.fault)

    def _hour(
        self, site: Site, order: Order, kind: Kind | None, chance: random.Random, tell: Callable[[str], None]
    ) -> _Told:
        """Observe the site, cause what was ordered, stop some minutes after the alarm."""
        world = site.world
        begins = world.start + AGE_DAYS * DAY
        onset = begins + chance.randrange(2400, 3300) // STEP_S * STEP_S
        happened: list[str] = []
        for name in order.decoys:
            own = random.Random(digest(order.system, order.seed, name))
            at = begins + own.randrange(300, onset + 240 - begins)

            def happen(name: str = name, own: random.Random = own) -> None:
                if text := DECOYS[name](site, order.victim, own):
                    happened.append(text)

            world.at(at - world.now, happen)
        rules = Rules(site, random.Random(digest(order.system, order.seed, "rules")))
        site.observe(onset, lambda: rules.look(False) is not None)
        hit = None
        if kind is not None:
            hit = Hit(site=site, app=site.layout.app(order.victim), strength=order.strength, chance=random.Random(digest(order.system, order.seed, order.fault)))  # fmt: skip
            node = hit.node if kind.lies == "node" or "{node}" in kind.says else ""
            if not order.twin:
                tell(f"{site.layout.name}: {kind.title}: {order.victim}")
                kind.cause(hit)
        else:
            node = ""
        alarms: list[Alarm] = []

        def look() -> bool:
            if found := rules.look(True):
                alarms.append(found)
            return bool(alarms)

        quiet = kind is None or order.twin
        site.observe(onset + (chance.randrange(300, 900) if quiet else PATIENCE_S), look)
        if not alarms and kind is not None and not order.twin:
            said = kind.says.format(app=order.victim, node=node, space=site.layout.namespace)
            alarms.append(doubt(site, site.layout.app(order.victim), said))
        alarm = alarms[0] if alarms else quiet_alarm(site, chance)
        site.observe(world.now + chance.randrange(120, 360), lambda: False)
        beat(world)
        return _Told(begins=begins, onset=onset, alarm=alarm, node=node, decoys=tuple(happened))

    def _write(self, site: Site, order: Order, kind: Kind | None, told: _Told, out: Path) -> None:
        folder.write_objects(site, out)
        folder.write_logs(site, out, told.begins)
        folder.write_metrics(site.scrape.rows, out / "metrics.parquet")
        folder.write_changes(site, out)
        folder.write_topology(site, out)
        alarm, layout = told.alarm, site.layout
        number = f"{digest(order.system, order.fault, order.victim, order.strength, order.seed, order.decoys, order.twin) % 16**8:08x}"  # fmt: skip
        window = max(told.begins + 900, alarm.at - LEAD_S)
        body: dict[str, Any] = {
            "schema": 1,
            "id": f"{layout.namespace}-{number}",
            "title": alarm.title,
            "description": layout.title,
            "domain": "it",
            "recorded": {"by": "aitia.lab.cluster", "args": {"seed": order.seed, "system": order.system}},
            "incident": {
                "title": alarm.title,
                "text": alarm.text,
                "started_at": folder.iso(alarm.at),
                "labels": alarm.labels,
                "hints": list(alarm.hints),
            },
            "now": folder.iso(site.world.now),
            "window": {"start": folder.iso(window), "end": folder.iso(site.world.now)},
            "baselines": [
                {"name": "preceding", "window": {"start": folder.iso(told.begins), "end": folder.iso(window)}}
            ],
            "sources": folder.sources(),
            "expected": expected(site, order, kind, told.node),
        }
        body["sources"][0]["options"] = {"now": folder.iso(site.world.now)}
        folder.write_scenario(out, body)


@dataclass(frozen=True, kw_only=True)
class _Told:
    begins: int
    onset: int
    alarm: Alarm
    node: str
    decoys: tuple[str, ...]


def expected(site: Site, order: Order, kind: Kind | None, node: str) -> dict[str, Any]:
    """The answer, as scenario.yaml has it."""
    if kind is None or order.twin:
        return {"verdict": "healthy", "why": "Nothing was caused in this hour."}
    layout, victim = site.layout, order.victim
    shares = {name: served.share for name, served in site.traffic.now.items()}
    where = {
        "app": victim,
        "namespace": layout.space(layout.app(victim)),
        "node": node,
        "busiest": max(shares, key=lambda n: shares[n]),
        "backend": layout.app(layout.entry).calls[0] if layout.entry == victim and layout.app(victim).calls else victim,
        "dns": "coredns",
        "metrics": "metrics-server",
    }[kind.lies]  # fmt: skip
    also = [{"component": where, "fault": fault} for fault in kind.also]
    if kind.lies in ("namespace", "backend"):
        also += [{"component": victim, "fault": fault} for fault in (kind.fault, *kind.also)]
    return {
        "verdict": "cause",
        "component": where,
        "fault": kind.fault,
        **({"alternatives": also} if also else {}),
        "why": f"{kind.title}.",
    }


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC)
