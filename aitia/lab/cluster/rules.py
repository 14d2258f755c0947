"""The objects of a site that rule over its apps: quotas, limits, policies, ingress, autoscalers, budgets, webhooks."""

from __future__ import annotations

from collections.abc import Iterator

from aitia.lab.cluster.belongings import secret
from aitia.lab.cluster.spec import Layout
from aitia.lab.cluster.world import Object


def rules(layout: Layout) -> Iterator[Object]:
    """All of them, in the order in which a site makes them."""
    space = layout.namespace
    if layout.quota:
        yield {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": f"{space}-quota", "namespace": space},
            "spec": {"hard": dict(layout.quota)},
            "status": {},
        }
    if layout.limits:
        most = {"type": "Container", "max": dict(layout.limits), "default": dict(layout.limits)}
        yield {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": f"{space}-limits", "namespace": space},
            "spec": {"limits": [{**most, "defaultRequest": {"cpu": "100m", "memory": "128Mi"}}]},
        }
    if layout.policies:
        yield from _policies(layout)
    if layout.tls:
        yield secret(layout.tls, space, {"tls.crt": "", "tls.key": ""}, "kubernetes.io/tls")
    if layout.ingress:
        yield _ingress(layout)
    for name, (least, most_pods, percent) in layout.scalers.items():
        target = {"kind": "Deployment", "name": name, "apiVersion": "apps/v1"}
        goal = {"type": "Utilization", "averageUtilization": percent}
        yield {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": name, "namespace": space},
            "spec": {
                "scaleTargetRef": target,
                "minReplicas": least,
                "maxReplicas": most_pods,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": goal}}],
            },
        }
    for name, least in layout.budgets.items():
        selector = {"matchLabels": layout.selector(layout.app(name))}
        yield {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": name, "namespace": space},
            "spec": {"minAvailable": least, "selector": selector},
            "status": {},
        }
    if layout.webhook:
        yield _webhook(layout)


def _policies(layout: Layout) -> Iterator[Object]:
    """Nothing may come in but what is allowed: each app from its callers, the entry from anywhere."""
    for app in layout.apps:
        if not app.port or app.namespace:
            continue
        callers = [a for a in layout.apps if app.name in a.calls]
        peers = [
            {"podSelector": {"matchLabels": layout.selector(a)}, **_space(layout, a.namespace)}
            for a in callers
        ]
        ingress = {"from": peers, "ports": [{"protocol": "TCP", "port": app.port}]} if peers else {}
        yield {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": f"{app.name}-ingress", "namespace": layout.namespace},
            "spec": {
                "podSelector": {"matchLabels": layout.selector(app)},
                "policyTypes": ["Ingress"],
                "ingress": [ingress],
            },
        }


def _space(layout: Layout, namespace: str) -> Object:
    if not namespace:
        return {}
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def _ingress(layout: Layout) -> Object:
    entry = layout.app(layout.app(layout.entry).calls[0])
    backend = {"service": {"name": entry.service_name, "port": {"number": entry.port}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    tls = {"tls": [{"hosts": [layout.ingress], "secretName": layout.tls}]} if layout.tls else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": entry.name,
            "namespace": layout.namespace,
            "annotations": {"nginx.ingress.kubernetes.io/proxy-read-timeout": "30"},
        },
        "spec": {"ingressClassName": "nginx", **tls, "rules": [{"host": layout.ingress, "http": {"paths": [path]}}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.24"}]}},
    }  # fmt: skip


def _webhook(layout: Layout) -> Object:
    app = layout.app(layout.webhook)
    service = {"namespace": layout.space(app), "name": app.service_name, "path": "/validate", "port": 443}
    hook = {
        "name": f"validate.{app.name}.svc",
        "clientConfig": {"service": service, "caBundle": "d2l0aGhlbGQ="},
        "rules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}
        ],
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": layout.namespace}},
        "objectSelector": {},
        "sideEffects": "None",
        "timeoutSeconds": 10,
        "admissionReviewVersions": ["v1"],
    }  # fmt: skip
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {
            "name": app.name,
            "annotations": {"cert-manager.io/inject-ca-from": f"{layout.space(app)}/{app.certificate}"},
        },
        "webhooks": [hook],
    }
