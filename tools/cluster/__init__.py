"""Cluster state: typed objects from the API's, deterministic analysers over them, and the tools that run them."""

from aitia.tools.cluster.questions import (
    cluster_describe,
    cluster_get,
    cluster_logs,
    cluster_manifest,
)
from aitia.tools.cluster.tools import cluster_component, cluster_state

__all__ = [
    "cluster_component",
    "cluster_describe",
    "cluster_get",
    "cluster_logs",
    "cluster_manifest",
    "cluster_state",
]
