"""Values in the gaps of templates: as a column, and as conditions on the value of a name (`took>100`)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from aitia.core.errors import BadInput
from aitia.tools.text.templates import gaps as _gaps

_CONDITION: Final = re.compile(r"\s*(?P<name>.+?)\s*(?P<sign>>=|<=|!=|=|>|<)\s*(?P<bound>.+?)\s*", re.DOTALL)
NUMBER: Final = r"^[^0-9+-]*([-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)"
"""The first number of a value (`5ms`, `x12`), once digits are no longer grouped by commas or underscores."""


def gaps(template: str, message: str) -> str:
    """`=` and the values of the gaps, 0x1F before each; "" where the message does not fit (a rare variant, or cut)."""
    found = _gaps.values(template, message)
    return "" if found is None else "\x1f".join(("=", *found))


def condition(text: str, templates: Mapping[str, str]) -> tuple[str, list[object]]:
    """SQL and its parameters for `name>100`, or `name=text`. Raises BadInput where no gap has the name."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise BadInput(f"Write --value as 'took>100' or 'user=alice', not {text!r}.")
    name, sign, bound = match["name"], match["sign"], match["bound"]
    places = [
        (template, position + 1)
        for template, words in templates.items()
        for position in range(len(_gaps.kinds(words)))
        if _gaps.name(words, position).casefold() == name.casefold()
    ]
    if not places:
        names = sorted({_gaps.name(w, i) for w in templates.values() for i in range(len(_gaps.kinds(w)))})
        near = difflib.get_close_matches(name, names, n=5, cutoff=0.4) or names[:5]
        raise BadInput(f"The templates have no value {name!r}. Nearest: {', '.join(near) or 'none'}.")
    number = _number(bound)
    if number is None and sign not in ("=", "!="):
        raise BadInput(f"{bound!r} in --value {text!r} is not a number. Compare with a number.")
    value = "parameters[list_extract(?, list_position(?, template_id))]"
    parameters: list[object] = []
    alternatives = []
    for first in _by_turns(places):
        ids, positions = [t for t, _ in first], [p for _, p in first]
        compared = f"{value} {sign} ?"
        bounds: list[object] = [bound]
        if number is not None:
            compared = f"TRY_CAST(regexp_extract(translate({value}, ',_', ''), ?, 1) AS DOUBLE) {sign} ?"
            bounds = [NUMBER, number]
        alternatives.append(f"(list_contains(?, template_id) AND {compared})")
        parameters += [ids, positions, ids, *bounds]
    return f"({' OR '.join(alternatives)})", parameters


def _by_turns(places: list[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """A template may hold a name several times: its first gap of that name, then its second."""
    turns: list[list[tuple[str, int]]] = []
    seen: dict[str, int] = {}
    for template, position in places:
        turn = seen[template] = seen.get(template, -1) + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append((template, position))
    return turns


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
