"""The closed list of what a fact can be about. Tools label their evidence with it; the taxonomy matches on it."""

from __future__ import annotations

from typing import Final

METRIC: Final = frozenset(
    {
        "latency", "traffic", "errors", "availability", "restart",
        "cpu", "memory", "disk", "io", "network", "connections", "queue", "threads", "file_descriptors",
        "temperature", "vibration", "pressure", "flow", "current", "speed", "level", "other",
    }
)  # fmt: skip
LOG: Final = frozenset(
    {
        "log.connection_refused", "log.connection_limit", "log.timeout", "log.oom", "log.exception", "log.dns",
        "log.permission", "log.certificate", "log.configuration", "log.restart", "log.disk_full", "log.deadlock",
        "log.unavailable", "log.error", "log.other",
    }
)  # fmt: skip
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
RANK: Final = frozenset({"rank.metrics", "rank.traces", "rank.library"})
"""A ranking's word on who the culprit is: it orders suspects and is neither symptom nor cause by itself."""
CLUSTER: Final = frozenset[str]()
"""What is inconsistent in a cluster's state, one aspect per finding of `aitia.tools.cluster`."""
ALL: Final = METRIC | LOG | CHANGE | VIBRATION | MEMORY | RANK | CLUSTER
