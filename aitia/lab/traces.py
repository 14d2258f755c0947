"""The traces of a recording: OTLP requests as they came, thinned by whole traces, as OTLP/JSON that aitia reads."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = "traces.json.gz"
LIMIT_BYTES: Final = 60_000  # of the folder's 200 kB
_RANDOM_DIGITS: Final = 14  # the last 56 bits of a trace id, by W3C Trace Context Level 2
_IDS: Final = ("traceId", "spanId", "parentSpanId")
Request = tuple[str, bytes]  # content type, body


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A span as OTLP/JSON has it, with the resource and the scope that it came with."""

    resource: dict[str, Any]
    scope: dict[str, Any]
    span: dict[str, Any]

    @property
    def trace(self) -> str:
        """Its trace's id, hexadecimal."""
        return str(self.span["traceId"])

    @property
    def start(self) -> float:
        """Epoch seconds."""
        return int(self.span["startTimeUnixNano"]) / 1e9


def write_traces(
    requests: Iterable[Request],
    out: Path,
    *,
    start: float,
    end: float,
    hide: Callable[[str], str],
    limit: int = LIMIT_BYTES,
) -> int:
    """Write the traces that begin in [start, end), a line each. One in how many is kept; 0 where there is none.

    Which ones are kept depends on their random ids alone (consistent probability sampling), the share on the size of all of
    them: among what is kept, failed and slow ones are as frequent as they were.
    """
    traces = [t for t in _by_trace(requests) if start <= t[0].start < end]
    of = 1
    while kept := [t for t in traces if in_share(t[0].trace, 1 / of)]:
        text = hide("".join(f"{json.dumps(_request(t), separators=(',', ':'))}\n" for t in kept))
        packed = gzip.compress(text.encode(), mtime=0)
        if len(packed) <= limit:
            (out / FILE).write_bytes(packed)
            return of
        of += max(1, of // 4)
    return 0


def in_share(trace: str, share: float) -> bool:
    """Whether a trace is among a share of all: by the random bits of its id, so that who keeps less keeps some of the same."""
    return int(trace[-_RANDOM_DIGITS:], 16) >= round((1.0 - share) * 16**_RANDOM_DIGITS)


def _by_trace(requests: Iterable[Request]) -> list[list[Sent]]:
    """The spans of each trace by their start, the traces by that of their first span."""
    found: dict[str, list[Sent]] = {}
    for kind, body in requests:
        for sent in _sent(json.loads(body) if kind.startswith("application/json") else _of_protobuf(body)):
            found.setdefault(sent.trace, []).append(sent)
    for spans in found.values():
        spans.sort(key=lambda sent: (sent.start, sent.span["spanId"]))
    return sorted(found.values(), key=lambda spans: (spans[0].start, spans[0].trace))


def _sent(request: dict[str, Any]) -> Iterator[Sent]:
    for group in request["resourceSpans"]:
        for scoped in group["scopeSpans"]:
            for span in scoped["spans"]:
                yield Sent(resource=group["resource"], scope=scoped.get("scope", {}), span=span)


def _of_protobuf(body: bytes) -> dict[str, Any]:
    """OTLP/JSON: as protobuf's own JSON has it, but ids are hexadecimal and enumerations numbers."""
    from google.protobuf.json_format import MessageToDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request: dict[str, Any] = MessageToDict(
        ExportTraceServiceRequest.FromString(body), use_integers_for_enums=True
    )
    for sent in _sent(request):
        for key in _IDS:
            if key in sent.span:
                sent.span[key] = base64.b64decode(sent.span[key]).hex()
    return request


def _request(spans: list[Sent]) -> dict[str, Any]:
    """One trace as an ExportTraceServiceRequest."""
    groups: list[dict[str, Any]] = []
    for sent in spans:
        group = next(
            (
                g
                for g in groups
                if g["resource"] == sent.resource and g["scopeSpans"][0]["scope"] == sent.scope
            ),
            None,
        )
        if group is None:
            group = {"resource": sent.resource, "scopeSpans": [{"scope": sent.scope, "spans": []}]}
            groups.append(group)
        group["scopeSpans"][0]["spans"].append(sent.span)
    return {"resourceSpans": groups}
