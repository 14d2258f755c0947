"""OTLP traces, decoded: an ExportTraceServiceRequest as JSON or protobuf to Spans (opentelemetry-proto, stable 1.x)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aitia.core.errors import SourceError
from aitia.tools.sources.base import Span
from aitia.tools.sources.traces.span_attributes import KINDS, Kind, make_span

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

INSTALL = "Install the extra for OTLP protobuf (pip install '.[traces]') or export OTLP as JSON."
_HEX = re.compile(r"[0-9a-fA-F]*")
_DEPTH = 8


def spans_of_json(request: object) -> Iterator[Span | None]:
    """The spans of one request in OTLP's JSON encoding; None for each that is not usable. Raises ValueError."""
    if not isinstance(request, dict) or not isinstance(request.get("resourceSpans"), list):
        raise ValueError("no `resourceSpans` list")
    for group in _dicts(request["resourceSpans"]):
        resource = attributes_of(_dict(group.get("resource")).get("attributes"))
        scopes = group.get("scopeSpans", group.get("instrumentationLibrarySpans"))
        for scope in _dicts(scopes):
            for span in _dicts(scope.get("spans")):
                yield _json_span(span, resource)


def _json_span(span: Mapping[str, Any], resource: Mapping[str, str]) -> Span | None:
    try:
        start, end = _nanos(span.get("startTimeUnixNano")), _nanos(span.get("endTimeUnixNano"))
    except ValueError:
        return None
    trace, own, parent = (_id(span.get(key)) for key in ("traceId", "spanId", "parentSpanId"))
    if not _are_ids(trace, own, parent):
        return None
    return make_span(
        trace=trace,
        id=own,
        parent=parent,
        name=str(span.get("name", "")),
        kind=_kind(span.get("kind")),
        start=start / 1e9,
        duration=(end - start) / 1e9,
        failed=_dict(span.get("status")).get("code") in (2, "2", "STATUS_CODE_ERROR"),
        attributes=attributes_of(span.get("attributes")),
        resource=resource,
        exception=_json_exception(span.get("events")),
    )


def _json_exception(events: object) -> str:
    named = (attributes_of(e.get("attributes")) for e in _dicts(events) if e.get("name") == "exception")
    return next((a["exception.type"] for a in named if a.get("exception.type")), "")


def attributes_of(pairs: object) -> dict[str, str]:
    """`[{key, value: {stringValue | intValue | ...}}]` as text; arrays and maps as their parts, joined."""
    return {str(p["key"]): _value(p.get("value")) for p in _dicts(pairs) if p.get("key")}


def _value(value: object, depth: int = 0) -> str:
    if not isinstance(value, dict) or depth > _DEPTH:
        return "" if value is None or isinstance(value, dict | list) else str(value)
    for name, held in value.items():
        if name in ("arrayValue", "kvlistValue"):
            return ",".join(_value(v.get("value", v), depth + 1) for v in _dicts(_dict(held).get("values")))
        if name == "boolValue":
            return str(held).lower()
        return "" if held is None else str(held)
    return ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> Sequence[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _nanos(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("no time")
    nanos = int(value)
    if not 0 <= nanos < 1 << 64:  # fixed64
        raise ValueError("no time")
    return nanos


def _id(value: object) -> str:
    """Hex as OTLP/JSON has it; base64 as protobuf's own JSON mapping has it; zeros are no id."""
    text = value.strip() if isinstance(value, str) else ""
    if not _HEX.fullmatch(text) or len(text) not in (0, 16, 32):
        try:
            text = base64.b64decode(text, validate=True).hex()
        except (binascii.Error, ValueError):
            return ""
    return text.lower() if text.strip("0") else ""


def _are_ids(trace: str, span: str, parent: str) -> bool:
    """A trace's id has at most 16 bytes, a span's 8, here in hex."""
    return len(trace) <= 32 and len(span) <= 16 and len(parent) <= 16


def _kind(value: object) -> Kind:
    if isinstance(value, str) and value.startswith("SPAN_KIND_"):
        name = value.removeprefix("SPAN_KIND_").lower()
        return next((k for k in KINDS if k == name), "")
    known = isinstance(value, int) and 0 <= value < len(KINDS)
    return KINDS[value] if known and isinstance(value, int) else ""


def parse_protobuf(data: bytes) -> ExportTraceServiceRequest:
    """The message. Raises ValueError where the bytes are none, SourceError without the extra."""
    try:
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    except ImportError:
        raise SourceError(INSTALL) from None
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(data)
    except DecodeError as error:
        raise ValueError(str(error)) from None
    return request


def spans_of_protobuf(data: bytes) -> Iterator[Span | None]:
    """The spans of one request in protobuf; None for each that is not usable. Raises ValueError, SourceError."""
    for group in parse_protobuf(data).resource_spans:
        resource = _flat(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                trace, own, parent = _hex(span.trace_id), _hex(span.span_id), _hex(span.parent_span_id)
                if not _are_ids(trace, own, parent):
                    yield None
                    continue
                exceptions = (_flat(e.attributes) for e in span.events if e.name == "exception")
                yield make_span(
                    trace=trace,
                    id=own,
                    parent=parent,
                    name=span.name,
                    kind=_kind(int(span.kind)),
                    start=span.start_time_unix_nano / 1e9,
                    duration=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                    failed=span.status.code == 2,
                    attributes=_flat(span.attributes),
                    resource=resource,
                    exception=next((a["exception.type"] for a in exceptions if a.get("exception.type")), ""),
                )


def _hex(raw: bytes) -> str:
    return raw.hex() if any(raw) else ""


def _flat(pairs: Any) -> dict[str, str]:
    return {pair.key: _any(pair.value) for pair in pairs if pair.key}


def _any(value: Any) -> str:
    held = value.WhichOneof("value")
    if held is None:
        return ""
    if held in ("array_value", "kvlist_value"):
        return ",".join(_any(v.value if held == "kvlist_value" else v) for v in getattr(value, held).values)[
            :1000
        ]
    found = getattr(value, held)
    return str(found).lower() if held == "bool_value" else str(found)
