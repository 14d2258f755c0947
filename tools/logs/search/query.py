"""Filters over `records`, as SQL in which all that a user or a log wrote is a parameter."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aitia.core.errors import BadInput
from aitia.core.words import Word
from aitia.tools.logs.search.store import Store, short
from aitia.tools.logs.search.values import condition
from aitia.tools.text.headers import fold

_SEVERITY: Final = {"debug": 5, "info": 9, "warning": 13, "error": 17, "fatal": 21}
_SHORT: Final = {
    "thread": "thread.name",
    "logger": "logger.name",
    "pid": "process.pid",
    "process": "process.executable.name",
    "host": "host.name",
    "service": "service.name",
    "trace": "trace_id",
    "span": "span_id",
    "request": "request.id",
}
_COUNTED: Final = {
    "template": "template_id, template",
    "level": "level",
    "component": "component",
    "minute": "date_trunc('minute', time)",
    "file": "file",
}
_SHOWN: Final = (
    "time", "component", "level", "message", "exception", "template_id", "template", "parameters", "fields", "file",
    "line", "lines",
)  # fmt: skip


class Query(Word):
    """What is asked for; all of it must hold.

    text       words that all stand in a record, case ignored; with `regex` one regular expression (RE2)
    template   the id, text or a part of the text of a template
    level      at least so severe; records without a level are left out
    fields     OpenTelemetry's names, or their short forms, and the value
    values     conditions on the gaps of templates, such as `took>100`
    """

    text: str = ""
    regex: bool = False
    template: str = ""
    level: str = ""
    component: str = ""
    fields: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """Rows by column, and of how many they are the first; `matched` is None where that was not counted."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    matched: int | None
    more: bool = False


def search(store: Store, query: Query, limit: int) -> Found:
    """The first records by time that a query fits. Raises BadInput for a template, component or pattern that cannot be."""
    where, parameters = _where(store, query)
    matched = int(store.rows(f"SELECT count(*) FROM records WHERE {where}", parameters)[0][0])
    order = "ORDER BY time NULLS LAST, file, byte_offset LIMIT ?"
    shown = f"SELECT {', '.join(_SHOWN)} FROM records WHERE {where} {order}"
    rows = store.rows(shown, [*parameters, limit])
    return Found(columns=_SHOWN, rows=_dicts(_SHOWN, rows), matched=matched, more=matched > len(rows))


def count_by(store: Store, query: Query, key: str, limit: int) -> Found:
    """How many records a query fits by template, level, component, minute, file or field, the most first."""
    where, parameters = _where(store, query)
    column = _COUNTED.get(key)
    given: list[object] = []
    if column is None:
        column, given = "fields[?]", [_SHORT.get(key, key)]
    names = ("template_id", "template") if key == "template" else (key,)
    columns = (*names, "records")
    selected = f"SELECT {column}, count(*) FROM records WHERE {where} GROUP BY ALL"
    order = "ORDER BY 1 NULLS LAST" if key == "minute" else f"ORDER BY {len(columns)} DESC, 1"
    rows = store.rows(f"{selected} {order} LIMIT ?", [*given, *parameters, limit + 1])
    matched = int(store.rows(f"SELECT count(*) FROM records WHERE {where}", parameters)[0][0])
    return Found(columns=columns, rows=_dicts(columns, rows[:limit]), matched=matched, more=len(rows) > limit)


def _where(store: Store, query: Query) -> tuple[str, list[object]]:
    parts: list[str] = ["true"]
    parameters: list[object] = []
    if query.regex:
        if not query.text:
            raise BadInput("--regex needs --text with a regular expression.")
        parts.append("(regexp_matches(message, ?) OR regexp_matches(more, ?))")
        parameters += [_pattern(store, query.text)] * 2
    else:
        for word in query.text.split():
            parts.append("(contains(lower(message), lower(?)) OR contains(lower(more), lower(?)))")
            parameters += [word, word]
    if query.template:
        parts.append("list_contains(?, template_id)")
        parameters.append(_named(query.template, store.templates()))
    if query.level:
        least = _SEVERITY.get(fold(query.level))
        if least is None:
            raise BadInput(f"Set --level to one of {', '.join(_SEVERITY)}, not {query.level!r}.")
        parts.append("severity_number >= ?")
        parameters.append(least)
    if query.component:
        known = store.distinct("component")
        if query.component not in known and known:
            raise BadInput(
                f"The logs have no component {query.component!r}. Set --component to one of these: "
                f"{', '.join(_near(query.component, known))}."
            )
        parts.append("component = ?")
        parameters.append(query.component)
    for given in query.fields:
        key, sign, value = given.partition("=")
        if not sign or not key:
            raise BadInput(f"Write --field as key=value, not {given!r}.")
        parts.append("fields[?] = ?")
        parameters += [_SHORT.get(key, key), value]
    for given in query.values:
        sql, bounds = condition(given, store.templates())
        parts.append(sql)
        parameters += bounds
    return " AND ".join(parts), parameters


def _named(given: str, templates: Mapping[str, str]) -> list[str]:
    """The ids of the templates that an id, a text or a part of it names."""
    if given in templates:
        return [given]
    low = given.casefold()
    same = [i for i, text in templates.items() if text.casefold() == low]
    found = same or [i for i, text in templates.items() if low in text.casefold()]
    if not found and templates:
        near = _near(given, [*templates, *templates.values()])
        ids = {text: i for i, text in templates.items()}
        named = "; ".join(f"{ids.get(n, n)} {templates[ids.get(n, n)][:100]!r}" for n in near)
        raise BadInput(f"No template matches {given!r}. Give its id or text. Nearest: {named}.")
    return found


def _near(given: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(given, known, n=3, cutoff=0.0)


def _pattern(store: Store, pattern: str) -> str:
    import duckdb

    try:
        store.rows("SELECT regexp_matches('', ?)", [pattern])
    except duckdb.Error as error:
        raise BadInput(f"Fix the regular expression {pattern!r} (RE2): {short(error)}") from None
    return pattern


def _dicts(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, map(plain, row), strict=True)) for row in rows]


def plain(value: Any) -> Any:
    """A value as JSON has it; times in UTC."""
    if isinstance(value, datetime):
        at = value.astimezone(UTC) if value.tzinfo else value
        return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
