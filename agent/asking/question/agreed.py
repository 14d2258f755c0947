"""What was learned of how questions are asked, beside another reading: which one to trust where they agree or contradict."""

from __future__ import annotations

from typing import Final

from aitia.agent.asking.question.learned import Learned, learned, verb_of
from aitia.agent.asking.question.line_form import line_of
from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.measured import families, measured
from aitia.tools.query.words import Query

AGREES: Final = 0.6
"""The learned probability of a query's verb from which it is run though a word of the question is left (docs/fitted.md)."""


def learned_of(p: Pieces, before: Query | None) -> Learned:
    """What the way a question is asked tells of its verb; names of the site are masked."""
    names = [n for c in p.site.inventory.components for n in (c.id, *c.aliases)]
    names += [m.family for m in families(measured(p.site))]
    return learned(p.as_put, names, line_of(before))


def settled(p: Pieces, reading: Reading, before: Query | None) -> Reading:
    """What rules only offer, since a word is left that nothing explains, is run where its verb is the learned one."""
    if not reading.offers:
        return reading
    verb = verb_of(line_of(reading.offers[0]))
    if learned_of(p, before).verbs.get(verb, 0.0) < AGREES:
        return reading
    return Reading(status="query", queries=reading.offers, live=True)
