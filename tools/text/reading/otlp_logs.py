"""OpenTelemetry logs as the Collector's file exporter writes them: a request a line, with a line for each record in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from aitia.tools.text.reading.blocks import LINE_MAX, Line
from aitia.tools.text.reading.conversion import Convert, by_line
from aitia.tools.text.reading.skipped import Skipped

MARK: Final = b'"resourceLogs"'
_DEPTH: Final = 8


def otlp_logs() -> Convert:
    """The records of each request, all with the place of its line."""
    return by_line(_records)


def _records(lines: Iterable[Line], skipped: Skipped) -> Iterator[Line]:
    for place, raw in lines:
        try:
            request = json.loads(raw)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict) or not isinstance(request.get("resourceLogs"), list):
            yield place, raw
            continue
        for text in _texts(request):
            skipped.cut += len(text) > LINE_MAX
            yield place, text[:LINE_MAX]


def _texts(request: Mapping[str, Any]) -> Iterator[bytes]:
    for group in _dicts(request.get("resourceLogs")):
        resource = group.get("resource")
        of = {
            "resource": {
                "attributes": _attributes(resource.get("attributes") if isinstance(resource, dict) else None)
            }
        }
        for scope in _dicts(group.get("scopeLogs", group.get("instrumentationLibraryLogs"))):
            for record in _dicts(scope.get("logRecords")):
                time = str(record.get("timeUnixNano") or record.get("observedTimeUnixNano") or "")
                told = {
                    "time": int(time) / 1e9 if time.isdecimal() and len(time) < 20 else None,
                    "severityText": record.get("severityText") or _level(record.get("severityNumber")),
                    "body": _value(record.get("body")),
                    "attributes": _attributes(record.get("attributes")),
                    **{k: record[k] for k in ("traceId", "spanId") if record.get(k)},
                }
                yield json.dumps(told | of, ensure_ascii=False).encode("utf-8", "replace")


def _level(number: object) -> str:
    """The name of a SeverityNumber (logs data model: four for each level, from TRACE on)."""
    names = ("trace", "debug", "info", "warn", "error", "fatal")
    return names[(number - 1) // 4] if isinstance(number, int) and 1 <= number <= 24 else ""


def _attributes(pairs: object) -> dict[str, Any]:
    return {str(p["key"])[:200]: _value(p.get("value")) for p in _dicts(pairs) if p.get("key")}


def _value(value: object, depth: int = 0) -> Any:
    if not isinstance(value, dict) or depth > _DEPTH:
        return value if isinstance(value, str | int | float) else None
    for name, held in value.items():
        inner = _dicts(held.get("values")) if isinstance(held, dict) else []
        if name == "kvlistValue":
            return {str(p.get("key")): _value(p.get("value"), depth + 1) for p in inner}
        return [_value(v, depth + 1) for v in inner] if name == "arrayValue" else held
    return None


def _dicts(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
