"""Whether the unit that a sentence tells is that of the metric."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FAR: Final = (
    20.0  # a value so many times beyond what the metric ever was is told in the wrong size of its unit
)
_TOLD: Final = {  # unit in a sentence: dimension, factor to its base
    "s": ("time", 1.0), "ms": ("time", 1e-3), "us": ("time", 1e-6), "µs": ("time", 1e-6), "ns": ("time", 1e-9),
    "min": ("time", 60.0), "h": ("time", 3600.0), "d": ("time", 86_400.0),
    "B": ("bytes", 1.0), "KiB": ("bytes", 2.0**10), "MiB": ("bytes", 2.0**20), "GiB": ("bytes", 2.0**30), "bytes": ("bytes", 1.0),
    "B/s": ("bytes/s", 1.0), "KiB/s": ("bytes/s", 2.0**10), "MiB/s": ("bytes/s", 2.0**20), "bytes/s": ("bytes/s", 1.0),
    "%": ("ratio", 0.01), "cores": ("time/s", 1.0), "s/s": ("time/s", 1.0), "ms/s": ("time/s", 1e-3), "/s": ("count/s", 1.0),
    "°C": ("temperature", 1.0), "V": ("voltage", 1.0),
}  # fmt: skip
_TRUE: Final = {  # unit in units.jsonl: dimension, factor
    "1": ("count", 1.0), "s": ("time", 1.0), "ms": ("time", 1e-3), "us": ("time", 1e-6), "ns": ("time", 1e-9),
    "bytes": ("bytes", 1.0), "KiB": ("bytes", 1024.0), "MiB": ("bytes", 2.0**20), "bytes/s": ("bytes/s", 1.0),
    "ratio": ("ratio", 1.0), "percent": ("ratio", 0.01), "bit": ("bits", 1.0), "celsius": ("temperature", 1.0),
    "hertz": ("frequency", 1.0), "/s": ("count/s", 1.0), "epoch": ("moment", 1.0), "id": ("id", 1.0), "state": ("state", 1.0),
}  # fmt: skip
BARE: Final = ("count", "id", "state", "moment")  # of which a number may stand alone


@dataclass(frozen=True)
class Metric:
    """A metric by its documentation: `counter`, `gauge`, `histogram` or `summary`, and the unit of its values."""

    kind: str
    unit: str

    @property
    def dimension(self) -> str:
        """Of its values."""
        return _TRUE[self.unit][0]


def units(file: Path) -> dict[str, Metric]:
    """The labelled metrics."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line]
    return {r["metric"]: Metric(r["kind"], r["unit"]) for r in rows}


def known(labelled: Mapping[str, Metric], name: str) -> Metric | None:
    """A metric by its name, or by its family's where it is a part of a histogram or summary."""
    if name in labelled:
        return labelled[name]
    for part in ("_bucket", "_sum", "_count"):
        family = labelled.get(name.removesuffix(part))
        if name.endswith(part) and family and family.kind in ("histogram", "summary"):
            return Metric("counter", "1") if part == "_count" else family
    return None


def as_told(metric: Metric, told: str, numbers: Sequence[float], usual: Callable[[], float]) -> str:
    """right, wrong, `none told` though the metric has a unit, or `none to tell`; `usual` is its middle in its own unit."""
    if not told:
        return "none to tell" if metric.dimension in BARE else "none told"
    dimension, factor = _TOLD.get(told, ("", 1.0))
    if dimension not in _right(metric):
        return "wrong"
    sizes = [abs(n) * factor for n in numbers if n]
    if metric.kind != "counter" and dimension == metric.dimension and sizes:
        size = math.exp(sum(map(math.log, sizes)) / len(sizes))
        return "wrong" if _nearer(size, abs(usual()), _TRUE[metric.unit][1]) else "right"
    return "right"


def _nearer(size: float, middle: float, unit: float) -> bool:
    """Whether a number told would be nearer to the metric's middle had its unit been taken for the base, or the base for it."""
    if not middle or unit == 1.0:
        return False
    off = [abs(math.log(size * by / (middle * unit))) for by in (1.0, unit, 1.0 / unit)]
    return min(off[1:]) < off[0]


def _right(metric: Metric) -> set[str]:
    """The dimensions in which its numbers may be told: a counter's rate, and of counts the share of those that failed."""
    if metric.kind == "counter":
        return {f"{metric.dimension}/s"} | ({"ratio"} if metric.dimension == "count" else {metric.dimension})
    if metric.kind in ("histogram", "summary") and metric.dimension != "count":
        return {metric.dimension, f"{metric.dimension}/s"}
    return {metric.dimension} - set(BARE)


def usual_size(table: Path, metric: str) -> float:
    """The median of a gauge in a recording, the mean of a histogram or summary."""
    import duckdb

    family = metric.removesuffix("_bucket").removesuffix("_sum")
    ends = f"SELECT max(value) high, min(value) low FROM '{table}' WHERE metric = ? GROUP BY labels"
    grown = f"(SELECT sum(high - low) FROM ({ends}))"
    with duckdb.connect() as db:
        if family != metric:
            found = db.execute(f"SELECT {grown} / {grown}", [f"{family}_sum", f"{family}_count"]).fetchone()
        else:
            found = db.execute(
                f"SELECT median(value) FROM '{table}' WHERE metric = ? AND isfinite(value) AND value <> 0",
                [metric],
            ).fetchone()
    return float(found[0] or 0.0) if found else 0.0
