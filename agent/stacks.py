"""What a ledger's lines are worth in stacks of servers: factors of their terms, and log-odds of kinds that are symptoms.

The hand-set sizes hold for whatever is diagnosed, and what was learned of them stays close to them (`agent/weights.json`). Where
servers have logs and metrics more is known: a conditional logit over the pairs (McFadden 1974), learned from diagnoses of stacks of
the lab, each judged by what was learned from the others. A line keeps its fact and its sign; its size changes. A kind that names what
is felt, not what did it (`SYMPTOMS`), gets a line of its own: it fits nearly every incident, and is seldom what has to be mended. No
other kind has one: of kinds that were left out of the learning that would only have made the right ones less likely.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from aitia.core.words import Contribution, Suspect, Word

SYMPTOM: Final = "symptom"
CEILING: Final = "ceiling"
SYMPTOMS: Final = (
    "unspecified",
    "software.failure",
    "software.latency",
    "software.dependency",
    "software.exception",
)
_WHY: Final = "what is felt, seldom what did it"


class Stacks(Word):
    """Factors by term (1 where not named) and log-odds by `symptom.KIND`. Made by `benchmarks/rca/fit_stacks.py`."""

    factors: dict[str, float] = {}
    made_by: str = ""
    data: dict[str, str | int] = {}  # what they were learned from: cases, systems, sha256
    left_out: dict[str, float] = {}  # each system weighed by what was learned from the others


@lru_cache(maxsize=1)
def bundled_stacks() -> Stacks:
    """The factors that come with aitia."""
    file = Path(__file__).with_name("stacks.json")
    return Stacks.model_validate(json.loads(file.read_text(encoding="utf-8")))


def symptom_of(kind: str) -> str:
    """The symptom that a kind of fault is, or is a form of; "" where it names what did it."""
    return next((s for s in SYMPTOMS if kind == s or kind.startswith(s + ".")), "")


def resized(
    suspects: Sequence[Suspect],
    bars: Mapping[tuple[str, str], str],
    factors: Mapping[str, float],
    below: float,
) -> list[Suspect]:
    """The suspects with lines of their learned size; pairs with `bars`, by why, stay `below` the score of `unknown`, in log-odds."""
    made = [_resized(s, factors) for s in suspects]
    unknown = next(s.score for s in made if not s.component and s.fault == "unknown")
    return [_held(s, unknown - below, bars.get((s.component, s.fault), "")) for s in made]


def _resized(suspect: Suspect, factors: Mapping[str, float]) -> Suspect:
    lines = [_scaled(c, factors.get(c.term, 1.0)) for c in suspect.ledger if c.term != CEILING]
    symptom = symptom_of(suspect.fault) if suspect.component else ""
    if size := factors.get(f"{SYMPTOM}.{symptom}", 0.0):
        lines.append(Contribution(evidence="", log_odds=size, why=_WHY, term=SYMPTOM))
    return _with(suspect, lines)


def _scaled(line: Contribution, factor: float) -> Contribution:
    return line if factor == 1.0 else line.model_copy(update={"log_odds": round(line.log_odds * factor, 3)})


def _held(suspect: Suspect, ceiling: float, bar: str) -> Suspect:
    if not bar or suspect.score <= ceiling:
        return suspect
    down = round(ceiling - suspect.score, 3)
    return _with(suspect, [*suspect.ledger, Contribution(evidence="", log_odds=down, why=bar, term=CEILING)])


def _with(suspect: Suspect, lines: Sequence[Contribution]) -> Suspect:
    score = round(sum(c.log_odds for c in lines), 3)
    return suspect.model_copy(update={"score": score, "ledger": tuple(lines)})
