"""Detectors of anomalous sessions that ours is compared with. Each learns from normal sessions only."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aitia.tools.logs.sequence import Session
from aitia.tools.logs.sequence.counts import vector

Alarm = Callable[[Session], bool]
Learn = Callable[[Sequence[Session], float], Alarm]
NEAR = 3.2905  # standard deviations: the one-sided tail of 1 in 2,000, as in loglizer
HISTORY = 2


def unseen(known: Sequence[Session], false_alarms: float) -> Alarm:
    """Any event that no normal session has."""
    events = {e for s in known for e in s.key}
    return lambda session: not events.issuperset(session.key)


def unseen_counts(known: Sequence[Session], false_alarms: float) -> Alarm:
    """Any event, or a vector of counts, that no normal session has."""
    vectors = {vector(s.key) for s in known}
    return lambda session: vector(session.key) not in vectors


def pca(known: Sequence[Session], false_alarms: float) -> Alarm:
    """Residual of the counts outside their principal components, Q statistic (Xu et al., SOSP 2009).

    Events of no normal session share one column. Counts are taken as they are: by TF-IDF, as in loglizer, an event
    that all normal sessions have would weigh nothing.
    """
    names = {e: n for n, e in enumerate(sorted({e for s in known for e in s.key}))}

    def counts(sessions: Sequence[Session]) -> NDArray[np.float64]:
        x = np.zeros((len(sessions), len(names) + 1))
        for row, session in zip(x, sessions, strict=True):
            for event, count in Counter(session.key).items():
                row[names.get(event, len(names))] += count
        return x

    x = counts(known)
    middle = x.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((x - middle).T))
    values, axes = np.maximum(values[::-1], 0), axes[:, ::-1]
    total = max(float(values.sum()), 1e-12)
    kept = int(np.searchsorted(np.cumsum(values) / total, 0.95)) + 1
    phi = [float((values[kept:] ** i).sum()) for i in (1, 2, 3)]
    if phi[1] <= 0:
        limit = 0.0
    else:
        h = 1 - 2 * phi[0] * phi[2] / (3 * phi[1] ** 2)
        base = NEAR * np.sqrt(2 * phi[1] * h * h) / phi[0] + 1 + phi[1] * h * (h - 1) / phi[0] ** 2
        limit = float(phi[0] * max(base, 0.0) ** (1 / h)) if h else float("inf")
    out = axes[:, kept:]

    def alarm(session: Session) -> bool:
        residual = (counts([session])[0] - middle) @ out
        return float(residual @ residual) > limit + 1e-9

    return alarm


def next_event(known: Sequence[Session], false_alarms: float) -> Alarm:
    """An event outside the g likeliest ones after the last two, as DeepLog (CCS 2017) has it, by counts.

    g is the least one that keeps the alarms among held-out normal sessions within the share; all that were ever seen
    if none does.
    """
    order = list(known)
    random.Random(0).shuffle(order)
    held, kept = order[: len(order) // 5], order[len(order) // 5 :]
    ranks = _ranks(kept)
    worst = sorted(_worst(ranks, s) for s in held)
    g = worst[min(len(worst) - 1, int(np.ceil((1 - false_alarms) * len(worst))) - 1)]
    final = _ranks(known)
    most = max((len(of) for of in final.values()), default=1)
    return lambda session: _worst(final, session) > min(g, most)


def _contexts(session: Session) -> list[tuple[tuple[str, ...], str]]:
    events = ("\x02",) * HISTORY + session.key
    return [(events[i - HISTORY : i], events[i]) for i in range(HISTORY, len(events))]


def _ranks(sessions: Sequence[Session]) -> dict[tuple[str, ...], dict[str, int]]:
    after: dict[tuple[str, ...], Counter[str]] = {}
    for session in sessions:
        for context, event in _contexts(session):
            after.setdefault(context, Counter())[event] += 1
    return {
        c: {e: n + 1 for n, (e, _) in enumerate(sorted(of.items(), key=lambda p: (-p[1], p[0])))}
        for c, of in after.items()
    }


def _worst(ranks: Mapping[tuple[str, ...], Mapping[str, int]], session: Session) -> float:
    return max(ranks.get(c, {}).get(e, float("inf")) for c, e in _contexts(session))


PEERS: Mapping[str, Learn] = {
    "trivial unseen event": unseen,
    "peer unseen+counts": unseen_counts,
    "peer PCA": pca,
    "peer next event": next_event,
}
