"""Past incidents as events: what was raised, by which component, and what turned out to be the cause."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Word

MAX_CASES: Final = 20_000
MAX_LINE: Final = 8 << 20
MAX_EVENTS: Final = 20_000  # of one incident
Kind = Literal["metric", "log", "trace"]


class AlertEvent(Word):
    """One thing that was raised.

    metric  `signal` is the metric, `direction` how it moved
    log     `signal` is the template
    trace   `signal` is the operation, `direction` the trouble (slow, a status code), `component` the server of the
            call and `peer` its client; both are the same for a span within one component, "" is a user
    """

    component: str = Field(max_length=300)
    signal: str = Field(max_length=1000)
    direction: str = Field(default="", max_length=100)
    source: Kind = "metric"
    peer: str = Field(default="", max_length=300)


class Case(Word):
    """An incident as events, in the order in which they were raised. Without an answer it is a new one."""

    id: str = Field(min_length=1, max_length=300)
    nodes: tuple[str, ...] = ()  # what could be the cause; empty: every component that is named
    edges: tuple[tuple[str, str], ...] = ()
    events: tuple[AlertEvent, ...] = Field(default=(), max_length=MAX_EVENTS)
    component: str = ""
    fault: str = ""

    @property
    def candidates(self) -> tuple[str, ...]:
        """The components that could be the cause, sorted."""
        named = self.nodes or (e.component for e in self.events if e.component)
        return tuple(sorted(set(named)))


@dataclass(frozen=True, kw_only=True)
class Library:
    """Solved incidents and the sha256 of the file that they came from."""

    cases: tuple[Case, ...]
    sha256: str


def read_library(path: Path) -> Library:
    """The incidents of a JSONL file, each with its answer. Raises BadInput that names file and line."""
    cases: list[Case] = []
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
                digest.update(line)
                if line.strip() or len(line) > MAX_LINE:
                    cases.append(_case(line, path, number))
                if len(cases) > MAX_CASES:
                    raise BadInput(f"{str(path)!r} contains more than {MAX_CASES} incidents. Split it.")
    except OSError as error:
        raise BadInput(
            f"Cannot read the event library {str(path)!r} ({error.strerror}). Give a readable one."
        ) from None
    _distinct(cases, path)
    return Library(cases=tuple(cases), sha256=digest.hexdigest())


def _case(line: bytes, path: Path, number: int) -> Case:
    if len(line) > MAX_LINE:
        raise BadInput(f"Line {number} of {str(path)!r} is longer than {MAX_LINE >> 20} MiB. Shorten it.")
    try:
        case = Case.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise BadInput(f"Fix {where!r} in line {number} of {str(path)!r}: {first['msg']}") from None
    if not case.component or not case.fault:
        raise BadInput(
            f"Line {number} of {str(path)!r} is a past incident and needs `component` and `fault`. Add them."
        )
    if case.component not in case.candidates:
        raise BadInput(
            f"{case.component!r} is missing from `nodes` in line {number} of {str(path)!r}. Add it."
        )
    return case


def _distinct(cases: Iterable[Case], path: Path) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise BadInput(
                f"The id {case.id!r} occurs twice in {str(path)!r}. Give each incident its own id."
            )
        seen.add(case.id)


def write_library(cases: Iterable[Case], path: Path) -> None:
    """The incidents as JSONL."""
    lines = (case.model_dump_json(exclude_defaults=True) for case in cases)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_alerts(path: Path) -> Case:
    """A new incident from a JSON file of alert events. Raises SourceError.

    A list of events, or an object with `events` and, if known, `nodes` and `edges`. An event is an object, or a list:
    [component, template] from a log, [component, metric, direction], [client, server, operation, trouble] of a call.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_LINE + 1)
    except OSError as error:
        raise SourceError(
            f"Cannot read {str(path)!r}: {error.strerror}. Check that it exists and its permissions."
        ) from None
    if len(raw) > MAX_LINE:
        raise SourceError(
            f"{str(path)!r} is larger than {MAX_LINE >> 20} MiB, the limit for alert events. Shorten it."
        )
    try:
        told: Any = json.loads(raw)
        told = {"events": told} if isinstance(told, list) else told
        events = [as_event(e) for e in told["events"]]
        return Case.model_validate({"id": path.stem, **told, "events": events})
    except ValidationError as error:
        first = error.errors()[0]
        raise SourceError(
            f"Fix {'.'.join(map(str, first['loc']))!r} in {str(path)!r}: {first['msg']}"
        ) from None
    except (ValueError, RecursionError, KeyError, TypeError):
        raise SourceError(
            f"{str(path)!r} is not in the expected format. Write it as JSON: a list of [component, "
            "metric, direction] events."
        ) from None


def as_event(raw: Any) -> Any:
    """A list of two, three or four texts as an event's fields; anything else as it is."""
    match raw:
        case [component, template]:
            return {"component": component, "signal": template, "direction": "new", "source": "log"}
        case [component, metric, direction]:
            return {"component": component, "signal": metric, "direction": direction, "source": "metric"}
        case [client, server, operation, trouble]:
            return {
                "component": server,
                "peer": client,
                "signal": operation,
                "direction": trouble,
                "source": "trace",
            }
    return raw
