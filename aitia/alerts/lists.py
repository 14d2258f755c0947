"""A flat list of alerts, as tools export their history: CSV with a header, JSON lines or a JSON array; one row a notification.

Columns are told by their names: when, of what (host, service, pod, ...), which alert; severity, state and text where they are
there. Rows of one alert of one thing are put together: it fires from the first until one says that it is over.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aitia.alerts.paths import LONGEST, MOST_LABELS, loose, moment_of
from aitia.core.errors import BadInput
from aitia.core.strict_json import NotJson, parse_json
from aitia.tools.alerts.owners import OWNERS, PEERS

MOST_ROWS: Final = 20_000
_TIME: Final = ("time", "timestamp", "@timestamp", "ts", "datetime", "date", "startsat", "started", "startedat",
                "start", "starttime", "firedat", "firstseen", "occurredat", "triggeredat", "createdat", "created", "at", "zeit",
                "zeitpunkt", "zeitstempel")  # fmt: skip
_NAME: Final = ("alertname", "alert", "rule", "rulename", "trigger", "triggername", "check", "checkname", "monitor",
                "monitorname", "problem", "alarm", "alarmname", "eventname", "alarmmeldung")  # fmt: skip
_OF: Final = ("host", "hostname", "component", "service", "servicename", "app", "application", "pod", "node", "instance",
              "entity", "resource", "object", "target", "device", "ci", "configurationitem", "source", "system")  # fmt: skip
_SEVERITY: Final = ("severity", "priority", "level", "urgency", "schweregrad")
_STATE: Final = ("status", "state", "transition", "event", "eventtype")
_END: Final = (
    "endsat",
    "ended",
    "endedat",
    "end",
    "endtime",
    "resolvedat",
    "closedat",
    "recoveredat",
    "clearedat",
)
_TEXT: Final = ("message", "msg", "summary", "description", "text", "title", "details", "meldung")
_OVER: Final = re.compile(
    r"(?i)\W*(?:resolved?|recover(?:ed|y)|ok|closed?|clear(?:ed)?|normal|inactive|end(?:ed)?|up)\b"
)
_OVER_TEXT: Final = re.compile(r"(?i)\W*(?:resolved|recovered|recovery|ok|closed|cleared)\b\s*[\]:!-]")
_LABELS: Final = frozenset(loose(name) for name in (*OWNERS, *PEERS))
Row = Mapping[str, str]


def list_in(text: str) -> Sequence[Mapping[str, Any]] | None:
    """The alerts of a list in Alertmanager's shape; None where the text is no list of alerts. Raises BadInput."""
    rows = _rows(text)
    return None if rows is None else _folded(rows)


def rows_in(message: Any) -> Sequence[Mapping[str, Any]] | None:
    """The same of a JSON array."""
    if not isinstance(message, list) or len(message) < 2 or not all(isinstance(m, Mapping) for m in message):
        return None
    rows = [{str(k): v for k, v in m.items()} for m in message[:MOST_ROWS]]
    return _folded([_plain(row) for row in rows]) if all(_is_alert(row) for row in rows) else None


def _rows(text: str) -> list[Row] | None:
    lines = text.strip().splitlines()
    if len(lines) < 2:
        return None
    if len(lines) > MOST_ROWS:
        raise BadInput(
            f"The list has {len(lines)} lines. Give at most {MOST_ROWS}: those around the incident."
        )
    if lines[0].lstrip().startswith("{"):
        return _of_json(lines)
    delimiter = max(",;\t", key=lines[0].count)
    header = next(csv.reader([lines[0]], delimiter=delimiter))
    if len(header) < 3 or not _is_alert(dict.fromkeys(header, "")):
        return None
    reader = csv.DictReader(io.StringIO(text.strip()), delimiter=delimiter)
    try:
        return [{str(k): str(v or "") for k, v in row.items() if k} for row in reader]
    except csv.Error as error:
        raise BadInput(f"Line {reader.line_num} of the list is no CSV ({error}). Fix its quotes.") from None


def _of_json(lines: Iterable[str]) -> list[Row] | None:
    """One object a line; None where a line is something else: then it may be a log."""
    rows: list[Row] = []
    for line in lines:
        try:
            found = parse_json(line)
        except (NotJson, BadInput):
            return None
        if not isinstance(found, Mapping) or not _is_alert(found):
            return None
        rows.append(_plain(found))
    return rows


def _plain(row: Mapping[str, Any]) -> Row:
    """Texts and numbers of a row; a mapping of labels among them is laid beside its other fields."""
    inner = row.get("labels")
    flat = {**row, **inner} if isinstance(inner, Mapping) else row
    return {
        str(k): str(v)
        for k, v in flat.items()
        if isinstance(v, str | int | float) and not isinstance(v, bool)
    }


def _is_alert(row: Mapping[str, Any]) -> bool:
    """Whether a row has the columns of an alert: when, which and of what. A log's line has no rule's name."""
    names = {loose(str(name)) for name in row}
    return all(names & {loose(n) for n in wanted} for wanted in (_TIME, _NAME, _OF))


def _folded(rows: Iterable[Row]) -> Sequence[Mapping[str, Any]]:
    """One entry for each time that an alert of one thing fired, in the order of their rows' times."""
    told = sorted(((_time(row, _TIME), row) for row in rows), key=lambda pair: pair[0])
    made: list[dict[str, Any]] = []
    fires: dict[tuple[str, str], dict[str, Any]] = {}
    for at, row in told:
        text, state, name, of = (_first(row, wanted) for wanted in (_TEXT, _STATE, _NAME, _OF))
        over = bool(_OVER.match(state)) if state else bool(_OVER_TEXT.match(text))
        end = _time(row, _END) if _first(row, _END) else at if over else ""
        entry = fires.get((name, of))
        if entry is None:
            labels = _labels(row) | {"alertname": name}
            if severity := _first(row, _SEVERITY):
                labels["severity"] = severity
            # What is over and never began here began before the list does.
            entry = {
                "status": "firing",
                "labels": labels,
                "annotations": {"summary": text or name},
                "startsAt": at,
            }
            made.append(entry)
            fires[name, of] = entry
        if end:
            entry |= {"status": "resolved", "endsAt": end}
            del fires[name, of]
    return made


def _labels(row: Row) -> dict[str, str]:
    """What names a thing, by the label's usual name; a column that has none of these (`entity`) is a host."""
    found = {loose(k): v for k, v in row.items() if v}
    labels = {name: found[loose(name)] for name in (*OWNERS, *PEERS) if loose(name) in found}
    if not labels and (of := _first(row, _OF)):
        labels["host"] = of
    return dict(list(labels.items())[:MOST_LABELS])


def _first(row: Row, wanted: Iterable[str]) -> str:
    named = {loose(k): v for k, v in row.items()}
    return next((named[n][:LONGEST] for name in wanted if named.get(n := loose(name), "").strip()), "")


def _time(row: Row, wanted: Iterable[str]) -> str:
    text = _first(row, wanted)
    if not text:
        raise BadInput("A row of the list has no time. Fill its column, or leave the row out.")
    return moment_of(text, "the time of a row").isoformat()
