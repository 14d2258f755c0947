"""Flat lists of spans: an object or row each, as Zipkin, Jaeger, Datadog, Elastic APM and flattened OpenTelemetry write them.

A JSON array, an array of traces, the answer of a search API, JSON lines or CSV.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.words import Holding, Window
from aitia.tools.sources.base import Span
from aitia.tools.sources.time_texts import configured_zone, moment
from aitia.tools.sources.traces.span_attributes import KINDS, Kind, make_span
from aitia.tools.sources.traces.span_files import LINE_BYTES, LINE_COST, SpanFiles, Tally, json_values
from aitia.tools.sources.traces.span_spelling import (
    DURATION,
    END,
    ERROR,
    STATUS,
    TRACE,
    UNITS,
    Spelling,
    at,
    lacking,
    number,
    spelling_of,
    unit_of,
)

_LISTS: Final = ("spans", "data", "hits", "traces", "items", "results", "events")
_WRAPPED: Final = ("_source", "attributes")  # of Elasticsearch and Datadog around a span
_ATTRIBUTES: Final = ("attributes", "tags", "meta", "labels", "SpanAttributes", "span_attributes")
_RESOURCE: Final = ("resource.attributes.", "ResourceAttributes.", "resource.", "")
_FAILED: Final = frozenset(
    {"error", "err", "failure", "failed", "status_code_error", "2"}
)  # 2: OpenTelemetry's code
_SOUND: Final = frozenset({"", "false", "0", "none", "null", "no"})
_SAMPLE: Final = 2000
_DEPTH: Final = 4
_ID: Final = 64  # characters

Row = Mapping[str, Any]


class FlatSpans(SpanFiles):
    """Source of type `spans`. `options.duration_unit` (s, ms, us, ns) and `service_field` say what is not to be guessed."""

    OPTIONS = frozenset({"max_spans", "max_mb", "duration_unit", "service_field", "timezone"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._zone = configured_zone(config)
        self._unit = str(config.options.get("duration_unit", "")).replace("µ", "u")
        if self._unit and self._unit not in UNITS:
            raise BadInput(
                f"Set `options.duration_unit` of source {self.name!r} to s, ms, us or ns, not {self._unit[:20]!r}."
            )
        self._guessed: dict[str, None] = {}

    def describe(self, window: Window) -> Holding:
        """As of all files of spans, with what was guessed."""
        holding = super().describe(window)
        return holding.model_copy(update={"guessed": "; ".join(self._guessed)})

    def parse(self, handle: BinaryIO, tally: Tally, *, limit: int) -> Iterator[Span | None]:
        """The spans of one file."""
        rows = _rows(handle, tally, limit)
        head = list(islice(rows, _SAMPLE))
        objects = [row for row in head if row is not None]
        if not objects:
            yield from head  # type: ignore[misc]  # each is None: neither object nor row
            return
        spelling = self._spelling(objects)
        for part in (head, rows):
            for row in part:
                yield self._span(row, spelling) if row is not None else None

    def _spelling(self, rows: Sequence[Row]) -> Spelling:
        found = spelling_of(rows, service=str(self._config.options.get("service_field", "")))
        if found is None:
            raise ValueError(lacking(rows[0], service=str(self._config.options.get("service_field", ""))))
        units = {
            n: (self._unit, "as configured") if self._unit else unit_of(rows, n, found, self._time)
            for n in found.duration
        }
        found = replace(found, units=units)
        told = all(why in ("as configured", "by its name") for _, why in units.values())
        self._guessed.setdefault(found.said + ("" if told else "; else set options.duration_unit"))
        return found

    def _time(self, value: object) -> float:
        told = moment(value, None, self._zone)
        return told.timestamp() if told else float("nan")

    def _span(self, row: Row, names: Spelling) -> Span | None:
        start = self._time(at(row, names.start))
        used = next((n for n in names.duration if at(row, n) is not None), "")
        if used:
            duration = number(at(row, used)) * UNITS[names.units[used][0]]
        else:
            duration = self._time(at(row, names.end)) - start
        attributes = _attributes(row)
        return make_span(
            trace=_id(at(row, names.trace)),
            id=_id(at(row, *names.own)),
            parent=_id(at(row, *names.parent)) or _reference(row),
            name=str(at(row, *names.operation) or ""),
            kind=_kind(str(at(row, names.kind) or attributes.get("span.kind", ""))),
            start=start,
            duration=duration,
            failed=_failed(row, attributes),
            attributes=attributes,
            resource=_resource(row, str(at(row, names.service) or "")),
        )


def _rows(handle: BinaryIO, tally: Tally, limit: int) -> Iterator[Row | None]:
    """The objects or rows of a file; None for what is neither. Raises ValueError for another form."""
    start = handle.read(1 << 12).lstrip(b" \t\r\n\xef\xbb\xbf")[:1]
    handle.seek(0)
    if start not in (b"[", b"{"):
        yield from _table(handle, tally, limit)
        return
    for found in json_values(handle, tally, limit):
        yield from unfolded(found)


def unfolded(found: object, depth: int = 0) -> Iterator[Row | None]:
    """The spans in lists of lists (traces), in answers of search APIs, and in Jaeger's traces with their processes."""
    if isinstance(found, list) and depth <= _DEPTH:
        for one in found:
            yield from unfolded(one, depth + 1)
        return
    if not isinstance(found, dict):
        yield None
        return
    inner = next((found[k] for k in _LISTS if isinstance(found.get(k), list | dict)), None)
    if inner is not None and at(found, *DURATION, *END) is None and depth <= _DEPTH:
        processes = found.get("processes")
        for one in unfolded(inner, depth + 1):
            known = processes.get(str(one.get("processID"))) if isinstance(processes, dict) and one else None
            yield {**one, "process": known} if one and known else one
        return
    wrapped = next((v for k in _WRAPPED if isinstance(v := found.get(k), dict) and at(v, *TRACE)), None)
    yield wrapped if wrapped is not None and at(found, *TRACE) is None else found


def _table(handle: BinaryIO, tally: Tally, limit: int) -> Iterator[Row | None]:
    text = io.TextIOWrapper(handle, encoding="utf-8-sig", errors="replace", newline="")
    try:
        line = text.readline(LINE_BYTES)
        mark = max(",;\t|", key=line.count)
        names = next(csv.reader([line], delimiter=mark), [])
        for row in csv.reader(text, delimiter=mark):
            if tally.bytes >= limit:
                tally.cut = True
                return
            tally.bytes += max(sum(map(len, row)) + len(row), LINE_COST)
            if row:
                yield dict(zip(names, row, strict=True)) if len(row) == len(names) else None
    except csv.Error as error:
        raise ValueError(str(error)) from None
    finally:
        text.detach()  # the file is its opener's to close


def _failed(row: Row, attributes: Mapping[str, str]) -> bool:
    status = {_text(value).lower() for name in STATUS if (value := at(row, name)) is not None}
    status.add(attributes.get("otel.status_code", "").lower())
    errors = [attributes.get("error", ""), *(_text(e) for name in ERROR if (e := at(row, name)) is not None)]
    return bool(status & _FAILED) or any(e.lower() not in _SOUND for e in errors)


def _attributes(row: Row) -> dict[str, str]:
    found = {
        k: _text(v) for k, v in row.items() if "." in k and v is not None and not isinstance(v, dict | list)
    }
    for name in _ATTRIBUTES:
        held = row.get(name)
        if isinstance(held, dict):
            found |= {
                str(k): _text(v) for k, v in held.items() if v is not None and not isinstance(v, dict | list)
            }
        elif isinstance(held, list):  # Jaeger's tags
            found |= {
                str(t["key"]): _text(t.get("value")) for t in held if isinstance(t, dict) and t.get("key")
            }
    status = _text(at(row, *STATUS[:4]) or "")
    if status.isdecimal() and 100 <= int(status[:4]) < 600:
        found.setdefault("http.status_code", status)
    if remote := at(row, "remoteEndpoint.serviceName"):  # Zipkin
        found.setdefault("peer.service", str(remote))
    return found


def _resource(row: Row, service: str) -> dict[str, str]:
    told = {"service.name": service}
    for key in ("k8s.pod.name", "host.name"):
        if named := at(row, *(prefix + key for prefix in _RESOURCE)):
            told[key] = str(named)
    return told


def _reference(row: Row) -> str:
    """The parent among Jaeger's references: the first CHILD_OF, else the first FOLLOWS_FROM."""
    held = row.get("references")
    listed = [r for r in held if isinstance(r, dict)] if isinstance(held, list) else []
    listed.sort(key=lambda r: r.get("refType") != "CHILD_OF")
    return _id(listed[0].get("spanID")) if listed else ""


def _kind(word: str) -> Kind:
    word = word.lower().removeprefix("span_kind_")
    if word.isdecimal() and len(word) < 3:
        return KINDS[int(word)] if int(word) < len(KINDS) else ""
    return next((k for k in KINDS if k == word), "")


def _id(value: object) -> str:
    """An id as text: hexadecimal, or Datadog's decimal numbers; zeros are none."""
    text = str(value).strip().lower() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text[:_ID] if text.strip("0-") and text not in ("null", "none", "nan") else ""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)[:1000]
