"""Pictures of spectrograms by simulation: run-ups with known orders, constant lines, sidebands and a line that begins.

They are made, not measured. `shown` and `held` share no course of speed, no palette and no range of noise.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.machines.made_thermal_pictures import colours

Floats = NDArray[np.float64]
RATE, SECONDS = 2048.0, 60.0
COURSES: Final = {"shown": ("up", "curve", "steady"), "held": ("down", "up and hold", "steady", "wave")}
PALETTES: Final = {"shown": ("grey", "iron", "viridis"), "held": ("inferno", "turbo", "iron2")}
NOISE: Final = {"shown": (0.5, 1.0), "held": (0.7, 1.5)}


@dataclass(frozen=True, kw_only=True)
class Made:
    """The picture, its sidecar, and what is in it: orders, Hz of constant lines, what began and how much it rose."""

    png: bytes
    about: dict[str, Any]
    orders: list[float]
    constants: list[float]
    began: float | None
    rose: float | None
    new: float | None
    speed: list[tuple[float, float]]


def course(kind: str, t: Floats, rng: np.random.Generator) -> Floats:
    """Hz of the shaft over time."""
    low, high = rng.uniform(10, 18), rng.uniform(32, 48)
    s = t / SECONDS
    made = {
        "up": low + (high - low) * s,
        "down": high - (high - low) * s,
        "curve": low + (high - low) * (3 * s**2 - 2 * s**3),
        "up and hold": low + (high - low) * np.clip(s / 0.6, 0, 1),
        "wave": 0.5 * (low + high) + 0.35 * (high - low) * np.sin(2 * np.pi * s * 1.3),
        "steady": np.full_like(t, 0.5 * (low + high)),
    }
    return np.asarray(made[kind])


def spectrogram(rng: np.random.Generator, split: str) -> Made:
    """One picture; the speed is in its sidecar in half of them."""
    from scipy.signal import spectrogram as transform

    t = np.arange(int(RATE * SECONDS)) / RATE
    kind = str(rng.choice(COURSES[split]))
    speed = course(kind, t, rng)
    phase = 2 * np.pi * np.cumsum(speed) / RATE
    orders = sorted(
        float(o)
        for o in rng.choice([1.0, 2.0, 3.0, 4.0, 3.1, 5.43, 7.0], size=rng.integers(2, 5), replace=False)
    )
    constants = sorted(
        float(c) for c in rng.choice([50.0, 100.0, 173.0, 287.0], size=rng.integers(0, 3), replace=False)
    )
    x = rng.normal(0, rng.uniform(*NOISE[split]), t.size)
    for o in orders:
        x += rng.uniform(0.12, 0.5) * np.sin(o * phase + rng.uniform(0, 6))
    for c in constants:
        x += rng.uniform(0.12, 0.4) * np.sin(2 * np.pi * c * t)
    began = new = rose = None
    free = [o for o in (3.1, 5.43, 4.0, 6.0) if all(abs(o - p) > 0.3 for p in orders)]
    if rng.random() < 0.6 and free:
        new, began = float(rng.choice(free)), float(rng.uniform(15, 42))
        rose = float(rng.uniform(8, 16))
        high = 0.5
        x += np.where(t < began, high / 10 ** (rose / 20), high) * np.sin(new * phase)
    f, times, power = transform(x, RATE, nperseg=1024, noverlap=512, window="hann", mode="psd")
    top = 384.0
    keep = (f > 0) & (f <= top)
    db = 10 * np.log10(power[keep] + 1e-12)
    low, high = float(np.percentile(db, 5)), float(db.max())
    level = np.clip((db - low) / (high - low), 0, 1)
    from PIL import Image

    palette = str(rng.choice(PALETTES[split]))
    pixels = colours(palette)[np.round(255 * level[::-1]).astype(int)]
    image = Image.fromarray(pixels).resize((640, 400), Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (760, 460), (255, 255, 255))
    canvas.paste(image, (60, 20))
    bar = np.repeat(colours(palette)[np.linspace(255, 0, 400).round().astype(int)][:, None], 16, axis=1)
    canvas.paste(Image.fromarray(bar), (718, 20))
    out = io.BytesIO()
    canvas.save(out, format="PNG")
    every = slice(0, t.size, int(RATE))
    told = [
        (round(float(a), 3), round(float(60 * b), 3)) for a, b in zip(t[every], speed[every], strict=True)
    ]
    half = 0.5 * (times[1] - times[0])
    about: dict[str, Any] = {
        "kind": "spectrogram", "plot": [60, 20, 640, 400], "time": [float(times[0] - half), float(times[-1] + half)],
        "frequency": [float(f[1] / 2), top + float(f[1] / 2)], "level": [low, high],
    }  # fmt: skip
    if rng.random() < 0.5:
        about["speed"] = told
    return Made(
        png=out.getvalue(), about=about, orders=sorted(orders + ([new] if new is not None else [])), constants=constants,
        began=began, rose=rose, new=new, speed=told,
    )  # fmt: skip
