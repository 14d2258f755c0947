"""The verifier: code that decides whether a sentence may be printed.

A sentence is held against the facts that it cites: citations exist, each number is there with its unit and role,
each component is there, directions and time order agree, and every content word comes from the facts that its clause
tells of or from the closed list of connectives. Anything else is an invented mechanism and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from aitia.agent.binding import Told, close, holds, named_by, said, subjects, times_of, told_of, ways
from aitia.agent.text import (
    CITE,
    RATE,
    TIME,
    Number,
    blank,
    clauses,
    mask,
    names_in,
    numbers,
    quotes,
    stem,
    words,
)
from aitia.core.words import Evidence

_UP: Final = frozenset(
    {
        "rise", "rose", "risen", "increase", "grow", "grew", "grown", "growth", "climb", "jump", "surge", "spike",
        "higher", "escalate",
    }
)  # fmt: skip
_DOWN: Final = frozenset(
    {
        "fall", "fell", "fallen", "drop", "decrease", "decline", "lower", "reduce", "shrink", "shrank",
        "vanish", "low", "under", "below",
    }
)  # fmt: skip
_STEADY: Final = frozenset(stem(w) for w in ("remain", "stay", "steady", "unchanged", "constant", "stop"))
_UP_STEMS: Final = frozenset(stem(w) for w in _UP)
_DOWN_STEMS: Final = frozenset(stem(w) for w in _DOWN)
_BACKWARD: Final = re.compile(
    r"\b(because|due to|(?:caused|triggered|prompted|preceded|brought about|affected|impacted|explained|indicated|suggested|"
    r"shown|made) by|(?:an? |the )?(?:effect|impact) of|(?:in |as )?(?:an? )?response to|(?<!and )after(?! that| this| which)|"
    r"since(?! \d)|"
    r"(?:(?:as )?(?:a|the) )?results? of|result(?:s|ed|ing)? from|stem(?:s|med|ming)? from|the (?:reason|cause) (?:was|is|being)|"
    r"following|owing to|when|once(?! in|[,.;])|while|as(?! well| a result| fast))\b", re.I
)  # fmt: skip
_FORWARD: Final = re.compile(
    r"\b(after (?:that|this|which)|and after|then|(?:led|leading|leads) to|so that|as a result(?! of)|"
    r"(?:caus|trigger)(?:ed|es|s|ing)(?! by)|result(?:s|ed|ing)? in)\b", re.I
)  # fmt: skip
_AHEAD: Final = re.compile(
    r"\W*(?:(?:\w+\s+){0,2}(?:before|prior to|ahead of)\b|the (?:\w+ )?(?:cause|reason|trigger|source)s? (?:of|for|behind)\b)",
    re.I,
)
_SIDEWAYS: Final = re.compile(
    r"\b(?:results?|reasons?|cause|consequences?|origins?|sources?|effects?|affect\w*|impact\w*|respons\w*|explain\w*|"
    r"trigger|prior|preced\w+|earlier|ahead|before)\b", re.I
)  # fmt: skip
_LATER: Final = re.compile(r"\b(?:after|then|later|subsequently|afterwards|following|followed)\b", re.I)
_NO_ORDER: Final = re.compile(r"\b(?:before the alarm|never before|before that|not before)\b", re.I)
_NEGATION: Final = frozenset({"not", "no", "never", "without", "none", "neither", "nor", "cannot"})
MAX_WORDS: Final = 70


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What a sentence may draw on. `order` says that facts[0] led to facts[1]; `names` are all known components.

    `certain` says that the verdict is likely enough for a sentence to tell a cause without "may" or "probably".
    """

    facts: Sequence[Evidence]
    names: frozenset[str]
    vocabulary: frozenset[str] = (
        frozenset()
    )  # further words: the kind of fault of a suspect that is ruled out
    order: bool = False
    certain: bool = True
    excludes: str = ""  # the component that the sentence says is unlikely
    why: str = ""  # for what reason it is

    @property
    def text(self) -> str:
        """The cited statements as one text, without what they quote from outside."""
        return " ".join(said(f) for f in self.facts)


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
        "order": _order(plain, grounds),
        "words": _content(body, told, grounds),
        "certainty": [*_certainty(body, grounds), *_exclusion(plain, grounds)],
        "times": (r for c in told for r in _times(plain, c.start, c.end, c.facts)),
        "numbers": [
            *(r for c in told for r in _numbers(body, c.start, c.end, c.facts, grounds.names)),
            *(r for c in told for r in _rates(body[c.start : c.end], c.facts)),
        ],
        "directions": (r for c in told for r in _directions(body[c.start : c.end], c.facts)),
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
        *_times(sentence, 0, len(sentence), facts),
        *_numbers(body, 0, len(body), facts, grounds.names, paired=False),
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
            yield "quotes what no fact that it is told of quotes"
    if sentence.count('"') % 2:
        yield "an open quotation mark"


_ELLIPSIS: Final = re.compile(r"[\s\[(]*…[\s\])]*$")
_FRACTION: Final = re.compile(r"\d+\s?/\s?\d+")
_MIXED: Final = re.compile(r"[A-Za-z_.-]*\d[\w.-]*")


def _characters(sentence: str, grounds: Grounds) -> Iterable[str]:
    """Letters of another script and words with digits in them (p99, v2.4) must stand in a cited fact as they are."""
    whole = " ".join(f.statement for f in grounds.facts)
    strange = {c for c in sentence if not c.isascii() and c.isalnum()} - set(whole)
    if strange:
        yield f"characters that no cited fact holds: {''.join(sorted(strange))[:20]!r}"
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


_UNTIL: Final = re.compile(r"\b(until|till|by|to|before)\s+(?:about\s+)?$", re.I)


def _times(sentence: str, start: int, end: int, facts: Sequence[Evidence]) -> Iterable[str]:
    known = [t for f in facts for t in times_of(f)]
    whole = " ".join(said(f) for f in facts).lower()
    for match in TIME.finditer(sentence, start, end):
        if not any(k == match[0] or k.startswith(match[0]) for k in known):
            yield f"the time {match[0]} is not in the facts it is told of"
        elif (
            until := _UNTIL.search(sentence[: match.start()])
        ) and f"{until[1].lower()} {match[0]}" not in whole:
            yield f"something began at {match[0]}, and did not end then"
    if zone := _ZONE.search(sentence, start, end):
        yield f"the facts have their times in UTC, not {zone[0]}"


_ZONE: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?\s+(?!UTC\b)[A-Z]{2,5}\b")


def _rates(clause: str, facts: Sequence[Evidence]) -> Iterable[str]:
    """A rate (per second, a minute, /h) where no fact that is told of has such a one."""
    held = {_unit_of(m) for f in facts for m in RATE.finditer(said(f))}
    for match in RATE.finditer(clause):
        if _unit_of(match) not in held:
            yield f"{match[0].strip()!r} is no rate of the facts it is told of"


def _unit_of(match: re.Match[str]) -> str:
    return next(g for g in match.groups() if g)[0]


def _numbers(
    body: str,
    start: int,
    end: int,
    facts: Sequence[Evidence],
    names: frozenset[str],
    *,
    paired: bool = True,
) -> Iterable[str]:
    """What is wrong with the numbers between two places; their roles are seen in the whole sentence."""
    stated = [n for f in facts for n in numbers(mask(said(f), names))]
    told = [n for n in numbers(body) if start <= n.at < end]
    for number in told:
        near = [s for s in stated if close(number, s.value)]
        if not near:
            yield f"the number {number.value:g} is not in the facts it is told of"
        elif not any(_same_unit(number, s) for s in near):
            yield f"{number.value:g} has another unit in the cited facts"
        elif not _same_role(number, near):
            yield f"{number.value:g} has another role in the cited facts ({number.role or 'level'} here)"
    for a, b in pairwise(told) if paired else ():
        if (a.role, b.role) == ("from", "to") and not any(holds(f, (a, b), names) for f in facts):
            yield f"{a.value:g} and {b.value:g} are not of one fact"
        elif _OF.fullmatch(body[a.end : b.at]) and not any(_part_of(f, a, b, names) for f in facts):
            yield f"no cited fact says {a.value:g} of {b.value:g}"


_OF: Final = re.compile(r"\s*(?:out\s+)?of\s+(?:the\s+|its\s+|all\s+|a\s+)?")


def _part_of(fact: Evidence, part: Number, whole: Number, names: frozenset[str]) -> bool:
    """Whether a fact states the one number as a part of the other."""
    text = mask(said(fact), names)
    return any(
        close(part, a.value) and close(whole, b.value) and bool(_OF.fullmatch(text[a.end : b.at]))
        for a, b in pairwise(numbers(text))
    )


def _same_unit(number: Number, stated: Number) -> bool:
    return number.unit == stated.unit or (not number.unit and stated.unit not in ("%", "×"))


def _same_role(number: Number, stated: Sequence[Number]) -> bool:
    """A change, a limit, a bound and a whole must be stated as such; `from N` must not be the end, nor `to N` the start."""
    roles = {s.role for s in stated if _same_unit(number, s)}
    if number.role == "by" and "/" in number.unit and number.unit in {s.unit for s in stated}:
        return True  # a rate is a change as it stands
    if number.role in ("by", "limit", "bound", "whole", "baseline"):
        return number.role in roles
    if roles and roles <= {"limit", "bound", "whole", "baseline"}:
        return False
    opposite = {"from": "to", "to": "from"}.get(number.role)
    return not (opposite and roles == {opposite}) and not (number.role in ("from", "to") and roles == {"by"})


def _directions(clause: str, facts: Sequence[Evidence]) -> Iterable[str]:
    moved = {f.direction for f in facts}
    own = {stem(w) for f in facts for w in words(said(f))}
    for match in re.finditer(r"[A-Za-z]+", clause):
        root = stem(match[0].lower())
        if root in _STEADY:
            wrong = "steady" not in moved and root not in own
        elif root in _UP_STEMS or root in _DOWN_STEMS:
            agreeing, opposed = (
                ({"up", "new"}, {"down", "gone"}) if root in _UP_STEMS else ({"down", "gone"}, {"up", "new"})
            )
            # Where nothing moved either way, only a statement's own word may be repeated.
            wrong = not moved & agreeing and bool(moved & opposed or root not in own)
        else:
            continue
        if wrong:
            yield f"the direction of {match[0]!r} is not that of the facts it is told of"


def _order(sentence: str, grounds: Grounds) -> Iterable[str]:
    if not grounds.order or len(grounds.facts) < 2:
        return
    cause, effect = grounds.facts[0], grounds.facts[1]
    first = _mention(sentence, cause, effect, grounds.names)
    second = _mention(sentence, effect, cause, grounds.names)
    if first is None or second is None:
        yield "tells of one of the two facts only"
        return
    early, late = min(first, second), max(first, second)
    between, ahead = sentence[early:late], sentence[:early]
    # The cause is told first, unless the words between say that what follows came before.
    flipped = bool(_BACKWARD.search(between)) and not _FORWARD.search(between)
    flipped ^= bool(_AHEAD.match(ahead))
    if (first < second) == flipped:
        yield "tells the order of the two facts the wrong way round"
        return
    began, followed = (
        f.onset and f.onset.replace(microsecond=0) for f in (cause, effect)
    )  # as they are told
    if began and followed and followed < began and _LATER.search(sentence):
        yield "tells as later what began earlier"
    rest = sentence
    for known in (_NO_ORDER, _AHEAD, _BACKWARD, _FORWARD):
        rest = known.sub(" ", rest)
    if odd := _SIDEWAYS.search(rest):
        yield f"tells the order in a way that cannot be checked ({odd[0]!r})"


def _mention(sentence: str, fact: Evidence, other: Evidence, names: frozenset[str]) -> int | None:
    """Where a sentence first speaks of one fact and not of the other: by a name, a number, a time or a word of its own."""
    mine = named_by(fact, names) - named_by(other, names)
    places = [at for at, name in names_in(sentence, names) if name in mine]
    body = mask(sentence, names)
    strange = [n.value for n in numbers(mask(said(other), names))]
    own = [n for n in numbers(mask(said(fact), names)) if n.value not in strange]
    places += [n.at for n in numbers(body) if any(close(n, o.value) for o in own)]
    times = set(TIME.findall(said(fact))) - set(TIME.findall(said(other)))
    places += [m.start() for m in TIME.finditer(sentence) if m[0] in times]
    if not places:
        roots = {stem(w) for w in words(mask(said(fact), names))} - connectives()
        roots -= {stem(w) for w in words(mask(said(other), names))}
        places = [m.start() for m in re.finditer(r"[A-Za-z]+", body) if stem(m[0].lower()) in roots]
    return min(places, default=None)


def _content(body: str, told: Sequence[Told], grounds: Grounds) -> Iterable[str]:
    """Every content word comes from the facts that its clause tells of; a denial stands in them as it is told."""
    for clause in told:
        mine, text = " ".join(said(f) for f in clause.facts or grounds.facts), body[clause.start : clause.end]
        kinds = [
            w
            for f in clause.facts
            for name, told_as in _KINDS.items()
            if name in f.component
            for w in told_as
        ]
        allowed = {stem(w) for w in (*words(mine), *kinds, *grounds.vocabulary)} | connectives()
        for word in words(text):
            known = stem(word) in allowed or word in _UNITS or word in _NEGATION
            if not known or (word in _NOT_CONNECTIVE and word not in words(mine)):
                yield f"the word {word!r} is not in the facts that it is told of"
        for match in _DENIAL.finditer(body, clause.start):
            if match.start() < clause.end and (match[1].lower(), match[2].lower()) not in pairwise(
                words(mine)
            ):
                yield f"denies ({match[1]!r}) what the facts that it is told of do not deny"
    for match in _ALARM.finditer(body):
        if match[0].lower() not in grounds.text.lower():
            yield f"no fact that it is told of says {match[0]!r}"


_DENIAL: Final = re.compile(rf"\b({'|'.join(sorted(_NEGATION))})\b[^A-Za-z]+([A-Za-z]*)", re.I)
_ALARM: Final = re.compile(r"\b(?:before|after|since) the alarm\b", re.I)
# What components of a well-known name are called as well.
_KINDS: Final = {
    "postgres": ("postgresql", "database"),
    "mysql": ("database",),
    "mariadb": ("database",),
    "mongo": ("database",),
    "redis": ("cache",),
    "memcached": ("cache",),
    "kafka": ("broker",),
    "rabbitmq": ("broker",),
    "nginx": ("proxy",),
    "haproxy": ("proxy",),
}
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


def _certainty(body: str, grounds: Grounds) -> Iterable[str]:
    """Below a likely verdict, that one fact caused the other must be hedged; that it came after may be told plainly."""
    if not grounds.certain and _CAUSAL.search(body) and not _HEDGE.search(body):
        yield "tells as certain what is not"


_DOUBLE: Final = re.compile(r"\bunlikely\b[^,.;:]*\b(?:unlikely|exclud|ruled|rule[sd]? out)", re.I)


def _exclusion(sentence: str, grounds: Grounds) -> Iterable[str]:
    """A sentence that excludes must say so of its suspect; any other must not exclude anything."""
    says = UNLIKELY.search(sentence)
    if not grounds.excludes:
        if says:
            yield "excludes what no fact excludes"
        return
    if not says:
        yield "does not say that the suspect is unlikely"
        return
    start, end = next((a, b) for a, b in clauses(sentence) if a <= says.start() < b)
    roots = {stem(w) for w in words(sentence[start:end])}
    if roots & (_STEADY | _UP_STEMS | _DOWN_STEMS) or _DOUBLE.search(sentence):
        yield "denies what was measured instead of the suspect"
    named = {name for _, name in names_in(sentence[start:end], grounds.names)}
    if grounds.excludes not in (named or {n for _, n in names_in(sentence, grounds.names)}):
        yield f"does not say of {grounds.excludes} that it is unlikely"
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
