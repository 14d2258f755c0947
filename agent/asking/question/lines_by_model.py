"""What rules leave open, as lines of a log: a tuned model chooses the kind of lines; code counts, dates and shows them.

"Combien de cartes refusées ?" asks for `karte abgelehnt: KQ-2324`, which no table of words tells. What the model writes is bound
by a grammar: one of the kinds that it was shown, or none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from aitia.agent.asking.question.across import stems_across
from aitia.agent.asking.question.line_reader import LineReader
from aitia.agent.asking.question.met import unmet
from aitia.agent.asking.question.outcome import Reading, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.second import Read, may_say, rules_left_open
from aitia.agent.asking.question.stems import stem_of
from aitia.models.curriculum.log_lines import SHOWN, head
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.line_kinds import LineKind, line_kinds
from aitia.tools.query.lines import loggers
from aitia.tools.query.words import USUAL, Count, Lines, Query

FROM: Final = 0.5
"""The probability of its line from which what the model reads is answered (docs/fitted.md)."""
_STEM: Final = 4


def read_lines(p: Pieces, reading: Reading, before: Query | None, reader: LineReader) -> Read:
    """What rules leave open, as lines of a log: of the component that is named, or of all where none is. Raises ModelError."""
    if not may_say(p, reading, before) or not rules_left_open(reading) or not loggers(p.site):
        return Read(reading=reading)
    kinds = _shortlist(p, _kinds(p))
    if not kinds:
        return Read(reading=reading)
    meant = reader.read(p.as_put, [k.sample for k in kinds])
    if meant.kind is None or meant.sure < FROM:
        return Read(reading=reading)
    query = _query(p, meant.want, kinds[meant.kind])
    if unmet(p, (query,)):
        return Read(reading=reading)
    sample = p.site.redact(head(kinds[meant.kind].sample))
    return Read(reading=one(query), note=f"read by the model as lines like: {sample}", sure=meant.sure)


def _kinds(p: Pieces) -> tuple[LineKind, ...]:
    """The kinds of lines that may be meant: of who is named, or those that speak of it where it has no log of its own."""
    logging = loggers(p.site)
    if not p.component:
        return line_kinds(p.site)
    if p.component in logging:
        return line_kinds(p.site, p.component)
    name = re.compile(rf"(?<!\w){re.escape(p.component)}(?!\w)", re.IGNORECASE)
    return tuple(k for k in line_kinds(p.site) if name.search(k.sample))


def _shortlist(p: Pieces, kinds: Sequence[LineKind]) -> list[LineKind]:
    """At most `SHOWN` kinds, each by another beginning: those that share most with the question, then the most frequent."""
    by_head: dict[str, LineKind] = {}
    for kind in sorted(kinds, key=lambda k: -k.size):
        by_head.setdefault(head(kind.sample), kind)
    if len(by_head) <= SHOWN:
        return list(by_head.values())
    stems = [
        {s for s in (stem_of(w), *stems_across(w)) if len(s) >= _STEM}
        for w in set(re.findall(r"[^\W\d_]{3,}", plain(p.as_put)))
    ]

    def like(kind: LineKind) -> int:
        low = plain(kind.sample)
        return sum(any(s in low for s in alike) for alike in stems)

    return sorted(by_head.values(), key=lambda k: (-like(k), -k.size))[:SHOWN]


def _query(p: Pieces, want: str, kind: LineKind) -> Count | Lines:
    """The lines of a kind, their number, or the first or last of them: as rules read it, else as the model does."""
    held: dict[str, Any] = {"component": kind.component, **span_fields(p)}
    held |= {"words": kind.words} if len(kind.words.split()) > 1 else {"text": kind.phrase or kind.words}
    if p.has("verbs", "count") or (want == "count" and not p.has("verbs", "when")):
        return Count(of="lines", **held)
    if want == "largest":
        return Lines(order="largest", limit=p.limit or 1, **held)
    first = want == "first" and not p.has("order", "newest")
    single = want in ("first", "last", "number", "which") or p.has("verbs", "when")
    return Lines(
        order="oldest" if first or p.has("order", "oldest") else "newest",
        limit=p.limit or (1 if single else USUAL),
        **held,
    )
