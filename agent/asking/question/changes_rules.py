"""Questions about what was changed, deployed and maintained, and about events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from aitia.agent.asking.question.about import EQUIPMENT
from aitia.agent.asking.question.account import unplaced, unread
from aitia.agent.asking.question.lines_rules import in_lines
from aitia.agent.asking.question.measure import Term, things_of
from aitia.agent.asking.question.measures_rules import fitting
from aitia.agent.asking.question.outcome import Reading, asks_for_components, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.settings_rules import names_of
from aitia.agent.asking.question.stems import stem_of
from aitia.agent.asking.question.tables import keys, table
from aitia.agent.asking.question.told import acted, telling, tellings
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.happened import changes
from aitia.tools.query.lines import count_lines, loggers
from aitia.tools.query.words import MOST, USUAL, Changes, Count, Events, Lines, Query


def of_happenings(p: Pieces) -> Reading | None:
    """Events, changes, deploys and work orders."""
    if p.has("verbs", "events") and (p.site.sources.of("cluster") or not p.site.sources.of("logs")):
        limit = {"limit": p.limit} if p.limit else {}
        if p.has("verbs", "count"):
            return one(Count(of="events", component=p.component, text=p.quoted, **span_fields(p)))
        text = p.quoted or {"warning": "Warning"}.get(p.level, "")
        return one(Events(component=p.component, text=text, **limit, **span_fields(p)))
    work, changed = p.has("verbs", "work"), p.has("verbs", "changes")
    if (
        "deployments" in p.keys("resources")
        and p.site.readers()
        and not p.has("verbs", "when")
        and not p.span.told
    ):
        return None
    if changed and (written := _written(p)):
        limit = {"limit": p.limit} if p.limit else {}
        return one(Changes(component=p.component, text=written, **limit, **span_fields(p)))
    acts = acted(p) if p.keys("acts") and p.site.sources.of("maintenance") else ""
    rest = [t for t in p.terms if not any(h.begin <= t.begin < h.end for h in p.hits("verbs"))]
    if not (work or changed or acts) or (
        rest and not (work or acts) and fitting(p, p.component) and not p.has("verbs", "exists")
    ):
        return None
    if rest and not (work or acts) and (told := _in_log(p, rest)) is not None:
        return told
    what = "maintenance" if work else "" if acts else _what(p)
    around = timedelta(minutes=5)
    if p.has("verbs", "count") and not _AMOUNT.search(p.low):
        return one(
            Count(
                of="changes",
                component=p.component,
                what=what,
                text=p.quoted or ("" if acts else telling(p)),
                words=acts,
                **span_fields(p, around=around),
            )
        )
    acts = _of_what(p, acts)
    text = p.quoted or ("" if acts else telling(p))
    if text and not p.quoted and p.component and _calls(p, text) and _none_with(p, what, text):
        text = ""  # which only says which component it is: "the impeller-side bearing V-301-BS"
    if not (text or acts) and (lost := [t for t in unplaced(p) if t in rest]):
        return unread(p, lost, "No change speaks of")
    when = p.has("verbs", "when")
    most = p.limit or (1 if when or _last_one(p) else None)
    order: Any = "oldest" if p.has("order", "oldest") else "newest"
    wanted: Any = (
        "time"
        if when
        else "component"
        if not p.component and p.has("verbs", "list") and asks_for_components(p)
        else "all"
    )
    more = {"limit": most} if most else {}
    return one(
        Changes(
            component=p.component,
            what=what,
            text=text,
            words=acts,
            order=order,
            wanted=wanted,
            **more,
            **span_fields(p, around=around),
        )
    )


def _written(p: Pieces) -> str:
    """The name of a setting that a question writes out, where a change speaks of it."""
    return next((n for n in names_of(p) if changes(Changes(component=p.component, text=n), p.site).rows), "")


def of_courses(p: Pieces) -> Reading | None:
    """What happened to a component: its changes, and what a plant's journal says of it, or its own log of errors."""
    if not _HAPPENED.search(p.words) or not p.component or not p.site.sources.of("logs"):
        return None
    if any(not _HAPPENED.search(t.word) for t in p.terms):
        return None
    if p.quoted or p.code or p.level or p.has("verbs", "count") or p.has("verbs", "work"):
        return None
    span = span_fields(p)
    own = p.component in loggers(p.site)
    given: dict[str, Any] = {"component": p.component, "level": "error"} if own else {"text": p.component}
    if not own and p.site.readers():
        return None
    if not count_lines(Count(of="lines", **given, **span), p.site).value:
        return None
    looks: list[Query] = [Lines(**given, **span, limit=p.limit or USUAL)]
    changed = Changes(component=p.component, **span)
    if changes(changed, p.site).rows:
        looks.insert(0, changed)
    return Reading(status="query", queries=tuple(looks), live=True)


_HAPPENED: Final = re.compile(
    r"(?<!\w)(?:happened|happening|going on|went on|passiert|geschehen|geschah|war los|passé|pasó|pasado|ocurrió|sucedió"
    r"|successo|accaduto)(?!\w)"
)


_AMOUNT: Final = re.compile(  # of a change or of what was used for it, which its row tells
    r"how much|cuánt[oa](?!\w)|quant[oa](?!\w)|wie ?viel(?!\w)|combien de (?:graisse|huile)|from what to what|by how much"
    r"|(?:de|da) (?:combien|cuánto|quanto) à? ?a? ?(?:combien|cuánto|quanto)|von (?:wie viel|was|wieviel) auf"
)


def _of_what(p: Pieces, acts: str) -> str:
    """Work with the things that it was done to, as far as one row of a journal names all: the basket of the strainer."""
    if not acts:
        return acts
    for thing in tellings(p):
        if any(thing.startswith(a) or a.startswith(thing) for a in re.split(r"[| ]", acts)):
            continue
        if changes(Changes(component=p.component, words=f"{acts} {thing}"), p.site).rows:
            acts = f"{acts} {thing}"
    return acts


def _in_log(p: Pieces, rest: Sequence[Term]) -> Reading | None:
    """Changes of a thing that no journal of changes speaks of and a log does: of a set point."""
    things = [t for t in rest if t.concepts and not t.soft]
    if not things or telling(p) or not p.site.sources.of("logs"):
        return None
    words = in_lines(p, things, "")
    if not words:
        return None
    if p.has("verbs", "count"):
        return one(Count(of="lines", words=words, **span_fields(p)))
    return one(
        Lines(words=words, limit=p.limit or (1 if p.has("verbs", "when") else USUAL), **span_fields(p))
    )


def _calls(p: Pieces, text: str) -> bool:
    """Whether a text stands in a name of the component, or says as a thing what it is."""
    held = p.site.held(p.component)
    names = [p.component, *(held.aliases if held else ())]
    things = things_of(text)
    return any(text in plain(n) for n in names) or bool(things and things <= EQUIPMENT)


def _none_with(p: Pieces, what: Any, text: str) -> bool:
    """Whether a component's changes have none with a text, and some without."""
    given: dict[str, Any] = {"component": p.component, "what": what}
    held = changes(Changes(**given, text=text), p.site).rows
    return not held and bool(changes(Changes(**given), p.site).rows)


def _last_one(p: Pieces) -> bool:
    """Whether one change is asked for: "which change came last?"; with a span all of it is."""
    return (
        bool(p.keys("order"))
        and not p.span.told
        and (p.has("verbs", "list") or p.has("verbs", "exists") or len(p.low.split()) <= _FEW)
    )


_FEW: int = 5  # words of a question that has no verb: "keepalive of gateway?"


_VALUE: Final = re.compile(  # what is measured: a row of work that names the thing holds none
    r"(?:what|which|current|welche[rsn]?|que|quel|quelle|qué|cuál|che|quale|qual)\W+(?:\w+\W+){0,2}?(?:level|value|reading|charge"
    r"|wert|stand|pegel|niveau|valeur|nivel|valor|lectura|livello|valore|lettura)(?!\w)"
    r"|(?:quanto|quanta) (?:è|era)(?!\w)|cuánt[oa] (?:es|era)(?!\w)|combien (?:est|vaut)(?!\w)|how much is(?!\w)"
    r"|how (?:high|low|hot|cold|warm|full|fast|loud)(?!\w)|wie (?:hoch|voll|heiß|heiss|warm|kalt|schnell|laut)(?!\w)"
)


def of_work(p: Pieces) -> Reading | None:
    """Work that a question calls by its name: "when was the coupling aligned?"."""
    asks = (
        p.has("verbs", "when")
        or p.has("verbs", "exists")
        or p.has("verbs", "list")
        or p.has("verbs", "count")
        or bool(p.about.strange)
        or (bool(p.component) and len(p.low.split()) <= _FEW)
    )
    quoted = bool(p.quoted and changes(Changes(component=p.component, text=p.quoted), p.site).rows)
    text = p.quoted if quoted else telling(p) if asks and not _VALUE.search(p.low) else ""
    if not asks or not text:
        return None
    rows = changes(Changes(component=p.component, text=text, limit=MOST), p.site).rows
    told = " ".join(plain(r.text) for r in rows)
    numbered = quoted or any(map(str.isdigit, text))  # a version or an order's number says enough
    if not rows or not (numbered or all(_is_told(t, told) for t in unplaced(p, text))):
        return None
    when = p.has("verbs", "when")
    if p.has("verbs", "count"):
        return one(Count(of="changes", component=p.component, text=text, **span_fields(p)))
    return one(
        Changes(
            component=p.component,
            text=text,
            wanted="time" if when else "all",
            limit=1 if when else USUAL,
            **span_fields(p),
        )
    )


def _is_told(term: Term, rows: str) -> bool:
    """Whether rows of work speak of a word, or it tells what was done, maybe in another language."""
    acts = [w for name in ("acts", "things") for k in keys(name, term.word) for w in table(name)[k]]
    return stem_of(term.word) in rows or any(plain(w).strip("*") in rows for w in acts) or bool(acts)


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
