"""The closed list of what a fact can be about. Tools label their evidence with it; the taxonomy matches on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

METRIC: Final = frozenset(
    {
        "latency", "traffic", "errors", "availability", "restart",
        "cpu", "memory", "disk", "io", "network", "connections", "queue", "lag", "locks", "threads", "file_descriptors",
        "clock", "scans", "steal", "retries", "redeliveries", "logins",
        "temperature", "vibration", "pressure", "flow", "current", "speed", "level", "other",
    }
)  # fmt: skip
# clock: how far it is off; scans: rows read without an index; steal: processor time that the machine below gave to others;
# logins: those that are refused.
# log.flow: what requests do, step by step, as logs and spans tell it.
LOG: Final = frozenset(
    {
        "log.connection_refused", "log.connection_limit", "log.timeout", "log.oom", "log.exception", "log.dns",
        "log.permission", "log.certificate", "log.configuration", "log.restart", "log.disk_full", "log.deadlock", "log.lock",
        "log.unavailable", "log.overload", "log.quota", "log.replication", "log.data", "log.io",
        "log.slow", "log.restarts", "log.clock", "log.query_plan", "log.retry",
        "log.error", "log.flow", "log.other",
    }
)  # fmt: skip
LOADED: Final = frozenset(
    {
        "cpu", "memory", "network", "io", "connections", "threads", "file_descriptors", "queue", "lag", "scans", "retries",
    }
)  # fmt: skip
"""What rises as a component is asked more."""
CHANGE: Final = frozenset(
    {"change.deploy", "change.config", "change.flag", "change.scale", "change.maintenance"}
)
VIBRATION: Final = frozenset(
    {
        "vibration.bpfo", "vibration.bpfi", "vibration.bsf", "vibration.ftf",
        "vibration.1x", "vibration.2x", "vibration.harmonics", "vibration.gear_mesh", "vibration.none",
    }
)  # fmt: skip
MEMORY: Final = frozenset({"incident.similar", "runbook.match", "maintenance.work"})
MACHINE: Final = frozenset(
    {
        "flow", "pressure", "pressure_drop", "temperature", "vibration", "speed", "current", "level",
        "power", "voltage", "position", "efficiency", "humidity", "concentration",
    }
)  # fmt: skip
"""What is measured of a machine; facts that hold it against what is normal for how it runs are of the kinds `AGAINST`."""
AGAINST: Final = frozenset({"signal.quantity", "condition.trend", "condition.step"})
"""Kinds of facts that hold a quantity of a machine against its own normal at the same load, hour, or partners."""
CONDITION: Final = frozenset({"condition.life", "condition.alarms"})
"""The condition of a machine, such as how long it has left, or of its alarms: neither symptom nor cause by itself."""
PATTERN: Final = frozenset(
    {
        "pattern.known", "pattern.usual", "pattern.stopped",
        "pattern.apart", "pattern.offset", "pattern.drift", "pattern.unlike", "pattern.stuck", "pattern.idle",
    }
)  # fmt: skip
"""The pattern that a plant's signals make together: that of a fault which it had before, the usual one, or none any more;
and of what leaves it: a component, an instrument by a step or more and more, nobody who could be told, a signal that
stands still, a machine that rests."""
RANK: Final = frozenset({"rank.metrics", "rank.traces", "rank.alerts"})
"""A ranking's word on who the culprit is: it orders suspects and is neither symptom nor cause by itself."""
CLUSTER_SYMPTOMS: Final = frozenset(
    {
        "k8s.pending", "k8s.crash_loop", "k8s.not_ready", "k8s.missing_pods", "k8s.no_endpoints", "k8s.unreachable",
        "k8s.node_not_ready", "k8s.client_errors", "k8s.rollout", "k8s.ready",
    }
)  # fmt: skip
"""How trouble in a cluster shows (`k8s.ready`: that it does not); none of these is a reason by itself."""
CLUSTER: Final = CLUSTER_SYMPTOMS | frozenset(
    {
        "k8s.quota_cpu", "k8s.quota_memory", "k8s.quota_pods", "k8s.quota_services", "k8s.quota_storage",
        "k8s.exit", "k8s.exit_unread", "k8s.command", "k8s.eviction", "k8s.webhook", "k8s.autoscaler",
        "k8s.disruption_budget", "k8s.name_server",
        "k8s.probe", "k8s.resource_capacity",
        "k8s.service_account", "k8s.zero_replicas",
        "k8s.cordon", "k8s.node_affinity", "k8s.node_selector", "k8s.anti_affinity", "k8s.taint",
        "k8s.cpu_capacity", "k8s.memory_capacity",
        "k8s.kubelet", "k8s.container_runtime", "k8s.kube_proxy", "k8s.scheduler", "k8s.node_pressure",
        "k8s.node_delay", "k8s.node_loss",
        "k8s.image_dns", "k8s.image_reference", "k8s.image_secret",
        "k8s.claim_selector", "k8s.claim_class", "k8s.claim_mode", "k8s.claim_capacity", "k8s.volume_taken",
        "k8s.volume_permission",
        "k8s.oom", "k8s.pod_cpu", "k8s.pod_delay", "k8s.port_conflict",
        "k8s.liveness_protocol", "k8s.liveness_port", "k8s.liveness_timing", "k8s.liveness_fails",
        "k8s.readiness_protocol", "k8s.readiness_port",
        "k8s.service_selector", "k8s.service_port", "k8s.service_protocol", "k8s.env_address", "k8s.gateway",
        "k8s.network_policy", "k8s.dns", "k8s.secret", "k8s.configmap",
        "k8s.database_credentials", "k8s.database_port", "k8s.database_connections", "k8s.database_readonly",
        "k8s.mount", "k8s.volume_node", "k8s.host_port", "k8s.topology_spread", "k8s.pod_affinity", "k8s.scheduling_gate",
        "k8s.preempted", "k8s.class_missing", "k8s.cron_missed", "k8s.node_refused", "k8s.pod_network", "k8s.node_kernel",
        "k8s.node_rebooted", "k8s.limit_range", "k8s.quota_objects", "k8s.security_context", "k8s.hook",
        "k8s.stuck_terminating", "k8s.init_waits", "k8s.image_registry", "k8s.rbac",
    }
)  # fmt: skip
"""What is inconsistent in a cluster's state, one aspect per finding of `aitia.tools.cluster`."""
RELIEF: Final = frozenset({("latency", "down"), ("errors", "down"), ("availability", "up")})
"""What nobody suffers of: answers faster, or failing less, than before."""
PERSON: Final = frozenset({"person.excluded", "person.onset"})
"""What a person said of the incident: what it is not, when it began."""
ALL: Final = (
    METRIC | MACHINE | LOG | CHANGE | VIBRATION | PATTERN | MEMORY | CONDITION | RANK | CLUSTER | PERSON
)
CONTEXT: Final = CHANGE | MEMORY | CONDITION | RANK | PERSON
"""What is known beside the telemetry: neither symptom nor cause by itself."""

WEIGHT: Final = {
    "traffic": 0.1, "network": 0.2, "io": 0.3, "speed": 0.2, "flow": 0.4, "level": 0.4, "current": 0.4, "other": 0.2,
    "threads": 0.5, "file_descriptors": 0.5, "queue": 0.7, "lag": 0.7, "locks": 0.9, "cpu": 0.7, "memory": 0.7,
    "clock": 0.6, "scans": 0.4, "steal": 0.5, "retries": 0.5, "redeliveries": 0.6,
    "connections": 0.8, "disk": 0.7, "pressure": 0.5, "temperature": 0.6, "restart": 0.8,
    "power": 0.4, "voltage": 0.4, "position": 0.3, "efficiency": 0.6, "pressure_drop": 0.5, "humidity": 0.2,
    "concentration": 0.4,
    "log.other": 0.15, "log.restart": 0.3, "log.error": 0.8, "log.retry": 0.3, "vibration.gear_mesh": 0.4,
}  # fmt: skip
"""How much a move of an aspect says that something is wrong, and where; 1 where not named. A call that fails says it
plainly, traffic and what follows it that something else happened. By hand."""


def objects_alone(aspects: Iterable[str]) -> bool:
    """Whether all that was observed is the state of a cluster's objects: of requests that tells nothing."""
    observed = set(aspects) - CONTEXT
    return bool(observed) and observed <= CLUSTER


READ_AS_NORMAL: Final = "no sign of a fault"
"""What `read_as` of a message's fact holds where words call it a sign of a fault, and a model does not."""
