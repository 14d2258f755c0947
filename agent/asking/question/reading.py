"""From a question to a query: rules over its pieces, in a fixed order; what they leave open is asked back or said to be unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Literal

from aitia.agent.asking.question.about import near, others, relatives
from aitia.agent.asking.question.measure import Fit, best, fits
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.refusing import changing
from aitia.agent.asking.question.tables import table
from aitia.agent.asking.question.told import telling, wording
from aitia.core.words import Word
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.lines import count_lines, loggers
from aitia.tools.query.measured import measured
from aitia.tools.query.site import Site
from aitia.tools.query.words import (
    USUAL,
    Changes,
    Count,
    Curve,
    Documents,
    Events,
    Get,
    Incidents,
    Lines,
    List,
    Query,
    Stat,
    Who,
)

Status = Literal["query", "unclear", "unknown", "refused", "none"]
MOST_QUERIES: Final = 3  # measurements that fit a question equally well and are all answered
AROUND: Final = timedelta(seconds=60)  # of lines and events at a moment that is told to the minute
_KUBERNETES: Final = frozenset(table("resources")) - {"components", "machines", "measurements", "sources"}
_RELATED: Final = ("called_by", "hosts", "fed_by", "parts")  # relations whose words mean nothing else


class Reading(Word):
    """How a question was read: queries that answer it, or why there are none."""

    status: Status
    queries: tuple[Query, ...] = ()
    said: str = ""
    needs: str = ""
    live: bool = False  # the question is about a state, so that no document may answer it


def read(text: str, site: Site) -> Reading:
    """Read a question that stands alone."""
    return decide(Pieces(asked=text, site=site))


def decide(p: Pieces) -> Reading:
    """The first rule that applies decides."""
    if (refused := changing(p)) is not None:
        return Reading(status="refused", said=refused, queries=_nearest(p), live=True)
    for rule in (
        _documents,
        _outside,
        _strange,
        _incidents,
        _compared,
        _related,
        _reasons,
        _versions,
        _happened,
        _said,
        _why,
        _state,
        _objects,
        _measured,
        _worked,
        _worded,
    ):
        found = rule(p)
        if found is not None:
            return found
    return Reading(status="none", live=bool(p.component) or p.span.told or bool(p.terms and _known_thing(p)))


def _known_thing(p: Pieces) -> bool:
    return any(t.concepts for t in p.terms)


def _one(query: Query) -> Reading:
    return Reading(status="query", queries=(query,), live=True)


def _unknown(said: str, needs: str = "") -> Reading:
    return Reading(status="unknown", said=said, needs=needs, live=True)


def _unclear(said: str) -> Reading:
    return Reading(status="unclear", said=said, live=True)


def _nearest(p: Pieces) -> tuple[Query, ...]:
    """The look that is nearest to what somebody wants changed."""
    if not p.component:
        return ()
    return (
        (Get(component=p.component, part="state"),)
        if p.site.readers()
        else (Lines(component=p.component, level="error", limit=3),)
    )


def _documents(p: Pieces) -> Reading | None:
    if not p.has("verbs", "documents"):
        return None
    return Reading(status="query", queries=(Documents(text=p.text[:2000]),))


def _incidents(p: Pieces) -> Reading | None:
    if p.has("verbs", "incidents"):
        return Reading(status="query", queries=(Incidents(text=p.text[:500], component=p.component),))
    return None


def _outside(p: Pieces) -> Reading | None:
    found = p.keys("outside")
    if not found:
        return None
    words = next(h for h in p.hits("outside"))
    return _unknown(f"Not in what I have: {p.words[words.begin : words.end].strip()!r}.", found[0])


def _strange(p: Pieces) -> Reading | None:
    if not p.about.strange:
        return None
    name = p.about.strange[0]
    close = near(name, p.site)
    told = f" Nearest: {', '.join(close)}." if close else ""
    return _unknown(f"No source knows {name!r}.{told}", f"telemetry of {name}")


def span_fields(p: Pieces, *, around: timedelta = AROUND) -> dict[str, Any]:
    """`since` and `until` of a question; a moment with some time around it."""
    if p.span.at is not None:
        return {"since": p.span.at, "until": p.span.at + around}
    return {k: v for k, v in (("since", p.span.since), ("until", p.span.until)) if v is not None}


def _happened(p: Pieces) -> Reading | None:
    if p.has("verbs", "events") and (p.site.sources.of("cluster") or not p.site.sources.of("logs")):
        limit = {"limit": p.limit} if p.limit else {}
        if p.has("verbs", "count"):
            return _one(Count(of="events", component=p.component, text=p.quoted, **span_fields(p)))
        return _one(Events(component=p.component, text=p.quoted, **limit, **span_fields(p)))
    work, changed = p.has("verbs", "work"), p.has("verbs", "changes")
    if (
        "deployments" in p.keys("resources")
        and p.site.readers()
        and not p.has("verbs", "when")
        and not p.span.told
    ):
        return None
    if not (work or changed) or (p.terms and not work and _fitting(p, p.component)):
        return None
    what = "maintenance" if work else _what(p)
    around = timedelta(minutes=5)
    if p.has("verbs", "count"):
        return _one(
            Count(
                of="changes",
                component=p.component,
                what=what,
                text=p.quoted or telling(p),
                **span_fields(p, around=around),
            )
        )
    when = p.has("verbs", "when")
    limit = p.limit or (1 if when else None)
    text = p.quoted or telling(p)
    order = "oldest" if p.has("order", "oldest") else "newest"
    wanted = (
        "time"
        if when
        else "component"
        if not p.component and p.has("verbs", "list") and _asks_what(p)
        else "all"
    )
    more = {"limit": limit} if limit else {}
    return _one(
        Changes(
            component=p.component,
            what=what,
            text=text,
            order=order,
            wanted=wanted,
            **more,
            **span_fields(p, around=around),
        )
    )


def _worked(p: Pieces) -> Reading | None:
    """Work that a question calls by its name: "when was the coupling aligned?"."""
    asks = (
        p.has("verbs", "when")
        or p.has("verbs", "exists")
        or p.has("verbs", "list")
        or p.has("verbs", "count")
    )
    text = telling(p) if asks else ""
    if not text:
        return None
    when = p.has("verbs", "when")
    if p.has("verbs", "count"):
        return _one(Count(of="changes", component=p.component, text=text, **span_fields(p)))
    return _one(
        Changes(
            component=p.component,
            text=text,
            wanted="time" if when else "all",
            limit=1 if when else USUAL,
            **span_fields(p),
        )
    )


def _asks_what(p: Pieces) -> bool:
    return bool({"components", "machines"} & set(p.keys("resources")))


def _what(p: Pieces) -> Any:
    low = p.low
    for what, words in (
        ("scale", ("scal", "skalier")),
        ("config", ("config", "konfig", "einstellung", "paramètre", "ajuste", "impostazion")),
        ("flag", ("flag",)),
    ):
        if any(w in low for w in words):
            return what
    deployed = (
        "deploy",
        "rollout",
        "rolled out",
        "release",
        "ausgerollt",
        "ausgeliefert",
        "deployt",
        "déploy",
        "desplieg",
        "despleg",
        "rilasc",
        "livr",
        "distribu",
    )
    return "deploy" if any(w in low for w in deployed) else ""


def _said(p: Pieces) -> Reading | None:
    """Log lines, their number, who wrote them, when they came first or last."""
    asked = p.has("verbs", "lines") or bool(p.quoted) or bool(p.code)
    failing = bool(p.level) and not p.keys("functions") and not _is_rate(p)
    if not p.has("verbs", "lines") and not p.quoted and _well_measured(p):
        return None
    if not (asked or failing) or not (p.site.sources.of("logs") or p.site.sources.of("cluster")):
        return None
    if not asked and p.level and set(p.keys("resources")) & _KUBERNETES and not p.has("verbs", "count"):
        return None
    if (lost := _lost(p)) is not None:
        return lost
    span, level = span_fields(p), "" if p.code else p.level
    said: dict[str, Any] = {
        "text": p.quoted,
        "code": p.code,
        "words": _further(p),
    }
    if p.component and p.component not in loggers(p.site):
        held = [r for r in relatives(p.component, p.site) if r in loggers(p.site)]
        if not held:
            return _log_by_text(p, span, level)
        return _one(
            Lines(component=held[0], level=level, **said, **({"limit": p.limit} if p.limit else {}), **span)
        )
    if p.code and not p.has("verbs", "lines") and (counted := _code_measured(p, said, span)) is not None:
        return counted
    if p.has("verbs", "count") or (p.code and not p.has("verbs", "when") and not p.has("verbs", "list")):
        return _one(Count(of="lines", component=p.component, level=level, **said, **span))
    if _asks_who(p):
        return _one(Who(does="logs", level=level, text=p.quoted, **span))
    when = p.has("verbs", "when")
    limit = p.limit or (1 if when else None)
    first = p.has("order", "oldest") or (when and not p.has("order", "newest"))
    more = {"limit": limit} if limit else {}
    return _one(
        Lines(
            component=p.component, level=level, order="oldest" if first else "newest", **said, **more, **span
        )
    )


def _code_measured(p: Pieces, said: dict[str, Any], span: dict[str, Any]) -> Reading | None:
    """Answers with a status where no log tells of any, by a counter that has the status as a label."""
    if count_lines(Count(of="lines", component=p.component, **said, **span), p.site).value:
        return None
    for m in measured(p.site):
        label = next(
            (
                f"{k}={v}"
                for k, v in m.labels
                if v == p.code and k in ("code", "status", "status_code", "http_code")
            ),
            "",
        )
        if label and m.component == p.component and m.metric.endswith("_total"):
            return _one(Stat(component=m.component, metric=m.metric, labels=label, function="sum", **span))
    return None


def _further(p: Pieces) -> str:
    """Words that a line must hold beside what is quoted: in capitals, or with underscores as programs spell names."""
    joined = " ".join(
        m[0]
        for m in re.finditer(r"(?<![\w./-])[a-z]+(?:_[a-z0-9]+)+(?![\w/-])", p.low)
        if m[0] not in p.quoted.casefold()
    )
    return joined if p.quoted or p.code else (p.shouted or joined)


def _well_measured(p: Pieces) -> bool:
    """Whether a measurement's name holds at least two words of the question, and nothing of it is left."""
    found = best(_fitting(p, p.component)) if len(p.terms) > 1 else []
    return bool(found) and not found[0].left and found[0].score >= _WELL


_WELL: Final = 3.4  # points that two words in a name come to


def _reasons(p: Pieces) -> Reading | None:
    """What a cluster's events call by their reason: evicted, killing, unhealthy."""
    if not p.site.readers() or p.level or p.has("verbs", "lines"):
        return None
    reasons = {
        e.reason.casefold(): e.reason for _, r in p.site.readers() for e in r.events if len(e.reason) > 4
    }
    for m in re.finditer(r"[a-z]{5,}", p.low):
        if (
            reason := reasons.get(m[0])
            or ("Evicted" if p.has("states", "evicted") and "evicted" in reasons else "")
        ) and reason not in ("Scheduled", "Created", "Started", "Pulled", "Completed"):
            if p.has("verbs", "count"):
                return _one(Count(of="events", component=p.component, text=reason, **span_fields(p)))
            return _one(
                Events(
                    component=p.component,
                    text=reason,
                    **({"limit": p.limit} if p.limit else {}),
                    **span_fields(p),
                )
            )
    return None


def _versions(p: Pieces) -> Reading | None:
    if not p.has("parts", "version") or p.has("verbs", "changes"):
        return None
    component = p.component or next((c.id for c in p.site.inventory.components if plain(c.id) in p.low), "")
    named = [t.word for t in p.terms if not t.concepts]
    if not component and named:
        infos = [m for m in measured(p.site) if "info" in m.metric or "version" in m.metric]
        held = [m.component for m in infos if any(m.metric.casefold().startswith(w) for w in named)]
        component = held[0] if held else ""
    return _one(Get(component=component, part="version")) if component else None


def _worded(p: Pieces) -> Reading | None:
    """What nothing else explains, as words that a log itself uses: "how many checkpoints completed"."""
    asks = {"count", "list", "when", "exists", "why", "lines"} & set(p.keys("verbs"))
    if not asks or not p.site.sources.of("logs"):
        return None
    component, words = (p.component, p.shouted) if p.shouted else wording(p)
    if not words:
        return None
    component = component if component in loggers(p.site) else ""
    if p.has("verbs", "count"):
        return _one(Count(of="lines", component=component, words=words, **span_fields(p)))
    when = p.has("verbs", "when")
    return _one(
        Lines(
            component=component,
            words=words,
            order="oldest" if when else "newest",
            limit=1 if when else p.limit or USUAL,
            **span_fields(p),
        )
    )


def _log_by_text(p: Pieces, span: dict[str, Any], level: Any) -> Reading:
    """A component without logs of its own: the lines of others that name it, in a plant's one journal."""
    if len(loggers(p.site)) > 2:
        return _unknown(
            f"No source holds logs of {p.component}.", f"a logs source that holds the lines of {p.component}"
        )
    if p.has("verbs", "count"):
        return _one(Count(of="lines", level=level, text=p.quoted or p.component, **span))
    return _one(
        Lines(level=level, text=p.quoted or p.component, **({"limit": p.limit} if p.limit else {}), **span)
    )


def _asks_who(p: Pieces) -> bool:
    asked = p.has("relations", "logs") or (p.has("verbs", "list") and _asks_what(p))
    return asked and not p.component


def _is_rate(p: Pieces) -> bool:
    return any(
        w in p.low
        for w in ("rate", "ratio", "quote", "taux", "tasa", "tasso", "percent", "prozent", "per second", "%")
    )


def _lost(p: Pieces) -> Reading | None:
    """A word behind "of" or "from" that names nothing which is known."""
    if p.component:
        return None
    known = {h.begin for n in ("verbs", "levels", "order", "resources", "states", "parts") for h in p.hits(n)}
    for term in p.terms:
        before = p.words[: term.begin].split()[-2:]
        behind = bool(before) and (
            before[-1] in _OF or (len(before) > 1 and before[-2] in _OF and before[-1] in _ARTICLES)
        )
        if (
            behind
            and term.begin not in known
            and not any(b <= term.begin < e for b, e in _spans(p))
            and term.word not in p.quoted.casefold()
        ):
            close = near(term.word, p.site)
            told = f" Nearest: {', '.join(close)}." if close else ""
            return _unknown(f"No source knows {term.word!r}.{told}", f"telemetry of {term.word}")
    return None


_OF: Final = frozenset(
    {
        "of",
        "for",
        "from",
        "in",
        "on",
        "von",
        "vom",
        "für",
        "bei",
        "im",
        "auf",
        "de",
        "du",
        "des",
        "pour",
        "del",
        "para",
        "di",
        "della",
        "dello",
        "per",
        "by",
        "d'",
        "sur",
        "su",
        "aus",
    }
)
_ARTICLES: Final = frozenset(
    {
        "the",
        "der",
        "die",
        "das",
        "dem",
        "den",
        "le",
        "la",
        "les",
        "el",
        "los",
        "las",
        "il",
        "lo",
        "l'",
        "a",
        "my",
        "our",
        "service",
        "pod",
        "dienst",
    }
)


def _spans(p: Pieces) -> list[tuple[int, int]]:
    names = ("verbs", "levels", "order", "resources", "states", "parts", "functions")
    return [(h.begin, h.end) for n in names for h in p.hits(n)]


def _related(p: Pieces) -> Reading | None:
    found = [r for r in p.keys("relations") if r != "logs"]
    if not found or not p.component:
        return None
    does = next((r for r in found if r in _RELATED), found[0])
    if set(p.keys("parts")) - {"node", "state", "age", "replicas"} and does not in _RELATED:
        return None
    measures = [t for t in p.terms if t.concepts and not t.soft]
    if does not in _RELATED and (measures or p.level or p.has("verbs", "lines")):
        return None
    kinds = set(p.keys("resources")) & _KUBERNETES
    if does == "hosts" and "pods" in kinds and p.site.readers():
        return _one(
            Count(of="pods", component=p.component)
            if p.has("verbs", "count")
            else List(of="pods", component=p.component)
        )
    if (
        does == "runs_on"
        and p.site.readers()
        and (kinds or any(w.name == p.component for _, r in p.site.readers() for w in r.workloads))
    ):
        return _one(Get(component=p.component, part="node"))
    return _one(Who(does=does, component=p.component))  # type: ignore[arg-type]


def _objects(p: Pieces) -> Reading | None:
    """Objects of a cluster, or the components of a site: how many, which, and one part of one."""
    kinds = p.keys("resources")
    parts, states = _parts(p), p.keys("states")
    own = [k for k in kinds if k in _KUBERNETES]
    if p.component and parts and (p.site.readers() or own) and not _better_measured(p):
        return _part_of(p, parts[0], own)
    if own and not (_better_measured(p) and not states):
        return _of_cluster(p, own, parts, states)
    if (
        kinds
        and not p.component
        and (p.has("verbs", "count") or p.has("verbs", "list"))
        and not _fitting(p, "")
    ):
        of: Any = kinds[0]
        state = states[0] if states else ""
        if state and of == "components" and p.site.readers():
            return _one(
                Count(of="pods", state=state) if p.has("verbs", "count") else List(of="pods", state=state)
            )  # type: ignore[arg-type]
        return _one(Count(of=of) if p.has("verbs", "count") else List(of=of))
    if "measurements" in kinds and p.component:
        return _one(
            Count(of="measurements", component=p.component)
            if p.has("verbs", "count")
            else List(of="measurements", component=p.component)
        )
    return None


def _parts(p: Pieces) -> list[str]:
    found = p.keys("parts")
    return [x for x in found if x != "restarts" or "restarts" in found] or (
        ["restarts"] if p.has("states", "restarted") and p.has("verbs", "count") and p.component else []
    )


def _better_measured(p: Pieces) -> bool:
    """Whether a measurement answers rather than the object: with a statistic or a span of time."""
    return bool((p.keys("functions") and p.keys("functions") != ["last"]) or p.span.told) and bool(
        _fitting(p, p.component)
    )


def _part_of(p: Pieces, part: str, own: Sequence[str]) -> Reading:
    if not p.site.readers():
        return _unknown(
            f"No cluster source tells the {part} of {p.component}.", "a cluster source (kubectl or recorded)"
        )
    found = p.site.held(p.component)
    of: Any = (
        "nodes"
        if found is not None and found.type == "node" and part not in ("node",)
        else next(iter(own), "components")
    )
    of = (
        "components"
        if of in ("nodes", "namespaces", "containers") and not (found is not None and found.type == "node")
        else of
    )
    return _one(Get(component=p.component, part=part, of=of))  # type: ignore[arg-type]


def _of_cluster(p: Pieces, own: Sequence[str], parts: Sequence[str], states: Sequence[str]) -> Reading | None:
    if not p.site.sources.of("cluster"):
        if _fitting(p, p.component):
            return None
        return _unknown(
            f"No source holds {own[0]} of a cluster.", "a cluster source (kubectl or recorded) in aitia.yaml"
        )
    of: Any = own[0]
    if "resourcequotas" in own:
        return _one(List(of="resourcequotas", part="state"))
    if p.has("verbs", "why") and not p.component:
        return _one(List(of=of, state="failed", part="why"))
    if p.component and p.has("verbs", "why"):
        return _one(Get(component=p.component, part="why"))
    if (lost := _lost(p)) is not None and not p.labels:
        return lost
    state: Any = _meant_state(states, p)
    if p.has("verbs", "count"):
        return _one(Count(of=of, component=p.component, state=state, labels=p.labels))
    plainly = bool(p.component) and not any(t.concepts and not t.soft for t in p.terms)
    if not (p.has("verbs", "list") or p.has("verbs", "exists") or states or parts or p.labels or plainly):
        return None
    part = next((x for x in parts if not (x == "labels" and p.labels) and not (x == "state" and state)), "")
    return _one(List(of=of, component=p.component, state=state, labels=p.labels, part=part))  # type: ignore[arg-type]


def _meant_state(states: Sequence[str], p: Pieces) -> str:
    """Of "pods that are running" with "how many": the state itself; "how many pods run" counts those that are there."""
    for state in (
        "memory_pressure",
        "disk_pressure",
        "evicted",
        "never_restarted",
        "not_ready",
        "restarted",
        "failed",
        "pending",
        "completed",
        "ready",
        "running",
    ):
        if state in states:
            return state
    return ""


def _fitting(p: Pieces, component: str) -> list[Fit]:
    """The measurements that a question means, of a component, else of what belongs to it."""
    if not p.terms:
        return []
    every = measured(p.site)
    if not component:
        return fits(p.terms, every)
    for names in ([component], relatives(component, p.site)):
        found = [f for f in fits(p.terms, [m for m in every if m.component in names]) if not f.left]
        if found:
            return found
    told = [
        replace(f, labels=",".join(filter(None, (f.labels, label))))
        for f in fits(p.terms, every)
        if not f.left and (label := _label_of(f, component))
    ]
    return told or fits(p.terms, [m for m in every if m.component == component])


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


def _measured(p: Pieces) -> Reading | None:
    found = _fitting(p, p.component)
    if not found:
        return _unmeasured(p)
    top = best(_between(p) or found)
    if top[0].left:
        if not any(t.concepts for t in p.terms) and not p.keys("functions"):
            return None
        return _unknown(
            f"{_phrase(p)} is not measured{f' of {p.component}' if p.component else ''}: nothing there is called {top[0].left[0]!r}."
            f" Nearest: {top[0].of.family} of {top[0].of.component}.",
            f"a measurement of {' '.join(top[0].left)}",
        )
    families = list({(f.of.component, f.of.family): f for f in top}.values())
    components = list(dict.fromkeys(f.of.component for f in families))
    if len(components) > 1 and len(p.about.components) < 2:
        return _of_several(p, families, components)
    if len(families) > MOST_QUERIES:
        return _unclear(f"Which one: {', '.join(f.of.family for f in families[:6])}?")
    return Reading(status="query", queries=tuple(_look(p, f) for f in families), live=True)


def _between(p: Pieces) -> list[Fit]:
    """A measurement of one component that has a label for another one: the connections of orders on postgres."""
    names = p.about.components
    made: list[Fit] = []
    for owner, other in ((b, a) for a in names for b in names if a != b):
        for fit in _fitting(p, owner):
            label = next(
                (
                    f"{k}={v}"
                    for k, v in fit.of.labels
                    if v == other and k not in ("component", "instance", "job")
                ),
                "",
            )
            if label and not fit.left:
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
    return _unknown(
        f"{_phrase(p)}{whose} is not measured.", f"a metrics source that holds {_phrase(p)}{whose}"
    )


def _of_several(p: Pieces, families: Sequence[Fit], components: Sequence[str]) -> Reading:
    """A measurement that several components have and the question names none of."""
    same = {f.of.family for f in families}
    who = (
        p.has("verbs", "list")
        or "who" in p.low.split()
        or any(w in p.low for w in ("wer ", "qui ", "quién", "chi "))
    )
    if len(same) == 1 and (who or _asks_what(p)) and "max" in p.keys("functions"):
        return _one(Who(does="holds", metric=families[0].of.family, **span_fields(p)))
    if len(components) <= MOST_QUERIES and len(same) == 1:
        return Reading(status="query", queries=tuple(_look(p, f) for f in families), live=True)
    return _unclear(f"Of which component: {', '.join(components[:8])}{' …' if len(components) > 8 else ''}?")


def _look(p: Pieces, fit: Fit) -> Query:
    """The query for a measurement: a statistic, its time, or its curve."""
    functions = p.keys("functions")
    when = p.has("verbs", "when")
    if p.has("verbs", "curve") and not functions:
        return Curve(component=fit.of.component, metric=fit.of.family, labels=fit.labels, **span_fields(p))
    function: Any = next((f for f in functions if f != "last"), "last")
    if function == "last" and when:
        function = "max"
    counts = fit.of.metric.endswith("_total") or fit.of.family != fit.of.metric
    if function == "last" and p.has("verbs", "count") and counts:
        function = "sum"
    if function == "last" and p.span.at is None and p.span.since is not None and "last" not in functions:
        function = "sum" if counts and not any("latency" in t.concepts for t in p.terms) else "mean"
    if function == "last" and p.span.at is not None:
        return Stat(component=fit.of.component, metric=fit.of.family, labels=fit.labels, until=p.span.at)
    return Stat(
        component=fit.of.component, metric=fit.of.family, labels=fit.labels, function=function,
        wanted="time" if when else "value", **span_fields(p),
    )  # fmt: skip


def _compared(p: Pieces) -> Reading | None:
    if not p.has("verbs", "compare"):
        return None
    from aitia.agent.asking.question.comparing import compared

    return compared(p, _fitting(p, p.component))


def _why(p: Pieces) -> Reading | None:
    if not p.has("verbs", "why") or not p.site.readers() or not p.component:
        return None
    failing = set(p.keys("states")) & {"failed", "not_ready", "pending", "restarted"}
    return _one(Get(component=p.component, part="why")) if failing else None


def _state(p: Pieces) -> Reading | None:
    """Whether a component is up: by the cluster's word."""
    asks = p.keys("states") and not (
        p.keys("resources") or p.keys("parts") or p.keys("functions") or p.span.told
    )
    if not p.component or not asks or p.has("verbs", "why") or p.has("verbs", "count"):
        return None
    if not p.site.readers():
        up = [
            m
            for m in measured(p.site)
            if m.component == p.component and (m.metric == "up" or m.metric.endswith("_up"))
        ]
        return (
            Reading(
                status="query",
                queries=tuple(Stat(component=m.component, metric=m.metric) for m in up[:2]),
                live=True,
            )
            if up
            else None
        )
    if p.site.readers():
        return _one(
            Get(
                component=p.component,
                part="restarts" if {"restarted", "never_restarted"} & set(p.keys("states")) else "state",
            )
        )
    return None


Rule = Callable[[Pieces], Reading | None]
__all__ = ["Reading", "decide", "others", "read", "span_fields"]
