"""Generated clusters beside recorded ones: fields of `kubectl describe`, reasons of events, their order, by kind of fault.

python benchmarks/lab/cluster_fields.py --data DIR/rca/k8s_snapshots [--cases 'k0*'] [--json OUT]

DIR holds CASE/{metadata.json, tool_cache.json.xz}. For every kind of recorded fault that the lab makes too, one incident is
generated and read by the real kubectl through `aitia.lab.cluster.serve`; `trivial` is a healthy hour of the same site. A figure
is the mean over the kinds.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.lab.cluster import SYSTEMS
from aitia.lab.cluster.serve import Recording, kubeconfig, server
from aitia.lab.cluster.world import epoch
from aitia.lab.words import Order
from benchmarks.contract import Case, chosen, finish, parser, rows

SITE: Final = "k8s-deployments"
KINDS: Final[Mapping[str, str]] = {  # recorded cause: the lab's fault
    "incorrect_image_reference": "tag-not-pushed",
    "missing_image_pull_secret": "pull-secret-gone",
    "image_registry_dns_failure": "registry-unresolved",
    "liveness_probe_incorrect_port": "liveness-wrong-port",
    "liveness_probe_incorrect_timing": "liveness-too-hasty",
    "readiness_probe_incorrect_port": "readiness-wrong-port",
    "readiness_probe_incorrect_protocol": "readiness-wrong-protocol",
    "oom_killed": "memory-limit-cut",
    "cpu_capacity_mismatch": "too-much-cpu-asked",
    "memory_capacity_mismatch": "too-much-memory-asked",
    "node_selector_mismatch": "label-no-node-has",
    "node_affinity_mismatch": "affinity-no-node-meets",
    "taint_toleration_mismatch": "nodes-tainted",
    "pod_anti_affinity_conflict": "pods-repel-each-other",
    "node_cordon_mismatch": "nodes-cordoned",
    "missing_service_account": "account-gone",
    "service_selector_mismatch": "selector-matches-none",
    "service_port_mapping_mismatch": "target-port-moved",
    "service_env_var_address_mismatch": "wrong-address",
    "pvc_storage_class_mismatch": "claim-of-unknown-class",
    "namespace_pod_quota_exceeded": "pods-quota-cut",
    "namespace_memory_quota_exceeded": "memory-quota-cut",
    "namespace_cpu_quota_exceeded": "cpu-quota-cut",
    "kubelet_unavailable": "kubelet-stopped",
    "containerd_unavailable": "runtime-stopped",
}
READ: Final = (
    "pods",
    "deployments",
    "replicasets",
    "services",
    "endpoints",
    "persistentvolumeclaims",
    "nodes",
)
FREE: Final = frozenset(
    {"Labels", "Annotations", "Environment", "Mounts", "Node-Selectors", "Tolerations", "Args", "Command", "Selector",
     "Capacity", "Allocatable", "Non-terminated Pods", "Allocated resources", "Events", "Limits", "Requests"}
)  # fmt: skip
"""Fields whose inner names are a site's own."""
NAMED: Final = frozenset({"Containers", "Init Containers", "Volumes"})
TABLES: Final = frozenset({"Conditions"})
_KEY = re.compile(r"^(\s*)([A-Za-z][\w .\-/()]*?):(?:\s|$)")
_AGE = re.compile(r"(\d+)([smhd])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
Told = tuple[str, float]  # an event's reason, and how many seconds ago it was first seen


def paths(kind: str, text: str) -> set[str]:
    """The field paths of a description; names of containers and volumes stand as `*`."""
    found: set[str] = set()
    stack: list[tuple[int, str]] = []
    for line in text.splitlines():
        if stack and stack[0][1] in TABLES and line.startswith("  ") and not _KEY.match(line):
            if (word := line.split()[0]).isalpha() and word != "Type":
                found.add(f"{kind}/{stack[0][1]}/{word}")
            continue
        match = _KEY.match(line)
        if match is None:
            continue
        deep, key = len(match[1]), match[2]
        while stack and stack[-1][0] >= deep:
            stack.pop()
        if any(k in FREE for _, k in stack):
            continue
        if stack and stack[-1][1] in NAMED:
            key = "*"
        stack.append((deep, key))
        found.add("/".join((kind, *(k for _, k in stack))))
    return found


def events(text: str) -> Iterator[Told]:
    """The rows of a description's table of events."""
    for line in text.partition("\nEvents:")[2].splitlines()[3:]:
        parts = re.split(r"\s{2,}", line.strip(), maxsplit=4)
        if len(parts) == 5:
            yield parts[1], _seconds(parts[2].partition(" over ")[2] or parts[2])


def _seconds(text: str) -> float:
    """An age in seconds; not a number for `<unknown>`, which is neither before nor after anything."""
    found = _AGE.findall(text)
    return float(sum(int(n) * _UNITS[u] for n, u in found)) if found else float("nan")


def recorded(case: Path) -> tuple[str, set[str], list[list[Told]]]:
    """A case's cause, the field paths of its descriptions, and the events of each object that the fault lies on or hits."""
    result = json.loads((case / "metadata.json").read_text())["result"]
    name = result["fault_object"].partition("/")[2]
    cache = json.loads(lzma.decompress((case / "tool_cache.json.xz").read_bytes()))
    fields: set[str] = set()
    told: list[list[Told]] = []
    for key, text in cache.items():
        if not key.startswith("DescribeResource:") or not isinstance(text, str):
            continue
        asked = json.loads(key.partition(":")[2])
        if asked["resource_type"] not in READ:
            continue
        fields |= paths(asked["resource_type"], text)
        broad = result["fault_object"].startswith(("namespace/", "node/"))
        if (broad or asked["name"].startswith(name)) and (found := list(events(text))):
            told.append(found)
    return result["root_cause"], fields, told


def generated(fault: str, folder: Path) -> tuple[set[str], list[list[Told]]]:
    """The same of an incident that is made now."""
    system = next(s for s in SYSTEMS if s.name == SITE)
    strengths = next((f.strengths for f in system.failures if f.id == fault), ("medium",))
    order = Order(system=SITE, fault=fault, seed=11, strength=strengths[-1])
    system.make(order, folder, lambda _: None)
    recording = Recording(folder)
    groups: dict[str, list[Told]] = defaultdict(list)
    for event in recording.items["Event"]:
        begun = epoch(event["firstTimestamp"])
        groups[event["involvedObject"]["uid"]].append((event["reason"], float(recording.now - begun)))
    return described(folder), list(groups.values())


def described(folder: Path) -> set[str]:
    """The field paths of all descriptions that the real kubectl makes of a generated cluster."""
    made = server(folder, 0)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory() as home:
            config = Path(home) / "config"
            config.write_text(kubeconfig(made.server_address[1], "shop"))
            env = {"KUBECONFIG": str(config), "HOME": home, "PATH": os.environ["PATH"]}
            fields: set[str] = set()
            done = subprocess.run(["kubectl", "describe", ",".join(READ)], env=env, capture_output=True, text=True, check=True)  # fmt: skip
            for text in re.split(r"\n\n+(?=Name:)", done.stdout):
                fields |= paths(kind_of(text), text)
            return fields
    finally:
        made.shutdown()
        made.server_close()


def kind_of(text: str) -> str:
    """Which kind of object a description is of, by fields that no other kind has."""
    marks = {"\nNode-Selectors:": "pods", "\nStrategyType:": "deployments", "\nSession Affinity:": "services", "\nSubsets:": "endpoints", "\nVolumeMode:": "persistentvolumeclaims", "\nUnschedulable:": "nodes"}  # fmt: skip
    return next((kind for mark, kind in marks.items() if mark in text), "replicasets")


def order_agreement(theirs: Sequence[list[Told]], ours: Sequence[list[Told]]) -> dict[str, float]:
    """For each pair of reasons that follow each other in a recorded object: the share of our objects with both in that order."""
    # Ages are whole seconds, each cut off at its own moment: a difference of one says nothing.
    after = Counter((a, b) for one in theirs for a, x in one for b, y in one if x > y + 1 and a != b)
    shares: dict[str, float] = {}
    for (a, b), count in sorted(after.items()):
        if count <= after[b, a]:
            continue
        both = [(dict(reversed(one)), one) for one in ours if {a, b} <= {r for r, _ in one}]
        held = [1.0 if times[a] > times[b] else 0.5 if times[a] == times[b] else 0.0 for times, _ in both]
        if held:
            shares[f"{a} < {b}"] = sum(held) / len(held)
    return shares


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    args = parser(__doc__).parse_args(arguments)
    began = time.monotonic()
    names = chosen((p.parent.name for p in Path(args.data).glob("*/metadata.json")), args.cases)
    fields: dict[str, set[str]] = defaultdict(set)
    told: dict[str, list[list[Told]]] = defaultdict(list)
    for name in names:
        cause, found, groups = recorded(Path(args.data) / name)
        if cause in KINDS:
            fields[cause] |= found
            told[cause] += groups
    measured: dict[str, dict[str, list[float]]] = {s: defaultdict(list) for s in ("ours", "trivial")}
    cases: list[Case] = []
    with tempfile.TemporaryDirectory() as root:
        healthy = generated("none", Path(root) / "none")
        for cause in sorted(fields):
            for system, (have, groups) in (
                ("ours", generated(KINDS[cause], Path(root) / cause)),
                ("trivial", healthy),
            ):
                reasons = {r for one in told[cause] for r, _ in one}
                mine = {r for one in groups for r, _ in one}
                measured[system]["recorded field paths that we have"].append(len(fields[cause] & have) / len(fields[cause]))  # fmt: skip
                if reasons:
                    measured[system]["recorded event reasons that we have"].append(len(reasons & mine) / len(reasons))  # fmt: skip
                agreed = order_agreement(told[cause], groups)
                if agreed:
                    measured[system]["order of events agrees"].append(sum(agreed.values()) / len(agreed))
                if system == "ours":
                    cases.append({"id": cause, "fault": KINDS[cause], "fields_missing": sorted(fields[cause] - have), "fields_more": len(have - fields[cause]), "reasons_missing": sorted(reasons - mine), "reasons_more": sorted(mine - reasons), "order": agreed})  # fmt: skip
                    print(f"{cause:<36} {KINDS[cause]:<26} fields missing {len(fields[cause] - have):>3}, reasons missing: {', '.join(sorted(reasons - mine)) or '-'}")  # fmt: skip
    missing = Counter(f for case in cases for f in case["fields_missing"])
    print("\nfields missing in most kinds:")
    for field, count in missing.most_common(30):
        print(f"  {count:>3}  {field}")
    orders: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        for pair, share in case["order"].items():
            orders[pair].append(share)
    print("\norder of events, by pair:")
    for pair, shares in sorted(orders.items(), key=lambda e: sum(e[1]) / len(e[1])):
        print(f"  {sum(shares) / len(shares):.2f}  {pair} ({len(shares)})")
    made = [row for system, values in measured.items() for row in rows(system, values)]
    return finish("lab cluster fields", made, cases, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
