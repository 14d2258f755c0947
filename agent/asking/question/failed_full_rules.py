"""Which filesystem is full, and how many things failed that nothing counts: what tells it, else the lines that may."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.agent.asking.question.account import unexplained
from aitia.agent.asking.question.measure import Fit, Term, fits
from aitia.agent.asking.question.measures_rules import fitting
from aitia.agent.asking.question.outcome import Reading, one, span_fields, unclear, unknown
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.shares_rules import fails
from aitia.tools.query.measured import Measured, measured
from aitia.tools.query.notation import written
from aitia.tools.query.words import Count, Query, Who

_FULL: Final = re.compile(
    r"(?<!\w)(?:full|voll(?:e[rsn]?)?|vollgelaufen|plein(?:e|es|s)?|llen[oa]s?|pien[oaei])(?!\w)|满"
)
_VOLUMES: Final = (
    "mountpoint",
    "mount_point",
    "mount",
    "path",
    "filesystem",
    "volume",
    "device",
    "disk",
    "drive",
)
"""Labels that name a filesystem, the one that people know it by first."""
_FREE: Final = ("avail", "available", "free")
_HEAD: Final = re.compile(
    r"(?<!\w)(?:how many|which|wie ?viele?|welche[rsmn]?|combien (?:de|d['’])|quel(?:le)?s?|cuánt[oa]s|qué|quant[ei]|qual[ei])\s*"
    r"(?:of (?:the|our|my) |der |des |unserer )?"
)


def of_full(p: Pieces) -> Reading | None:
    """Which filesystem is full: what is free of each, the least first."""
    if not asks_full(p):
        return None
    held = [m for m in measured(p.site) if p.component in ("", m.component)]
    for word in _FREE:
        for label in _VOLUMES:
            found = next((m for m in held if _tells_free(m, word, label)), None)
            if found is not None:
                by = Who(
                    does="holds", component=p.component, metric=found.family, by=label, function="last", least=True,
                    **span_fields(p),
                )  # fmt: skip
                return one(by)
    whose = f" of {p.component}" if p.component else ""
    return unknown(
        f"What is free of a filesystem{whose} is not measured.",
        f"a measurement of the free space of filesystems{whose}",
    )


def asks_full(p: Pieces) -> bool:
    """Whether it is asked if, or which, filesystem is full; not how full one is."""
    return bool(_FULL.search(p.words) and not p.keys("share") and any("disk" in t.concepts for t in p.terms))


def _tells_free(m: Measured, word: str, label: str) -> bool:
    words = re.split(r"[^a-z]+", m.family.casefold())
    named = {"filesystem", "disk", "fs", "volume", "storage"} & set(words)
    return word in words and bool(named) and "files" not in words and any(k == label for k, _ in m.labels)


def of_failed(p: Pieces) -> Reading | None:
    """How many things failed that no measurement names: asked back with the error lines, which may be of something else."""
    if not (p.has("verbs", "count") and fails(p)) or p.keys("share"):
        return None
    thing = head_of(p)
    if thing is None or thing.concepts or _held(fitting(p, p.component)):
        return None
    lines = Count(
        component=p.component, level="error", by="" if p.component else "component", **span_fields(p)
    )
    return unclear(
        f"Nothing here counts {thing.word!r}. The error lines are nearest: I would read this as {written(lines)};"
        " asked as it stands, that query runs.",
        (lines,),
    )


def _held(found: Sequence[Fit]) -> bool:
    return bool(found) and not found[0].left


def head_of(p: Pieces) -> Term | None:
    """The thing that is counted or chosen from: the word right behind "how many" or "which"."""
    for m in _HEAD.finditer(p.words):
        found = next((t for t in p.terms if t.begin == m.end() and not t.soft), None)
        if found is not None:
            return found
    return None


def misses_head(p: Pieces, query: Query) -> bool:
    """Whether the thing that is counted or chosen from is in nothing that a query reads: it is of another thing."""
    if asks_full(p):
        return True  # of which the rule answers, or nothing does
    thing = head_of(p)
    if thing is None:
        return False
    if any(t.begin == thing.begin for t in unexplained(p, (query,), strict=True)):
        return True
    metric = str(getattr(query, "metric", ""))
    named = [m for m in measured(p.site) if metric and metric in (m.metric, m.family)]
    return bool(named and thing.concepts) and not any(
        not f.left and f.score >= _BY_NAME for f in fits([thing], named[:1])
    )


_BY_NAME: Final = (
    1.0  # points that a help text alone does not give: "disk space used by the database" is no filesystem
)
