"""The query behind a line of a report: what reads a fact again, in the query language, on the sources as they are now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from aitia.core.words import Evidence, NextCheck, Report, Window
from aitia.tools.query.words import Changes, Curve, Events, Get, Level, Lines, Query, Stat, What

_MEASURED: Final = ("metric.", "rank.", "signal.")
_MASK: Final = re.compile(
    r"<[a-z_0-9]+>|…|\.\.\.| \| "
)  # what stands for a varying word, or for the end of a line, in a template
_REQUEST: Final = re.compile(r"([A-Z]{3,7} \S+) -> ([1-5]\d\d)\b")  # as templates of requests are written
_WORD: Final = re.compile(r"\w{2,}")
_PARTS: Final = re.compile(r"_(?:sum|count|bucket)$")
_SHORTEST: Final = 4  # characters of a phrase that tells lines apart
_WAVEFORMS: Final = frozenset({"signals_envelope"})
_AROUND: Final = timedelta(seconds=1)  # of a change: a query's times are told to the second
_CHANGES: Final = frozenset(get_args(What)) - {""}
_LINES: Final = 10


def behind(fact: Evidence, artifact: bytes = b"") -> Query | None:
    """The query that reads a fact again; None where the language has no word for what it is about.

    artifact  the curve that the run keeps of it: from when it was looked at, and which labels pick the series
    """
    kind = fact.kind
    if kind.startswith(_MEASURED):
        return _curve(fact, artifact)
    if kind.startswith("log."):
        return _lines(fact)
    if kind.startswith(("change.", "maintenance.")):
        return _change(fact)
    if kind.startswith(("k8s.", "cluster.")) and fact.component:
        return Events(component=fact.component) if ".event" in kind else Get(component=fact.component)
    return None


def behind_check(check: NextCheck, report: Report, artifacts: Mapping[str, bytes]) -> Query | None:
    """The look that a next check is, up to now; None where it is something else."""
    if not check.query:
        return None
    same = [e for e in report.evidence if e.source.query == check.query]
    told = [e for e in same if _said(e) in check.text] or same
    for fact in sorted(told, key=lambda e: (-len(_said(e)), -e.strength)):
        query = behind(fact, artifacts.get(fact.artifact, b""))
        if query is not None and "until" in type(query).model_fields:
            return query.model_copy(update={"until": None})
        if query is not None:
            return query
    return None


def _said(fact: Evidence) -> str:
    """The beginning of a statement up to its verb of motion, as checks say it."""
    return re.split(r" (?:rose|fell|grew|shrank|reached|stands|logged) ", fact.statement)[0]


def _curve(fact: Evidence, artifact: bytes) -> Query | None:
    metric, kept = str(fact.values.get("metric", "")), _read(artifact)
    if fact.tool in _WAVEFORMS and not kept:
        return None  # a figure of a waveform, which no source holds as a series
    if not metric or not fact.component or (fact.values.get("stat") == "ratio" and not kept.get("labels")):
        return None
    times = kept.get("times") or [None]
    start, end = _span(fact.window, times[0])
    stat = fact.values.get("stat")
    if stat in ("mean", "p95"):
        metric = _PARTS.sub("", metric)  # of a histogram as a whole: a part of it is another figure
    if stat == "p95" and fact.window is not None:
        return Stat(
            component=fact.component,
            metric=metric,
            function="p95",
            labels=str(kept.get("labels") or ""),
            since=fact.window.start,
            until=end,
        )
    return Curve(
        component=fact.component, metric=metric, labels=str(kept.get("labels") or ""), since=start, until=end
    )


def _span(window: Window | None, first: object) -> tuple[datetime | None, datetime | None]:
    if window is None:
        return None, None
    start = window.shift(-window.seconds).start
    if isinstance(first, int | float):
        start = datetime.fromtimestamp(int(first), tz=window.start.tzinfo)
    return (start if start < window.end else window.start), window.end


def _lines(fact: Evidence) -> Query | None:
    """Lines that hold what is fixed in the template; of requests those with its status, which a line may write otherwise."""
    component = str(fact.values.get("reported_by", "")) or fact.component
    template, level = str(fact.values.get("template", "")), str(fact.values.get("level", ""))
    told: dict[str, Any] = {}
    pieces = _fixed(template, {fact.component, fact.peer, component})
    phrase = max(pieces, key=len).strip()
    if request := _REQUEST.match(template):
        told = {"code": request[2], "words": " ".join(_WORD.findall(_MASK.sub(" ", request[1])))}
    elif len(phrase) >= _SHORTEST:
        others = (w for p in pieces if p.strip() != phrase for w in _WORD.findall(p))
        told = {"text": phrase, "words": " ".join(others)}
    elif level and level in get_args(Level):
        told = {"level": level}
    if not told:
        return None
    if fact.window:
        told |= {"since": fact.window.start, "until": fact.window.end}
    return Lines(component=component, limit=_LINES, **told)


def _fixed(template: str, names: set[str]) -> list[str]:
    """What stands in the lines as it stands in the template: a component's name may stand for an address there."""
    told = "|".join(rf"(?<!\w){re.escape(n)}(?!\w)" for n in sorted(names) if n)
    pieces = _MASK.split(template)
    return [part for piece in pieces for part in (re.split(told, piece) if told else [piece])]


def _change(fact: Evidence) -> Query | None:
    if not fact.component or fact.onset is None:
        return None
    what = fact.kind.partition(".")[2]
    at = fact.onset.replace(microsecond=0)
    named: Any = what if what in _CHANGES else "maintenance" if fact.kind.startswith("maintenance") else ""
    return Changes(component=fact.component, what=named, since=at - _AROUND, until=at + 2 * _AROUND)


def _read(artifact: bytes) -> dict[str, Any]:
    """What a kept curve says; nothing where it is none."""
    try:
        told = json.loads(artifact) if artifact else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("times", []), list) else {}
