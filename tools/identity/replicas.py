"""Who is the copy of whom, by names alone: `orders-replica-1` copies `orders`, `pg-standby` copies `pg-primary`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.core.words import Component, Link

_COPY: Final = re.compile(
    r"(?P<stem>.{2,}?)[-_.](?:read[-_.]?)?(?:replica|standby|follower|secondary)s?(?:[-_.]?\w{1,4})?",
    re.IGNORECASE,
)
_SOURCES: Final = ("", "-primary", "_primary", ".primary", "-master", "_master", "-leader", "-writer")


def is_copy(name: str) -> bool:
    """Whether a name says that its bearer is a copy of another one."""
    return _COPY.fullmatch(name) is not None


def with_replicas(components: Sequence[Component]) -> tuple[Component, ...]:
    """The components, with a `feeds` link from a source to each copy of it of which no relation is known.

    A copy waits for what its source writes. Where anything else tells of its relations, its name is not asked.
    """
    by_name = {c.id.casefold(): c for c in components}
    linked = {link.to for c in components for link in c.links} | {c.id for c in components if c.links}
    copies: dict[str, list[str]] = {}
    for one in components:
        match = None if one.id in linked else _COPY.fullmatch(one.id)
        stem = match["stem"].casefold() if match else ""
        source = next((by_name[stem + end] for end in _SOURCES if stem and stem + end in by_name), None)
        if source is not None:
            copies.setdefault(source.id, []).append(one.id)
    return tuple(
        c.model_copy(
            update={"links": (*c.links, *(Link(relation="feeds", to=to) for to in sorted(copies[c.id])))}
        )
        if c.id in copies
        else c
        for c in components
    )
