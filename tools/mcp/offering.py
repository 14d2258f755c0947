"""What a model may give as the arguments of an MCP tool: values that the settings or the schema list, numbers, short texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from aitia.tools.mcp.arguments import COMPONENT, MOST, listed_values, usable
from aitia.tools.offer import Offer

_WRITTEN: Final = 200  # characters of a text that a model writes
_MOST_ITEMS: Final = 4  # of a list of listed values
_PLAIN: Final = ("integer", "number", "boolean")


def offer_of(
    schema: Mapping[str, Any],
    *,
    said: str,
    fixed: Collection[str],
    about: str,
    values: Mapping[str, Sequence[Any]],
    written: Collection[str],
    by_model: bool,
) -> Offer | None:
    """The offer of a tool with this schema of arguments; None where a required argument has no value that may be given.

    Optional texts that nobody listed are left out: a model has no ground to write them. `about` is the argument that takes a
    component, which stands as `component` in a call.
    """
    told, required = schema.get("properties"), schema.get("required")
    properties = dict(list(told.items())[:MOST]) if isinstance(told, Mapping) else {}
    needed = {str(n) for n in required} if isinstance(required, list) else set()
    given: dict[str, Any] = {}
    for name, kind in properties.items():
        if name in fixed or name == about or not usable(name):
            continue
        found = _values_of(_plain(kind), name, values, written, needed=name in needed)
        if found is not None:
            given[name] = found
    if needed - set(given) - set(fixed) - {about}:
        return None
    return Offer(
        said=said,
        parameters={"type": "object", "properties": given, "required": sorted(needed & set(given))},
        about=COMPONENT if about else "",
        by_model=by_model,
    )


def _values_of(
    kind: Mapping[str, Any],
    name: str,
    values: Mapping[str, Sequence[Any]],
    written: Collection[str],
    *,
    needed: bool,
) -> dict[str, Any] | None:
    """The schema of what a model may give, None for nothing."""
    several = kind.get("type") == "array"
    if name in values:
        listed: dict[str, Any] = {"enum": list(values[name])}
        return {"type": "array", "items": listed, "maxItems": _MOST_ITEMS} if several else listed
    if several:
        return None
    if (own := listed_values(kind)) is not None:
        return {"enum": list(own)}
    if name in written:
        return {"type": "string", "minLength": 1, "maxLength": _WRITTEN}
    # A number that may be left out keeps the server's own default: small models give any.
    return {"type": kind["type"]} if needed and kind.get("type") in _PLAIN else None


def _plain(told: Any) -> Mapping[str, Any]:
    """The type of an argument; of several alternatives the first that is not null."""
    if not isinstance(told, Mapping):
        return {}
    several = told.get("anyOf")
    if isinstance(several, list):
        some = [k for k in several if isinstance(k, Mapping) and k.get("type") != "null"]
        return some[0] if some else {}
    return told
