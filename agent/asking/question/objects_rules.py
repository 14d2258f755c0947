"""Questions about a cluster's objects and the components of a site: how many, which, one part of one, who calls whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from aitia.agent.asking.question.account import unplaced, unread
from aitia.agent.asking.question.earlier import says_before
from aitia.agent.asking.question.lines_rules import lost
from aitia.agent.asking.question.measure import things_of
from aitia.agent.asking.question.measures_rules import better_measured, fitting
from aitia.agent.asking.question.outcome import (
    KUBERNETES,
    Reading,
    asks_for_components,
    one,
    span_fields,
    unknown,
)
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.signs import OUTER
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.lines import loggers
from aitia.tools.query.machine_state import tells_running
from aitia.tools.query.measured import measured
from aitia.tools.query.objects import selected
from aitia.tools.query.words import Changes, Count, Events, Get, Lines, List, Stat, Who


def of_reasons(p: Pieces) -> Reading | None:
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
                return one(Count(of="events", component=p.component, text=reason, **span_fields(p)))
            return one(
                Events(
                    component=p.component,
                    text=reason,
                    **({"limit": p.limit} if p.limit else {}),
                    **span_fields(p),
                )
            )
    return None


def of_versions(p: Pieces) -> Reading | None:
    """Which version of a component runs."""
    if (
        not p.has("parts", "version")
        or p.has("parts", "image")
        or p.has("verbs", "when")
        or p.has("verbs", "count")
    ):
        return None
    component = p.component or next((c.id for c in p.site.inventory.components if plain(c.id) in p.low), "")
    named = [t.word for t in p.terms if not t.concepts]
    if not component and named:
        infos = [m for m in measured(p.site) if "info" in m.metric or "version" in m.metric]
        held = [m.component for m in infos if any(m.metric.casefold().startswith(w) for w in named)]
        component = held[0] if held else ""
    if not component and (same := _replicas(p, named)):
        return Reading(
            status="query", queries=tuple(Get(component=c, part="version") for c in same), live=True
        )
    if component and says_before(p):
        return one(Changes(component=component, what="deploy", limit=2))
    if component and p.has("verbs", "changes") and p.keys("order") and not p.site.readers():
        return one(Changes(component=component, what="deploy", limit=1))
    if not component and p.has("verbs", "changes"):
        return None
    part: Any = "runtime" if _RUNTIME.search(p.low) and not _RUNTIME.search(plain(component)) else "version"
    return one(Get(component=component, part=part)) if component else None


_RUNTIME: Final = re.compile(
    r"(?<![\w.])(?:node\.?js|python|golang|java|jvm|openjdk|php|ruby|\.net|dotnet)(?!\w)"
)


def _replicas(p: Pieces, words: Sequence[str]) -> list[str]:
    """The components that are numbered under a name that the question has: web-1 and web-2 of web."""
    held = [c.id for c in p.site.inventory.components]
    return next(
        (f for w in words if (f := [i for i in held if re.fullmatch(rf"{re.escape(w)}[-_.]?\d+", plain(i))])),
        [],
    )[:_MOST]


_MOST: Final = 3


def at_node(p: Pieces) -> dict[str, str]:
    """Whose pods are asked for: of a component, on a node, or of a component on a node."""
    nodes = [c for c in p.about.components if (held := p.site.held(c)) is not None and held.type == "node"]
    others = [c for c in p.about.components if c not in nodes]
    if nodes and others:
        return {"component": others[0], "node": nodes[0]}
    return {"component": p.component}


def of_objects(p: Pieces) -> Reading | None:
    """Objects of a cluster, or the components of a site: how many, which, and one part of one."""
    kinds = p.keys("resources")
    parts, states = _parts(p), p.keys("states")
    own = [k for k in kinds if k in KUBERNETES]
    own = [k for k in own if k != "namespaces"] or own  # the pods of a namespace
    if _of_quantity(p):
        return None
    if "resourcequotas" in own and p.site.readers():
        return one(List(of="resourcequotas", part="state"))  # which tells what is used of what is allowed
    bounds = own == ["horizontalpodautoscalers"] and "replicas" in parts
    if bounds and p.component and p.site.readers():
        return _part_of(p, "replicas", own)
    if p.component and parts and (p.site.readers() or own or parts == ["state"]) and not better_measured(p):
        return _part_of(p, parts[0], own)
    if own and not (better_measured(p) and not states):
        return _of_cluster(p, own, parts, states)
    if (
        kinds
        and not p.component
        and (p.has("verbs", "count") or p.has("verbs", "list"))
        and not fitting(p, "")
    ):
        of: Any = kinds[0]
        state = states[0] if states else ""
        if state and of == "components" and p.site.readers():
            return one(
                Count(of="pods", state=state) if p.has("verbs", "count") else List(of="pods", state=state)
            )
        return one(Count(of=of) if p.has("verbs", "count") else List(of=of))
    if "measurements" in kinds and p.component:
        return one(
            Count(of="measurements", component=p.component)
            if p.has("verbs", "count")
            else List(of="measurements", component=p.component)
        )
    return None


def _of_quantity(p: Pieces) -> bool:
    """Whether a quantity of a named component is asked for, rather than its objects: the memory that is available to a node."""
    told = [t for t in p.terms if t.concepts and not t.soft and not t.concepts & _STATES]
    if not told or not p.component or p.keys("parts"):
        return False
    found = fitting(p, p.component)
    return bool(found) and not found[0].left and found[0].of.component == p.component


_STATES: Final = frozenset(
    {"ready", "available", "active", "up", "errors", "restarts", "replicas", "waiting", "completed"}
)


def _parts(p: Pieces) -> list[str]:
    found = p.keys("parts")
    return [x for x in found if x != "restarts" or "restarts" in found] or (
        ["restarts"] if p.has("states", "restarted") and p.has("verbs", "count") and p.component else []
    )


def _labelled(p: Pieces, of: str, words: Sequence[str]) -> str:
    """The one word that is left of a question where some objects have it as a label's value: "which nodes have an ssd?"."""
    if len(words) != 1 or p.labels or len(words[0]) < _SHORT_VALUE:
        return ""
    held = selected(p.site, of, "", "", "", words[0])
    return words[0] if isinstance(held, list) and held else ""


_SHORT_VALUE: Final = 3


def _part_of(p: Pieces, part: str, own: Sequence[str]) -> Reading:
    if part == "state" and not p.site.readers() and tells_running(p.site, p.component):
        return one(Get(component=p.component, part=part))
    if not p.site.readers():
        return unknown(
            f"No cluster source tells the {part} of {p.component}.", "a cluster source (kubectl or recorded)"
        )
    found = p.site.held(p.component)
    of: Any = (
        "nodes"
        if found is not None and found.type == "node" and part not in ("node",)
        else next(iter(own), "components")
    )
    if part == "ip" and OUTER.search(p.low):
        of = "services"
    of = (
        "components"
        if of in ("nodes", "namespaces", "containers") and not (found is not None and found.type == "node")
        else of
    )
    return one(Get(component=p.component, part=part, of=of))


def _of_cluster(p: Pieces, own: Sequence[str], parts: Sequence[str], states: Sequence[str]) -> Reading | None:
    if not p.site.sources.of("cluster"):
        if fitting(p, p.component):
            return None
        return unknown(
            f"No source holds {own[0]} of a cluster.", "a cluster source (kubectl or recorded) in aitia.yaml"
        )
    of: Any = own[0]
    if "persistentvolumeclaims" in own and "storageclasses" in own and p.component:
        return one(
            List(of="persistentvolumeclaims", component=p.component, part="claims")
        )  # which tells both
    if "resourcequotas" in own:
        return one(List(of="resourcequotas", part="state"))
    if p.has("verbs", "why") and not p.component:
        return one(List(of=of, state="failed", part="why"))
    if p.component and p.has("verbs", "why"):
        return _why(p, of)
    if (unheard := lost(p)) is not None and not p.labels:
        return unheard
    rest = unplaced(p)
    if of == "poddisruptionbudgets":  # what they allow is their state
        rest = [t for t in rest if not _DISRUPTS.match(t.word)]
        parts = parts or ["state"]
    if (valued := _labelled(p, of, [t.word for t in rest])) and not p.component:
        return one(Count(of=of, labels=valued) if p.has("verbs", "count") else List(of=of, labels=valued))
    if rest and not p.labels and all(f.left for f in fitting(p, p.component)):
        return unread(p, rest, f"{str(of).capitalize()} tell nothing of")
    state: Any = _meant_state(states, p)
    if of == "nodes" and state == "pending":
        state = "cordoned"  # of a node that is unschedulable
    if (
        of in ("jobs", "cronjobs")
        and state == "running"
        and re.search(r"(?<!\w)(?:run|laufen|gelaufen|tourné|corrido)(?!\w)", p.low)
    ):
        state = ""  # "how many jobs has it run"
    if "restarts" in parts and not p.component:
        return one(List(of=of, part="restarts", labels=p.labels))
    if p.has("verbs", "count"):
        where = at_node(p) if of == "pods" else {"component": p.component}
        return one(Count(of=of, state=state, labels=p.labels, **where))
    if state == "ready" and re.search(r"(?<!\w)(?:not|nicht|pas|no|non|aren't|isn't|kein\w*)(?!\w)", p.low):
        state = "not_ready"
    plainly = (bool(p.component) or _alone(p)) and not any(t.concepts and not t.soft for t in p.terms)
    if not (p.has("verbs", "list") or p.has("verbs", "exists") or states or parts or p.labels or plainly):
        return None
    part = next(
        (
            x
            for x in parts
            if not (x == "labels" and p.labels)
            and not (x == "node" and of == "nodes")
            and not (x == "state" and state)
        ),
        "",
    )
    if of == "persistentvolumeclaims" and p.has("lasting", "big"):
        part = "claims"
    where = at_node(p) if of == "pods" else {"component": p.component}
    return one(List(of=of, state=state, labels=p.labels, part=part, **where))


_DISRUPTS: Final = re.compile(
    r"disrupt|zero|null|cero|zéro|allow|permit|erlaub|zulass|autoris|permet|block|unterbrech|interrup|interruz|evict|voluntary|drain"
)


def _alone(p: Pieces) -> bool:
    """Whether a kind of objects is all that is said: "namespaces?"."""
    return len(p.low.split()) <= 3 and not p.span.told


def _meant_state(states: Sequence[str], p: Pieces) -> str:
    """Of "pods that are running" with "how many": the state itself; "how many pods run" counts those that are there."""
    for state in (
        "memory_pressure",
        "disk_pressure",
        "cordoned",
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


def of_reasons_told(p: Pieces) -> Reading | None:
    """Why an object of a cluster is not well, in its own words."""
    if not p.has("verbs", "why") or not p.site.readers() or not p.component:
        return None
    failing = set(p.keys("states")) & {"failed", "not_ready", "pending", "restarted"}
    return _why(p, next((k for k in p.keys("resources") if k in KUBERNETES), "")) if failing else None


def _why(p: Pieces, of: str) -> Reading:
    """Why it is not well: the object that is named itself, what its pods say, and the last errors of its log."""
    queries: list[Any] = [Get(component=p.component, part="why")]
    names = [n for _, r in p.site.readers() for n in (r.names(of) or ()) if plain(n) in p.low] if of else []
    if named := max(names, key=len, default=""):
        kind: Any = of
        queries.insert(0, Get(component=named, part="why", of=kind))
    if p.component in loggers(p.site):
        queries.append(Lines(component=p.component, level="error", limit=3))
    return Reading(status="query", queries=tuple(queries), live=True)


def _of_machine(p: Pieces) -> Reading | None:
    """Whether a machine runs, where something measured tells."""
    asked = {"running", "not_ready", "ready"} & set(p.keys("states"))
    return (
        one(Get(component=p.component, part="state"))
        if asked and tells_running(p.site, p.component)
        else None
    )


def _up_of_all(p: Pieces) -> Reading | None:
    """Which of several is down: by the `up` of each, the least first."""
    if not {"ready", "running", "not_ready"} & set(p.keys("states")) or not any(
        m.metric == "up" for m in measured(p.site)
    ):
        return None
    return one(Who(does="holds", metric="up", function="last", least=True))


def of_state(p: Pieces) -> Reading | None:
    """Whether a component is up: by the cluster's word."""
    only_state = p.keys("parts") == ["state"] and not any(t.concepts and not t.soft for t in p.terms)
    asks = (p.keys("states") or only_state) and not (
        (p.keys("resources") and p.component)
        or (p.keys("parts") and not only_state)
        or p.keys("functions")
        or p.span.told
    )
    if not p.component and not p.site.readers() and p.keys("states") and asks_for_components(p):
        return _up_of_all(p)
    if not p.component or not asks or p.has("verbs", "why") or p.has("verbs", "count"):
        return None
    if not p.site.readers() and not (only_state or {"ready", "running", "not_ready"} & set(p.keys("states"))):
        return None
    if not p.site.readers():
        up = [
            m
            for m in measured(p.site)
            if m.component == p.component and (m.metric == "up" or m.metric.endswith("_up"))
        ]
        if not up and (told := _of_machine(p)):
            return told
        up = up or [
            m
            for c in ("speed", "current")
            for m in measured(p.site)
            if m.component == p.component and c in things_of(m.metric)
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
        return one(
            Get(
                component=p.component,
                part="restarts" if {"restarted", "never_restarted"} & set(p.keys("states")) else "state",
            )
        )
    return None
