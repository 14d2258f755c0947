"""Cluster state: typed objects from kubectl's text, deterministic analysers over them, and the tools that run them."""

from aitia.tools.cluster.tools import cluster_component, cluster_state

__all__ = ["cluster_component", "cluster_state"]
