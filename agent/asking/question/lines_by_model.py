"""What rules leave open, offered as lines of a log: a tuned model chooses the kind of lines, code makes the query.

"Combien de cartes refusées ?" asks for `karte abgelehnt: KQ-2324`, which no table of words tells. What the model writes is bound
by a grammar: one of the kinds that it was shown, or none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from aitia.agent.asking.question.account import offered
from aitia.agent.asking.question.across import stems_across
from aitia.agent.asking.question.line_reader import LineReader
from aitia.agent.asking.question.met import unmet
from aitia.agent.asking.question.outcome import Reading, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.second import Read, may_say, rules_left_open
from aitia.agent.asking.question.stems import stem_of
from aitia.models.curriculum.log_lines import SHOWN, head
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.happened import changes
from aitia.tools.query.line_kinds import LineKind, line_kinds
from aitia.tools.query.lines import loggers
from aitia.tools.query.words import MOST, USUAL, Changes, Count, Lines, Query

FROM: Final = 0.5
"""The probability of its line from which what the model reads is offered."""
_STEM: Final = 4


@dataclass(frozen=True)
class _Kind:
    """Lines, or changes, that a question may mean: one of them, how many there are, and the query for what is wanted of them."""

    sample: str
    size: int
    query: Callable[[str], Query]


def read_lines(p: Pieces, reading: Reading, before: Query | None, reader: LineReader) -> Read:
    """What rules leave open, offered as lines of a log, or as changes where these are spoken of. Raises ModelError.

    Answered, as many of these were wrong as right on questions that nobody had looked at.
    """
    if not may_say(p, reading, before) or not rules_left_open(reading):
        return Read(reading=reading)
    kinds = _shortlist(p, _changed(p) if _OF_WORK & set(p.keys("verbs")) else _logged(p))
    if not kinds:
        return Read(reading=reading)
    meant = reader.read(p.as_put, [k.sample for k in kinds])
    if meant.kind is None or meant.sure < FROM:
        return Read(reading=reading)
    query = kinds[meant.kind].query(meant.want)
    if unmet(p, (query,)):
        return Read(reading=reading)
    sample = p.site.redact(head(kinds[meant.kind].sample))
    return Read(reading=offered(reading, one(query)), note=f"read by the model as lines like: {sample}")


_OF_WORK: Final = frozenset({"work", "changes"})


def _logged(p: Pieces) -> list[_Kind]:
    """The kinds of lines that may be meant: of who is named, or those that speak of it where it has no log of its own."""
    if not (logging := loggers(p.site)):
        return []
    own = p.component if p.component in logging else ""
    name = re.compile(rf"(?<!\w){re.escape(p.component)}(?!\w)", re.IGNORECASE)
    return [
        _Kind(k.sample, k.size, partial(_lines, p, k))
        for k in line_kinds(p.site, own)
        if own or not p.component or name.search(k.sample)
    ]


def _changed(p: Pieces) -> list[_Kind]:
    """The changes of who is named, of all where nobody is, by what they say."""
    rows = changes(Changes(component=p.component, limit=MOST), p.site).rows
    texts = [_ID.sub("", r.text.partition(": ")[2]).strip() for r in rows]
    return [_Kind(text, n, partial(_changes, p, text)) for text, n in Counter(filter(None, texts)).items()]


_ID: Final = re.compile(r" \([^()]*\)$")


def _shortlist(p: Pieces, kinds: Sequence[_Kind]) -> list[_Kind]:
    """At most `SHOWN` kinds, each by another beginning: those that share most with the question, then the most frequent."""
    by_head: dict[str, _Kind] = {}
    for kind in sorted(kinds, key=lambda k: -k.size):
        by_head.setdefault(head(kind.sample), kind)
    if len(by_head) <= SHOWN:
        return list(by_head.values())
    stems = [
        {s for s in (stem_of(w), *stems_across(w)) if len(s) >= _STEM}
        for w in set(re.findall(r"[^\W\d_]{3,}", plain(p.as_put)))
    ]

    def like(kind: _Kind) -> int:
        low = plain(kind.sample)
        return sum(any(s in low for s in alike) for alike in stems)

    return sorted(by_head.values(), key=lambda k: (-like(k), -k.size))[:SHOWN]


def _lines(p: Pieces, kind: LineKind, want: str) -> Query:
    """The lines of a kind, their number, or the first or last of them: as rules read it, else as the model does."""
    held: dict[str, Any] = {"component": kind.component, **span_fields(p)}
    held |= {"words": kind.words} if len(kind.words.split()) > 1 else {"text": kind.phrase or kind.words}
    if p.has("verbs", "count") or (want == "count" and not p.has("verbs", "when")):
        return Count(of="lines", **held)
    if want == "largest":
        return Lines(order="largest", limit=p.limit or 1, **held)
    return Lines(order=_end(p, want), limit=p.limit or _most(p, want), **held)


def _changes(p: Pieces, text: str, want: str) -> Query:
    held: dict[str, Any] = {"component": p.component, "text": text, **span_fields(p)}
    if p.has("verbs", "count") or (want == "count" and not p.has("verbs", "when")):
        return Count(of="changes", **held)
    when = p.has("verbs", "when") or want in ("first", "last")
    return Changes(
        order=_end(p, want), limit=p.limit or _most(p, want), wanted="time" if when else "all", **held
    )


def _end(p: Pieces, want: str) -> Literal["newest", "oldest"]:
    first = want == "first" and not p.has("order", "newest")
    return "oldest" if first or p.has("order", "oldest") else "newest"


def _most(p: Pieces, want: str) -> int:
    return 1 if want in ("first", "last", "number", "which") or p.has("verbs", "when") else USUAL
