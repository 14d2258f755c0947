"""Plot data as JSON of at most a few kilobytes: series with onset and threshold, spectra with marked orders.

series    {"times": [epoch seconds], "values": [number or null], "limit": number or null, "shares": {channel: percent}}
picture   (pictures/drawn.py)
spectrum  {"orders": [...], "db": [...], "marks": {name: order}, "limit": dB}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np

from aitia.tools.sources.rows import Floats

SERIES, SPECTRUM, PICTURE = ".series.json", ".spectrum.json", ".picture.json"
_MOST_POINTS, _MOST_SHARES = 320, 6


def series_artifact(
    t: Floats,
    v: Floats,
    *,
    limit: float | None = None,
    shares: Mapping[str, float] | None = None,
    most: int = _MOST_POINTS,
) -> bytes:
    """Samples of a signal or score at times in epoch seconds, thinned so that lowest and highest stay.

    `limit` is the threshold in the unit of v, `shares` the channels' shares of the blame in percent (the largest six stay).
    """
    order = np.argsort(t, kind="stable")
    keep = _ends(np.asarray(v, dtype=np.float64)[order], most)
    times, values = np.asarray(t, dtype=np.float64)[order][keep], np.asarray(v, dtype=np.float64)[order][keep]
    largest = sorted((shares or {}).items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_SHARES]
    told = {
        "times": [round(float(x), 3) for x in times],
        "values": [_short(x) for x in values],
        "limit": None if limit is None else _short(limit),
        "shares": {name: round(float(share), 1) for name, share in largest},
    }
    return json.dumps(told, separators=(",", ":")).encode()


def spectrum_artifact(orders: Floats, db: Floats, *, marks: Mapping[str, float], limit: float) -> bytes:
    """A spectrum over shaft orders, cut at four and a half times the highest mark, the highest bin of each stretch kept."""
    end = min(float(orders[-1]), 4.5 * max(marks.values(), default=5.0))
    inside = orders <= end
    size = -(-int(np.sum(inside)) // _MOST_POINTS)
    stretches = [slice(n, n + size) for n in range(0, int(np.sum(inside)), size)]
    tops = [s.start + int(np.argmax(db[inside][s])) for s in stretches]
    told = {
        "orders": [round(float(orders[n]), 3) for n in tops],
        "db": [round(float(db[n]), 1) for n in tops],
        "marks": {name: round(float(order), 3) for name, order in sorted(marks.items())},
        "limit": round(float(limit), 1),
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _ends(values: Floats, most: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The places of the lowest and highest sample of each stretch, in order; all where there are few."""
    if values.size <= most:
        return np.arange(values.size, dtype=np.int64)
    kept: set[int] = {0, values.size - 1}
    size = -(-values.size // (most // 2))
    for start in range(0, values.size, size):
        part = values[start : start + size]
        known = np.flatnonzero(np.isfinite(part))
        if known.size:
            kept |= {start + int(known[np.argmin(part[known])]), start + int(known[np.argmax(part[known])])}
    return np.array(sorted(kept), dtype=np.int64)


def _short(x: float) -> float | None:
    return float(f"{x:.5g}") if np.isfinite(x) else None


def kept_samples(data: bytes) -> list[tuple[float, float]]:
    """The samples of an artifact of a series, in time order; [] where it holds none that can be drawn."""
    try:
        told = json.loads(data)
        pairs = zip(told["times"], told["values"], strict=True)
        found = [(float(x), float(y)) for x, y in pairs if y is not None]
    except (ValueError, TypeError, KeyError):
        return []
    return sorted(p for p in found if math.isfinite(p[0]) and math.isfinite(p[1]))
