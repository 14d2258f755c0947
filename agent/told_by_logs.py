"""What logs tell of each service: its own words, what others say of it, whom an unnamed complaint means, who suffers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Final

from aitia.agent.facts import Facts, is_harm, onset
from aitia.agent.quoted import Quoted, answered
from aitia.agent.replicas import service, without_journal
from aitia.core.aspects import CHANGE
from aitia.core.words import Evidence

HARD: Final = frozenset(
    {
        "log.oom", "log.disk_full", "log.deadlock", "log.lock", "log.certificate", "log.io", "log.clock", "log.quota",
        "log.query_plan",
    }
)  # fmt: skip
"""What a service says of itself that is a cause by itself."""
SOFT: Final = frozenset(
    {
        "log.configuration", "log.permission", "log.data", "log.replication", "log.overload", "log.restarts", "log.exception",
        "log.connection_limit",
    }
)  # fmt: skip
"""What may be a cause, and is a client's doing or a passing error as often."""
SUFFERED: Final = frozenset(
    {"log.timeout", "log.unavailable", "log.connection_refused", "log.dns", "log.slow", "log.retry"}
)
"""What a service says of itself that another one did to it."""
ERRORS: Final = frozenset({"log.error", "errors", "latency"})
"""Errors and slow answers of which its log does not say why."""

STANDING: Final = "log.standing"  # the kind of a fact of what was there before as well

# By hand.
PLAIN: Final = 0.3  # strength from which a fact counts
WARNED: Final = 0.5  # strength from which a warning of no known kind is trouble
SOON_S: Final = 20.0  # after the first of all onsets: began first
FOLLOWS_S: Final = 900.0  # after a cause, within which what others suffer may come of it
MEANT: Final = 0.6  # probability from which a message tells of another one's trouble
_LINK: Final = re.compile(
    r"(?i)\blink (?:is )?(?:now )?down\b|\bcarrier (?:lost|down)\b|\blink is not ready\b"
)


class Told:
    """What logs tell of each service: its own words, what others say of it, who suffers."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.own: dict[str, list[Evidence]] = defaultdict(list)
        self.others: dict[str, dict[str, Evidence]] = defaultdict(dict)
        self.standing: dict[str, list[Evidence]] = defaultdict(list)  # its own troubles that are no news
        self.standing_of: dict[str, dict[str, Evidence]] = defaultdict(dict)  # those of others about it
        self.members: dict[str, set[str]] = defaultdict(set)
        self.meant: dict[str, set[str]] = defaultdict(
            set
        )  # who complains of a service without naming it: no witness
        self.by_members: set[str] = set()  # members of a service of which another member tells
        self.began: dict[str, list[datetime]] = defaultdict(list)
        """When the troubles of each service began of which its own log tells."""
        quoted = Quoted(facts)
        for e in sorted(facts.all, key=lambda e: (-facts.strength(e), e.statement)):
            for name in {e.component, e.peer} - {""}:
                self.members[service(name)].add(name)
            if e.provenance == "client" or e.direction in ("steady", "none"):
                continue
            writer = service(str(e.values.get("reported_by", e.component)))
            if is_harm(e) or e.aspect in CHANGE:
                self._enter(e, writer, e.peer or quoted.server(e))
            if e.onset and (_is_warning(e) or (is_harm(e) and self._plain(e))):
                self.began[writer].append(e.onset)
        self._point(facts)
        self.troubled: dict[str, datetime] = {s: min(times) for s, times in self.began.items()}
        """The services whose logs tell of trouble, and when it began."""
        self.begun = min(self.troubled.values(), default=None)

    def _enter(self, e: Evidence, writer: str, peer: str) -> None:
        own, others = (self.standing, self.standing_of) if e.kind == STANDING else (self.own, self.others)
        if (
            service(e.component) == writer or e.aspect == "log.oom"
        ):  # a kernel's word of what it killed is first hand
            own[service(e.component)].append(e)
        if service(e.component) != writer:
            others[service(e.component)].setdefault(writer, e)
        author = without_journal(str(e.values.get("reported_by", e.component)))
        if peer and service(peer) == writer and peer != author and is_harm(e):
            self.by_members.add(peer)
        if peer and service(peer) != writer:
            others[service(peer)].setdefault(writer, e)

    def _point(self, facts: Facts) -> None:
        """Who complains of somebody whom it does not name means the one of those whom it calls that is in trouble itself."""
        for e in sorted(facts.all, key=lambda e: (-facts.strength(e), e.statement)):
            writer = service(str(e.values.get("reported_by", e.component)))
            if e.peer or service(e.component) != writer or e.direction in ("steady", "none"):
                continue
            if e.provenance == "client":
                continue
            if whose(e, "peer") < MEANT or not (is_harm(e) or _is_warning(e)):
                continue
            troubled = [
                c for c in sorted(self.below(writer)) if any(o.aspect not in CHANGE for o in self.own[c])
            ]
            if len(troubled) == 1 and writer not in self.others[troubled[0]]:
                self.others[troubled[0]][writer] = e
                self.meant[troubled[0]].add(writer)

    def _plain(self, e: Evidence) -> bool:
        return e.aspect not in CHANGE and self.facts.strength(e) >= PLAIN

    def first_of(self, name: str) -> datetime | None:
        """When the trouble of a service began, by itself or by who calls it."""
        every = [*self.own[name], *self.others[name].values()]
        return min((onset(e) for e in every if e.onset and self._plain(e)), default=None)

    def strongest(self, name: str, aspects: Collection[str]) -> Evidence | None:
        """The strongest of what a service says of itself, and not of another one."""
        own = (e for e in self.own[name] if not e.peer or service(e.peer) == name)
        return next((e for e in own if kind_of(e) in aspects), None)

    def above(self, name: str) -> set[str]:
        """The services that call one, directly or not."""
        topology = self.facts.topology
        return {service(a) for m in self.members[name] for a in topology.ancestors(m)} - {name}

    def below(self, name: str) -> set[str]:
        """The services that it calls itself."""
        topology = self.facts.topology
        return {service(c) for m in self.members[name] for c in topology.callees(m)} - {name}

    def follow(self, name: str, cause: Evidence, *, linked: bool) -> set[str]:
        """The other services whose trouble began with a cause or within a quarter of an hour of it; of a `linked` cause one of
        them calls the service.
        """
        if cause.onset is None:
            return set()
        found = {
            s for s, times in self.began.items()
            if s != name and any(-SOON_S <= (at - onset(cause)).total_seconds() <= FOLLOWS_S for at in times)
        }  # fmt: skip
        return found if not linked or found & self.above(name) else set()


def kind_of(e: Evidence) -> str:
    """The aspect of a fact for who it is: what a driver was answered is suffered, a kernel's link that is down is a cause."""
    template = str(e.values.get("template", ""))
    if e.aspect in HARD | SOFT and answered(e):
        return "log.unavailable"
    return "log.io" if e.aspect == "log.error" and _LINK.search(template) else e.aspect


def _is_warning(e: Evidence) -> bool:
    """Whether it is a new warning of which no kind of fault is known."""
    return (
        e.aspect == "log.other"
        and e.values.get("level") in ("warning", "error", "fatal")
        and e.strength >= WARNED
    )


def whose(e: Evidence, *owners: str) -> float:
    """How likely the trouble that a message tells of is of one of some owners, as it was learned of messages."""
    sure = float(e.values.get("whose_sure", 0.0))
    each = (1.0 - sure) / 3
    return sum(sure if e.values.get("whose") == owner else each for owner in owners)
