"""Follow-ups on what was said of an object, a change or a line: since when it is so, and the one before that."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from aitia.agent.asking.question.after_figures import after_a_figure
from aitia.agent.asking.question.bounds_rules import SINCE
from aitia.agent.asking.question.earlier import says_before
from aitia.agent.asking.question.outcome import Reading, one, unknown
from aitia.agent.asking.question.pieces import Pieces
from aitia.core.errors import SourceError
from aitia.tools.query.execute import execute
from aitia.tools.query.words import QUERY, Changes, Events, Get, Lines, List, Query

_ENDS: Final = (  # what may stand behind "the previous": no hour and no week
    r"(?=\W*(?:$|[?,.;])|\s+(?:was|when|war|wann|mal|c'était|quand|era|fue|foi|cuándo|fu|quando)(?!\w))"
)
_PREVIOUS: Final = re.compile(  # "and the one before that?", "celui d'avant", "the time before"
    r"(?<!\w)(?:the (?:one|time|previous one|earlier one) before(?: that| this)?|(?:the )?previous(?: one| time)?"
    r"|the (?:one|time) prior|before (?:of )?(?:that|this)(?: one)?"
    r"|das mal davor|(?:das |der |die |den |dem )?davor|(?:das|der|die|den|dem) (?:vorige|vorherige)[rnm]?"
    r"|cel(?:ui|le)s? d'avant|l[ea] (?:précédente?|fois d'avant)|la fois précédente"
    r"|(?:el|la|lo)s? (?:anterior|previ[oa]|de antes)|la vez anterior"
    rf"|quell[oa] (?:prima|precedente)|(?:il|la) precedente|la volta prima){_ENDS}"
)
_STATES: Final = frozenset({"ready", "available", "active", "up"})


def after_a_part(p: Pieces, before: Query) -> Reading | None:
    """What a follow-up asks of the object, change or line before it; None where it asks something else."""
    if (told := after_a_figure(p, before)) is not None:
        return told
    own = [t for t in p.terms if t.concepts and not t.soft and not t.concepts <= _STATES]
    if isinstance(before, Get) and before.part in ("version", "image") and says_before(p) and not own:
        return one(Changes(component=_whose(p, before), what="deploy", limit=2))
    if _PREVIOUS.search(p.low) and isinstance(before, Changes | Lines | Events) and not p.span.told:
        return _one_before(p, before)
    if not p.has("verbs", "when") or own or p.keys("lifecycle") or p.span.told:
        return None
    if isinstance(before, Get) and before.part == "role":
        return one(before.model_copy(update={"component": _whose(p, before)}))  # its log tells when
    if not p.site.readers() or not isinstance(before, Get | List):
        return None
    if not SINCE.search(p.low) or p.keys("order"):
        return None  # "and the last one, at what time?" asks for no state
    if isinstance(before, Get) and before.part not in ("version", "image", "schedule", "duration"):
        return one(Get(component=_whose(p, before), part="since", of=before.of))
    if isinstance(before, List) and before.state and before.of in ("nodes", "pods", "jobs", "deployments"):
        return one(before.model_copy(update={"part": "since"}))
    return None


def _whose(p: Pieces, before: Query) -> str:
    return p.about.components[0] if p.about.components else str(getattr(before, "component", ""))


def _one_before(p: Pieces, before: Changes | Lines | Events) -> Reading:
    """The last row of the query before that lies before the one that it showed."""
    fields: dict[str, Any] = before.model_dump() | {"limit": 1}
    fields["component"] = _whose(p, before)
    if "order" in fields:
        fields["order"] = "newest"
    try:
        found = execute(QUERY.validate_python(fields), p.site)
    except SourceError as error:
        return unknown(f"The source cannot be read: {error}")
    last = found.rows[-1].at if found.rows else None
    if (
        last is None and (since := fields.get("since")) is not None
    ):  # of another component: before the span that was told
        rest = {"limit": before.limit, "since": None, "until": since}
        return one(QUERY.validate_python(fields | rest))
    if last is None:
        return unknown("There was none of which one could come before.")
    until = last - timedelta(milliseconds=1)
    if fields.get("since") is not None and fields["since"] >= until:
        fields["since"] = None
    if p.has("verbs", "when") and "wanted" in fields:
        fields["wanted"] = "time"
    return one(QUERY.validate_python(fields | {"until": until}))
