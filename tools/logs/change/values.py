"""Enumerations and ids inside messages: does the mix of values differ, and does one value make up most of them?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.change.counts import adjust, fisher
from aitia.tools.logs.change.events import Column, Slot
from aitia.tools.logs.change.rates import ALPHA, CAP

ENUMERATION: Final = 20  # distinct values of an enumeration
_EXPECTED: Final = 5.0  # rarer values are pooled (Cochran, 1954)
_MIN_V: Final = 0.1  # a small effect (Cohen, 1988)
_MIN_VALUES: Final = 8
_MAJORITY: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class MixChange:
    """A parameter whose values mix differently; `value` is the one whose share moved most."""

    slot: Slot
    value: str
    share: tuple[float, float]  # of that value, baseline and incident
    n: tuple[int, int]
    v: float  # Cramér's
    p: float
    q: float
    bits: float

    @property
    def template(self) -> int:
        """The template that holds the parameter."""
        return self.slot[0]

    @property
    def effect(self) -> float:
        """Cramér's V."""
        return self.v


@dataclass(frozen=True, kw_only=True)
class Concentration:
    """One value that most of the incident's events name. Entropies are in bits."""

    value: str
    share: tuple[float, float]  # baseline and incident
    n: tuple[int, int]
    distinct: tuple[int, int]
    entropy: tuple[float, float]
    p: float
    bits: float
    slot: Slot | None = None
    q: float = 1.0

    @property
    def template(self) -> int:
        """The template that holds the parameter; -1 where values of several were taken together."""
        return self.slot[0] if self.slot else -1

    @property
    def effect(self) -> float:
        """Rise of the share."""
        return self.share[1] - self.share[0]


def mix_changes(
    before: Mapping[Slot, Column], after: Mapping[Slot, Column], *, alpha: float = ALPHA
) -> list[MixChange]:
    """Enumerations whose mix differs (G-test with Williams' correction, false-discovery rate over all)."""
    tested = []
    for slot in sorted(before.keys() & after.keys()):
        old, new = Counter(before[slot].values), Counter(after[slot].values)
        small = min(old.total(), new.total()) < _MIN_VALUES
        if small or not 2 <= len(old.keys() | new.keys()) <= ENUMERATION:
            continue
        p, v = g_test(old, new)
        tested.append((slot, old, new, p, v))
    if not tested:
        return []
    q = adjust(np.array([p for *_, p, _ in tested]))
    found = []
    for (slot, old, new, p, v), q_one in zip(tested, q, strict=True):
        if q_one < alpha and v >= _MIN_V:
            moved = {x: new[x] / new.total() - old[x] / old.total() for x in old.keys() | new.keys()}
            value = max(sorted(moved), key=lambda x: abs(moved[x]))
            found.append(
                MixChange(
                    slot=slot,
                    value=value,
                    share=(old[value] / old.total(), new[value] / new.total()),
                    n=(old.total(), new.total()),
                    v=v,
                    p=p,
                    q=float(q_one),
                    bits=min(CAP, -math.log2(max(p, 1e-300))),
                )
            )
    return sorted(found, key=lambda c: (-c.bits, -c.effect, c.slot))


def g_test(old: Counter[str], new: Counter[str]) -> tuple[float, float]:
    """p-value and Cramér's V of a table (values, 2); values too rare for the test are pooled."""
    from scipy.stats import chi2

    n, share = old.total() + new.total(), new.total() / (old.total() + new.total())
    rows: list[tuple[int, int]] = []
    pooled = [0, 0]
    for value in sorted(old.keys() | new.keys()):
        if (old[value] + new[value]) * min(share, 1 - share) >= _EXPECTED:
            rows.append((old[value], new[value]))
        else:
            pooled = [pooled[0] + old[value], pooled[1] + new[value]]
    if sum(pooled) * min(share, 1 - share) >= _EXPECTED or (rows and sum(pooled)):
        rows.append((pooled[0], pooled[1]))
    if len(rows) < 2:
        return 1.0, 0.0
    table = np.array(rows, dtype=np.float64)
    expected = table.sum(axis=1, keepdims=True) * np.array([1 - share, share])
    g = 2 * float((table * np.log(np.maximum(table, 1e-12) / expected)).sum())
    df = len(rows) - 1
    sides, sizes = table.sum(axis=0), table.sum(axis=1)
    williams = 1 + float((n * (1 / sides).sum() - 1) * (n * (1 / sizes).sum() - 1)) / (6 * n * df)
    chi = float(((table - expected) ** 2 / expected).sum())
    return float(chi2.sf(max(0.0, g) / williams, df)), math.sqrt(chi / n)


def concentration(
    before: Sequence[str], after: Sequence[str], *, slot: Slot | None = None, alpha: float = ALPHA
) -> Concentration | None:
    """The one value that at least half of the incident's texts name, where that is more than chance.

    With a baseline its share must have risen (Fisher's exact test), without one it must exceed an even spread; both
    are corrected for the number of values it was chosen among.
    """
    old, new = Counter(before), Counter(after)
    n_old, n_new = old.total(), new.total()
    if n_new < _MIN_VALUES or len(old.keys() | new.keys()) < 2:
        return None
    value = max(sorted(new), key=lambda x: new[x])
    share = new[value] / n_new
    if share < _MAJORITY:
        return None
    values = len(old.keys() | new.keys())
    p = min(1.0, values * _tail(old[value], n_old, new[value], n_new, values))
    if p >= alpha or (n_old and share <= old[value] / n_old):
        return None
    return Concentration(
        value=value,
        share=(old[value] / n_old if n_old else 0.0, share),
        n=(n_old, n_new),
        distinct=(len(old), len(new)),
        entropy=(entropy(old), entropy(new)),
        p=p,
        q=p,
        bits=min(CAP, -math.log2(max(p, 1e-300))),
        slot=slot,
    )


def entropy(counts: Counter[str]) -> float:
    """Shannon's, in bits."""
    n = counts.total()
    return 0.0 - sum(c / n * math.log2(c / n) for c in counts.values() if c)


def _tail(k_old: int, n_old: int, k_new: int, n_new: int, values: int) -> float:
    from scipy.stats import binom

    if n_old:
        return float(fisher(k_new, n_new, k_old, n_old))
    return float(binom.sf(k_new - 1, n_new, 1 / values))
