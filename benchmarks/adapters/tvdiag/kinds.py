"""Kinds of event at a component: what it raised itself, and what calls tell of both their ends."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from benchmarks.adapters.tvdiag.events import AlertEvent, Case

LEAST_SEEN: Final = 3  # calls by which an operation is known to be a component's
_INSTANCE: Final = re.compile(r"(?:-[a-z0-9]{6,10}-[a-z0-9]{5}|-\d{1,3})$")


def servers_of(cases: Iterable[Case]) -> dict[str, tuple[str, ...]]:
    """Which component (with its replicas) serves an operation, where the library's traces leave no doubt."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        known = set(case.candidates)
        for e in case.events:
            if e.source == "trace" and e.peer in known and e.component in known and e.peer != e.component:
                seen[e.signal][e.component] += 1
    return {
        operation: tuple(sorted(found))
        for operation, found in sorted(seen.items())
        if found.total() >= LEAST_SEEN and len({replica_group(c) for c in found}) == 1
    }


def replica_group(component: str) -> str:
    """The name without a replica's ordinal or pod hash."""
    return _INSTANCE.sub("", component)


def kinds_of(case: Case, servers: Mapping[str, Sequence[str]]) -> dict[str, Counter[str]]:
    """How often each component has each kind of event. A trace event counts at its server, its client, or within.

    A client's span that is troubled while its server's own span is not points at what lies between them.
    """
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    served = {(e.component, e.signal) for e in case.events if e.source == "trace" and e.peer != e.component}
    for e in case.events:
        if e.source == "metric":
            found[e.component][f"metric {e.signal} {e.direction}"] += 1
        elif e.source == "log":
            found[e.component][f"log {e.signal}"] += 1
        elif e.peer != e.component:
            found[e.component].update(_call("served", e))
            found[e.peer][f"trace called {e.direction}"] += 1
        else:
            found[e.component].update(_call("within", e))
            behind = [s for s in servers.get(e.signal, ()) if s != e.component]
            for server in behind:
                found[server][f"trace client {e.direction}"] += 1
                if (server, e.signal) not in served:
                    found[server][f"trace client only {e.direction}"] += 1
            if behind:
                found[e.component][f"trace calling {e.direction}"] += 1
                if not any((s, e.signal) in served for s in behind):
                    found[e.component][f"trace calling only {e.direction}"] += 1
    return dict(found)


def _call(role: str, e: AlertEvent) -> tuple[str, str]:
    """A call's kind of trouble, by itself and with the operation: which of its operations suffer tells faults apart."""
    return f"trace {role} {e.direction}", f"trace {role} {e.direction}: {e.signal}"
