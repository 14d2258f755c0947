"""The words of a sentence: none that no fact holds, none surer than the verdict, and who is excluded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from aitia.agent.sentences.binding import KINDS, Told, said
from aitia.agent.sentences.grounds import Grounds
from aitia.agent.sentences.quantities import DOWN, STEADY, UP
from aitia.agent.text import clauses, names_in, stem, words

_NEGATION: Final = frozenset({"not", "no", "never", "without", "none", "neither", "nor", "cannot"})


def content(body: str, told: Sequence[Told], grounds: Grounds) -> Iterable[str]:
    """Every content word comes from the facts that its clause tells of; a denial stands in them as it is told."""
    for clause in told:
        mine, text = " ".join(said(f) for f in clause.facts or grounds.facts), body[clause.start : clause.end]
        kinds = [
            w for f in clause.facts for name, told_as in KINDS.items() if name in f.component for w in told_as
        ]
        # The latency and the failures of a component are those of the calls to it.
        served = _TO_IT if any(f.aspect in _SERVED and not f.peer for f in clause.facts) else ()
        allowed = {stem(w) for w in (*words(mine), *kinds, *served, *grounds.vocabulary)} | connectives()
        for word in words(text):
            known = stem(word) in allowed or word in _UNITS or word in _NEGATION
            if not known or (word in _NOT_CONNECTIVE and word not in words(mine)):
                yield f"the word {word!r} is not in the cited facts"
        for match in _DENIAL.finditer(body, clause.start):
            if match.start() < clause.end and (match[1].lower(), match[2].lower()) not in pairwise(
                words(mine)
            ):
                yield f"negates ({match[1]!r}) something the cited facts do not negate"
    for match in _ALARM.finditer(body):
        if match[0].lower() not in grounds.text.lower():
            yield f"no cited fact says {match[0]!r}"


_DENIAL: Final = re.compile(rf"\b({'|'.join(sorted(_NEGATION))})\b[^A-Za-z]+([A-Za-z]*)", re.I)
_ALARM: Final = re.compile(r"\b(?:before|after|since) the alarm\b", re.I)
_SERVED: Final = frozenset({"latency", "errors", "availability"})
_TO_IT: Final = ("requests", "calls")
# Words that share their stem with a connective and claim something of their own.
_NOT_CONNECTIVE: Final = frozenset({"timed", "seconded", "pointed"})


_CAUSAL: Final = re.compile(
    r"\b(?:caus(?:e[sd]?|ing)|(?:lead|led|leading)s? to|because|due to|result(?:s|ed|ing)? in|trigger(?:s|ed|ing)?|"
    r"ma[dk](?:e|es|ing)|explain\w*|affect\w*|impact\w*|br(?:ing|ought)\w*|thus|hence)\b", re.I
)  # fmt: skip
_HEDGE: Final = re.compile(
    r"\b(?:may|might|could|can|likely|likeliest|probably|possibly|apparently|suggest\w*|indicat\w*)\b", re.I
)
UNLIKELY: Final = re.compile(
    r"\b(?:unlikely|less likely|ruled out|rules out|speaks? against|excluded?s?)\b", re.I
)


def certainty(body: str, grounds: Grounds) -> Iterable[str]:
    """Below a likely verdict, that one fact caused the other must be hedged; that it came after may be told plainly."""
    if not grounds.certain and _CAUSAL.search(body) and not _HEDGE.search(body):
        yield "states as certain something that is not"


_DOUBLE: Final = re.compile(r"\bunlikely\b[^,.;:]*\b(?:unlikely|exclud|ruled|rule[sd]? out)", re.I)


def exclusion(sentence: str, grounds: Grounds) -> Iterable[str]:
    """A sentence that excludes must say so of its suspect; any other must not exclude anything."""
    says = UNLIKELY.search(sentence)
    if not grounds.excludes:
        if says:
            yield "rules out something that no fact rules out"
        return
    if not says:
        yield "does not say that the suspect is unlikely"
        return
    start, end = next((a, b) for a, b in clauses(sentence) if a <= says.start() < b)
    roots = {stem(w) for w in words(sentence[start:end])}
    if roots & (STEADY | UP | DOWN) or _DOUBLE.search(sentence):
        yield "negates the measurement instead of the suspect"
    named = {name for _, name in names_in(sentence[start:end], grounds.names)}
    if grounds.excludes not in (named or {n for _, n in names_in(sentence, grounds.names)}):
        yield f"does not say that {grounds.excludes} is unlikely"
    wanted = {stem(w) for w in words(grounds.why)} - connectives()
    if wanted and 2 * len(wanted & {stem(w) for w in words(sentence)}) <= len(wanted):
        yield f"does not say why ({grounds.why})"


_UNITS: Final = frozenset(
    {"ms", "kb", "mb", "gb", "kib", "mib", "gib", "hz", "khz", "rpm", "db", "mm", "min", "sec", "utc"}
)


@lru_cache(maxsize=1)
def connectives() -> frozenset[str]:
    """The stems of the closed list."""
    lines = Path(__file__).with_name("connectives.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(stem(w) for line in lines if not line.startswith("#") for w in line.split())
