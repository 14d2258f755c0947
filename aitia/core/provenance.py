"""Who can write what a fact says: whoever could plant it. By kind and aspect, where a tool does not know better."""

from __future__ import annotations

from typing import Final, Literal

Provenance = Literal["client", "service", "infrastructure", "control plane", "document", "person"]
"""`client`: whoever sends requests to a service. `service`: the program itself, its logs, spans and own metrics.
`infrastructure`: what runs or watches it (kernel, kubelet, exporter, proxy, sensor). `control plane`: the cluster's API, what
deploys. `document`: a person or another system, in a ticket, a runbook or an answer.
`person`: who works on the incident and told aitia."""

# The first prefix of the kind that fits.
_BY_KIND: Final[tuple[tuple[str, Provenance], ...]] = (
    ("log.planted", "client"),
    ("log.", "service"),
    ("trace.", "service"),
    ("change.", "control plane"),
    ("k8s.", "control plane"),
    ("cluster.", "control plane"),
    ("incident.", "document"),
    ("runbook.", "document"),
    ("maintenance.", "document"),
    ("external.", "document"),
    ("mcp.", "document"),
    ("alert.", "document"),
    ("alarm.", "infrastructure"),
    ("person.", "person"),
)
# Metrics of these a service counts itself; the rest is counted by what runs it.
_SERVED: Final = frozenset({"latency", "errors", "traffic", "connections", "queue", "lag"})


def provenance_of(kind: str, aspect: str) -> Provenance:
    """Who writes facts of a kind about an aspect."""
    for prefix, writer in _BY_KIND:
        if kind.startswith(prefix):
            return writer
    return "service" if aspect in _SERVED else "infrastructure"
