"""How likely what rules read is right, told by how a model reads the same question beside them.

What rules themselves know (words left, how near a name is, what is found) tells right readings from wrong ones no better than
chance on authors that nobody looked at; whether a model that was tuned on questions would write the same line does
(`benchmarks/ask/fit_sure.py`, a logistic regression, each author left out in turn).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

from aitia.agent.asking.answerable import Fit
from aitia.agent.asking.question.by_model import Proposal
from aitia.agent.asking.question.line_form import fields_of, line_of
from aitia.tools.query.words import Query

FIT: Final = Path(__file__).with_name("sure.json")
_LEAST: Final = -12.0
_MOST: Final = 3.0  # between which a difference of two log-probabilities counts


def features(query: Query, proposal: Proposal, *, offered: bool) -> dict[str, float]:
    """What of a model's reading speaks for a query of the rules, whose line was put beside its own; `offered`: not answered.

    `margin` is the log-probability of that line less that of the model's own.
    """
    margin = proposal.log_probs[1] - proposal.log_probs[0]
    return {
        "offered": float(offered),
        "margin": max(_LEAST, min(_MOST, margin)),
        "same verb": float(_verb(proposal.line) == _verb(line_of(query))),
        "same query": float(proposal.query == query),
        "none": float(proposal.none),
    }


def sure_of(query: Query, proposal: Proposal, *, offered: bool) -> float | None:
    """The probability that the rules' reading is right; None where the model told nothing of its line."""
    if len(proposal.log_probs) < 2:
        return None
    return fit().probability(features(query, proposal, offered=offered))


@cache
def fit() -> Fit:
    """The weights that come with aitia; its threshold is the probability from which on a reading is answered."""
    return Fit.model_validate(json.loads(FIT.read_text(encoding="utf-8")))


def _verb(line: str) -> str:
    told = fields_of(line)
    return told["verb"] if told else ""
