"""Cluster state: typed objects from kubectl's text, deterministic analysers over them, and the tools that run them."""

from aitia.tools.cluster.questions import (
    cluster_alerts,
    cluster_configuration,
    cluster_connect,
    cluster_dependencies,
    cluster_describe,
    cluster_get,
    cluster_logs,
    cluster_manifest,
    cluster_node_service,
)
from aitia.tools.cluster.tools import cluster_component, cluster_state

__all__ = [
    "cluster_alerts",
    "cluster_component",
    "cluster_configuration",
    "cluster_connect",
    "cluster_dependencies",
    "cluster_describe",
    "cluster_get",
    "cluster_logs",
    "cluster_manifest",
    "cluster_node_service",
    "cluster_state",
]
