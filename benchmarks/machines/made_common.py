"""What the generators of machine data share: the deal, seeds, noise, and the folder of a case. What they write is CC0."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LICENCE = "CC0-1.0"
DAY_MINUTES = 1440.0
WANDER = 0.8  # slow wander of a sensor, as a share of its white noise
WANDER_MINUTES = 720.0
RESTING = 0.1  # noise near zero, as a share


@dataclass(frozen=True)
class Tag:
    """A measured or (with a formula) calculated point, its alarm limits, white noise (1 sd) and decimals."""

    point: str
    quantity: str
    unit: str
    low: float | None
    high: float | None
    noise: float = 0.0
    digits: int = 3
    formula: str = ""

    def name(self, asset: str) -> str:
        """The column's name: ASSET.point [unit]."""
        return f"{asset}.{self.point} [{self.unit}]" if self.unit else f"{asset}.{self.point}"


def tags(table: str) -> tuple[Tag, ...]:
    """Tags from lines of `point | quantity | unit | low | high | noise | digits | formula`, the last optional."""
    rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return tuple(
        Tag(p, q, u, _limit(low), _limit(high), float(noise), int(digits), *rest)
        for p, q, u, low, high, noise, digits, *rest in rows
    )


def _limit(cell: str) -> float | None:
    return float(cell) if cell else None


def digest(*parts: object) -> int:
    """A number that depends on the parts alone."""
    return int(hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest(), 16)


def generator(*parts: object) -> np.random.Generator:
    """A random generator seeded by the parts."""
    return np.random.default_rng(digest(*parts) % 2**63)


def deal(systems: Iterable[str]) -> dict[str, str]:
    """System → shown | held: by the rank of sha256 of its name, the first half (rounded down) is shown."""
    ranked = sorted(set(systems), key=digest)
    return {name: "shown" if i < len(ranked) // 2 else "held" for i, name in enumerate(ranked)}


def lagged(x: Floats, minutes: float, step: float) -> Floats:
    """First-order lag of x with a time constant, from a steady start."""
    a = 1 - np.exp(-step / minutes)
    made, _ = lfilter([a], [1, a - 1], x, zi=[(1 - a) * x[0]])
    return made


def wander(rng: np.random.Generator, n: int, minutes: float, step: float) -> Floats:
    """Ornstein-Uhlenbeck noise of unit variance with a correlation time."""
    keep = np.exp(-step / minutes)
    start = rng.normal()
    made, _ = lfilter([1.0], [1.0, -keep], rng.normal(0, np.sqrt(1 - keep**2), n), zi=[keep * start])
    return made


def piecewise(rng: np.random.Generator, n: int, mean_rows: float, values: Sequence[float]) -> Floats:
    """A step function: exponential lengths, each value another than the one before it."""
    made, at, value = np.empty(n), 0, float(rng.choice(values))
    while at < n:
        until = at + max(2, int(rng.exponential(mean_rows)))
        made[at:until] = value
        at, value = until, float(rng.choice([v for v in values if v != value]))
    return made


def measured(rng: np.random.Generator, clean: Floats, tag: Tag, step: float) -> Floats:
    """What the sensor shows of a clean channel: white noise, slow wander, resolution; at standstill it rests at 0."""
    n = len(clean)
    noise = rng.normal(0, tag.noise, n) + WANDER * tag.noise * wander(rng, n, WANDER_MINUTES, step)
    if tag.quantity == "temperature" or clean.min() < 0:
        return np.round(clean + noise, tag.digits)
    resting = np.abs(clean) < 3 * tag.noise
    return np.round(np.maximum(clean + noise * np.where(resting, RESTING, 1.0), 0.0), tag.digits)


def with_gaps(rng: np.random.Generator, frame: pd.DataFrame, per_rows: float = 4000.0) -> pd.DataFrame:
    """The frame without some stretches of rows, and with some empty stretches in single columns."""
    n = len(frame)
    values = frame.to_numpy(copy=True)
    for _ in range(rng.poisson(n / per_rows)):
        at, column = rng.integers(n), rng.integers(frame.shape[1])
        values[at : at + rng.integers(2, 40), column] = np.nan
    keep = np.ones(n, bool)
    for _ in range(rng.poisson(n / per_rows)):
        at = rng.integers(1, n)
        keep[at : min(at + rng.integers(2, 60), n - 1)] = False
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)[keep]


def iso(time: pd.Timestamp) -> str:
    """A time as ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_case(
    folder: Path, asset: str, frame: pd.DataFrame, points: Sequence[Tag], case: Mapping[str, Any]
) -> None:
    """Write signals.csv, tags.csv, calculated.csv (if any tag has a formula) and case.json (for the scorer alone)."""
    folder.mkdir(parents=True, exist_ok=True)
    out = frame.rename(columns={t.point: t.name(asset) for t in points})
    out.insert(0, "time", out.index.strftime("%Y-%m-%dT%H:%M:%SZ"))
    out.to_csv(folder / "signals.csv", index=False)
    tag_table(asset, points).to_csv(folder / "tags.csv", index=False)
    formulas = [(t.name(asset), t.formula) for t in points if t.formula]
    if formulas:
        pd.DataFrame(formulas, columns=["tag", "formula"]).to_csv(folder / "calculated.csv", index=False)
    text = json.dumps({"licence": LICENCE, **case}, indent=1, ensure_ascii=False)
    (folder / "case.json").write_text(text + "\n", encoding="utf-8")


def tag_table(asset: str, points: Sequence[Tag]) -> pd.DataFrame:
    """The tags of an asset, one row each; a limit that the site lacks stays empty."""
    rows = [(t.name(asset), asset, t.point, t.quantity, t.unit, t.low, t.high) for t in points]
    return pd.DataFrame(rows, columns=["tag", "asset", "point", "quantity", "unit", "low", "high"])


def parser(doc: str | None, out: str) -> argparse.ArgumentParser:
    """The arguments that every generator takes."""
    made = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    made.add_argument("--out", type=Path, default=Path(out), help="folder to write into")
    made.add_argument("--seed", type=int, default=1, help="everything random follows from it")
    return made
