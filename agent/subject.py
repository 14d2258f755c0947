"""What the alarm or the question is about: whether it is well itself, and so what else could be its cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.agent.facts import Facts
from aitia.agent.ledger import Ledger

REASON: Final = (
    0.5  # strength from which a finding in the cluster's own state is a reason, and not only a sign
)


class Subject:
    """The components that the alarm names, as the cluster's own state and their own logs show them."""

    def __init__(self, facts: Facts, alarmed: Sequence[str]) -> None:
        own = {a: [e for e in facts.all if e.component == a] for a in alarmed}
        self._failing = [
            a
            for a, es in own.items()
            if any(e.kind == "cluster.finding" and e.strength >= REASON for e in es)
        ]
        self._unwell = [
            a for a, es in own.items() if any(e.kind in ("cluster.finding", "cluster.symptom") for e in es)
        ]

    @property
    def unwell(self) -> list[str]:
        """Why nothing-is-wrong cannot be said of it, in words."""
        return [f"{a}, which was asked about, is not well in the state of the cluster" for a in self._unwell]

    def bar(self, ledger: Ledger) -> str:
        """Why another one cannot be the cause: the subject has a reason of its own, and that one does not affect it."""
        if not self._failing or any(ledger.component == a or ledger.reaches(a) for a in self._failing):
            return ""
        return (
            f"the alarm is of {self._failing[0]}, which has a fault of its own and which it does not affect"
        )
