"""Clients of which nothing but their own requests is measured: what they measure is about the one that they call.

A browser, a terminal, a load generator or a probe has no process that anybody watches here. That its requests take longer or
fail tells of its calls, not of itself; as its own, it would be the first to be suspected of whatever it suffers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from aitia.agent.topology import Topology
from aitia.core.aspects import CHANGE, CONTEXT
from aitia.core.words import Evidence

FELT: Final = frozenset({"latency", "errors"})
_OF_REQUESTS: Final = FELT | {"traffic", "availability"}


def askers(evidence: Sequence[Evidence], topology: Topology) -> dict[str, str]:
    """Each such client, with the one component that it calls: nobody calls it, it writes no log, and nobody changed it."""
    aspects = defaultdict[str, set[str]](set)
    for e in evidence:
        if e.component and not e.peer and (e.aspect in CHANGE or e.aspect not in CONTEXT):
            aspects[e.component].add("log" if e.kind.startswith("log.") else e.aspect)
    found: dict[str, str] = {}
    for name, of in aspects.items():
        callees = topology.callees(name)
        alone = len(callees) == 1 and not topology.callers(name) and topology.family(name) == {name}
        if alone and of <= _OF_REQUESTS and of & FELT:
            found[name] = callees[0]
    return found


def told_of_callees(evidence: Sequence[Evidence], asking: dict[str, str]) -> list[Evidence]:
    """The same facts, those of the clients' requests as facts about whom they call."""
    return [
        e.model_copy(update={"peer": asking[e.component]})
        if e.component in asking and not e.peer and e.aspect in FELT
        else e
        for e in evidence
    ]
