"""How likely what rules read is right, told by whether a model reads the same question so too.

What rules themselves know (words left, how near a name is, what is found) tells right readings from wrong ones no better than
chance on authors that nobody looked at; whether a model that was tuned on questions writes a line of the same verb, or one that
means the same query, does (`benchmarks/ask/fit_sure.py`: a logistic regression, each author left out in turn).
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


def features(query: Query, proposal: Proposal) -> dict[str, float]:
    """What of a model's reading speaks for a query of the rules, by name."""
    return {
        "same verb": float(_verb(proposal.line) == _verb(line_of(query))),
        "same query": float(proposal.query == query),
    }


def sure_of(query: Query, proposal: Proposal) -> float:
    """The probability that the rules' reading is right."""
    return fit().probability(features(query, proposal))


def checks(model: str) -> bool:
    """Whether the model of this adapter (its sha256) is the one whose readings the weights were learned from."""
    return bool(model) and fit().model == model


@cache
def fit() -> Fit:
    """The weights that come with aitia; its threshold is the probability from which on a reading is answered."""
    return Fit.model_validate(json.loads(FIT.read_text(encoding="utf-8")))


def _verb(line: str) -> str:
    told = fields_of(line)
    return told["verb"] if told else ""
