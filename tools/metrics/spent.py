"""Where a component's time goes, without a past: which statement most of its sessions are in, and what they wait for.

Read from any measure that is split by a statement or by a wait: Performance Insights' load, statistics of statements as an
exporter gives them. How many sessions are busy at once is seconds of work per second, so that the size alone tells something.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from aitia.core.words import Evidence, Window
from aitia.tools.meaning.names import lexicon
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import within
from aitia.tools.series.metric_facts import plain
from aitia.tools.series.numbers import sig3, text

BUSY: Final = 2.0  # sessions in one kind of work at once, below which it is no load; by hand
MOST: Final = 0.5  # share of all of them
FULL: Final = 6.0  # sessions from which on the size takes nothing away; by hand
QUOTE: Final = 140
_STATEMENT: Final = re.compile(r"sql|quer|statement|digest", re.IGNORECASE)
_WAIT: Final = re.compile(r"wait", re.IGNORECASE)
_IDLE: Final = re.compile(
    r"^client|^idle|Main$", re.IGNORECASE
)  # waits for its client, or for something to do
_ID: Final = re.compile(r"(?:^|[._])(?:id|queryid|hash|type|tokenized_id)$", re.IGNORECASE)
_ASPECTS: Final = frozenset({"cpu", "io", "locks", "network", "connections"})

Shares = dict[str, float]


def find_spent(derived: Sequence[Derived], *, window: Window) -> Iterator[Evidence]:
    """A `metric.share` fact for each component of which one statement, or one wait, takes most of the time."""
    groups: dict[tuple[str, str], list[Derived]] = defaultdict(list)
    for d in derived:
        if d.stat in ("gauge", "rate") and any(_split(key) for key, _ in d.labels):
            groups[d.component, d.metric].append(d)
    for _, members in sorted(groups.items()):
        yield from _told(members, window)


def _split(key: str) -> bool:
    return bool((_STATEMENT.search(key) or _WAIT.search(key)) and not _ID.search(key))


def _told(members: Sequence[Derived], window: Window) -> Iterator[Evidence]:
    by_statement, by_wait = Shares(), Shares()
    waits_of: dict[str, Shares] = defaultdict(dict)
    total = 0.0
    for d in members:
        v = d.v[within(d.t, window)]
        v = v[np.isfinite(v)]
        if not v.size:
            continue
        busy = float(np.median(v))
        total += busy
        statement = _label(d, _STATEMENT)
        wait = _label(d, _WAIT)
        if _IDLE.search(wait):
            total -= busy
            continue
        _add(by_statement, statement, busy)
        _add(by_wait, wait, busy)
        if statement:
            _add(waits_of[statement], wait, busy)
    told = _largest(by_statement) or _largest(by_wait)
    if not told or told[1] < max(BUSY, MOST * total):
        return
    what, busy = told
    waits = waits_of.get(what) or ({} if by_statement else by_wait)
    longest = _largest(waits)
    d = members[0]
    named = f'"{_quoted(what)}"' if by_statement else what
    then = f", {text(longest[1])} of them in {longest[0]}" if longest and by_statement else ""
    yield plain(
        d,
        kind="metric.share",
        aspect=_aspect(longest[0] if longest else what),
        statement=f"{d.component}: {text(busy)} of {text(total)} busy sessions ({d.metric}) are in {named}{then}.",
        values={"metric": d.metric, "busy": sig3(busy), "total": sig3(total)},
        window=window,
        direction="steady",
        strength=min(1.0, busy / total) * min(1.0, busy / FULL),
    ).model_copy(update={"taint": True, "provenance": "client" if by_statement else "infrastructure"})


def _label(d: Derived, pattern: re.Pattern[str]) -> str:
    return next((v for k, v in d.labels if pattern.search(k) and not _ID.search(k)), "")


def _add(shares: Shares, key: str, busy: float) -> None:
    if key:
        shares[key] = shares.get(key, 0.0) + busy


def _largest(shares: Shares) -> tuple[str, float] | None:
    return max(shares.items(), key=lambda pair: (pair[1], pair[0]), default=None)


def _quoted(what: str) -> str:
    line = " ".join(what.replace('"', "'").split())
    return line if len(line) <= QUOTE else line[: QUOTE - 1] + "…"


def _aspect(wait: str) -> str:
    """What a wait is for, by its own words."""
    read = lexicon().quantities.get(lexicon().read(re.sub(r"[:./]+", "_", wait), "", "").quantity)
    return read.aspect if read and read.aspect in _ASPECTS else "other"
