"""A printed report's sentences, held against the verifier once more: which checks each one passed."""

from __future__ import annotations

from aitia.agent.sentences.template import CERTAIN
from aitia.agent.sentences.verifier import Grounds, by_check, cited
from aitia.agent.taxonomy import Taxonomy
from aitia.agent.text import words
from aitia.core.words import Report, Sentence


def checks(report: Report, taxonomy: Taxonomy) -> list[tuple[Sentence, dict[str, list[str]]]]:
    """Each sentence with the checks and what they have against it; none for a sentence of the code's own.

    The code's own sentences are made of the facts' statements and are not held against the list of words.
    """
    told = [(s, "", "") for s in (*report.summary, *report.chain)]
    told += [(x.sentence, x.fault, x.component) for x in report.ruled_out]
    return [(s, _checked(s, report, taxonomy, fault, subject)) for s, fault, subject in told]


def _checked(
    sentence: Sentence, report: Report, taxonomy: Taxonomy, fault: str, subject: str
) -> dict[str, list[str]]:
    if sentence.by == "template":
        return {}
    by_id = {e.id: e for e in report.evidence}
    grounds = Grounds(
        facts=[by_id[i] for i in sentence.cites if i in by_id],
        names=frozenset(n for c in report.inventory.components for n in (c.id, *c.aliases)),
        vocabulary=_lent(sentence, report, taxonomy, fault, subject) if subject else frozenset(),
        order=not subject,
        certain=bool(subject) or report.probability >= CERTAIN,
        excludes=subject,
    )
    return {"cites": cited(sentence.cites, grounds), **by_check(sentence.text, grounds)}


def _lent(sentence: Sentence, report: Report, taxonomy: Taxonomy, fault: str, subject: str) -> frozenset[str]:
    """The words of the kind of fault that is ruled out, and of why."""
    lines = [
        line.why
        for s in report.suspects
        if (s.component, s.fault) == (subject, fault)
        for line in s.ledger
        if line.log_odds < 0 and line.evidence in sentence.cites
    ]
    return frozenset(words(" ".join([taxonomy.title(fault), *lines, "unlikely as"])))
