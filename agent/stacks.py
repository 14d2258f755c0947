"""What a ledger's lines are worth in stacks of servers: factors of their terms, and log-odds of kinds that are symptoms.

The hand-set sizes hold for whatever is diagnosed, and what was learned of them stays close to them (`agent/weights.json`).
Where servers have logs and metrics more is known: a conditional logit over the pairs (McFadden 1974), learned from diagnoses of
stacks of the lab, each judged by what was learned from the others. A line keeps its fact and its sign; its size changes. A kind
that names what is felt, not what did it (`SYMPTOMS`), gets a line of its own: it fits nearly every incident, and is seldom what
has to be mended. No other kind has one: where a kind was left out of the learning, that made the right ones less likely.
`unknown` and `healthy` together get what was learned; which of the two it is, their own lines go on saying.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from aitia.agent.culprit import is_like
from aitia.agent.factors import Factors, bundled_factors
from aitia.agent.facts import Facts
from aitia.core.words import Contribution, Suspect

SYMPTOM: Final = "symptom"
NOBODY: Final = "nobody"
OF_RELEASE: Final = "release"
RELEASE: Final = "software.regression"
CEILING: Final = "ceiling"
SYMPTOMS: Final = (
    "unspecified",
    "software.failure",
    "software.latency",
    "software.dependency",
    "software.exception",
)
_FELT: Final = "what is felt, seldom what did it"
_BROUGHT: Final = "the release that brought it about explains it too"
_OF_NOBODY: Final = "no cause that is named, beside the learned sizes of the others"


def bundled_stacks() -> Factors:
    """The factors by term (1 where not named) and log-odds by `symptom.KIND` that come with aitia, made by
    `benchmarks/rca/fit_stacks.py`.
    """
    return bundled_factors("stacks")


def is_stack(facts: Facts, types: Collection[str]) -> bool:
    """Whether it is a stack like those that it was learned from: servers with metrics and logs; none of them sent traces."""
    return is_like(facts, types) and not any(e.kind.startswith("trace.") for e in facts.all)


def symptom_of(kind: str) -> str:
    """The symptom that a kind of fault is, or is a form of; "" where it names what did it."""
    return next((s for s in SYMPTOMS if kind == s or kind.startswith(s + ".")), "")


def resized(
    suspects: Sequence[Suspect],
    bars: Mapping[tuple[str, str], str],
    factors: Mapping[str, float],
    below: float,
) -> list[Suspect]:
    """The suspects with lines of their learned size; pairs with `bars`, by why they cannot be the verdict, stay `below` the
    log-odds of `unknown`.
    """
    shift = _nobody([s for s in suspects if not s.component], factors)
    made = [
        _resized(s, factors) if s.component else _with(s, [*s.ledger, _line(NOBODY, shift, _OF_NOBODY)])
        for s in suspects
    ]
    unknown = next(s.score for s in made if not s.component and s.fault == "unknown")
    held = [_held(s, unknown - below, bars.get((s.component, s.fault), "")) for s in made]
    free = {(s.component, s.fault): s for s in held if (s.component, s.fault) not in bars}
    told = {(s.component, s.fault): s for s in _with_releases(list(free.values()))}
    return [told.get(k, s) for s in held if (k := (s.component, s.fault)) in told or k in bars]


def _with_releases(suspects: Sequence[Suspect]) -> list[Suspect]:
    """A release and what it brought about at its component are one explanation, told by what it brought about: connections that
    are held since a deploy. Where the release alone explains more, or a person spoke of it, it stays a suspect of its own.
    """
    made = list(suspects)
    for release in [s for s in suspects if s.fault == RELEASE and not _is_spoken_of(s)]:
        deployed = {c.evidence for c in release.ledger if c.term == "primary.change"}
        brought = [s for s in made if s.component == release.component and _is_of(s, deployed)]
        best = max(brought, key=lambda s: s.score, default=release)
        if best is not release and best.score >= release.score:
            more = _together([best, release]) - best.score
            made[made.index(best)] = _with(best, [*best.ledger, _line(OF_RELEASE, more, _BROUGHT)])
            made.remove(release)
    return made


def _is_spoken_of(suspect: Suspect) -> bool:
    return any(c.term.startswith(("person.", "learned.")) for c in suspect.ledger)


def _is_of(suspect: Suspect, deployed: Collection[str]) -> bool:
    """Whether one of these changes speaks for it."""
    return any(
        c.term == "support.change" and c.log_odds > 0 and c.evidence in deployed for c in suspect.ledger
    )


def _nobody(doubts: Sequence[Suspect], factors: Mapping[str, float]) -> float:
    """By how much `unknown` and `healthy` together weigh more than their own lines say, in log-odds."""
    return _together([_resized(s, factors) for s in doubts]) - _together(doubts)


def _together(suspects: Sequence[Suspect]) -> float:
    high = max(s.score for s in suspects)
    return high + math.log(sum(math.exp(s.score - high) for s in suspects))


def _resized(suspect: Suspect, factors: Mapping[str, float]) -> Suspect:
    lines = [_scaled(c, factors.get(c.term, 1.0)) for c in suspect.ledger if c.term != CEILING]
    symptom = symptom_of(suspect.fault) if suspect.component else ""
    if size := factors.get(f"{SYMPTOM}.{symptom}", 0.0):
        lines.append(_line(SYMPTOM, size, _FELT))
    return _with(suspect, lines)


def _line(term: str, log_odds: float, why: str) -> Contribution:
    return Contribution(evidence="", log_odds=round(log_odds, 3), why=why, term=term)


def _scaled(line: Contribution, factor: float) -> Contribution:
    return line if factor == 1.0 else line.model_copy(update={"log_odds": round(line.log_odds * factor, 3)})


def _held(suspect: Suspect, ceiling: float, bar: str) -> Suspect:
    if not bar or suspect.score <= ceiling:
        return suspect
    return _with(suspect, [*suspect.ledger, _line(CEILING, ceiling - suspect.score, bar)])


def _with(suspect: Suspect, lines: Sequence[Contribution]) -> Suspect:
    score = round(sum(c.log_odds for c in lines), 3)
    return suspect.model_copy(update={"score": score, "ledger": tuple(lines)})
