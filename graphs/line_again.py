"""A line of a report, looked at again: its query in the query language, executed on the sources as they are now."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from aitia.agent.asking.answer import Answer, Citation, Reply
from aitia.agent.asking.looked import SURE, answered
from aitia.agent.asking.question.outcome import Reading
from aitia.core.errors import AitiaError, BadInput, SourceError
from aitia.core.percent import chance
from aitia.core.words import Evidence, NextCheck, Report, Window
from aitia.tools.query.behind import behind, behind_check
from aitia.tools.query.execute import execute
from aitia.tools.query.found import Found, Point, unknown
from aitia.tools.query.notation import written
from aitia.tools.query.site import Site
from aitia.tools.query.words import LIVE, Lines, Query
from aitia.tools.signals.plots import SERIES, kept_samples

_FACT: Final = re.compile(r"\W*(E\d{1,6})\W*", re.IGNORECASE)
_NEXT: Final = re.compile(r"\W*(?:next|check|N)\s*#?(\d{1,3})?\W*", re.IGNORECASE)
_RESTING: Final = re.compile(r"\W*(why |[TSXV])\s*#?(\d{1,3})\W*", re.IGNORECASE)
_MOST: Final = 3  # looks behind one line


def asks_for_line(question: str) -> bool:
    """Whether a question is no more than the name of a line: `E12`, `next`, `next 2`, `N2`, `why 2`, `T3`, `S1`, `X2`, `V1`."""
    return any(name.fullmatch(question) for name in (_FACT, _NEXT, _RESTING))


def line_again(
    question: str,
    report: Report,
    artifacts: Callable[[str], bytes],
    site: Callable[[], Site],
    redact: Callable[[str], str],
) -> Answer:
    """What the line says, the curve or lines behind it as they are now, and the query that was run.

    artifacts  what the run keeps under a name
    site       opens the live sources; where it raises, the answer says that they are gone
    Raises BadInput for a line that the report does not have.
    """
    then: Found | None = None
    before: Window | None = None  # in which what is checked for was there
    if found := _FACT.fullmatch(question):
        fact = _fact(report, found[1].upper())
        kept = artifacts(fact.artifact) if fact.artifact else b""
        first, then = _cited(fact), _then(fact, kept)
        queries = [behind(fact, kept)]
    elif found := _RESTING.fullmatch(question):
        first, facts = _resting(report, found[1].strip().upper(), int(found[2]))
        queries = [behind(f, artifacts(f.artifact) if f.artifact else b"") for f in facts]
    else:
        number = int((_NEXT.fullmatch(question) or [""])[1] or 1)
        check = _check(report, number)
        query = check.command or check.query
        first = Citation(id=f"N{number}", text=check.text, source="report", query=query)
        every = {e.artifact: artifacts(e.artifact) for e in report.evidence if e.artifact}
        queries = [behind_check(check, report, every)]
        before = report.incident.window
    looks = list(dict.fromkeys(q for q in queries if q is not None and isinstance(q, LIVE)))[:_MOST]
    if not looks:
        return _not_in_words(question, first, redact, then)
    return _looked(question, first, looks, then, site, redact, before)


def _resting(report: Report, letter: str, number: int) -> tuple[Citation, list[Evidence]]:
    """A line that is concluded from facts, and these facts, the weightiest first. Raises BadInput."""
    lines: dict[str, list[tuple[str, tuple[str, ...]]]] = {
        "WHY": [(s.text, s.cites) for s in report.chain],
        "T": [(f"{t.at:%H:%M:%S} UTC: {t.text}", (t.evidence,)) for t in report.timeline],
        "S": [
            (f"{s.component} {s.fault}: {chance(s.probability)}".strip(), s.supporting)
            for s in report.suspects
        ],
        "X": [(x.sentence.text, x.sentence.cites) for x in report.ruled_out],
        "V": [(s.text, s.cites) for s in report.summary if s.role == "verdict"],
    }
    held = lines[letter]
    if not 1 <= number <= len(held):
        raise BadInput(f"This report has {len(held)} lines of that sort. Give a number from 1.")
    text, cites = held[number - 1]
    known = {e.id: e for e in report.evidence}
    name = f"why {number}" if letter == "WHY" else f"{letter}{number}"
    return Citation(id=name, text=text, source="report"), [known[c] for c in cites if c in known]


def _looked(
    question: str,
    first: Citation,
    queries: Sequence[Query],
    then: Found | None,
    site: Callable[[], Site],
    redact: Callable[[str], str],
    before: Window | None,
) -> Answer:
    looks, gone = _looks(queries, site, before)
    live = answered(question, Reading(status="query", queries=tuple(queries), live=True), looks, redact)
    told = Reply(text=redact(first.text), cites=(first.id,))
    kept = () if then is None or not gone else (then,)
    return live.model_copy(
        update={
            "replies": (told, *live.replies, *(Reply(text=f.said, cites=(first.id,)) for f in kept)),
            "citations": (first, *live.citations),
            "understood": "; ".join(written(q) for q in queries),
            "found": (*kept, *live.found),
            "needs": "the source that the run read" if gone else "",
        }
    )


def _looks(
    queries: Sequence[Query], site: Callable[[], Site], before: Window | None
) -> tuple[list[tuple[Query, Found]], bool]:
    """What each query finds now, and whether a source is gone.

    No line found is told only where the same look finds one in the window `before`, when there were some.
    """
    looks: list[tuple[Query, Found]] = []
    gone = False
    here: Site | None = None
    for query in queries:
        try:
            here = here or site()
            here.begin()
            found = execute(query, here)
            if found.status == "unknown" and here.notes:
                found, gone = unknown(f"The source cannot be read now: {here.notes[0]}"), True
            elif (
                before
                and found.status == "empty"
                and isinstance(query, Lines)
                and _blind(query, before, here)
            ):
                found = unknown(
                    "This look finds none of the lines of the incident either: that it finds none now says nothing."
                )
        except SourceError as error:
            found, gone = unknown(f"The source cannot be read now: {error}"), True
        except AitiaError as error:
            found, gone = unknown(f"The sources of this run are not at hand: {error}"), True
        looks.append((query, found))
    return looks, gone


def _blind(query: Lines, before: Window, here: Site) -> bool:
    """Whether a look for lines finds none of those that the report is about."""
    then = query.model_copy(update={"since": before.start, "until": before.end})
    return execute(then, here).status != "found"


def _not_in_words(question: str, first: Citation, redact: Callable[[str], str], then: Found | None) -> Answer:
    """A line that the query language has no words for: what it rests on stands as it was recorded."""
    by = f" Look yourself: {first.query}" if first.query else ""
    text = f"The query language has no look for this, and no command of a report is run.{by}"
    return Answer(
        question=redact(question),
        status="answered" if then else "not_known",
        sure=SURE,
        replies=(
            Reply(text=redact(first.text), cites=(first.id,)),
            Reply(text=redact(text), cites=(first.id,)),
        ),
        citations=(first,),
        found=(then,) if then else (),
        nearest=(),
    )


def _fact(report: Report, wanted: str) -> Evidence:
    for fact in report.evidence:
        if fact.id == wanted:
            return fact
    last = report.evidence[-1].id if report.evidence else "none"
    raise BadInput(f"This report has no fact {wanted}. It has E1 to {last}.")


def _check(report: Report, number: int) -> NextCheck:
    if 1 <= number <= len(report.next_checks):
        return report.next_checks[number - 1]
    if not report.next_checks:
        raise BadInput("This report has nothing left to check.")
    raise BadInput(f"Give a number from 1 to {len(report.next_checks)}: this report has so many checks.")


def _cited(fact: Evidence) -> Citation:
    ref = fact.source
    return Citation(
        id=fact.id, text=fact.statement, source=ref.source, query=ref.query, path=ref.path, lines=ref.lines
    )


def _then(fact: Evidence, kept: bytes) -> Found | None:
    """The curve as the run recorded it, where it keeps one."""
    samples = kept_samples(kept) if fact.artifact.endswith(SERIES) else []
    if len(samples) < 2:
        return None
    points = tuple(Point(at=datetime.fromtimestamp(t, tz=UTC), value=v) for t, v in samples)
    return Found(
        status="found", kind="curve", unit=fact.unit, curve=points, said="The curve is as the run recorded it.",
        value=points[-1].value, at=points[-1].at,
    )  # fmt: skip
