"""The words of the fault taxonomy: a fault kind, the facts that speak for it, the steps against it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aitia.agent.fact_values import ALERTS
from aitia.core.provenance import Provenance
from aitia.core.words import Direction, Effect, Evidence, Word

Of = Literal["self", "calls", "serves", "peer", "callers", "callees", "host"]
Spread = Literal["callees", "siblings"]


class Pattern(Word):
    """A fact that speaks for (weight > 0) or against (weight < 0) a fault kind; weight is log-odds at strength 1.

    `by`: who must have written it, where that matters: what a provider says of what it runs weighs more than a log line.
    `names`: of a machine's signal, of which its name must hold one (`bearing`, `oil`).
    `excludes`: what it speaks against looks like the fault in all else, so that the kind is told only where this is measured.
    """

    of: Of
    aspect: str
    direction: tuple[Direction, ...] = ()
    kinds: tuple[str, ...] = ()
    by: tuple[Provenance, ...] = ()
    names: tuple[str, ...] = ()
    weight: float = 0.0
    primary: bool = False
    excludes: bool = False
    why: str = ""

    def matches(self, evidence: Evidence) -> bool:
        """Whether the fact is of this pattern, whoever it belongs to. A steady fact matches only by its kind."""
        kind = "metric.limit" if evidence.kind in ALERTS else evidence.kind  # a limit that a person set
        return (
            evidence.aspect == self.aspect
            and (not self.direction or evidence.direction in self.direction)
            and (kind in self.kinds if self.kinds else evidence.direction != "steady")
            and (not self.by or evidence.provenance in self.by)
            and (not self.names or any(name in _channel(evidence) for name in self.names))
        )


def _channel(evidence: Evidence) -> str:
    """The name of the signal that a fact is about, in small letters, with the component that bears it and what a list of tags
    says of it.
    """
    name = evidence.values.get("channel") or evidence.values.get("metric") or ""
    return f"{evidence.component} {name} {evidence.values.get('described', '')}".casefold()


class Step(Word):
    """A mitigation step of the catalogue; `{component}` is filled in."""

    text: str
    effect: Effect | Literal["read-only", "changing"] = "changing"
    command: str = ""
    of: Literal["", "machines", "computers"] = ""  # what it is for; "" where it is for both


class Fault(Word):
    """One fault kind; `source` says which public list of failures it is taken from.

    machines  of which machines it is a fault: classes (agent/machine_classes.yaml), ids or aliases; empty: of any component
    effect    what it does to the plant
    job       what a work order asks for, in one line; `{signal}` is the instrument's signal
    urgency   how soon such a fault is seen to where nothing measured says how bad it is
    decides   the one measurement that confirms it or rules it out
    sure      how often it is this kind and no other where only what others show as well tells of it: the rest is left open
    parts, tools, safe  what is replaced, with what, and how the machine is brought to a safe state: advice for a work order
    """

    id: str
    source: str = ""
    title: str
    explanation: str = ""
    sure: float = Field(default=1.0, gt=0, le=1)
    machines: tuple[str, ...] = ()
    effect: str = ""
    decides: str = ""
    job: str = ""
    urgency: Literal["", "now", "soon", "plan"] = ""
    parts: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    safe: str = ""
    spread: tuple[Spread, ...] = ()
    words: tuple[str, ...] = ()
    requires: tuple[Pattern, ...] = ()
    requires_any: tuple[Pattern, ...] = ()
    patterns: tuple[Pattern, ...] = Field(min_length=1)
    now: tuple[Step, ...] = ()
    prevent: tuple[Step, ...] = ()
