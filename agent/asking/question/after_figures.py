"""Follow-ups on a figure or on lines: how it is now, when it first rose, how often that happened, how many there should be."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aitia.agent.asking.question.limits import ALLOWED, USED, limit_of, used_of
from aitia.agent.asking.question.measure import terms_of
from aitia.agent.asking.question.met import how_often
from aitia.agent.asking.question.outcome import Reading, one
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.sorting import asks_now
from aitia.agent.asking.question.tables import words_of
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.words import Count, Curve, Get, Lines, Query, Share, Stat

_SHOULD: Final = re.compile(
    r"(?<!\w)(?:should (?:there )?(?:be|it be|run)|are (?:wanted|desired|expected)|supposed to (?:be|run)"
    r"|soll(?:t?en)?(?: es)?(?: sein)?|devrai(?:t|ent)|deber[ií]an?|tendr[ií]an? que|dovrebbe(?:ro)?|zouden|deveriam?)(?!\w)"
)
_SAME: Final = re.compile(  # "same hours yesterday", "gestern um dieselbe Zeit"
    r"(?<!\w)(?:(?:the |this )?same (?:time|hours?|span|period|moment|window)"
    r"|(?:die |der |zur |um die )?(?:gleiche|selbe|dieselbe)[nr]? (?:zeit|stunden?|uhrzeit|spanne)"
    r"|(?:la |à la |aux |les )?mêmes? (?:heures?|période|plage|moment)"
    r"|(?:a )?(?:la |las |el )?mism[oa]s? (?:horas?|período|momento)"
    r"|(?:alla |le |nelle )?stess[aeio] (?:or[ae]|periodo|momento))(?!\w)"
)
_DAY_BEFORE: Final = re.compile(
    r"(?<!\w)(?:yesterday|the day before|gestern|am vortag|hier|la veille|ayer|el día anterior|ieri|il giorno prima)(?!\w)"
)
_WEEK_BEFORE: Final = re.compile(
    r"(?<!\w)(?:last week|a week ago|letzte woche|vor einer woche|la semaine dernière|la semana pasada|la settimana scorsa)(?!\w)"
)


def _shifted(p: Pieces, before: Query) -> Reading | None:
    """The same span of the day or the week before."""
    back = 1 if _DAY_BEFORE.search(p.low) else 7 if _WEEK_BEFORE.search(p.low) else 0
    if not back or not _SAME.search(p.low) or not isinstance(before, Stat | Share | Lines | Count | Curve):
        return None
    since, until = before.since, before.until
    if (since is None and until is None) and not (isinstance(before, Stat) and before.function == "last"):
        return None
    days = timedelta(days=back)
    until = (until or p.site.now) - days
    return one(before.model_copy(update={"since": since and since - days, "until": until}))


def after_a_figure(p: Pieces, before: Query) -> Reading | None:
    """What a few words ask anew of the figure or the lines before them; None where they name something themselves."""
    if p.about.components or p.about.strange or p.quoted or p.level:
        return None
    if not any(t.concepts and not t.soft for t in p.terms) and (shifted := _shifted(p, before)) is not None:
        return shifted
    if isinstance(before, Stat) and not p.span.told and (other := _of_limits(p, before)):
        kept = {
            "metric": other,
            "function": "last",
            "wanted": "value",
            "labels": "",
            "since": None,
            "until": None,
        }
        return one(before.model_copy(update=kept))
    own = {c for t in p.terms if not t.soft for c in t.concepts}
    if isinstance(before, Get) and p.site.readers() and own & _RESERVED and own <= _RESERVED | _OF_LIMITS:
        return one(Get(component=before.component, part="limits")) if ALLOWED.search(p.low) else None
    if own:
        return None
    component = str(getattr(before, "component", ""))
    if isinstance(before, Count) and before.of == "pods" and component and _SHOULD.search(p.low):
        return one(Get(component=component, part="replicas"))
    if isinstance(before, Lines) and how_often(p.low) and not (p.span.since or p.span.at):
        fields = before.model_dump(
            include={"component", "level", "only", "text", "words", "code", "since", "until"}
        )
        return one(Count(of="lines", **fields))
    if isinstance(before, Share) and p.has("verbs", "when") and not p.span.told:
        return one(_risen(p, component, before.metric, before.labels))
    if not isinstance(before, Stat):
        return None
    if before.function == "sum" and p.has("verbs", "when") and not p.span.told:
        return one(_risen(p, component, before.metric, before.labels))
    if (
        before.function not in ("last", "sum")
        and asks_now(p.as_put)
        and not (set(p.keys("functions")) - {"last"})
    ):
        return one(
            before.model_copy(update={"function": "last", "wanted": "value", "since": None, "until": None})
        )
    return None


def _of_limits(p: Pieces, before: Stat) -> str:
    """The limit of what was told, or what is in use of a limit that was told, where that is asked and no other thing is named."""
    if p.low.split()[0] in words_of("people"):
        return ""  # who uses it
    own = frozenset({c for t in p.terms if not t.soft for c in t.concepts} - _OF_LIMITS)
    if own and not own <= {
        c for t in terms_of(plain(before.metric.replace("_", " ")), []) for c in t.concepts
    }:
        return ""
    if ALLOWED.search(p.low) and (limit := limit_of(p, before)):
        return limit
    return used_of(p, before) if USED.search(p.low) else ""


_RESERVED: Final = frozenset({"memory", "cpu"})
_OF_LIMITS: Final = frozenset({"maximum", "used", "capacity", "requested"})


def _risen(p: Pieces, component: str, metric: str, labels: str) -> Stat:
    """When a counter first rose, or last."""
    end = "last" if p.has("order", "newest") else "first"
    return Stat(component=component, metric=metric, labels=labels, function="sum", wanted="time", end=end)
