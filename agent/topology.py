"""The component graph as the weigher and the chain builder walk it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from aitia.agent.fact_values import CALLS
from aitia.agent.server_software import meant, software_of
from aitia.core.words import MACHINES, Component, Evidence, Link
from aitia.tools.text.program_text import written

CALLS_FAIL: Final = frozenset({"log.connection_refused", "log.timeout", "log.unavailable", "log.dns"})
"""What a client's log says of a call that failed; the peer is whom it called."""
Step = Callable[[str], Iterable[str]]
_ANSWERED: Final = re.compile(r"(?i)\b(?:answer|respond|repl|return|send)\w*\s+(?:with\s+)?[45]\d\d\s+to\b")
"""What a server's log says of a client: the peer is who called it."""
_BROKER: Final = re.compile(
    r"(?i)(?:nats|rabbit|kafka|redpanda|mosquitto|mqtt|emqx|activemq|artemis|pulsar|beanstalk|nsqd?(?![a-z])|amqp|pubsub|"
    r"service.?bus|event.?hub|kinesis|(?<![a-z])(?:sqs|jms|mq|broker|bus|queue)(?![a-z]))"
)
"""Names of message brokers and of what people call them. Who sends through one waits for those who take from it."""


class Topology:
    """Who calls, feeds or holds whom. Every answer is sorted, so that equal input gives equal output."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._components = components = tuple(components)
        self.machines = frozenset(c.id for c in components if c.type in MACHINES)
        """Of the physical world; an asset may be a computer all the same: an industrial PC."""
        self.assets = frozenset(c.id for c in components if c.type == "asset")
        self._out: dict[str, set[str]] = {}
        self._in: dict[str, set[str]] = {}
        self._parts: dict[str, set[str]] = {}
        self._wholes: dict[str, set[str]] = {}
        self._brokers = frozenset(c.id for c in components if any(map(_BROKER.search, (c.id, *c.aliases))))
        self._hosts: dict[str, set[str]] = {}
        self._guests: dict[str, set[str]] = {}
        for component in components:
            for link in component.links:
                if link.relation == "runs_on":
                    self._hosts.setdefault(component.id, set()).add(link.to)
                    self._guests.setdefault(link.to, set()).add(component.id)
                elif link.relation == "calls":
                    self._out.setdefault(component.id, set()).add(link.to)
                    self._in.setdefault(link.to, set()).add(component.id)
                elif link.relation == "feeds":
                    self._in.setdefault(component.id, set()).add(link.to)
                    self._out.setdefault(link.to, set()).add(component.id)
                else:
                    self._wholes.setdefault(component.id, set()).add(link.to)
                    self._parts.setdefault(link.to, set()).add(component.id)

    def told_by(self, evidence: Iterable[Evidence]) -> Topology:
        """The same with who calls whom as calls in logs tell, failing or not, where nothing else tells who calls whom.

        A text can at most join two components that are there, and only where a service itself says that it calls: by name, or by
        the software that one of them alone is.
        """
        if self._out:
            return self
        told, evidence = set[tuple[str, str]](), tuple(evidence)
        servers = software_of(evidence, self.called())
        for e in evidence:
            if e.kind == CALLS:
                told |= {(e.component, callee) for callee in str(e.values.get("calls", "")).split()}
            if e.peer and e.provenance != "client" and e.kind.startswith("log."):
                if _ANSWERED.search(str(e.values.get("template", ""))):
                    told.add((e.peer, e.component))
                elif e.aspect in CALLS_FAIL:
                    told.add((e.component, e.peer))
            elif e.kind in ("log.new", "log.surge") and e.provenance != "client":
                server = meant(written(str(e.values.get("template", ""))).own, servers, servers)
                told |= {(e.component, server)} if server and server != e.component else set()
        if not told:
            return self
        calls: dict[str, tuple[Link, ...]] = {}
        for caller, callee in sorted(told):
            if (callee, caller) not in told:
                calls[caller] = (*calls.get(caller, ()), Link(relation="calls", to=callee))
        return Topology([*self._components, *(Component(id=c, links=links) for c, links in calls.items())])

    def called(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each component with its other names."""
        return [(c.id, tuple(c.aliases)) for c in self._components]

    def knows(self, component: str) -> bool:
        """Whether anything is known of its place among the others."""
        return any(
            component in known
            for known in (self._out, self._in, self._wholes, self._parts, self._hosts, self._guests)
        )

    def callees(self, component: str) -> list[str]:
        """What it calls or is fed by: where the cause of its symptoms may lie."""
        return sorted(self._out.get(component, ()))

    def callers(self, component: str) -> list[str]:
        """Who feels its faults: its callers, what it feeds, and what runs on it."""
        return sorted(self._in.get(component, set()) | self._guests.get(component, set()))

    def twins(self, component: str) -> list[str]:
        """Who calls the very same ones and is called by one who calls it: replicas, as far as calls tell."""
        mine = self._out.get(component, set())
        beside = {t for caller in self._in.get(component, ()) for t in self._out.get(caller, ())} - {
            component
        }
        return sorted(t for t in beside if mine and self._out.get(t, set()) == mine)

    def partners(self, component: str) -> list[str]:
        """Who sends or takes messages through the same broker: which of the two it is, calls do not tell."""
        shared = self._out.get(component, set()) & self._brokers
        return sorted({c for broker in shared for c in self._in.get(broker, ())} - {component})

    def waiting(self, component: str) -> list[str]:
        """Who calls it or waits for it behind a broker."""
        return [*self.callers(component), *self.partners(component)]

    def hosts(self, component: str) -> list[str]:
        """What it runs on: its load shows there."""
        return sorted(self._hosts.get(component, ()))

    def guests(self, component: str) -> list[str]:
        """What runs on it."""
        return sorted(self._guests.get(component, ()))

    def parts(self, component: str) -> list[str]:
        """What is part of it."""
        return sorted(self._parts.get(component, ()))

    def wholes(self, component: str) -> list[str]:
        """What it is part of."""
        return sorted(self._wholes.get(component, ()))

    def family(self, component: str) -> frozenset[str]:
        """The component, all it is part of and all its parts: a channel's fact is a fact of its machine."""
        return frozenset({component, *_closure(component, self.wholes), *_closure(component, self.parts)})

    def ancestors(self, component: str) -> list[str]:
        """All direct and indirect callers."""
        return _closure(component, self.callers)

    def below(self, component: str) -> list[str]:
        """All that it calls, directly or not."""
        return _closure(component, self.callees)

    def reached(self, component: str, spread: Iterable[str]) -> frozenset[str]:
        """Where a fault's effects are looked for: itself, its whole and parts, its host, who calls it or waits for it behind a
        broker, whom it loads.
        """
        family = self.family(component)
        found = set(family)
        for member in family:
            found |= {*_closure(member, self.waiting), *self.hosts(member)}
        if component in self.machines:  # what feeds a part feeds its machine, and what that feeds
            found |= {
                w
                for c in tuple(found)
                for whole in _closure(c, self.wholes)
                for w in (whole, *self.ancestors(whole))
            }
        ways = set(spread)
        for callee in self.callees(component) if ways & {"callees", "siblings"} else ():
            found.add(callee)
            if "siblings" in ways:
                found |= set(self.ancestors(callee))
        return frozenset(found)

    def path(self, start: str, goal: str, spread: Iterable[str]) -> list[str]:
        """The shortest way on which an effect travels from start to goal, both included; [] if there is none."""
        ways = set(spread)
        queue: deque[list[str]] = deque([[start]])
        seen = {start}
        while queue:
            path = queue.popleft()
            if path[-1] == goal:
                return path
            here = path[-1]
            steps = [*self.waiting(here), *self.wholes(here)]
            if here == start and ways & {"callees", "siblings"}:
                steps += self.callees(here)
            for step in steps:
                if step not in seen:
                    seen.add(step)
                    queue.append([*path, step])
        return []


def _closure(start: str, step: Step) -> list[str]:
    queue, seen = deque([start]), {start}
    order: list[str] = []
    while queue:
        for following in step(queue.popleft()):
            if following not in seen:
                seen.add(following)
                order.append(following)
                queue.append(following)
    return order
