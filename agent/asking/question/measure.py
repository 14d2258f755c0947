"""Which measurement a question means: its words, and the things that they stand for, compared with the names that are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from aitia.agent.asking.question.across import alike
from aitia.agent.asking.question.quantities import settings_in
from aitia.agent.asking.question.tables import is_glue, raw_hits, table, words_of
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.measured import Measured, meaning_of

# Points, by hand: a word that a name holds, one that only its help text holds, one of the question that nothing of it holds,
# a word of the name that nobody asked for, and a name of a setting where none was asked for.
_THING, _HELP, _LEFT, _EXTRA, _SETTING = 2.0, 0.7, 1.5, 0.12, 1.6
_WORDED: Final = 0.4  # each further word of a phrase that the name spells out: "connected clients"
_NAMED: Final = 0.2  # a word that may as well name the component
_USED: Final = 0.3
_OUTCOMES: Final = frozenset(
    ["hits", "misses", "errors", "active", "idle", "waiting", "rejected"]
)  # that labels tell
_ADDED: Final = 1.0
_BARE, _PART = 0.05, 0.3  # below a tie: the memory that is used; above one: its fragmentation
_OWNER: Final = 0.8  # a word that only the component's name has
_LEAST: Final = 1.0  # points below which a name only happens to hold a word, as a setting does
_TIE: Final = 0.1
_OTHERWISE: Final = frozenset({"out", "outs"})  # endings of another word: a timeout is no time
COUNTED: Final = frozenset({"requests", "connections", "clients", "messages", "transactions"})
_TIMES: Final = frozenset({"latency", "cpu", "lag", "uptime", "throttled"})
_TIMED: Final = 0.6  # of a name that tells seconds, where no duration is asked for
_SHORTEST: Final = 4  # letters of a word that may be a part of a compound
_WEAK: Final = frozenset({"used", "uptime", "active"})  # which a name need not hold: memory is used
_SPLIT: Final = re.compile(
    r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^0-9A-Za-zÀ-ÿ]+|(?<=[a-z]{3})(?=\d)"
)
_WORD: Final = re.compile(r"[0-9a-zß-öø-ÿœ_./%°-]*[0-9a-zß-öø-ÿœ%]")
_QUANTITIES: Final = {
    "traffic": "requests", "io": "disk", "restart": "restarts", "file_descriptors": "files", "count": "",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word or phrase of a question that may be of a measurement. `soft`: it may also only name the component."""

    word: str
    concepts: frozenset[str] = frozenset()
    soft: bool = False
    begin: int = 0
    end: int = 0


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A measurement with how well it fits, what of the question it leaves, and the labels that the question names."""

    of: Measured
    score: float
    left: tuple[str, ...] = ()
    labels: str = ""


def terms_of(
    low: str,
    taken: Sequence[tuple[int, int]],
    soft: Sequence[tuple[int, int]] = (),
    named: Sequence[tuple[int, int]] = (),
) -> list[Term]:
    """The words of a text in small letters that no other reading has taken, with the things that they stand for."""
    found = [Term(word=low[a:b], begin=a, end=b) for a, b in named]
    taken = [*taken, *named]
    spans: dict[tuple[int, int], set[str]] = {}
    for hit in raw_hits("concepts", low):
        if not _over((hit.begin, hit.end), taken):
            spans.setdefault((hit.begin, hit.end), set()).add(hit.key)
    chosen: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[0])):
        if _over(span, chosen):
            continue
        word = re.compile(r"[a-zß-öø-ÿœ]*").match(low, span[0])
        whole = (span[0], word.end() if word else span[1])
        if whole[1] > span[1] and len(things := pieces_of(low[slice(*whole)])) > 1:
            chosen.append(whole)
            found += [_term(low, whole, c, soft) for c in dict.fromkeys(things)]
            continue
        chosen.append(span)
        found.append(_term(low, span, frozenset(spans[span]), soft))
    for m in _WORD.finditer(low):
        if _over(m.span(), taken) or _over(m.span(), chosen) or is_glue(m[0]) or m[0].isdigit():
            continue
        if "-" in m[0] and is_glue(m[0].partition("-")[0]):
            continue  # reste-t-il, gibt-es
        found += _compound_terms(m, soft)
    return sorted(found, key=lambda t: t.begin)


def _compound_terms(m: re.Match[str], soft: Sequence[tuple[int, int]]) -> list[Term]:
    concepts, rest = compound(m[0])
    whole = pieces_of(m[0])
    if len(whole) > 1:  # each thing of a compound must be in a name
        soft_too = _over(m.span(), soft)
        return [
            Term(word=m[0], concepts=c, soft=soft_too or c <= _WEAK, begin=m.start(), end=m.end())
            for c in dict.fromkeys(whole)
        ]
    if whole:
        concepts, rest = whole[0], ""
    if m[0].startswith(("max", "min")) and rest in ("", "max", "min") and concepts:
        rest = m[0][:3]  # maxmemory is a setting, no memory
        return [
            Term(word=m[0], concepts=concepts, begin=m.start(), end=m.end()),
            Term(word=rest, begin=m.start(), end=m.start() + 3),
        ]
    span, word = m.span(), m[0]
    made = (
        [Term(word=word, concepts=concepts, soft=_over(span, soft), begin=span[0], end=span[1])]
        if concepts
        else []
    )
    if rest and (not concepts or len(rest) > 3):
        made.append(Term(word=rest, soft=bool(concepts) or _over(span, soft), begin=span[0], end=span[1]))
    return made


def _term(low: str, span: tuple[int, int], concepts: frozenset[str], soft: Sequence[tuple[int, int]]) -> Term:
    weak = bool(concepts) and concepts <= _WEAK  # "uses" alone names no measurement
    return Term(
        word=low[span[0] : span[1]],
        concepts=concepts,
        soft=weak or _over(span, [s for s in soft if not _within(s, span, low)]),
        begin=span[0],
        end=span[1],
    )


def _within(part: tuple[int, int], span: tuple[int, int], low: str) -> bool:
    """Whether a span is but one word of a phrase: the heat of "heat output" names no heat pump."""
    led = part[0] < span[0] and is_glue(low[part[0] : span[0]].strip())  # by an article
    begin = span[0] if led else part[0]
    return span[0] <= begin and part[1] <= span[1] and part != span and " " in low[span[0] : span[1]]


def _over(span: tuple[int, int], taken: Iterable[tuple[int, int]]) -> bool:
    return any(span[0] < end and begin < span[1] for begin, end in taken)


def fits(terms: Sequence[Term], candidates: Iterable[Measured]) -> list[Fit]:
    """The candidates that hold a thing that is asked for, best first."""
    found = [f for m in candidates if (f := _fit(terms, m)) is not None and (f.left or f.score >= _LEAST)]
    return sorted(found, key=lambda f: (-f.score, f.of.component, f.of.family))


def best(found: Sequence[Fit]) -> list[Fit]:
    """Those that fit best: several where words alone do not tell them apart."""
    return [f for f in found if f.score >= found[0].score - _TIE] if found else []


def _fit(terms: Sequence[Term], m: Measured) -> Fit | None:
    names, concepts = name_of(m.family, m.unit, m.help)
    helped = _of_text(m.help)
    covered: set[str] = set()
    things: set[str] = set()
    left: list[str] = []
    labels: list[str] = []
    score, told, spelled = 0.0, 0, False
    telling = any(not t.soft for t in terms)
    for term in terms:
        literal = {n for n in names if same(term.word, n)}
        whole = term.word in (m.family.casefold(), m.metric.casefold())
        joined = term.word.replace(" ", "_")
        whole = whole or (
            ("_" in joined or joined[-1:].isdigit())
            and bool(re.search(rf"(?:^|_){re.escape(joined)}(?:_|$)", m.family.casefold()))
        )
        spelled = spelled or whole
        shared = term.concepts & concepts
        label = _label(term, m)
        if term.soft and not whole and _names_component(term, m):
            score += _OWNER  # "the standby" is the component, not what is measured of it
        elif whole or shared or literal:
            names_it = term.soft and not term.concepts <= _WEAK  # "the cache" may be the component alone
            slight = term.concepts and term.concepts <= _WEAK  # "used" tells between two of one thing
            score += 6.0 if whole else _USED if slight else _NAMED if names_it and telling else _THING
            told += 1
            covered |= literal
            score += _WORDED * sum(w in names for w in term.word.split()[:-1])
            things |= shared
        elif label:
            labels.append(label)
            score += 0.8
        elif _labelled(term, terms, m):
            score += _THING
        elif term.concepts & helped:
            score += _HELP
        elif _names_component(term, m):
            score += _OWNER
        elif not term.soft and not (term.concepts and term.concepts <= _WEAK):
            left.append(term.word)
            score -= _LEFT
    if not told:
        return None
    if any(t.word in (m.family.casefold(), m.metric.casefold()) and "_" in t.word for t in terms):
        left = []  # the name itself is written out: what else is said of it says it in other words
    if spelled:  # what is counted need not be said by a name that is spelled out
        left = [w for w in left if not any(t.word == w and t.concepts & COUNTED for t in terms)]
    extra = [
        n for n in names if n not in covered and n not in words_of("silent") and not (_concepts(n) & things)
    ]
    score -= _EXTRA * len(extra)
    settings = [n for n in settings_in(names, concepts) if n not in covered and not (_concepts(n) & things)]
    allowed = any(t.concepts & {"maximum", "setpoint"} for t in terms)
    score -= _SETTING * bool(settings and not allowed)
    score += _usual(terms, m.metric.casefold(), names)
    timed = any(t.concepts & _TIMES for t in terms)
    if any(t.concepts & {"latency", "waiting", "lag"} for t in terms) and m.metric.endswith("seconds_total"):
        score -= _ADDED  # the seconds of all together are no duration of one
    score += (_TIMED if timed else -_TIMED) * ("seconds" in names)
    return Fit(of=m, score=score, left=tuple(left), labels=",".join(labels))


def _usual(terms: Sequence[Term], metric: str, names: Sequence[str]) -> float:
    """More where a name is what people mean by the bare word, less where it is of a special part that nobody named."""
    asked = frozenset(c for t in terms for c in t.concepts)
    usual = any(part in metric for c in asked for part in table("usual").get(c, ()))
    said = {t.word for t in terms}
    special = any(n in words_of("special") and n not in said and not _concepts(n) & asked for n in names)
    return _BARE * usual - _PART * special


def _labelled(term: Term, terms: Sequence[Term], m: Measured) -> bool:
    """Whether a word says what a label is of whose value another one is: the database of "database orders"."""
    return any(
        term.concepts & _concepts(k) and any(v.casefold() == t.word for t in terms)
        for k, v in m.labels
        if k.isalpha()
    )


def _names_component(term: Term, m: Measured) -> bool:
    """Whether a word is a part of the component's own name: "Lager BS" of V-301-BS."""
    return any(
        (len(term.word) > 1 and (term.word in words or bool(term.concepts & concepts)))
        for words, concepts in names_of(m.component, m.called)
    )


def names_of(component: str, called: Iterable[str]) -> list[tuple[tuple[str, ...], frozenset[str]]]:
    """The words of each name of a component, and the things that they stand for."""
    return [
        (words, name_of(name, "", "")[1] | things_of(name))
        for name in (component, *called)
        for words in [name_of(name, "", "")[0]]
    ]


@lru_cache(maxsize=8192)
def things_of(text: str) -> frozenset[str]:
    """The things that a text's words and compounds stand for: `Lager Antriebsseite`, `Heizwasserpumpe`."""
    low = plain(text)
    words = [m[0] for m in _WORD.finditer(low)]
    return frozenset(_phrases(low) | {c for w in words for c in parts_of(w)})


@lru_cache(maxsize=8192)
def parts_of(word: str) -> frozenset[str]:
    """The things in a compound: `heizwasserpumpe` is of heating, water and a pump."""
    return frozenset(c for part in pieces_of(word) for c in part)


@lru_cache(maxsize=8192)
def pieces_of(word: str) -> tuple[frozenset[str], ...]:
    """The things of each part of a compound, any of which may be meant, one part after the other."""
    found: list[frozenset[str]] = []
    rest, last = word, ""
    while len(rest) >= _SHORTEST:
        hit = next(((w, k) for w, k in _stems() if rest.startswith(w)), None)
        if hit is None:
            break
        found.append(frozenset(k for w, k in _stems() if w == hit[0]))
        last, rest = hit[0], rest[len(hit[0]) :]
        joint = next(
            (j for j in ("s", "es", "en", "n") if rest.startswith(j) and len(rest) > _SHORTEST + len(j)), ""
        )
        if joint and not any(rest.startswith(w) for w, _ in _stems()):
            rest = rest[len(joint) :]
    ends = 2 if found and len(last) > _SHORTEST else 1  # letters of an ending: "sala" with "rm" is no room
    return tuple(found) if found and len(rest) <= ends else ()


def _label(term: Term, m: Measured) -> str:
    """`key=value` of a label whose value the term is; of a code such as `5xx` that no value is, nothing."""
    return next(
        (
            f"{k}={v}"
            for k, v in m.labels
            if len(v) > 1
            and (
                v.casefold() == term.word
                or (v.isalpha() and _concepts(v.casefold()) & term.concepts & _OUTCOMES)
            )
        ),
        "",
    )


def concepts_of(m: Measured) -> frozenset[str]:
    """The things that a measurement's name, its help text and its component's names stand for."""
    owned = frozenset(c for _, found in names_of(m.component, m.called) for c in found)
    return name_of(m.family, m.unit, m.help)[1] | _of_text(m.help) | owned


def named_of(m: Measured) -> frozenset[str]:
    """The things that the words of a measurement's name stand for, its meaning aside."""
    return frozenset(c for w in name_of(m.family, "", "")[0] for c in _concepts(w))


def words_in(m: Measured) -> set[str]:
    """The words of a measurement's name, help text, labels and component."""
    told = plain(" ".join([m.help, *(f"{k} {v}" for k, v in m.labels), m.component, *m.called]))
    return {*name_of(m.family, m.unit, m.help)[0], *_WORD.findall(told)}


def same(word: str, name: str) -> bool:
    """Whether a word of a question is a word of a name, but for its ending."""
    if word == name or word.rstrip("s") == name.rstrip("s") or alike(word, name):
        return True
    shorter, longer = sorted((word, name), key=len)
    if longer.removeprefix(shorter) in _OTHERWISE:
        return False
    return len(shorter) >= _SHORTEST and longer.startswith(shorter) and len(longer) - len(shorter) <= 4


@lru_cache(maxsize=8192)
def name_of(family: str, unit: str, help: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The words of a measurement's name, and the things that they and its meaning stand for."""
    words = tuple(w for w in (plain(p) for p in _SPLIT.split(family)) if w)
    meant = meaning_of(family, unit, help).quantity
    found = {c for w in words for c in _concepts(w)} | set(_phrases(" ".join(words)))
    quantity = _QUANTITIES.get(meant, meant)
    for w in words:
        if w.startswith("max") and len(w) > len("max") + 3 and (capped := _concepts(w[3:])):
            found |= {*capped, "maximum"}  # maxclients, maxmemory
    if {"bytes", "files", "blks", "tables"} & set(words):
        found.discard("temperature")  # `temp_bytes` are of temporary files
    if "current" in words and found & {"sessions", "connections", "queue", "clients", "requests"}:
        found.add("active")
    if quantity == "locks" and "deadlocks" in found:
        quantity = ""
    if "load" in found and quantity == "cpu":
        quantity = ""
    return words, frozenset(found | ({quantity} if quantity in table("concepts") else set()))


@lru_cache(maxsize=8192)
def _of_text(help: str) -> frozenset[str]:
    return frozenset(_phrases(plain(help)))


def is_concept(word: str) -> bool:
    """Whether a whole word or phrase stands for a thing."""
    return any(h.begin == 0 and h.end == len(word) for h in raw_hits("concepts", word))


def _phrases(low: str) -> set[str]:
    return {hit.key for hit in raw_hits("concepts", low)}


@lru_cache(maxsize=8192)
def _concepts(word: str) -> frozenset[str]:
    exact = frozenset(hit.key for hit in raw_hits("concepts", word) if hit.end - hit.begin == len(word))
    return exact or compound(word)[0]


@cache
def _stems() -> list[tuple[str, str]]:
    found = [(plain(w).strip("*"), key) for key, words in table("concepts").items() for w in words]
    return sorted({(w, k) for w, k in found if w.isalpha() and len(w) >= _SHORTEST}, key=lambda p: -len(p[0]))


@lru_cache(maxsize=8192)
def compound(word: str) -> tuple[frozenset[str], str]:
    """The things that a compound ends and begins with (`lagertemperatur`, `Rauchgastemp`), and what of it is left."""
    if not word.isalpha():
        return frozenset(), word
    if len(word) < 2 * _SHORTEST:  # "öldruck"
        heads = ((word[: -len(w)], k) for w, k in _stems() if word.endswith(w))
        return next(((_concepts(h) | {k}, "") for h, k in heads if is_concept(h)), (frozenset(), word))
    ends = next(((w, k) for w, k in _stems() if word.endswith(w) and len(word) > len(w)), None)
    head = word[: -len(ends[0])] if ends else word
    starts = next(((w, k) for w, k in _stems() if head.startswith(w)), None)
    if not ends and not starts:
        return frozenset(), word
    if not ends and starts and len(head) - len(starts[0]) > 3:
        return frozenset(), word
    rest = head[len(starts[0]) :] if starts else head
    return frozenset(k for pair in (ends, starts) if pair for k in [pair[1]]), rest if len(rest) > 2 else ""
