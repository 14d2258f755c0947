"""A weighed incident whose answer is known: whether a verdict is right, and how far from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aitia.agent.taxonomy import Taxonomy, covers
from aitia.agent.topology import Topology
from aitia.agent.unshown import left_open
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import Weights
from aitia.core.words import Evidence, Inventory, Suspect, Verdict


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A weighed incident and what counts as right: a verdict, and for a cause its (component, fault) pairs.

    A fault of "" accepts every kind at the component. Where the culprit is hidden `unknown` is right, and pairs say who
    it was. `group` names what must not be split between folds; its first word is the data set.
    """

    id: str
    group: str
    evidence: tuple[Evidence, ...]
    inventory: Inventory
    verdict: Verdict
    accepted: tuple[tuple[str, str], ...] = ()
    alarmed: tuple[str, ...] = ()

    @property
    def data(self) -> str:
        """The data set."""
        return self.group.split()[0]

    def weighed(self, taxonomy: Taxonomy, weights: Weights) -> Weighed:
        """The suspects and the verdict by these weights."""
        weighed = weigh(self.evidence, self.inventory, taxonomy, weights, alarmed=self.alarmed)
        return left_open(weighed, self.evidence, self.inventory, taxonomy)

    def accepts(self, suspect: Suspect) -> bool:
        """Whether a suspect is an accepted answer."""
        if self.verdict != "cause":
            return not suspect.component and suspect.fault == self.verdict
        topology = Topology(self.inventory.components)
        return any(
            suspect.component in topology.family(c) and (not f or covers(f, suspect.fault))
            for c, f in self.accepted
            if suspect.component
        )

    def is_right(self, weighed: Weighed) -> bool:
        """Whether the verdict is right, and the named cause accepted."""
        named = Suspect(component=weighed.component, fault=weighed.fault, score=0, probability=0)
        return weighed.verdict == self.verdict and (self.verdict != "cause" or self.accepts(named))

    def log_loss(self, weighed: Weighed) -> float:
        """Minus the logarithm of the probability that the accepted answers hold together."""
        share = sum(s.probability for s in weighed.suspects if self.accepts(s))
        return -float(np.log(max(share, 1e-4)))
