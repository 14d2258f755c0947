"""Features of a candidate that do not use its name, so that what was learned at one component holds for another.

Per kind of event: whether the candidate has it; its share among all that have it; how rare it is at this component
(its surprise against the library, inverse document frequency by component); how early it came; whether replicas and
neighbours have it too. For traces also what clients see of the operations that the candidate serves.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.adapters.tvdiag.events import Case
from benchmarks.adapters.tvdiag.kinds import kinds_of, replica_group, servers_of

Floats = NDArray[np.float64]
BLOCKS: Final = ("own", "calls", "share", "surprise", "early", "replica", "near", "others")
LEAST_CASES, LEAST_OWN = 3, 2  # a kind must occur in as many incidents, and as often at a culprit
_SMOOTH: Final = 5.0
_RARE: Final = 0.5  # added to how often a component was the cause, before its logarithm


@dataclass(frozen=True, kw_only=True)
class Lens:
    """What the features were learned from: the kinds of event, their background rates, who serves what."""

    kinds: tuple[str, ...]
    rate: Floats  # (K,) share of innocent candidates that have the kind
    rate_at: Mapping[str, Floats] = field(repr=False)  # per component, smoothed towards `rate`
    causes: Mapping[str, int]  # how often a component was the cause
    servers: Mapping[str, tuple[str, ...]]

    @classmethod
    def learn(cls, cases: Sequence[Case]) -> Lens:
        """From solved incidents; kinds in sorted order."""
        servers = servers_of(cases)
        tables = [kinds_of(case, servers) for case in cases]
        spread: Counter[str] = Counter()
        own: Counter[str] = Counter()
        for case, table in zip(cases, tables, strict=True):
            spread.update({k for c in case.candidates for k in table.get(c, ())})
            own.update(table.get(case.component, Counter()).keys())
        kinds = tuple(sorted(k for k in spread if spread[k] >= LEAST_CASES and own[k] >= LEAST_OWN))
        at = {kind: n for n, kind in enumerate(kinds)}
        held: defaultdict[str, Floats] = defaultdict(lambda: np.zeros(len(kinds)))
        seen: Counter[str] = Counter()
        for case, table in zip(cases, tables, strict=True):
            for component in case.candidates:
                if component != case.component:
                    seen[component] += 1
                    held[component][[at[k] for k in table.get(component, ()) if k in at]] += 1.0
        rate = (sum(held.values(), np.zeros(len(kinds))) + 1.0) / (seen.total() + 2.0)
        rates = {c: (held[c] + _SMOOTH * rate) / (seen[c] + _SMOOTH) for c in sorted(seen)}
        causes = dict(sorted(Counter(case.component for case in cases).items()))
        return cls(kinds=kinds, rate=rate, rate_at=rates, causes=causes, servers=servers)

    @cached_property
    def _at(self) -> dict[str, int]:
        return {kind: n for n, kind in enumerate(self.kinds)}

    @cached_property
    def _traces(self) -> NDArray[np.bool_]:
        return np.array([k.startswith("trace") for k in self.kinds], dtype=bool)

    @cached_property
    def _context(self) -> NDArray[np.bool_]:
        return np.array([not k.startswith("log") for k in self.kinds], dtype=bool)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of `matrix`."""
        traces = [k for k, t in zip(self.kinds, self._traces, strict=True) if t]
        context = [k for k, c in zip(self.kinds, self._context, strict=True) if c]
        made = [
            f"{block}: {k}"
            for block in BLOCKS
            for k in {"calls": traces, "others": context}.get(block, self.kinds)
        ]
        made += [f"{what} of {source} events" for source in ("metric", "log", "trace") for what in _SHARES]
        return (*made, "earliest event", "first event of all", "how often it was the cause")

    def matrix(self, case: Case, *, culprit: str = "") -> Floats:
        """The features of the candidates of an incident, (N, len(names)), in the order of `case.candidates`.

        `culprit` is given for an incident of the library itself, so that it does not count as its own precedent.
        """
        nodes = case.candidates
        counts = self._counts(case)
        has = (counts > 0).astype(float)
        rate = np.array([self.rate_at.get(c, self.rate) for c in nodes]).reshape(has.shape)
        surprise = -has * np.log(rate)
        early, moments = self._order(case)
        blocks = [
            has,
            np.log1p(np.minimum(counts, 8))[:, self._traces],
            has / np.maximum(has.sum(axis=0), 1.0),
            surprise / 3.0,
            early,
            _of_replicas(has, nodes),
            _of_neighbours(has, nodes, case.edges),
            np.log1p(counts.sum(axis=0) - counts)[:, self._context] / 2.0,
            *(_shares(has, surprise, self._of(source)) for source in ("metric", "log", "trace")),
            moments,
            np.array([[math.log(self.causes.get(c, 0) - (c == culprit) + _RARE)] for c in nodes]),
        ]
        return np.concatenate(blocks, axis=1)

    def _of(self, source: str) -> NDArray[np.bool_]:
        return np.array([k.startswith(source) for k in self.kinds], dtype=bool)

    def _counts(self, case: Case) -> Floats:
        table = kinds_of(case, self.servers)
        counts = np.zeros((len(case.candidates), len(self.kinds)))
        for row, component in enumerate(case.candidates):
            for kind, n in table.get(component, {}).items():
                if kind in self._at:
                    counts[row, self._at[kind]] = n
        return counts

    def _order(self, case: Case) -> tuple[Floats, Floats]:
        """How early each metric event came, 1 the first to 0 the last; per candidate, its earliest and whether the first."""
        row = {c: n for n, c in enumerate(case.candidates)}
        early, moments = np.zeros((len(row), len(self.kinds))), np.zeros((len(row), 2))
        metrics = [e for e in case.events if e.source == "metric"]
        for place, e in enumerate(metrics):
            if e.component not in row:
                continue
            n, when = row[e.component], 1.0 - place / len(metrics)
            column = self._at.get(f"metric {e.signal} {e.direction}")
            if column is not None:
                early[n, column] = max(early[n, column], when)
            if not moments.any():
                moments[n, 1] = 1.0
            moments[n, 0] = max(moments[n, 0], when)
        return early, moments


_SHARES: Final = ("share", "share of surprise", "most", "most surprise")


def _shares(has: Floats, surprise: Floats, which: NDArray[np.bool_]) -> Floats:
    """A candidate's share of all events of a source, and of their surprise; whether it has the most."""
    made: list[Floats] = []
    for values in (has[:, which].sum(axis=1), surprise[:, which].sum(axis=1)):
        made.append(values / max(float(values.sum()), 1e-9))
    for values in list(made):
        top = float(values.max(initial=0.0))
        made.append(((values >= top) & (top > 0)).astype(float))
    return np.stack(made, axis=1)


def _of_replicas(has: Floats, nodes: Sequence[str]) -> Floats:
    """Whether another replica of the same component has the kind."""
    groups = [replica_group(c) for c in nodes]
    made = np.zeros_like(has)
    for n, group in enumerate(groups):
        others = [k for k, g in enumerate(groups) if g == group and k != n]
        if others:
            made[n] = has[others].max(axis=0)
    return made


def _of_neighbours(has: Floats, nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Floats:
    """Which share of the neighbours has the kind."""
    row = {c: n for n, c in enumerate(nodes)}
    near: defaultdict[int, set[int]] = defaultdict(set)
    for a, b in edges:
        if a in row and b in row and a != b:
            near[row[a]].add(row[b])
            near[row[b]].add(row[a])
    made = np.zeros_like(has)
    for n, others in near.items():
        made[n] = has[sorted(others)].mean(axis=0)
    return made
