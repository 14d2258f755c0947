"""One that fails and of whom nobody knows who calls it, beside those that pass on failures whose callees nobody knows.

A topology is often known in part: of a web server and what stands behind it no log or label tells. Where exactly one component
stands in no call, measures failures of its own and logs them, and components that are called and call nobody began to fail no
sooner, these are taken to call it while the failure is weighed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from aitia.agent.topology import Topology
from aitia.core.words import Evidence

PLAIN: Final = 0.5  # strength from which on it is plain that something fails; by hand
SOON_S: Final = 5.0  # by which the stray may begin later than those that pass it on: a scrape; by hand
_LOGGED: Final = frozenset({"log.exception", "log.data", "log.error"})


def stray_calls(topology: Topology, evidence: Sequence[Evidence]) -> list[tuple[str, str]]:
    """The calls that are taken to be there; empty where more than one component, or none, may be the callee."""
    own = defaultdict[str, list[Evidence]](list)
    for e in evidence:
        failing = e.aspect == "errors" or e.aspect in _LOGGED
        if e.component and not e.peer and failing and e.direction in ("up", "new") and e.strength >= PLAIN:
            own[e.component].append(e)
    strays = [c for c in own if _is_stray(topology, c, own[c])]
    if len(strays) != 1:
        return []
    began = _onset(own[strays[0]])
    ends = [c for c in sorted(own) if topology.callers(c) and not topology.callees(c)]
    return [(c, strays[0]) for c in ends if (at := _onset(own[c])) and began and began - at <= SOON_S]


def _is_stray(topology: Topology, component: str, own: Sequence[Evidence]) -> bool:
    if (
        topology.callers(component)
        or topology.callees(component)
        or topology.family(component) != {component}
    ):
        return False
    return any(e.kind.startswith("metric.") for e in own) and any(e.aspect in _LOGGED for e in own)


def _onset(facts: Sequence[Evidence]) -> float:
    """The first onset, epoch seconds; 0 where none is known."""
    return min((e.onset.timestamp() for e in facts if e.onset), default=0.0)
