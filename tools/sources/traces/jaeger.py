"""Jaeger JSON: what its query API and its UI's download give, `{"data": [{traceID, spans, processes}]}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

from aitia.tools.sources.base import Span
from aitia.tools.sources.traces.span_attributes import KINDS, first, make_span
from aitia.tools.sources.traces.span_files import SpanFiles, Tally, json_values

_FAILED: Final = frozenset({"true", "1", "yes"})


class JaegerFiles(SpanFiles):
    """Source of type `jaeger`: one answer per file, or one trace (or answer) per line."""

    def parse(self, handle: BinaryIO, tally: Tally, *, limit: int) -> Iterator[Span | None]:
        """The spans of one file. A parent is the first CHILD_OF reference, else the first FOLLOWS_FROM."""
        for answer in json_values(handle, tally, limit):
            yield from _spans(answer)


def _spans(answer: object) -> Iterator[Span | None]:
    held = answer.get("data", [answer]) if isinstance(answer, dict) else answer
    traces = [t for t in held if isinstance(t, dict)] if isinstance(held, list) else []
    if not any(isinstance(t.get("spans"), list) for t in traces) and traces:
        raise ValueError("no `spans` list in the trace")
    for trace in traces:
        processes = {
            key: {"service.name": str(value.get("serviceName", ""))} | _tags(value.get("tags"))
            for key, value in _dict(trace.get("processes")).items()
            if isinstance(value, dict)
        }
        for span in _list(trace.get("spans")):
            yield _span(span, processes) if isinstance(span, dict) else None


def _span(span: Mapping[str, Any], processes: Mapping[str, Mapping[str, str]]) -> Span | None:
    tags = _tags(span.get("tags"))
    resource = processes.get(str(span.get("processID", "")))
    if resource is None and isinstance(inline := span.get("process"), dict):
        resource = {"service.name": str(inline.get("serviceName", ""))} | _tags(inline.get("tags"))
    try:
        start, duration = float(span.get("startTime", "")), float(span.get("duration", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    kind = tags.get("span.kind", "").lower()
    return make_span(
        trace=_id(span.get("traceID")),
        id=_id(span.get("spanID")),
        parent=_parent(span),
        name=str(span.get("operationName", "")),
        kind=next((k for k in KINDS if k == kind), ""),
        start=start / 1e6,
        duration=duration / 1e6,
        failed=tags.get("error", "").lower() in _FAILED or tags.get("otel.status_code") == "ERROR",
        attributes=tags,
        resource=resource or {},
        exception=_exception(span.get("logs")),
    )


def _parent(span: Mapping[str, Any]) -> str:
    references = [r for r in _list(span.get("references")) if isinstance(r, dict)]
    own = [r for r in references if r.get("traceID", span.get("traceID")) == span.get("traceID")]
    own.sort(key=lambda r: r.get("refType") != "CHILD_OF")
    return _id(own[0].get("spanID")) if own else _id(span.get("parentSpanID"))


def _exception(logs: object) -> str:
    for log in _list(logs):
        fields = _tags(_dict(log).get("fields"))
        named = first(fields, ("exception.type", "error.kind", "error.object"))
        if named and fields.get("event") in ("exception", "error"):
            return named
    return ""


def _tags(tags: object) -> dict[str, str]:
    found = {}
    for tag in _list(tags):
        if isinstance(tag, dict) and tag.get("key") and not isinstance(tag.get("value"), dict | list):
            value = tag.get("value")
            found[str(tag["key"])] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _id(value: object) -> str:
    text = value.lower() if isinstance(value, str) else ""
    return text if text.strip("0") else ""
