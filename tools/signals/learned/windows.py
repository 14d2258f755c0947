"""Windows of equal length, cut from records of labelled signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.sources.rows import Floats

ORDERS: Final = ("bpfo", "bpfi", "bsf", "ftf")  # per turn of the shaft; bsf is one spin of the ball


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows of equal length, in the order of their records; a record is a stretch with one label on one machine."""

    x: Floats  # (windows, samples, channels), finite
    labels: tuple[str, ...]  # empty where unknown
    groups: tuple[str, ...]
    records: tuple[str, ...]
    rpm: Floats  # (windows,), NaN where unknown
    orders: Floats  # (windows, 4) as ORDERS, NaN where the geometry is unknown
    channels: tuple[str, ...]
    fs: float  # Hz; NaN for process signals, whose windows are rows
    sha256: str
    skipped: int  # windows with a value that is no number, and rests too short for one

    def pick(self, rows: NDArray[Any]) -> Windows:
        """Some of the windows: row numbers or a mask."""
        at = np.arange(len(self.labels))[rows]
        return Windows(
            x=self.x[at], rpm=self.rpm[at], orders=self.orders[at], channels=self.channels, fs=self.fs,
            labels=tuple(self.labels[n] for n in at), groups=tuple(self.groups[n] for n in at),
            records=tuple(self.records[n] for n in at), sha256=self.sha256, skipped=self.skipped,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Record:
    """One recording before it is cut: samples (samples, channels) and what is known of it."""

    name: str
    label: str
    group: str
    x: Floats
    channels: tuple[str, ...]
    fs: float = float("nan")
    rpm: float = float("nan")
    orders: tuple[float, ...] = (float("nan"),) * len(ORDERS)


def cut(records: Sequence[Record], *, window: int, rate: float = 0.0, digest: str = "") -> Windows:
    """Records cut into windows side by side; raises BadInput for mixed rates or channels, or no whole window."""
    rates = sorted({r.fs for r in records if np.isfinite(r.fs)})
    if rate <= 0 and (len(rates) > 1 or (rates and any(not np.isfinite(r.fs) for r in records))):
        told = " and ".join(f"{r:g} Hz" for r in rates)
        raise BadInput(
            f"Give --rate to resample to one sampling rate: the records have {told}{' or none' if len(rates) < 2 else ''}."
        )
    channels = records[0].channels
    odd = next((r for r in records if r.channels != channels), None)
    if odd is not None:
        raise BadInput(
            f"{odd.name!r} has the channels {', '.join(odd.channels)}. Give every record the channels "
            f"{', '.join(channels)}."
        )
    made: list[tuple[Floats, Record]] = []
    skipped = 0
    for record in records:
        x = _resampled(record, rate) if rate > 0 else record.x
        for start in range(0, x.shape[0], window):
            part = x[start : start + window]
            if part.shape[0] < window or not bool(np.all(np.isfinite(part))):
                skipped += 1
            else:
                made.append((part, record))
    if not made:
        raise BadInput(
            f"No record has {window} samples without gaps. Give longer records or a shorter --window."
        )
    return Windows(
        x=np.stack([x for x, _ in made]), labels=tuple(r.label for _, r in made), groups=tuple(r.group for _, r in made),
        records=tuple(r.name for _, r in made), rpm=np.array([r.rpm for _, r in made]),
        orders=np.array([r.orders for _, r in made]), channels=channels,
        fs=rate if rate > 0 else (rates[0] if rates else float("nan")), sha256=digest, skipped=skipped,
    )  # fmt: skip


def _resampled(record: Record, rate: float) -> Floats:
    if not np.isfinite(record.fs) or record.fs <= 0:
        raise BadInput(f"Record {record.name!r} has no `fs`, which is needed to resample. Add it.")
    up, down = round(rate), round(record.fs)
    if up == down:
        return record.x
    from scipy.signal import resample_poly

    share = gcd(up, down)
    return np.asarray(resample_poly(record.x, up // share, down // share, axis=0), dtype=np.float64)
