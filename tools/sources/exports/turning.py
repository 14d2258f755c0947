"""Sheets that lie otherwise than a row for each time: turned, a day in each row, or with the parts of a date apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.tools.sources.exports.times import stamp_of
from aitia.tools.sources.exports.words import key_of


def transposed(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """The rows as columns where times stand side by side in one row; None where they stand below one another."""
    for place, row in enumerate(rows[:30]):
        times = [n for n, cell in enumerate(row) if full_time(cell)]
        if (
            len({row[n] for n in times}) >= 3
            and len(times) >= 0.5 * len([c for c in row if c])
            and times[-1] - times[0] < 2 * len(times)
        ):
            below = [r for r in rows[place + 1 :] if any(r)]
            if sum(any(full_time(c) for c in r) for r in below) > 0.3 * len(below):
                return None
            width = max(len(r) for r in (row, *below))
            held = [r for r in below if len(r) > times[0]]
            turned = [[(r[n] if n < len(r) else "") for r in (row, *held)] for n in range(width)]
            return turned
    return None


_SLOT: Final = re.compile(r"(?:[hH]?\s?)(\d{1,2})(?:[:.h](\d\d))?(?:[:.]00)?(?:\s*[-\u2013].*)?")
_LEAST_SLOTS: Final = 12  # clocks side by side: hours or quarters of an hour of a day


def matrix(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """A table with a day in each row and the clock in its columns as one with a row for each time; None for any other."""
    for place, row in enumerate(rows[:30]):
        slots = {
            n: f"{int(m[1]):02}:{m[2] or '00'}"
            for n, c in enumerate(row)
            if (m := _SLOT.fullmatch(c)) and int(m[1]) <= 24
        }
        if (
            len(slots) < _LEAST_SLOTS
            or len(set(slots.values())) < len(slots)
            or not any(":" in row[n] or "h" in row[n].lower() for n in slots)
        ):
            continue
        below = [r for r in rows[place + 1 :] if any(r)]
        others = [n for n in range(len(row)) if n not in slots]
        days = [
            n
            for n in others
            if sum(n < len(r) and stamp_of(r[n]) is not None for r in below) > 0.6 * len(below)
        ]
        if not days:
            return None
        kept = [n for n in others if n != days[0]]
        made = [list(r) for r in rows[:place]] + [[*(row[n] for n in kept), "timestamp", "value"]]
        for r in below:
            cells = [*r, *[""] * (len(row) - len(r))]
            made += [
                [*(cells[n] for n in kept), f"{cells[days[0]]} {slot}", cells[n]]
                for n, slot in slots.items()
                if cells[days[0]]
            ]
        return made
    return None


PARTS_OF_DATE: Final = (
    {"year", "jahr", "ano", "annee", "yyyy", "anno"}, {"month", "monat", "mes", "mois", "mm", "mese"},
    {"day", "tag", "dia", "jour", "dd", "giorno"}, {"hour", "stunde", "hora", "heure", "hh", "ora"},
    {"minute", "minuto", "min", "minuten"}, {"second", "sekunde", "segundo", "seconde", "sec", "ss"},
)  # fmt: skip


def joined_parts(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """A table with year, month and day in columns of their own as one with a time in front; None for any other."""
    for place, row in enumerate(rows[:30]):
        names = [key_of(c) for c in row]
        at = [next((n for n, name in enumerate(names) if name in words), -1) for words in PARTS_OF_DATE]
        if min(at[:3]) < 0:
            continue
        kept = [n for n in range(len(row)) if n not in at]
        made = [list(r) for r in rows[:place]] + [["timestamp", *(row[n] for n in kept)]]
        for r in rows[place + 1 :]:
            parts = [r[n] if 0 <= n < len(r) else "" for n in at]
            date = f"{parts[0]}-{parts[1]}-{parts[2]}" if all(parts[:3]) else ""
            clock = ":".join(
                p.partition(".")[0].zfill(2) or "00"
                for p in (parts[3] or "0", parts[4] or "0", parts[5] or "0")
            )
            made.append([f"{date} {clock}" if date else "", *(r[n] if n < len(r) else "" for n in kept)])
        return made
    return None


def full_time(cell: str) -> bool:
    """Whether a cell is a date with a clock, or a whole date."""
    stamp = stamp_of(cell)
    return stamp is not None and (stamp.clock or len(cell) >= 8)
