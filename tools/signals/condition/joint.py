"""What several points show together though none does so alone: many that lean a little, or that all swing more widely.

How many independent points of a healthy asset lean so far by chance is binomial; so many that chance makes them once in
`_CHANCE` recordings are a fault of the process. Points that went together in the reference count once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from aitia.tools.signals.condition.departing import Left
from aitia.tools.sources.rows import Floats

# By hand.
_LEANS: Final = 0.55  # times the threshold
_LEAN_CHANCE: Final = 0.02  # that a healthy point does, by the thresholds' Student's t
_CHANCE: Final = 0.002  # of so many leaning together
_LEAST: Final = 3  # points
_TOGETHER: Final = 0.5  # correlation in the reference from which on two points count once
_AT_ONCE: Final = 0.25  # of the blocks: how far their onsets may lie apart
_WIDER: Final = 1.3  # times as wide a swing as before
_SWINGERS: Final = 2  # independent points


def joined(gone: Mapping[str, Left], levels: Floats, names: Sequence[str], part: slice) -> dict[str, Left]:
    """`gone` with the points that lean together raised to an alarm. `levels` are (blocks, points), `part` the reference."""
    leaning = {n: one for n, one in gone.items() if one.times >= _LEANS}
    apart = _independent(leaning, levels[part], names)
    near = _at_once(apart, gone, len(levels))
    if len(near) < _LEAST or _by_chance(len(near), len(gone)) > _CHANCE:
        return dict(gone)
    return {n: replace(one, times=max(one.times, 1.0)) if n in near else one for n, one in gone.items()}


def swinging(wider: Mapping[str, Left], levels: Floats, names: Sequence[str], part: slice) -> dict[str, Left]:
    """Points that together swing more widely than in the reference; none where it is one alone."""
    up = {
        n: one for n, one in wider.items() if one.times >= _LEANS and one.now - one.before >= np.log(_WIDER)
    }
    near = _at_once(_independent(up, levels[part], names), wider, len(levels))
    plain = [n for n in near if up[n].times >= 1.0]
    enough = len(near) >= _SWINGERS and (
        len(plain) >= _SWINGERS or _by_chance(len(near), len(wider)) <= _CHANCE
    )
    return {n: up[n] for n in near} if enough else {}


def _by_chance(leaning: int, points: int) -> float:
    from scipy.stats import binom

    return float(binom.sf(leaning - 1, points, _LEAN_CHANCE))


def _independent(leaning: Mapping[str, Left], reference: Floats, names: Sequence[str]) -> list[str]:
    """The plainest first, without those that went with a plainer one in the reference."""
    kept: list[str] = []
    for name in sorted(leaning, key=lambda n: (-leaning[n].times, n)):
        own = reference[:, names.index(name)]
        if all(_correlation(own, reference[:, names.index(k)]) < _TOGETHER for k in kept):
            kept.append(name)
    return kept


def _correlation(one: Floats, two: Floats) -> float:
    known = np.isfinite(one) & np.isfinite(two)
    if known.sum() < 4:
        return 1.0
    a, b = one[known] - np.mean(one[known]), two[known] - np.mean(two[known])
    power = float(np.sqrt((a @ a) * (b @ b)))
    return abs(float(a @ b)) / power if power > 0.0 else 1.0


def _at_once(names: Sequence[str], gone: Mapping[str, Left], blocks: int) -> list[str]:
    """The most of them whose onsets lie together."""
    reach = {n: _AT_ONCE * blocks + gone[n].error for n in names}
    groups = [[n for n in names if abs(gone[n].k - gone[lead].k) <= reach[n]] for lead in names]
    return max(groups, key=len, default=[])
