"""Pictures against a reference: what moved, softened, stayed as it was or is one bad point is no spot; a source is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import affine_transform, gaussian_filter, zoom

from aitia.tools.signals.pictures.read import Picture
from aitia.tools.signals.pictures.register import laid_over
from aitia.tools.signals.pictures.spots import grain_of, without_bad_points
from aitia.tools.signals.pictures.thermal import Heat, hot_spots

Array = np.ndarray[Any, Any]


def plant(
    *, load: float = 1.0, lamp: float = 0.0, source: float = 0.0, seed: int = 0, noise: float = 0.15
) -> Array:
    """°C of a plate with fins before a wall, 120 × 160: 20 K over the room at full load, a lamp's mirror image, a source."""
    row, column = np.mgrid[0:120, 0:160].astype(float)
    plate = (np.abs(row - 60) < 40) & (np.abs(column - 80) < 55) & ((np.mod(column, 22) < 13) | (row > 62))
    seen = 20 + 20 * load * plate
    seen += lamp * (((row - 15) / 4) ** 2 + ((column - 30) / 5) ** 2 < 1)
    seen += source * np.exp(-(((row - 80) / 5) ** 2) - ((column - 100) / 6) ** 2)
    return gaussian_filter(seen, 0.8) + np.random.default_rng(seed).normal(0, noise, seen.shape)


def held(now: Array, then: Array) -> Heat:
    return hot_spots(Picture(values=now, valued=True), reference=Picture(values=then, valued=True))


def turned(values: Array, degrees: float, down: float, right: float) -> Array:
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array(values.shape) / 2
    return np.asarray(
        affine_transform(
            values, matrix, offset=middle - matrix @ middle + [down, right], order=1, mode="nearest"
        )
    )


@pytest.mark.parametrize("load", [0.7, 1.0, 1.4])
def test_a_mirror_image_that_does_not_follow_the_load_is_no_spot(load: float) -> None:
    assert held(plant(lamp=15, seed=1), plant(load=load, lamp=15, seed=2)).spots == ()


@pytest.mark.parametrize("load", [0.7, 1.0, 1.4])
def test_a_source_is_found_whatever_the_load_did(load: float) -> None:
    spots = held(plant(source=12, lamp=15, seed=1), plant(load=load, lamp=15, seed=2)).spots
    assert len(spots) == 1
    assert (spots[0].across, spots[0].down) == pytest.approx((100 / 160, 80 / 120), abs=0.03)
    assert spots[0].degrees == pytest.approx(12, rel=0.35)


def test_a_camera_that_stands_a_little_otherwise_sees_the_same() -> None:
    then = turned(plant(seed=2), 0.5, 2.4, -3.6)
    assert held(plant(seed=1), then).spots == ()
    assert len(held(plant(source=12, seed=1), then).spots) == 1
    assert laid_over(plant(seed=1), then).shift != (0, 0)


def test_a_soft_reference_makes_no_spots_of_thin_parts() -> None:
    assert held(plant(seed=1), gaussian_filter(plant(seed=2), 1.6)).spots == ()
    assert held(gaussian_filter(plant(seed=1), 1.6), plant(seed=2)).spots == ()


@pytest.mark.parametrize("times", [1, 2])
def test_a_bad_point_is_no_spot_in_a_picture_that_was_enlarged_either(times: int) -> None:
    now = plant(seed=1, noise=0.2)
    now[50, 70] += 25
    now, then = (zoom(v, times, order=1) for v in (now, plant(seed=2, noise=0.2)))
    assert held(now, then).spots == ()


@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_grain_of_an_enlarged_picture_is_told_by_its_noise(times: int) -> None:
    assert grain_of(zoom(plant(seed=1), times, order=1)) == times


def test_a_picture_without_noise_has_the_finest_grain() -> None:
    assert grain_of(plant(noise=0.0)) == 1


def test_bad_points_are_filled_and_small_sources_are_left() -> None:
    values = plant(source=12, seed=1)
    values[8, 140] += 25
    filled = without_bad_points(values, 1)
    assert abs(filled[8, 140] - 20) < 1
    assert np.max(filled[75:86, 95:106]) > 45
