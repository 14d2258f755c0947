"""Log levels: the words of many loggers, folded into five."""

from __future__ import annotations

import re
from typing import Final, Literal

Level = Literal["", "debug", "info", "warning", "error", "fatal"]

_WORDS: Final[dict[str, Level]] = {
    **dict.fromkeys(
        ("trace", "debug", "debug1", "debug2", "fine", "finer", "finest", "d", "verbose"), "debug"
    ),
    **dict.fromkeys(
        ("info", "information", "notice", "log", "i", "config", "statement", "detail", "hint", "context"),
        "info",
    ),
    **dict.fromkeys(("warn", "warning", "w"), "warning"),
    **dict.fromkeys(("error", "err", "severe", "e", "failure"), "error"),
    **dict.fromkeys(("fatal", "f", "crit", "critical", "alert", "emerg", "emergency", "panic"), "fatal"),
}
RANK: Final[dict[Level, int]] = {"": 1, "debug": 0, "info": 1, "warning": 2, "error": 3, "fatal": 4}
PATTERN: Final = (
    r"(?:TRACE|DEBUG\d?|INFO(?:RMATION)?|NOTICE|LOG|WARN(?:ING)?|ERR(?:OR)?|SEVERE|CRIT(?:ICAL)?|ALERT|"
    r"FATAL|PANIC|EMERG|STATEMENT|DETAIL|HINT|CONTEXT|FAILURE|"
    r"[Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ww]arn(?:ing)?|[Ee]rror|[Cc]rit(?:ical)?|[Ff]atal|emerg|alert)"
)
_IN_TEXT = re.compile(rf"(?:^|[\s\[|(<\"=])({PATTERN})(?=[\]\s:|)>\",]|$)")


def fold(word: str) -> Level:
    """`WARN` to `warning`, `crit` to `fatal`; pino's and syslog's numbers too; "" for anything else."""
    if word.isdigit():
        return _numeric(int(word))
    return _WORDS.get(word.casefold(), "")


def _numeric(number: int) -> Level:
    if number < 8:  # syslog severities
        return ("fatal", "fatal", "fatal", "error", "warning", "info", "info", "debug")[number]
    tens: tuple[tuple[int, Level], ...] = ((60, "fatal"), (50, "error"), (40, "warning"), (30, "info"))
    return next((level for floor, level in tens if number >= floor), "debug")


def in_text(message: str) -> Level:
    """A level word near the beginning of a message whose header named none."""
    match = _IN_TEXT.search(message[:60])
    return fold(match[1]) if match else ""


def worst(*levels: Level) -> Level:
    """The most severe of several levels."""
    return max(levels, key=lambda level: RANK[level])
