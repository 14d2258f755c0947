"""A small cluster that prints itself as kubectl would, transcribed into objects: manifests are the only truth of its texts."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from aitia.core.config import SourceConfig
from aitia.tools.sources.cluster.cluster_recorded import RecordedCluster
from aitia.tools.sources.metrics.table import TableSource
from benchmarks.adapters.k8s_tool_cache import Answers
from benchmarks.adapters.k8s_tool_cache.recording import write

SPACE = "acme"
POLICY = """\
Name:         {name}
Namespace:    {space}
Spec:
  PodSelector:     {selector}
  Allowing ingress traffic:
    <none> (Selected pods are isolated for ingress connectivity)
  Not affecting egress traffic
  Policy Types: Ingress
"""
NODES = ("alpha", "beta", "gamma")


def table(heading: list[str], rows: list[list[str]]) -> str:
    """Columns padded by three blanks, as kubectl's tabwriter does."""
    if not rows:
        return ""
    widths = [max(len(r[i]) for r in [heading, *rows]) + 3 for i in range(len(heading))]
    return (
        "\n".join(
            "".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in [heading, *rows]
        )
        + "\n"
    )


def event(
    reason: str, message: str, *, kind: str = "Warning", age: str = "40s", by: str = "kubelet"
) -> list[str]:
    return [kind, reason, age, by, message]


@dataclass
class App:
    """One workload with its pods and its service."""

    name: str
    spec: dict[str, Any]
    kind: str = "Deployment"
    replicas: int = 1
    pods: int | None = None  # how many exist; `replicas` where None
    status: str = "Running"
    ready: bool = True
    restarts: int = 0
    restart_ago: str = "20s"
    age: str = "20m"
    node: str = "alpha"
    states: dict[str, list[str]] = field(default_factory=dict)  # container -> state lines of its description
    events: list[list[str]] = field(default_factory=list)  # of its pods
    set_events: list[list[str]] = field(default_factory=list)  # of its replica set
    service: dict[str, Any] | None = None
    documents: list[dict[str, Any]] = field(default_factory=list)  # further manifests
    logs: list[tuple[int, str]] = field(default_factory=list)
    conditions: dict[str, str] | None = None
    failing: bool = False  # a new replica set cannot be filled

    @property
    def labels(self) -> dict[str, str]:
        return {"app": self.name}

    def pod_names(self) -> list[str]:
        count = self.replicas if self.pods is None else self.pods
        return [f"{self.name}-6d4cf56db6-x{i}7vq" for i in range(count)]


def container(name: str, port: int = 0, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "image": f"registry.acme.io/team/{name}:3.1"}
    if port:
        made["ports"] = [{"containerPort": port}]
    return made | more


def app(name: str, port: int, **more: Any) -> App:
    """A workload with one container that listens on a port, probes on it, and a service in front."""
    extra = more.pop("container", {})
    probe = {"tcpSocket": {"port": port}, "initialDelaySeconds": 20, "periodSeconds": 10}
    main = container(name, port, readinessProbe=dict(probe), livenessProbe=dict(probe)) | extra
    spec = {"containers": [main], "serviceAccountName": name} | more.pop("pod", {})
    service = {"selector": {"app": name}, "ports": [{"name": "main", "port": port, "targetPort": port}]}
    return App(name=name, spec=spec, service=service, **more)


@dataclass
class Cluster:
    """Apps, nodes and what else there is; `answers` are the recorded texts."""

    apps: list[App]
    nodes: dict[str, dict[str, Any]] = field(default_factory=lambda: {n: {} for n in NODES})
    quotas: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    classes: list[str] = field(default_factory=lambda: ["standard"])
    secrets: dict[str, str] = field(default_factory=dict)
    configmaps: dict[str, dict[str, str]] = field(default_factory=dict)
    accounts: list[str] | None = None
    events: list[list[str]] = field(default_factory=list)  # [age, type, reason, object, message]
    node_services: dict[tuple[str, str], str] = field(default_factory=dict)
    metrics: list[tuple[str, str, float, float]] = field(default_factory=list)  # component, name, before, now
    policies: dict[str, str] = field(default_factory=dict)
    hidden_services: set[str] = field(default_factory=set)
    system: list[list[str]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)  # of kinds of which nothing is printed

    def app(self, name: str) -> App:
        return next(a for a in self.apps if a.name == name)

    def main(self, name: str) -> dict[str, Any]:
        """The first container of an app."""
        found: dict[str, Any] = self.app(name).spec["containers"][0]
        return found

    def answers(self) -> dict[str, Any]:
        made: dict[str, Any] = {}

        def put(tool: str, value: object, **arguments: object) -> None:
            made[f"{tool}:{json.dumps(arguments, separators=(',', ':'))}"] = value

        def listed(resource: str, text: str, wide: str = "", labels: str = "", space: str = SPACE) -> None:
            put("GetResources", text, resource_type=resource, name="", namespace=space)
            if wide:
                put("GetResources", wide, resource_type=resource, name="", namespace=space, output_wide=True)
            if labels:
                put(
                    "GetResources", labels, resource_type=resource, name="", namespace=space, show_labels=True
                )

        def described(resource: str, name: str, text: str) -> None:
            put("DescribeResource", text, resource_type=resource, name=name, namespace=SPACE)

        self._workloads(listed, described)
        self._services(listed, described)
        self._storage(listed, described)
        self._nodes(listed, described, put)
        quotas = [
            [n, "9m", ", ".join(f"{k}: {u}/{h}" for k, (u, h) in q.items()), ""]
            for n, q in self.quotas.items()
        ]
        listed("resourcequota", table(["NAME", "AGE", "REQUEST", "LIMIT"], quotas))
        listed(
            "secrets",
            table(["NAME", "TYPE", "DATA", "AGE"], [[n, t, "2", "9d"] for n, t in self.secrets.items()]),
        )
        listed(
            "configmaps",
            table(["NAME", "DATA", "AGE"], [[n, str(len(d)), "9d"] for n, d in self.configmaps.items()]),
        )
        for name, data in self.configmaps.items():
            body = "\n".join(f"{k}:\n----\n{v}\n" for k, v in data.items())
            described(
                "configmaps",
                name,
                f"Name:         {name}\nNamespace:    {SPACE}\n\nData\n====\n{body}\nBinaryData\n====\n",
            )
        accounts = self.accounts if self.accounts is not None else ["default", *(a.name for a in self.apps)]
        listed("serviceaccounts", table(["NAME", "SECRETS", "AGE"], [[n, "0", "9d"] for n in accounts]))
        listed(
            "networkpolicies",
            table(["NAME", "POD-SELECTOR", "AGE"], [[n, s, "9m"] for n, s in self.policies.items()]),
        )
        listed("ingresses", "")
        listed("events", table(["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], self.events))
        if self.system:
            heading = ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
            listed("pods", table(heading, self.system), wide=table(heading, self.system), space="kube-system")
        for name, selector in self.policies.items():
            described("networkpolicies", name, POLICY.format(name=name, space=SPACE, selector=selector))
        for one in self.apps:
            patterns = [{"count": c, "ratio": 0.1, "sample": s} for c, s in one.logs]
            text = {"total_log_count": 100, "total_errors": 5, "patterns": patterns} if patterns else ""
            put("GetErrorLogs", text, namespace=SPACE, service_name=one.name)
            put("GetAppYAML", yaml.safe_dump_all(self._manifests(one), sort_keys=False), app_name=one.name)
        return made

    def write(self, folder: Path) -> RecordedCluster:
        """The recording as a folder of objects and the source that reads it."""
        write(Answers(self.answers(), SPACE), SPACE, folder)
        if self.objects:
            text = json.dumps({"kind": "List", "items": self.objects})
            (folder / "further.json").write_text(text, encoding="utf-8")
        config = SourceConfig(
            name="rec",
            kind="cluster",
            type="cluster_recorded",
            path=str(folder),
            options={"namespaces": SPACE},
        )
        return RecordedCluster(config, folder)

    def measured(self, folder: Path, at: datetime) -> list[TableSource]:
        """The metrics as a table that is read every ten seconds, five minutes before `at` and after."""
        if not self.metrics:
            return []
        lines = ["time,component,metric,value"]
        for step in range(-30, 30):
            for component, metric, before, now in self.metrics:
                moment = (at + timedelta(seconds=10 * step)).isoformat()
                lines.append(f"{moment},{component},{metric},{before if step < 0 else now}")
        (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
        config = SourceConfig(name="met", kind="metrics", type="table", path=str(folder / "metrics.csv"))
        return [TableSource(config, folder)]

    def _manifests(self, one: App) -> list[dict[str, Any]]:
        workload = {
            "apiVersion": "apps/v1",
            "kind": one.kind,
            "metadata": {"name": one.name, "namespace": SPACE, "labels": one.labels},
            "spec": {
                "replicas": one.replicas,
                "selector": {"matchLabels": one.labels},
                "template": {"metadata": {"labels": one.labels}, "spec": copy.deepcopy(one.spec)},
            },
        }
        docs = [*one.documents, workload]
        if one.service is not None:
            docs.append(
                {"apiVersion": "v1", "kind": "Service", "metadata": {"name": one.name}, "spec": one.service}
            )
        return docs

    def _workloads(self, listed: Any, described: Any) -> None:
        pods, wide, deployments, sets = [], [], [], []
        for one in self.apps:
            count = len(one.pod_names())
            ready = count if one.ready else 0
            if one.kind != "Job":
                deployments.append([one.name, f"{ready}/{one.replicas}", str(count), str(ready), one.age])
                made = 0 if one.failing else count
                sets.append([f"{one.name}-6d4cf56db6", str(one.replicas), str(made), str(ready), one.age])
                described("deployments", one.name, self._deployment(one))
                described(
                    "replicasets",
                    f"{one.name}-6d4cf56db6",
                    f"Name:  {one.name}-6d4cf56db6\nNamespace:  {SPACE}\n{events_text(one.set_events)}",
                )
            total = len(one.spec["containers"])
            for i, name in enumerate(one.pod_names()):
                restarts = f"{one.restarts} ({one.restart_ago} ago)" if one.restarts else "0"
                row = [name, f"{total if one.ready else 0}/{total}", one.status, restarts, one.age]
                ip = "<none>" if one.status == "Pending" else f"10.9.0.{10 + i + 5 * self.apps.index(one)}"
                pods.append(row)
                wide.append([*row, ip, one.node or "<none>", "<none>", "<none>"])
                described("pods", name, self._pod(one, name, ip))
        heading = ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
        listed(
            "pods",
            table(heading, pods),
            wide=table([*heading, "IP", "NODE", "NOMINATED NODE", "READINESS GATES"], wide),
        )
        listed("deployments", table(["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"], deployments))
        listed("replicasets", table(["NAME", "DESIRED", "CURRENT", "READY", "AGE"], sets))
        for other in ("statefulsets", "daemonsets"):
            listed(other, "")

    def _deployment(self, one: App) -> str:
        lines = [f"Name:                   {one.name}", f"Namespace:              {SPACE}",
                 "Labels:                 app=" + one.name, "Selector:               app=" + one.name,
                 f"Replicas:               {one.replicas} desired", "Pod Template:", f"  Labels:           app={one.name}",
                 f"  Service Account:  {one.spec.get('serviceAccountName', 'default')}"]  # fmt: skip
        lines += ["  " + line for line in spec_lines(one, states=False)]
        if one.failing:
            lines += ["Conditions:", "  Type             Status  Reason", "  ----             ------  ------",
                      "  ReplicaFailure   True    FailedCreate"]  # fmt: skip
        return "\n".join(lines) + "\n" + events_text([])

    def _pod(self, one: App, name: str, ip: str) -> str:
        labels = ["app=" + one.name, "pod-template-hash=6d4cf56db6"]
        lines = [f"Name:             {name}", f"Namespace:        {SPACE}", f"Service Account:  {one.spec.get('serviceAccountName', 'default')}",
                 f"Node:             {one.node or '<none>'}{'/192.168.7.2' if one.node else ''}", f"Labels:           {labels[0]}",
                 f"                  {labels[1]}", f"Status:           {one.status}", f"IP:               {ip}",
                 f"Controlled By:    ReplicaSet/{one.name}-6d4cf56db6"]  # fmt: skip
        lines += spec_lines(one, states=True)
        conditions = (
            {"Ready": str(one.ready), "PodScheduled": str(bool(one.node))}
            if one.conditions is None
            else one.conditions
        )
        if conditions:
            lines += [
                "Conditions:",
                "  Type           Status",
                *(f"  {k:<14} {v} " for k, v in conditions.items()),
            ]
        return "\n".join(lines) + "\n" + events_text(one.events)

    def _services(self, listed: Any, described: Any) -> None:
        rows, wide, ends = [], [], []
        for one in self.apps:
            if one.service is None or one.name in self.hidden_services:
                continue
            ports = one.service["ports"]
            shown = ",".join(f"{p['port']}/{p.get('protocol', 'TCP')}" for p in ports)
            selector = ",".join(f"{k}={v}" for k, v in one.service["selector"].items())
            matched = one.service["selector"].items() <= one.labels.items() and one.ready
            addresses = [
                f"10.9.0.{10 + i}:{p.get('targetPort', p['port'])}"
                for i in range(len(one.pod_names()))
                for p in ports
            ]
            rows.append([one.name, "ClusterIP", "10.8.0.7", "<none>", shown, "9d"])
            wide.append([*rows[-1], selector])
            listing = ",".join(addresses) if matched and addresses else "<none>"
            ends.append([one.name, listing, "9d"])
            text = [f"Name:                     {one.name}", f"Namespace:                {SPACE}", f"Selector:                 {selector}",
                    "Type:                     ClusterIP", "IP:                       10.8.0.7"]  # fmt: skip
            for p in ports:
                protocol = p.get("protocol", "TCP")
                text += [f"Port:                     {p.get('name', '<unset>')}  {p['port']}/{protocol}",
                         f"TargetPort:               {p.get('targetPort', p['port'])}/{protocol}",
                         f"Endpoints:                {'' if listing == '<none>' else listing}"]  # fmt: skip
            described(
                "services",
                one.name,
                "\n".join([*text, "Session Affinity:         None", "Events:                   <none>", ""]),
            )
        heading = ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
        listed("services", table(heading, rows), wide=table([*heading, "SELECTOR"], wide))
        listed("endpoints", table(["NAME", "ENDPOINTS", "AGE"], ends))

    def _storage(self, listed: Any, described: Any) -> None:
        rows = []
        for name, claim in self.claims.items():
            bound = claim.get("status") == "Bound"
            rows.append([name, claim.get("status", "Pending"), claim.get("volume", ""), claim.get("size", "") if bound else "",
                         "RWO" if bound else "", claim.get("class", ""), "9m"])  # fmt: skip
            text = [f"Name:          {name}", f"Namespace:     {SPACE}", f"StorageClass:  {claim.get('class', '')}",
                    f"Status:        {claim.get('status', 'Pending')}", f"Volume:        {claim.get('volume', '')}"]  # fmt: skip
            described(
                "persistentvolumeclaims", name, "\n".join(text) + "\n" + events_text(claim.get("events", []))
            )
        listed(
            "persistentvolumeclaims",
            table(["NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "AGE"], rows),
        )
        rows = [
            [n, v.get("size", "5Gi"), v.get("modes", "RWO"), "Retain", v.get("status", "Available"), v.get("claim", ""), v.get("class", ""),
             "9d", v.get("labels", "<none>")]
            for n, v in self.volumes.items()
        ]  # fmt: skip
        heading = [
            "NAME",
            "CAPACITY",
            "ACCESS MODES",
            "RECLAIM POLICY",
            "STATUS",
            "CLAIM",
            "STORAGECLASS",
            "AGE",
            "LABELS",
        ]
        listed("persistentvolumes", table(heading[:-1], [r[:-1] for r in rows]), labels=table(heading, rows))
        listed(
            "storageclasses",
            table(["NAME", "PROVISIONER", "AGE"], [[n, "example.io/none", "9d"] for n in self.classes]),
        )

    def _nodes(self, listed: Any, described: Any, put: Any) -> None:
        rows = []
        for name, node in self.nodes.items():
            status = node.get("status", "Ready")
            labels = ",".join(["kubernetes.io/hostname=" + name, *node.get("labels", [])])
            rows.append([name, status, node.get("roles", "<none>"), "90d", "v1.30.4", labels])
            ready = node.get("ready", "True" if status.startswith("Ready") else "Unknown")
            message = node.get("message", "KubeletReady        kubelet is posting ready status")
            text = [f"Name:               {name}", f"Roles:              {node.get('roles', '<none>')}", f"Labels:             {labels.split(',')[0]}",
                    *(f"                    {x}" for x in labels.split(",")[1:]), f"Taints:             {node.get('taints', '<none>')}",
                    f"Unschedulable:      {str('SchedulingDisabled' in status).lower()}", "Conditions:",
                    "  Type                    Status  Reason              Message", "  ----                    ------  ------              -------",
                    f"  MemoryPressure          {node.get('pressure', 'False'):<7} KubeletX            no",
                    *(f"  {k:<23} True    Found               {said}" for k, said in node.get("conditions", {}).items()),
                    f"  Ready                   {ready:<7} {message}",
                    "Allocatable:", "  cpu:     4", "  memory:  8000000Ki", "  pods:    110", "Events:              <none>", ""]  # fmt: skip
            described("nodes", name, "\n".join(text))
        heading = ["NAME", "STATUS", "ROLES", "AGE", "VERSION", "LABELS"]
        listed("nodes", table(heading[:-1], [r[:-1] for r in rows]), labels=table(heading, rows))
        for (node, service), text in self.node_services.items():
            put("CheckNodeServiceStatus", text, node_name=node, service_name=service)


def events_text(events: list[list[str]]) -> str:
    if not events:
        return "Events:  <none>\n"
    heading = [["Type", "Reason", "Age", "From", "Message"], ["----", "------", "----", "----", "-------"]]
    rows = [*heading, *events]
    widths = [max(len(r[i]) for r in rows) + 2 for i in range(4)]
    lines = ["  " + "".join(c.ljust(w) for c, w in zip(r[:4], widths, strict=True)) + r[4] for r in rows]
    return "Events:\n" + "\n".join(lines) + "\n"


def probe_text(probe: dict[str, Any]) -> str:
    if "httpGet" in probe:
        get = probe["httpGet"]
        kind = f"http-get {get.get('scheme', 'http').lower()}://:{get['port']}{get.get('path', '/')}"
    elif "grpc" in probe:
        kind = f"grpc <pod>:{probe['grpc']['port']} "
    elif "exec" in probe:
        kind = f"exec {probe['exec']['command']}"
    else:
        kind = f"tcp-socket :{probe['tcpSocket']['port']}"
    return (f"{kind} delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 1)}s "
            f"period={probe.get('periodSeconds', 10)}s #success=1 #failure={probe.get('failureThreshold', 3)}")  # fmt: skip


def spec_lines(one: App, *, states: bool) -> list[str]:
    before = one.spec.get("initContainers", [])
    lines = ["Init Containers:"] if before else []
    for c in before:
        lines += container_lines(one, c, states=states)
    lines.append("Containers:")
    for c in one.spec["containers"]:
        lines += container_lines(one, c, states=states)
    lines.append("Volumes:")
    for v in one.spec.get("volumes", []):
        lines.append(f"  {v['name']}:")
        if "persistentVolumeClaim" in v:
            lines += ["    Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
                      f"    ClaimName:  {v['persistentVolumeClaim']['claimName']}"]  # fmt: skip
        elif "secret" in v:
            lines += [
                "    Type:        Secret (a volume populated by a Secret)",
                f"    SecretName:  {v['secret']['secretName']}",
            ]
        elif "configMap" in v:
            lines += [
                "    Type:      ConfigMap (a volume populated by a ConfigMap)",
                f"    Name:      {v['configMap']['name']}",
            ]
        elif "hostPath" in v:
            lines += [
                "    Type:          HostPath (bare host directory volume)",
                f"    Path:          {v['hostPath']['path']}",
            ]
    chosen = ",".join(f"{k}={x}" for k, x in one.spec.get("nodeSelector", {}).items()) or "<none>"
    lines += [f"Node-Selectors:  {chosen}", "Tolerations:     node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
              "                 node.kubernetes.io/unreachable:NoExecute op=Exists for 300s"]  # fmt: skip
    return lines


def container_lines(one: App, c: dict[str, Any], *, states: bool) -> list[str]:
    ports = (
        ", ".join(f"{p['containerPort']}/{p.get('protocol', 'TCP')}" for p in c.get("ports", [])) or "<none>"
    )
    lines = [
        f"  {c['name']}:",
        f"    Image:          {c['image']}",
        f"    {'Ports' if ',' in ports else 'Port'}:           {ports}",
    ]
    for word in ("command", "args"):
        if c.get(word):
            lines += [f"    {word.title()}:", *(f"      {w}" for w in c[word])]
    if states:
        usual = ["State:          Running", "  Started:      Tue, 04 Aug 2026 10:00:00 +0000", f"Ready:          {one.ready}",
                 f"Restart Count:  {one.restarts}"]  # fmt: skip
        lines += ["    " + line for line in one.states.get(c["name"], usual)]
    for part in ("limits", "requests"):
        if c.get("resources", {}).get(part):
            lines += [f"    {part.title()}:", *(f"      {k}:  {v}" for k, v in c["resources"][part].items())]
    for part in ("liveness", "readiness"):
        if f"{part}Probe" in c:
            lines.append(f"    {part.title()}:   {probe_text(c[f'{part}Probe'])}")
    refs = [(e, k) for e in c.get("envFrom", []) for k in e]
    if refs:
        lines.append("    Environment Variables from:")
        lines += [
            f"      {e[k]['name']}  {'Secret' if k == 'secretRef' else 'ConfigMap'}  Optional: false"
            for e, k in refs
        ]
    env = [(e["name"], e["value"] if "value" in e else
            f"<set to the key '{e['valueFrom']['secretKeyRef']['key']}' in secret '{e['valueFrom']['secretKeyRef']['name']}'>  Optional: false")
           for e in c.get("env", [])]  # fmt: skip
    lines += (
        ["    Environment:", *(f"      {k}:  {v}" for k, v in env)] if env else ["    Environment:  <none>"]
    )
    mounts = [f"      {m['mountPath']} from {m['name']} (rw)" for m in c.get("volumeMounts", [])]
    return [
        *lines,
        "    Mounts:",
        *mounts,
        "      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-q2w3e (ro)",
    ]
