"""`{word:name}` in a system file: what is filled in when a fault is chosen, and what when the system starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

RUN_WORDS: Final = ("bin", "port", "addr", "dir", "file", "secret", "program", "edge", "edge_port")
_RUN: Final = re.compile(r"\{(" + "|".join(RUN_WORDS) + r"):([A-Za-z0-9_./>-]+)\}|\{(python|host|folder)\}")
_CHOICE: Final = re.compile(r"\{p:([a-z0-9_]+)\}|\{(victim|strength|id)\}")


def strings(value: Any) -> Iterator[str]:
    """All strings in a tree of mappings and lists, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)


def references(value: Any) -> set[tuple[str, str]]:
    """The (word, name) pairs that a start must fill in."""
    return {(m[1], m[2]) for text in strings(value) for m in _RUN.finditer(text) if m[1]}


def choose(value: Any, params: Mapping[str, Any]) -> Any:
    """`value` with `{p:name}`, `{victim}`, `{strength}`, `{id}` filled in.

    A string that is one `{p:name}` alone becomes the parameter itself, a number where it is one. Raises KeyError.
    """
    if isinstance(value, str):
        whole = _CHOICE.fullmatch(value)
        if whole:
            return params[whole[1] or whole[2]]
        return _CHOICE.sub(lambda m: str(params[m[1] or m[2]]), value)
    if isinstance(value, Mapping):
        return {choose(key, params): choose(item, params) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [choose(item, params) for item in value]
    return value


def render(text: str, give: Callable[[str, str], str]) -> str:
    """`text` with what `give(word, name)` says; all other braces stay as they are."""
    return _RUN.sub(lambda m: give(m[1] or m[3], m[2] or ""), text)
