"""CSV and other delimited records with quotes: columns told by their values, or by a heading where there is one."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from aitia.tools.text.headers.epoch import Timekeeper
from aitia.tools.text.headers.fields import Fields, Parsed, of_mapping
from aitia.tools.text.headers.header import StructuredHeader
from aitia.tools.text.headers.levels import ANY_CASE, fold
from aitia.tools.text.headers.start import searches
from aitia.tools.text.headers.timestamps import Format

_SHARE: Final = 0.8
_LEAST: Final = 3  # columns
_LEVEL: Final = re.compile(rf"{ANY_CASE}$")
_MESSAGES: Final = re.compile(r"(?i)message|msg|text|description|event|meldung|body")
_WORD: Final = re.compile(r"[A-Za-z]{2,}")


def quoted_header(lines: Sequence[str], *, zone: tzinfo, near: datetime) -> StructuredHeader | None:
    """The reader of delimited lines some of which have quotes; None where the columns do not agree."""
    for mark in ",;\t|":
        if sum(f'{mark}"' in line for line in lines) < max(1, len(lines) // 10):
            continue
        rows = [row for line in lines if (row := cells(line, mark)) is not None]
        widths = Counter(map(len, rows))
        if not widths:
            continue
        width, votes = widths.most_common(1)[0]
        if width >= _LEAST and votes >= _SHARE * len(lines):
            header = _header([row for row in rows if len(row) == width], mark, width, zone, near)
            if header is not None:
                return header
    return None


def cells(line: str, mark: str) -> list[str] | None:
    """The columns of a line; None where its quotes are no CSV."""
    if mark not in line or "\r" in line or "\n" in line or "\0" in line:
        return None
    try:
        return next(csv.reader([line], delimiter=mark, strict=True), None)
    except csv.Error:
        return None


def _header(
    rows: Sequence[list[str]], mark: str, width: int, zone: tzinfo, near: datetime
) -> StructuredHeader | None:
    head = rows[0] if all(_WORD.match(c) and not re.search(r"\d{2}", c) for c in rows[0] if c) else []
    body = rows[1:] if head else rows
    found = _time(body, width)
    if found is None:
        return None
    at, form, pattern = found
    level = next((c for c in range(width) if _votes(body, c, _LEVEL)), None)
    left = [c for c in range(width) if c not in (at, level)]
    named = [c for c in left if head and _MESSAGES.search(head[c])]
    message = max(named or left, key=lambda c: _prose([row[c] for row in body]), default=None)
    if message is None or not _prose([row[message] for row in body]):
        return None
    texts = [m["ts"] for row in body if (m := pattern.match(row[at].strip()))]
    keeper = Timekeeper(form, zone=zone, near=near, texts=texts)

    def read(line: str) -> Parsed | None:
        row = cells(line, mark)
        match = pattern.match(row[at].strip()) if row is not None and len(row) == width else None
        if row is None or match is None:
            return None
        groups = match.groupdict()
        seconds = keeper.epoch(match["ts"], groups.get("frac") or "", groups.get("tz") or "")
        return (
            None
            if seconds is None
            else (seconds, fold(row[level]) if level is not None else "", row[message])
        )

    def fields(line: str, parsed: Parsed) -> Fields:
        row = cells(line, mark) or []
        names = head or [f"column.{c + 1}" for c in range(width)]
        rest = {names[c]: row[c] for c in left if c != message and row[c]}
        return of_mapping(parsed, row[level] if level is not None else "", rest)

    return StructuredHeader(f"columns by {mark!r}, quoted: {form.name}", read, fields)


def _time(rows: Sequence[list[str]], width: int) -> tuple[int, Format, re.Pattern[str]] | None:
    for column in range(width):
        for form, _ in searches():
            pattern = re.compile(form.pattern + r"\s*$") if not form.uptime else None
            if pattern is not None and not form.weak and _votes(rows, column, pattern):
                return column, form, pattern
    return None


def _votes(rows: Sequence[list[str]], column: int, pattern: re.Pattern[str]) -> bool:
    return bool(rows) and sum(pattern.match(r[column].strip()) is not None for r in rows) >= _SHARE * len(
        rows
    )


def _prose(values: Sequence[str]) -> float:
    """Words a value, the more the more values differ."""
    words = sum(len(_WORD.findall(value)) for value in values) / max(1, len(values))
    return words * (1 + min(20, len(set(values))) / 20) if words >= 1 else 0.0
