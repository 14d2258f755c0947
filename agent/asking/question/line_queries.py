"""A line that a model wrote, as the query that it means at a site; None where site or question do not hold what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from aitia.agent.asking.question.about import relatives
from aitia.agent.asking.question.bounds import bound, bound_of
from aitia.agent.asking.question.bounds_rules import scale_of, wanted_of
from aitia.agent.asking.question.line_form import FUNCTIONS, WANTED, fields_of, filters_of
from aitia.agent.asking.question.measure import Fit, fits
from aitia.agent.asking.question.measures_rules import counted, stat_of
from aitia.agent.asking.question.numbers import number_words
from aitia.agent.asking.question.outcome import span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.measured import Measured, families, measured
from aitia.tools.query.words import QUERY, Query

_SPAN: Final = ("since", "until")
_EQUAL: Final = 1e-9  # of two numbers that are written alike
_OF_OBJECTS: Final = frozenset({"get", "list", "who"})  # which have no time of their own


def query_of(line: str, p: Pieces, before: Query | None) -> Query | None:
    """The query of a line. What it names must be at the site, and its numbers and words in the question, or in the one before."""
    told = fields_of(line)
    if told is None:
        return None
    make = _MAKERS.get(told["verb"]) or (_stat if told["verb"] in FUNCTIONS else None)
    try:
        return make(told, p, before) if make else None
    except ValidationError:  # a line whose parts do not go together
        return None


def _span(p: Pieces, before: Query | None) -> dict[str, datetime]:
    """The time that is told, else that of the question which this one goes on from."""
    if p.span.told or before is None or not p.follows:
        return span_fields(p)
    return {k: v for k in _SPAN if (v := getattr(before, k, None)) is not None}


def _checked(verb: str, fields: Mapping[str, Any]) -> Query:
    return QUERY.validate_python({"verb": verb, **{k: v for k, v in fields.items() if v not in ("", None)}})


def measurement_of(metric: str, component: str, p: Pieces, before: Query | None) -> Fit | None:
    """The measurement of that name of a component, of what belongs to it, of another one for it, or the only one there is."""
    held = [m for m in families(measured(p.site)) if metric in (m.family, m.metric)]
    told = ""
    if component:
        own = [m for m in held if m.component == component]
        own = own or [m for m in held if m.component in relatives(component, p.site)]
        if not own:
            labelled = {
                i: f"{k}={v}"
                for i, m in enumerate(held)
                for k, v in m.labels
                if v == component and k not in _NAMES
            }
            own, told = [held[i] for i in labelled], next(iter(labelled.values()), "")
    else:
        given = str(getattr(before, "component", "")) if p.follows else ""
        own = held if len(held) == 1 else [m for m in held if m.component == given]
    if len(own) != 1:
        return None
    kept = str(getattr(before, "labels", "")) if p.follows and metric == getattr(before, "metric", "") else ""
    return Fit(of=own[0], score=0.0, labels=told or _labels(own[0], p) or kept)


_NAMES: Final = ("component", "instance", "job")


def _labels(m: Measured, p: Pieces) -> str:
    """The labels that the question names a value of, and which are not the component's own name."""
    if p.terms and (known := [f for f in fits(p.terms, [m]) if f.labels]):
        return known[0].labels
    words = {w.strip(".?!,:;").casefold() for w in p.text.split()}
    own = {plain(m.component), *(plain(c) for c in m.called)}
    found: dict[str, str] = {}
    for key, value in m.labels:
        low = value.casefold()
        if len(value) > 1 and low in words and plain(value) not in own and key not in _NAMES:
            found.setdefault(low, f"{key}={value}")
    return ",".join(found.values())


def _stat(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    fit = measurement_of(told["args"], told["component"], p, before)
    if fit is None:
        return None
    extreme = told["verb"] in ("max", "min")  # whose moment may be asked for, whether the line says so or not
    made = stat_of(
        p, fit, told["verb"], when=told["wanted"] == "time" or (extreme and p.has("verbs", "when"))
    )
    span = _span(p, before)
    return made.model_copy(update=span) if span and not p.span.told else made


def _curve(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    fit = measurement_of(told["args"], told["component"], p, before)
    return _checked("series", _measured(fit) | _span(p, before)) if fit else None


def _measured(fit: Fit) -> dict[str, Any]:
    return {"component": fit.of.component, "metric": fit.of.family, "labels": fit.labels}


def _beyond(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    number, _, metric = told["args"].partition(" ")
    above = told["verb"] == "above"
    limit = bound(p.words)
    if limit is None or abs(limit.value - float(number)) > _EQUAL:
        limit = bound_of(p.as_put.casefold(), float(number), above=above)
    if limit is None or limit.above != above:
        return None
    fit = measurement_of(metric, told["component"], p, before)
    if fit is None:
        return None
    by = scale_of(fit, limit.unit) if limit.unit else None
    wanted = told["wanted"] if told["wanted"] in WANTED else wanted_of(p)
    side = {told["verb"]: limit.value / (by or 1.0), "wanted": wanted}
    return _checked("beyond", _measured(fit) | side | _span(p, before))


def _compare(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    function, _, metric = told["args"].partition(" ")
    fit = measurement_of(metric, told["component"], p, before)
    if fit is None or not told["other"]:
        return None
    return _checked(
        "compare", _measured(fit) | {"function": function, "other": told["other"]} | _span(p, before)
    )


def _share(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    part, slash, whole = told["args"].partition(" / ")
    fit, rest = (measurement_of(name, told["component"], p, before) for name in (part, whole))
    if not slash or fit is None or rest is None or fit.of.component != rest.of.component:
        return None
    return _checked("share", _measured(fit) | {"whole": rest.of.family} | _span(p, before))


def _holds(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    held = [m for m in families(measured(p.site)) if m.family == told["args"]]
    if len({m.component for m in held}) < 2:
        return None
    function = "rate" if counted(held[0]) else "max"
    fields = {"does": "holds", "metric": told["args"], "function": function, "least": told["verb"] == "least"}
    return _checked("who", fields | _span(p, before))


def _words(filters: Mapping[str, str], p: Pieces, before: Query | None) -> dict[str, str] | None:
    """The words of a line's text, where the question has them or goes on from them; None where it does not."""
    words = filters["words"]
    kept = {
        k: v for k in ("text", "words") if p.follows and (v := str(getattr(before, k, ""))) and v == words
    }
    if not words or kept:
        return kept
    if not any(plain(words) in plain(text) for text in (p.own, p.asked, p.low)):
        return None
    return {"text": words} if words.casefold() == p.quoted.casefold() else {"words": words}


def _filters(args: str, p: Pieces, before: Query | None) -> tuple[dict[str, str], dict[str, str]] | None:
    """What a line filters by, and its words; None for what neither the question nor the one before holds."""
    found = filters_of(args)
    words = _words(found, p, before) if found else None
    if found is None or words is None:
        return None
    known = found["code"] in p.asked or (p.follows and found["code"] == getattr(before, "code", ""))
    return (found, words) if known else None


def _rows(filters: Mapping[str, str], p: Pieces) -> dict[str, Any] | None:
    rows = filters["rows"]
    said = {m[0] for m in re.finditer(r"\d+", p.as_put)} | {
        str(n) for w, n in number_words().items() if w in p.low
    }
    if rows and rows != "1" and rows not in said:
        return None
    order = {"order": "oldest"} if filters["oldest"] else {}
    return order | ({"limit": int(rows)} if rows else {})


def _lines(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    held = _filters(told["args"], p, before)
    rows = _rows(held[0], p) if held else None
    if held is None or rows is None:
        return None
    fields = {"component": told["component"], **{k: held[0][k] for k in ("level", "code")}, **held[1], **rows}
    return _checked("lines", fields | _span(p, before))


def _count(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    of, _, rest = told["args"].partition(" ")
    if of in ("changes", "events"):
        fields = {"of": of, "what": rest, "component": told["component"]}
        return _checked("count", fields | _span(p, before))
    if of != "lines":
        return _checked("count", {"of": of, "state": rest})
    if (held := _filters(rest, p, before)) is None:
        return None
    fields = {"component": told["component"], **{k: held[0][k] for k in ("level", "code", "by")}, **held[1]}
    return _checked("count", fields | _span(p, before))


def _list(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    of, _, state = told["args"].partition(" ")
    return _checked("list", {"of": of, "state": state, "component": told["component"]})


def _get(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    no_object = told["args"] == "restarts" and not p.site.readers()  # which would count them: its log tells
    if no_object and told["component"]:
        return _checked("count", {"of": "restarts", "component": told["component"]} | _span(p, before))
    return (
        _checked("get", {"component": told["component"], "part": told["args"]}) if told["component"] else None
    )


def _events(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    return _checked("events", {"component": told["component"]} | _span(p, before))


def _changes(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    what, _, rows = told["args"].rpartition(" ") if told["args"][-1:].isdigit() else (told["args"], "", "")
    fields = {"component": told["component"], "what": what, "wanted": told["wanted"] or "all"}
    return _checked("changes", fields | ({"limit": int(rows)} if rows else {}) | _span(p, before))


def _who(told: Mapping[str, str], p: Pieces, before: Query | None) -> Query | None:
    does, _, rest = told["args"].partition(" ")
    held = _filters(rest, p, before)
    if held is None or not (told["component"] or does == "logs"):
        return None
    text = {"text": next(iter(held[1].values()), "")}
    return _checked("who", {"does": does, "component": told["component"], "level": held[0]["level"], **text})


_MAKERS: Final = {
    "curve": _curve, "above": _beyond, "below": _beyond, "compare": _compare, "share": _share, "most": _holds, "least": _holds,
    "lines": _lines, "count": _count, "list": _list, "get": _get, "events": _events, "changes": _changes, "who": _who,
}  # fmt: skip
