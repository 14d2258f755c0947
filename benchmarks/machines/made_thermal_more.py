"""Two more halves of thermal pictures held against a reference: `third` to look at, `fourth` to check on while mending.

Beside the plates of `made_thermal_pictures.py` they hold a second body, a room with pipes and patches of other emissivity, parts
that follow the load by another share, noise in rows and columns, bad points, a camera that stands a part of a point off and is
turned a little, and a focus that differs across the picture. The sources are planted in the plates, half as wide or wider.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.machines.made_thermal_pictures import HIGH, WIDE, Floats, Scene, solve

MORE: Final = ("third", "fourth")
SHAPES: Final = {
    "third": ("pipe and flange", "octagon", "ladder", "two discs"),
    "fourth": ("bend", "holes", "triangle", "comb"),
}
PALETTES: Final = {
    "third": ("plasma", "hot", "grey", "gnuplot2"),
    "fourth": ("magma", "iron2", "black hot", "cividis"),
}
NOISE: Final = {"third": (0.05, 0.30), "fourth": (0.08, 0.40)}  # K
ROWS: Final = {"third": 0.10, "fourth": 0.12}  # K at most, one standard deviation


def plate_of(shape: str, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Where the plate is."""
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    v, u = y - 60 - rng.integers(-9, 10), x - 78 - rng.integers(-12, 13)
    a, b = rng.uniform(26, 42), rng.uniform(36, 58)
    box = (np.abs(v) < a) & (np.abs(u) < b)
    made = {
        "pipe and flange": (np.abs(v) < a * 0.4) | ((np.abs(u) < b * 0.3) & (np.abs(v) < a)),
        "octagon": box & (np.abs(v) + np.abs(u) < 0.75 * (a + b)),
        "ladder": box & ((np.abs(u) > b * 0.6) | (np.mod(v, 18) < 9)),
        "two discs": ((u - b / 2) ** 2 + v**2 < (0.55 * a) ** 2) | ((u + b / 2) ** 2 + v**2 < (0.7 * a) ** 2),
        "bend": (box & (v > a * 0.2)) | (box & (u > b * 0.3)),
        "holes": box & ~((np.mod(u, 24) < 7) & (np.mod(v, 24) < 7)),
        "triangle": (v < a) & (v > -a) & (np.abs(u) < b * (v + a) / (2 * a)),
        "comb": box & ((v > a * 0.35) | (np.mod(u, 22) < 12)),
    }
    return np.asarray(made[shape])


def compared(rng: np.random.Generator, split: str) -> Scene:
    """A picture and its reference of the same view; a third of them without a source."""
    plate = plate_of(str(rng.choice(SHAPES[split])), rng)
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    tilt = 1 + 0.4 * rng.uniform(-1, 1) * (x / WIDE - 0.5) + 0.4 * rng.uniform(-1, 1) * (y / HIGH - 0.5)
    heats, places = [tilt * plate], []
    for _ in range(int(rng.choice([0, 0, 1, 1, 1, 2]))):
        heat, at = _planted(plate, rng)
        if all(np.hypot(at[0] - p[0], at[1] - p[1]) > 24 for p in places):
            heats.append(heat)
            places.append(at)
    fields = solve(plate, heats, 10 ** rng.uniform(-2.5, -1.4))
    base = rng.uniform(3, 30) * fields[0] / float(fields[0].max())
    total, sources = base.copy(), []
    for one, at in zip(fields[1:], places, strict=True):
        over = float(rng.uniform(4, 25))
        added = over * one / one.max()
        total += added
        sources.append({"at": at, "over": over, "added": added})
    room, room_then = (float(n) for n in rng.uniform(8, 32) + np.array([0.0, rng.uniform(-7, 7)]))
    wall = rng.uniform(-2, 2) * (y / HIGH - 0.5)
    emissivity, decoys = _emissivity(rng)
    fixed, following = _others(plate, rng, decoys)
    load = rng.uniform(0.65, 1.4)  # of the reference's load to the picture's
    follows = load ** rng.uniform(0.3, 1.2)  # what else is warm follows it by another share
    now = emissivity * (room + wall + total + following) + (1 - emissivity) * room + fixed
    then = emissivity * (room_then + wall + base * load + following * follows) + (1 - emissivity) * room_then
    then += fixed * rng.uniform(0.88, 1.1)
    moved = _moved(then, rng)
    return Scene(
        seen=_camera(now, rng, split), sources=sources, reference=_camera(moved, rng, split), decoys=decoys
    )


def _planted(plate: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Floats, tuple[int, int]]:
    from scipy.ndimage import binary_erosion

    inside = np.argwhere(binary_erosion(plate, iterations=3))
    cy, cx = (int(n) for n in inside[rng.integers(len(inside))])
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    a, b = rng.uniform(1, 4.5), rng.uniform(1, 4.5)
    return (((y - cy) / a) ** 2 + ((x - cx) / b) ** 2 <= 1) * plate.astype(float), (cy, cx)


def _emissivity(rng: np.random.Generator) -> tuple[Floats, list[str]]:
    """Of each point: paint, with labels and bare or oxidised patches."""
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    made, told = np.full((HIGH, WIDE), 0.95), []
    for _ in range(int(rng.choice([0, 1, 2, 3]))):
        cy, cx = rng.integers(15, 105), rng.integers(15, 145)
        patch = (np.abs(y - cy) < rng.integers(3, 11)) & (np.abs(x - cx) < rng.integers(3, 15))
        made[patch] = rng.uniform(0.3, 0.9)
        told.append("patch")
    return made, told


def _others(plate: NDArray[np.bool_], rng: np.random.Generator, decoys: list[str]) -> tuple[Floats, Floats]:
    """What is warm beside the plate: mirror images and the sun stay as they are, bodies and pipes follow the load in part."""
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    fixed, following = np.zeros((HIGH, WIDE)), np.zeros((HIGH, WIDE))
    if rng.random() < 0.3:
        cy, cx = rng.integers(15, 105), rng.integers(15, 145)
        fixed[((y - cy) / rng.uniform(2, 6)) ** 2 + ((x - cx) / rng.uniform(2, 8)) ** 2 < 1] += rng.uniform(
            5, 22
        )
        decoys.append("reflection")
    if rng.random() < 0.25:
        fixed += rng.uniform(2, 8) * np.exp(-(((y - rng.choice([0, 120])) / 50.0) ** 2))
        decoys.append("sun")
    if rng.random() < 0.4:
        cy, cx, r = rng.integers(12, 108), rng.choice([10, 22, 138, 150]), rng.uniform(5, 13)
        following[((y - cy) ** 2 + (x - cx) ** 2 < r * r) & ~plate] += rng.uniform(4, 30)
        decoys.append("another body")
    if rng.random() < 0.3:
        row = rng.choice([12, 108])
        following[(np.abs(y - row) < rng.integers(2, 5)) & ~plate] += rng.uniform(4, 25)
        decoys.append("pipe")
    return fixed, following


def _moved(values: Floats, rng: np.random.Generator) -> Floats:
    """The camera stands some points and a part of one off, turned by half a degree and nearer by 0.5 %, at most."""
    from scipy.ndimage import affine_transform

    turn, near = np.deg2rad(rng.uniform(-0.5, 0.5)), 1 + rng.uniform(-0.005, 0.005)
    matrix = near * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([HIGH, WIDE]) / 2
    offset = middle - matrix @ middle + np.array([rng.uniform(-6, 6), rng.uniform(-8, 8)])
    return np.asarray(affine_transform(values, matrix, offset=offset, order=1, mode="nearest"))


def _camera(truth: Floats, rng: np.random.Generator, split: str) -> Floats:
    """Focus that differs from left to right, noise of points, rows and columns, a few bad points."""
    from scipy.ndimage import gaussian_filter

    sharp, soft = gaussian_filter(truth, rng.uniform(0.5, 1.2)), gaussian_filter(truth, rng.uniform(0.8, 1.9))
    share = np.linspace(0, 1, WIDE)[:: int(rng.choice([-1, 1]))]
    seen = (1 - share) * sharp + share * soft
    seen = seen + rng.normal(0, rng.uniform(*NOISE[split]), truth.shape)
    seen += rng.normal(0, rng.uniform(0, ROWS[split]), (HIGH, 1))
    seen += rng.normal(0, rng.uniform(0, 0.5 * ROWS[split]), (1, WIDE))
    for _ in range(int(rng.integers(0, 5))):
        seen[rng.integers(HIGH), rng.integers(WIDE)] += rng.choice([-1, 1]) * rng.uniform(5, 25)
    return np.asarray(seen)
