"""A read-only Kubernetes API over a recorded scenario, for a real kubectl on loopback."""

from __future__ import annotations

import json
import lzma
import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from aitia.core.errors import BadInput
from aitia.core.scenario import load_scenario
from aitia.lab.cluster.columns import table
from aitia.lab.cluster.folder import PLURALS, WIDE
from aitia.lab.cluster.world import Object

SHORT: Final[Mapping[str, tuple[str, ...]]] = {
    "pods": ("po",), "deployments": ("deploy",), "statefulsets": ("sts",), "daemonsets": ("ds",), "replicasets": ("rs",),
    "cronjobs": ("cj",), "services": ("svc",), "endpoints": ("ep",), "ingresses": ("ing",), "networkpolicies": ("netpol",),
    "configmaps": ("cm",), "serviceaccounts": ("sa",), "resourcequotas": ("quota",), "limitranges": ("limits",),
    "persistentvolumeclaims": ("pvc",), "persistentvolumes": ("pv",), "poddisruptionbudgets": ("pdb",),
    "horizontalpodautoscalers": ("hpa",), "events": ("ev",), "nodes": ("no",), "namespaces": ("ns",), "storageclasses": ("sc",),
}  # fmt: skip
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "v1": ("Pod", "Service", "Endpoints", "ConfigMap", "Secret", "ServiceAccount", "ResourceQuota", "LimitRange", "PersistentVolumeClaim", "PersistentVolume", "Event", "Node", "Namespace"),
    "apps/v1": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    "batch/v1": ("Job", "CronJob"),
    "networking.k8s.io/v1": ("Ingress", "NetworkPolicy"),
    "discovery.k8s.io/v1": ("EndpointSlice",),
    "rbac.authorization.k8s.io/v1": ("Role", "RoleBinding"),
    "policy/v1": ("PodDisruptionBudget",),
    "autoscaling/v2": ("HorizontalPodAutoscaler",),
    "storage.k8s.io/v1": ("StorageClass",),
    "coordination.k8s.io/v1": ("Lease",),
    "admissionregistration.k8s.io/v1": ("ValidatingWebhookConfiguration",),
    "networking.istio.io/v1": ("Gateway", "VirtualService"),
    "security.istio.io/v1": ("PeerAuthentication",),
    "cert-manager.io/v1": ("Certificate",),
    "authorization.k8s.io/v1": (),
}  # fmt: skip
NAMES: Final[Mapping[str, str]] = {plural: kind for kind, plural in PLURALS.items()}
_REVIEWS: Final = ("selfsubjectrulesreviews", "selfsubjectaccessreviews")  # what `kubectl auth can-i` posts


class Recording:
    """The objects and logs of a scenario folder."""

    def __init__(self, folder: Path) -> None:
        scenario = load_scenario(folder)
        source = next((s for s in scenario.sources if s.kind == "cluster"), None)
        if source is None or source.path is None:
            raise BadInput(
                f"Give the folder of a cluster scenario: {str(folder)!r} has no source of kind cluster."
            )
        self.now = int(scenario.now.timestamp())
        self.root = folder / source.path
        self.version = "v1.31.0"
        self.items: dict[str, list[Object]] = {}
        self.list_version = "1"
        for path in sorted(self.root.rglob("*.json*")):
            data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
            held = json.loads(data)
            kind = str(held["kind"]).removesuffix("List")
            self.list_version = str(held.get("metadata", {}).get("resourceVersion", "1"))
            self.items.setdefault(kind, []).extend(held["items"])
        nodes = self.items.get("Node", [])
        if nodes:
            self.version = str(nodes[0]["status"]["nodeInfo"]["kubeletVersion"])

    def select(self, kind: str, space: str, query: Mapping[str, str]) -> list[Object]:
        """The objects of a kind that a list's selectors take."""
        found = [i for i in self.items.get(kind, []) if not space or i["metadata"].get("namespace") == space]
        for part in _parts(query.get("labelSelector", "")):
            found = [i for i in found if _labelled(i, part)]
        for part in _parts(query.get("fieldSelector", "")):
            path, _, wanted = part.replace("==", "=").partition("=")
            if path.endswith("!"):
                found = [i for i in found if _field(i, path[:-1]) != wanted]
            else:
                found = [i for i in found if _field(i, path) == wanted]
        return found

    def log(self, space: str, pod: str, query: Mapping[str, str]) -> str | None:
        """The recorded lines of a pod; None where the pod is not there."""
        if not any(p["metadata"]["name"] == pod for p in self.select("Pod", space, {})):
            return None
        path = self.root / "namespaces" / space / "pods" / pod / "current.log"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if "tailLines" in query:
            lines = lines[-int(query["tailLines"]) :] if int(query["tailLines"]) else []
        return "".join(f"{line}\n" for line in lines)


def _parts(text: str) -> list[str]:
    """Requirements between commas, but not those inside of brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [p.strip() for p in parts if p.strip()]


def _labelled(item: Object, part: str) -> bool:
    labels = item["metadata"].get("labels") or {}
    for word in (" notin ", " in "):
        if word in part:
            key, _, values = part.partition(word)
            holds = labels.get(key.strip()) in [v.strip() for v in values.strip(" ()").split(",")]
            return holds == (word == " in ")
    if "!=" in part:
        key, _, value = part.partition("!=")
        return bool(labels.get(key.strip()) != value.strip())
    if "=" in part:
        key, _, value = part.replace("==", "=").partition("=")
        return bool(labels.get(key.strip()) == value.strip())
    return (part.lstrip("!") in labels) != part.startswith("!")


def _field(item: Object, path: str) -> str:
    here: Any = item
    for key in path.split("."):
        here = here.get(key, "") if isinstance(here, dict) else ""
    return str(here)


def _resources(version: str) -> Iterator[Object]:
    for kind in GROUPS[version]:
        plural = PLURALS[kind]
        short = {"shortNames": list(SHORT[plural])} if plural in SHORT else {}
        yield {"name": plural, "singularName": kind.lower(), "namespaced": kind not in WIDE, "kind": kind, "verbs": ["get", "list"], **short}  # fmt: skip
        if kind == "Pod":
            yield {
                "name": "pods/log",
                "singularName": "",
                "namespaced": True,
                "kind": "Pod",
                "verbs": ["get"],
            }


def _failure(code: int, reason: str, message: str) -> Object:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    recording: Recording
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Discovery, lists, objects, logs."""
        url = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        parts = [p for p in url.path.split("/") if p]
        if found := self._discovery(parts):
            self._send(200, found)
            return
        group = parts[1:2] if parts[:1] == ["api"] else parts[1:3]
        rest = parts[2:] if parts[:1] == ["api"] else parts[3:]
        if "/".join(group) not in GROUPS or not rest:
            self._send(404, _failure(404, "NotFound", "the server could not find the requested resource"))
            return
        space = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            space, rest = rest[1], rest[2:]
        if query.get("watch") in ("1", "true"):
            self._send(
                405, _failure(405, "MethodNotAllowed", "a recording does not change: watch is not supported")
            )
            return
        self._resource("/".join(group), space, rest, query)

    def _resource(self, version: str, space: str, rest: list[str], query: Mapping[str, str]) -> None:
        recording, kind = self.recording, NAMES.get(rest[0], "")
        if not kind or kind not in GROUPS[version]:
            self._send(404, _failure(404, "NotFound", "the server could not find the requested resource"))
        elif len(rest) == 1:
            self._items(version, kind, recording.select(kind, space, query), listed=True)
        elif rest[2:] == ["log"] and kind == "Pod":
            text = recording.log(space, rest[1], query)
            if text is None:
                self._send(404, _failure(404, "NotFound", f'pods "{rest[1]}" not found'))
            else:
                self._write(200, text.encode(), "text/plain")
        else:
            found = [i for i in recording.select(kind, space, {}) if i["metadata"]["name"] == rest[1]]
            if found:
                self._items(version, kind, found[:1], listed=False)
            else:
                group = version.rpartition("/")[0]
                what = f"{rest[0]}.{group}" if group else rest[0]
                self._send(404, _failure(404, "NotFound", f'{what} "{rest[1]}" not found'))

    def _items(self, version: str, kind: str, items: list[Object], *, listed: bool) -> None:
        if "as=Table" in self.headers.get("Accept", ""):
            self._send(200, table(kind, items, self.recording.now, self.recording.list_version))
        elif listed:
            meta = {"resourceVersion": self.recording.list_version}
            self._send(200, {"kind": f"{kind}List", "apiVersion": version, "metadata": meta, "items": items})
        else:
            self._send(200, items[0])

    def do_POST(self) -> None:
        """What the account may do; everything else is refused."""
        body = self._body()
        name = self.path.split("?")[0].rpartition("/")[2]
        if name not in _REVIEWS:
            self._forbid()
            return
        # kubectl may send protobuf, in which the words stand as they are.
        kind = "SelfSubjectRulesReview" if name == _REVIEWS[0] else "SelfSubjectAccessReview"
        told: Object = {"kind": kind, "apiVersion": "authorization.k8s.io/v1", "metadata": {}, "spec": {}}
        if name == _REVIEWS[0]:
            rule = {"verbs": ["get", "list"], "apiGroups": ["*"], "resources": ["*"]}
            told["status"] = {"resourceRules": [rule], "nonResourceRules": [], "incomplete": False}
        else:
            told["status"] = {
                "allowed": any(re.search(rb"\b%b\b" % verb, body) for verb in (b"get", b"list"))
            }
        self._send(201, told)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _refuse(self) -> None:
        self._body()
        self._forbid()

    def _forbid(self) -> None:
        self._send(
            403,
            _failure(
                403, "Forbidden", f"{self.command} is forbidden: this API serves a recording and is read-only"
            ),
        )

    do_PUT = do_PATCH = do_DELETE = _refuse

    def _discovery(self, parts: list[str]) -> Object | None:
        match parts:
            case ["version"]:
                version = self.recording.version
                major, minor = version.lstrip("v").split(".")[:2]
                return {"major": major, "minor": minor, "gitVersion": version, "gitCommit": "", "gitTreeState": "clean", "buildDate": "2025-01-01T00:00:00Z", "goVersion": "go1.23", "compiler": "gc", "platform": "linux/amd64"}  # fmt: skip
            case ["api"]:
                return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
            case ["apis"]:
                groups = [
                    {"name": v.split("/")[0], "versions": [one], "preferredVersion": one}
                    for v in GROUPS if "/" in v
                    for one in ({"groupVersion": v, "version": v.split("/")[1]},)
                ]  # fmt: skip
                return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
            case ["api", "v1"] | ["apis", _, _] as path:
                version = "/".join(path[1:])
                if version in GROUPS:
                    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list(_resources(version))}  # fmt: skip
        return None

    def _send(self, code: int, body: Object) -> None:
        self._write(code, json.dumps(body, ensure_ascii=False).encode(), "application/json")

    def _write(self, code: int, data: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Requests are not logged."""


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """The API, bound to loopback and not yet running; port 0 takes a free one. Raises BadInput for another folder."""
    handler = type("Handler", (_Handler,), {"recording": Recording(folder)})
    try:
        made = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise BadInput(
            f"Choose another port: {port} on 127.0.0.1 cannot be used ({error.strerror})."
        ) from None
    made.daemon_threads = True
    return made


def kubeconfig(port: int, namespace: str = "default") -> str:
    """A kubeconfig for the API, without credentials."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "recording", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "reader", "user": {}}],
            "contexts": [
                {
                    "name": "recording",
                    "context": {"cluster": "recording", "user": "reader", "namespace": namespace},
                }
            ],
            "current-context": "recording",
        },
        indent=1,
    )


def serve(folder: Path, port: int, stop: threading.Event | None = None) -> None:
    """Serve a scenario folder's cluster on 127.0.0.1 until interrupted, or until `stop` is set. Read-only."""
    made = server(folder, port)
    if stop is not None:
        threading.Thread(target=_end, args=(made, stop), daemon=True).start()
    try:
        made.serve_forever()
    finally:
        made.server_close()


def _end(made: ThreadingHTTPServer, stop: threading.Event) -> None:
    stop.wait()
    made.shutdown()
