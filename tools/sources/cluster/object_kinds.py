"""The kinds of Kubernetes objects that are read, by the plural under which the API lists them, and access to their parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NAMESPACED: Final[Mapping[str, str]] = {
    "pods": "Pod", "deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet",
    "replicasets": "ReplicaSet", "jobs": "Job", "cronjobs": "CronJob", "services": "Service", "endpoints": "Endpoints",
    "ingresses": "Ingress", "networkpolicies": "NetworkPolicy", "configmaps": "ConfigMap", "secrets": "Secret",
    "serviceaccounts": "ServiceAccount", "rolebindings": "RoleBinding", "resourcequotas": "ResourceQuota",
    "limitranges": "LimitRange", "persistentvolumeclaims": "PersistentVolumeClaim",
    "poddisruptionbudgets": "PodDisruptionBudget", "horizontalpodautoscalers": "HorizontalPodAutoscaler", "events": "Event",
}  # fmt: skip
CLUSTER_WIDE: Final[Mapping[str, str]] = {
    "nodes": "Node", "namespaces": "Namespace", "persistentvolumes": "PersistentVolume", "storageclasses": "StorageClass",
    "validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
    "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
}  # fmt: skip
KINDS: Final[Mapping[str, str]] = {**NAMESPACED, **CLUSTER_WIDE}
WORKLOADS: Final = ("deployments", "statefulsets", "daemonsets")
SYSTEM: Final = frozenset({"kube-system", "kube-public", "kube-node-lease"})
SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "default": ("events",),
    "kube-system": ("pods", "deployments", "daemonsets", "services", "endpoints"),
}
"""Lists of other namespaces that tell of the whole cluster: events of nodes, and whether its DNS runs."""


def section(item: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The mapping under a path of keys, {} for anything else."""
    here: Any = item
    for key in path:
        here = here.get(key) if isinstance(here, Mapping) else None
    return here if isinstance(here, Mapping) else {}


def entries(item: Mapping[str, Any], *path: str) -> list[Mapping[str, Any]]:
    """The mappings in the list under a path of keys."""
    found = section(item, *path[:-1]).get(path[-1])
    return [f for f in found if isinstance(f, Mapping)] if isinstance(found, list) else []


def name_of(item: Mapping[str, Any]) -> str:
    """metadata.name."""
    return str(section(item, "metadata").get("name") or "")
