"""What of a measurement's name says that it was set or allowed, and not measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aitia.agent.asking.question.tables import words_of

_READ: Final = frozenset({"temperature", "pressure", "vibration", "humidity"})


def settings_in(names: Iterable[str], concepts: frozenset[str]) -> list[str]:
    """The words of a name that say so; the highest of several temperatures was measured."""
    extremes = ("max", "min") if concepts & _READ else ()
    return [n for n in names if n in words_of("settings") and n not in extremes]
