"""JSON lines and CSV, record by record: a broken one is named and the next one is read."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from aitia.tools.memory.importing.fields import incident_of, known, simple
from aitia.tools.memory.importing.reading import MAX_BYTES, Read, TextFile, duration, loads, moment
from aitia.tools.memory.words import PastIncident, RecordKind

Make = Callable[[dict[str, Any], str, str], PastIncident]
_TOO_LONG: Final = f"it is longer than {MAX_BYTES >> 20} MiB"
_LONGEST_QUOTE: Final = 2000  # lines of one field in quotes
_ORDERS: Final = {"woid", "wonum", "workorder", "workorderid", "workordernumber", "wodescription"}


def json_lines(file: TextFile) -> Iterator[Read]:
    """One JSON object a line; the fields are those of a source of type `incidents`, and what `export` writes."""
    for number, line in file.lines():
        where = f"{file.path.name}:{number}"
        if line is None:
            yield Read(where=where, problem=_TOO_LONG)
        elif line.strip():
            yield _read(line, where, file.path.stem)


def _read(line: str, where: str, stem: str) -> Read:
    try:
        record = loads(line)
    except ValueError:
        return Read(where=where, problem="it is not a JSON object")
    if not isinstance(record, dict):
        return Read(where=where, problem="it is not a JSON object")
    return made(record, where, stem)


def made(record: dict[str, Any], where: str, stem: str, make: Make | None = None) -> Read:
    """A record as an incident, or what is wrong with it."""
    try:
        found = make(record, where, stem) if make else incident_of(record, where=where, stem=stem)
    except ValueError as error:
        return Read(where=where, problem=str(error))
    except RecursionError:
        return Read(where=where, problem="it is nested too deeply")
    return Read(where=where, incident=found)


def table(file: TextFile) -> Iterator[Read]:
    """A CSV with a header; comma, semicolon or tab. Columns are known by their names (`fields`)."""
    return _table(file, "incident")


def work_orders(file: TextFile) -> Iterator[Read]:
    """A CSV of maintenance work orders."""
    return _table(file, "work_order")


def is_work_orders(header: str) -> bool:
    """Whether a CSV's header names the columns of work orders."""
    return bool(_ORDERS & {simple(name) for name in header.replace(";", ",").replace("\t", ",").split(",")})


def _table(file: TextFile, kind: RecordKind) -> Iterator[Read]:
    rows = _rows(file)
    first = next(rows, None)
    if first is None:
        return
    _, header, problem = first
    if not header or not known(dict.fromkeys(header)):
        yield Read(
            where=f"{file.path.name}:1",
            problem=problem or "no column of its header is known (see docs/memory.md)",
        )
        return
    make = _work_order if kind == "work_order" else None
    for number, cells, problem in rows:
        where = f"{file.path.name}:{number}"
        if not problem and len(cells) != len(header):
            problem = f"it has {len(cells)} columns, the header has {len(header)}"
        if problem:
            yield Read(where=where, problem=problem)
        else:
            yield made(dict(zip(header, cells, strict=True)), where, file.path.stem, make)


def _rows(file: TextFile) -> Iterator[tuple[int, list[str], str]]:
    """(line, cells, problem) of each record; after one whose quote is never closed the next line is read on its own."""
    source = file.lines()
    waiting: deque[tuple[int, str | None]] = deque()
    delimiter = ","
    first = True
    while True:
        taken: list[tuple[int, str | None]] = []

        def feed(taken: list[tuple[int, str | None]] = taken) -> Iterator[str]:
            while len(taken) < _LONGEST_QUOTE:
                line = waiting.popleft() if waiting else next(source, None)
                if line is None:
                    return
                taken.append(line)
                if line[1] is None:
                    return
                yield line[1]

        if first and (head := next(source, None)) is not None:
            delimiter = max(",;\t|", key=lambda c: (head[1] or "").count(c))
            waiting.append(head)
        first = False
        problem, cells = "", []
        try:
            cells = next(csv.reader(feed(), delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            problem = f"not valid CSV ({error})"
        if not taken:
            return
        number = taken[0][0]
        if any(text is None for _, text in taken):
            problem = _TOO_LONG
        if problem and len(taken) > 1:
            waiting.extendleft(reversed(taken[1:]))
        if problem or any(cell.strip() for cell in cells):
            yield number, cells, problem


def _work_order(record: dict[str, Any], where: str, stem: str) -> PastIncident:
    """A work order: it began as long before its finish as it took; a preventive one has no cause."""
    told = {simple(name): str(value).strip() for name, value in record.items()}
    found = incident_of(record, where=where, stem=stem, kind="work_order")
    began = found.at
    if began is None and found.resolved_at is not None:
        began = moment(found.resolved_at)
        if told.get("duration"):
            began = found.resolved_at - duration(told["duration"])
    preventive = told.get("preventive", "").casefold() in ("true", "yes", "1") or told.get("worktype") == "PM"
    codes = [told.get(f"{level}codedescription", "") for level in ("primary", "secondary")]
    cause = found.cause or ": ".join(dict.fromkeys(c for c in codes if c))
    names = ("collection", "primarycode", "secondarycode", "preventive", "workpriority", "equipmentid")
    labels = found.labels | {name: told[name] for name in names if told.get(name)}
    title = found.title if found.component in found.title else f"{found.component}: {found.title}"
    return found.model_copy(
        update={"at": began, "title": title, "labels": labels, "cause": "" if preventive else cause}
    )
