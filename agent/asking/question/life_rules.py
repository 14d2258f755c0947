"""Questions when something began, ended or changed its part, which part it has, and who did a thing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from aitia.agent.asking.question.measures_rules import fitting
from aitia.agent.asking.question.outcome import Reading, asks_for_components, one, span_fields, unknown
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.tables import words_of
from aitia.agent.asking.question.told import stands
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.lines import count_lines, loggers
from aitia.tools.query.measured import measured
from aitia.tools.query.words import Changes, Count, Get, Lines, Stat

_STEMS = {
    "start": "start|spawn|launch|boot|ready|gestartet|listening",
    "stop": "stop|exit|terminat|kill|shut|crash|gave|down",
    "switch": "switch-master|failover|promot|master mode|takeover|became",
}


def of_roles(p: Pieces) -> Reading | None:
    """Which part a store has: master, replica, standby."""
    if (
        not (p.has("parts", "role") or _WHO_LEADS.search(p.low))
        or p.keys("lasting")
        or p.has("verbs", "when")
        or p.has("verbs", "changes")
        or p.has("verbs", "count")
        or p.level
    ):
        return None
    if any(t.concepts and not t.soft and not t.concepts & _ROLES for t in p.terms):
        return None
    named = p.about.components
    queries = tuple(Get(component=c, part="role") for c in named[:3]) or (Get(component="", part="role"),)
    return Reading(status="query", queries=queries, live=True)


_WHO_LEADS = re.compile(
    r"(?<!\w)(?:which|what|welche[rsn]?|quel(?:le)?|qué|cuál|quale) (?:[\w-]+ )?(?:is|ist|est|es|è) "
    r"(?:(?:the|der|das|die|le|la|el|il) )?(?:primary|primär\w*|master|leader|primaire|maître|primari[oa]|maestr[oa])(?!\w)"
)
_ROLES = frozenset({"replication", "primary", "replicas"})


_PERSON = re.compile(
    r"(?<!\w)(?:wh(?:ich|at)|welche[rsnm]?|quel(?:le)?s?|qué|cuál de los|quale|quali|che) (?:of (?:the|our|my) )?"
    r"(?:colleagues?|person|engineer|technicians?|operator|developer|guy|kolleg\w+|mitarbeiter\w*|techniker\w*|mensch"
    r"|collègues?|techniciens?|personne|opérateur|compañer\w+|técnic\w+|persona|operari\w+|collega|colleghi|tecnic\w+|operatore)"
    r"(?!\w)"
    r"|(?<!\w)(?:names? of (?:the|that) (?:guy|person|man|woman|technician|engineer|colleague|operator)"
    r"|name(?:n)? (?:des|der) (?:\w+ )?(?:techniker|mitarbeiter|kolleg|monteur)|nom du (?:technicien|collègue|opérateur)"
    r"|nombre del (?:técnico|operario|compañero)|nome del (?:tecnico|collega))"
)


_GOING_ON = frozenset({"and", "und", "et", "y", "e", "en", "aber", "but"})


def of_people(p: Pieces) -> Reading | None:
    """Who did something: no telemetry tells of people."""
    first = [w for w in p.low.split() if w not in _GOING_ON][:1]
    asked = (bool(first) and first[0].strip("¿?,") in words_of("people")) or _PERSON.search(p.low) is not None
    if asked and p.has("parts", "owner"):
        return unknown("No source here names people.", "the plan of who looks after what")
    acted = p.has("verbs", "work") or p.has("verbs", "changes") or p.keys("acts")
    if (
        not asked
        or p.keys("relations")
        or p.keys("functions")
        or p.level
        or p.quoted
        or p.code
        or asks_for_components(p)
        or (len(p.about.components) > 1 and p.keys("lifecycle") and not acted)  # which of them
    ):
        return None
    if acted or not (p.keys("rank") or p.has("parts", "role")):
        return unknown(
            "No source here names people.", "a ticket, a work order with its author, or the version control"
        )
    return None


def of_lifecycle(p: Pieces) -> Reading | None:
    """When, or how often, a component started, stopped or took over, by its log or that of its host; each of up to three."""
    names = p.about.components
    if not 1 < len(names) <= _SEVERAL or len(p.about.taken) != len(names):
        return _lifecycle(p)
    each = [_lifecycle(_of_one(p, name)) for name in names]
    queries = tuple(q for r in each if r is not None and r.status == "query" for q in r.queries[:1])
    return (
        Reading(status="query", queries=queries, live=True) if len(queries) == len(names) else _lifecycle(p)
    )


_SEVERAL = 3  # components of which each is told


def _of_one(p: Pieces, name: str) -> Pieces:
    """The question of one of the components that it names alone, asked when where it asks which of them."""
    others = [p.words[a:b] for (a, b), c in zip(p.about.taken, p.about.components, strict=True) if c != name]
    text = p.asked
    for other in others:
        text = re.sub(
            rf"(?i)(?:,\s*|(?<!\w)(?:and|or|und|oder|et|ou|y|o|u|e)\s+)?(?<![\w-]){re.escape(other)}(?![\w-])",
            " ",
            text,
        )
    asked = p.has("verbs", "when") or p.has("verbs", "count")
    return replace(p, asked=text if asked else f"when {text}")


def _lifecycle(p: Pieces) -> Reading | None:
    found = p.keys("lifecycle")
    asks = (
        p.has("verbs", "when")
        or p.has("verbs", "count")
        or p.has("verbs", "exists")
        or p.has("verbs", "lines")
    )
    listed = p.has("verbs", "list") and bool(_PROCESS.search(p.low))
    asks = asks or listed or len(p.low.split()) <= _FEW
    if (
        not found
        or not asks
        or p.has("verbs", "why")
        or p.has("parts", "schedule")
        or p.level
        or p.quoted
        or p.span.at is not None
        or not p.site.sources.of("logs")
    ):
        return None
    if p.site.readers() and not p.has("verbs", "when"):
        return None
    reasons = {"memory"} if _KILLED.search(p.low) else set()
    if any(
        t.concepts
        and not t.soft
        and not t.concepts
        & {"restarts", "up", "started", *reasons, *_ROLES, *(("processes",) if listed else ())}
        for t in p.terms
    ):
        return None
    if any("restarts" in t.concepts for t in p.terms) and fitting(p, p.component):
        return None
    kind = found[0]
    nameless = (
        kind == "stop" and not p.about.strange and (asks_for_components(p) or bool(_PROCESS.search(p.low)))
    )
    if kind != "switch" and not p.component and not nameless and not listed:
        return None
    if kind == "start" and p.has("verbs", "count") and p.has("states", "restarted"):
        return one(Count(of="restarts", component=p.component, **span_fields(p)))
    if kind == "start" and listed:
        return _started(p)
    if nameless and not p.component:
        return _of_any(p)
    for component, words in _places(p, kind):
        if p.has("verbs", "count"):  # by one word alone: a start may be told in several lines
            *name, stems = words.split()
            stems = _ended(p, stems) if kind == "stop" else stems
            words = next(
                (w for s in stems.split("|") if stands(p, w := " ".join([*name, s]), component)), words
            )
        if stands(p, words, component):
            span = span_fields(p)
            shown = p.has("verbs", "list") and not p.has("verbs", "count")  # "which signal killed it?"
            if not shown and (p.has("verbs", "count") or not p.has("verbs", "when")):
                return one(Count(of="lines", component=component, words=words, **span))
            again = kind == "stop" and _SINCE.search(p.low) and _often(p, words, component) > _TWICE
            order: Any = "oldest" if kind == "switch" or p.has("order", "oldest") or again else "newest"
            return one(
                Lines(
                    component=component,
                    words=words,
                    limit=1 if p.has("verbs", "when") else 10,
                    order=order,
                    **span,
                )
            )
    return _of_metric(p) if kind == "start" else None


_FEW = 4  # words of a question without a verb: "session-api restarts?"


_TWICE = 2  # ends after which "since when" asks for the first of many
_SINCE = re.compile(r"(?<!\w)(?:since|seit|depuis|desde|ab|à partir|a partir|da quando|from)(?!\w)")


def _often(p: Pieces, words: str, component: str) -> float:
    return count_lines(Count(of="lines", component=component, words=words), p.site).value or 0.0


_PROCESS = re.compile(r"process|prozess|proces|programm|proceso|daemon")
_KILLED = re.compile(r"(?<!\w)(?:oom|kill|getötet|gekillt|tué|matad|ucciso)")


def _ended(p: Pieces, stems: str) -> str:
    """How an end of its own accord is told, before one that somebody wanted; a kill where it is asked for."""
    first = ["kill", "terminat"] if _KILLED.search(p.low) else ["exit", "terminat", "crash", "kill", "gave"]
    return "|".join([*first, *(s for s in stems.split("|") if s not in first)])


def _started(p: Pieces) -> Reading | None:
    """The lines in which a keeper tells what it started: "which processes did the supervisor start?"."""
    component = p.component if p.component in loggers(p.site) else ""
    keeper = [
        t.word
        for t in p.terms
        if not t.concepts and not _PROCESS.search(t.word) and _often(p, t.word, component)
    ]
    for stem in ("spawned", "entered", "launched", "booted", "started"):
        if _often(p, words := " ".join([*keeper, stem]), component):
            return one(Lines(component=component, words=words, limit=20, order="oldest", **span_fields(p)))
    return None


def _of_any(p: Pieces) -> Reading | None:
    """The ends of whatever ended, where nobody names it: as keepers tell one of its own accord."""
    words = next((s for s in _ended(p, "").split("|") if s and stands(p, s, "")), "")
    if not words or p.has("verbs", "count"):
        return None
    return one(
        Lines(
            words=words, limit=5, order="newest" if p.has("order", "newest") else "oldest", **span_fields(p)
        )
    )


def _places(p: Pieces, kind: str) -> list[tuple[str, str]]:
    """Where to look: the keeper of the component's processes, which names it; its own log; any log."""
    stems = _STEMS[kind]
    name = plain(p.component)
    held = p.site.held(p.component)
    hosts = [k.to for k in held.links if k.relation == "runs_on"] if held else []
    keepers = [(h, f"{name} {stems}") for h in hosts if h in loggers(p.site)]
    own = [(p.component, stems)] if p.component in loggers(p.site) else []
    own_first = kind == "start" and p.has("verbs", "count")  # a keeper tells of tries too
    places = [*own, *keepers] if own_first else [*keepers, *own]
    return [*places, ("", f"{name} {stems}".strip())]


def _of_metric(p: Pieces) -> Reading | None:
    for m in measured(p.site):
        if m.component == p.component and re.search(r"start_time_seconds$|boot_time_seconds$", m.metric):
            return one(Stat(component=m.component, metric=m.metric, wanted="time"))
    return None


def of_troubles(p: Pieces) -> Reading | None:
    """What is the matter with a component, by what is known of it: its state, its errors, what was changed. No verdict."""
    if not p.component or not p.has("verbs", "why") or p.span.told or p.quoted or p.level or p.keys("acts"):
        return None
    if any(t.concepts and not t.soft for t in p.terms):
        return None
    queries: list[Any] = [Get(component=p.component, part="why")] if _in_cluster(p) else []
    if p.has("lifecycle", "stop") and not queries:
        ended = ((c, w) for c, w in _places(p, "stop") if stands(p, w, c))
        queries += [Lines(component=c, words=w, limit=5) for c, w in list(ended)[:1]]
    if p.component in loggers(p.site):
        queries.append(Lines(component=p.component, level="error", limit=5))
    if p.site.sources.of("changes") or p.site.sources.of("maintenance"):
        queries.append(Changes(component=p.component, limit=3))
    return Reading(status="query", queries=tuple(queries), live=True) if queries else None


def _in_cluster(p: Pieces) -> bool:
    names = (p.component, f"{p.component}-")
    return any(w.name == p.component for _, r in p.site.readers() for w in r.workloads) or any(
        pod.app == p.component or pod.name.startswith(names) for _, r in p.site.readers() for pod in r.pods
    )


def of_moments(p: Pieces) -> Reading | None:
    """What happened at a moment or in a short span: changes, and lines that tell of trouble."""
    low = p.low
    asked = any(
        w in low
        for w in (
            "what happened",
            "happened",
            "was ist passiert",
            "was war los",
            "passiert",
            "que s'est-il passé",
            "qué pasó",
            "qué ha pasado",
            "qué sucedió",
            "cosa è successo",
            "che è successo",
            "cos'è successo",
            "what was going on",
            "passé à",
        )
    )
    if (
        not asked
        or not (p.span.told or p.component)
        or p.keys("resources")
        or p.level
        or p.has("verbs", "work")
    ):
        return None
    span = span_fields(p)
    queries: list[Any] = (
        [Changes(component=p.component, **span)]
        if p.site.sources.of("changes") or p.site.sources.of("maintenance")
        else []
    )
    logs = p.site.sources.of("logs")
    if logs and (not p.component or p.component in loggers(p.site)):
        level: Any = "" if p.component and p.span.at is not None else "warning"
        queries.append(Lines(component=p.component, level=level, **span))
    return Reading(status="query", queries=tuple(queries), live=True) if queries else None
