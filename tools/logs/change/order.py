"""Pairs of templates whose usual order changed: A came before B, now B comes before A."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.change.counts import adjust, fisher
from aitia.tools.logs.change.events import Events, Ints
from aitia.tools.logs.change.rates import ALPHA, CAP

_NEAR_S: Final = 5.0  # events without sessions
_TEMPLATES: Final = 200  # the ones in most sessions are paired
_MIN_SESSIONS: Final = 5  # with both templates, in either span
_MIN_TURN: Final = 0.3  # change of the share of sessions with A first


@dataclass(frozen=True, kw_only=True)
class Reordered:
    """`first` came before `then` in `before` of the baseline's sessions with both, and in `after` of the incident's."""

    first: int
    then: int
    before: float  # shares, 0..1
    after: float
    sessions: tuple[int, int]  # with both, baseline and incident
    p: float
    q: float
    bits: float

    @property
    def effect(self) -> float:
        """Change of the share."""
        return abs(self.after - self.before)


def reordered(before: Events, after: Events) -> list[Reordered]:
    """Pairs whose order turned (Fisher's exact test, false-discovery rate over all pairs), the most surprising first.

    What counts is a template's first occurrence in a session; events without sessions are cut into stretches of
    five seconds.
    """
    rows = max(before.templates, after.templates)
    old, new = _firsts(before), _firsts(after)
    common = _common(old, new, rows)
    if common.size < 2:
        return []
    first_old, both_old = _precedence(old, common, rows)
    first_new, both_new = _precedence(new, common, rows)
    a, b = np.triu_indices(common.size, 1)
    tested = (both_old[a, b] >= _MIN_SESSIONS) & (both_new[a, b] >= _MIN_SESSIONS)
    a, b = a[tested], b[tested]
    if not a.size:
        return []
    k_old, n_old, k_new, n_new = (m[a, b] for m in (first_old, both_old, first_new, both_new))
    more, less = fisher(k_new, n_new, k_old, n_old), fisher(n_new - k_new, n_new, n_old - k_old, n_old)
    p = np.minimum(2 * np.minimum(more, less), 1.0)
    q = adjust(p)
    share_old, share_new = k_old / n_old, k_new / n_new
    found = []
    for i in np.flatnonzero((q < ALPHA) & (np.abs(share_new - share_old) >= _MIN_TURN)):
        one, two, was, now = int(common[a[i]]), int(common[b[i]]), float(share_old[i]), float(share_new[i])
        if was < 0.5:
            one, two, was, now = two, one, 1 - was, 1 - now
        found.append(
            Reordered(
                first=one,
                then=two,
                before=was,
                after=now,
                sessions=(int(n_old[i]), int(n_new[i])),
                p=float(p[i]),
                q=float(q[i]),
                bits=min(CAP, float(-np.log2(max(p[i], 1e-300)))),
            )
        )
    return sorted(found, key=lambda r: (-r.bits, -r.effect, r.first, r.then))


def _firsts(events: Events) -> list[Ints]:
    """The templates of each session in the order of their first occurrence."""
    if not events.times.size:
        return []
    session = events.sessions
    if session is None:
        session = ((events.times - events.times[0]) // _NEAR_S).astype(np.int64)
    order = np.argsort(session, kind="stable")
    order = order[session[order] >= 0]
    out = []
    for part in np.split(events.ids[order], np.flatnonzero(np.diff(session[order])) + 1):
        ids, at = np.unique(part, return_index=True)
        out.append(ids[np.argsort(at)])
    return out


def _common(old: list[Ints], new: list[Ints], rows: int) -> Ints:
    """The templates in enough sessions of both spans."""
    in_old, in_new = (
        np.bincount(np.concatenate(s) if s else np.zeros(0, dtype=np.int64), minlength=rows)
        for s in (old, new)
    )
    fewer = np.minimum(in_old, in_new)
    ranked = np.argsort(-fewer, kind="stable")[:_TEMPLATES]
    return np.sort(ranked[fewer[ranked] >= _MIN_SESSIONS])


def _precedence(sessions: list[Ints], common: Ints, rows: int) -> tuple[Ints, Ints]:
    """How many sessions have A before B, and how many have both."""
    place = np.full(rows, -1, dtype=np.int64)
    place[common] = np.arange(common.size)
    first = np.zeros((common.size, common.size), dtype=np.int64)
    for session in sessions:
        kept = place[session]
        kept = kept[kept >= 0]
        for i, template in enumerate(kept[:-1]):
            first[template, kept[i + 1 :]] += 1
    return first, first + first.T
