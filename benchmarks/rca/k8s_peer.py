"""A peer without product code: some sixty lines of regular expressions over the same recorded answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from benchmarks.adapters.k8s_tool_cache import Answers, Question

Pair = tuple[str, str]
POD_RULES: Final = (
    (r"anti-affinity", "pod_anti_affinity_conflict", 7.0),
    (r"untolerated taint", "taint_toleration_mismatch", 6.5),
    (r"didn.t match Pod.s node affinity/selector", "node_selector_mismatch", 7.0),
    (r"didn.t match Pod.s node affinity/selector", "node_affinity_mismatch", 6.0),
    (r"Insufficient cpu", "cpu_capacity_mismatch", 7.0),
    (r"Insufficient memory", "memory_capacity_mismatch", 7.0),
    (r"unschedulable", "node_cordon_mismatch", 6.0),
    (
        r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim .* not found",
        "pvc_capacity_mismatch",
        7.0,
    ),
    (r"OOMKilled", "oom_killed", 7.0),
    (r"no such host|server misbehaving|lookup \S+ on", "image_registry_dns_failure", 7.0),
    (r"pull access denied|authoriz|unauthorized|no basic auth", "missing_image_pull_secret", 7.0),
    (r"ImagePullBackOff|ErrImagePull|manifest unknown", "incorrect_image_reference", 6.9),
    (r"secrets? \"?[\w-]+\"? not found", "missing_secret_binding", 7.0),
    (r"[Pp]ermission denied", "volume_mount_permission_denied", 7.0),
    (r"Liveness probe failed.*refused", "liveness_probe_incorrect_port", 6.0),
    (r"Liveness probe failed", "liveness_probe_incorrect_protocol", 5.5),
    (r"Readiness probe failed.*refused", "readiness_probe_incorrect_port", 6.0),
    (r"Readiness probe failed", "readiness_probe_incorrect_protocol", 5.5),
    (r"address already in use", "service_sidecar_port_conflict", 7.0),
)
LOG_RULES: Final = (
    (r"Access denied for user", "mysql_invalid_credentials", 8.0),
    (r"Communications link failure", "mysql_invalid_port", 6.5),
    (r"address already in use", "service_sidecar_port_conflict", 6.5),
    (r"read-only", "db_readonly_mode", 6.4),
    (r"Too many connections", "db_connection_exhaustion", 6.4),
)
NODE_SERVICES: Final = {
    "kubelet": "kubelet_unavailable",
    "containerd": "containerd_unavailable",
    "kube-proxy": "kube_proxy_unavailable",
    "kube-scheduler": "kube_scheduler_unavailable",
}


def diagnose_by_rules(answers: Answers, services: Sequence[str]) -> list[Pair]:
    """The first three (object, cause) pairs by fixed scores."""

    def ask(verb: str, resource: str = "", name: str = "") -> str:
        asked = Question(verb=verb, resource=resource, name=name, namespace=answers.namespace)
        return answers.ask(asked) or ""

    found: list[tuple[float, Pair]] = []
    for line in ask("get", "nodes").splitlines()[1:]:
        node = line.split()[0] if line.split() else ""
        for service, cause in NODE_SERVICES.items():
            if re.search(r"Active: (inactive|failed)", ask("node_service", service, node)):
                found.append((9.0, (f"node/{node}", cause)))
    present: set[str] = set()
    for line in ask("get", "pods").splitlines()[1:]:
        words = line.split()
        app = max((s for s in services if words and words[0].startswith(s + "-")), key=len, default="")
        if len(words) < 4 or not app:
            continue
        present.add(app)
        ready, _, wanted = words[1].partition("/")
        if words[2] in ("Running", "Completed") and ready == wanted and words[3] == "0":
            continue
        text = ask("describe", "pods", words[0])
        hits = [(s, (f"app/{app}", cause)) for rule, cause, s in POD_RULES if re.search(rule, text)]
        found += hits or [(4.0, (f"app/{app}", "oom_killed"))]
    events = ask("get", "events")
    exceeded = re.search(r"exceeded quota:[^\n]*?requested: ?([\w.]+)", events)
    for app in services:
        if not ask("describe", "deployments", app):
            continue
        text = ask("logs", "", app)
        found += [(s, (f"app/{app}", cause)) for rule, cause, s in LOG_RULES if re.search(rule, text)]
        if app not in present:
            found.append((5.0, (f"app/{app}", "deployment_zero_replicas")))
            if re.search(rf'serviceaccount "{app}\w*" not found', events, re.IGNORECASE):
                found.append((6.0, (f"app/{app}", "missing_service_account")))
        if present and "Endpoints:                <none>" in ask("describe", "services", app):
            found.append((3.0, (f"app/{app}", "service_selector_mismatch")))
    if exceeded:
        word = next(
            (w for w in ("cpu", "memory", "pod", "service", "storage") if w in exceeded.group(1)), "pod"
        )
        found.append((7.5, (f"namespace/{answers.namespace}", f"namespace_{word}_quota_exceeded")))
    for name, text in re.findall(r'"name": "([^"]+)".*?"evidence": \[(.*?)\]', ask("alerts"), re.DOTALL):
        if name in services:
            cause, score = ("pod_cpu_overload", 4.5) if "cpu_cfs" in text else ("pod_network_delay", 3.5)
            found.append((score, (f"app/{name}", cause)))
        elif "LATENCY" in text:
            found.append((3.0, (f"node/{name}", "node_network_delay")))
    found.sort(key=lambda f: (-f[0], f[1]))
    return list(dict.fromkeys(pair for _, pair in found))[:3]
