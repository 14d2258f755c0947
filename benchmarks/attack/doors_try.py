"""One attack on a door, and what came of it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A try: `got` says what the attacker got, "" where nothing. `control` is the same without the guard, None where not run."""

    family: str
    name: str
    got: str
    control: bool | None = None

    def plain(self) -> dict[str, object]:
        """As JSON."""
        return {"id": f"{self.family}/{self.name}", "got": self.got, "control": self.control}


def wanted(names: Iterable[str], pattern: str) -> Iterator[str]:
    """The names that a glob, or several, comma-separated, takes."""
    patterns = pattern.split(",")
    return (n for n in names if any(fnmatch.fnmatchcase(n, p) for p in patterns))
