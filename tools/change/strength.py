"""How strong a level change is: surprise times size times persistence, in [0, 1], each factor by itself.

The constants are by hand, such that healthy series stay below one half (`tests/metrics/test_false_alarms.py`).
"""

from __future__ import annotations

import math
from typing import Final

from aitia.tools.series.aspects import Aspect

NEEDED_OCTAVES: Final = 1.1  # log2 of how far beyond the null a change must go for half of the surprise
OCTAVES_PER_DECADE: Final = 0.12  # more of it for every tenfold number of series that are looked at
FEWEST_TESTS: Final = 10
STEEPNESS: Final = 1.9  # of the logistic in octaves
FULL_SHARE: Final = 0.3  # of the level before, from which on the relative size of a change takes nothing away
SHORTEST: Final = 3  # samples, at which a change counts BRIEF; a sample more adds PER_SAMPLE
BRIEF: Final = 0.7
PER_SAMPLE: Final = 0.1
HALF_GROUNDED: Final = 3.0  # samples of a baseline that vouch for half
AWAY_FROM_TROUBLE: Final = 0.75  # a change in the direction that is no trouble: latency that fell
CERTAIN: Final = 0.98


def surprise(excess: float, *, tests: int, ease: float) -> float:
    """Logistic in log2 of `excess`, the change in multiples of the largest that the baseline shows by itself.

    `ease` in octaves lowers what is needed; `tests` series looked at raise it.
    """
    needed = NEEDED_OCTAVES + OCTAVES_PER_DECADE * math.log10(max(tests, FEWEST_TESTS) / FEWEST_TESTS) - ease
    return 1.0 / (1.0 + math.exp(-STEEPNESS * (math.log2(max(excess, 1e-9)) - needed)))


def size(delta: float, before: float, about: Aspect) -> float:
    """Half at the aspect's floor (the change that matters, in its unit); less where it is a small share of the level."""
    absolute = abs(delta) / (abs(delta) + about.floor) if about.floor else 1.0
    if not about.relative:
        return absolute
    share = abs(delta) / abs(before) if before else 1.0
    return absolute * math.sqrt(min(1.0, share / FULL_SHARE))


def persistence(samples: int) -> float:
    """Of a change that holds for so many samples."""
    return min(1.0, BRIEF + PER_SAMPLE * (samples - SHORTEST))


def grounding(baseline: int) -> float:
    """Of a baseline of so many samples."""
    return baseline / (baseline + HALF_GROUNDED)


def direction(delta: float, about: Aspect) -> float:
    """Less where the change is away from trouble."""
    away = about.bad != "both" and (about.bad == "up") != (delta > 0)
    return AWAY_FROM_TROUBLE if away else 1.0


def strength(
    delta: float,
    *,
    before: float,
    excess: float,
    about: Aspect,
    samples: int,
    baseline: int,
    tests: int,
    ease: float,
) -> float:
    """The product of the factors for a change by `delta` from the level `before`."""
    product = (
        surprise(excess, tests=tests, ease=ease)
        * size(delta, before, about)
        * persistence(samples)
        * grounding(baseline)
        * direction(delta, about)
    )
    return min(max(product, 0.0), CERTAIN)
