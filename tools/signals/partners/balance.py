"""Whether a flow meter reads right though nothing follows it: its reading closes a balance, or its valve is told to be closed."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np

from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.quantities import aspect_of, unit_of

# By hand.
_CLOSES: Final = (
    0.25  # of the departure: how far what goes in and what comes out may be apart, before and now
)
_OTHERS: Final = 5  # flows at most that are tried: 3**5 balances
_LEAST: Final = 3  # rows since the departure
_SHUT: Final = 0.05  # of its travel: a valve that is told to be closed


def reads_right(plant: Plant, signal: int, since: int, size: float) -> bool:
    """Whether a flow that departed by `size` (own unit) since a row of the grid is so, by the other flows or by its valve."""
    if aspect_of(plant.channels[signal]) != "flow":
        return False
    return closes(plant, signal, since, size) or through_closed(plant, signal, since, size)


def closes(plant: Plant, signal: int, since: int, size: float) -> bool:
    """Whether flows of one unit that balanced before, with this one, balance since then with it alone: the rest moved by as much.

    Conservation of mass: sums of flows into a node less those out of it stay what they were.
    """
    x, n, unit = plant.grid.x, plant.grid.reference, unit_of(plant.channels[signal])
    others = [
        k
        for k, c in enumerate(plant.channels)
        if k != signal and aspect_of(c) == "flow" and unit_of(c) == unit
    ]
    if not unit or len(x) - since < _LEAST or size == 0.0:
        return False
    # The nearest in size: a trickle tells nothing of a river, but what it joins may be larger.
    others = sorted(others, key=lambda k: -float(np.ptp(x[:, k])))[:_OTHERS]
    limit = _CLOSES * abs(size)
    for signs in product((-1.0, 0.0, 1.0), repeat=len(others)):
        if np.count_nonzero(signs) < 2:
            continue
        rest = x[:, others] @ np.array(signs)
        whole = rest + x[:, signal]
        usual = float(np.median(whole[:n]))
        tight = float(np.quantile(np.abs(whole[:n] - usual), 0.9)) <= limit
        if tight and abs(float(np.median(whole[since:])) - usual) <= limit:
            return True
    return False


def through_closed(plant: Plant, signal: int, since: int, size: float) -> bool:
    """Whether more flows through a component whose own valve is told to be closed, then and now."""
    x, owner = plant.grid.x, plant.owners[signal]
    positions = [k for k in plant.members[owner] if aspect_of(plant.channels[k]) == "position"]
    if size <= 0.0 or not positions or len(x) - since < _LEAST:
        return False
    travel = {
        k: max(100.0 if unit_of(plant.channels[k]) in _PERCENT else 1.0, float(np.max(x[:, k])))
        for k in positions
    }
    return all(float(np.median(x[since:, k])) <= _SHUT * travel[k] for k in positions)


_PERCENT: Final = frozenset({"%", "percent"})
