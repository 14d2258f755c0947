"""Redaction of plain values and words: each text for itself, with the name under which it stands, and with its neighbours.

What is known for a secret in one field of a record is one in every other: a statement that says "DB_PASSWORD changed from
A to B" tells what the values A and B beside it are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel

from aitia.core.redaction.secrets import tells

if TYPE_CHECKING:
    from aitia.core.redaction.redactor import Redactor

Model = TypeVar("Model", bound=BaseModel)
_SHORTEST: Final = 5  # characters of a secret that is looked for in the other fields
_NAMES: Final = ("name", "key", "Name", "Key")  # of a pair in a list: {"name": "DB_PASSWORD", "value": "x"}
_VALUES: Final = ("value", "Value")
_HEADERS = re.compile(r"(?i)(?:^|[._-])(?:(?:proxy-|x-)?authorization|(?:set-)?cookie2?)$")


def plain_value(value: Any, redactor: Redactor) -> Any:
    """A plain JSON value without secrets: texts redacted, what stands under a telling name replaced whole."""
    seen: set[str] = set()
    made = _clean(value, redactor, seen)
    hidden = sorted((s for s in seen if _worth(s)), key=lambda s: (-len(s), s))
    if not hidden:
        return made
    pattern = re.compile("|".join(rf"(?<![^\W_]){re.escape(s)}(?![^\W_])" for s in hidden))
    return _replaced(made, pattern, redactor)


def word_of(model: Model, redactor: Redactor) -> Model:
    """A word without secrets; the same object where it holds none."""
    before = model.model_dump(mode="json")
    after = plain_value(before, redactor)
    return model if after == before else type(model).model_validate(after)


def drawn_value(value: Any, redactor: Redactor) -> Any:
    """A plain JSON value of a plot: its names and texts without secrets, its numbers as they are, whatever they are called."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, Mapping):
        return {redactor.text(str(key)): drawn_value(each, redactor) for key, each in value.items()}
    return [drawn_value(each, redactor) for each in value] if isinstance(value, list) else value


def _worth(value: str) -> bool:
    """Whether a secret is told from ordinary words, so that it may be looked for elsewhere."""
    return (
        len(value) >= _SHORTEST
        and "<" not in value
        and not (value.isalpha() and (value.islower() or value.istitle()) and len(value) < 8)
    )


def _clean(value: Any, redactor: Redactor, seen: set[str], name: str = "") -> Any:
    if isinstance(value, str):
        if name and value and (_HEADERS.search(name) or tells(name, value)):
            return _whole(value, redactor, seen)
        return redactor.text(value, seen)
    if isinstance(value, Mapping):
        return _object(value, redactor, seen)
    if isinstance(value, list | tuple):
        return [_clean(each, redactor, seen, name) for each in value]
    if name and isinstance(value, int | float) and not isinstance(value, bool) and tells(name, str(value)):
        return _whole(str(value), redactor, seen)
    return value


def _object(value: Mapping[Any, Any], redactor: Redactor, seen: set[str]) -> dict[str, Any]:
    secret = value.get("kind") == "Secret"
    pair = next((str(value[n]) for n in _NAMES if isinstance(value.get(n), str)), "")
    made = {}
    for key, each in value.items():
        told = str(key)
        if secret and told in ("data", "stringData") and isinstance(each, Mapping):
            made[told] = {str(k): _whole(str(v), redactor, seen) for k, v in each.items()}
            continue
        made[redactor.text(told, seen)] = _clean(
            each, redactor, seen, pair if pair and told in _VALUES else told
        )
    return made


def _whole(value: str, redactor: Redactor, seen: set[str]) -> str:
    seen.add(value)
    return redactor.secret(value)


def _replaced(value: Any, pattern: re.Pattern[str], redactor: Redactor) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda m: redactor.secret(m[0]), value)
    if isinstance(value, dict):
        return {_replaced(k, pattern, redactor): _replaced(v, pattern, redactor) for k, v in value.items()}
    return [_replaced(each, pattern, redactor) for each in value] if isinstance(value, list) else value
