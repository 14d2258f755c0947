"""Thermal pictures by simulation: conduction on plates, seen by a camera with noise, blur, reflections, sun and palettes.

They are made, not photographed. `shown` and `held` share no shape, no palette and no range of noise.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HIGH, WIDE = 120, 160
SHAPES: Final = {
    "shown": ("rectangle", "disc", "angle", "two bars"),
    "held": ("ring", "tee", "fins", "ellipse", "cross"),
}
PALETTES: Final = {
    "shown": ("iron", "grey", "jet", "hot"),
    "held": ("inferno", "turbo", "arctic", "black hot", "iron2"),
}
NOISE: Final = {"shown": (0.05, 0.20), "held": (0.08, 0.35)}  # K
ANCHORS: Final[dict[str, list[tuple[int, int, int]]]] = {
    "iron": [(0, 0, 12), (60, 0, 120), (150, 10, 150), (215, 60, 80), (245, 130, 10), (255, 200, 30), (255, 255, 235)],
    "iron2": [
        (2, 0, 30), (40, 2, 130), (130, 0, 158), (190, 20, 140), (230, 80, 40), (250, 170, 0), (255, 230, 110), (255, 255, 250),
    ],
    "arctic": [(10, 20, 80), (40, 110, 220), (120, 220, 250), (120, 120, 120), (240, 170, 40), (255, 240, 160)],
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What was made: °C as the camera sees it, the places of the sources and what each adds, and how it is drawn."""

    seen: Floats
    sources: list[dict[str, Any]]
    reference: Floats | None = None
    shift: tuple[int, int] = (0, 0)
    regions: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    hotter: str = ""
    by: float = 0.0
    decoys: list[str] = field(default_factory=list)


def colours(name: str) -> NDArray[np.uint8]:
    """256 colours of a palette, cold first."""
    if name == "grey" or name == "black hot":
        ramp = np.arange(256) if name == "grey" else np.arange(255, -1, -1)
        return np.stack([ramp] * 3, axis=1).astype(np.uint8)
    if name in ANCHORS:
        anchors = np.array(ANCHORS[name], dtype=float)
        at = np.linspace(0, len(anchors) - 1, 256)
        return np.stack(
            [np.interp(at, np.arange(len(anchors)), anchors[:, c]) for c in range(3)], axis=1
        ).astype(np.uint8)
    import matplotlib

    table = matplotlib.colormaps[name](np.linspace(0, 1, 256))
    return np.asarray(255 * table[:, :3]).astype(np.uint8)


def body(shape: str, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Where the plate is."""
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    cy, cx = 60 + rng.integers(-8, 9), 76 + rng.integers(-10, 11)
    a, b = rng.uniform(28, 44), rng.uniform(40, 60)
    v, u = y - cy, x - cx
    box = (np.abs(v) < a) & (np.abs(u) < b)
    made = {
        "rectangle": box,
        "disc": v**2 + u**2 < a**2 * 1.2,
        "angle": box & ~((v < -a * 0.1) & (u > -b * 0.1)),
        "two bars": box & (np.abs(v) > a * 0.25),
        "ring": (v**2 + u**2 < (1.15 * a) ** 2) & (v**2 + u**2 > (0.5 * a) ** 2),
        "tee": (box & (v < -a * 0.2)) | (box & (np.abs(u) < b * 0.4)),
        "fins": box & ((np.mod(u, 16) < 10) | (np.abs(v) < a * 0.3)),
        "ellipse": (v / a) ** 2 + (u / b) ** 2 < 1,
        "cross": (box & (np.abs(v) < a * 0.4)) | (box & (np.abs(u) < b * 0.4)),
    }
    return np.asarray(made[shape])


def solve(plate: NDArray[np.bool_], heats: list[Floats], loss: float) -> list[Floats]:
    """K over ambient of each heat input: conduction in the plate, convection from its face. Off the plate 0."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import splu

    number = np.full(plate.shape, -1)
    number[plate] = np.arange(int(plate.sum()))
    rows, cols, data = [], [], []
    diagonal = np.full(int(plate.sum()), loss)
    for axis in (0, 1):
        for step in (1, -1):
            other = np.roll(number, step, axis=axis)
            edge = np.zeros_like(plate)
            index: list[Any] = [slice(None), slice(None)]
            index[axis] = 0 if step == 1 else -1
            edge[tuple(index)] = True
            pair = plate & (other >= 0) & ~edge
            rows.append(number[pair])
            cols.append(other[pair])
            data.append(np.full(int(pair.sum()), -1.0))
            np.add.at(diagonal, number[pair], 1.0)
    n = int(plate.sum())
    matrix = coo_matrix(
        (
            np.concatenate([*data, diagonal]),
            (np.concatenate([*rows, np.arange(n)]), np.concatenate([*cols, np.arange(n)])),
        )
    )
    lu = splu(matrix.tocsc())
    made = []
    for heat in heats:
        field_ = np.zeros(plate.shape)
        field_[plate] = lu.solve(heat[plate])
        made.append(field_)
    return made


def _source(plate: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Floats, tuple[int, int]]:
    """Heat in a small disc or a short line somewhere inside the plate."""
    from scipy.ndimage import binary_erosion

    inside = np.argwhere(binary_erosion(plate, iterations=3))
    cy, cx = inside[rng.integers(len(inside))]
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    if rng.random() < 0.6:
        r = rng.uniform(1.0, 4.0)
        heat = ((y - cy) ** 2 + (x - cx) ** 2 <= r * r) & plate
    else:
        heat = (np.abs(y - cy) <= 1) & (np.abs(x - cx) <= rng.integers(3, 9)) & plate
    return heat.astype(float), (int(cy), int(cx))


def scene(rng: np.random.Generator, split: str, sort: str) -> Scene:
    """A scene of a sort: `lone`, `reference` or `neighbours`; about a third of them healthy."""
    return (
        _neighbours(rng, split) if sort == "neighbours" else _plate(rng, split, compared=sort == "reference")
    )


def _plate(rng: np.random.Generator, split: str, *, compared: bool) -> Scene:
    plate = body(str(rng.choice(SHAPES[split])), rng)
    loss = 10 ** rng.uniform(-2.6, -1.4)
    ambient, rise = rng.uniform(10, 30), rng.uniform(3, 28)
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    slope = 1 + rng.uniform(0, 0.5) * ((x / WIDE) * rng.choice([-1, 1]) + 0.5)
    heats = [slope * plate]
    count = int(rng.choice([0, 1, 1, 2]))
    found, places = [], []
    for _ in range(count):
        heat, at = _source(plate, rng)
        if all(np.hypot(at[0] - p[0], at[1] - p[1]) > 22 for p in places):
            found.append(heat)
            places.append(at)
    fields = solve(plate, heats + found, loss)
    base = rise * fields[0] / max(float(fields[0].max()), 1e-9)
    sources, total = [], base.copy()
    for one, at in zip(fields[1:], places, strict=True):
        over = rng.uniform(4, 26)
        added = over * one / one.max()
        total += added
        sources.append({"at": at, "over": over, "added": added})
    room = ambient + rng.uniform(-1.5, 1.5) * (y / HIGH - 0.5)
    decoys: list[str] = []
    shine, extra = np.zeros_like(total), np.zeros_like(total)
    if rng.random() < 0.30:  # low emissivity: a patch of bare metal shows the room
        cy, cx = rng.integers(30, 90), rng.integers(30, 120)
        shine[(np.abs(y - cy) < 7) & (np.abs(x - cx) < 12)] = rng.uniform(0.3, 0.7)
        decoys.append("bare metal")
    if rng.random() < 0.25:  # the sun warms one side
        extra += rng.uniform(2, 8) * np.exp(-(((x - rng.choice([10, 150])) / 70.0) ** 2))
        decoys.append("sun")
    if rng.random() < 0.15:  # a mirror image of a lamp, of even brightness
        cy, cx = rng.integers(20, 100), rng.integers(20, 140)
        extra[((y - cy) / 4.0) ** 2 + ((x - cx) / 6.0) ** 2 < 1] += rng.uniform(6, 20)
        decoys.append("reflection")
    if rng.random() < 0.35:  # another warm thing beside it
        left = rng.random() < 0.5
        cx = 8 if left else 140
        warm = (np.abs(y - rng.integers(25, 95)) < 14) & (np.abs(x - cx - 6) < 7) & ~plate
        extra[warm] += rng.uniform(5, 30)
        decoys.append("another body")
    truth = room + total
    seen = camera((1 - shine) * truth + shine * ambient + extra, rng, split)
    reference, shift = None, (0, 0)
    if compared:
        room_then = ambient + rng.uniform(-6, 6)
        before = room_then + base * rng.uniform(0.7, 1.3)
        still = (1 - shine) * before + shine * room_then + (extra if rng.random() < 0.5 else extra * 0.9)
        shift = (int(rng.integers(-6, 7)), int(rng.integers(-8, 9)))
        reference = camera(np.roll(still, shift, axis=(0, 1)), rng, split)
    return Scene(seen=seen, sources=sources, reference=reference, shift=shift, decoys=decoys)


def _neighbours(rng: np.random.Generator, split: str) -> Scene:
    """Three alike parts side by side; one of them hotter, or none."""
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    ambient, rise = rng.uniform(10, 30), rng.uniform(8, 30)
    total = ambient + np.zeros((HIGH, WIDE))
    hotter = int(rng.integers(-1, 3)) if rng.random() < 0.8 else -1
    by = float(rng.uniform(3, 25)) if hotter >= 0 else 0.0
    regions = {}
    for n in range(3):
        left = 12 + 50 * n
        if split == "shown":
            part = (x >= left) & (x < left + 34) & (y > 20) & (y < 100)
        else:
            part = ((x - left - 17) / 17.0) ** 2 + ((y - 60) / 42.0) ** 2 < 1
        added = rise + rng.uniform(-0.5, 0.5) + (by if n == hotter else 0.0)
        fall = 1 - 0.15 * np.abs(y - 60) / 60
        total = np.where(part, ambient + added * fall, total)
        regions[f"L{n + 1}"] = (left - 1, 18, 36, 84)
    return Scene(
        seen=camera(total, rng, split),
        sources=[],
        regions=regions,
        hotter=f"L{hotter + 1}" if hotter >= 0 else "",
        by=by,
    )


def camera(truth: Floats, rng: np.random.Generator, split: str) -> Floats:
    """Blur and noise of a camera."""
    from scipy.ndimage import gaussian_filter

    seen = gaussian_filter(truth, rng.uniform(0.5, 1.6)) + rng.normal(
        0, rng.uniform(*NOISE[split]), truth.shape
    )
    if split == "held":  # rows that differ, a bad pixel
        seen += rng.normal(0, 0.06, (HIGH, 1))
        seen[rng.integers(HIGH), rng.integers(WIDE)] += rng.choice([-1, 1]) * rng.uniform(5, 20)
    return np.asarray(seen)


def drawn(
    seen: Floats, rng: np.random.Generator, palette: str, limits: tuple[float, float], *, jpeg: int
) -> bytes:
    """The picture as a camera saves it: twice as large, a colour bar, a few words; PNG, or JPEG of a quality."""
    from PIL import Image, ImageDraw

    low, high = limits
    table = colours(palette)
    level = np.clip((seen - low) / (high - low), 0, 1)
    pixels = table[np.round(255 * level).astype(int)]
    image = Image.fromarray(pixels).resize((2 * WIDE, 2 * HIGH), Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (2 * WIDE + 46, 2 * HIGH + 40), (16, 16, 18))
    canvas.paste(image, (0, 0))
    if rng.random() < 0.7:
        bar = np.repeat(table[np.linspace(255, 0, 200).round().astype(int)][:, None], 14, axis=1)
        canvas.paste(Image.fromarray(bar), (2 * WIDE + 16, 20))
    else:
        bar = np.repeat(table[np.linspace(0, 255, 260).round().astype(int)][None], 12, axis=0)
        canvas.paste(Image.fromarray(bar), (30, 2 * HIGH + 14))
    pen = ImageDraw.Draw(canvas)
    pen.text((4, 4), "e=0.95", fill=(255, 255, 255))
    pen.text((2 * WIDE + 8, 4), f"{high:.0f}", fill=(255, 255, 255))
    out = io.BytesIO()
    canvas.save(out, format="JPEG" if jpeg else "PNG", **({"quality": jpeg} if jpeg else {}))
    return out.getvalue()
