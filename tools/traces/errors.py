"""Failed requests: where the failure began, on which way calls fail, which exceptions are new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from aitia.tools.change.counts import adjust, fisher
from aitia.tools.traces.gather import Compared
from aitia.tools.traces.visits import Visit

SURE: Final = 0.05
Sort = Literal["began", "passed", "way", "exception"]


@dataclass(frozen=True, kw_only=True)
class Failing:
    """A share of failures that rose.

    sort   began: visits that failed by themselves; passed: that failed because a call of theirs did; way: calls that
           failed and met no visit; exception: visits that met one of a type
    """

    sort: Sort
    component: str
    peer: str = ""
    what: str = ""  # the operation that fails most, or the exception's type
    bad: int
    n: int
    old_bad: int
    old_n: int
    first: float
    p: float
    q: float = 1.0

    @property
    def share(self) -> float:
        """Of visits or calls that fail now."""
        return self.bad / self.n if self.n else 0.0


def failing(compared: Compared) -> list[Failing]:
    """What fails more often than before, surest first."""
    now, before = _events(compared.now), _events(compared.before)
    found = []
    for key in sorted(now.bad):
        sort, component, peer, kind = key
        bad, n = now.bad[key], now.of(key)
        old_bad, old_n = before.bad[key], before.of(key)
        if bad / n <= old_bad / max(1, old_n):
            continue
        operation = max(now.operations[key].items(), key=lambda p: (p[1], p[0]))[0]
        found.append(
            Failing(
                sort=sort, component=component, peer=peer, what=kind or operation, bad=bad, n=n,
                old_bad=old_bad, old_n=old_n, first=now.first[key], p=float(fisher(bad, n, old_bad, old_n)),
            )
        )  # fmt: skip
    adjusted = adjust(np.array([f.p for f in found]))
    sure = [replace(f, q=float(q)) for f, q in zip(found, adjusted, strict=True) if q < SURE]
    return sorted(sure, key=lambda f: (f.q, f.sort, f.component, f.peer, f.what))


_Key = tuple[Sort, str, str, str]


class _Tally:
    """Failures by what they are; visits by component and calls by way."""

    def __init__(self) -> None:
        self.bad: Counter[_Key] = Counter()
        self.visits: Counter[str] = Counter()
        self.calls: Counter[tuple[str, str]] = Counter()
        self.first: dict[_Key, float] = {}
        self.operations: dict[_Key, Counter[str]] = {}

    def add(self, key: _Key, at: float, operation: str) -> None:
        self.bad[key] += 1
        self.first[key] = min(at, self.first.get(key, at))
        self.operations.setdefault(key, Counter())[operation] += 1

    def of(self, key: _Key) -> int:
        return self.calls[key[1], key[2]] if key[0] == "way" else self.visits[key[1]]


def _events(visits: Sequence[Visit]) -> _Tally:
    out = _Tally()
    for v in visits:
        out.visits[v.component] += 1
        if v.failed:
            out.add(
                ("began" if v.began_failure else "passed", v.component, "", ""), v.root.start, v.operation
            )
        for kind in _exceptions(v):
            out.add(("exception", v.component, "", kind), v.root.start, v.operation)
        for call in v.calls:
            out.calls[v.component, call.callee] += 1
            if call.failed and (call.visit is None or not call.visit.failed):
                out.add(("way", v.component, call.callee, ""), call.start, call.operation)
    return out


def _exceptions(visit: Visit) -> Iterable[str]:
    """Types of the exceptions that spans of the visit met; those of failed calls to others that failed are theirs."""
    passed_on = visit.failed and not visit.began_failure
    return () if passed_on else sorted({s.exception for s in visit.spans if s.exception})


def origins(found: Sequence[Failing]) -> dict[str, float]:
    """How many failures beyond the usual began at each component, or on the way to it."""
    out: dict[str, float] = {}
    for f in found:
        if f.sort in ("began", "way"):
            usual = f.n * f.old_bad / f.old_n if f.old_n else 0.0
            where = f.peer if f.sort == "way" else f.component
            out[where] = out.get(where, 0.0) + max(0.0, f.bad - usual)
    return out
