"""Which lines of a run's report answer a question: a ranking learned from what lines and question share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from aitia.agent.asking.answerable import Fit, raw_fits
from aitia.agent.asking.kinds import Embeds, Floats
from aitia.agent.asking.lookup import burden, roots
from aitia.agent.asking.matching import is_about, moved, of_aspect
from aitia.agent.asking.questions import Topic
from aitia.agent.asking.record import Record
from aitia.agent.text import names_in
from aitia.core.words import Evidence

FEATURES: Final = (
    "words", "rest", "meaning", "about", "own", "nobody", "quantity", "no_quantity", "moved", "steady", "kind", "rank",
    "onset",
    "central",
)  # fmt: skip
COMPARED: Final = 20  # lines, best by words, are compared by meaning: a bound on the embedding time
MAX_CHARS: Final = 400  # of a line that is compared by meaning
UNHEARD: Final = 3.0  # how rare a term is that no line holds

Sort = Callable[[Evidence], bool]


def _of(*letters: str) -> Sort:
    return lambda e: e.id[0] in letters


def _kind(*prefixes: str) -> Sort:
    return lambda e: e.id[0] == "E" and e.kind.startswith(prefixes)


def _seen(e: Evidence) -> bool:
    return e.id[0] == "E" and not e.kind.startswith(
        ("incident.", "runbook.", "rank.", "change.", "maintenance.")
    )


# The lines in which questions of a kind are answered.
_ANSWERS: Final[dict[str, Sort]] = {
    "cause": _of("V"),
    "healthy": _of("V"),
    "suspects": _of("S"),
    "ruled_out": _of("X"),
    "why_not": _of("S", "X"),
    "proof": _of("S"),
    "sure": _of("V", "S"),
    "do": lambda e: e.id[0] == "M" and e.statement.startswith("Now"),
    "prevent": lambda e: e.id[0] == "M" and not e.statement.startswith("Now"),
    "next": _of("N"),
    "not_seen": _of("N"),
    "order": _of("T"),
    "looked": _of("C", "H"),
    "alarm": _of("I"),
    "changes": _kind("change."),
    "maintenance": _kind("maintenance.", "change.maintenance"),
    "logs": _kind("log."),
    "similar": _kind("incident."),
    "runbook": _kind("runbook."),
    "value": lambda e: _seen(e) and (moved(e) or e.aspect in ("restart", "availability")),
    "when": lambda e: _seen(e) and (moved(e) or e.aspect in ("restart", "availability")),
    "trend": _seen,
    "state": _seen,
    "impact": lambda e: e.id[0] == "E" and e.aspect in ("latency", "errors", "availability") and moved(e),
}


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A line with the odds (natural logarithm) that it answers, and what speaks for it."""

    line: Evidence
    odds: float
    features: dict[str, float]


@lru_cache(maxsize=1)
def line_fits() -> dict[str, Fit]:
    """`words` alone; `first` and then `meaning` where texts can be compared by it (benchmarks/memory/questions_runs_fit.py)."""
    return {name: Fit.model_validate(value) for name, value in raw_fits("runs.json")["lines"].items()}


def scored(
    question: str,
    topic: Topic,
    record: Record,
    meaning: Embeds | None = None,
    *,
    fits: Mapping[str, Fit] | None = None,
) -> list[Scored]:
    """All lines by words, the best first; with meaning the best of them are ranked again by it as well."""
    fits = line_fits() if fits is None else fits
    by_words = fits["words" if meaning is None else "first"]
    found = [
        Scored(line=e, odds=by_words.odds(f), features=f)
        for e in record.lines.values()
        for f in [_features(e, topic, record)]
    ]
    found.sort(key=lambda s: -s.odds)
    if meaning is None:
        return found
    near = _near(question, [s.line for s in found[:COMPARED]], meaning)
    fit = fits["meaning"]
    again = [
        Scored(line=s.line, odds=fit.odds(f), features=f)
        for s, cosine in zip(found, near, strict=False)
        for f in [s.features | {"meaning": float(cosine)}]
    ]
    return sorted(again, key=lambda s: -s.odds)


def _near(question: str, lines: Sequence[Evidence], meaning: Embeds) -> Floats:
    rows = meaning.embed([question, *(e.statement[:MAX_CHARS] for e in lines)]).astype(np.float64)
    near: Floats = rows[1:] @ rows[0]
    return near


def _features(line: Evidence, topic: Topic, record: Record) -> dict[str, float]:
    held, named = set(roots(line.statement)), topic.components
    own, central = line.component in named, {*record.report.incident.hints, record.report.component}
    about = bool(named) and (is_about(line, named, record) or bool(names_in(line.statement, named)))
    return {
        "words": _share([(record.rarity(t) or UNHEARD) * burden(t) for t in topic.words],
                        [t in held for t in topic.words]),
        "rest": _share([record.rarity(t) or UNHEARD for t in topic.rest], [t in held for t in topic.rest]),
        "about": float(about),
        "own": float(own),
        "nobody": float(not named),
        "central": float(not named and bool(line.component) and line.component in central),
        "quantity": float(of_aspect(line, topic.aspects)),
        "no_quantity": float(not topic.aspects),
        "moved": float(moved(line)),
        "steady": float(line.direction == "steady"),
        "kind": sum(p for kind, p in topic.kinds.items() if kind in _ANSWERS and _ANSWERS[kind](line)),
        "rank": float(line.kind.startswith("rank.")),
        "onset": topic.chance("when", "order") * (line.onset is not None),
    }  # fmt: skip


def _share(weights: Sequence[float], held: Sequence[bool]) -> float:
    whole = sum(weights)
    return sum(w for w, h in zip(weights, held, strict=True) if h) / whole if whole else 0.0


def _alike(one: Evidence, other: Evidence) -> bool:
    return (one.kind, one.aspect, one.component, one.peer) == (
        other.kind,
        other.aspect,
        other.component,
        other.peer,
    )


def told(ranked: Sequence[Scored], limit: int, taken: Sequence[str] = ()) -> list[Scored]:
    """The best lines, each fact once: what repeats one that is told already, or what is in `taken`, is left out.

    So is a further message of the same component and class: two of them tell no more than one.
    """
    chosen: list[Scored] = []
    texts = list(taken)
    for s in ranked:
        text = s.line.statement.strip().rstrip(".")
        if s.line.id[0] == "T" or any(text in t or t.rstrip(".") in text for t in texts):
            continue
        if s.line.kind.startswith("log.") and any(_alike(s.line, c.line) for c in chosen):
            continue
        chosen.append(s)
        texts.append(text)
        if len(chosen) == limit:
            break
    return chosen
