"""Which server a client's complaint is about, by the software that its words name: `MISCONF` is Redis' alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from aitia.agent.replicas import is_journal
from aitia.core.bounds import own_yaml
from aitia.core.words import Evidence


class _Shows(NamedTuple):
    named: re.Pattern[str]
    says: re.Pattern[str]


@lru_cache(maxsize=1)
def _table() -> dict[str, _Shows]:
    raw = own_yaml(Path(__file__).with_name("server_software.yaml").read_text(encoding="utf-8"))
    return {
        name: _Shows(re.compile(f"(?i){shows['named']}"), re.compile(f"(?i){shows['says']}"))
        for name, shows in raw.items()
    }


def software_of(
    evidence: Iterable[Evidence], called: Iterable[tuple[str, Collection[str]]]
) -> dict[str, frozenset[str]]:
    """The software that each component may be, by what it and its measurements are called. `called`: component, names."""
    names: dict[str, set[str]] = {component: set(others) | {component} for component, others in called}
    for e in evidence:
        if e.component and e.kind.startswith("metric.") and (metric := str(e.values.get("metric", ""))):
            names.setdefault(e.component, {e.component}).add(re.split(r"[_.]", metric, maxsplit=1)[0])
    return {
        component: frozenset(s for s, shows in _table().items() if any(map(shows.named.search, own)))
        for component, own in names.items()
    }


def meant(text: str, among: Collection[str], software: dict[str, frozenset[str]]) -> str:
    """The only one of some servers whose software a message names; "" where none or several are."""
    said = {name for name, shows in _table().items() if shows.says.search(text)}
    fit = [c for c in sorted(among) if said & software.get(c, frozenset()) and not is_journal(c)]
    return fit[0] if len(fit) == 1 else ""
