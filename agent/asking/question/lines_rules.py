"""Questions about log lines: which, how many, who wrote them, when they came first; by level, phrase, status and word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from aitia.agent.asking.question.about import near, relatives
from aitia.agent.asking.question.account import unplaced, unread
from aitia.agent.asking.question.across import stems_across
from aitia.agent.asking.question.measure import Term
from aitia.agent.asking.question.measures_rules import well_measured
from aitia.agent.asking.question.outcome import (
    KUBERNETES,
    Reading,
    asks_for_components,
    one,
    span_fields,
    unknown,
)
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.stems import stem_of
from aitia.agent.asking.question.tables import keys, table
from aitia.agent.asking.question.told import stands, wording
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.lines import count_lines, loggers, texts_of
from aitia.tools.query.measured import measured
from aitia.tools.query.words import USUAL, Count, Events, Lines, Stat, Who


def of_lines(p: Pieces) -> Reading | None:
    """Log lines, their number, who wrote them, when they came first or last."""
    if p.has("parts", "schedule") and p.site.readers():
        return None  # how often it is launched
    asked = p.has("verbs", "lines") or bool(p.quoted) or bool(p.code)
    failing = bool(p.level) and not p.keys("functions") and not _is_rate(p)
    if not p.has("verbs", "lines") and not p.quoted and well_measured(p):
        return None
    if (
        set(p.keys("functions")) & _NUMBERS
        and not (p.level or p.code or p.quoted)
        and any(t.concepts for t in p.terms)
    ):
        return None
    if not (asked or failing) or not (p.site.sources.of("logs") or p.site.sources.of("cluster")):
        return None
    if not asked and p.level and set(p.keys("resources")) & KUBERNETES and not p.has("verbs", "count"):
        return None
    if (unheard := lost(p)) is not None:
        return unheard
    span, level = span_fields(p), "" if p.code else p.level
    said: dict[str, Any] = {
        "only": level == "warning" and p.keys("levels") == ["warning"],
        "text": p.quoted,
        "code": p.code,
        "words": _further(p),
    }
    if not p.quoted and (rest := unplaced(p, said["words"])):
        words = in_lines(p, rest, level)
        if not words:
            return unread(p, rest, f"No log line{f' of {p.component}' if p.component else ''} speaks of")
        said["words"] = f"{said['words']} {words}".strip()
    if level == "fatal" and not said["words"] and _only_a_word(p):
        level, said["words"] = "", "fatal"
    if not (level or p.code or p.quoted or said["words"]) and _ALARM.search(p.words):
        level = "warning"  # an alarm is no line of any kind, and may be an error's
    if level in ("warning", "error") and p.component in {r.namespace for _, r in p.site.readers()}:
        return one(Events(component=p.component, text="Warning", **span))  # what a namespace itself tells
    if p.component and p.component not in loggers(p.site):
        held = [r for r in relatives(p.component, p.site) if r in loggers(p.site)]
        if not held:
            return _log_by_text(p, span, level)
        return one(
            Lines(component=held[0], level=level, **said, **({"limit": p.limit} if p.limit else {}), **span)
        )
    if p.code and not p.has("verbs", "lines") and (counted := _code_measured(p, said, span)) is not None:
        return counted
    if p.has("verbs", "count") and len(both := _side_by_side(p)) > 1:
        counts = tuple(Count(of="lines", component=c, level=level, **said, **span) for c in both)
        return Reading(status="query", queries=counts, live=True)
    if p.has("verbs", "count") or (
        p.code and not (p.has("verbs", "when") or p.has("verbs", "list") or p.keys("order"))
    ):
        return one(Count(of="lines", component=p.component, level=level, **said, **span))
    if p.quoted and p.keys("rank") and not p.component:
        return one(Count(of="lines", by="component", level=level, **said, **span))
    if p.quoted and "max" in p.keys("functions") and not p.has("verbs", "count"):
        return one(
            Lines(component=p.component, level=level, order="largest", limit=p.limit or 1, **said, **span)
        )
    if _asks_who(p):
        return one(Who(does="logs", level=level, text=p.quoted, **span))
    when = p.has("verbs", "when")
    limit = p.limit or (1 if when or _last_one(p) else None)
    first = p.has("order", "oldest") or (when and not p.has("order", "newest"))
    more = {"limit": limit} if limit else {}
    return one(
        Lines(
            component=p.component, level=level, order="oldest" if first else "newest", **said, **more, **span
        )
    )


def _only_a_word(p: Pieces) -> bool:
    """Whether lines hold FATAL, written so, and none is of that level: a keeper's state of a program."""
    component = p.component if p.component in loggers(p.site) else ""
    of_level = Count(of="lines", component=component, level="fatal")
    return "FATAL" in p.text and not count_lines(of_level, p.site).value and stands(p, "fatal", component)


def _side_by_side(p: Pieces) -> tuple[str, ...]:
    """Up to four components with logs that a question lists: "of web and of api", a word of listing between two of them."""
    spans = sorted(p.about.taken)
    between = [p.words[a[1] : b[0]] for a, b in pairwise(spans)]
    named = p.about.components
    listed = 1 < len(named) == len(spans) <= _SIDES and all(_AND.search(t) for t in between)
    return named if listed and set(named) <= loggers(p.site) else ()


_SIDES: Final = 4
_AND: Final = re.compile(r"(?<!\w)(?:and|und|et|y|e|or|oder|ou|o|sowie)(?!\w)|,|&")


_ALARM: Final = re.compile(
    r"(?<!\w)(?:alarms?|alarme[ns]?|alarmas?|allarm[ei]|alerts?|alertes?|alertas?)(?!\w)"
)


_NUMBERS: Final = frozenset({"max", "min", "mean", "p50", "p75", "p90", "p95", "p98", "p99"})


def in_lines(p: Pieces, rest: Sequence[Term], level: str) -> str:
    """Words as lines have them, for those of a question that nothing else explains; "" where a line has them not."""
    component = p.component if p.component in loggers(p.site) else ""
    stems: list[str] = []
    known = False
    for term in rest:
        keys_of = keys("logged", term.word)
        same = list(stems_across(term.word))
        same += [w for c in term.concepts for w in table("concepts").get(c, ()) if w.isalpha() and len(w) > 4]
        stems.append(
            "|".join(dict.fromkeys([*keys_of, *([] if keys_of else [stem_of(term.word)]), *map(plain, same)]))
        )
        known = known or bool(keys_of)
    words = " ".join(dict.fromkeys(s for s in stems if s))
    counts = known and len(rest) == 1 and p.has("verbs", "count")  # a count may be 0
    return words if words and (stands(p, words, component) or counts) else ""


def _code_measured(p: Pieces, said: dict[str, Any], span: dict[str, Any]) -> Reading | None:
    """Answers with a status where no log tells of any, by a counter that has the status as a label."""
    if count_lines(Count(of="lines", component=p.component, **said, **span), p.site).value:
        return None
    for m in measured(p.site):
        label = next(
            (
                f"{k}={p.code}"
                for k, v in m.labels
                if (v == p.code or (p.code[1:] == "xx" and v[:1] == p.code[0] and len(v) == 3))
                and k in ("code", "status", "status_code", "http_code")
            ),
            "",
        )
        if label and m.component == p.component and m.metric.endswith("_total"):
            return one(Stat(component=m.component, metric=m.metric, labels=label, function="sum", **span))
    return None


def _further(p: Pieces) -> str:
    """Words that a line must hold beside what is quoted: in capitals, or with underscores as programs spell names."""
    joined = " ".join(
        m[0]
        for m in re.finditer(r"(?<![\w./-])[a-z]+(?:_[a-z0-9]+)+(?![\w/-])", p.low)
        if m[0] not in p.quoted.casefold()
    )
    return joined if p.quoted or p.code else (p.shouted or joined)


def of_words(p: Pieces) -> Reading | None:
    """What nothing else explains, as words that a log itself uses: "how many checkpoints completed"."""
    asks = {"count", "list", "when", "exists", "why", "lines"} & set(p.keys("verbs"))
    if not asks or not p.site.sources.of("logs"):
        return None
    component, words = (p.component, p.shouted) if p.shouted else wording(p)
    if not words:
        return None
    component = component if component in loggers(p.site) else ""
    if p.has("verbs", "count") and not _numbered(p, component, words):
        return one(Count(of="lines", component=component, words=words, **span_fields(p)))
    when = p.has("verbs", "when")
    return one(
        Lines(
            component=component,
            words=words,
            order="oldest" if when and not p.has("order", "newest") else "newest",
            limit=1 if when else p.limit or USUAL,
            **span_fields(p),
        )
    )


def _numbered(p: Pieces, component: str, words: str) -> bool:
    """Whether the lines themselves tell how many: "finished, 1748 records"; then they are shown, not counted."""
    stems = "|".join(re.escape(s) for w in words.split() for s in w.split("|"))
    told = re.compile(rf"(?<![\w.:])\d[\d,.]*\s+(?:{stems})|(?:{stems})\w*\s*[=:]\s*\d")
    _, texts = p.site.once(("texts", component), lambda: texts_of(p.site, component))
    return any(told.search(text) for text in texts)


def _log_by_text(p: Pieces, span: dict[str, Any], level: Any) -> Reading:
    """A component without logs of its own: the lines of others that name it, in a plant's one journal."""
    if len(loggers(p.site)) > 2:
        return unknown(
            f"No source holds logs of {p.component}.", f"a logs source that holds the lines of {p.component}"
        )
    if not p.quoted and not count_lines(Count(of="lines", text=p.component), p.site).value:
        return unknown(
            f"No log line names {p.component}.", f"a logs source that holds the lines of {p.component}"
        )
    if p.has("verbs", "count"):
        return one(Count(of="lines", level=level, text=p.quoted or p.component, **span))
    return one(
        Lines(level=level, text=p.quoted or p.component, **({"limit": p.limit} if p.limit else {}), **span)
    )


def _last_one(p: Pieces) -> bool:
    """Whether one line is asked for: "dernier message de X", "what did X log last"."""
    return bool(p.keys("order")) and not p.span.told and (bool(p.code) or bool(_ONE.search(p.words)))


_ONE: Final = re.compile(
    r"(?<!\w)(?:message|line|entry|zeile|meldung|eintrag|nachricht|ligne|línea|linea|mensaje|registro|riga|messaggio|error|fehler|erreur|errore|warning)(?!\w)|(?:log|say|write|said|wrote|geloggt)\s+(?:last|first|zuletzt)"
)


def _asks_who(p: Pieces) -> bool:
    asked = p.has("relations", "logs") or (p.has("verbs", "list") and asks_for_components(p))
    return asked and not p.component


def _is_rate(p: Pieces) -> bool:
    return any(
        w in p.low
        for w in ("rate", "ratio", "quote", "taux", "tasa", "tasso", "percent", "prozent", "per second", "%")
    )


def lost(p: Pieces) -> Reading | None:
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
            and not term.word[0].isdigit()
        ):
            close = near(term.word, p.site)
            told = f" Nearest: {', '.join(close)}." if close else ""
            return unknown(f"No source knows {term.word!r}.{told}", f"telemetry of {term.word}")
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
