"""Questions about measurements: which one is meant, of what, and which statistic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from aitia.agent.asking.question.about import relatives
from aitia.agent.asking.question.bounds import bound
from aitia.agent.asking.question.measure import Fit, best, fits, name_of, named_of
from aitia.agent.asking.question.outcome import (
    Reading,
    asks_for_components,
    one,
    span_fields,
    unclear,
    unknown,
)
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.quantities import settings_in
from aitia.agent.asking.question.tags import NUMBERED, instrument, quantities_in
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.measured import Measured, meaning_of, measured
from aitia.tools.query.words import Curve, Query, Stat, Who

_MOST_NAMES: Final = 12  # of what is measured of a component, where what was asked for is not
MOST_LOOKS: Final = 6  # looks that one question makes
MOST_QUERIES: Final = 3  # measurements that fit a question equally well and are all answered


def well_measured(p: Pieces) -> bool:
    """Whether a measurement's name holds at least two words of the question, and nothing of it is left."""
    found = best(fitting(p, p.component)) if len(p.terms) > 1 else []
    return bool(found) and not found[0].left and found[0].score >= _WELL


_WELL: Final = 3.4  # points that two words in a name come to


def better_measured(p: Pieces) -> bool:
    """Whether a measurement answers rather than the object: with a statistic or a span of time."""
    return bool((p.keys("functions") and p.keys("functions") != ["last"]) or p.span.told) and bool(
        fitting(p, p.component)
    )


def fitting(p: Pieces, component: str) -> list[Fit]:
    """The measurements that a question means, of a component, else of what belongs to it."""
    terms = p.terms or (
        p.own_terms if p.keys("share") or p.keys("functions") or p.has("verbs", "count") else []
    )
    every = [m for m in measured(p.site) if not _is_label(m, p)]
    if component and (only := sole(p, component, [m for m in every if m.component == component])):
        return [only]
    if not terms:
        return []
    if not component:
        found = fits(terms, _of_machine(p, every) or every)
        return found if found and not found[0].left else _by_segment(found, every) or found
    if (tag := instrument(relatives(component, p.site), p.words)) and (
        held := [m for m in every if m.component == tag]
    ):
        return [Fit(of=held[0], score=_WELL)]
    others = [c for c in p.about.components if c != component]
    for names in ([component], relatives(component, p.site), others):
        found = [f for f in fits(terms, [m for m in every if m.component in names]) if not f.left]
        if found:
            return found
    told = [
        replace(f, labels=",".join(filter(None, (f.labels, label))))
        for f in fits(terms, every)
        if not f.left and (label := _label_of(f, component))
    ]
    own = [m for m in every if m.component == component]
    found = told or fits(terms, own)
    if found and not found[0].left:
        return found
    return _by_label(p, own) or _by_segment(found, own) or found


def _by_segment(found: Sequence[Fit], held: Sequence[Measured]) -> list[Fit]:
    """What a measurement is of whose label holds the rest of the question: space on "uploads" by `mountpoint="/srv/uploads"`."""
    made: list[Fit] = []
    for fit in found[:_MOST_NAMES]:
        labels = {
            (k, v)
            for m in held
            if m.family == fit.of.family and m.component == fit.of.component
            for k, v in m.labels
            if k not in _OWNERS and set(fit.left) <= set(re.split(r"[^a-zà-ÿ0-9]+", plain(v)))
        }
        if fit.left and len(labels) == 1:
            told = "=".join(next(iter(labels)))
            made.append(replace(fit, left=(), labels=",".join(filter(None, (fit.labels, told)))))
    return made


def _is_label(m: Measured, p: Pieces) -> bool:
    """Whether a measurement is always 1 and only carries labels (OpenMetrics "info"), and its name is not written out."""
    return m.metric.endswith("_info") and m.metric.casefold() not in p.low


def _of_machine(p: Pieces, every: Sequence[Measured]) -> list[Measured]:
    """The tags whose names begin with a name that is told and that nothing itself is called: `P-101.FLOW` of "P-101"."""
    told = {m[0] for m in _CODED.finditer(p.words)}
    return [m for m in every if any(re.match(rf"{re.escape(t)}[._/: -]", plain(m.component)) for t in told)]


_CODED: Final = re.compile(r"(?<![\w.-])[a-z]+[a-z0-9]*(?:[-_][a-z0-9]+)*\d[a-z0-9]*(?![\w-])")


def _by_label(p: Pieces, held: Sequence[Measured]) -> list[Fit]:
    """The one measurement of which a label has what is asked for: the heap of `area="heap"`, timeouts of `outcome="timeout"`."""
    asked = [t.word for t in p.terms if not t.soft]
    if len(asked) != 1 or any(asked[0] in plain(c.id) for c in p.site.inventory.components):
        return []
    forms = {asked[0], asked[0].removesuffix("s")}
    found = {
        m.family: Fit(of=m, score=_WELL, labels=f"{k}={v}")
        for m in held
        for k, v in m.labels
        if len(v) >= _SAID
        and v.casefold() in forms
        and k not in _OWNERS
        and not settings_in(*name_of(m.family, "", ""))
    }
    return list(found.values()) if len(found) == 1 else []


_SAID: Final = 4  # letters of a label's value that a question may name
_OWNERS: Final = frozenset({"component", "instance", "job", "service"})


def sole(p: Pieces, component: str, held: Sequence[Measured]) -> Fit | None:
    """The one thing that an instrument measures, where a figure of it is asked for and no other thing is named."""
    if len({m.family for m in held}) != 1:
        return None
    said = meaning_of(component, "", "").quantity  # of a tag: PT-151 measures a pressure
    rest = [t for t in p.terms if not t.soft and not _VALUE.fullmatch(t.word) and said not in t.concepts]
    asked = [f for f in p.keys("functions") if f != "last"] or bound(p.words) or p.span.at is not None
    shown = any(map(_VALUE.fullmatch, re.findall(r"\w+", p.low))) or said in quantities_in(p.words)
    return Fit(of=held[0], score=_WELL) if not rest and (asked or shown) else None


_VALUE: Final = re.compile(
    r"values?|readings?|signals?|indication|shows?|indicates?|wert\w*|mess\w*wert\w*|signal\w*|anzeige|zeigt|valeurs?|lecture|indique"
    r"|valor(?:es)?|lectura|señal|marca|indica|valore|lettura|segnale"
)


def _label_of(fit: Fit, component: str) -> str:
    """The label of another component's measurement that says it is of this one: a balancer's of its server."""
    return next(
        (
            f"{k}={v}"
            for k, v in fit.of.labels
            if v == component and k not in ("component", "instance", "job")
        ),
        "",
    )


def of_measurements(p: Pieces) -> Reading | None:
    """The value, extreme, mean, sum, time or curve of what is measured."""
    if (each := _of_each(p)) is not None:
        return each
    found = fitting(p, p.component)
    if not found:
        return _unmeasured(p)
    if (
        not p.named
        and {c for t in p.terms for c in t.concepts} == {"maximum"}
        and len({f.of.family for f in found}) > 1
    ):
        return unclear("The limit of what?")
    top = best(_between(p) or found)
    if top[0].left:
        if not any(t.concepts for t in p.terms) and not p.keys("functions"):
            return None
        return unknown(
            f"{_phrase(p)} is not measured{f' of {p.component}' if p.component else ''}: nothing there is"
            f" called {top[0].left[0]!r}."
            f" Nearest: {top[0].of.family} of {top[0].of.component}.{_held(p)}",
            f"a measurement of {' '.join(top[0].left)}",
        )
    families = list({(f.of.component, f.of.family): f for f in top}.values())
    families = _numbered(p, families) or families
    components = list(dict.fromkeys(f.of.component for f in families))
    if len(components) > 1 and len(p.about.components) < 2:
        return _of_several(p, families, components)
    if len(owners := _limited(p, components)) > 1:
        return unclear(f"Of which component: {', '.join(owners[:8])}?")
    if len(families) > MOST_QUERIES:  # what people mean by the bare word, where one is
        usual = [f for f in families if f.score >= top[0].score - _BARELY]
        families = usual if len(usual) <= MOST_QUERIES else families
    if len(families) > MOST_QUERIES:
        return unclear(f"Which one: {', '.join(f.of.family for f in families[:6])}?")
    return Reading(
        status="query", queries=tuple(q for f in families for q in looks(p, f))[:MOST_LOOKS], live=True
    )


def _limited(p: Pieces, components: Sequence[str]) -> list[str]:
    """The components of whose memory, processor or disk a limit may be that is asked for of none of them."""
    asked = frozenset(c for t in p.terms for c in t.concepts)
    if (
        p.component
        or p.about.components
        or "maximum" not in asked
        or not asked & _OF_ALL
        or len(components) > 1
    ):
        return []
    names = asked & _OF_ALL
    return list(
        dict.fromkeys([*components, *(m.component for m in measured(p.site) if names & named_of(m))])
    )[:_MOST_NAMES]


_OF_ALL: Final = frozenset({"memory", "cpu", "disk"})  # what every component has


def _numbered(p: Pieces, families: Sequence[Fit]) -> list[Fit]:
    """Those of the one component whose name ends in the number that is told of a thing: "transformer 2" of T1 and T2."""
    told = {int(m["number"]) for m in NUMBERED.finditer(p.words)} if not p.about.components else set()
    ends = {c: int(m[0]) for f in families if (m := re.search(r"\d+$", c := f.of.component))}
    meant = [c for c, number in ends.items() if number in told]
    return [f for f in families if f.of.component == meant[0]] if len(meant) == 1 else []


def _of_each(p: Pieces) -> Reading | None:
    """The same of each component that is named, where no measurement is of one for another."""
    names = p.about.components
    if not 1 < len(names) <= MOST_QUERIES or _between(p):
        return None
    held = [[f for f in best(fitting(p, c)) if not f.left and f.of.component == c] for c in names]
    if not all(held):
        return None
    return Reading(
        status="query",
        queries=tuple(q for found in held for f in found[:2] for q in looks(p, f))[:MOST_LOOKS],
        live=True,
    )


def _between(p: Pieces) -> list[Fit]:
    """A measurement of one component that has a label for another one: the connections of orders on postgres."""
    meant = (p.given,) if p.given and p.says_it and len(p.about.components) == 1 else ()
    names = tuple(dict.fromkeys((*p.about.components, *meant)))
    made: list[Fit] = []
    for owner, other in ((b, a) for a in names for b in names if a != b):
        for fit in fitting(p, owner):
            label = next(
                (
                    f"{k}={v}"
                    for k, v in fit.of.labels
                    if v == other and k not in ("component", "instance", "job")
                ),
                "",
            )
            if label and not fit.left and fit.of.component == owner:
                made.append(
                    Fit(of=fit.of, score=fit.score + 1.0, labels=",".join(filter(None, (fit.labels, label))))
                )
    return sorted(made, key=lambda f: -f.score)


def _phrase(p: Pieces) -> str:
    return " ".join(dict.fromkeys(t.word for t in p.terms)) or "That"


def _unmeasured(p: Pieces) -> Reading | None:
    if not any(t.concepts for t in p.terms) or not (p.keys("functions") or p.component or p.span.told):
        return None
    if p.has("verbs", "why"):
        return None
    whose = f" of {p.component}" if p.component else ""
    return unknown(
        f"{_phrase(p)}{whose} is not measured.{_held(p)}", f"a metrics source that holds {_phrase(p)}{whose}"
    )


def _held(p: Pieces) -> str:
    """What is measured of the component that a question names."""
    names = list(
        dict.fromkeys(m.family for m in measured(p.site) if p.component and m.component == p.component)
    )
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f" Measured of {p.component}: {', '.join(names[:_MOST_NAMES])}{more}." if names else ""


def _of_several(p: Pieces, families: Sequence[Fit], components: Sequence[str]) -> Reading:
    """A measurement that several components have and the question names none of."""
    same = {f.of.family for f in families}
    who = (
        p.has("verbs", "list")
        or "who" in p.low.split()
        or any(w in p.low for w in ("wer ", "qui ", "quién", "chi "))
    )
    if len(same) == 1 and (who or asks_for_components(p)) and "max" in p.keys("functions"):
        return one(Who(does="holds", metric=families[0].of.family, **span_fields(p)))
    if len(components) <= MOST_QUERIES and len(same) == 1:
        return Reading(
            status="query", queries=tuple(q for f in families for q in looks(p, f))[:MOST_LOOKS], live=True
        )
    return unclear(f"Of which component: {', '.join(components[:8])}{' …' if len(components) > 8 else ''}?")


def counted(m: Measured) -> bool:
    """Whether a measurement is a counter by its name, or a histogram's family."""
    return m.metric.endswith("_total") or m.family != m.metric or bool(_COUNTED.search(m.metric))


_COUNTED: Final = re.compile(
    r"(?i)_(?:commits?|rollbacks?|blks_hit|blks_read|fetched|inserted|returned|updated|deleted|deadlocks|conflicts|retranssegs|activeopens|accepted|handled)$"
)


def looks(p: Pieces, fit: Fit) -> list[Query]:
    """The queries for a measurement: each statistic that is asked for, its time, or its curve."""
    functions = [f for f in p.keys("functions") if f != "last"]
    if p.has("verbs", "curve") and not functions:
        return [Curve(component=fit.of.component, metric=fit.of.family, labels=fit.labels, **span_fields(p))]
    done = any(t.concepts & _ADDING for t in p.terms) or _SO_FAR.search(p.low)
    if not functions and counted(fit.of) and done:
        functions = ["sum"]
    if "range" in functions and "spread" in fit.of.family.casefold():
        functions = [f for f in functions if f != "range"]  # which it measures
    if "rate" in functions and counted(fit.of):
        functions = [f for f in functions if f != "mean"]  # "per second on average" is one figure
    if functions == ["range"]:
        functions = ["min", "max"]
    return [stat_of(p, fit, f, when=p.has("verbs", "when")) for f in functions[:3] or ["last"]]


_ADDING: Final = frozenset({"processed", "created", "completed"})  # what was done adds up
_BARELY: Final = 0.02  # points between names of which one is the usual one
_SO_FAR: Final = re.compile(
    r"(?<!\w)(?:so far|until now|up to now|since (?:the )?start|bisher|bislang|seit (?:dem )?start|jusqu'ici|jusqu'à présent"
    r"|hasta ahora|finora)(?!\w)"
)


def stat_of(p: Pieces, fit: Fit, function: Any, *, when: bool) -> Stat:
    """The statistic of a measurement in the span that is told; `when`: its time. `last` over a span adds up or averages."""
    unit = next((u for u in p.keys("units") if u != "%"), "")
    named: dict[str, Any] = {
        "component": fit.of.component,
        "metric": fit.of.family,
        "labels": fit.labels,
        "unit": unit,
    }
    if function == "last" and when:
        function = "last" if fit.of.metric.endswith(("_time_seconds", "_timestamp_seconds")) else "max"
    counts = counted(fit.of)
    if function == "last" and p.has("verbs", "count") and counts:
        function = "sum"
    spanned = p.span.at is None and p.span.since is not None
    if function == "last" and spanned and "last" not in p.keys("functions"):
        function = "sum" if counts and not any(t.concepts & _PACED for t in p.terms) else "mean"
    if function == "last" and p.span.at is not None:
        return Stat(**named, until=p.span.at)
    return Stat(**named, function=function, wanted="time" if when else "value", **span_fields(p))


_PACED: Final = frozenset({"latency", "cpu", "load"})  # of which a span has an average, not a sum


def of_comparisons(p: Pieces) -> Reading | None:
    """One measurement or number of lines beside another."""
    if not p.has("verbs", "compare") and not p.compares:
        return None
    if "%" in p.keys("units") and len(p.about.components) < 2 and not p.span.told:
        return None
    from aitia.agent.asking.question.comparing import compared

    return compared(p, fitting(p, p.component) if p.component else fitting(p, ""))
