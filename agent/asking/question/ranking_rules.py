"""Questions which of several has most or least of a measurement, and what each has: "top 3 pods by memory", "per node"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Any, Final

from aitia.agent.asking.question.bounds import each_of
from aitia.agent.asking.question.measure import Fit, Term, best, fits
from aitia.agent.asking.question.measures_rules import MOST_LOOKS, counted, fitting, looks
from aitia.agent.asking.question.outcome import KUBERNETES, Reading, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.tables import table
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.execute import execute
from aitia.tools.query.measured import measured
from aitia.tools.query.site import Site
from aitia.tools.query.words import Count, List, Query, Stat, Who

_OF_LINES: Final = frozenset({"component", "level", "code", "path", "minute"})


def of_ranks(p: Pieces) -> Reading | None:
    """Which has most, the first so many, or each of them."""
    ranked, each = _rank(p), each_of(p.words)
    objects = set(p.keys("resources")) & KUBERNETES
    if _split_by(p) and not objects and (by_label := _of_label(p, ranked)) is not None:
        return by_label
    if not ranked and each is None and not _asked_by(p, "code"):
        return None
    if ranked and (by_label := _of_label(p, ranked)) is not None:
        return by_label
    if (
        p.level
        or p.code
        or (p.has("verbs", "lines") and not p.terms)
        or any(_asked_by(p, k) for k in ("path", "code"))
    ):
        return _of_lines(p, ranked)
    if ranked and p.has("states", "restarted") and p.site.readers():
        return one(List(of="pods", state="restarted", part="restarts", **_limit(p)))
    if each is not None and each.by in ("node", "state", "namespace") and objects and p.has("verbs", "count"):
        of: Any = next(k for k in p.keys("resources") if k in KUBERNETES and k != "nodes")
        return one(Count(of=of, by=each.by, component=p.component))
    if p.component and not (each is None and len(p.about.components) > 1):
        return None
    if ranked and each is None and _asks_which(p) and (among := _among(p)) is not None:
        return among
    kind, holders = _kind(p) if ranked and not p.component else ("", frozenset())
    if kind:
        terms = [t for t in p.terms if t.word != kind]
        found = fits(terms, [m for m in measured(p.site) if m.component in holders]) if terms else []
        found = [f for f in best(found) if not f.left]
    else:
        found = [f for f in best(fitting(p, "")) if not f.left]
    owners = Counter(f.of.family for f in {(f.of.component, f.of.family): f for f in found}.values())
    if not owners or (each is None and not kind and not _asks_which(p)):
        return None
    family, number = owners.most_common(1)[0]
    if number < 2 or "settings" in family:
        return None
    return one(_holders(p, next(f for f in found if f.of.family == family), ranked))


def _among(p: Pieces) -> Reading | None:
    """What each of up to six components that are named has of what is ranked."""
    names = p.about.components
    held = [next((f for f in best(fitting(p, c)) if not f.left and f.of.component == c), None) for c in names]
    if not 1 < len(names) <= MOST_LOOKS or not all(held):
        return None
    queries = tuple(q for f in held if f is not None for q in looks(p, f)[:1])
    return Reading(status="query", queries=queries, live=True)


def _kind(p: Pieces) -> tuple[str, frozenset[str]]:
    """The noun by which several components are called, and these: the module of `module01`, the line of `L01-02`."""
    ids = {c: plain(c) for c in {m.component for m in measured(p.site)}}
    for term in p.terms:
        word = term.word.removesuffix("s")
        named = frozenset(
            c for c, low in ids.items() if re.fullmatch(rf"{re.escape(word)}s?[-_. ]?\d.*", low)
        )
        if len(named) > 1:
            return term.word, named
        asked = _WHICH.search(p.words[: term.begin]) and not term.concepts and len(word) > 2
        short = frozenset(c for c, low in ids.items() if re.fullmatch(rf"{re.escape(word[0])}-?\d.*", low))
        if asked and len(short) > 1:
            return term.word, short
    return "", frozenset()


_WHICH: Final = re.compile(r"(?:^|\W)(?:which|what|welche\w*|quel(?:le)?s?|qué|cuál|quale|quali|che)\W+$")


def _of_lines(p: Pieces, ranked: str) -> Reading | None:
    """How many lines each component, path, status, level or minute has."""
    each = each_of(p.words)
    by = each.by if each is not None and each.by in _OF_LINES else ""
    if not by and (ranked or _asked_by(p, "code")) and (_asks_which(p) or p.component):
        by = next((k for k in _ASKED if _asked_by(p, k)), "component")
    if not by or not (p.site.sources.of("logs") or p.site.sources.of("cluster")):
        return None
    level = "" if p.code else p.level
    return one(
        Count(
            of="lines",
            level=level,
            code=p.code,
            text=p.quoted,
            component=p.component,
            by=by,
            **span_fields(p),
        )
    )


_ASKED: Final = {
    "path": ("path", "route", "url", "endpoint", "uri", "pfad", "chemin", "ruta", "percorso"),
    "minute": ("minute", "minuto"),
    "code": (
        "which code",
        "which status",
        "status code",
        "response codes",
        "http codes",
        "welcher code",
        "quel code",
        "qué código",
        "quale codice",
    ),
}


def _asked_by(p: Pieces, key: str) -> bool:
    """Whether a text asks for what lines are counted by; the name of a measurement that holds such a word does not."""
    words = (m for w in _ASKED[key] for m in re.finditer(rf"(?<!\w){w}s?(?!\w)", p.words))
    return any(not any(a <= m.start() < b for a, b in p.named) for m in words)


def _of_label(p: Pieces, ranked: str) -> Reading | None:
    """Which value of a label has most: the route, user, disk or command that is asked for."""
    keys = [k for h in p.hits("label_keys") for k in table("label_keys")[h.key] if "_" in k or k.isascii()]
    inside = [(h.begin, h.end) for h in p.hits("label_keys")]
    if split := _split_by(p):
        told = [words for words in table("label_keys").values() if split[0] in {w.split()[-1] for w in words}]
        keys, inside = [split[0], *(k for words in told for k in words)], [split[1]]
    elif not keys or not _asks_which(p):
        return None
    terms = [t for t in p.terms if not any(a <= t.begin < b for a, b in inside)]
    if not terms and _BIG.search(p.low):
        terms = [Term(word="size", concepts=frozenset({"size"}))]
    held = [m for m in measured(p.site) if p.component in ("", m.component)]
    found = [f for f in fits(terms, held) if not f.left] if terms else []
    for fit in (f for f in found if f.score >= found[0].score - _NEAR):
        values = Counter(
            k for m in held if m.family == fit.of.family for k, _ in set(m.labels) if _is_key(k, keys)
        )
        if label := next((k for k, n in values.most_common(1) if n > 1), ""):
            holders = _holders(p, fit, ranked)
            return one(holders.model_copy(update={"by": label, "component": fit.of.component}))
    return None


def _split_by(p: Pieces) -> tuple[str, tuple[int, int]] | None:
    """The label that a number is to be split by, with its place: "connections of postgres by application"."""
    found = _BY.search(p.words)
    return (found[1].removesuffix("s"), found.span(1)) if found else None


def _is_key(key: str, wanted: Collection[str]) -> bool:
    """Whether a label is called so, or by one of its parts: `application_name` is an application."""
    return key in wanted or bool(set(key.split("_")) & set(wanted))


_BY: Final = re.compile(
    r"(?<!\w)(?:by|per|for each|nach|pro|je|par|por)\s+(?:the |each |der |dem |cada )?([^\W\d_]{3,})\W*$"
)
_NEAR: Final = 0.7  # points by which another measurement may fit better that has no such label; by hand
_BIG: Final = re.compile(
    r"gr[öo](?:ß|ss)|larg|bigg|plus gros|plus grand|más grande|più grand|smallest|kleinst"
)


def _rank(p: Pieces) -> str:
    """`most`, `least` or "": a superlative, where the best or worst of several is asked for."""
    functions = p.keys("functions")
    if p.has("rank", "least") or "min" in functions:
        return "least"
    return "most" if p.has("rank", "most") or "max" in functions else ""


def _asks_which(p: Pieces) -> bool:
    """Whether a component is asked for, rather than a number."""
    first = p.low.split()[0] if p.low.split() else ""
    return p.has("verbs", "list") or first in _WHO or (p.limit or 0) > 1 or bool(p.keys("resources"))


_WHO: Final = frozenset({"who", "wer", "qui", "quién", "quien", "chi", "top", "what", "was", "whose"})


def _limit(p: Pieces) -> dict[str, int]:
    return {"limit": p.limit} if p.limit and p.limit > 1 else {}


def _holders(p: Pieces, fit: Fit, ranked: str) -> Who:
    told = next(
        (
            f
            for f in p.keys("functions")
            if f in ("mean", "p50", "p75", "p90", "p95", "p98", "p99", "sum", "rate")
        ),
        "",
    )
    counts = counted(fit.of)
    usual = (
        "mean"
        if fit.of.family != fit.of.metric and any("latency" in t.concepts for t in p.terms)
        else "sum"
        if counts
        else "mean"
        if fit.of.family != fit.of.metric
        else "last"
    )
    if not told and p.span.told and not counts:
        told = "min" if ranked == "least" else "max"
    function: Any = told or usual
    return Who(
        does="holds", metric=fit.of.family, labels=fit.labels, function=function, least=ranked == "least",
        **_limit(p), **span_fields(p),
    )  # fmt: skip


def ranked_anew(p: Pieces, before: Query) -> Reading | None:
    """The other end of a rank that was asked for: "and the coolest one?"; None where a figure of the first is asked for."""
    ranked = _rank(p)
    if (
        isinstance(before, Count)
        and before.of == "lines"
        and p.keys("rank")
        and not (p.component or p.span.told)
    ):
        by = before.by or ("" if before.component else "component")
        return one(before.model_copy(update={"by": by})) if by else None  # how many of each
    if (
        not isinstance(before, Who)
        or before.does != "holds"
        or not ranked
        or p.component
        or p.has("verbs", "when")
    ):
        return None
    if not (_END_OF_RANK.search(p.words) or p.keys("rank")) or FIGURE.search(p.words):
        return None
    spanned = span_fields(p) if p.span.told else {}
    return one(before.model_copy(update={"least": ranked == "least", **_limit(p), **spanned}))


_END_OF_RANK: Final = re.compile(
    r"(?<!\w)(?:ones?|which|who|welche\w*|wer|lequel|laquelle|cuál|quale|chi)(?!\w)|(?<!\w)(?:the|der|die|das|le|la|el|il"
    r"|lo)\s+(?:[^\W\d_]+"
    r"(?:est|ste[rnms]?)|(?:plus|moins|más|menos|più|meno)\s+[^\W\d_]+)\W*$"
)
FIGURE: Final = re.compile(r"(?<!\w)(?:how|wie|was it|war (?:er|sie|es)|combien|cuánt\w*|quant\w*)(?!\w)")


def first_of(before: Who, site: Site) -> Stat | None:
    """The measurement of whichever has most or least of it: "which is hottest?", "and how hot was it yesterday?"."""
    if before.does != "holds" or not (before.component or not before.by):
        return None
    found = execute(before, site)
    if found.status != "found" or not found.names:
        return None
    first = found.names[0]
    if before.by and (not first or set(first) & set(",=")):
        return None  # no filter can say it
    component = before.component if before.by else first
    labels = ",".join(filter(None, (before.labels, f"{before.by}={first}" if before.by else "")))
    function: Any = before.function if before.function != "last" else "min" if before.least else "max"
    spanned = {"since": before.since, "until": before.until}
    return Stat(component=component, metric=before.metric, labels=labels, function=function, **spanned)
