"""Structured log lines: JSON and logfmt, read by the keys that loggers use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final

from aitia.tools.text.headers.epoch import Timekeeper, field_epoch
from aitia.tools.text.headers.fields import Fields, Parsed, of_mapping
from aitia.tools.text.headers.header import StructuredHeader
from aitia.tools.text.headers.levels import Level, fold, tells_of_failure
from aitia.tools.text.headers.start import shape
from aitia.tools.text.headers.timestamps import FORMATS

_TIMES: Final = (
    *(
        "time",
        "ts",
        "timestamp",
        "@timestamp",
        "t",
        "asctime",
        "datetime",
        "date",
        "Timestamp",
        "@t",
        "eventTime",
    ),
    *(
        "time_local",
        "time_iso8601",
        "receiveTimestamp",
        "StartUTC",
        "__REALTIME_TIMESTAMP",
        "instant",
        "start_time",
    ),
)
_LEVELS: Final = (
    *("level", "levelname", "severity", "lvl", "log.level", "SeverityText", "severityText", "loglevel", "s"),
    "severity_text",  # OpenTelemetry, as its file exporters and many collectors write it
    *("@l", "PRIORITY", "log_level", "Level", "LogLevel", "level_name"),
)
_MESSAGES: Final = (
    *(
        "message",
        "msg",
        "event",
        "short_message",
        "body",
        "Body",
        "log",
        "MESSAGE",
        "text",
        "textPayload",
        "@m",
        "@mt",
    ),
    *("log_message", "Message", "RenderedMessage"),
)
_DETAILS: Final = (
    "error",
    "err",
    "exception",
    "exc",
    "exc_info",
    "@x",
    "stack",
    "status",
    "path",
    "peer",
    "upstream",
    "target",
    "provider",
    "code",
    "statusCode",
)
_WHY: Final = frozenset({  # what a key is called that says how it ended, and what the other side answered
    "rc", "ret", "retcode", "return_code", "errno", "reason", "cause", "why", "result", "outcome", "detail", "details",
    "description", "desc", "reply", "motivo", "causa", "razon", "resultado", "detalle", "raison", "motif", "resultat",
    "grund", "ursache", "ergebnis", "risultato", "esito", "dettaglio", "powod", "przyczyna", "wynik", "szczegoly", "orsak",
    "reden", "oorzaak", "razao", "estado", "statut", "stato", "codigo", "codice", "cuerpo", "corps", "corpo", "antwort",
    "respuesta", "reponse", "risposta",
})  # fmt: skip
_NESTED: Final = ("log", "jsonPayload", "payload", "record", "_source", "attributes", "fields")
_PAIR: Final = re.compile(r'([A-Za-z_@][\w.@-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
_HOLE: Final = re.compile(r"\{([A-Za-z]\w*)(?:[,:][^{}]*)?\}")  # of a message template (Serilog's `@mt`)
_REACH: Final = 200

_OF_JSON, _OF_PAIRS = 0.1, 0.5  # of the lines: an object tells of itself that it is a record
_MOST: Final = 0.9  # of the objects that have a key: what its values are, the key is
_FEW: Final = 8  # levels
_SOME, _NAMES_MOST = 0.1, 2  # of the objects have a field that names others; so many such fields are read
_NAMED: Final = re.compile(r"[A-Za-z][\w.:-]{2,39}")
_OF_CODE: Final = re.compile(
    r"(?i)logger|thread|module|func|caller|file|class|method|type|trace|span|user|id$|name$|proto|lang"
)
_WORDS: Final = 2.0  # on average, in the values of what is a message
_NEARBY_S: Final = 400 * 86400.0  # a time, and no other number
Found = Mapping[str, Any]


@dataclass(frozen=True)
class Keys:
    """Which keys of a stream hold what: those that loggers use, else the one whose values are times, levels or words."""

    times: tuple[str, ...] = _TIMES
    levels: tuple[str, ...] = _LEVELS
    messages: tuple[str, ...] = _MESSAGES
    details: tuple[str, ...] = _DETAILS

    @classmethod
    def of(cls, objects: Sequence[Found], keeper: Timekeeper) -> Keys:
        """The keys of these objects, which may be named in any language (`horodatage`, `gravite`)."""
        columns: dict[str, list[Any]] = {}
        for found in objects:
            for key, value in found.items():
                columns.setdefault(key, []).append(value)
        often = {k: v for k, v in columns.items() if len(v) * 2 >= len(objects)}
        times: tuple[str, ...] = _TIMES
        if not any(_are_times(often.get(key, ()), keeper) for key in _TIMES):
            times += tuple(key for key, values in often.items() if _are_times(values, keeper))[:1]
        levels: tuple[str, ...] = _LEVELS
        if not any(key in often for key in _LEVELS):
            levels += tuple(key for key, values in often.items() if _are_levels(values))[:1]
        messages: tuple[str, ...] = _MESSAGES
        if not any(key in often for key in _MESSAGES):
            worded = {key: _words_of(v) for key, v in often.items() if key not in (*times, *levels)}
            messages += tuple(
                sorted((k for k, n in worded.items() if n >= _WORDS), key=lambda k: -worded[k])
            )[:1]
        rest = [k for k in columns if k not in {*times, *levels, *messages, *_DETAILS}]
        more = [k for k in rest if tells_of_failure(k) or k.lower() in _WHY]
        own = (
            times != _TIMES
        )  # no logger that is known: of those that are, fields beside the message are attributes
        often_enough = [k for k in rest if own and len(columns[k]) >= _SOME * len(objects)]
        few = {k: n for k in often_enough if (n := _few_names(k, columns[k]))}
        return cls(
            times, levels, messages, (*_DETAILS, *more, *sorted(few, key=lambda k: (few[k], k))[:_NAMES_MOST])
        )


def _are_times(values: Sequence[Any], keeper: Timekeeper) -> bool:
    near = keeper.near.timestamp()
    found = [at for value in values if (at := field_epoch(value, keeper)) is not None]
    return bool(values) and sum(abs(at - near) < _NEARBY_S for at in found) >= _MOST * len(values)


def _are_levels(values: Sequence[Any]) -> bool:
    words = [v for v in values if isinstance(v, str) and not v.isdecimal() and len(v) > 2]
    return len(set(words)) <= _FEW and sum(fold(w) != "" for w in words) >= _MOST * len(values)


def _few_names(key: str, values: Sequence[Any]) -> int:
    """How many different ones, where a field names one of a few others (`supplier`, `fournisseur`); else 0."""
    if _OF_CODE.search(key) or not all(isinstance(v, str) and _NAMED.fullmatch(v) for v in values):
        return 0
    different = len(set(values))
    return different if 1 < different <= _FEW and not all(v.isupper() for v in values) else 0


def _words_of(values: Sequence[Any]) -> float:
    return sum(len(v.split()) for v in values if isinstance(v, str)) / len(values)


def mapping_header(
    lines: Sequence[str], *, zone: tzinfo, near: datetime
) -> tuple[int, StructuredHeader] | None:
    """The reader of a stream in which half of the lines are logfmt, or a tenth JSON, and the number of those: the others may be
    stack traces.
    """
    keeper = Timekeeper(FORMATS[0], zone=zone, near=near)
    best: tuple[int, StructuredHeader] | None = None
    for name, values in (("json lines", _prefixed(lines)), ("logfmt", logfmt_values)):
        keys = Keys.of([_flat(found) for line in lines if (found := values(line))], keeper)
        header = StructuredHeader(name, _reader(values, keeper, keys), _fields(values, keys))
        votes = sum(header(line) is not None for line in lines)
        least = _OF_JSON if name == "json lines" else _OF_PAIRS
        if votes >= max(least * len(lines), 1) and (best is None or votes > best[0]):
            best = votes, header
    return best


def _reader(
    values: Callable[[str], Found | None], keeper: Timekeeper, keys: Keys
) -> Callable[[str], Parsed | None]:
    def read(line: str) -> Parsed | None:
        found = values(line)
        return _parsed(found, keeper, keys) if found is not None else None

    return read


def _fields(values: Callable[[str], Found | None], keys: Keys) -> Callable[[str, Parsed], Fields]:
    def fields(line: str, parsed: Parsed) -> Fields:
        found = _flat(values(line) or {})
        known = {*keys.times, *keys.levels, *keys.messages}
        word = text_of(first_of(found, keys.levels))
        rest = {key: value for key, value in found.items() if key not in known}
        return of_mapping(parsed, "" if word.isdigit() else word, rest)

    return fields


def json_values(line: str) -> Found | None:
    """The object of a line that is one."""
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _prefixed(lines: Sequence[str]) -> Callable[[str], Found | None]:
    """A reader of objects behind the prefix that most lines share (`web_1  | {…}`); the prefix is left out."""
    heads = [line[: line.find("{")] for line in lines if 0 < line.find("{") < _REACH]
    whole = sum(line.startswith("{") for line in lines)
    if whole * 2 >= len(lines) or len(heads) * 2 < len(lines):
        return json_values
    shapes = [s for head in heads if (s := shape(head)) is not None]
    most = max(set(shapes), key=shapes.count) if shapes else ""
    if shapes.count(most) * 2 < len(lines):
        return json_values
    pattern = re.compile(re.sub(r"\(\?P<\w+>", "(?:", most) + r"(?=\{)")

    def values(line: str) -> Found | None:
        match = pattern.match(line)
        return json_values(line[match.end() :].rstrip()) if match else None

    return values


def logfmt_values(line: str) -> Found | None:
    """At least three `key=value` pairs, one of them named as a time is, or at the line's beginning."""
    if "=" not in line[:80] or not (_PAIR.match(line) or any(f"{key}=" in line for key in _TIMES[:4])):
        return None
    pairs = _PAIR.findall(line)
    return {key: _unquote(value) for key, value in pairs} if len(pairs) >= 3 else None


def _unquote(value: str) -> str:
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        return value[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
    return value


def _flat(fields: Found) -> Found:
    """Fields of the known envelopes lie beside the others."""
    inner = {k: v for key in _NESTED if isinstance(fields.get(key), dict) for k, v in fields[key].items()}
    return {**inner, **fields} if inner else fields


def _parsed(fields: Found, keeper: Timekeeper, keys: Keys) -> Parsed | None:
    fields = _flat(fields)
    at = next((at for key in keys.times if (at := field_epoch(fields.get(key), keeper)) is not None), None)
    if at is None:
        return None
    message = _HOLE.sub(partial(_in_hole, fields), text_of(first_of(fields, keys.messages)))
    details = [
        f"{key}={text_of(fields[key])}"
        for key in keys.details
        if fields.get(key) not in (None, "", {}, [], False)
        and not (key == "status" and _status(fields))
        and not (
            key == "target" and "::" in str(fields[key])
        )  # the module that logs, as Rust's tracing names it
    ]
    text = " ".join([message.rstrip(), *details]).strip()
    if not message and not details:
        known = {*keys.times, *keys.levels}
        text = " ".join(f"{key}={text_of(value)}" for key, value in fields.items() if key not in known)
    return at, fold(text_of(first_of(fields, keys.levels))) or _status(fields), text


def _in_hole(fields: Found, hole: re.Match[str]) -> str:
    """The number that a message template's hole holds; what else it holds may be anybody's text, and stays out."""
    value = fields.get(hole[1])
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else hole[0]


def _status(fields: Found) -> Level:
    """Datadog calls the level `status`; an HTTP status is none."""
    word = fields.get("status")
    return fold(word) if isinstance(word, str) and word.isalpha() else ""


def first_of(fields: Found, keys: tuple[str, ...]) -> Any:
    """The value of the first key that is there."""
    return next((fields[key] for key in keys if fields.get(key) is not None), None)


def text_of(value: Any) -> str:
    """A value as text; of an object its message or name."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        inner = first_of(value, ("message", "msg", "type", "name", "level"))
        return text_of(inner) if inner is not None else json.dumps(value, sort_keys=True)
    return json.dumps(value, sort_keys=True)
