"""Queries as text: `stat(metric="flow_m3h", component="P-101", function="max", since="2h")`, both ways."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from aitia.core.errors import BadInput
from aitia.tools.query.words import QUERY, VERBS, Query

LONGEST: Final = 2000  # characters of a query
_TIMES: Final = frozenset({"since", "until", "against_since", "against_until"})
_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_CALL: Final = re.compile(r"\s*([a-z_]+)\s*\(.*\)\s*", re.DOTALL)


def is_query(text: str) -> bool:
    """Whether a text is written as a query: a verb with brackets."""
    found = _CALL.fullmatch(text)
    return found is not None and found[1] in VERBS


def parse(text: str, *, now: datetime) -> Query:
    """The query that a text writes; a time is ISO 8601 (UTC where it names no zone) or a duration before `now` such as "30m".

    Raises BadInput that names the verb, the field or the value to change.
    """
    if len(text) > LONGEST:
        raise BadInput(f"Shorten the query: it has {len(text)} characters, {LONGEST} at most.")
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadInput(
            f'Write a query as verb(field=value, …), for example lines(component="web", level="error"): {error}.'
        ) from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise BadInput(f"Write a query as verb(field=value, …) with one of the verbs {', '.join(VERBS)}.")
    verb = call.func.id
    if verb not in VERBS:
        raise BadInput(f"Unknown verb {verb!r}.{_meant(verb, VERBS)} Use one of {', '.join(VERBS)}.")
    if call.args:
        raise BadInput(f"Name the fields of {verb}: {', '.join(_fields(verb))}.")
    return checked(verb, {k.arg or "**": _value(verb, k) for k in call.keywords}, now=now)


def checked(verb: str, fields: Mapping[str, Any], *, now: datetime) -> Query:
    """A query from a verb and its fields. Raises BadInput."""
    known = _fields(verb)
    for name in fields:
        if name not in known:
            raise BadInput(f"{verb} has no field {name!r}.{_meant(name, known)} It has {', '.join(known)}.")
    given = {k: _moment(k, v, now) if k in _TIMES else v for k, v in fields.items()}
    try:
        return QUERY.validate_python({"verb": verb, **given})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(p) for p in first["loc"][1:])
        said = str(first["msg"]).removeprefix("Value error, ")
        raise BadInput(f"Fix {f'{field!r} of ' if field else ''}{verb}: {said}.") from None


def written(query: Query) -> str:
    """A query as text that `parse` reads again; what is as usual is left out."""
    usual = type(query)
    told = [
        f"{name}={_quoted(value)}"
        for name in usual.model_fields
        if name != "verb" and (value := getattr(query, name)) != usual.model_fields[name].default
    ]
    return f"{query.verb}({', '.join(told)})"


def _quoted(value: object) -> str:
    if isinstance(value, datetime):
        return f'"{value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}"'
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return repr(value)


def _fields(verb: str) -> list[str]:
    return [name for name in VERBS[verb].model_fields if name != "verb"]


def _value(verb: str, keyword: ast.keyword) -> Any:
    try:
        return ast.literal_eval(keyword.value)
    except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError):
        raise BadInput(f"Write {keyword.arg!r} of {verb} as a text in quotes or a number.") from None


def _moment(field: str, value: object, now: datetime) -> datetime:
    text = str(value).strip()
    if ago := _AGO.fullmatch(text):
        try:
            return now - timedelta(seconds=float(ago[1]) * _SECONDS[ago[2]])
        except OverflowError:
            raise BadInput(f"Set {field!r} to a time that exists, not {text[:40]!r} before now.") from None
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(
            f"Set {field!r} to a time like 2026-11-25T10:05:00Z or a duration before now like 30m, not {text[:40]!r}."
        ) from None


def _meant(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
