"""Whether a run holds an answer of the kind that is asked for, about what is named: a calibrated probability."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from aitia.agent.asking.answerable import Fit, raw_fits
from aitia.agent.asking.kinds import Embeds, kinds
from aitia.agent.asking.lines import Scored, told
from aitia.agent.asking.lookup import asked, burden, roots
from aitia.agent.asking.matching import of_aspect
from aitia.agent.asking.questions import Topic, lists
from aitia.agent.asking.record import Record

FEATURES: Final = (
    "outside", "margin", "inventory", "coming", "source", "person", "fact", "strange", "uncovered", "fact_uncovered",
    "head", "attribute", "odds", "kind", "lacking", "unseen", "meaning", "terms",
    "part", "property", "outsider",
)  # fmt: skip
TOP: Final = 4  # lines that what is asked should be in
UNHEARD: Final = 4.5  # how rare a term is that no line holds
_FACT: Final = ("value", "trend", "logs", "when", "state", "maintenance")
# Kinds whose answer to "who" is a component of the system; to others it is a person.
_WHO: Final = ("suspects", "impact", "cause", "ruled_out", "next", "why_not", "not_seen")
# What a word that the report has never heard of may be, by meaning: the more it is like one of these, the likelier it names
# something that the run does not hold, and not only another way of saying it.
_STRANGERS: Final = {
    "part": "a piece of infrastructure such as a firewall, DNS server, message queue, CDN or load balancer",
    "property": "a technical property such as mass, torque, noise, size, version or type",
    "outsider": "a person or a company",
}
_PERSON: Final = re.compile(r"\bwho(?:m|se)?\b", re.I)
_HEAD: Final = re.compile(
    r"\b(?:what|which|how (?:many|much|big|large|long|often|full|old|thick))\s+"
    r"(?:(?:is|was|are|were|did|does|do|of|the|a|an|our)\s+)*((?:[\w%-]+\s*){1,3})",
    re.I,
)
_ATTRIBUTE: Final = re.compile(
    r"\b(?:what|which)\s+(?:(?:is|was|are|were)\s+the\s+)?(?:[\w-]+\s+){0,2}?"
    r"(types?|kinds?|sort|names?|brand|make|model|limit|setting)\b",
    re.I,
)


@lru_cache(maxsize=1)
def held_fits() -> dict[str, Fit]:
    """`words`, and `meaning` where texts can be compared by it (benchmarks/memory/questions_runs_fit.py)."""
    return {name: Fit.model_validate(value) for name, value in raw_fits("runs.json")["held"].items()}


def likely(
    question: str, topic: Topic, record: Record, ranked: Sequence[Scored], meaning: Embeds | None = None
) -> tuple[float, float]:
    """The probability that the run holds an answer, and from which on one is given."""
    fit = held_fits()["words" if meaning is None else "meaning"]
    return fit.probability(features(question, topic, record, ranked, meaning)), fit.threshold


def nobody(topic: Topic, record: Record) -> bool:
    """Whether the question names a component, or a product that components are made of, that the run has never heard of."""
    if topic.unknown and not topic.components:
        return True
    products = {r for names in lists().called.values() for n in names for r in roots(n)}
    return any(t in products and t not in record.vocabulary for t in topic.rest)


def features(
    question: str, topic: Topic, record: Record, ranked: Sequence[Scored], meaning: Embeds | None = None
) -> dict[str, float]:
    """What speaks for and against an answer."""
    best = told(ranked, TOP)
    text = _all(best) | {
        t
        for a in topic.aspects
        if any(of_aspect(s.line, (a,)) for s in best)
        for t in topic.aspect_words.get(a, ())
    }
    named = _named(topic, record)
    terms = [t for t in topic.words if t not in named and t not in lists().own]
    missing = [t for t in terms if t not in text]
    weight = {t: burden(t) * (record.rarity(t) or UNHEARD) for t in terms}
    outside = kinds().not_held
    facts = topic.chance(*_FACT)
    facts_text = {t for s in best if _is_fact(s) for t in roots(s.line.statement)} | (text - _all(best))
    short = sum(burden(t) for t in terms if t not in facts_text)
    head = [t for m in _HEAD.finditer(question) for t in asked(m[1]) if t in terms]
    return {
        "outside": topic.chance(*outside),
        "margin": max(topic.chance(k) for k in outside) - max(p for k, p in topic.kinds.items() if k not in outside),
        "inventory": topic.chance("inventory"),
        "coming": topic.chance("future", "money", "customers"),
        "source": topic.chance("code", "history", "place"),
        "person": (1.0 - topic.chance(*_WHO)) * bool(_PERSON.search(question)),
        "fact": facts,
        "strange": sum(burden(t) for t in topic.rest if t not in record.vocabulary),
        "uncovered": sum(weight[t] for t in missing) / (sum(weight.values()) or 1.0),
        "fact_uncovered": facts * short,
        "head": sum(burden(t) for t in head if t not in text),
        "attribute": float(any(t not in text for m in _ATTRIBUTE.finditer(question) for t in roots(m[1]))),
        "odds": sum(s.odds for s in best) / max(1, len(best)),
        "kind": best[0].features["kind"] if best else 0.0,
        "lacking": topic.chance("value", "trend", "when", "state") * (1.0 - max((_fits(s) for s in best), default=0.0)),
        "unseen": topic.chance("value", "trend", "when", "logs")
        * (bool(topic.components) and not record.measured(topic.components)),
        "meaning": max((s.features.get("meaning", 0.0) for s in best), default=0.0),
        "terms": float(len(terms)),
        **_strangers(question, topic, record, meaning),
    }  # fmt: skip


def _strangers(question: str, topic: Topic, record: Record, meaning: Embeds | None) -> dict[str, float]:
    """How like each sort of stranger the words are that no line holds; the most of any word."""
    strange = {t for t in topic.rest if t not in record.vocabulary and burden(t) == 1.0}
    words = [w for w in re.findall(r"[A-Za-z][\w-]*", question) if strange.intersection(roots(w))]
    if meaning is None or not words:
        return {}
    rows = meaning.embed([*_STRANGERS.values(), *words]).astype(np.float64)
    near = rows[: len(_STRANGERS)] @ rows[len(_STRANGERS) :].T
    return {name: float(row.max()) for name, row in zip(_STRANGERS, near, strict=True)}


def _fits(s: Scored) -> float:
    """Whether a line is a fact of the component and the quantity that are asked about."""
    whom = max(s.features["about"], s.features["nobody"])
    return _is_fact(s) * whom * max(s.features["quantity"], s.features["no_quantity"])


def _is_fact(s: Scored) -> bool:
    return s.line.id[0] == "E" and not s.line.kind.startswith(("incident.", "runbook.", "rank."))


def _all(best: Sequence[Scored]) -> set[str]:
    return {t for s in best for t in roots(s.line.statement)}


def _named(topic: Topic, record: Record) -> frozenset[str]:
    """Terms that name the components that are asked about."""
    own = [c for c in record.report.inventory.components if c.id in topic.components]
    return frozenset(roots(" ".join(n for c in own for n in (c.id, *c.aliases))))
