"""Which part of a text is the question: without greetings, stories and politeness, German compounds taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Final

from aitia.agent.asking.question.measure import is_concept
from aitia.agent.asking.question.spans import span_of
from aitia.agent.asking.question.tables import ASKING, hits, is_glue, table, words_of
from aitia.tools.meaning.incidents.words import one_of, plain

QUOTED: Final = re.compile(
    r"\"([^\"\n]{2,120})\"|'([^'\n]{2,120})'(?!\w)|`([^`\n]{2,120})`|“([^”\n]{2,120})”|«\s*([^»\n]{2,120}?)\s*»"
    r"|„([^“”\n]{2,120})[“”]"
)
"""A phrase in quotes."""


def unjoined(text: str, names: Iterable[str]) -> str:
    """German compounds of a name or sign and a word that is known, taken apart: "FATAL-Meldungen", "reproject-Lauf"."""
    called = {plain(n) for n in names}

    def apart(m: re.Match[str]) -> str:
        tail = plain(m[2])
        known = is_glue(tail) or is_concept(tail) or any(_is_all(n, tail) for n in _TAILS)
        return f"{m[1]} {m[2]}" if known and plain(m[0]) not in called else m[0]

    def of_alarm(m: re.Match[str]) -> str:
        return f"{m[1]} {m[2]}" if plain(m[0]) not in called and is_concept(plain(m[1])) else m[0]

    return _OF_ALARM.sub(of_alarm, _JOINED.sub(apart, text))


def _is_all(name: str, word: str) -> bool:
    return any(h.begin == 0 and h.end == len(word) for h in hits(name, word))


_JOINED: Final = re.compile(r"(?<![\w-])([A-Za-zÄÖÜäöü][\w.-]*)-([A-ZÄÖÜ][a-zäöüß]{2,})(?![\w-])")
_OF_ALARM: Final = re.compile(
    r"(?<![\w-])([A-ZÄÖÜa-zäöü][a-zäöüß]{3,}?)s?((?:alarm|warnung|meldung)(?:e|s|en)?)(?![\w-])"
)
_TAILS: Final = ("verbs", "resources", "levels", "parts", "lifecycle", "states", "tails")


_SPLIT: Final = re.compile(
    r"(?:,\s+|(?:,\s+|\s+)(?:split|grouped|broken down|aufgeteilt)\s+)"
    r"(?=(?:by|per|for each|nach|pro|je|par|por)\s+[^\W\d_]+\W*$)",
    re.IGNORECASE,
)
"""What it is to be split by belongs to what is asked: "who holds the connections, by application?"."""


def asking(text: str, names: Iterable[str]) -> str:
    """The sentence without clauses that only tell a story: "tenants complain, what is the room temperature?".

    A clause goes where another one begins with a word of asking, and it has none, no name, no number and no time.
    """
    if QUOTED.search(text):
        return text
    text = _VIEW.sub(lambda m: next(g for g in m.groups() if g), _WHY_ASKED.sub("?", text))
    text = _TOLD_BY.sub(" ", _SPLIT.sub(" ", _PURPOSE.sub("show ", text)))
    clauses = [c for c in _CLAUSE.split(text) if c.strip()]
    asks = [bool(ASKING.search(_polite().sub("", plain(c)))) for c in clauses]
    if len(clauses) < 2 or not any(asks):
        return text
    called = [plain(n) for n in names if len(n) > 2]
    kept = [
        c
        for c, asked, behind in zip(clauses, asks, [False, *asks], strict=False)
        if asked
        or re.search(r"\d", c)
        or (behind and _PLACE.match(plain(c)))
        or ((_SAY.match(plain(c)) or not _STORY.search(plain(c))) and _tells(c, called))
    ]
    return ", ".join(_without_wish(c, called) for c in kept)


def _without_wish(clause: str, called: Iterable[str]) -> str:
    """A clause; of what somebody wants to do only whom it names: "we want to restart cache tonight"."""
    low = plain(clause)
    if not _WISH.search(low) or ASKING.search(low):
        return clause
    found = sorted(
        (m.span() for n in called for m in [re.search(rf"(?<!\w){re.escape(n)}(?!\w)", low)] if m),
        key=lambda s: s[0],
    )
    return " ".join(clause[a:b] for a, b in found) if found and len(low) == len(clause) else clause


_TOLD_BY: Final = re.compile(  # who tells it, which no name of a component or log need be: "according to supervisord"
    r"(?<!\w)i mean(?!\w)"
    r"|(?<!\w)"
    r"(?:[Aa]ccording to|[Gg]oing by|[Jj]udging by|[Bb]ased on|[Ss]tando a|[Aa] juzgar por|[Aa]u vu d[eu]"
    r"|[Aa]s (?:seen|told|reported|logged) by|(?<![Ww]ie )[Ll]aut(?! (?:ist|war|sind))|[Gg]emäß|[Ss]elon|[Dd]'après"
    r"|[Ss]egún|[Ss]econdo)"
    r" (?:the |der |dem |den |le |la |l'|el |il )?[a-z][a-z.]{2,30}(?![\w-])(?: logs?(?!\w))?",
)
_VIEW: Final = re.compile(  # whose view it is, of which the name alone says something
    r"(?<!\w)from (?:the )?([\w.-]+)(?:'s)? (?:point of view|perspective|viewpoint|side)(?!\w)"
    r"|(?<!\w)aus (?:der )?sicht (?:von|des|der) ([\w.-]+)|(?<!\w)du point de vue d[eu'] ?([\w.-]+)"
    r"|(?<!\w)desde el punto de vista de(?:l| la)? ?([\w.-]+)|(?<!\w)dal punto di vista d(?:i|el|ella) ?([\w.-]+)",
    re.IGNORECASE,
)
_WHY_ASKED: Final = re.compile(  # why somebody asks, behind the question: "who calls it? I want to know whom to warn"
    r"\?\s+(?:i|we|ich|wir|je|nous|on|quiero|queremos|necesito|io|voglio|vorrei|vogliamo)(?!\w)['’]?(?:m|d|ve|ll)?\s"
    r"(?!(?:see|sehe|vois|veo|vedo)(?!\w))[^?]*$",
    re.IGNORECASE,
)
_PURPOSE: Final = re.compile(  # "for the hand-over note I need …"
    r"^\W*(?:for|für|pour|para|per)(?!\w)[^,.;:?\d]{3,60}?(?<!\w)(?:i need|we need|i'd need|brauche ich|brauchen wir"
    r"|il me faut|il nous faut|j'ai besoin de|necesito|necesitamos|mi serve|ci serve)(?!\w)",
    re.IGNORECASE,
)
_WISH: Final = re.compile(
    r"(?<!\w)(?:we want to|we would like to|we'd like to|we plan to|i want to|i plan to|wir wollen|wir möchten|wir planen"
    r"|ich will|on voudrait"
    r"|on aimerait|nous voulons|nous voudrions|on veut|queremos|quisiéramos|vamos a|vorremmo|vogliamo|si vuole)(?!\w)"
)


def _tells(clause: str, called: Iterable[str]) -> bool:
    """Whether a clause names what is asked of, or when."""
    low = plain(clause)
    return (
        any(hits(n, low) for n in _TELLING)
        or span_of(clause, _ANY_TIME).told
        or any(n in low for n in called)
    )


_SAY: Final = re.compile(  # "say over the last minute"
    r"\W*(?:let's )?(?:say|sagen wir(?: mal)?|disons|digamos|diciamo)(?!\w)"
)
_STORY: Final = re.compile(  # who said something, and why somebody asks
    r"(?<!\w)(?:wrote|writes|says|said|say|thinks?|reports?|reported|complains?|complained|claims?|told (?:me|us)"
    r"|is on call|on shift|took over"
    r"|schrieb\w*|schreib\w+|sagt\w*|sagen|meint|meinen|meldet|melden|beschwer\w+|behaupt\w+|habe? übernommen|bereitschaft"
    r"|dit|disent|écrit|écrivent|se plai\w+|prétend\w*|pren\w+ (?:mon|le) service|d'astreinte"
    r"|dicen?|dijo|dijeron|escrib\w+|se queja\w*|creen?"
    r"|acabo de|de guardia|de turno|dicono|scriv\w+|scritto|si lamenta\w*|di turno"
    r"|reperibile)(?!\w)"
)


_PLACE: Final = re.compile(
    r"\W*(?:at|on|in|of|from|auf|am|im|bei|vom|von|à|au|aux|en|dans|sur|de|du|del|al|su|sul|sulla|nel|nella|dal|dalla)(?!\w)"
)


_TELLING: Final = (
    "functions",
    "order",
    "units",
    "share",
    "rank",
    "levels",
    "concepts",
    "things",
)  # a clause with such words stays


@cache
def _polite() -> re.Pattern[str]:
    """A greeting or a word of politeness at the beginning of a clause."""
    words = [*table("act")["polite"], *(w for w in words_of("greetings"))]
    return re.compile(rf"^\W*(?:{one_of(map(plain, words))}\W+)+")


_CLAUSE: Final = re.compile(
    r"(?<=\D),\s+|(?<=[^\d\s])\s?:\s+|;\s+|(?<=[a-zà-ÿ]{2})[.!]\s+|\s[-–—]\s|\?\s+(?=\w)"
)
_ANY_TIME: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)  # any: whether a time is told does not hang on now
