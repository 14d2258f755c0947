"""Which log lines fit a query, and what they are counted by."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from aitia.core.words import from_epoch
from aitia.tools.query.words import Count, Lines
from aitia.tools.text.access import canonical, status
from aitia.tools.text.headers.levels import RANK
from aitia.tools.text.reading.record import Record

_FAULTY: Final = re.compile(
    r"(?i)\b(?:error|errors|err|fatal|panic|exception|traceback|critical|failed|failure|severe|fehler|störung|alarm)\b"
)
_WARNING: Final = re.compile(r"(?i)\b(?:warn|warning|warnung|avertissement|advertencia|avviso)\b")


def fits(query: Lines | Count) -> Callable[[Record, Callable[[], str]], bool]:
    """Whether a record fits: by its message, or its whole text, which is read where that is needed."""
    level, wanted, words = (
        query.level,
        query.text.casefold(),
        [w.split("|") for w in query.words.casefold().split()],
    )
    least, code = RANK[level], query.code.casefold()

    def fit(record: Record, whole: Callable[[], str]) -> bool:
        if level and ((rank := _rank(record, least)) < least or (query.only and rank > least)):
            return False
        if code and not _answered(record.message, code):
            return False
        if words and not _holds_all(record, whole, words):
            return False
        return not wanted or wanted in record.message.casefold() or wanted in whole().casefold()

    return fit


def _holds_all(record: Record, whole: Callable[[], str], words: list[list[str]]) -> bool:
    """Whether of each word one of its alternatives stands in a line, also beside its message: in its fields or its trace."""
    message = record.message.casefold()
    if all(any(a in message for a in w) for w in words):
        return True
    text = whole().casefold()
    return all(any(a in text for a in w) for w in words)


def _answered(message: str, code: str) -> bool:
    """Whether a line tells an answer with a status: 503, or any of 5xx. Of a line that is no access line the number counts."""
    told = status(canonical(message))
    if told:
        return str(told) == code if code.isdigit() else str(told)[0] == code[0]
    return code.isdigit() and bool(re.search(rf"(?:(?<![\w.:/-])|(?<=[A-Z]/)){code}(?![\w.:/-])", message))


def grouped(query: Lines | Count) -> Callable[[Record, str], str]:
    """What lines are counted by: their component, severity, status, route or minute."""
    by = query.by if isinstance(query, Count) else ""

    def told(record: Record, component: str) -> str:
        if by == "level":
            return record.level or "no level"
        if by == "minute":
            return f"{from_epoch(record.at):%Y-%m-%d %H:%M}"
        if by in ("code", "path"):
            access = canonical(record.message)
            return (
                access.rpartition(" -> ")[2][:3] if by == "code" else access.partition(" -> ")[0]
            ) or "other"
        return component

    return told


def _rank(record: Record, least: int) -> int:
    """How severe a line is; one without a level by what it says, an answer of a server by its code."""
    if record.level:
        return RANK[record.level]
    if record.exception or _FAULTY.search(record.message):
        return RANK["error"]
    if (code := status(canonical(record.message))) >= 400:
        return RANK["error"] if code >= 500 else RANK["warning"]
    return RANK["warning"] if least == RANK["warning"] and _WARNING.search(record.message) else RANK[""]
