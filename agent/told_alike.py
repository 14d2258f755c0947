"""What clients' logs say of the one that they call: the same complaint of several, or the words of a database's locks.

A certificate that has expired, a password that is no longer accepted, a row that stays locked: the server's, and told by its
clients. Where several components begin to complain alike and name or call only one component in common, or of those one that
complains as well or was changed just before, the complaint is that one's.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from aitia.agent.fact_values import is_first_hand
from aitia.agent.server_software import meant, software_of
from aitia.agent.topology import CALLS_FAIL, Topology
from aitia.core.aspects import CHANGE
from aitia.core.words import Evidence

MOVED: Final = 0.5  # strength from which on something of a component that others wait for did move; by hand
SOON_S: Final = 120.0  # after a change, within which complaints that begin may come of it; by hand
PLAIN: Final = 0.3  # strength from which on a message is a complaint
LOCKS: Final = frozenset({"log.lock", "log.deadlock"})
"""What only a server knows: a client repeats its words, so one client is enough where it calls one database."""
STATED: Final = LOCKS | {"log.disk_full", "log.connection_limit"}
"""What a server says of itself in its answer: one client that repeats it and names the server's software is enough."""
COMPLAINTS: Final = LOCKS | {
    "log.certificate", "log.dns", "log.permission", "log.quota", "log.overload", "log.connection_limit", "log.connection_refused",
    "log.unavailable", "log.disk_full",
}  # fmt: skip
_POOL: Final = re.compile(r"(?i)\bpool")  # of connections: the client's own, whatever it waits for
_DATABASE: Final = re.compile(
    r"(?i)(?:mysql|mariadb|pg|postgres|oracle(?:db)?|mssql|sqlserver|db2|mongo(?:db)?|cockroach|tidb)_"
)


def told_alike(evidence: Sequence[Evidence], topology: Topology) -> list[Evidence]:
    """The same facts, those complaints with the server as their component or peer; `reported_by` still says who wrote them."""
    complaints: dict[str, list[Evidence]] = defaultdict(list)
    for e in evidence:
        own = e.values.get("reported_by") == e.component
        if (
            own
            and e.aspect in COMPLAINTS
            and not _POOL.search(_words(e))
            and e.direction in ("new", "up")
            and e.strength >= PLAIN
        ):
            complaints[e.aspect].append(e)
    databases = Counter(
        e.component for e in evidence if _moved(e) and _DATABASE.match(str(e.values.get("metric", "")))
    )
    changes = [(e.component, e.onset) for e in evidence if e.aspect in CHANGE and e.onset]
    seen = {e.component for e in evidence if e.component and is_first_hand(e)}
    gone = frozenset(e.component for e in evidence if _is_gone(e))
    software = software_of(evidence, topology.called())
    servers: dict[int, str] = {}  # by the fact's identity: not all have an id yet
    for aspect, told in complaints.items():
        begun = min((e.onset for e in told if e.onset), default=None)
        spoken = {id(e): meant(_words(e), topology.callees(e.component), software) for e in told}
        soon = frozenset(c for c, at in changes if begun and _just_before(at, begun))
        unspoken = frozenset(c for c, of in software.items() if of and c not in spoken.values())
        server = _shared(told, topology, Known(soon, gone, unspoken, frozenset(seen)))
        for e in told:
            called = {*topology.below(e.component)}
            alike = {o.component for o in told if spoken[id(o)] == spoken[id(e)] and spoken[id(o)]}
            name = spoken[id(e)] if len(alike) > 1 or aspect in STATED else ""
            if not name:
                name = server if server in called else ""
            if not name and aspect in LOCKS and e.component not in databases:
                name = _most(databases, called)
            if name and e.peer in ("", name):
                servers[id(e)] = name
    return [_told_of(e, servers[id(e)]) if id(e) in servers else e for e in evidence]


def _words(complaint: Evidence) -> str:
    return str(complaint.values.get("template") or complaint.statement)


def _told_of(complaint: Evidence, server: str) -> Evidence:
    """As the server's own; that a call to it failed stays the client's word of its peer."""
    if complaint.aspect in CALLS_FAIL:
        return complaint.model_copy(update={"peer": server})
    return complaint.model_copy(update={"component": server, "peer": ""})


def tellers(facts: Sequence[Evidence]) -> frozenset[str]:
    """The clients whose complaints some facts of a server are."""
    told = (str(e.values.get("reported_by", "")) for e in facts if e.aspect in COMPLAINTS)
    return frozenset(told) - {e.component for e in facts} - {""}


class Known(NamedTuple):
    """What is known of components beside who calls whom."""

    changed: frozenset[str]  # just before
    gone: frozenset[str]  # no longer there
    unspoken: frozenset[str]  # whose software no complaint names
    seen: frozenset[str]  # that have telemetry


def _shared(told: Sequence[Evidence], topology: Topology, known: Known) -> str:
    """Whom several who complain name, else the only one that all of them call.

    Of several such the one that complains as well, or that alone is gone, or was changed just before, or that alone nobody else
    calls who does not complain; of several of these the only one whose software is not another one, or that has no telemetry.
    """
    who = {e.component for e in told}
    named = {e.peer for e in told if e.peer}
    if len(named) == 1 and sum(named <= {*topology.below(c)} for c in who) > 1:
        return next(iter(named))
    passing = {c for c in who if who & {*topology.callees(c)}}  # they pass on what another of them tells
    clients = sorted(who - passing)
    writers = {c for c in passing if not who & {*topology.callers(c)}}
    below = [frozenset(topology.callees(c)) for c in clients]
    common = frozenset.intersection(*below) if len(below) > 1 else frozenset[str]()
    if not common:  # the server writes the same: then it is one of those who complain
        servers = [c for c in clients if any(c in topology.callees(other) for other in writers | passing)]
        return servers[0] if len(servers) == 1 else ""
    if len(common) > 1:
        theirs = frozenset(c for c in common if who >= {*topology.callers(c)} - {c})
        fits = theirs - known.unspoken
        few = (common & known.gone, common & known.changed, theirs, fits, theirs - known.seen)
        common = next((found for found in few if len(found) == 1), frozenset())
    return next(iter(common)) if len(common) == 1 else ""


def _just_before(change: datetime, begun: datetime) -> bool:
    return -1.0 <= (begun - change).total_seconds() <= SOON_S


def _most(counts: Counter[str], among: Iterable[str]) -> str:
    """The one counted most, "" where two are alike."""
    ranked = sorted(((counts[c], c) for c in among if counts[c]), reverse=True)
    alone = len(ranked) == 1 or (len(ranked) > 1 and ranked[0][0] > ranked[1][0])
    return ranked[0][1] if alone else ""


def _is_gone(evidence: Evidence) -> bool:
    probed = str(evidence.values.get("metric", "")).startswith("probe_")
    return evidence.kind == "metric.missing" and evidence.direction == "gone" and not probed


def _moved(evidence: Evidence) -> bool:
    return (
        evidence.kind in ("metric.shift", "metric.trend", "metric.limit")
        and evidence.direction == "up"
        and evidence.strength >= MOVED
    )
