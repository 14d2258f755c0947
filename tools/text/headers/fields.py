"""A line in the terms of OpenTelemetry's log data model and semantic conventions, computed on demand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from aitia.core.words import Word
from aitia.tools.text.headers.levels import Level

Parsed = tuple[float, Level, str]
_NUMBERS: Final[Mapping[Level, int]] = {"": 0, "debug": 5, "info": 9, "warning": 13, "error": 17, "fatal": 21}
_FINER: Final[Mapping[str, int]] = {
    **dict.fromkeys(("trace", "trc", "trce", "verbose", "vrb", "v", "finest", "finer", "t"), 1),
    **dict.fromkeys(("notice", "config"), 10),
    **dict.fromkeys(("critical", "crit", "c"), 18),
    **dict.fromkeys(("alert",), 19),
    **dict.fromkeys(("emerg", "emergency", "panic"), 22),
}  # as the data model's appendix B maps syslog and others
_NAMED: Final[Mapping[str, str]] = {
    "logger": "logger.name",
    "pid": "process.pid",
    "place": "code.file.path",
    "process": "process.executable.name",
    "function": "code.function.name",
    "facility": "syslog.facility.name",
    "msgid": "syslog.msg.id",
    "stream": "log.iostream",
}
_UNSAID: Final = frozenset(
    ("ts", "frac", "tz", "msg", "none", "level", "mark", "day", "pri", "sd", "version")
)
_UUID: Final = re.compile(r"(?:req-)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_HEX: Final = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_PLACE: Final = re.compile(r"([\w./$<>-]+\.[A-Za-z]\w{0,5}|[\w./$-]+):(\d+)(?::\d+)?")
_PAIR: Final = re.compile(r"([A-Za-z_][\w.-]*)=([^\s,;]+)")
_CLASS: Final = re.compile(r"[A-Za-z_][\w$-]*(?:(?:\.|::|/)[A-Za-z_][\w$-]*)+")
_IDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("trace", "traceid", "trace_id", "dd.trace_id", "x-b3-traceid", "trace.id"), "trace_id"),
    **dict.fromkeys(("span", "spanid", "span_id", "dd.span_id", "x-b3-spanid", "span.id"), "span_id"),
    **dict.fromkeys(
        ("request", "requestid", "request_id", "req", "reqid", "rid", "correlationid"), "request.id"
    ),
    **dict.fromkeys(
        ("logger", "logger_name", "loggername", "name", "log.logger", "component", "module"), "logger.name"
    ),
    **dict.fromkeys(("thread", "thread_name", "threadname", "process.thread.name"), "thread.name"),
    **dict.fromkeys(("thread_id", "tid"), "thread.id"),
    **dict.fromkeys(("pid", "process.pid", "process_id"), "process.pid"),
    **dict.fromkeys(("caller", "file", "code.filepath"), "code.file.path"),
}
_RESOURCE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("host", "hostname", "host.name", "_hostname"), "host.name"),
    **dict.fromkeys(("service", "service.name", "app", "application", "syslog_identifier"), "service.name"),
}


class Fields(Word):
    """One log record. `timestamp` is in epoch seconds; `severity_number` is 1 to 24, 0 where the line has no level."""

    timestamp: float
    severity_text: str = ""
    severity_number: int = Field(default=0, ge=0, le=24)
    body: str = ""
    trace_id: str = ""
    span_id: str = ""
    attributes: dict[str, str | int] = {}
    resource: dict[str, str] = {}


def severity_number(word: str, level: Level) -> int:
    """The data model's number: 1 to 24 by the level, finer where the word is."""
    return _FINER.get(word.casefold(), _NUMBERS[level])


def of_groups(parsed: Parsed, word: str, groups: Mapping[str, str | None]) -> Fields:
    """Fields from the named groups of a header's pattern; a group's trailing digits only tell it from another."""
    at, level, message = parsed
    attributes: dict[str, str | int] = {}
    resource: dict[str, str] = {}
    given = [(group.rstrip("0123456789_"), value.strip()) for group, value in groups.items() if value]
    for name, value in sorted(given, key=lambda pair: (pair[0] in ("ctx", "word"), pair[0] == "word")):
        if value in ("", "-") or name in _UNSAID:
            continue
        if name == "host":
            resource["host.name"] = value
        elif name == "place":
            _place(value, attributes)
        elif name == "num":
            first, *rest = re.findall(r"\d+", value)
            _put(
                attributes, "process.pid" if "process.pid" not in attributes else "thread.id", _figure(first)
            )
            if rest:
                _put(attributes, "thread.id", _figure(rest[0]))
        elif name in _NAMED:
            _put(attributes, _NAMED[name], _figure(value) if name == "pid" else value)
        else:
            _context(value, attributes, resource)
    if "logger" in groups and "host" in groups and isinstance(program := attributes.get("logger.name"), str):
        resource.setdefault("service.name", program)  # syslog's program
    trace, span = (str(attributes.pop(key, "")) for key in ("trace_id", "span_id"))
    return Fields(
        timestamp=at,
        severity_text=word if not word.isdecimal() else "",
        severity_number=severity_number(word, level),
        body=message.strip(),
        trace_id=trace,
        span_id=span,
        attributes=attributes,
        resource=resource,
    )


def of_mapping(parsed: Parsed, word: str, values: Mapping[str, Any]) -> Fields:
    """Fields of a structured line: known keys by their convention, the other plain ones as they are."""
    at, level, message = parsed
    attributes: dict[str, str | int] = {}
    resource: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            value = str(value)
        low = key.casefold()
        if low in _RESOURCE:
            resource[_RESOURCE[low]] = str(value)
        else:
            attributes[_IDS.get(low, key)] = value
    trace, span = (str(attributes.pop(key, "")) for key in ("trace_id", "span_id"))
    return Fields(
        timestamp=at,
        severity_text=word,
        severity_number=severity_number(word, level),
        body=message,
        trace_id=trace,
        span_id=span,
        attributes=attributes,
        resource=resource,
    )


def _put(attributes: dict[str, str | int], key: str, value: str | int) -> None:
    attributes.setdefault(key, value)


def _figure(value: str) -> str | int:
    """A number where the text is one of usual length."""
    return int(value) if value.isdecimal() and len(value) < 19 else value


def _place(value: str, attributes: dict[str, str | int]) -> None:
    path, _, line = value.rpartition(":")
    _put(attributes, "code.file.path", path)
    if line.isdecimal():
        _put(attributes, "code.line.number", _figure(line))


def _context(value: str, attributes: dict[str, str | int], resource: dict[str, str]) -> None:
    """A bracket or a column whose kind its value tells."""
    pairs = _PAIR.findall(value)
    if pairs and len(pairs) >= len(value.split()) // 2 + 1:
        for key, item in pairs:
            if known := _RESOURCE.get(key.casefold()):
                resource.setdefault(known, item)
            else:
                _put(attributes, _IDS.get(key.casefold(), key), item)
    elif match := _UUID.search(value):
        _put(attributes, "request.id", match[0])
    elif _HEX.fullmatch(value) and len(value) == 32:
        _put(attributes, "trace_id", value.lower())
    elif _HEX.fullmatch(value) and len(value) == 16 and not value.isdecimal():
        _put(attributes, "span_id", value.lower())
    elif value.isdecimal():
        _put(attributes, "process.pid" if "process.pid" not in attributes else "thread.id", _figure(value))
    elif match := _PLACE.fullmatch(value):
        _place(f"{match[1]}:{match[2]}", attributes)
    elif _CLASS.fullmatch(value):
        _put(attributes, "logger.name", value)
    else:
        _put(attributes, "thread.name", value)
