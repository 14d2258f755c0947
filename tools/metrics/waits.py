"""What sessions of a database wait for, by the names of wait events (`waits.yaml`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aitia.core.bounds import own_yaml


@dataclass(frozen=True, kw_only=True)
class Wait:
    """`told` follows "waits" in a report, "" where the name is plain; `idle`: the session has nothing to do."""

    pattern: re.Pattern[str]
    aspect: str
    idle: bool = False
    told: str = ""


def wait_of(name: str) -> Wait | None:
    """The first entry that a wait's name fits; None where only its words can tell."""
    return next((w for w in _waits() if w.pattern.search(name)), None)


@cache
def _waits() -> tuple[Wait, ...]:
    raw = own_yaml(files("aitia.tools.metrics").joinpath("waits.yaml").read_text(encoding="utf-8"))
    return tuple(
        Wait(**(one | {"pattern": re.compile(one["pattern"], re.IGNORECASE)})) for one in raw["waits"]
    )
