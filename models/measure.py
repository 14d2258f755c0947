"""Which batch size reads a prompt fastest on this machine: a short measurement, remembered per model and machine."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from aitia.core.home import aitia_home
from aitia.models.prefixes import host
from aitia.models.runtime import Session, Shape

CANDIDATES = (64, 128, 256, 512)
SECONDS = 2.0
TIE = 0.05  # a larger batch has to be faster by more than this
_TEXT = "10:02:07 payment: the error ratio rose from 0.2 % to 7.9 %, 31 of 392 calls. " * 40


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The batch size to use, and the tokens read per second with each one that the time allowed to try."""

    batch: int
    rates: Mapping[int, float]
    remembered: bool = False


def measured(
    path: Path,
    *,
    sha256: str,
    shape: Shape,
    seconds: float = SECONDS,
    home: Path | None = None,
    again: bool = False,
) -> Measured:
    """The result for this model, shape and machine, from `AITIA_HOME/measured` or measured now (the model is loaded for it).

    `shape.batch` is what stays where `seconds` are too short to try it.
    """
    key = asdict(shape) | {"model": sha256} | host()
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:40]
    note = (home or aitia_home()) / "measured" / f"{digest}.json"
    if not again and (known := _recall(note)):
        return known
    most = max(CANDIDATES)
    session = Session(path, replace(shape, batch=most, context=max(most, min(shape.context, 2 * most))))
    try:
        rates = read_rates(session, seconds=seconds)
    finally:
        session.close()
    found = Measured(batch=best(rates, default=shape.batch), rates=rates)
    with suppress(OSError):  # a folder that cannot be written costs the next one the same seconds
        _remember(note, found)
    return found


def read_rates(session: Session, *, seconds: float) -> dict[int, float]:
    """Tokens per second by batch size, the best of as many rounds as fit; a size that would overrun is left out."""
    tokens = session.plain_tokens(_TEXT)
    start = time.perf_counter()
    rates: dict[int, float] = {}
    pace = _pace(session, tokens[:16])
    while True:
        for size in [s for s in CANDIDATES if s <= session.batch]:
            left = seconds - (time.perf_counter() - start)
            if size / rates.get(size, pace) > left:
                return rates
            pace = _pace(session, tokens[:size])
            rates[size] = max(rates.get(size, 0.0), pace)


def best(rates: Mapping[int, float], *, default: int) -> int:
    """The smallest size within `TIE` of the fastest; the default where it was not reached."""
    if default not in rates:
        return default
    floor = (1 - TIE) * max(rates.values())
    return min(size for size, rate in rates.items() if rate >= floor)


def _pace(session: Session, tokens: list[int]) -> float:
    session.clear()
    start = time.perf_counter()
    session.eval(tokens)
    session.logits()
    return len(tokens) / (time.perf_counter() - start)


def _recall(note: Path) -> Measured | None:
    try:
        raw: Any = json.loads(note.read_text(encoding="utf-8"))
        rates = {int(size): float(rate) for size, rate in raw["rates"].items()}
        batch = int(raw["batch"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Measured(batch=batch, rates=rates, remembered=True) if batch > 0 else None


def _remember(note: Path, found: Measured) -> None:
    note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = note.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps({"batch": found.batch, "rates": dict(found.rates)}), encoding="utf-8")
    fresh.replace(note)
