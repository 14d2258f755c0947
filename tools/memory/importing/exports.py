"""Exports of PagerDuty (`/incidents`) and Jira (issue search): JSON whose records are read one by one in flat memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aitia.tools.memory.importing.fields import incident_of, simple
from aitia.tools.memory.importing.lines import made
from aitia.tools.memory.importing.reading import MAX_BYTES, Read, TextFile, loads
from aitia.tools.memory.words import PastIncident

_CHUNK: Final = 1 << 16
_START: Final = re.compile(r"\s*(?:\[|\{)")


def json_array(file: TextFile) -> Iterator[Read]:
    """A JSON array of objects with the fields of JSON lines."""
    return _records(file, "", None)


def pagerduty(file: TextFile) -> Iterator[Read]:
    """`{"incidents": [...]}` as PagerDuty's REST API answers, or its array."""
    return _records(file, "incidents", _pagerduty)


def jira(file: TextFile) -> Iterator[Read]:
    """`{"issues": [...]}` as Jira's search answers, or its array."""
    return _records(file, "issues", _jira)


def _records(file: TextFile, key: str, make: Any) -> Iterator[Read]:
    number = 0
    for number, (record, problem) in enumerate(_elements(file, key), 1):
        where = f"{file.path.name}#{number}"
        if problem or not isinstance(record, dict):
            yield Read(where=where, problem=problem or "it is not a JSON object")
        else:
            yield made(record, where, file.path.stem, make)
    if not number and key:
        yield Read(where=file.path.name, problem=f"it has no {key!r}")


def _elements(file: TextFile, key: str) -> Iterator[tuple[Any, str]]:
    """(element, problem) of the array under a key, or of the top-level one. After broken JSON there is no next one."""
    decoder = json.JSONDecoder()
    begins = re.compile(rf'"{key}"\s*:\s*\[') if key else None
    buffer = file.chunk(_CHUNK)
    if buffer.lstrip().startswith("["):
        buffer = buffer.lstrip()[1:]
    else:
        while begins and not begins.search(buffer) and (more := file.chunk(_CHUNK)):
            buffer = buffer[-64:] + more
        found = begins.search(buffer) if begins else None
        if found is None:
            return
        buffer = buffer[found.end() :]
    ended = False
    while True:
        buffer = buffer.lstrip(" \t\r\n,")
        if buffer.startswith("]"):
            return
        try:
            element, end = decoder.raw_decode(buffer)
            whole = ended or end < len(buffer)  # a number at the buffer's end may go on
        except (ValueError, RecursionError):
            whole = False
        if whole:
            yield loads_again(buffer[:end], element)
            buffer = buffer[end:]
            continue
        more = "" if ended or len(buffer) > 4 * MAX_BYTES else file.chunk(max(_CHUNK, len(buffer)))
        ended = not more
        buffer += more
        if ended:
            if buffer.strip():
                yield None, "it is broken or cut off: nothing after it was read"
            else:
                yield None, "the file is cut off here"
            return


def loads_again(text: str, element: Any) -> tuple[Any, str]:
    """The element, refused where it holds NaN or the like, which no store can keep as JSON."""
    if "NaN" in text or "Infinity" in text:
        try:
            loads(text)
        except ValueError as error:
            return None, str(error)
    return element, ""


def _pagerduty(record: dict[str, Any], where: str, stem: str) -> PastIncident:
    resolved = record.get("resolved_at") or (
        record.get("last_status_change_at") if record.get("status") == "resolved" else None
    )
    notes = [str(n.get("content", "")) for n in _list(record.get("notes")) if isinstance(n, dict)]
    body = record.get("body")
    texts = [record.get("description"), body.get("details") if isinstance(body, dict) else None, *notes]
    told = {
        "id": record.get("id") or record.get("incident_number"),
        "title": record.get("title") or record.get("summary") or record.get("description"),
        "text": "\n".join(str(t) for t in texts if t and t != record.get("title")),
        "at": record.get("created_at"),
        "resolved_at": resolved,
        "component": _name(record.get("service")),
        "urgency": record.get("urgency") or "",
        "priority": _name(record.get("priority")),
        "status": record.get("status") or "",
        "mitigation": record.get("resolution") or "",
    }
    return incident_of(told, where=where, stem=stem)


def _jira(record: dict[str, Any], where: str, stem: str) -> PastIncident:
    fields = record.get("fields")
    if not isinstance(fields, dict):
        raise ValueError("it has no `fields`")
    named = {simple(name): value for name, value in fields.items() if not name.startswith("customfield_")}
    comments = fields.get("comment")
    said = [
        _adf(c.get("body"))
        for c in _list(comments.get("comments") if isinstance(comments, dict) else None)
        if isinstance(c, dict)
    ]
    told = {
        "id": record.get("key") or record.get("id"),
        "title": _adf(fields.get("summary")),
        "text": "\n".join(t for t in (_adf(fields.get("description")), *said) if t),
        "at": fields.get("created"),
        "resolved_at": fields.get("resolutiondate"),
        "component": next((_name(c) for c in _list(fields.get("components"))), ""),
        "cause": _adf(named.get("rootcause") or named.get("cause")),
        "mitigation": _adf(named.get("mitigation") or named.get("workaround") or named.get("fix")),
        "symptoms": _adf(named.get("symptoms")),
        "outcome": _adf(named.get("impact")),
        "labels": [str(label) for label in _list(fields.get("labels"))],
        "priority": _name(fields.get("priority")),
        "status": _name(fields.get("status")),
        "type": _name(fields.get("issuetype")),
    }
    return incident_of(told, where=where, stem=stem)


def _adf(value: Any) -> str:
    """Text, or a document of Atlassian's format as its text, a paragraph a line."""
    if not isinstance(value, Mapping):
        return str(value) if value else ""
    if isinstance(value.get("text"), str):
        return str(value["text"])
    parts = [_adf(part) for part in _list(value.get("content"))]
    inline = value.get("type") in ("paragraph", "heading", "codeBlock")
    return ("" if inline else "\n").join(part for part in parts if part) or str(value.get("value") or "")


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("summary") or value.get("name") or value.get("value") or "")
    return str(value) if value else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
