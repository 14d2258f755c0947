"""Messages in which a client repeats what a server said of itself: which known component they speak of."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from aitia.core.bounds import own_yaml
from aitia.tools.text.names import Names

_PARTS: Final = re.compile(r"[a-z]+")


@lru_cache(maxsize=1)
def _servers() -> tuple[tuple[frozenset[str], re.Pattern[str]], ...]:
    raw = own_yaml(Path(__file__).with_name("replies.yaml").read_text(encoding="utf-8"))
    return tuple(
        (frozenset(entry["names"]), re.compile("|".join(entry["replies"]), re.IGNORECASE)) for entry in raw
    )


def replier(component: str, text: str, names: Names) -> str:
    """The one known component whose reply a component's message repeats; "" where it is its own, nobody's or several's."""
    for kind, replies in _servers():
        if replies.search(text) and not _is(component, kind):
            found = {known for name, known in names.alias.items() if _is(name, kind) and known != component}
            own = {name for name, known in names.alias.items() if known == component}
            return next(iter(found)) if len(found) == 1 and not any(_is(name, kind) for name in own) else ""
    return ""


def _is(name: str, kind: frozenset[str]) -> bool:
    return bool(kind & set(_PARTS.findall(name.casefold())))
