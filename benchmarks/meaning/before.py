"""Readers to compare with: the table of regular expressions that aitia had before, and a list of ten words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from aitia.core.bounds import own_yaml
from aitia.tools.text.headers.levels import RANK, in_text
from aitia.tools.text.program_text import written

_STATUS = re.compile(r"(?:->|status[=: ]|\" )\s*5\d\d\b")
_WORDS = re.compile(r"(?i)\b(?:error|fail|failed|failure|exception|fatal|critical|denied|refused|timeout)\b")
_NAMES = {"oom": "memory", "error": "other"}


@cache
def _classes() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    raw = own_yaml((Path(__file__).parent / "data" / "classes_before.yaml").read_text("utf-8"))
    return tuple(
        (
            e["aspect"].removeprefix("log."),
            e["severity"],
            re.compile("|".join(f"(?:{p})" for p in e["patterns"]), re.I),
        )
        for e in raw
    )


def table(text: str) -> tuple[float, str]:
    """Above 0 for trouble, and the class, as the table told it of a message whose logger names no level."""
    own = written(text).own
    named = in_text(own)
    aspect, severity = next(((a, s) for a, s, p in _classes() if p.search(own)), ("other", "info"))
    kind = _NAMES.get(aspect, aspect)
    bad = severity == "error" or RANK[named] >= RANK["warning"] or bool(_STATUS.search(own))
    return float(bad) - 0.5, kind


def words(text: str) -> float:
    """Above 0 where one of ten words stands in the message."""
    return float(bool(_WORDS.search(text))) - 0.5
