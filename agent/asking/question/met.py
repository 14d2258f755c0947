"""What a question asks of its figure (statistic, span, bound, grouping, kind of value), each of which its queries must meet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from aitia.agent.asking.question.bounds import bound, each_of
from aitia.agent.asking.question.measure import COUNTED, named_of
from aitia.agent.asking.question.measures_rules import counted
from aitia.agent.asking.question.met_values import VALUES, of_query
from aitia.agent.asking.question.outcome import asks_for_components
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.quantities import settings_in
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.query.words import (
    Beyond,
    Changes,
    Compare,
    Count,
    Curve,
    Events,
    Get,
    Lines,
    List,
    Query,
    Share,
    Stat,
    Who,
)

_OFTEN: Final = re.compile(
    r"how often|how many times|how frequently|wie oft|wie häufig|wievielmal|wie viele male|combien de fois"
    r"|à combien de reprises|à quelle fréquence|cuántas veces|en cuántas ocasiones|con qué frecuencia|quante volte"
    r"|con che frequenza|con quale frequenza"
)
_TWICE: Final = re.compile(
    r"(?:more than|at least|mehr als|mindestens|plus d['e ]+|au moins|más de|al menos|più di|almeno)\s*"
    r"(?:once|twice|\w+ (?:times|mal|fois|veces|volte)|einmal|zweimal|dreimal|una vez|una volta)"
)
_ABOUT_WORK: Final = re.compile(
    r"(?<!\w)(?:before|after|during|since|until|vor|nach|seit|während|bis|avant|après|pendant|depuis|antes|después|durante"
    r"|desde|prima|dopo)\s+(?:(?:the|that|this|last|latest|dem|der|den|des|zum|letzten|le|la|les|l'|du|de|del|el|di|d'|dell'|della"
    r"|il|lo)\s*){0,3}(?:deploy\w*|roll ?out\w*|releas\w*|rollback\w*|restart\w*|upgrade\w*|update\w*|outage|failover\w*"
    r"|maintenance|incident|change|alarm\w*|trip|ausfall\w*|neustart\w*|wartung\w*|änderung\w*|störung\w*|umschaltung"
    r"|déploiement|redémarrage|panne|bascul\w*|entretien|despliegue|reinicio|caída|mantenimiento|rilascio|riavvio|guasto"
    r"|manutenzione)(?!\w)"
)
_UNREAD: Final = re.compile(  # a time that no reading took out
    r"(?<!\w)(?:weekend|wochenende|week-end|fine settimana|last month|letzten monat|mois dernier|mes pasado|mese scorso"
    r"|shift|schicht|lunch|mittagspause|viertelstunde|quart d'heure|cuarto de hora|quarto d'ora"
    r"|[eé]coulée|pomeriggio|yesterday|gestern|ieri)(?!\w)"
)
_HOURLY: Final = re.compile(
    r"(?<!\w)(?:(?:per|an|each|every) hour|per day"
    r"|pro stunde|pro tag|par heure|par jour|por hora|por día|all'ora|al giorno)(?!\w)"
)
_LASTS: Final = re.compile(
    r"(?i)(?<!per_)second|duration|latency|time|uptime|lag|delay|wait|_ms|(?<![a-z])age(?![a-z])|dauer|hours"
)
_PACE: Final = re.compile(r"(?i)rate|per_?|_min|_s$|rpm|ops|m3|freq")
_SETTING: Final = frozenset(
    {
        "max", "limit", "limits", "config", "setpoint", "sollwert", "settings", "capacity", "threshold", "requested",
        "quota", "spec",
    }
)  # fmt: skip
_SET: Final = re.compile(
    r"max|limit|límite|grenz|konfig|config|setting|set[ -]?point|set to|sollwert|soll(?!\w)|einstell|eingestellt|capacit|kapazit"
    r"|capacidad|threshold|schwell|seuil|umbral|soglia|quota|allow|erlaub|permi|paramè|consigne|consigna|ajust|impost|réglage"
    r"|spec|request|desired|gewünscht|soll|ceiling|cap(?!\w)|at most|höchst|possible|size|größe|taille|tamaño|dimension"
)
_REST: Final = frozenset({"avail", "available", "free", "idle", "remaining"})
_LEFT: Final = re.compile(
    r"free|avail|left|remain|spare|idle|frei|verfüg|übrig|rest|libre|dispon|queda|liber|riman|leerlauf|inact|inatt"
)
_SWITCHED: Final = re.compile(r"(?i)failover|fail_over|switch|promot|role|master|leader|elect")
_NOT_ASKED: Final = frozenset({"last", "sum", "range", "rate", "first"})


def how_often(low: str) -> bool:
    """Whether it is asked how many times something happened."""
    return _OFTEN.search(low) is not None


def unmet(p: Pieces, queries: Sequence[Query]) -> str:
    """What of the question its queries do not answer, as one sentence; "" where all is met."""
    return next((said for check in _CHECKS if (said := check(p, queries))), "")


def _window(p: Pieces, queries: Sequence[Query]) -> str:
    carried = any(_carries(q) for q in queries)
    open_ended = p.span.at is None and (p.span.until is None or p.span.until >= p.site.now)
    if p.span.told and not carried and not (open_ended and all(isinstance(q, Get) for q in queries)):
        return "The time in the question is not looked at: what is asked for is known only as it is now."
    if left := _UNREAD.search(p.words):
        return f"When {left[0]!r} was is not read: name the time."
    about = (
        None
        if carried or any(isinstance(q, Changes | Events | Compare) for q in queries)
        else _ABOUT_WORK.search(p.low)
    )
    return f"When {about[0]!r} was is not read: name the time." if about else ""


def _carries(query: Query) -> bool:
    if isinstance(query, Count) and query.of not in ("lines", "changes", "events", "restarts"):
        return False
    return any(
        getattr(query, f, None) is not None for f in ("since", "until", "against_since", "against_until")
    )


def _function(p: Pieces, queries: Sequence[Query]) -> str:
    for asked in (f for f in p.keys("functions") if f not in _NOT_ASKED):
        if not any(_tells(q, asked) for q in queries):
            return f"The query does not tell the {asked} that is asked for."
    return ""


_IN_NAMES: Final = {
    "max": re.compile(r"(?<![a-z])(?:maximum|peak)(?![a-z])"),
    "min": re.compile(r"(?<![a-z])minimum(?![a-z])"),
}


def _tells(query: Query, asked: str) -> bool:
    extreme = asked in ("max", "min")
    if isinstance(query, Stat) and asked in _IN_NAMES and _IN_NAMES[asked].search(query.metric.casefold()):
        return True  # `clients_maximum` is one
    if isinstance(query, Stat | Compare):
        return query.function == asked or (asked == "mean" and query.function == "rate")
    if isinstance(query, Who):
        return extreme or query.function == asked
    if isinstance(query, Get) and query.of == "horizontalpodautoscalers":
        return extreme  # its bounds are told together
    if isinstance(query, Beyond) and query.function == asked:
        return True
    return extreme and not isinstance(query, Get | Share)


def _pace(p: Pieces, queries: Sequence[Query]) -> str:
    hourly = _HOURLY.search(p.low)
    if hourly and not any(
        "m3" in m.family.casefold() or "flow" in named_of(m) for q in queries for m in of_query(p, q)
    ):
        return f"The query does not tell it {hourly[0]}."
    told = bound(p.words)
    unit = told.span if told and unit_named(told.unit) else (0, 0)  # `above 4.5 mm/s` asks for no rate
    rates = [h for h in p.hits("functions") if h.key == "rate" and not unit[0] <= h.begin < unit[1]]
    if not rates and "/min" not in p.keys("units"):
        return ""
    slow = [q for q in queries if not _paced(p, q)]
    return "The query does not tell how many there are in each unit of time." if slow else ""


def _paced(p: Pieces, query: Query) -> bool:
    if isinstance(query, Stat) and query.function == "rate":
        return _are_counted(p, query)
    if isinstance(query, Stat) and query.function in ("mean", "max", "min", "last"):
        read = of_query(p, query)
        if read and all(m.metric.endswith("_total") for m in read):
            return True  # of a counter these are of its rate
    if isinstance(query, Stat | Curve | Beyond | Compare | Who):
        return getattr(query, "function", "") == "rate" or bool(_PACE.search(query.metric))
    return isinstance(query, Count) and query.by == "minute"


def _are_counted(p: Pieces, query: Query) -> bool:
    read = of_query(p, query)
    return bool(read) and all(counted(m) for m in read)


def _often(p: Pieces, queries: Sequence[Query]) -> str:
    things = sorted(c for t in p.terms for c in t.concepts & COUNTED)
    spells = any(isinstance(q, Beyond) and q.wanted == "times" for q in queries)
    if spells and things and not _OFTEN.search(p.low):
        return f"The query does not count {things[0]}: it tells how often the measurement was beyond."
    if not _OFTEN.search(p.low) or any(_counts(p, q) for q in queries):
        return ""
    return "The query does not count how often."


def _counts(p: Pieces, query: Query) -> bool:
    if isinstance(query, Stat):
        return query.function in ("sum", "rate") or _are_counted(p, query)
    return (
        (isinstance(query, Count) and (query.of in _HAPPEN or bool(query.state)))
        or (isinstance(query, Beyond) and query.wanted == "times")
        or (isinstance(query, Get) and query.part in ("restarts", "schedule"))
    )


_HAPPEN: Final = frozenset({"lines", "changes", "events", "restarts", "jobs"})  # objects only are


def _long(p: Pieces, queries: Sequence[Query]) -> str:
    asked = p.has("lasting", "long")
    if asked and not any(_lasts(q) for q in queries):
        return "The query does not tell how long."
    timed = asked or any("latency" in t.concepts for t in p.terms)
    added = next(
        (
            q.metric
            for q in queries
            if isinstance(q, Stat)
            and q.function not in ("sum", "rate")
            and q.metric.endswith("seconds_total")
        ),
        "",
    )
    return (
        f"{added} adds up the seconds of all: it does not tell how long one took." if timed and added else ""
    )


def _lasts(query: Query) -> bool:
    if isinstance(query, Beyond):
        return query.wanted == "duration"
    if isinstance(query, Get):
        return query.part in ("age", "why", "duration")
    metric = str(getattr(query, "metric", ""))
    return isinstance(query, Lines | Events | Changes) or bool(_LASTS.search(metric))


def undated(p: Pieces, queries: Sequence[Query]) -> str:
    """That it is asked when, and no query tells it; else ""."""
    asked = [p.words[h.begin : h.end] for h in p.hits("verbs") if h.key == "when"]
    if all(word == "time of" for word in asked) and any(_lasts(q) for q in queries):
        return ""  # "the average time of a request"
    if not p.has("verbs", "when") or any(_dates(p, q) for q in queries):
        return ""
    return "The query does not tell when."


def _dates(p: Pieces, query: Query) -> bool:
    if isinstance(query, Stat):
        extreme = {"max", "min"} & set(p.keys("functions")) or p.keys("rank")
        return (query.wanted == "time" and bool(extreme)) or bool(re.search(r"time|stamp|age", query.metric))
    if isinstance(query, Beyond):
        return query.wanted in ("first", "last", "since")
    if isinstance(query, Get):
        return query.part in ("age", "schedule", "why", "since")
    if isinstance(query, List):
        return query.part == "since"
    return isinstance(query, Lines | Changes | Events | Curve)


def _bound(p: Pieces, queries: Sequence[Query]) -> str:
    if any(isinstance(q, Beyond) for q in queries):
        return ""
    told = _TWICE.search(p.low)
    limit = None if told else bound(p.words)
    text = told[0] if told else p.words[slice(*limit.span)].strip() if limit else ""
    return f"The query does not look at {text!r}." if text else ""


def _each(p: Pieces, queries: Sequence[Query]) -> str:
    each = each_of(p.words)
    pods = p.has("resources", "pods") and any(
        isinstance(q, Get) and q.of == "pods" for q in queries
    )  # of each
    if each is not None and not pods and not any(_groups(q, each.by) for q in queries) and len(queries) == 1:
        return f"The query does not tell it for each {each.by}."
    grouped = next((q.by for q in queries if isinstance(q, Count) and q.of == "lines" and q.by), "")
    objects = asks_for_components(p) or bool(
        {"pods", "deployments", "services", "containers"} & set(p.keys("resources"))
    )
    if grouped not in ("", "component") and objects and p.has("verbs", "list") and not p.component:
        return f"The query tells it for each {grouped}, not for each component."
    return ""


def _groups(query: Query, by: str) -> bool:
    if by == "minute":
        return getattr(query, "function", "") == "rate" or getattr(query, "by", "") == "minute"
    if isinstance(query, List) and query.of not in ("components", "machines"):
        return True  # "list every pod": each is listed
    listed = (
        isinstance(query, Who)
        and by in ("component", "node")
        and (by == "component" or query.does in ("hosts", "runs_on"))
    )
    return (
        listed
        or getattr(query, "by", "") == by
        or getattr(query, "part", "") == by
        or getattr(query, "of", "") == f"{by}s"
    )


def _setting(p: Pieces, queries: Sequence[Query]) -> str:
    for query in queries:
        metric = str(getattr(query, "metric", ""))
        words = set(re.split(r"[^a-z]+", metric.casefold()))
        asked = _SET.search(p.low) or any(t.concepts & {"maximum", "setpoint"} for t in p.terms)
        read = any(set(settings_in(words, named_of(m))) < words & _SETTING for m in of_query(p, query)[:1])
        if words & _SETTING and not asked and not read and metric.casefold() not in p.low:
            return f"{metric} is what was set or allowed, not what was measured."
    return ""


def _rest(p: Pieces, queries: Sequence[Query]) -> str:
    for query in queries:
        metric = query.metric if isinstance(query, Stat | Curve | Beyond) else ""
        words = set(re.split(r"[^a-z]+", metric.casefold()))
        if (
            words & _REST
            and "replicas" not in words
            and not _LEFT.search(p.low)
            and metric.casefold() not in p.low
        ):
            return f"{metric} tells what is free, not what is used."
    return ""


def _switched(p: Pieces, queries: Sequence[Query]) -> str:
    if not p.has("lifecycle", "switch") or not all(isinstance(q, Stat | Share) for q in queries):
        return ""
    names: Any = [str(getattr(q, "metric", "")) for q in queries]
    return "" if any(_SWITCHED.search(n) for n in names) else "The query does not tell of a failover."


def _every_line(p: Pieces, queries: Sequence[Query]) -> str:
    """How many lines there are in all tells the number of no thing."""
    every = [q for q in queries if isinstance(q, Count) and q.of == "lines" and not _filtered(q)]
    return (
        "How many lines there are in all does not tell it."
        if every and not (p.about_lines or p.level)
        else ""
    )


def _filtered(query: Count) -> bool:
    return bool(query.text or query.words or query.code or query.level or query.by)


def _of_state(p: Pieces, queries: Sequence[Query]) -> str:
    changed = all(isinstance(q, Count) and q.of == "changes" for q in queries)
    return "Changes of a state are in no journal of changes." if changed and p.has("parts", "state") else ""


_CHECKS: Final = (
    _window, _function, _pace, _often, _long, undated, _bound, _each, _setting, _rest, _switched, _every_line, _of_state, *VALUES,
)  # fmt: skip
