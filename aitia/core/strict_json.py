"""JSON as it is meant: UTF-8, no key twice, finite numbers, bounded depth."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from aitia.core.errors import BadInput

DEEPEST: Final = 40  # levels; the deepest alert payload that a vendor documents has ten


class NotJson(BadInput):
    """The text is no JSON at all."""


def parse_json(raw: bytes | str) -> Any:
    """The value of a JSON text. Raises BadInput, NotJson where its syntax is wrong."""
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise BadInput("The body is not UTF-8. Send JSON in UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise NotJson(f"Send valid JSON: {error}"[:200].rstrip(".") + ".") from None
    _check(value)
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadInput(f"Send valid JSON: the key {key[:60]!r} occurs twice.")
            seen.add(key)
    return found


def _no_constant(name: str) -> Any:
    raise BadInput(f"Send valid JSON: {name} is not a JSON number.")


def _too_deep() -> BadInput:
    return BadInput(f"Send JSON that is at most {DEEPEST} levels deep.")


def _check(value: Any) -> None:
    """Depth, numbers and characters, without recursion."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise _too_deep()
        if isinstance(item, dict):
            waiting += [(key, depth) for key in item]
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            waiting += [(inner, depth + 1) for inner in item]
        elif isinstance(item, float) and not math.isfinite(item):
            raise BadInput("A number is too large. Send finite numbers.")
        elif isinstance(item, str) and not item.isascii() and any("\ud800" <= c <= "\udfff" for c in item):
            raise BadInput("A string contains an unpaired surrogate. Send valid Unicode.")
