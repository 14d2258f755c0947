"""Lone spikes: what an instrument makes of one point, what happens to several, and what noise does by itself."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.tools.signals.condition.grid import bucketed
from aitia.tools.signals.condition.spikes import lone_spikes
from aitia.tools.signals.condition.words import Point

ROWS, STEP_S = 600, 60.0


def spiking(
    seed: int, points: int, rows: dict[int, tuple[int, ...]], size: float = 15.0, jumpy: int = 0
) -> list[str]:
    """The points that lone spikes are told of: `rows` with a spike by point; the last `jumpy` points are heavy-tailed."""
    rng = np.random.default_rng(seed)
    made = {}
    for k in range(points):
        v = rng.standard_t(2.5, ROWS) if k >= points - jumpy else rng.normal(size=ROWS)
        v = 20.0 + v
        v[list(rows.get(k, ()))] += size
        made[f"point {k:02d}"] = Point(t=1.7e9 + STEP_S * np.arange(ROWS), v=v)
    grid, _ = bucketed(made, None)
    assert grid is not None
    return [one.point for one in lone_spikes(grid, grid.names)]


@pytest.mark.parametrize("points", [1, 6, 30])
def test_a_spike_of_one_point_is_told_of_it(points: int) -> None:
    assert spiking(1, points, {0: (400,)}) == ["point 00"]


def test_several_spikes_are_told_together() -> None:
    assert spiking(2, 8, {3: (380, 450, 520)}) == ["point 03"]


@pytest.mark.parametrize("seed", range(5))
def test_noise_alone_tells_nothing(seed: int) -> None:
    assert spiking(seed, 12, {}) == []


def test_what_several_points_show_at_once_is_no_instrument() -> None:
    assert spiking(3, 8, dict.fromkeys(range(4), (400,))) == []


def test_a_spike_among_many_points_that_jump_by_themselves_is_told() -> None:
    assert "point 00" in spiking(4, 40, {0: (400,)}, jumpy=30)
