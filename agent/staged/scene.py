"""What the facts of a stack of servers say in discrete signs: who fails when, who complains towards whom, what stayed quiet."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from aitia.agent.fact_values import ratio_of
from aitia.agent.facts import Facts
from aitia.agent.staged.changes import said_of
from aitia.agent.staged.claims import claims_of, hints_of
from aitia.agent.staged.names import by_label, stem_of
from aitia.agent.staged.roles import STORES, role_of
from aitia.agent.staged.signs import (
    at,
    author_of,
    down_since,
    ended_since,
    failing_lines,
    failing_since,
    halted_since,
    hung_since,
    piling_since,
    seconded,
    slow_since,
)  # fmt: skip
from aitia.core.aspects import CHANGE
from aitia.core.words import Evidence

_LABEL: Final = re.compile(r"=([^,}\s]{2,80})")
HALT_S: Final = 20.0  # between the end of a work and the growth of what waits for it; by hand
GROWS_S: Final = 15.0  # after a change: what it holds itself grows
NEAR_S: Final = 6.0  # before the first sign: a change that may have brought it about
LOADED: Final = ("traffic", "latency", "errors", "availability", "connections", "queue")


class Scene:
    """The discrete signs of an incident."""

    def __init__(self, facts: Facts, *, words: bool = True) -> None:
        self.facts, self.topology = facts, facts.topology
        self.names = sorted(
            ({c for c, _ in facts.topology.called()} | {e.component for e in facts.all}) - {""}
        )
        self._by_label = by_label(facts.topology.called())
        self._replicas: dict[str, list[str]] = {}
        self.quiet: dict[str, set[str]] = defaultdict(set)
        self.metrics: dict[str, list[Evidence]] = defaultdict(list)
        self.measured: set[str] = set()
        for e in facts.all:
            if not e.component or e.kind.startswith(("rank", "runbook")):
                continue
            if e.kind == "metric.quiet":
                self.measured.add(e.component)
                if "another test" not in e.statement:
                    self.quiet[e.component].add(e.aspect)
            elif e.kind.startswith("metric.") and e.kind != "metric.correlation" and e.direction != "steady":
                self.metrics[e.component].append(e)
                self.measured.add(e.component)
        self.seen = self.measured | {author_of(e) for e in facts.all if e.kind.startswith("log.")}
        self.down, self.asked = down_since(facts.all)
        self.hung = hung_since(facts.all)
        self.exits = ended_since(facts.all)
        self.zeros = failing_since(self.metrics)
        self.lines = failing_lines(facts.all) if words else []
        self.groups = self._groups()
        self.behind = self._behind()
        self.slow, self.strong = slow_since(self.metrics)
        self.piles = piling_since(self.metrics)
        self.halts = self._halts()
        signs: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for e in self.lines:
            if e.aspect != "log.other" or e.values.get("level") in ("error", "fatal"):
                signs[author_of(e)].append((at(e), "log"))
        for c, t in [*self.down.items(), *self.exits.items(), *self.hung.items()]:
            signs[c].append((t, "state"))
        for c, t in self.zeros.items():
            signs[c].append((t, "errors"))
        strong = [(t, c, "slow") for c, t in self.strong.items()]
        strong += [(t, c, "halt") for c, t in self.halts.items()]
        self.t0 = seconded([(t, c, k) for c, every in signs.items() for t, k in every] + strong)
        if self.t0 == float("inf"):
            self.t0 = min((t for t in self.slow.values()), default=self.t0)
        for c, t in self.halts.items():
            signs[c].append((t, "halt"))
        self.hard = set(signs)
        for e in self.lines:
            signs[author_of(e)].append((at(e), "said"))
        for c, t in self.slow.items():
            signs[c].append((t, "slow"))
        floor = self.t0 - 10.0
        self.first = {
            c: min(t for t, _ in v if t >= floor) for c, v in signs.items() if any(t >= floor for t, _ in v)
        }
        self.failing = {c for c, t in self.first.items() if t <= self.t0 + 45.0 and self.borne_out(c)}
        self.roles = self._roles()
        self.bottom = self._bottom()
        self.claims = claims_of(self)
        self.hints = hints_of(self)

    def callees(self, component: str) -> list[str]:
        """Whom it calls; not what it runs on."""
        hosts = set(self.topology.hosts(component))
        told = {*self.topology.callees(component), *self.behind.get(component, ())}
        return sorted(c for c in told if c not in hosts and c != component)

    def callers(self, component: str) -> list[str]:
        """Who calls it; not what runs on it."""
        guests = set(self.topology.guests(component))
        told = {*self.topology.callers(component), *(a for a, v in self.behind.items() if component in v)}
        return sorted(c for c in told if c not in guests and c != component)

    def is_replica(self, one: str, other: str) -> bool:
        """Whether both are called by the same and call the same."""
        calls, same = self.topology.callees(one), self.topology.callees(other)
        if one == other or calls != same:
            return False
        if not set(calls) - set(self.topology.hosts(one)):
            return stem_of(one) == stem_of(other)
        mine, theirs = set(self.topology.callers(one)), set(self.topology.callers(other))
        if mine or theirs:
            return bool(mine & theirs)
        brokers = all(self.roles.get(z) == "broker" for z in calls if z not in self.topology.hosts(one))
        return not brokers or stem_of(one) == stem_of(other)  # one broker serves many that are not alike

    def replicas(self, component: str) -> list[str]:
        """Its replicas."""
        if component not in self._replicas:
            self._replicas[component] = [n for n in self.names if self.is_replica(component, n)]
        return self._replicas[component]

    def borne_out(self, component: str) -> bool:
        """Whether a counter or a state, of its own or measured at it, shows that it fares differently: words alone do not."""
        if (
            component in self.down
            or component in self.exits
            or component in self.zeros
            or component in self.halts
        ):
            return True
        if any(
            e.component == component and e.kind == "log.surge" and e.aspect == "errors" and e.strength >= 0.5
            for e in self.facts.all
        ):  # its own record of how it answered
            return True
        if any(e.aspect in LOADED and e.strength >= 0.3 for e in self.metrics[component]):
            return True
        if any(
            e.peer == component and e.kind.startswith("metric.") and e.direction != "steady"
            for e in self.facts.all
        ):
            return True
        return component not in self.measured

    def stands(self, component: str) -> bool:
        """Whether something that is no text points to it: its own state, counter or limit, a change just before, what others
        measure of it, or two that call it and whose own counters or states show that they fail.
        """
        if (
            component in self.down
            or component in self.exits
            or component in self.zeros
            or component in self.slow
        ):
            return True
        if self.change_before(component)[0] <= NEAR_S or any(
            not k.text and component in k.targets for k in self.claims
        ):
            return True
        if any(e.aspect in LOADED and e.strength >= 0.5 for e in self.metrics[component]):
            return True
        shown = [c for c in self.callers(component) if c in self.zeros or c in self.down or c in self.slow]
        return len(shown) > 1

    def labelled(self, fact: Evidence) -> str:
        """The component that a series' peer or a label in braces names; ""."""
        if fact.peer:
            return fact.peer
        body = fact.statement.partition("{")[2].partition("}")[0][:300]
        for value in _LABEL.findall("{" + body + "}") if body else ():
            found = self._by_label.get(value.lower().strip('"'), "")
            if found and found != fact.component:
                return found
        return ""

    def change_before(self, component: str) -> tuple[float, str]:
        """Seconds from its last change to the first sign and the aspect; (inf, "") where none. What it holds or takes itself
        may grow a little longer after the change before anybody fails.
        """
        found = []
        for e in self.facts.all:
            if e.component == component and e.kind.startswith("change.") and e.aspect in CHANGE and e.onset:
                before, own = self.t0 - at(e), self.slow.get(component, float("inf")) - at(e)
                if before >= -1.5:
                    found.append((min(before, own * NEAR_S / GROWS_S if own >= 0 else before), e.aspect))
        return min(found, default=(float("inf"), ""))

    def change_said(self, component: str) -> str:
        """What is written of its changes in the seconds before the first sign."""
        near = [
            e
            for e in self.facts.all
            if e.component == component and e.kind.startswith("change.") and e.aspect in CHANGE and e.onset
            if -1.5 <= self.t0 - at(e) <= NEAR_S
        ]
        return " | ".join(said_of(e) for e in near[:4])

    def fills(self, component: str, held: Evidence) -> bool:
        """Whether what it holds, far more than before, is what one that it calls has no more of."""
        full = {e.component for e in self.facts.all if e.kind == "metric.limit" and e.aspect == held.aspect}
        return held.direction == "up" and ratio_of(held) >= 3.0 and bool(full & set(self.callees(component)))

    def exhausts(self, component: str, client: str) -> bool:
        """Whether both call what ran into a limit, and the component itself holds far more than before."""
        full = {e.component for e in self.facts.all if e.kind == "metric.limit"}
        return component in self.slow and bool(
            full & set(self.callees(component)) & set(self.callees(client))
        )

    def reaches(self, one: str, other: str) -> bool:
        """Whether one is the other or calls it, directly or not."""
        return one == other or other in self.topology.below(one)

    def cited(self, component: str, most: int = 6) -> list[tuple[str, str]]:
        """The facts that point to a component, with why: what others say of it and measure at it, then what it shows itself."""
        found: dict[str, str] = {}
        for k in sorted(self.claims, key=lambda k: (k.text, not k.named, k.at)):
            if component in k.targets and k.author != component and k.evidence:
                found.setdefault(
                    k.evidence, f"{k.author} fails towards {component}, or what stands beside it"
                )
        for e in sorted(self.facts.all, key=lambda e: -e.strength):
            own = e.component == component and e.kind.startswith(("metric.", "log.", "change.", "state."))
            moved = e.kind not in ("metric.quiet", "log.quiet", "metric.correlation") and e.strength >= 0.5
            if own and moved and e.id:
                found.setdefault(e.id, f"what {component} shows itself")
        return list(found.items())[:most]

    def _roles(self) -> dict[str, str]:
        """What sort of server each is; who calls and is called by nobody is a client, of whom nothing is measured unseen."""
        metrics: dict[str, set[str]] = defaultdict(set)
        for e in self.facts.all:
            if e.kind.startswith("metric.") and e.kind != "metric.correlation" and not e.peer:
                metrics[e.component].add(str(e.values.get("metric", "")))
        named = dict(self.topology.called())
        found = {}
        for c in self.names:
            role = role_of((c, *named.get(c, ())), metrics[c])
            if not role and self.callees(c) and not self.callers(c):
                role = "client?"
            elif not role and c not in self.measured:
                role = "unseen"
            elif not role and all(m.startswith("probe_") or m == "up" for m in metrics[c]) and metrics[c]:
                role = "outside"
            found[c] = role or "app"
        for c, role in found.items():
            if role == "client?":
                stores = any(found.get(z) in STORES | {"pooler"} for z in self.callees(c))
                found[c] = "app" if stores else "client"
        return found

    def serves_others(self, component: str, failing: set[str]) -> bool:
        """Whether one more calls it that is measured and fares as ever."""
        return any(
            x not in failing and x not in self.slow and {"errors", "latency"} & self.quiet[x]
            for x in self.callers(component)
        )

    def feeds(self, producer: str, consumer: str) -> bool:
        """Whether both use a broker, so that what one sends the other may have to work on."""
        shared = set(self.callees(producer)) & set(self.callees(consumer))
        return producer != consumer and any(self.roles.get(b) == "broker" for b in shared)

    def _groups(self) -> dict[str, set[str]]:
        """Replicas by the word that their names share."""
        found: dict[str, set[str]] = defaultdict(set)
        for name in self.names:
            if (stem := stem_of(name)) != name and len(stem) > 2:
                found[stem].add(name)
        return {k: v for k, v in found.items() if len(v) > 1}

    def _behind(self) -> dict[str, set[str]]:
        """Whom each reaches through a broker, as its own failing lines name them by the word that replicas share."""
        found: dict[str, set[str]] = defaultdict(set)
        for e in self.lines:
            author = author_of(e)
            near = set(self.topology.partners(author)) | set(self.topology.below(author))
            words = set(re.findall(r"[\w-]{3,40}", str(e.values.get("template", ""))[:500].lower()))
            for stem, members in self.groups.items():
                if stem.lower() in words and author not in members and members <= near:
                    found[author] |= members
        return {a: {m for m in v if a not in found.get(m, ())} for a, v in found.items()}

    def _halts(self) -> dict[str, float]:
        """Since when each does nothing more of what piles up at one that it calls."""
        found: dict[str, float] = {}
        if self.zeros or self.down or self.exits or self.hung:
            return found  # what else ends follows from these
        for c, t in halted_since(self.metrics).items():
            if any(abs(self.piles[b] - t) <= HALT_S for b in self.callees(c) if b in self.piles):
                found[c] = t
        return found

    def _bottom(self) -> list[str]:
        """Who fails and calls nobody who failed no later: where complaints end."""
        late = {c for c in self.failing if c not in self.hard and self.first[c] > self.t0 + 1.5}
        told = self.failing - late if self.failing & self.hard else self.failing
        return sorted(
            c
            for c in told
            if self.callees(c)
            and not any(
                z in told and self.callees(z) and self.first[z] <= self.first[c] + 6.0
                for z in self.callees(c)
            )
        ) or sorted(told)
