"""A small Kubernetes API server for tests: discovery, objects, tables, logs and access reviews, as kubectl asks for them."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlparse

GROUPS = {
    "v1": ["pods", "services", "endpoints", "nodes", "namespaces", "configmaps", "secrets", "serviceaccounts", "events",
           "resourcequotas", "limitranges", "persistentvolumes", "persistentvolumeclaims"],
    "apps/v1": ["deployments", "replicasets", "statefulsets", "daemonsets"],
    "batch/v1": ["jobs", "cronjobs"],
    "networking.k8s.io/v1": ["ingresses", "networkpolicies"],
    "storage.k8s.io/v1": ["storageclasses"],
    "rbac.authorization.k8s.io/v1": ["rolebindings"],
    "policy/v1": ["poddisruptionbudgets"],
    "autoscaling/v2": ["horizontalpodautoscalers"],
    "discovery.k8s.io/v1": ["endpointslices"],
    "coordination.k8s.io/v1": ["leases"],
}  # fmt: skip
KINDS = {"pods": "Pod", "services": "Service", "endpoints": "Endpoints", "nodes": "Node", "namespaces": "Namespace",
         "configmaps": "ConfigMap", "secrets": "Secret", "serviceaccounts": "ServiceAccount", "events": "Event",
         "resourcequotas": "ResourceQuota", "limitranges": "LimitRange", "persistentvolumes": "PersistentVolume",
         "persistentvolumeclaims": "PersistentVolumeClaim", "deployments": "Deployment", "replicasets": "ReplicaSet",
         "statefulsets": "StatefulSet", "daemonsets": "DaemonSet", "jobs": "Job", "cronjobs": "CronJob",
         "ingresses": "Ingress", "networkpolicies": "NetworkPolicy", "storageclasses": "StorageClass",
         "rolebindings": "RoleBinding", "poddisruptionbudgets": "PodDisruptionBudget",
         "horizontalpodautoscalers": "HorizontalPodAutoscaler", "endpointslices": "EndpointSlice", "leases": "Lease"}  # fmt: skip
CLUSTER = {"nodes", "namespaces", "persistentvolumes", "storageclasses"}


def ago(**delta: float) -> str:
    return (datetime.now(tz=UTC) - timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def thing(
    resource: str, name: str, namespace: str = "shop", *, age_s: float = 7200, **fields: object
) -> dict:
    """An API object; `labels`, `owner` go to its metadata, the rest to its top level."""
    group = next(g for g, rs in GROUPS.items() if resource in rs)
    meta: dict = {
        "name": name,
        "uid": f"{resource}-{name}",
        "creationTimestamp": ago(seconds=age_s),
        "resourceVersion": "1",
    }
    if resource not in CLUSTER:
        meta["namespace"] = namespace
    for key in ("labels", "annotations"):
        if key in fields:
            meta[key] = fields.pop(key)
    owner = fields.pop("owner", None)
    if owner:
        kind, of = str(owner).split("/")
        meta["ownerReferences"] = [
            {"apiVersion": "apps/v1", "kind": kind, "name": of, "uid": "u", "controller": True}
        ]
    return {"apiVersion": group, "kind": KINDS[resource], "metadata": meta, **fields}


def app(name: str, *, image: str = "shop/app:1", env: list | None = None, ready: bool = True, hash_: str = "7f9c4d5b6f",
        pod: str = "x2v9k", ip: str = "10.1.0.7", port: int = 8080, target: int | None = None, age_s: float = 7200,
        revision: int = 1) -> list[tuple[str, dict]]:  # fmt: skip
    """A deployment with its replica set, pod, service and endpoints."""
    labels = {"app": name}
    container = {"name": "server", "image": image, "ports": [{"containerPort": port}], "env": env or [],
                 "resources": {"limits": {"cpu": "300m", "memory": "128Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}}}  # fmt: skip
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "serviceAccountName": "default"},
    }
    running = {"state": {"running": {"startedAt": ago(seconds=age_s - 5)}}}
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}},
               "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": ago(seconds=300), "finishedAt": ago(seconds=290)}}}  # fmt: skip
    rs, replica = f"{name}-{hash_}", int(ready)
    pod_labels = {**labels, "pod-template-hash": hash_}
    notes = {"deployment.kubernetes.io/revision": str(revision)}
    return [
        ("deployments", thing("deployments", name, labels=labels, annotations=notes, age_s=86400,
            spec={"replicas": 1, "selector": {"matchLabels": labels}, "template": template, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}},
            status={"replicas": 1, "readyReplicas": replica, "availableReplicas": replica, "updatedReplicas": 1, "unavailableReplicas": 1 - replica,
                    "conditions": [{"type": "Available", "status": str(ready), "reason": "MinimumReplicasAvailable" if ready else "MinimumReplicasUnavailable"}]})),
        ("replicasets", thing("replicasets", rs, labels=pod_labels, annotations=notes, owner=f"Deployment/{name}", age_s=age_s,
            spec={"replicas": 1, "selector": {"matchLabels": pod_labels}, "template": template}, status={"replicas": 1, "readyReplicas": replica})),
        ("pods", thing("pods", f"{rs}-{pod}", labels=pod_labels, owner=f"ReplicaSet/{rs}", age_s=age_s,
            spec={"nodeName": "worker-1", "containers": [container], "serviceAccountName": "default"},
            status={"phase": "Running", "podIP": ip, "hostIP": "10.0.0.3", "qosClass": "Burstable", "startTime": ago(seconds=age_s),
                    "conditions": [{"type": "Ready", "status": str(ready)}],
                    "containerStatuses": [{"name": "server", "image": image, "ready": ready, "restartCount": 0 if ready else 7,
                                           "containerID": f"containerd://{(name * 20).encode().hex()[:64]}", **(running if ready else waiting)}]})),
        ("services", thing("services", name, labels=labels,
            spec={"type": "ClusterIP", "clusterIP": f"10.96.0.{port % 250}", "selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": target or port, "protocol": "TCP"}]}, status={"loadBalancer": {}})),
        ("endpoints", thing("endpoints", name, subsets=[{("addresses" if ready else "notReadyAddresses"): [{"ip": ip}], "ports": [{"name": "http", "port": port, "protocol": "TCP"}]}])),
    ]  # fmt: skip


def shop() -> list[tuple[str, dict]]:
    """Two applications, the second one failing, on one node."""
    env = [{"name": "ORDERS_ADDR", "value": "orders:80"}, {"name": "DB_PASSWORD", "value": "hunter2-planted"},
           {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "payment-token", "key": "token"}}}]  # fmt: skip
    node = thing("nodes", "worker-1", labels={"node-role.kubernetes.io/worker": "", "disk": "ssd"}, spec={"taints": [{"key": "dedicated", "value": "shop", "effect": "NoSchedule"}]},
        status={"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": ago(seconds=5), "lastTransitionTime": ago(days=2)}, {"type": "MemoryPressure", "status": "False"}],
                "addresses": [{"type": "InternalIP", "address": "10.0.0.3"}], "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"}, "allocatable": {"cpu": "4", "memory": "7Gi", "pods": "110"},
                "nodeInfo": {"kubeletVersion": "v1.32.3", "osImage": "Debian GNU/Linux 13", "kernelVersion": "6.12", "containerRuntimeVersion": "containerd://1.7"}})  # fmt: skip
    old = app("payment", hash_="6b8f7d9c5d", pod="gone1", age_s=5 * 86400, revision=2)[1]
    old[1]["spec"]["replicas"] = 0
    event = thing("events", "payment.1", age_s=240, type="Warning", reason="BackOff", message="Back-off restarting failed container server in pod payment-7f9c4d5b6f-x2v9k_shop",
        involvedObject={"kind": "Pod", "name": "payment-7f9c4d5b6f-x2v9k", "namespace": "shop", "uid": "pods-payment-7f9c4d5b6f-x2v9k"}, firstTimestamp=ago(seconds=240), lastTimestamp=ago(seconds=60), count=9, source={"component": "kubelet"})  # fmt: skip
    scaled = thing("events", "orders.1", age_s=600, type="Normal", reason="ScalingReplicaSet", message="Scaled up replica set orders-7f9c4d5b6f to 1 from 0",
        involvedObject={"kind": "Deployment", "name": "orders", "namespace": "shop", "uid": "deployments-orders"}, firstTimestamp=ago(seconds=600), lastTimestamp=ago(seconds=600), count=1, source={"component": "deployment-controller"})  # fmt: skip
    return [
        *app("orders"),
        *app("payment", image="shop/payment:2.4.0", env=env, ready=False, ip="10.1.0.9", port=8081, age_s=900, revision=3),
        old, ("nodes", node), ("namespaces", thing("namespaces", "shop", status={"phase": "Active"})),
        ("namespaces", thing("namespaces", "kube-system", status={"phase": "Active"})),
        ("secrets", thing("secrets", "payment-token", type="Opaque", data={"token": "cGxhbnRlZC1zZWNyZXQtdmFsdWU="})),
        ("configmaps", thing("configmaps", "payment-config", data={"app.conf": "db.password=hunter3-planted\nretries=3\n"})),
        ("events", event), ("events", scaled),
    ]  # fmt: skip


def mislabelled() -> list[tuple[str, dict]]:
    """A shop whose pods all run; the service of orders selects a label that none of them has."""
    found = [*app("orders"), *app("payment", ip="10.1.0.9", port=8081)]
    for resource, item in found:
        if item["metadata"]["name"] == "orders":
            item.update(
                {
                    "services": {"spec": {**item.get("spec", {}), "selector": {"app": "order"}}},
                    "endpoints": {"subsets": []},
                }.get(resource, {})
            )
    return [*found, *((r, o) for r, o in shop() if r in ("nodes", "namespaces"))]


class KubeApi(http.server.BaseHTTPRequestHandler):
    """One server class per test server: `objects`, `forbidden`, `delay_s`, `logs` are set on it."""

    protocol_version = "HTTP/1.1"
    objects: list = []
    forbidden: frozenset[str] = frozenset()
    unauthorized = False
    delay_s = 0.0
    logs: dict[str, str] = {}
    asked: list = []

    def do_GET(self) -> None:
        url = urlparse(self.path)
        type(self).asked.append(("GET", self.path))
        time.sleep(self.delay_s)
        if self.unauthorized:
            return self._status(401, "Unauthorized", "Unauthorized")
        if url.path == "/api":
            return self._json({"kind": "APIVersions", "versions": ["v1"]})
        if url.path == "/apis":
            return self._json({"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": g.split("/")[0], "versions": [{"groupVersion": g, "version": g.split("/")[1]}],
                 "preferredVersion": {"groupVersion": g, "version": g.split("/")[1]}} for g in GROUPS if "/" in g]})  # fmt: skip
        if url.path == "/version":
            return self._json({"major": "1", "minor": "32", "gitVersion": "v1.32.3"})
        return self._resource(url.path, {k: v[0] for k, v in parse_qs(url.query).items()})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))  # a SelfSubjectRulesReview, in protobuf
        type(self).asked.append(("POST", self.path))
        rules = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "services", "events"]}] if self.forbidden else [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]  # fmt: skip
        review = {
            "kind": "SelfSubjectRulesReview",
            "apiVersion": "authorization.k8s.io/v1",
            "metadata": {},
            "spec": {},
        }
        self._json(
            {**review, "status": {"resourceRules": rules, "nonResourceRules": [], "incomplete": False}}, 201
        )

    def do_PUT(self) -> None:
        type(self).asked.append((self.command, self.path))
        self._status(405, "MethodNotAllowed", "the test server is read-only")

    do_PATCH = do_DELETE = do_PUT

    def _resource(self, path: str, query: dict[str, str]) -> None:
        group = next(
            (
                g
                for g in sorted(GROUPS, key=len, reverse=True)
                if path.startswith((f"/api/{g}", f"/apis/{g}"))
            ),
            None,
        )
        if group is None:
            return self._status(404, "NotFound", "the server could not find the requested resource")
        rest = [p for p in path.split(group, 1)[1].split("/") if p]
        if not rest:
            return self._json({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": [
                {"name": r, "singularName": KINDS[r].lower(), "namespaced": r not in CLUSTER, "kind": KINDS[r],
                 "verbs": ["get", "list", "watch"]} for r in GROUPS[group]]})  # fmt: skip
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        return self._objects(rest, namespace, query)

    def _objects(self, rest: list[str], namespace: str, query: dict[str, str]) -> None:
        resource, name = rest[0], rest[1] if len(rest) > 1 else ""
        if resource in self.forbidden:
            said = f'{resource} is forbidden: User "viewer" cannot list resource "{resource}" in API group ""'
            return self._status(403, "Forbidden", said)
        if rest[2:] == ["log"]:
            return self._text(
                self.logs.get(name + (":previous" if query.get("previous") == "true" else ""), "")
            )
        found = [
            o
            for r, o in self.objects
            if r == resource and o["metadata"].get("namespace", "") in (namespace, "")
        ]
        if name:
            found = [o for o in found if o["metadata"]["name"] == name]
            if not found:
                return self._status(404, "NotFound", f'{resource} "{name}" not found')
        found = [o for o in found if _selected(o, query)]
        if "as=Table" in self.headers.get("Accept", ""):
            return self._json(table(resource, found))
        if name:
            return self._json(found[0])
        kind = {
            "apiVersion": "v1",
            "kind": KINDS.get(resource, "Object") + "List",
            "metadata": {"resourceVersion": "1"},
        }
        return self._json({**kind, "items": found})

    def _status(self, code: int, reason: str, message: str) -> None:
        self._json(
            {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "message": message,
                "reason": reason,
                "code": code,
            },
            code,
        )

    def _text(self, text: str) -> None:
        self._send(text.encode(), "text/plain")

    def _json(self, body: object, code: int = 200) -> None:
        self._send(json.dumps(body).encode(), "application/json", code)

    def _send(self, data: bytes, kind: str, code: int = 200) -> None:
        try:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except BrokenPipeError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def _selected(item: dict, query: dict[str, str]) -> bool:
    meta, labels = item["metadata"], item["metadata"].get("labels", {})
    for part in filter(None, query.get("labelSelector", "").split(",")):
        key, _, value = part.partition("=")
        if "=" in part and labels.get(key.rstrip("!")) != value.lstrip("="):
            return False
    involved = item.get("involvedObject", {})
    told = {"metadata.name": meta["name"], "involvedObject.name": involved.get("name"), "involvedObject.kind": involved.get("kind"),
            "involvedObject.namespace": involved.get("namespace"), "involvedObject.uid": involved.get("uid"),
            "spec.nodeName": item.get("spec", {}).get("nodeName"), "status.phase": item.get("status", {}).get("phase")}  # fmt: skip
    for part in filter(None, query.get("fieldSelector", "").split(",")):
        key, _, value = part.partition("!=" if "!=" in part else "=")
        if ("!=" in part) == (told.get(key) == value):
            return False
    return True


def age(item: dict) -> str:
    seconds = int(
        (datetime.now(tz=UTC) - datetime.fromisoformat(item["metadata"]["creationTimestamp"])).total_seconds()
    )
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def table(resource: str, items: list[dict]) -> dict:
    """The server-side table of kubectl get; a second element True marks columns of -o wide."""
    columns, row = _TABLES.get(
        resource, ([("Name", False), ("Age", False)], lambda o: [o["metadata"]["name"], age(o)])
    )
    return {
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "1"},
        "columnDefinitions": [{"name": n, "type": "string", "format": "name" if n == "Name" else "", "priority": int(wide)} for n, wide in columns],
        "rows": [{"cells": row(o), "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}} for o in items],
    }  # fmt: skip


def _pod(o: dict) -> list:
    state = o["status"]["containerStatuses"][0]
    word = state["state"].get("waiting", {}).get("reason", "Running")
    return [o["metadata"]["name"], f"{int(state['ready'])}/1", word, str(state["restartCount"]), age(o), o["status"]["podIP"],
            o["spec"]["nodeName"], "<none>", "<none>"]  # fmt: skip


def _named(*names: str, wide: tuple[str, ...] = ()) -> list[tuple[str, bool]]:
    return [*((n, False) for n in names), *((n, True) for n in wide)]


def _deployment(o: dict) -> list:
    s, c = o["status"], o["spec"]["template"]["spec"]["containers"][0]
    selector = ",".join(f"{k}={v}" for k, v in o["spec"]["selector"]["matchLabels"].items())
    return [o["metadata"]["name"], f"{s.get('readyReplicas', 0)}/{o['spec']['replicas']}", str(s["updatedReplicas"]),
            str(s.get("availableReplicas", 0)), age(o), c["name"], c["image"], selector]  # fmt: skip


def _replicaset(o: dict) -> list:
    c, s = o["spec"]["template"]["spec"]["containers"][0], o["status"]
    selector = ",".join(f"{k}={v}" for k, v in o["spec"]["selector"]["matchLabels"].items())
    wanted = o["spec"]["replicas"]
    ready = s.get("readyReplicas", 0) if wanted else 0
    return [
        o["metadata"]["name"],
        str(wanted),
        str(wanted),
        str(ready),
        age(o),
        c["name"],
        c["image"],
        selector,
    ]


def _event(o: dict) -> list:
    of = o["involvedObject"]
    seconds = int((datetime.now(tz=UTC) - datetime.fromisoformat(o["lastTimestamp"])).total_seconds())
    seen = f"{seconds}s" if seconds < 120 else f"{seconds // 60}m"
    first = (
        f"{int((datetime.now(tz=UTC) - datetime.fromisoformat(o['firstTimestamp'])).total_seconds()) // 60}m"
    )
    last = f"{seen} (x{o['count']} over {first})" if o["count"] > 1 else seen
    return [last, o["type"], o["reason"], f"{of['kind'].lower()}/{of['name']}", o["message"], "", o["source"]["component"], first,
            str(o["count"]), o["metadata"]["name"]]  # fmt: skip


def _service(o: dict) -> list:
    s = o["spec"]
    ports = ",".join(f"{p['port']}/{p['protocol']}" for p in s["ports"])
    selector = ",".join(f"{k}={v}" for k, v in s["selector"].items())
    return [o["metadata"]["name"], s["type"], s["clusterIP"], "<none>", ports, age(o), selector]


_TABLES = {
    "pods": (_named("Name", "Ready", "Status", "Restarts", "Age", wide=("IP", "Node", "Nominated Node", "Readiness Gates")), _pod),
    "deployments": (_named("Name", "Ready", "Up-to-date", "Available", "Age", wide=("Containers", "Images", "Selector")), _deployment),
    "replicasets": (_named("Name", "Desired", "Current", "Ready", "Age", wide=("Containers", "Images", "Selector")), _replicaset),
    "services": (_named("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", wide=("Selector",)), _service),
    "secrets": (_named("Name", "Type", "Data", "Age"), lambda o: [o["metadata"]["name"], o["type"], str(len(o["data"])), age(o)]),
    "endpoints": (_named("Name", "Endpoints", "Age"), lambda o: [o["metadata"]["name"], ",".join(
        f"{a['ip']}:{s['ports'][0]['port']}" for s in o["subsets"] for a in s.get("addresses", ())) or "<none>", age(o)]),
    "configmaps": (_named("Name", "Data", "Age"), lambda o: [o["metadata"]["name"], str(len(o["data"])), age(o)]),
    "nodes": (_named("Name", "Status", "Roles", "Age", "Version", wide=("Internal-IP",)), lambda o: [
        o["metadata"]["name"], "Ready", "worker", age(o), "v1.32.3", "10.0.0.3"]),
    "namespaces": (_named("Name", "Status", "Age"), lambda o: [o["metadata"]["name"], "Active", age(o)]),
    "events": ([("Last Seen", False), ("Type", False), ("Reason", False), ("Object", False), ("Message", False), ("Subobject", True),
                ("Source", True), ("First Seen", True), ("Count", True), ("Name", True)], _event),
}  # fmt: skip


@contextmanager
def serving(**fields: object) -> Iterator[tuple[str, type[KubeApi]]]:
    """A running server and its handler class, which holds what it was asked."""
    handler = type("Api", (KubeApi,), {"asked": [], "objects": shop(), **fields})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def kubeconfig(folder: Path, url: str) -> Path:
    """A kubeconfig whose only context is `lab`."""
    path = folder / "kubeconfig"
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "planted-bearer-token"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
    }))  # fmt: skip
    return path
