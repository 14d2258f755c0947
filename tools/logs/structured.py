"""Structured log lines: JSON and logfmt, read by the keys that loggers use."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from aitia.tools.logs.levels import Level, fold
from aitia.tools.logs.timestamps import Timekeeper, field_epoch

_TIMES: Final = ("time", "ts", "timestamp", "@timestamp", "t", "asctime", "datetime", "date", "Timestamp")
_LEVELS: Final = ("level", "levelname", "severity", "lvl", "log.level", "SeverityText", "loglevel", "s")
_MESSAGES: Final = ("message", "msg", "event", "body", "Body", "log", "MESSAGE", "text")
_DETAILS: Final = ("error", "err", "exception", "exc_info", "stack", "status", "path", "peer", "upstream")
_PAIR = re.compile(r'([A-Za-z_@][\w.@-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)')


def json_line(line: str, keeper: Timekeeper) -> tuple[float, Level, str] | None:
    """A JSON object per line; error fields are appended to the message."""
    if not line.startswith("{"):
        return None
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return _from_fields(fields, keeper) if isinstance(fields, dict) else None


def logfmt_line(line: str, keeper: Timekeeper) -> tuple[float, Level, str] | None:
    """`key=value` pairs; the line must have a time and a message or at least three pairs."""
    head = line[:80]
    if "=" not in head or not any(f"{key}=" in line for key in _TIMES[:4]):
        return None
    pairs = _PAIR.findall(line)
    if len(pairs) < 3:
        return None
    return _from_fields({key: _unquote(value) for key, value in pairs}, keeper)


def _unquote(value: str) -> str:
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        return value[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
    return value


def _from_fields(fields: dict[str, Any], keeper: Timekeeper) -> tuple[float, Level, str] | None:
    at = field_epoch(_first(fields, _TIMES), keeper)
    if at is None:
        return None
    message = _text(_first(fields, _MESSAGES))
    details = [
        f"{key}={_text(fields[key])}" for key in _DETAILS if fields.get(key) not in (None, "", {}, [], False)
    ]
    text = " ".join([message.rstrip(), *details]).strip()
    if not message and not details:
        known = {*_TIMES, *_LEVELS}
        text = " ".join(f"{key}={_text(value)}" for key, value in fields.items() if key not in known)
    return at, fold(_text(_first(fields, _LEVELS))), text


def _first(fields: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((fields[key] for key in keys if fields.get(key) is not None), None)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        inner = _first(value, ("message", "msg", "type", "name"))
        return _text(inner) if inner is not None else json.dumps(value, sort_keys=True)
    return json.dumps(value, sort_keys=True)
