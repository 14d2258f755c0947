"""The names that a failure's facts hold: of messages, calls and series, each with how much it tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aitia.core.words import Evidence, Incident
from aitia.tools.diffs.identifiers import compounds

if TYPE_CHECKING:
    from aitia.agent.facts import Facts

ELSEWHERE: Final = 0.4  # of a component that is neither the cause nor its neighbour
SERIES: Final = 0.5  # a series' name says what was measured, a message what failed
REPORTED: Final = 0.5  # the alarm's own words
COMPOUND: Final = 1.5  # a name of several words tells more than one
_QUOTED: Final = re.compile(r'"([^"]{3,300})"')


class FailureWords:
    """Words in the form of `aitia.tools.diffs`, with their weight in [0, 1.5]."""

    def __init__(self, facts: Facts, where: frozenset[str], incident: Incident | None = None) -> None:
        self._weights: dict[str, float] = {}
        self._told: dict[str, tuple[str, str]] = {}
        # A component's own name says where, not what failed.
        self._names = {part for c in where for _, _, parts in compounds(c) for part in parts}
        for e in facts.anomalies:
            near = 1.0 if where & {e.component, e.peer} else ELSEWHERE
            for text, share in _texts(e):
                self._add(text, near * share * facts.strength(e), e)
        if incident is not None:
            self._add(f"{incident.title} {incident.text}", REPORTED)

    def weight(self, word: str) -> float:
        """How much a word tells of the failure; 0 where it does not name it."""
        return self._weights.get(word, 0.0)

    def told(self, word: str) -> tuple[str, str]:
        """A word as a fact's statement has it, and that fact's id; ("", "") where none does."""
        return self._told.get(word, ("", ""))

    def _add(self, text: str, weight: float, fact: Evidence | None = None) -> None:
        for written, whole, parts in compounds(text):
            forms = [(p, 1.0) for p in parts if p not in self._names]
            if "_" in whole and forms:
                forms.append((whole, COMPOUND))
            for word, factor in forms:
                if factor * weight > self._weights.get(word, 0.0):
                    self._weights[word] = factor * weight
                    if fact is not None and written in fact.statement:
                        self._told[word] = (written, fact.id)


def _texts(fact: Evidence) -> Iterator[tuple[str, float]]:
    if fact.kind.startswith("log.") and fact.direction != "gone":
        share = 1.0 if fact.values.get("level", "error") in ("error", "warning", "critical", "fatal") else 0.4
        yield str(fact.values.get("template", "")), share
    elif fact.kind.startswith("trace."):
        yield (
            " ".join(
                [
                    *_QUOTED.findall(fact.statement),
                    *(str(fact.values.get(n, "")) for n in ("operation", "missing")),
                ]
            ),
            1.0,
        )
    elif metric := fact.values.get("metric"):
        yield str(metric), SERIES
