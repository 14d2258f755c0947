"""The words of a paragraph's sentence: those that facts lend, what may be denied, and what is claimed of cause and exclusion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from aitia.agent.sentences.binding import KINDS, Told, said
from aitia.agent.sentences.gist import Gist
from aitia.agent.sentences.paragraph_claims import Claims
from aitia.agent.sentences.wording import connectives
from aitia.agent.text import names_in, stem, words
from aitia.core.bounds import own_yaml
from aitia.core.words import Evidence

claims: Final = Claims()
_UNITS: Final = frozenset(
    {
        "ms",
        "kb",
        "mb",
        "gb",
        "kib",
        "mib",
        "gib",
        "hz",
        "khz",
        "rpm",
        "db",
        "mm",
        "min",
        "sec",
        "utc",
        "bar",
        "kpa",
        "kw",
    }
)
_ROOT: Final = 4  # letters of a word of which another is made by a suffix: slow and slowness
_SUFFIX: Final = re.compile(r"ness|ing|ed|er|ers|s|ly|able|ies|ation|ful|down|up")
_LIKE: Final = 6  # letters at which two words are forms of one: exhausted and exhaustion
_NEGATION: Final = "not|no|never|without|none|neither|nor|cannot|nothing|nobody|n't"
_KNOWING: Final = re.compile(
    r"\b(?:(?:can|could)(?:not| not) (?:yet )?be (?:\w+ )?(?:told|determined|confirmed|excluded|settled|"
    r"ruled out|said|named|proven|proved|decided|"
    r"established|separated|seen|checked|verified|known|certain)|"
    r"(?:is|are|was|were|remains?|stays?) not (?:yet |by itself |fully |quite )?(?:certain|sure|confirmed|"
    r"proven|proved|settled|known|clear|enough|determined|"
    r"established|decided|conclusive|excluded|ruled out|visible|seen|shown|explained)|"
    r"(?:does|do|did) not (?:yet |by itself |by themselves |alone |fully )?(?:prove|confirm|settle|decide|"
    r"establish|show|tell|say|exclude|rule out|explain|name|identify|"
    r"determine|reveal)|"
    r"no (?:fact|evidence|proof|measurement|reading|observation|verdict|certainty|cause|single cause|"
    r"explanation|one cause)\b|not (?:yet )?(?:certain|proven|confirmed|settled|conclusive|enough|"
    r"a (?:cause|verdict|proof|certainty))|"
    r"nothing (?:here |at hand |in (?:the|these) facts |else |else at hand )?(?:connects?|ties?|shows?|"
    r"proves?|confirms?|settles?|decides?|explains?|links?|says?|contradicts?)|"
    r"neither (?:is|are|can be)? ?(?:proven|confirmed|certain))", re.I
)  # fmt: skip
_STEADY: Final = re.compile(
    r"\b(?:(?:did|does|do|has|have|had) not(?=[.,;])|(?:did|does|do|has|have|had) not (?:changed?|moved?|"
    r"risen?|rise|shifted|shift|grown?|depart(?:ed)?|left|leave|react(?:ed)?|respond(?:ed)?|stirred)|"
    r"no (?:change|shift|movement|rise|increase|deviation|departure|anomaly)|never (?:changed|moved|left|"
    r"rose)|nothing (?:\w+ )?(?:changed|moved|rose|wrong|is wrong|departed|points? to|stands out)|"
    r"without (?:any )?(?:change|shift|movement|rise)|not (?:changed|moved|affected))", re.I
)  # fmt: skip
_BEFORE: Final = re.compile(
    r"\b(?:not (?:once|seen|there|present)\b|never (?:seen |logged |present |appeared |there )?(?:before|"
    r"earlier|in the)|no (?:such )?(?:lines?|messages?|entries|errors?|logs?) (?:before|in|earlier|"
    r"at all)|"
    r"none (?:before|in|earlier|at all)|nothing (?:before|of the kind|like it|in the)|without (?:any|one|"
    r"a single)\b|not a single)", re.I
)  # fmt: skip
_INSTEAD: Final = re.compile(
    r"\b(?:nor (?:is|does|can|do)|not (?:the (?:likel\w+|cause|origin|source|culprit|other way)|by|in|"
    r"from|to|its|on|at|of|with|only|just|merely|because|a (?:sign|symptom|cause))|no (?:more|less|longer|"
    r"later|earlier|doubt))\b",
    re.I,
)


def surplus(
    plain: str, body: str, told: Sequence[Told], gist: Gist, every: Sequence[Evidence], names: frozenset[str]
) -> Iterable[str]:
    """Words that neither the facts that their clause tells of hold, nor the kinds of the suspects that it names, nor the list."""
    everyone = connectives() | _plain()
    kinds = _kinds_of(plain, gist, names)
    lacking = {w for text in gist.missing for w in _stems(text)}
    for clause in told:
        facts = clause.facts or every
        allowed = everyone | kinds | lacking | {s for f in facts for s in lent(f)}
        for word in words(body[clause.start : clause.end]):
            if stem(word) not in allowed and word not in _UNITS and not _formed(stem(word), allowed):
                yield f"the word {word!r} is not in the facts"


def _formed(root: str, allowed: frozenset[str] | set[str]) -> bool:
    """Whether a word is another form of one that is allowed: the same beginning, and no more than a suffix apart."""
    if any(root.startswith(a) and _SUFFIX.fullmatch(root[len(a) :]) for a in allowed if len(a) >= _ROOT):
        return True
    return len(root) >= _LIKE and any(
        a[:_LIKE] == root[:_LIKE] and abs(len(a) - len(root)) <= 4 for a in allowed if len(a) >= _LIKE - 1
    )


def _kinds_of(plain: str, gist: Gist, names: frozenset[str]) -> set[str]:
    """The words of the suspect's kind, and of another's kind and why it is unlikely where the sentence names it."""
    named = {n.lower() for _, n in names_in(plain, names)}
    told = set(_stems(gist.kind)) if gist.component.lower() in named or not named else set()
    for a in gist.against:
        if a.component.lower() in named:
            told |= {*_stems(a.kind), *_stems(a.why)}
    titles = f"{gist.kind} {' '.join(a.kind for a in gist.against)}"
    for words_of, further in _table()["faults"].items():
        told |= set(_stems(further)) if re.search(rf"\b(?:{words_of})", titles) else set()
    return told


@lru_cache(maxsize=4096)
def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(w) for w in words(text))


def lent(fact: Evidence, *, own: bool = True) -> set[str]:
    """The stems of a fact's own words, of the sorts of component that it tells of, and of its kind, aspect and direction."""
    made = {*_stems(said(fact)), *_stems(fact.component), *_stems(fact.peer)} if own else set()
    table = _table()
    for start, further in table["kinds"].items():
        made |= {*_stems(further)} if fact.kind.startswith(start) or fact.aspect.startswith(start) else set()
    made |= {*_stems(table["aspects"].get(fact.aspect, ""))}
    if own:
        made |= {*_stems(table["directions"].get(fact.direction, ""))}
        for name, as_told in KINDS.items():
            made |= {stem(w) for w in as_told} if name in fact.component else set()
    return made


def denials(
    plain: str, told: Sequence[Told], gist: Gist, every: Sequence[Evidence], names: frozenset[str]
) -> Iterable[str]:
    """Negations that no fact holds, that are not said of what is known or missing, and that exclude nobody."""
    lacking = {w for text in gist.missing for w in _stems(text)} - connectives()
    here = list({f.id: f for c in told for f in c.facts}.values()) or every
    kinds = [gist.kind, *(f"{a.why} {a.kind}" for a in gist.against)]
    denied = _denied(" . ".join([*(f.statement for f in here), *kinds]))
    rest = _KNOWING.sub(lambda m: " " * len(m[0]), plain)
    excluded = claims.excludes(plain, gist, names)
    for clause in told:
        text = rest[clause.start : clause.end]
        facts = clause.facts or every
        mine = [p for f in facts for p in pairwise(words(f"{said(f)}"))] + [
            p
            for text in (gist.kind, *(f"{a.why} {a.kind}" for a in gist.against))
            for p in pairwise(words(text))
        ]
        if any(f.direction == "steady" or " did not change" in f.statement for f in facts):
            text = _STEADY.sub(" ", text)
        if any(re.search(r"\b(?:not once|never|at 0|from 0|no )", f.statement) for f in facts):
            text = _BEFORE.sub(" ", text)
        if excluded:
            text = _INSTEAD.sub(" ", text)
        for match in re.finditer(rf"\b({_NEGATION})\b[^A-Za-z]*([A-Za-z]*)", text, re.I):
            near = {stem(w) for w in words(plain[clause.start : clause.end])}
            after = set([s for w in words(text[match.end(1) :]) if (s := stem(w)) not in _VOID][:_DENIES])
            if (match[1].lower(), match[2].lower()) in mine or near & lacking or after & denied:
                continue
            yield f"denies ({match[1]!r}) what no fact denies"


_AFTER: Final = 4  # words behind a fact's negation that it denies
_DENIES: Final = 2  # of substance, behind a sentence's own
_VOID: Final = frozenset(
    stem(w)
    for w in [
        "the",
        "a",
        "an",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "it",
        "its",
        "be",
        "been",
        "is",
        "are",
        "was",
        "were",
        "that",
        "this",
        "and",
        "or",
        "so",
        "as",
        "any",
        "one",
        "time",
        "times",
        "have",
        "has",
    ]
)


def _denied(text: str) -> set[str]:
    """The stems that a text denies: those behind its negations."""
    found: set[str] = set()
    for match in re.finditer(rf"\b(?:{_NEGATION})\b", text, re.I):
        found |= {stem(w) for w in words(text[match.end() : match.end() + 80].split(" . ")[0])[: _AFTER + 1]}
    return found - _VOID


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return dict(own_yaml(Path(__file__).with_name("paragraph_words.yaml").read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def _plain() -> frozenset[str]:
    table = _table()
    return frozenset(stem(w) for group in ("plain", "cite") for w in words(table[group]))
