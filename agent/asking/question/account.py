"""The account of a reading: what of a question its queries do not explain is named rather than passed over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.agent.asking.question.about import EQUIPMENT
from aitia.agent.asking.question.bounds import groups
from aitia.agent.asking.question.chinese import is_time, unknown_words
from aitia.agent.asking.question.health_rules import asks_healthy
from aitia.agent.asking.question.measure import COUNTED, Term, concepts_of, names_of, same, words_in
from aitia.agent.asking.question.met import unmet
from aitia.agent.asking.question.met_values import of_query
from aitia.agent.asking.question.numbers import number_words
from aitia.agent.asking.question.outcome import Reading, unclear, unknown
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.tables import hits, keys, table
from aitia.tools.meaning.incidents.mentions import is_software
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.notation import written
from aitia.tools.query.words import LIVE, Beyond, Changes, Count, Get, List, Query

_NEGATION: Final = frozenset({"nicht", "not", "mehr", "longer", "pas", "plus", "non", "più"})
"""Words of which a bound from below tells the sense."""
_SHORTEST: Final = 3
_LONG: Final = 8  # letters of one word in quotes that tells lines by itself
_NEXT: Final = 4  # characters between a word and the next, with an article
_ACCESS: Final = re.compile(  # what every line of an access log is of
    r"(?:http )?requests?|anfragen?|zugriffe?|requêtes?|peticion\w*|petición|solicitud\w*|richiest\w"
    r"|accès|accesos?|access|accessi|http|web|codes?|status|pages?|calls?|return\w*|renvo\w*|rend\w*|devuel\w*|restitu\w*|geliefert|zurück\w*|answer\w*|sen[dt]|g[ai]ven?"
    r"|hosts?|servers?|webservers?|zugriffs?log\w*|traffic|responses?|antwort\w*|réponses?|respuestas?|rispost\w"
)
PROCESS: Final = re.compile(r"process\w*|prozess\w*|proces\w+|programm?\w*|daemons?")  # which starts and ends
_FAILED: Final = frozenset({"refus", "fail", "denied"})  # what a failing status says as well
_HOLDS: Final = re.compile(
    r"mention\w*|erwähn\w*|contain\w*|enthalt\w*|enthält|contien\w*|contenant|conten\w*|conteng\w*|match\w*"
)  # a quoted text
_OWN: Final = ("lines", "changes", "events")
_OF_OBJECTS: Final = frozenset(  # things that a cluster's objects have, by which a question may call them
    {"ready", "available", "active", "up", "errors", "restarts", "replicas", "waiting", "completed", "started", "used", "uptime",
     "size", "memory", "cpu", "disk", "storage", "database", "cache", "http", "servers", "requested", "maximum", "primary",
     "replication", "created", "processed", "files"}
)  # fmt: skip
_EXPLAINED: Final = (
    "verbs", "levels", "order", "resources", "states", "parts", "relations", "functions", "units", "share",
    "rank", "lifecycle", "lasting",
)  # fmt: skip


def unplaced(p: Pieces, explained: str = "") -> list[Term]:
    """The words of things that neither a table, a name, a number nor `explained` (texts of the query) covers."""
    tables = (*_EXPLAINED, "trend") if "way=" in explained else _EXPLAINED
    known = [(h.begin, h.end) for name in tables for h in hits(name, p.words)]
    said = f"{p.quoted} {p.code} {p.labels} {explained}".casefold()
    if p.component and asks_healthy(p.low):
        return []  # its state and errors are told, the verdict is not
    return [
        t
        for t in p.terms
        if not t.soft
        and len(t.word) >= _SHORTEST
        and re.search(r"[a-zà-ÿ]{3}", t.word)
        and not any(b < t.end and t.begin < e for b, e in known)
        and t.word not in said
        and t.word not in number_words()
        and not (p.keys("lifecycle") and PROCESS.fullmatch(t.word))
        and not (t.concepts == {"memory"} and " kill" in said)  # for which it was killed
        and not _ACCESS.fullmatch(t.word)
        and not (p.code[:1] in ("4", "5") and _FAILED & set(keys("logged", t.word)))
        and not (p.quoted and _HOLDS.fullmatch(t.word))
        and not is_software(t.word, p.component)
        and not (p.component and t.concepts and t.concepts <= EQUIPMENT)  # which names the component
    ]


def without(p: Pieces, reading: Reading) -> Reading:
    """A reading that says which Chinese word it leaves out; a question back where that may be a time.

    So read 13 of 14 were right on authors that nobody had looked at.
    """
    lost = unknown_words(p.asked, p.quoted) if reading.status == "query" else []
    if not lost:
        return reading
    guessed = any(isinstance(q, Count) and q.of == "lines" and q.words for q in reading.queries)
    if guessed or any(map(is_time, lost)):
        return unclear(
            f"I do not know the word {lost[0]!r}. Say it in other words, or in English.", reading.queries
        )
    return reading.model_copy(update={"said": f"I do not know the word {lost[0]!r} and leave it out."})


def unread(p: Pieces, words: list[Term], whose: str) -> Reading:
    """The refusal that names what was not understood."""
    told = ", ".join(repr(t.word) for t in words[:3])
    return unknown(f"{whose} {told}.", f"a source that tells of {words[0].word}")


def accounted(p: Pieces, reading: Reading, *, strict: bool = False) -> Reading:
    """A reading whose queries meet the whole question; else a question back with the nearest query, which nothing ran.

    strict  rows of changes account for every word as well: where another rule has refused the question before.
    """
    queries = reading.queries
    if reading.status != "query" or not queries or not all(isinstance(q, LIVE) for q in queries):
        return reading
    said = unmet(p, queries)
    if not said and (left := unexplained(p, queries, strict=strict)):
        said = f"Nothing here explains {', '.join(repr(t.word) for t in left[:3])}."
    if not said:
        return reading
    return unclear(f"{said} {_read_as(queries)}", queries)


def offered(refused: Reading, second: Reading) -> Reading:
    """A question back with what a later rule reads where an earlier one refused.

    Answered, as many of these were wrong as right on questions that nobody had looked at.
    """
    first = without_offer(refused.said)
    return unclear(f"{first} {_read_as(second.queries)}".strip(), second.queries)


def without_offer(said: str) -> str:
    """What a refusal says without the query that it would read."""
    return said.split("I would read this as ", 1)[0].strip()


def _read_as(queries: Sequence[Query]) -> str:
    told = " and ".join(written(q) for q in queries[:2])
    return f"I would read this as {told}; asked as it stands, that query runs."


def unexplained(p: Pieces, queries: Sequence[Query], *, strict: bool = False) -> list[Term]:
    """The words of things that neither the queries nor the names of what they read explain.

    The rules of objects account for their words themselves; of changes the rows say what they are of.
    """
    if not strict and all(isinstance(q, Changes) for q in queries):
        return []
    strict = strict or all(
        getattr(q, "of", "") == "components" and isinstance(q, Count | List) for q in queries
    )
    if not strict and all(
        isinstance(q, Get | List) or (isinstance(q, Count) and q.of not in _OWN) for q in queries
    ):
        return [t for t in _unexplained(p, queries) if t.concepts and not t.concepts & _OF_OBJECTS]
    return _unexplained(p, queries)


def _unexplained(p: Pieces, queries: Sequence[Query]) -> list[Term]:
    read = [m for q in queries for m in of_query(p, q)]
    things = frozenset(c for m in read for c in concepts_of(m))
    names = {w for m in read for w in words_in(m)}
    owned = [
        o for q in queries if (c := str(getattr(q, "component", ""))) for o in names_of(c, _aliases(p, c))
    ]
    names |= {w for words, _ in owned for w in words}
    things |= {c for _, found in owned for c in found}
    said = " ".join(written(q) for q in queries).casefold()
    stems = [
        w for q in queries for w in re.split(r"[| ]", str(getattr(q, "words", ""))) if len(w) >= _SHORTEST
    ]
    counted = _counted_things(p, queries)
    told = any(isinstance(q, Changes) or (isinstance(q, Count) and q.of == "changes") for q in queries)
    families = "|".join(f"_{m.family.casefold()}_" for m in read)
    if any(
        {p.words[a:b]} & {m.family.casefold(), m.metric.casefold()}
        for a, b in p.named
        for m in read
        if "_" in p.words[a:b]
    ):
        return []  # the name itself is written out: what else is said of it says it in other words
    spelled = any(
        f"_{'_'.join(p.words[a:b].split())}_" in families for a, b in p.named if " " in p.words[a:b]
    )
    glossed = _quotes_all(p, queries)
    return [
        t
        for t in unplaced(p, said)
        if not (t.concepts & things)
        and not (glossed and _is_small(p, t))
        and t.begin not in counted
        and not (t.word in _NEGATION and all(isinstance(q, Beyond) and q.below is not None for q in queries))
        and not any(w in said for k in keys("operated", t.word) for w in table("operated")[k])
        and not (spelled and (" " in t.word or t.concepts & COUNTED))
        and not any(w in said for c in t.concepts for w in spelled_out(c))
        and not any(same(t.word, n) for n in names)
        and not t.word.startswith(tuple(stems))
        and not any(k in said for k in (stem(t.word), *keys("logged", t.word)))
        and not (told and keys("acts", t.word))
        and not any(groups(str(getattr(q, "by", "")), t.word) for q in queries)
    ]


def _quotes_all(p: Pieces, queries: Sequence[Query]) -> bool:
    """Whether a phrase in quotes, of changes also one long word, tells which are meant: what stands beside it says it again."""
    work = all(isinstance(q, Changes) or getattr(q, "of", "") == "changes" for q in queries)
    exact = len(p.quoted.split()) > 1 or (work and len(p.quoted) >= _LONG)
    return exact and all(str(getattr(q, "text", "")).casefold() == p.quoted.casefold() for q in queries)


def _is_small(p: Pieces, term: Term) -> bool:
    """Whether a word is nowhere written with a capital: it names nobody."""
    written_so = re.compile(rf"(?<!\w){re.escape(term.word)}", re.IGNORECASE)
    found = written_so.findall(p.as_put)
    return term.word.isalpha() and bool(found) and all(map(str.islower, found))


def _counted_things(p: Pieces, queries: Sequence[Query]) -> set[int]:
    """Where the thing begins whose lines are counted by a quoted text: "how many mails “undeliverable” in the log"."""
    if not (p.quoted and p.about_lines and all(isinstance(q, Count) and q.of == "lines" for q in queries)):
        return set()
    ends = [h.end for h in p.hits("verbs") if h.key == "count"]
    return {t.begin for t in p.terms for end in ends if 0 <= t.begin - end <= _NEXT}


def spelled_out(concept: str) -> list[str]:
    """The words of a thing in all languages, those that are long enough to tell it in a log."""
    words = [concept, *(plain(w).strip("*") for w in table("concepts").get(concept, ()) if " " not in w)]
    return [w for w in dict.fromkeys(words) if w.isalpha() and len(w) > _SHORTEST]


def _aliases(p: Pieces, component: str) -> tuple[str, ...]:
    held = p.site.held(component)
    return held.aliases if held else ()


def stem(word: str) -> str:
    """The beginning of a word by which its other forms are found: at least four letters."""
    return word[: max(4, len(word) - 3)] if len(word) > 4 else word
