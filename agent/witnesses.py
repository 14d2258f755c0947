"""What should have moved with an accusation, and did not: other channels than the one that accuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from aitia.agent.facts import Facts, is_anomaly
from aitia.agent.weights import family_of
from aitia.core.aspects import CHANGE, CONDITION, MEMORY, RANK
from aitia.core.words import Evidence, Word

PLAIN: Final = 0.3  # strength from which on a fact says that something moved
_CONTEXT: Final = CHANGE | MEMORY | RANK | CONDITION
_MEASURED: Final = frozenset({"metric", "trace", "vibration"})


class Table(Word):
    """The file `witnesses.yaml`."""

    harm: frozenset[str]
    claims: dict[str, frozenset[str]]
    sizes: dict[str, float]


class Against(NamedTuple):
    """A line of the ledger: what stayed quiet."""

    term: str
    log_odds: float
    why: str
    evidence: str


@lru_cache(maxsize=1)
def table() -> Table:
    """The bundled table."""
    path = Path(__file__).with_name("witnesses.yaml")
    return Table.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


class Witnesses:
    """What was measured of each component: what moved, and what is known to have stayed."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._moved: dict[str, list[Evidence]] = {}
        self._quiet: dict[str, list[Evidence]] = {}
        for e in facts.all:
            if family_of(e) not in _MEASURED or not e.component:
                continue
            if e.kind in ("metric.quiet", "trace.quiet"):
                self._quiet.setdefault(e.component, []).append(e)
            elif is_anomaly(e) and facts.strength(e) >= PLAIN:
                self._moved.setdefault(e.component, []).append(e)

    def against(self, component: str, accusing: Sequence[Evidence]) -> list[Against]:
        """What speaks against a suspect whom these facts accuse."""
        family = self._facts.topology.family(component)
        plain = [e for e in accusing if e.aspect not in _CONTEXT and e.strength >= PLAIN]
        if not plain or family & self._facts.topology.machines or any(family_of(e) == "cluster" for e in plain):
            return []
        found = list(self._unfelt(component, family))
        felt = self._felt(component, family)
        texts = [e for e in plain if family_of(e) == "log"]
        if len(texts) == len(plain):
            found += self._texts(component, family, texts, felt=felt)
        elif not felt and not texts:
            found += self._single(component, family)
        return found

    def _line(self, term: str, why: str, fact: Evidence | None) -> Against:
        return Against(f"quiet.{term}", -table().sizes[term], why, fact.id if fact else "")

    def _felt(self, component: str, family: frozenset[str]) -> bool:
        """Whether what is measured of others tells of trouble with or above the component."""
        above = {a for member in family for a in self._facts.topology.ancestors(member)} - family
        return any(
            e.aspect in table().harm
            for name, moved in self._moved.items()
            if name not in family
            for e in moved
            if name in above or e.peer in family
        )

    def _unfelt(self, component: str, family: frozenset[str]) -> Iterable[Against]:
        callers = {c for member in family for c in self._facts.topology.callers(member)} - family
        calm = [e for c in sorted(callers) for e in self._quiet.get(c, ()) if e.aspect in ("latency", "errors")]
        if calm and not self._felt(component, family):
            yield self._line("unfelt", f"nobody who calls {component} slowed or failed", calm[0])

    def _texts(
        self, component: str, family: frozenset[str], texts: Sequence[Evidence], *, felt: bool
    ) -> Iterable[Against]:
        """Of a suspect whom nothing but texts accuse."""
        moved = [e for member in sorted(family) for e in self._moved.get(member, ())]
        quiet = [e for member in sorted(family) for e in self._quiet.get(member, ())]
        claimed = frozenset[str]().union(*(table().claims.get(e.aspect, frozenset()) for e in texts))
        if any(e.aspect in claimed for e in moved):
            return
        contrary = next((e for e in quiet if e.aspect in claimed), None)
        if contrary is not None:
            why = f"its logs say so, but its {contrary.aspect.replace('_', ' ')} stayed as it was"
            yield self._line("contrary", why, contrary)
        if quiet and not moved and not felt:
            yield self._line("unmoved", "by logs alone: nothing that is measured of it moved", quiet[0])
        elif not quiet and not moved and not felt and len({(e.component, e.statement) for e in texts}) < 2:
            yield self._line("alone", "by logs alone, and by one message", texts[0])

    def _single(self, component: str, family: frozenset[str]) -> Iterable[Against]:
        """Of a suspect of whom one series moved, and whom nobody else felt."""
        moved = {e.aspect for member in family for e in self._moved.get(member, ())}
        quiet = [e for member in sorted(family) for e in self._quiet.get(member, ())]
        if len(moved) < 2 and len({e.aspect for e in quiet}) > 1:
            what = next(iter(moved), "").replace("_", " ")
            yield self._line("single", f"only its {what} moved, and nobody felt it", quiet[0])
