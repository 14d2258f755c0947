"""Facts as pictures need them: when, where, of which kind of source, and in few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aitia.core.words import Evidence, Report, Sentence
from aitia.render import text as t

_BY_KIND: Final = {
    "metric": "metrics", "log": "logs", "change": "changes", "trace": "traces", "vibration": "signals",
    "signal": "signals", "alarm": "alarms", "maintenance": "maintenance", "incident": "incidents", "runbook": "runbooks",
    "k8s": "cluster", "cluster": "cluster",
}  # fmt: skip
MOST_STEPS: Final = 12
_UNTIMED: Final = ("rank", "incident", "runbook")
_CLOCK: Final = r"\d\d:\d\d:\d\d UTC"
_MOMENT: Final = re.compile(rf" \((?:first at|since|at) {_CLOCK}\)|(?:,? since| at) {_CLOCK}\b")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One fact of the cause chain; `led` numbers the sentence that leads to it (0 for the first)."""

    fact: Evidence
    led: int


def by_id(report: Report) -> dict[str, Evidence]:
    """The facts by their ids."""
    return {e.id: e for e in report.evidence}


def steps(report: Report) -> list[Step]:
    """The chain's facts in the order in which one led to the next: a sentence cites the cause first, the effect last."""
    known, found = by_id(report), dict[str, Step]()
    for number, sentence in enumerate(report.chain, 1):
        cites = [c for c in sentence.cites if c in known]
        for cite in dict.fromkeys(cites[:1] + cites[-1:]):
            found.setdefault(cite, Step(fact=known[cite], led=number if found else 0))
    return list(found.values())[:MOST_STEPS]


def source_kind(report: Report, fact: Evidence) -> str:
    """metrics, logs, changes, ...: what the inventory says of the fact's source, else by the fact's kind."""
    held = {h.source: h.kind for h in report.inventory.holdings}
    return held.get(fact.source.source) or _BY_KIND.get(fact.kind.partition(".")[0], "other")


def timed(fact: Evidence) -> bool:
    """Whether the fact is something that happened at a moment."""
    return fact.onset is not None and fact.kind.partition(".")[0] not in _UNTIMED


def began(report: Report) -> datetime | None:
    """The first moment of what the verdict rests on: the chain, else the summary."""
    told: Sequence[Sentence] = report.chain or report.summary
    known = by_id(report)
    facts = [known[c] for s in told for c in s.cites if c in known]
    return min((f.onset for f in facts if f.onset is not None and timed(f)), default=None)


def named(component: str) -> str:
    """A component's name as a picture and its description carry it."""
    return t.clip(t.clean(component), 60) or "no component"


def brief(fact: Evidence) -> str:
    """The statement without its component in front and its time behind: a picture shows both elsewhere."""
    words, component = t.clean(fact.statement), t.clean(fact.component)
    if component and words.startswith(component):
        words = words[len(component) :].lstrip(": ") if words[len(component) :][:1] in ": " else words
    return _MOMENT.sub("", t.clip(words, 400)).rstrip(".").strip() or t.clean(fact.kind)


def apart(before: Evidence, after: Evidence) -> str:
    """How long after the one the other began; nothing where a time is missing."""
    if before.onset is None or after.onset is None or not (timed(before) and timed(after)):
        return ""
    seconds = (after.onset - before.onset).total_seconds()
    if abs(seconds) <= max(before.onset_error_s + after.onset_error_s, 0.5):
        return "at about the same time"
    return f"{t.duration(abs(seconds))} {'later' if seconds > 0 else 'before it'}"
