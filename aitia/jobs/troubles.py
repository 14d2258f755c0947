"""The troubles under way, as one process knows them: what is new of each is resolved when it comes, nothing a second time.

What is asked of an alert then costs by the components that there are, not by the alerts that came before it.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from aitia.agent.topology import Topology
from aitia.core.resolve import Resolver, forms
from aitia.core.store import RunStore, find_run
from aitia.core.words import Alert, Component, Incident, Inventory
from aitia.jobs.table import JobTable
from aitia.tools.alerts.owners import Owners

_PLACES: Final = ("node", "host", "hostname", "nodename", "instance")
_WIDE: Final = frozenset({"namespace", "job"})  # labels that many share: they join nothing
_BY_OTHERS: Final = frozenset({"persistentvolumeclaim", "host"})  # read by the names that other alerts bear
LOOK_S: Final = 1.0  # how long what a run has seen counts as known


class Map:
    """Components, and where trouble travels among them."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._resolver = Resolver(components)
        self._topology = Topology(self._resolver.components)
        self._ways: dict[str, frozenset[str]] = {}

    def resolver(self) -> Resolver:
        """A resolver of its own for one incident's alerts: what it learns from them it knows alone."""
        return self._resolver.fork()

    def way(self, name: str) -> frozenset[str]:
        """Those to or from which trouble travels: callers, callees, hosts and guests, and theirs."""
        if name not in self._ways and not self._topology.knows(name):
            return frozenset()
        if name not in self._ways:
            top = self._topology
            upstream = _closure(name, lambda c: [*top.callees(c), *top.hosts(c)])
            self._ways[name] = frozenset(
                {*top.ancestors(name), *upstream, *top.hosts(name), *top.guests(name)}
            )
        return self._ways[name]


class Trouble:
    """What one diagnosis is about, as far as it was told: its components, its places and its times."""

    def __init__(self, map: Map, base: str) -> None:
        self.map, self.base, self.number = map, base, 0  # the last row that was taken in
        self._resolver = map.resolver()
        self._owners = Owners(self._resolver, ())
        self._names: set[str] = set()
        self._forms: set[str] = set()
        self._places: set[str] = set()
        self._first = self._last = datetime.max.replace(tzinfo=UTC)
        self._alerts = False

    def take(self, incident: Incident) -> None:
        """Take in what is said of it."""
        self._first = min(self._first, incident.started_at)
        late = [a.start for a in incident.alerts] + ([self._last] if self._alerts else [])
        self._last = max([self._first, *late])
        self._alerts = self._alerts or bool(incident.alerts)
        self._places |= places(incident)
        if any(not _BY_OTHERS.isdisjoint(a.labels) for a in incident.alerts):
            self._owners = Owners(self._resolver, _narrowed(incident))
        new = names(incident, self._owners) - self._names
        self._names |= new
        self._forms |= {f for name in new for f in forms(name)}

    def near(self, incident: Incident, within: timedelta) -> bool:
        """Whether an incident began near in time to its alerts."""
        return self._alerts and self._first - within <= incident.started_at <= self._last + within

    def has(self, mine: frozenset[str], places: frozenset[str]) -> bool:
        """Whether these components or places are its own, or in the way of its trouble."""
        if not (mine.isdisjoint(self._names) and mine.isdisjoint(self._forms)):
            return True
        if not places.isdisjoint(self._places):
            return True
        return any(not self.map.way(name).isdisjoint(self._names) for name in mine)


class Troubles:
    """The diagnoses that an alert may join. Safe for threads."""

    def __init__(self, table: JobTable, home: Path, site: Callable[[], tuple[Component, ...]]) -> None:
        self._table, self._home, self._site = table, home, site
        self._lock = threading.Lock()
        self._known: dict[str, Trouble] = {}
        self._maps: dict[str, Map] = {}
        self._runs: dict[str, tuple[float, str]] = {}  # a run, when it was looked at, and its map
        self._number: int | None = None

    def find(self, incident: Incident, *, within: timedelta) -> str:
        """The newest job to which an incident's alerts belong; "" for none, and without alerts that name something."""
        if not incident.alerts or not within:
            return ""
        rows = self._table.recent(datetime.now(tz=UTC) - within)
        with self._lock:
            self._read(rows)
            mine: dict[int, frozenset[str]] = {}
            here = places(incident)
            for row in rows:
                trouble = self._known[row["id"]]
                if not trouble.near(incident, within):
                    continue
                key = id(trouble.map)
                if key not in mine:
                    mine[key] = names(incident, Owners(trouble.map.resolver(), _narrowed(incident)))
                if trouble.has(mine[key], here):
                    return str(row["id"])
        return ""

    def _read(self, rows: list[Any]) -> None:
        """Know these jobs and no others, each with all that was said of it so far."""
        if self._number is None:
            self._number = self._table.last_part()
        new = self._table.parts_since(self._number)
        self._number = new[-1]["number"] if new else self._number
        self._known = {row["id"]: self._trouble(row) for row in rows}
        for part in new:
            trouble = self._known.get(part["job"])
            if trouble is not None and trouble.number < part["number"]:
                trouble.take(Incident.model_validate_json(part["body"]))
        self._maps = {k: m for k, m in self._maps.items() if any(t.map is m for t in self._known.values())}
        self._runs = {row["run"]: self._runs[row["run"]] for row in rows if row["run"] in self._runs}

    def _trouble(self, row: Any) -> Trouble:
        """A job as it is known, with what its own alert says by now; made anew where its run saw other components."""
        known, map = self._known.get(row["id"]), self._map(row["run"])
        if known is None or known.map is not map:
            made = Trouble(map, row["content"])
            for said in self._table.said_of(row["id"]):
                made.take(said)
            made.number = self._number or 0
            return made
        if known.base != row["content"]:
            known.take(self._table.told(row["id"]))
            known.base = row["content"]
        return known

    def _map(self, run: str) -> Map:
        looked, digest = self._runs.get(run, (0.0, ""))
        if (run and time.monotonic() - looked > LOOK_S) or not digest:
            seen = self._seen(run)
            told = json.dumps([c.model_dump(mode="json") for c in seen], sort_keys=True)
            digest = hashlib.sha256(told.encode()).hexdigest()
            self._runs[run] = (time.monotonic(), digest)
            if digest not in self._maps:
                self._maps[digest] = Map([*self._components, *seen])
        if digest not in self._maps:
            self._maps[digest] = Map([*self._components, *self._seen(run)])
        return self._maps[digest]

    def _seen(self, run: str) -> tuple[Component, ...]:
        """The components that a job's run has seen so far."""
        if find_run(self._home, run) is None:
            return ()
        opened = RunStore.open(self._home, run).meta().get("opened")
        return Inventory.model_validate(opened["inventory"]).components if opened else ()

    @cached_property
    def _components(self) -> tuple[Component, ...]:
        """The site's own map, as it is when the first alert asks for it."""
        return self._site()


def names(incident: Incident, owners: Owners) -> frozenset[str]:
    """The components that its alerts are about, without what a namespace or a scrape alone names."""
    return frozenset(name for a in _narrowed(incident) if (name := owners.of(a)))


def places(incident: Incident) -> frozenset[str]:
    """The hosts and nodes that its alerts name, without ports."""
    return frozenset(
        a.labels[k].partition(":")[0] for a in incident.alerts for k in _PLACES if a.labels.get(k)
    )


def _narrowed(incident: Incident) -> list[Alert]:
    return [
        a.model_copy(update={"labels": {k: v for k, v in a.labels.items() if k not in _WIDE}})
        for a in incident.alerts
    ]


def _closure(start: str, step: Callable[[str], Iterable[str]]) -> set[str]:
    found, queue = {start}, [start]
    while queue:
        for name in step(queue.pop()):
            if name not in found:
                found.add(name)
                queue.append(name)
    return found - {start}
