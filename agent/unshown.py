"""What nobody could see: the kind of a fault stays open where what would tell it from others is not at hand.

A log that nobody reads can neither speak for a kind nor against it. Slow or failing answers alone are what a wrong setting, an
overload and a refused password have in common, and one that is gone may hang, wait or have crashed: only its own log tells
which. Without that log the kind is told at a part of its probability, and the rest goes to the component's open kind. A kind
of a machine that looks like another in all but one quantity (`excludes` in the taxonomy) is not told where nobody measures that.
A kind that is never quite sure (`sure`) leaves its rest to `unknown` where nothing ranked the component: then no
measurement says that the trouble is there and not at the other end. Where nothing is measured at all, another log
that tells of its errors says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from aitia.agent.doubt import UNKNOWN
from aitia.agent.facts import of_logs_alone
from aitia.agent.ledger import RESIDUAL
from aitia.agent.measured_class import measured_at
from aitia.agent.taxonomy import Fault, Taxonomy
from aitia.agent.topology import Topology
from aitia.agent.weigher import NAMED, OPEN, Weighed
from aitia.core.words import Evidence, Inventory, Suspect

PLAIN: Final = "software.latency"  # says no more than what is felt
FELT: Final = frozenset(
    {"errors", "latency", "traffic", "retries"}
)  # what is felt of a fault, whatever it is
GONE: Final = "availability"
# Share of a kind that stands on these alone while no log of its component is at hand; by hand (docs/fitted.md).
UNLOGGED: Final = 0.6
UNLOGGED_GONE: Final = 0.75
# The same of a kind of a machine, of which nothing measured could have excluded what looks like it; by hand.
UNEXCLUDED: Final = 0.45


def left_open(
    weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory, taxonomy: Taxonomy
) -> Weighed:
    """The same suspects; the kind is open, or the verdict `unknown`, where what is at hand does not tell it from others."""
    if weighed.verdict != "cause" or weighed.fault == OPEN:
        return weighed
    pair = (weighed.component, weighed.fault)
    told = next((s for s in weighed.suspects if (s.component, s.fault) == pair), None)
    if told is None:  # its parent is told: several kinds together
        return weighed
    by_id = {e.id: e for e in evidence}
    carried = {
        by_id[c.evidence].aspect for c in told.ledger if c.term.startswith("primary.") and c.evidence in by_id
    }
    if (share := _unlogged(told, carried, inventory)) < 1.0:
        return _kind_open(weighed, told, share)
    known = taxonomy.get(told.fault)
    if known is not None and (of := _unexcluded(told, known, evidence, Topology(inventory.components))):
        return (_kind_open if of == "self" else _unsure)(weighed, told, UNEXCLUDED)
    ranked = any((s.component, s.fault) == (told.component, OPEN) for s in weighed.suspects)
    if known is None or known.sure == 1.0 or ranked:
        return weighed
    seconded = any(c.term == "witness" and c.log_odds > 0 and c.evidence for c in told.ledger)
    if seconded and told.fault == RESIDUAL and of_logs_alone(evidence):
        return _kind_open(weighed, told, known.sure)
    return _unsure(weighed, told, known.sure)


def _unlogged(told: Suspect, carried: set[str], inventory: Inventory) -> float:
    """How much of the kind may be told without the component's log."""
    if (
        not carried
        or told.fault == PLAIN
        or not carried <= {*FELT, GONE}
        or _is_logged(told.component, inventory)
    ):
        return 1.0
    return UNLOGGED_GONE if GONE in carried else UNLOGGED


def _unexcluded(
    told: Suspect, fault: Fault, evidence: Sequence[Evidence], topology: Topology
) -> Literal["self", "beside", ""]:
    """Whether what looks like the fault would show where nothing measures it: at the component, or at one beside it as well."""
    looked: dict[str, set[str]] = {}
    for pattern in fault.patterns:
        if pattern.excludes:
            places = topology.family(told.component)
            near = frozenset(topology.callees(told.component)) if pattern.of == "callees" else places
            looked.setdefault(pattern.aspect, set()).update(near)
    unseen = [a for a, places in looked.items() if not any(a in measured_at(p, evidence) for p in places)]
    beside = any(looked[a] - topology.family(told.component) for a in unseen)
    return "" if not unseen else "beside" if beside else "self"


def _is_logged(component: str, inventory: Inventory) -> bool:
    """Whether a log of it, of a part of it or of what it is part of is read."""
    family = Topology(inventory.components).family(component)
    return any(h.kind == "logs" and not h.unread and family & set(h.components) for h in inventory.holdings)


def _kind_open(weighed: Weighed, told: Suspect, share: float) -> Weighed:
    """The rest of the kind's probability is its component's; the kind is told while it keeps one half."""
    suspects = _moved(weighed.suspects, told, share, told.component, OPEN)
    kept = round(told.probability * share, 4)
    if kept >= NAMED:
        return weighed.model_copy(update={"probability": kept, "suspects": suspects})
    return weighed.model_copy(update={"fault": OPEN, "suspects": suspects})


def _unsure(weighed: Weighed, told: Suspect, share: float) -> Weighed:
    """The rest of the kind's probability is nobody's; the component is told while it keeps one half."""
    suspects = _moved(weighed.suspects, told, share, "", UNKNOWN)
    kept = round(told.probability * share, 4)
    if kept >= NAMED:
        return weighed.model_copy(update={"probability": kept, "suspects": suspects})
    likeliest = max(s.probability for s in suspects if s.fault != UNKNOWN)
    return Weighed(verdict="unknown", probability=round(1.0 - likeliest, 4), suspects=suspects)


def _moved(
    suspects: Sequence[Suspect], told: Suspect, share: float, component: str, fault: str
) -> tuple[Suspect, ...]:
    """The suspects with the rest of one kind's probability at another pair, which is made where it is none yet."""
    rest = round(told.probability * (1.0 - share), 4)
    found = next((s for s in suspects if (s.component, s.fault) == (component, fault)), None)
    heir = found or told.model_copy(update={"fault": fault, "probability": 0.0})
    changed = [
        told.model_copy(update={"probability": round(told.probability * share, 4)}),
        heir.model_copy(update={"probability": round(min(1.0, heir.probability + rest), 4)}),
    ]
    made = [*(s for s in suspects if s is not told and s is not found), *changed]
    return tuple(sorted(made, key=lambda s: (-s.probability, -s.score, s.component, s.fault)))
