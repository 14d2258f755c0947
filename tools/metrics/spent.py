"""Where a component's time goes, without a past: which statement most of its sessions are in, and what they wait for.

Read from any measure that is split by a statement or by a wait: Performance Insights' load, statistics of statements as an
exporter gives them. How many sessions are busy at once is seconds of work per second, so that the size alone tells something.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from aitia.core.words import Evidence, Window
from aitia.tools.meaning.names import lexicon
from aitia.tools.metrics.waits import wait_of
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
_WHO: Final = re.compile(r"user|host", re.IGNORECASE)
_BY: Final = re.compile(r"_by_(?:user|host|wait)$")  # the same load, split once more
_QUERY: Final = re.compile(
    r"\s*(?:(?:begin|start transaction);\s*)?(?:select|insert|update|delete|merge|replace|with)\b",
    re.IGNORECASE,
)
_ID: Final = re.compile(r"(?:^|[._])(?:id|queryid|hash|type|tokenized_id)$", re.IGNORECASE)
_TIMES: Final = frozenset({"s", "ms", "us", "ns", "seconds", "min", "h"})
_TIME: Final = re.compile(
    r"(?:^|_)(?:duration|seconds|milliseconds|microseconds|millis|ms|age|elapsed)(?:$|_)", re.IGNORECASE
)
_ASPECTS: Final = frozenset({"cpu", "io", "locks", "network", "connections"})

Shares = dict[str, float]


def find_spent(derived: Sequence[Derived], *, window: Window) -> Iterator[Evidence]:
    """`metric.share` facts of each component: which statement, or which wait, takes most of the time of its sessions, and
    whether most of them do nothing but wait for their clients.
    """
    groups: dict[tuple[str, str], list[Derived]] = defaultdict(list)
    for d in derived:
        if (
            d.stat in ("gauge", "rate")
            and not _is_duration(d)
            and any(_split(key) or _WHO.search(key) for key, _ in d.labels)
        ):
            groups[d.component, _BY.sub("", d.metric)].append(d)
    for _, members in sorted(groups.items()):
        yield from _told(members, window)


def _is_duration(d: Derived) -> bool:
    """Whether its values are seconds and no sessions: how long the longest transaction of a state is open."""
    return d.stat == "gauge" and bool(d.about.unit in _TIMES or _TIME.search(d.metric))


def _split(key: str) -> bool:
    return bool((_STATEMENT.search(key) or _WAIT.search(key)) and not _ID.search(key))


@dataclass
class _Sessions:
    """Sessions at once, by what they do (a statement, else a wait), and of each statement by wait; and by who they are."""

    total: float = 0.0
    by: Shares = field(default_factory=dict)
    waits_of: dict[str, Shares] = field(default_factory=lambda: defaultdict(dict))
    who: dict[str, Shares] = field(default_factory=lambda: defaultdict(dict))

    def add(self, what: str, wait: str, number: float) -> None:
        """Count sessions that are in a statement, in one of its waits."""
        self.total += number
        _add(self.by, what, number)
        _add(self.waits_of[what], wait, number)


def _told(members: Sequence[Derived], window: Window) -> Iterator[Evidence]:
    by_statement = any(_label(d, _STATEMENT) for d in members)
    busy, idle = _Sessions(), _Sessions()
    for d in members:
        v = d.v[within(d.t, window)]
        v = v[np.isfinite(v)]
        statement, wait = _label(d, _STATEMENT), _label(d, _WAIT)
        what = statement if by_statement else wait
        if v.size and what:
            known = wait_of(wait)
            (idle if known and known.idle else busy).add(what, wait, float(np.median(v)))
        elif v.size and not (statement or wait):  # split by who they are alone
            for key, name in d.labels:
                if kind := _WHO.search(key):
                    _add(busy.who[kind[0].lower()], name, float(np.median(v)))
    idle.who = busy.who
    first = next((d for d in members if not _BY.search(d.metric)), members[0])
    if (told := _largest(busy.by)) and told[1] >= max(BUSY, MOST * busy.total):
        yield _busy(first, busy, told, window, by_statement=by_statement)
    if (told := _largest(idle.by)) and idle.total >= max(BUSY, MOST * (busy.total + idle.total)):
        yield _idle(first, idle, busy.total + idle.total, told, window, by_statement=by_statement)


def _busy(
    d: Derived, sessions: _Sessions, told: tuple[str, float], window: Window, *, by_statement: bool
) -> Evidence:
    what, number = told
    longest = _largest(sessions.waits_of[what])
    wait = longest[0] if longest else what
    known = wait_of(wait)
    named = _called(what) if by_statement else what
    meant = f" ({known.told})" if known and known.told else ""
    doing = f"on the processor ({wait})" if _aspect(wait) == "cpu" else f"wait in {wait}{meant}"
    then = f", {text(longest[1])} of them {doing}" if longest and by_statement else meant
    sentence = f"{text(number)} of {text(sessions.total)} busy sessions ({_named(d)}) are in {named}{then}"
    return _fact(d, sentence, sessions, number, sessions.total, window, _aspect(wait), by_statement)


def _idle(
    d: Derived,
    sessions: _Sessions,
    total: float,
    told: tuple[str, float],
    window: Window,
    *,
    by_statement: bool,
) -> Evidence:
    waits: Shares = {}
    for shares in sessions.waits_of.values():
        for wait, number in shares.items():
            _add(waits, wait, number)
    wait, _ = _largest(waits) or (told[0], 0.0)
    known = wait_of(wait)
    meant = f" {known.told}" if known and known.told else ""
    most = f", {text(told[1])} of them in {_called(told[0])}" if by_statement else ""
    sentence = f"{text(sessions.total)} of {text(total)} sessions ({_named(d)}) wait{meant} ({wait}){most}"
    return _fact(
        d, sentence, sessions, sessions.total, total, window, known.aspect if known else "other", by_statement
    )


def _fact(
    d: Derived, sentence: str, sessions: _Sessions, number: float, total: float, window: Window, aspect: str, quotes: bool
) -> Evidence:  # fmt: skip
    return plain(
        d,
        kind="metric.share",
        aspect=aspect,
        statement=f"{d.component}: {sentence}{_whose(sessions.who)}.",
        values={"metric": d.metric, "busy": sig3(number), "total": sig3(total)},
        window=window,
        direction="steady",
        strength=min(1.0, number / total) * min(1.0, number / FULL),
    ).model_copy(update={"taint": True, "provenance": "client" if quotes else "infrastructure"})


def _whose(who: Mapping[str, Shares]) -> str:
    """Who most sessions belong to: a user of the database, a host."""
    most = [
        (kind, found) for kind, shares in sorted(who.items(), reverse=True) if (found := _largest(shares))
    ]
    told = ", ".join(
        f"{text(number)} of {kind} {_quoted(name)}" for kind, (name, number) in most if number >= BUSY
    )
    return f"; {told}" if told else ""


def _named(d: Derived) -> str:
    """A metric, and the product that measures it where its name is that product's alone."""
    return f"{d.metric} of Performance Insights" if d.metric.startswith("db.load") else d.metric


def _called(statement: str) -> str:
    kind = "the query " if _QUERY.match(statement) else ""
    return f'{kind}"{_quoted(statement)}"'


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
    """What a wait is for, by the table of waits, else by its own words."""
    if known := wait_of(wait):
        return known.aspect
    read = lexicon().quantities.get(lexicon().read(re.sub(r"[:./]+", "_", wait), "", "").quantity)
    return read.aspect if read and read.aspect in _ASPECTS else "other"
