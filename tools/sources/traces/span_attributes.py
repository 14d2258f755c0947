"""From attributes to a Span: OpenTelemetry's semantic conventions (1.20 and later, with the older names beside them)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from aitia.tools.sources.base import Span

Kind = Literal["server", "client", "internal", "producer", "consumer", ""]
KINDS: Final[tuple[Kind, ...]] = ("", "internal", "server", "client", "producer", "consumer")
"""SpanKind by its number in OTLP."""
_SERVICE: Final = ("service.name", "k8s.deployment.name", "k8s.pod.name", "container.name", "host.name")
_INSTANCE: Final = ("k8s.pod.name", "service.instance.id", "host.name", "hostname")
_PEER: Final = (
    "peer.service", "server.address", "net.peer.name", "net.sock.peer.name", "net.peer.ip", "peer.hostname",
    "messaging.system", "db.system.name", "db.system", "db.type",
)  # fmt: skip
_STATUS: Final = ("http.response.status_code", "http.status_code", "rpc.grpc.status_code", "grpc.status_code")
_CALLS: Final = ("client", "producer")
_TEXT: Final = 200  # characters of a name that are kept


def first(attributes: Mapping[str, str], keys: Sequence[str]) -> str:
    """The first non-empty value among some keys."""
    return next((attributes[key] for key in keys if attributes.get(key)), "")


def service_of(resource: Mapping[str, str]) -> str:
    """`service.name`, else the deployment, pod or host; the SDKs' `unknown_service` is no name."""
    named = {
        k: v for k, v in resource.items() if not (k == "service.name" and v.startswith("unknown_service"))
    }
    return first(named, _SERVICE)[:_TEXT]


def make_span(
    *,
    trace: str,
    id: str,
    parent: str,
    name: str,
    kind: Kind,
    start: float,
    duration: float,
    failed: bool,
    attributes: Mapping[str, str],
    resource: Mapping[str, str],
    exception: str = "",
) -> Span | None:
    """A Span, or None where ids, time or the component are missing or no numbers. Times in seconds."""
    component = service_of(resource)
    sound = math.isfinite(start) and math.isfinite(duration) and start > 0 and duration >= 0
    if not (trace and id and component and sound):
        return None
    status = first(attributes, _STATUS)
    return Span(
        trace=trace,
        id=id,
        parent="" if parent == id else parent,
        component=component,
        operation=name[:_TEXT],
        start=start,
        duration=duration,
        kind=kind,
        error=failed or _server_error(status, attributes),
        instance=first(resource, _INSTANCE)[:_TEXT],
        peer=first(attributes, _PEER)[:_TEXT] if kind in _CALLS else "",
        status=status[:8],
        exception=(exception or _exception(attributes))[:_TEXT],
    )


def _server_error(status: str, attributes: Mapping[str, str]) -> bool:
    """HTTP 5xx; a 4xx is the client's own doing and no failure of the server (semantic conventions, HTTP spans)."""
    http = bool(first(attributes, _STATUS[:2]))
    return http and len(status) <= 8 and status.isascii() and status.isdigit() and int(status) >= 500


def _exception(attributes: Mapping[str, str]) -> str:
    kind = first(attributes, ("exception.type", "error.type", "error.kind"))
    return "" if kind.isdigit() or kind == "_OTHER" else kind
