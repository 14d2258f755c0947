"""Config maps, secrets, accounts and claims of an app."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from aitia.lab.cluster.manifests import claim_spec
from aitia.lab.cluster.spec import App, Layout
from aitia.lab.cluster.world import Object


def belongings(layout: Layout, app: App) -> Iterator[Object]:
    """Config maps, secrets, account and claim that an app refers to."""
    space = layout.space(app)
    maps: dict[str, dict[str, str]] = {app.config: {"application.yaml": _settings(app)}} if app.config else {}
    for var, (name, key) in app.keys.items():
        maps.setdefault(name, {})[key] = app.env.get(var, "info" if "LEVEL" in var else "30")
    for name, data in maps.items():
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": space},
            "data": data,
        }
    held: dict[str, list[str]] = {}
    for name, key in app.secrets.values():
        held.setdefault(name, []).append(key)
    for name, keys in held.items():
        yield secret(name, space, dict.fromkeys(keys, ""))
    if app.certificate:
        yield secret(app.certificate, space, {"tls.crt": "", "tls.key": ""}, "kubernetes.io/tls")
    if app.pull_secret:
        yield secret(app.pull_secret, space, {".dockerconfigjson": ""}, "kubernetes.io/dockerconfigjson")
    if app.account:
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": app.account, "namespace": space},
        }
        yield from _role(app, space)
    if app.volume and app.kind != "StatefulSet":
        yield {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": f"{app.name}-data", "namespace": space},
            "spec": claim_spec(layout, app.volume),
            "status": {"phase": "Pending"},
        }


def secret(name: str, space: str, data: dict[str, str], kind: str = "Opaque") -> Object:
    """A secret. Its values are withheld, as a recording has them."""
    hidden = base64.b64encode(b"withheld").decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": space},
        "data": {k: v or hidden for k, v in data.items()},
        "type": kind,
    }


def _settings(app: App) -> str:
    lines = [f"name: {app.name}", f"port: {app.port}", "log:", "  level: info", "timeouts:", "  client: 5s"]
    return "\n".join(lines) + "\n"


def _role(app: App, space: str) -> Iterator[Object]:
    rbac = "rbac.authorization.k8s.io"
    rules = [
        {
            "verbs": ["get", "list", "watch"],
            "apiGroups": [""],
            "resources": ["pods", "services", "configmaps"],
        },
        {"verbs": ["get", "create", "update"], "apiGroups": ["coordination.k8s.io"], "resources": ["leases"]},
    ]
    meta = {"name": app.account, "namespace": space}
    yield {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": rules}
    yield {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "subjects": [{"kind": "ServiceAccount", "name": app.account, "namespace": space}],
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": app.account},
    }
