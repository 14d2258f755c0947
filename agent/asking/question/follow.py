"""Follow-ups: what a question leaves out is taken from the query before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from aitia.agent.asking.question.about import near, others
from aitia.agent.asking.question.account import PROCESS, unexplained, without
from aitia.agent.asking.question.after_parts import after_a_part
from aitia.agent.asking.question.alarms_rules import after_an_alarm
from aitia.agent.asking.question.bounds import bound
from aitia.agent.asking.question.bounds_rules import bounded_before, other_bound
from aitia.agent.asking.question.comparing import compared_before
from aitia.agent.asking.question.leaves_out import SAYS_THAT, leaves_out
from aitia.agent.asking.question.measure import Fit, Term, best, fits, terms_of
from aitia.agent.asking.question.measures_rules import fitting
from aitia.agent.asking.question.met import undated
from aitia.agent.asking.question.numbers import so_long
from aitia.agent.asking.question.outcome import Reading, span_fields, unclear
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.ranking_rules import FIGURE, first_of, ranked_anew
from aitia.agent.asking.question.reading import decide
from aitia.agent.asking.question.refusing import changing
from aitia.agent.asking.question.tables import GOES_ON, follow_pattern, pattern_of
from aitia.agent.asking.question.tags import sibling
from aitia.agent.asking.question.trend_rules import of_trends
from aitia.agent.asking.question.word_by_word import english
from aitia.core.errors import BadInput
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.measured import measured
from aitia.tools.query.site import Site
from aitia.tools.query.words import (
    QUERY,
    VERBS,
    Beyond,
    Changes,
    Count,
    Curve,
    Events,
    Get,
    Lines,
    List,
    Query,
    Stat,
    Who,
)


def pieces_of(text: str, site: Site, before: Query | None) -> Pieces:
    """A question taken apart, that may go on from a query."""
    names = [n for c in site.inventory.components for n in (c.id, *c.aliases)]
    p = Pieces(asked=english(text, names), site=site, given=spoken_of(before, site), own=text)
    return replace(p, follows=before is not None and leaves_out(p))


def spoken_of(before: Query | None, site: Site) -> str:
    """The component that the question before was of: of lines of a host that name another one, that one."""
    told = f"{getattr(before, 'words', '')} {getattr(before, 'text', '')}".casefold()
    named = [
        c.id
        for c in site.inventory.components
        if re.search(rf"(?<!\w){re.escape(c.id.casefold())}(?!\w)", told)
    ]
    return named[0] if len(named) == 1 else str(getattr(before, "component", "") or "")


def read_pieces(p: Pieces, before: Query | None) -> Reading:
    """What the rules make of a question that is taken apart."""
    found = _read(p, before)
    if (
        found.status in ("none", "unclear", "unknown")
        and p.follows
        and p.given
        and not p.asked_of - {p.given}
    ):
        again = decide(replace(p, implied=True))  # "with which exit code?"
        found = again if again.queries and all(isinstance(q, Get) for q in again.queries) else found
    if found.status == "query" and before is not None and p.follows and (said := _untimed(p, found.queries)):
        found = unclear(said, found.queries)
    return without(p, found)


def _read(p: Pieces, before: Query | None) -> Reading:
    if before is None and _of_nothing(p):
        return unclear("That goes on from a question that was not answered. Say it whole.")
    if before is None or changing(p) is not None:
        return decide(p)
    if (bounded := bounded_before(p, before)) is not None:
        return bounded
    if not p.follows:
        return decide(p)
    if (parted := after_a_part(p, before)) is not None:
        return parted
    if (turn := of_trends(p)) is not None and turn.status == "query":
        return turn  # "since when is it so much higher?"
    if p.has("verbs", "compare") and (beside := compared_before(p, before)) is not None:
        return beside
    if (anew := ranked_anew(p, before)) is not None:
        return anew
    if isinstance(before, Who) and (not p.keys("rank") or FIGURE.search(p.words)):
        before = first_of(before, p.site) or before
    if _whole(p) and (alone := decide(p)).status == "query":
        return alone
    of_lines = isinstance(before, Lines | Count) and p.keys("lifecycle") == ["start"]  # the errors began
    if (
        p.keys("lifecycle")
        and not of_lines
        and p.has("verbs", "when")
        and (alone := decide(p)).status == "query"
    ):
        return alone  # "when did it stop?"
    if p.has("verbs", "changes") and p.span.told and not isinstance(before, Changes | Count):
        alone = decide(p)  # "and what was deployed at that moment?"
        if alone.status == "query":
            return alone
    if (later := after_an_alarm(p, before)) is not None:
        return later
    if (turned := _turned(p, before)) is not None:
        if turned.status != "query" or not unexplained(p, turned.queries):
            return turned
        alone = decide(p)
        return alone if alone.status == "query" else follows(p, turned.queries, strict=True)
    changed = _changed(p, before)
    if changed is None or (changed.status == "query" and changed.queries == (before,)):
        return decide(p)
    if changed.status != "query" or (told := follows(p, changed.queries)).status == "query":
        return changed
    alone = decide(p)
    return alone if alone.status == "query" else told


def _of_nothing(p: Pieces) -> bool:
    """Whether a sentence goes on from a query that there is not, and names neither objects nor a component."""
    goes_on = GOES_ON.search(p.as_put.casefold()) is not None or SAYS_THAT.search(p.low) is not None
    return goes_on and not p.about.components and not _whole(p) and changing(p) is None


def _untimed(p: Pieces, queries: Sequence[Query]) -> str:
    """That a number or a part of an object tells no time, where it is asked when; else ""."""
    return undated(p, queries) if all(isinstance(q, Count | Get | List) for q in queries) else ""


def follows(p: Pieces, queries: Sequence[Query], *, strict: bool = False) -> Reading:
    """The queries of a follow-up, where they hold every thing (`strict`: every word) that it names; else a question back."""
    if left := [t for t in unexplained(p, queries) if t.concepts or strict]:
        return unclear(f"Nothing here explains {', '.join(repr(t.word) for t in left[:3])}.")
    return Reading(status="query", queries=tuple(queries), live=True)


def _whole(p: Pieces) -> bool:
    """Whether a sentence names what it asks of: a kind of objects with a verb, or a component with a part, a level or a thing."""
    asks = bool({"count", "list", "exists"} & set(p.keys("verbs")))
    if follow_pattern().search(p.low):
        if p.has("verbs", "lines") and p.level and p.about.components:
            return True  # "and what does web say in its errors?"
        return asks and bool(p.keys("resources") or (p.keys("relations") and p.about.components))
    if asks and p.keys("lifecycle") and any(map(PROCESS.fullmatch, p.low.split())):
        return True  # "which process died?"
    things = p.keys("parts") or p.level or p.quoted or any(t.concepts and not t.soft for t in p.terms)
    return bool(p.about.components and (things or p.keys("relations") or p.keys("resources"))) or (
        asks and bool(p.keys("resources"))
    )


def _turned(p: Pieces, before: Query) -> Reading | None:
    """Another verb over what was asked before: "when was that?", "show them", "how many?", "why?"."""
    new: dict[str, Any] = {k: v for k, v in before.model_dump().items() if k != "verb"}
    named = p.about.components[0] if p.about.components else ""
    if named and "component" in new:
        new["component"] = named
    if p.has("verbs", "why") and isinstance(before, Get | List | Count | Events):
        component = named or str(getattr(before, "component", ""))
        if component and p.site.readers():
            return _made_of("get", {"component": component, "part": "why"})
        return _made_of("events", {"component": component, "text": getattr(before, "text", "")})
    last = p.has("order", "newest")
    parted = "%" in p.keys("units") or "ratio" in p.keys("share")
    if parted and isinstance(before, Stat) and before.labels and not any(t.concepts for t in p.terms):
        kept = {k: new[k] for k in ("component", "since", "until")} | (span_fields(p) if p.span.told else {})
        return _made_of(
            "share", {**kept, "metric": before.metric, "labels": before.labels, "whole": before.metric}
        )
    if (
        isinstance(before, Beyond)
        and (asked := [f for f in p.keys("functions") if f != "last"])
        and not bound(p.words)
    ):
        held = _shared(new, "stat") | {"function": asked[0], "wanted": "value"}
        return _made_of("stat", held | (span_fields(p) if p.span.told else {}))
    if p.has("verbs", "when"):
        if isinstance(before, Get) and before.part in ("version", "image"):
            return _made_of(
                "changes", {"component": new["component"], "what": "deploy", "limit": 1, "wanted": "time"}
            )
        if isinstance(before, Stat):
            function = before.function if before.function != "last" else "max"
            return _made(before, {"wanted": "time", "function": function, "component": new["component"]})
        if isinstance(before, Changes):
            return _made(before, {"wanted": "time", "limit": 1, "component": new["component"]})
        if isinstance(before, Events):
            end = "newest" if last or not p.has("order", "oldest") else "oldest"
            return _made(before, {"limit": 1, "component": new["component"], "order": end})
        if isinstance(before, Lines) or (isinstance(before, Count) and before.of == "lines"):
            return _made_of(
                "lines", _shared(new, "lines") | {"limit": 1, "order": "newest" if last else "oldest"}
            )
        if isinstance(before, Count) and before.of in ("changes", "events"):
            return _made_of(before.of, _shared(new, before.of) | {"limit": 1})
    shows = p.has("verbs", "list") or p.has("verbs", "lines") or p.limit is not None
    if (
        shows
        and isinstance(before, Count)
        and before.of in ("lines", "changes", "events")
        and not p.has("verbs", "count")
    ):
        limit = {"limit": p.limit or (1 if p.keys("order") else 10)}
        order = {"order": "oldest"} if p.has("order", "oldest") and before.of != "events" else {}
        return _made_of(
            before.of, _shared(new, before.of) | limit | order | (span_fields(p) if p.span.told else {})
        )
    if p.has("verbs", "count") and isinstance(before, Lines | Changes | Events):
        of = before.verb
        return _made_of("count", _shared(new, "count") | {"of": of} | (span_fields(p) if p.span.told else {}))
    return None


def _shared(fields: dict[str, Any], verb: str) -> dict[str, Any]:
    """The fields that another verb has too."""
    known = VERBS[verb].model_fields
    return {k: v for k, v in fields.items() if k in known and k not in ("limit", "order", "of")}


def _made_of(verb: str, fields: dict[str, Any]) -> Reading:
    since, until = fields.get("since"), fields.get("until")
    if since and until and until <= since:  # it ends before what the question before began with
        fields = {k: v for k, v in fields.items() if k != "since"}
    return Reading(status="query", queries=(QUERY.validate_python({"verb": verb, **fields}),), live=True)


def _changed(p: Pieces, before: Query) -> Reading | None:
    """The query before with what this sentence says anew; None where it says nothing that the query has."""
    if p.about.strange:
        return decide(p)
    fields = type(before).model_fields
    new: dict[str, Any] = {}
    timed = not isinstance(before, Get) or before.part == "duration"  # of other parts nothing is kept
    if "since" in fields and p.span.told and timed:
        if isinstance(before, Stat) and p.span.at is not None and before.function == "last":
            new |= {"since": None, "until": p.span.at}
        else:
            new |= {"since": None, "until": None} | span_fields(p)
    elif isinstance(before, Changes) and p.has("order", "newest"):
        new |= {"since": None, "until": None}  # "and the last deploy of catalog": whenever it was
    elif "until" in fields and _EARLIER.search(p.low) and (start := getattr(before, "since", None)):
        new |= {"since": so_long(p.low, start), "until": start}
    if "component" in fields:
        named = p.component or sibling(str(getattr(before, "component", "")), p.words, p.site)
        if pattern_of("other").search(p.low):
            return _of_other(p, before, new)
        if named:
            new |= _in_words(before, named, p.site) or {"component": named}
        elif (unknown := _unknown_name(p)) and not new:
            close = near(unknown, p.site)
            told = f" Nearest: {', '.join(close)}." if close else ""
            return Reading(
                status="unknown",
                said=f"No source knows {unknown!r}.{told}",
                needs=f"telemetry of {unknown}",
                live=True,
            )
    for field, value in (
        ("level", p.level), ("text", p.quoted), ("code", p.code), ("limit", p.limit), ("labels", p.labels),
    ):  # fmt: skip
        if field in fields and value:
            new[field] = value
    if "state" in fields and p.keys("states") and not p.keys("parts"):
        new["state"] = p.keys("states")[0]
    if "part" in fields and p.keys("parts"):
        new["part"] = p.keys("parts")[0]
    if "order" in fields and p.keys("order"):
        new["order"] = p.keys("order")[0]
    if "function" in fields and (functions := p.keys("functions")):
        new["function"] = functions[0]
    if isinstance(before, Beyond):
        new |= other_bound(p)
    elif "wanted" in fields and p.has("verbs", "when"):
        new["wanted"] = "time"
    if isinstance(before, Stat | Curve):
        changed = _other_measure(p, before, new)
        if isinstance(changed, Reading):
            return changed
        new |= changed
    return _made(before, new) if new else None


def _in_words(before: Query, named: str, site: Site) -> dict[str, Any]:
    """The words of lines of a host or keeper that name one component, with another one's name in its place."""
    told = spoken_of(before, site)
    if not told or told == getattr(before, "component", ""):
        return {}
    other = re.compile(rf"(?<!\w){re.escape(told)}(?!\w)", re.IGNORECASE)
    return {k: other.sub(lambda _: named, v) for k in ("words", "text") if (v := str(getattr(before, k, "")))}


_EARLIER: Final = re.compile(
    r"before that|(?:hour|day|week|minutes?|hours|days) before\W*$|davor|(?:heure|jour|semaine) d'avant"
    r"|(?:hora|semana|día) anterior|(?:ora|settimana) prima\W*$|giorno prima\W*$|avant (?:cela|ça)"
    r"|antes de es[oe]|prima di (?:ciò|questo|quello)"
)


def _made(before: Query, new: dict[str, Any]) -> Reading:
    try:
        query = QUERY.validate_python({**before.model_dump(), **new})
    except ValueError as error:
        raise BadInput(
            f"Say it in one sentence: the question before does not go with it ({str(error)[:120]})."
        ) from None
    return Reading(status="query", queries=(query,), live=True)


def _of_other(p: Pieces, before: Query, new: dict[str, Any]) -> Reading:
    component = str(getattr(before, "component", ""))
    found = others(component, p.site, p.low)
    alike: dict[str, Any] = {}
    if isinstance(before, Stat | Curve):
        alike = {o: made for o in found if not isinstance(made := _same_measure(before, o, p), Reading)}
        found = list(alike)
    if len(found) == 1:
        return _made(before, {**new, "component": found[0], **alike.get(found[0], {})})
    said = f"Which one: {', '.join(found[:8])}?" if found else f"There is no other like {component}."
    return Reading(status="unclear" if found else "unknown", said=said, live=True)


def _unknown_name(p: Pieces) -> str:
    """A word that names nothing, behind "and" or "what about"."""
    words = [t.word for t in p.terms if not t.concepts]
    return words[0] if words and not p.keys("levels") and not p.keys("states") else ""


def _other_measure(p: Pieces, before: Stat | Curve, new: dict[str, Any]) -> dict[str, Any] | Reading:
    """Another measurement of the same component, or the same one of another component under its own name."""
    component = str(new.get("component", before.component))
    named = [t for t in p.terms if t.concepts and not t.soft]
    if named:
        found = [f for f in best(fitting(p, component)) if not f.left] or _with_before(
            before, component, p, named
        )
        if not found:
            words = " ".join(t.word for t in named)
            return Reading(
                status="unknown",
                said=f"{words} of {component} is not measured.",
                needs=f"a metrics source that holds {words} of {component}",
                live=True,
            )
        allowed = any("maximum" in t.concepts for t in named) and isinstance(before, Stat)
        return {
            "metric": found[0].of.family, "component": found[0].of.component, "labels": found[0].labels,
            **({"function": "last"} if allowed else {}),
        }  # fmt: skip
    if component != before.component and not any(
        m.component == component and before.metric in (m.metric, m.family) for m in measured(p.site)
    ):
        return _alike(before, component, p)
    return {}


def _with_before(before: Stat | Curve, component: str, p: Pieces, named: list[Term]) -> list[Fit]:
    """What is asked anew of the thing before: the limit of the memory."""
    terms = terms_of(plain(before.metric.replace("_", " ")), [])
    kept = [t for t in terms if t.concepts and not t.concepts <= {"used"}]
    held = (m for m in measured(p.site) if m.component == component and m.family != before.metric)
    return [f for f in best(fits([*kept, *named], [*held])) if not f.left][:1]


def _same_measure(before: Stat | Curve, component: str, p: Pieces) -> dict[str, Any] | Reading:
    """The measurement of another component: of the same name, or of a name that is alike."""
    if any(m.component == component and before.metric in (m.metric, m.family) for m in measured(p.site)):
        return {}
    return _alike(before, component, p)


def _alike(before: Stat | Curve, component: str, p: Pieces) -> dict[str, Any] | Reading:
    """A tag's number differs between machines: `AI-122 Leaving Water Temp` is `AI-112 Leaving Water Temp` elsewhere."""
    words = terms_of(plain(before.metric.replace("_", " ")), [])
    found = best(fits(words, [m for m in measured(p.site) if m.component == component]))
    if len(found) == 1:
        return {"metric": found[0].of.family}
    return Reading(
        status="unknown",
        said=f"{before.metric} of {component} is not measured.",
        needs=f"a metrics source that holds it of {component}",
        live=True,
    )
