"""Cases of machines as their makers write them: signals.csv, tags.csv, and case.json, which only scorers read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.condition.words import AssetSignals, Limits, Point
from aitia.tools.sources.exports.formula import calculated
from aitia.tools.sources.rows import Floats
from benchmarks.contract import chosen

MONTH_S = 30.44 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class MachineCase:
    """One recording: its assets by name, their limits by point, and where the answer lies (unread)."""

    name: str
    assets: dict[str, AssetSignals]
    limits: dict[str, dict[str, Limits]]
    folder: Path

    def answer(self) -> dict[str, Any]:
        """The truth; for the scorer."""
        found: dict[str, Any] = json.loads((self.folder / "case.json").read_text(encoding="utf-8"))
        return found


def cases(data: Path, pattern: str) -> Iterator[MachineCase]:
    """The cases of a folder, in order of their names."""
    for name in chosen([p.name for p in data.iterdir() if (p / "signals.csv").is_file()], pattern):
        yield _case(data / name)


def _case(folder: Path) -> MachineCase:
    tags = {row["tag"]: row for row in _rows(folder / "tags.csv")}
    with (folder / "signals.csv").open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
        table = list(csv.reader(file))
    t = np.array([epoch(row[0]) for row in table])
    points: dict[str, dict[str, Point]] = {}
    limits: dict[str, dict[str, Limits]] = {}
    for k, tag in enumerate(names[1:], start=1):
        own = tags[tag]
        v = np.array([_number(row[k]) for row in table])
        points.setdefault(own["asset"], {})[own["point"]] = Point(
            t=t, v=v, quantity=own["quantity"], unit=own["unit"]
        )
        low, high = _limit(own["low"]), _limit(own["high"])
        if low is not None or high is not None:
            limits.setdefault(own["asset"], {})[own["point"]] = Limits(low=low, high=high)
    for tag, formula in _formulas(folder):
        own = tags[tag]
        try:
            made = calculated(formula, points[own["asset"]])
        except BadInput:
            continue  # it is told in words
        points[own["asset"]][own["point"]] = Point(
            t=made.t, v=made.v, quantity=own["quantity"], unit=own["unit"]
        )
        limits.setdefault(own["asset"], {})[own["point"]] = Limits(
            low=_limit(own["low"]), high=_limit(own["high"])
        )
    assets = {name: AssetSignals(name=name, points=own) for name, own in points.items()}
    return MachineCase(name=folder.name, assets=assets, limits=limits, folder=folder)


def _formulas(folder: Path) -> list[tuple[str, str]]:
    """Tags that the site calculates, and how."""
    path = folder / "calculated.csv"
    return [(row["tag"], row["formula"]) for row in _rows(path)] if path.is_file() else []


def point_of(tag: str, asset: str) -> str:
    """The point of a tag `ASSET.point [unit]`."""
    return tag.removeprefix(f"{asset}.").rsplit(" [", 1)[0]


def epoch(text: str) -> float:
    """Epoch seconds of an ISO time; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def raw_means(point: Point, now: float, parts: int = 200) -> tuple[Floats, Floats]:
    """Times and means of equal parts of the raw samples up to `now`: what the peers see."""
    known = np.isfinite(point.v) & (point.t <= now)
    t, v = point.t[known], point.v[known]
    if t.size < 2 * parts:
        return t, v
    return (
        np.array([float(np.mean(p)) for p in np.array_split(t, parts)]),
        np.array([float(np.mean(p)) for p in np.array_split(v, parts)]),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float:
    return float(text) if text else float("nan")


def _limit(text: str) -> float | None:
    return float(text) if text else None
