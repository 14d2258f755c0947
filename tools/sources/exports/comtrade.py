"""Recordings of faults in COMTRADE (IEEE C37.111, IEC 60255-24): a configuration `.cfg` beside its data `.dat`, 1991 to 2013."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from aitia.tools.sources.exports.limits import check_cells

_MOST_BYTES: Final = 1 << 20  # of a configuration
_FORMS: Final = {"BINARY": ("h", -(1 << 15)), "BINARY32": ("i", -(1 << 31)), "FLOAT32": ("f", 0)}
_ANALOG: Final = 10  # cells of an analog channel's line, at least


def config_beside(path: Path) -> Path | None:
    """The configuration of a `.dat`; None where none lies beside it that begins like one."""
    if path.suffix.lower() != ".dat":
        return None
    for end in (".cfg", ".CFG", ".Cfg"):
        found = path.with_suffix(end)
        if found.is_file() and not found.is_symlink() and found.stat().st_size <= _MOST_BYTES:
            lines = found.read_text(encoding="utf-8", errors="replace").splitlines()
            cells = lines[1].split(",") if len(lines) > 4 else []
            if (
                len(cells) == 3
                and cells[1].strip()[-1:].upper() == "A"
                and cells[2].strip()[-1:].upper() == "D"
            ):
                return found
    return None


def comtrade_rows(config: Path, path: Path) -> list[list[str]]:
    """The station, names and units, then a row for each sample with its whole time; no zone is told.

    Raises ValueError for a configuration or data that do not fit the standard, or more cells than are read.
    """
    lines = [x.strip() for x in config.read_text(encoding="utf-8", errors="replace").splitlines()]
    try:
        analogs, digitals = (int(c.strip()[:-1]) for c in lines[1].split(",")[1:])
        channels = [[c.strip() for c in x.split(",")] for x in lines[2 : 2 + analogs + digitals]]
        at = 2 + analogs + digitals + 1
        rates = [
            tuple(float(c) for c in x.split(",")[:2]) for x in lines[at + 1 : at + 1 + max(1, int(lines[at]))]
        ]
        at += 1 + max(1, int(lines[at]))
        begun, form = _moment(lines[at]), lines[at + 2].upper()
        scale = float(lines[at + 3]) if len(lines) > at + 3 and lines[at + 3] else 1.0
        factors = [(float(c[5]), float(c[6])) for c in channels[:analogs]]
    except (IndexError, ValueError) as error:
        raise ValueError(f"{config.name!r} is no readable configuration of COMTRADE: {error}") from None
    if any(len(c) < _ANALOG for c in channels[:analogs]) or len(channels) != analogs + digitals:
        raise ValueError(f"{config.name!r} tells fewer channels than it counts")
    body: list[list[str]] = []
    for stamp, number, values, bits in _samples(path, form, analogs, digitals):
        seconds = _since(number, rates) if rates and rates[0][0] > 0 else stamp * scale * 1e-6
        if not 0 <= seconds < 1e8:
            raise ValueError("a sample has no readable time")
        known = (
            f"{a * v + b:.10g}" if v is not None else "" for v, (a, b) in zip(values, factors, strict=True)
        )
        body.append([(begun + timedelta(seconds=seconds)).isoformat(sep=" "), *known, *bits])
        check_cells(len(body), analogs + digitals + 1)
    station = lines[0].split(",")[0].strip()
    names = [f"{c[1]} [{c[4]}]" if n < analogs and c[4] else c[1] for n, c in enumerate(channels)]
    return [["Asset", station], ["time", *names], *body]


def _samples(
    path: Path, form: str, analogs: int, digitals: int
) -> Iterator[tuple[float, int, Sequence[float | None], list[str]]]:
    if form == "ASCII":
        with path.open(encoding="ascii", errors="replace") as file:
            for line in file:
                cells = [c.strip() for c in line.split(",")]
                if len(cells) < 2 + analogs + digitals:
                    continue
                values = [float(c) if c and c != "99999" else None for c in cells[2 : 2 + analogs]]
                stamp = float(cells[1]) if cells[1] else 0.0
                yield stamp, int(cells[0]), values, cells[2 + analogs : 2 + analogs + digitals]
        return
    if form not in _FORMS:
        raise ValueError(f"its data have the unknown form {form[:20]!r}")
    code, missing = _FORMS[form]
    words = (digitals + 15) // 16
    row = struct.Struct(f"<II{analogs}{code}{words}H")
    with path.open("rb") as file:
        while len(raw := file.read(row.size)) == row.size:
            number, stamp, *rest = row.unpack(raw)
            values = [None if v == missing and code != "f" else float(v) for v in rest[:analogs]]
            bits = [str(rest[analogs + n // 16] >> (n % 16) & 1) for n in range(digitals)]
            yield float(stamp), number, values, bits


def _since(number: int, rates: Sequence[tuple[float, ...]]) -> float:
    """Seconds from the first sample to one, by the rates and the last sample of each."""
    seconds, before = 0.0, 1
    for rate, last in rates:
        upto = min(number, int(last)) if (rate, last) != rates[-1] else number
        if rate > 0 and upto > before:
            seconds += (upto - before) / rate
            before = upto
    return seconds


def _moment(text: str) -> datetime:
    day, clock = (c.strip() for c in text.split(",")[:2])
    whole, _, part = clock.partition(".")
    a, b, year = (int(x) for x in day.split("/"))
    year = year if year > 99 else 1900 + year if year > 80 else 2000 + year
    month, date = (b, a) if b <= 12 else (a, b)  # the standard of 1991 has the month first
    hour, minute, second = (int(x) for x in whole.split(":"))
    return datetime(year, month, date, hour, minute, second) + timedelta(seconds=float(f"0.{part or 0}"))
