"""The verifier: code that decides whether a sentence may be printed.

A sentence is held against the facts that it cites: citations exist, each number is there with its unit and role,
each component is there, directions and time order agree, and every content word comes from the facts that its clause
tells of or from the closed list of connectives. Anything else is an invented mechanism and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aitia.agent.sentences.binding import Told, named_by, subjects, told_of, ways
from aitia.agent.sentences.grounds import Grounds
from aitia.agent.sentences.order import order
from aitia.agent.sentences.quantities import directions, rates, times, wrong_numbers
from aitia.agent.sentences.wording import certainty, content, exclusion
from aitia.agent.text import CITE, blank, mask, names_in, numbers, quotes

__all__ = ["Grounds", "by_check", "check", "cited", "supported"]

MAX_WORDS: Final = 70


def check(sentence: str, grounds: Grounds) -> list[str]:
    """Why the sentence must not be printed; empty if it may."""
    found = by_check(sentence, grounds).values()
    return list(dict.fromkeys(reason for reasons in found for reason in reasons))


def by_check(sentence: str, grounds: Grounds) -> dict[str, list[str]]:
    """What each check has against the sentence, by the check's name; all are empty where it may be printed."""
    plain = _without_quotes(sentence)
    body = mask(plain, grounds.names)
    told = told_of(plain, grounds)
    found: dict[str, Iterable[str]] = {
        "shape": _shape(sentence),
        "quotations": _quotes(sentence, told, grounds),
        "characters": _characters(plain, grounds),
        "citations": _citations(plain, grounds),
        "components": _names(plain, grounds),
        "order": order(plain, grounds),
        "words": content(body, told, grounds),
        "certainty": [*certainty(body, grounds), *exclusion(plain, grounds)],
        "times": (r for c in told for r in times(plain, c.start, c.end, c.facts)),
        "numbers": [
            *(r for c in told for r in wrong_numbers(body, c.start, c.end, c.facts, grounds.names)),
            *(r for c in told for r in rates(body[c.start : c.end], c.facts)),
        ],
        "directions": (r for c in told for r in directions(body[c.start : c.end], c.facts)),
        "subjects": [*subjects(plain, told, grounds.names), *ways(plain, told, grounds.names)],
    }
    return {name: list(reasons) for name, reasons in found.items()}


def cited(cites: Sequence[str], grounds: Grounds) -> list[str]:
    """Why a sentence may not be printed with these citations: none, or one that it was not given."""
    held = {f.id for f in grounds.facts}
    return (
        ["cites nothing"]
        if not cites
        else [f"cites {c}, which it was not given" for c in cites if c not in held]
    )


def supported(sentence: str, grounds: Grounds) -> list[str]:
    """Which quotes, citations, names, numbers and times of a sentence no cited fact holds: the least any sentence must pass."""
    plain = _without_quotes(sentence)
    reasons = list(_quotes(sentence, (), grounds))
    sentence = plain
    body, facts = mask(sentence, grounds.names), grounds.facts
    reasons += [
        *_citations(sentence, grounds),
        *times(sentence, 0, len(sentence), facts),
        *wrong_numbers(body, 0, len(body), facts, grounds.names, paired=False),
    ]
    about = set().union(*(named_by(f, grounds.names) for f in facts))
    return reasons + [f"names {name}" for _, name in names_in(sentence, grounds.names) if name not in about]


def _without_quotes(sentence: str) -> str:
    for start, end, _ in quotes(sentence):
        sentence = blank(sentence, start, end)
    return sentence


def _quotes(sentence: str, told: Sequence[Told], grounds: Grounds) -> Iterable[str]:
    """Quoted text is the beginning of what a fact that its clause tells of quotes: out of the middle it may say the opposite."""
    for start, _, inner in quotes(sentence):
        clause = next((c for c in told if c.start <= start < c.end), None)
        facts = clause.facts if clause and clause.facts else grounds.facts
        if clause and "logg" in sentence[clause.start : start]:
            facts = [f for f in facts if "logged" in f.statement]
        held = [whole for f in facts for _, _, whole in quotes(f.statement)]
        begin = _ELLIPSIS.sub("", inner.strip()).rstrip(".,…").strip()
        if not any(begin and whole.strip().startswith(begin) for whole in held):
            yield "quotes text that no cited fact contains"
    if sentence.count('"') % 2:
        yield "an unclosed quotation mark"


_ELLIPSIS: Final = re.compile(r"[\s\[(]*…[\s\])]*$")
_FRACTION: Final = re.compile(r"\d+\s?/\s?\d+")
_MIXED: Final = re.compile(r"[A-Za-z_.-]*\d[\w.-]*")


def _characters(sentence: str, grounds: Grounds) -> Iterable[str]:
    """Letters of another script and words with digits in them (p99, v2.4) must stand in a cited fact as they are."""
    whole = " ".join(f.statement for f in grounds.facts)
    strange = {c for c in sentence if not c.isascii() and c.isalnum()} - set(whole)
    if strange:
        yield f"characters that no cited fact contains: {''.join(sorted(strange))[:20]!r}"
    plain = CITE.sub(" ", mask(sentence, grounds.names))
    for part in _FRACTION.findall(plain):
        if part not in whole:
            yield f"{part!r} is not in the cited facts"
    for token in (m[0].strip(".-_") for m in _MIXED.finditer(plain)):
        foreign = any(c.isalpha() for c in token) or token.count(".") > 1
        if foreign and not numbers(token) and token not in whole:
            yield f"{token!r} is not in the cited facts"


def _shape(sentence: str) -> Iterable[str]:
    count = len(sentence.split())
    if count < 5:
        yield "too short to say anything"
    if count > MAX_WORDS:
        yield f"longer than {MAX_WORDS} words"
    if not re.search(r"[.!]$", sentence.strip()):
        yield "not a finished sentence"
    if "\n" in sentence.strip():
        yield "more than one line"


def _citations(sentence: str, grounds: Grounds) -> Iterable[str]:
    known = {f.id for f in grounds.facts}
    for match in CITE.finditer(sentence):
        if f"E{match[1]}" not in known:
            yield f"cites E{match[1]}, which it was not given"


def _names(sentence: str, grounds: Grounds) -> Iterable[str]:
    about = {f.component for f in grounds.facts} | {f.peer for f in grounds.facts}
    about |= {name for _, name in names_in(grounds.text, grounds.names)} | {grounds.excludes}
    named = {name for _, name in names_in(sentence, grounds.names)}
    for name in sorted(named - about):
        yield f"names {name}, which the cited facts do not"
    if not named and not numbers(mask(sentence, grounds.names)):
        yield "names no component and no number"
