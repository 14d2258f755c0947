"""Questions for relations: who calls, feeds or runs on what."""

from __future__ import annotations

import re
from typing import Any, Final

from aitia.agent.asking.question.about import EQUIPMENT
from aitia.agent.asking.question.direction import direction
from aitia.agent.asking.question.measure import things_of
from aitia.agent.asking.question.objects_rules import at_node
from aitia.agent.asking.question.outcome import KUBERNETES, Reading, one
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.relations import who
from aitia.tools.query.words import Count, Get, List, Who

_RELATED: Final = ("called_by", "hosts", "fed_by", "parts")  # relations whose words mean nothing else


def of_relations(p: Pieces) -> Reading | None:
    """Who calls, feeds or runs on what."""
    told = direction(p)
    found = [r for r in p.keys("relations") if r != "logs"]
    if told and not set(found) - {"calls", "called_by"}:
        found = [told]
    if not found or not p.component or p.has("parts", "version") or p.has("verbs", "changes"):
        return None
    does: Any = next((r for r in found if r in _RELATED), found[0])
    if set(p.keys("parts")) - {"node", "state", "age", "replicas"} and does not in _RELATED:
        return None
    if does == "feeds" and (things := _MACHINE_FEEDS.search(p.low)) and things_of(things[1]) & EQUIPMENT:
        does = "fed_by"  # "which pump feeds the condenser"
    measures = [t for t in p.terms if t.concepts and not t.soft]
    if does not in _RELATED and (measures or p.level or p.has("verbs", "lines")):
        return None
    kinds = set(p.keys("resources")) & KUBERNETES
    if does == "hosts" and "pods" in kinds and p.site.readers():
        where = at_node(p)
        return one(Count(of="pods", **where) if p.has("verbs", "count") else List(of="pods", **where))
    if does == "runs_on" and "pods" in kinds and p.site.readers() and "node" in (where := at_node(p)):
        return one(Count(of="pods", **where) if p.has("verbs", "count") else List(of="pods", **where))
    here = p.site.held(p.component)
    if (
        does == "runs_on"
        and "pods" in kinds
        and p.site.readers()
        and here is not None
        and here.type == "node"
    ):
        on: Any = {"of": "pods", "component": p.component}
        return one(Count(**on) if p.has("verbs", "count") else List(**on))
    if (
        does == "runs_on"
        and p.site.readers()
        and (kinds or any(w.name == p.component for _, r in p.site.readers() for w in r.workloads))
    ):
        return one(Get(component=p.component, part="node"))
    if does == "fed_by" and _by_it(p):
        does = "feeds"
    asked = Who(does=does, component=p.component)
    if does in _FEEDS and not who(asked, p.site).names:  # "cosa alimenta P-1" asks for either end
        other = Who(does=_FEEDS[does], component=p.component)
        if who(other, p.site).names:
            return Reading(status="query", queries=(asked, other), live=True)
    return one(asked)


def _by_it(p: Pieces) -> bool:
    """Whether the component stands behind "fed by", which other things are: "which districts are fed by the west one?"."""
    ends = [m.end() for m in _FED.finditer(p.low)]
    behind = [m.end() for m in _FED_BEFORE.finditer(p.low)]
    named = [a for a, _ in (*p.about.taken, *p.about.soft)]
    return any(0 <= a - end <= _NEAR for end in ends for a in named) or any(
        0 < end - a <= _NEAR * 2 for end in behind for a in named
    )


_MACHINE_FEEDS: Final = re.compile(
    r"(?<!\w)(?:which|what|welche[rsn]?|quelle?|qué|quale) ([\w-]+) (?:feeds|supplies|speist|versorgt|alimente|alimenta)(?!\w)"
)
_NEAR: Final = 24  # characters between "fed by" and a name
_FED: Final = re.compile(
    r"(?:fed|supplied|served|powered) (?:by|from)|alimentée?s? par|alimentad[oa]s? por|alimentat[oaie] da\w*"
)
_FED_BEFORE: Final = re.compile(r"(?<!\w)(?:von|vom|aus)\W+(?:\w+\W+){1,4}?(?:gespeist|versorgt)(?!\w)")
_FEEDS: Final[dict[str, Any]] = {"feeds": "fed_by", "fed_by": "feeds"}
