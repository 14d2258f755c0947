"""The kinds of Kubernetes objects that are read, by the plural under which the API lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
