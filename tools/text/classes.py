"""The semantic class of a template, by the table `classes.yaml`."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from aitia.core.bounds import own_yaml
from aitia.tools.text.headers.levels import RANK, Level, in_text, worst
from aitia.tools.text.program_text import written

_STATUS = re.compile(r"(?:->|status[=: ]|\" )\s*5\d\d\b")


@dataclass(frozen=True, kw_only=True)
class Class:
    """What a message is about. `weight` is how informative it is about a cause."""

    aspect: str
    severity: Level
    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A template's class and the severity that it has in effect."""

    aspect: str
    severity: Level
    weight: float

    @property
    def bad(self) -> bool:
        """Whether it tells of something wrong."""
        return RANK[self.severity] >= RANK["warning"]


_OTHER: Final = Meaning(aspect="log.other", severity="info", weight=0.25)


@functools.cache
def classes() -> tuple[Class, ...]:
    """The table, in order."""
    raw = own_yaml(files("aitia.tools.text").joinpath("classes.yaml").read_text(encoding="utf-8"))
    return tuple(
        Class(
            aspect=entry["aspect"],
            severity=entry["severity"],
            weight=float(entry["weight"]),
            pattern=re.compile("|".join(f"(?:{p})" for p in entry["patterns"]), re.IGNORECASE),
        )
        for entry in raw
    )


def classed(text: str) -> Class | None:
    """The first class of the table that a text has words of, whoever wrote them."""
    return next((c for c in classes() if c.pattern.search(text)), None)


def meaning(text: str, level: Level) -> Meaning:
    """Class and severity of a message, by what its program wrote of it (`aitia.tools.text.program_text`).

    A named level is believed; a quiet level keeps a bad class at warning.
    """
    text = written(text).own
    named = level or in_text(text)
    found = classed(text)
    if _STATUS.search(text):
        aspect = found.aspect if found and found.severity == "error" else "log.error"
        return Meaning(aspect=aspect, severity="error", weight=0.85)
    if found is None or (found.aspect == "log.restart" and RANK[named] >= RANK["error"]):
        if RANK[named] >= RANK["error"]:
            return Meaning(aspect="log.error", severity=named, weight=0.85)
        return Meaning(aspect=_OTHER.aspect, severity=named or "info", weight=0.25)
    if found.severity == "info":
        return Meaning(aspect=found.aspect, severity=named or "info", weight=found.weight)
    severity: Level = worst(named, "warning") if named else "error"
    return Meaning(aspect=found.aspect, severity=severity, weight=found.weight)
