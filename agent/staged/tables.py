"""What the stages know: kinds by mechanism, kinds that measurements exclude, features and an expert's log-odds of them."""

from __future__ import annotations

from typing import Final

KINDS: Final = (
    "software.crash", "software.configuration", "software.credentials", "software.certificate", "software.quota",
    "software.data", "software.exception", "software.regression", "software.lock_wait", "software.latency",
    "software.deadlock", "resource.io", "resource.overload", "resource.memory", "resource.disk", "resource.cpu",
    "resource.connections", "network.partition", "network.delay", "network.dns", "software.replication",
)  # fmt: skip
MECHANISM: Final[dict[str, dict[str, float]]] = {
    "identity": {"software.credentials": 2.5, "software.configuration": 0.5},
    "forbidden": {"software.credentials": 1.8, "software.configuration": 1.2},
    "certificate": {"software.certificate": 3.0},
    "quota": {"software.quota": 3.0},
    "dns": {"network.dns": 2.5},
    "data": {"software.data": 1.6, "software.exception": 1.2, "software.regression": 0.8},
    "missing": {"software.data": 0.8, "software.configuration": 0.6, "software.exception": 0.5, "software.regression": 0.4},
    "lock": {"software.lock_wait": 2.0, "software.deadlock": 0.8, "resource.io": 0.6},
    "memory": {"resource.memory": 2.5},
    "disk": {"resource.disk": 3.0},
    "slots": {"resource.connections": 3.0},
    "connections": {"resource.connections": 1.6, "resource.io": 0.3},
    "replication": {"software.replication": 2.5},
    "refused": {"software.crash": 1.8, "network.partition": 0.6},
    "reset": {"software.crash": 0.8, "network.partition": 0.9, "network.delay": 0.3},
    "timeout": {
        "software.crash": 0.6, "network.partition": 0.8, "network.delay": 0.8, "software.latency": 0.8, "resource.io": 0.6,
        "software.deadlock": 0.5, "software.lock_wait": 0.4,
    },
    "io": {"resource.io": 2.0, "resource.disk": 0.6},
    "slow": {"resource.io": 0.8, "software.latency": 0.6, "software.lock_wait": 0.5, "resource.cpu": 0.4},
    "configuration": {"software.configuration": 1.0},
    "overload": {"resource.overload": 0.8, "resource.connections": 0.4},
}  # fmt: skip
BY_WORDS: Final = frozenset(
    {
        "software.credentials",
        "software.certificate",
        "software.quota",
        "network.dns",
        "software.data",
        "software.exception",
    }
)
"""Kinds that hardly show but in words."""
QUIET_VETOES: Final[dict[str, tuple[str, ...]]] = {
    "availability": ("software.crash",),
    "latency": ("software.latency", "resource.io", "resource.overload", "resource.cpu"),
    "memory": ("resource.memory",),
    "cpu": ("resource.cpu", "resource.overload"),
    "disk": ("resource.disk",),
    "connections": ("resource.connections",),
    "io": ("resource.io",),
}
SYMMETRIC: Final = (
    "software.crash",
    "resource.memory",
    "software.configuration",
    "software.regression",
    "resource.cpu",
)
OF_METRIC: Final = {"logins": "identity", "locks": "lock", "io": "slow"}
SPECIFIC: Final = frozenset(
    {"certificate", "identity", "forbidden", "quota", "data", "memory", "disk", "dns"}
)
# Of each feature the log-odds that an expert gave it.
PLACE: Final[dict[str, float]] = {
    "common": 3.0, "single": 1.2, "beyond": 1.2, "named": 1.0, "labelled": 1.5, "bottom": 1.0, "replica_in": -2.0,
    "replica_out": 2.5, "shared_but_sibling_quiet": -2.5, "relay": -2.5, "emits": 3.0, "change": 3.0,
    "change_apart": -1.0, "change_old": -1.0, "down": 4.0, "exit": 2.0, "down_late": -3.0, "wall": 3.0,
    "starved": -2.0, "flood": 3.0, "quiet_all": -1.0, "unobserved": 2.0, "late": -2.0, "rank": 0.3, "silent": -2.0,
    "host": -2.0, "withheld": 2.0, "relay_leaf": -1.0, "counts": -0.5, "stalled": 2.0,
    "labelled_slow": 1.5, "serves_others": -2.0, "hung": 2.0, "filler": 2.0, "filled": -1.5, "change_mid": 0.5, "client": -1.5,
    "hinted": 0.7, "halts": 1.0, "halts_first": 1.0, "halts_busy": 1.0, "change_far": -2.0, "change_slight": -1.0,
    "change_host": 1.0,
}  # fmt: skip
KIND: Final[dict[str, float]] = {
    "mechanism": 1.0, "quiet_veto": -2.5, "symmetric": -2.5, "of_down": 2.0, "not_down": -1.5, "of_change": 1.5,
    "of_release": 2.0, "of_work": 1.0, "of_wall": 3.0, "of_flood": 4.0, "of_edge": 3.0, "of_slow": 1.5,
    "of_errors_quiet": -2.5, "refused_far": 1.0, "rule_near": 2.0, "no_wall": -1.5, "no_change": -1.0, "no_text": -1.5,
    "of_stall": 2.0, "cut": 0.5, "late_answers": 0.5, "of_change_specific": 0.5, "flood_crash": -3.0,
    "of_stalled": 2.0, "role_fits": 1.0, "role_odd": -1.5, "of_hung": 2.0, "of_serving": 2.0, "of_own_fault": 1.0,
    "of_store_data": 1.0, "all_lost": 1.0, "some_late": 1.0, "of_labelled_slow": 1.5, "of_own_wall": 1.0, "of_change_mid": 0.5,
    "of_far_side": -2.0, "of_outside": 1.0, "change_says": 1.5, "of_maintenance": 0.7, "no_sign": -1.0, "of_halt": 0.5,
}  # fmt: skip
HALTED: Final = (
    "software.exception",
    "software.data",
    "software.configuration",
    "software.credentials",
    "software.deadlock",
)
"""Kinds by which work is taken up and not finished."""
SIGNS: Final = (
    "mechanism", "of_down", "of_change", "of_change_specific", "of_release", "of_work", "of_wall", "of_own_wall", "of_flood",
    "of_edge", "of_slow", "of_stall", "of_stalled", "of_hung", "of_serving", "of_own_fault", "of_store_data", "all_lost",
    "some_late", "of_labelled_slow", "change_says", "of_maintenance",
    "of_change_mid", "refused_far", "cut", "late_answers", "rule_near", "of_halt",
)  # fmt: skip
"""Features that speak for a kind."""
NOBODY: Final[dict[str, float]] = {"nobody": 0.0, "calm": 4.0, "soft": 2.0, "unplaced": 1.0}
FEATURES: Final = (*PLACE, *KIND, *NOBODY)
WORDS: Final = {
    "common": "several that complain call it", "single": "one that complains calls it",
    "beyond": "it is behind a component that is well", "named": "it is named by those that complain",
    "labelled": "calls to it are counted as failing", "replica_in": "its replica fares alike",
    "replica_out": "its replica is well", "shared_but_sibling_quiet": "a replica of who complains is well",
    "relay": "it passes on what fails behind it", "relay_leaf": "what it calls fails too",
    "hinted": "those that complain call it by a part of its name", "halts": "it finishes nothing of what piles up",
    "halts_first": "it was the first that finished nothing",
    "halts_busy": "it works and finishes nothing", "change_far": "all between its change and who complains is well",
    "change_slight": "what was changed runs nothing", "change_says": "what was changed, as its author wrote",
    "of_maintenance": "somebody worked on it", "change_host": "its host was changed in the seconds before",
    "no_sign": "nothing tells this kind",
    "of_outside": "somebody else's, who refuses or is late",
    "emits": "its own counter of errors rises",
    "filler": "it takes what its callee has no more of", "hung": "an outside check gets no answer of it",
    "labelled_slow": "calls to it are measured as slower", "serves_others": "others call it as ever",
    "role_odd": "no such fault of such a server", "of_serving": "one way to it fails, others go on",
    "change": "it was changed in the seconds before", "change_apart": "its change does not reach those that complain",
    "down": "it went down as it began", "exit": "its host says that it ended", "down_late": "it went down later",
    "wall": "a resource of it ran full", "starved": "it only gets less to do", "flood": "more comes in than before",
    "unobserved": "nobody measures it", "late": "it began later", "silent": "nobody complains of it",
    "withheld": "it sends nothing to what is well", "stalled": "its work piles up unfinished",
    "mechanism": "the mechanism that lines name", "quiet_veto": "its own measurements exclude this kind",
    "symmetric": "both replicas at once", "of_down": "it went down", "not_down": "it is up",
    "of_change": "its configuration was changed", "of_release": "it was released anew",
    "of_work": "somebody worked on it", "of_wall": "the resource that ran full",
    "of_flood": "more comes in than before", "of_edge": "one way to it fails, it is well",
    "of_errors_quiet": "its counter of errors is quiet", "rule_near": "a rule was changed",
    "no_wall": "the resource is not full", "no_change": "nothing was changed",
    "no_text": "no line names the mechanism", "of_stall": "its disk or locks changed",
    "of_stalled": "how its work piles up", "calm": "nothing fails",
    "soft": "nobody fails, says so or is down", "nobody": "no cause that is named",
}  # fmt: skip
"""Features in words, for a line's why."""
Row = dict[str, float]


def expert() -> dict[str, float]:
    """The log-odds as judged by eye over opened incidents, to which the learned ones are drawn."""
    return {**PLACE, **KIND, **NOBODY}
