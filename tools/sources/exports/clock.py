"""The times of a table, those of each pair of columns where they differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, tzinfo
from typing import Final

import numpy as np

from aitia.tools.sources.exports.asked import Asked, Reading
from aitia.tools.sources.exports.columns import Column, Shape, cell_at
from aitia.tools.sources.exports.numeric_times import numeric_times
from aitia.tools.sources.exports.sheets import Sheet
from aitia.tools.sources.exports.times import (
    Stamp,
    Times,
    date_in,
    local_offsets,
    stamp_of,
    text_times,
    zone_told,
)
from aitia.tools.sources.exports.words import called, data, folded, key_of

_EUROPEAN: Final = re.compile(
    r"zeit|datum|wert|einheit|fecha|hora\b|valor|heure|unidad|czas|tid\b"
    r"|(?<!\[)\bdata(?: [aeio] |[_/](?:ora|hora))|\bora\b|beschreibung"
)


_HALF: Final = re.compile(r"\d (?:AM|PM)\b")  # of the day, as the United States write it


_COMMA: Final = re.compile(r"[-+]?\d+,\d+")
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LINE: Final = 400  # characters of a line above that are looked at
_HOURS: Final = 14  # of a zone from UTC


def _is_european(sheet: Sheet, shape: Shape, body: Sequence[Sequence[str]]) -> bool:
    """Whether a file is written as in Europe: by its words, by semicolons between columns or by commas before decimals."""
    names = " ".join(c.name for c in shape.columns) + " " + " ".join(" ".join(r) for r in shape.above[-12:])
    if _EUROPEAN.search(folded(names)) or any(folded(c.name) == "data" for c in shape.of_role("time")):
        return True
    if any(_HALF.search(c) for r in body[:50] for c in r):
        return False
    return sheet.mark == ";" or (sheet.mark != "," and any(_COMMA.fullmatch(c) for r in body[:50] for c in r))


def _days_told(sheet: Sheet, shape: Shape) -> frozenset[int]:
    """Days that the names of the files or lines above tell without doubt, as `2024-03-05` or `5 Mar 2024`, since 1970."""
    texts = [sheet.path, *(c for r in shape.above for c in r)]
    stamps = (stamp_of(d) for text in texts if (d := date_in(text[:_LINE])))
    return frozenset(date(*s.parts).toordinal() - _EPOCH for s in stamps if s is not None and s.kind != "abc")


class Clock:
    """The times of a table, those of each pair of columns where they differ."""

    def __init__(
        self, sheet: Sheet, shape: Shape, body: Sequence[list[str]], asked: Asked, read: Reading
    ) -> None:
        self._shape, self._body, self._asked, self._read = shape, body, asked, read
        self._known: dict[int, Times] = {}
        self._european = _is_european(sheet, shape, body)
        self._days = _days_told(sheet, shape)
        told = self._told() or read.zone  # a further table of a sheet has that of the first one
        read.zone = read.zone or told
        self._zone = asked.zone if asked.zone_given else told or asked.zone
        self._told_zone = asked.zone_given or told is not None

    def _told(self) -> tzinfo | None:
        """The zone that a line above or the name of the time column tells."""
        texts = [self._shape.labels.get("zone", "")]
        for column in self._shape.columns:
            if key_of(column.name) in data()["zone_columns"]:
                cells = {cell_at(r, column.at) for r in self._body} - {""}
                texts += cells if len(cells) == 1 else ()
        texts += [f"{c.name} {c.unit} {c.description}" for c in self._shape.columns if c.role == "time"]
        texts += [
            " ".join(r)
            for r in self._shape.above
            if re.search(
                r"(?i)time ?zone|zeitzone|zona horaria|\butc\b|\bgmt\b|fuseau|standard time|\([A-Z]{3,4}\)|hora local",
                " ".join(r),
            )
        ]
        return next((zone for text in texts if text.strip() and (zone := zone_told(text)) is not None), None)

    def of(self, column: Column, groups: Sequence[str] = ()) -> Times:
        """The times of a value column."""
        at = column.of if column.of >= 0 and column.role == "value" else -1
        if at not in self._known:
            self._known[at] = self._read_column(at, groups)
        return self._known[at]

    def _read_column(self, at: int, groups: Sequence[str]) -> Times:
        shape = self._shape
        column = shape.columns[at] if at >= 0 else shape.of_role("time")[0]
        cells = [cell_at(r, column.at) for r in self._body]
        stamps = [stamp_of(c) for c in cells]
        if sum(s is not None for s in stamps) >= 0.5 * max(1, sum(bool(c) for c in cells)):
            numbered = {g: n for n, g in enumerate(dict.fromkeys(groups))}
            found = text_times(stamps, zone=self._zone, order=self._asked.order, near=self._asked.near, european=self._european,
                               days=self._days, groups=[numbered[g] for g in groups])  # fmt: skip
            found = self._by_row(found, stamps)
            found.zoned = found.zoned or self._told_zone
        else:
            found = self._numbers(column, cells)
        for nanos in shape.of_role("nanos"):
            found.t = found.t + np.array([float(cell_at(r, nanos.at) or 0) * 1e-9 for r in self._body])
        self._say(column, found)
        return found

    def _by_row(self, found: Times, stamps: Sequence[Stamp | None]) -> Times:
        """The same with the zone that another column tells of each row, where one does of all that have a time."""
        for column in [] if self._told_zone else self._shape.columns:
            cells = [cell_at(r, column.at) for r in self._body]
            if key_of(column.name) not in data()["zone_columns"] and not (
                column.role == "ignore" and all(folded(c) in data()["zones"] for c in set(cells))
            ):
                continue
            east = {c: _east(c, column.unit) for c in set(cells)}
            if not any(s and not s.zone and east[c] is None for s, c in zip(stamps, cells, strict=True)):
                shift = [
                    east[c] or 0.0 if s and not s.zone else 0.0 for s, c in zip(stamps, cells, strict=True)
                ]
                self._read.said.append(f"the zone of each row from {column.name!r}")
                return Times(t=found.t - np.array(shift), said=found.said, doubtful=found.doubtful)
        return found

    def _numbers(self, column: Column, cells: Sequence[str]) -> Times:
        values = np.array([_plain(c) for c in cells], dtype=np.float64)
        named = column.role == "time" or not column.name or called(column.name, "clock")
        told = numeric_times(values, named=named)
        if told is not None:
            t, said = told
            if said.startswith("days") and self._told_zone:
                t = t - local_offsets(t, self._zone, np.zeros(t.size, dtype=np.int64))
            return Times(t=t, said=said, zoned=not said.startswith("days") or self._told_zone)
        begun = self._start()
        scale = {"ms": 1e-3, "min": 60.0, "h": 3600.0, "us": 1e-6, "µs": 1e-6}.get(folded(column.unit), 1.0)
        if begun is None:
            self._read.said.append(
                f"{column.name or 'the time'} counts from a start that the file does not tell"
            )
            return Times(t=np.full(len(cells), np.nan), said="")
        return Times(
            t=begun + values * scale,
            said=f"{column.name!r} counts from the start told above",
            zoned=self._told_zone,
        )

    def _start(self) -> float | None:
        labels = {key_of(r[0]): r[1] for r in self._shape.above if len(r) > 1}
        texts = [self._shape.labels.get("start", ""), f"{labels.get('date', '')} {labels.get('time', '')}"]
        words = texts[0].split()
        texts += [" ".join(words[a:b]) for a in range(min(len(words), 4)) for b in (len(words), a + 2)]
        for text in texts:
            stamp = stamp_of(text.strip())
            if stamp is not None and stamp.clock:
                return float(
                    text_times([stamp], zone=self._zone, near=self._asked.near, european=self._european).t[0]
                )
        return None

    def _say(self, column: Column, found: Times) -> None:
        read = self._read
        read.zoned = read.zoned and found.zoned
        if found.said:
            read.said.append(
                f"times from {column.name or f'column {column.at + 1}'!r} as {found.said}"
                + (", a guess (else set options.date_order)" if found.doubtful else "")
            )
        if self._told_zone and not self._asked.zone_given:
            read.said.append(f"time zone {self._zone} as the file tells")
        lost = int(np.sum(~np.isfinite(found.t)))
        if lost and len(found.t) > lost:
            read.said.append(f"{lost} rows without a readable time left out")


def _east(cell: str, unit: str) -> float | None:
    """Seconds east of UTC that a cell tells: `+01:00`, `CEST`, `-240` minutes, `2` hours; None for anything else."""
    if re.fullmatch(r"[+-]?\d{1,5}(?:\.\d+)?", cell):
        value = float(cell)
        scale = 60.0 if folded(unit).startswith("min") else 1.0 if folded(unit).startswith("s") else 3600.0
        scale = (
            scale if unit else 3600.0 if abs(value) <= _HOURS else 60.0 if abs(value) <= 60 * _HOURS else 1.0
        )
        return value * scale if abs(value) * scale <= 3600 * _HOURS else None
    told = zone_told(cell)
    shift = told.utcoffset(None) if told is not None else None
    return shift.total_seconds() if shift is not None else None


def _plain(cell: str) -> float:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return float("nan")
