"""Recorded Kubernetes faults: which object, and which of the candidates' causes (A@1, A@3).

python benchmarks/rca/k8s_snapshots.py --data DIR/rca/k8s_snapshots [--cases 'k0*'] [--dev 'k00*,k01*'] [--json OUT]

DIR holds CASE/{metadata.json, tool_cache.json.xz [, metrics.csv]} and candidates.json. A case's `query` and its recorded
alerts are the incident; `result` is the answer and is read by the scorer alone. `--dev` names the cases whose kinds were
seen while the rules were written: kinds that do not occur among them are told apart.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError
from aitia.core.llm import Llm
from aitia.core.words import Incident, Report, Window
from benchmarks.adapters.k8s_tool_cache import Answers, transcribed
from benchmarks.contract import Case, chosen, finish, mean, parser, rows
from benchmarks.rca.judged import Judged, judged, keep
from benchmarks.rca.k8s_peer import diagnose_by_rules
from benchmarks.rca.product import diagnosed, model, pairs

Pair = tuple[str, str]  # object (`app/NAME`), cause
GATEWAY: Final = "software.configuration.k8s.gateway"
# The candidates' names of our fault kinds, and on what kind of object each lies.
CAUSES: Final[Mapping[str, Pair]] = {
    "resource.quota.k8s.cpu": ("namespace", "namespace_cpu_quota_exceeded"),
    "resource.quota.k8s.memory": ("namespace", "namespace_memory_quota_exceeded"),
    "resource.quota.k8s.pods": ("namespace", "namespace_pod_quota_exceeded"),
    "resource.quota.k8s.services": ("namespace", "namespace_service_quota_exceeded"),
    "resource.quota.k8s.storage": ("namespace", "namespace_storage_quota_exceeded"),
    "software.configuration.k8s.service_account": ("app", "missing_service_account"),
    "software.configuration.k8s.zero_replicas": ("app", "deployment_zero_replicas"),
    "scheduling.k8s.cordon": ("app", "node_cordon_mismatch"),
    "scheduling.k8s.node_affinity": ("app", "node_affinity_mismatch"),
    "scheduling.k8s.node_selector": ("app", "node_selector_mismatch"),
    "scheduling.k8s.anti_affinity": ("app", "pod_anti_affinity_conflict"),
    "scheduling.k8s.taint": ("app", "taint_toleration_mismatch"),
    "scheduling.k8s.cpu_capacity": ("app", "cpu_capacity_mismatch"),
    "scheduling.k8s.memory_capacity": ("app", "memory_capacity_mismatch"),
    "node.k8s.kubelet": ("node", "kubelet_unavailable"),
    "node.k8s.container_runtime": ("node", "containerd_unavailable"),
    "node.k8s.kube_proxy": ("node", "kube_proxy_unavailable"),
    "node.k8s.scheduler": ("node", "kube_scheduler_unavailable"),
    "network.delay.node": ("node", "node_network_delay"),
    "network.loss.node": ("node", "node_network_packet_loss"),
    "network.delay.pod": ("app", "pod_network_delay"),
    "resource.cpu.pod": ("app", "pod_cpu_overload"),
    "resource.memory.oom_killed": ("app", "oom_killed"),
    "network.dns.k8s.registry": ("app", "image_registry_dns_failure"),
    "network.dns.k8s.pod": ("app", "service_dns_resolution_failure"),
    "software.configuration.k8s.image": ("app", "incorrect_image_reference"),
    "software.credentials.k8s.image_pull": ("app", "missing_image_pull_secret"),
    "storage.k8s.selector": ("app", "pvc_selector_mismatch"),
    "storage.k8s.storage_class": ("app", "pvc_storage_class_mismatch"),
    "storage.k8s.access_mode": ("app", "pvc_access_mode_mismatch"),
    "storage.k8s.capacity": ("app", "pvc_capacity_mismatch"),
    "storage.k8s.volume_taken": ("app", "pv_binding_occupied"),
    "storage.k8s.permission": ("app", "volume_mount_permission_denied"),
    "software.configuration.k8s.liveness_protocol": ("app", "liveness_probe_incorrect_protocol"),
    "software.configuration.k8s.liveness_port": ("app", "liveness_probe_incorrect_port"),
    "software.configuration.k8s.liveness_timing": ("app", "liveness_probe_incorrect_timing"),
    "software.configuration.k8s.readiness_protocol": ("app", "readiness_probe_incorrect_protocol"),
    "software.configuration.k8s.readiness_port": ("app", "readiness_probe_incorrect_port"),
    "software.configuration.k8s.service_selector": ("app", "service_selector_mismatch"),
    "software.configuration.k8s.service_port": ("app", "service_port_mapping_mismatch"),
    "software.configuration.k8s.service_protocol": ("app", "service_protocol_mismatch"),
    "software.configuration.k8s.env_address": ("app", "service_env_var_address_mismatch"),
    "software.configuration.k8s.port_conflict": ("app", "service_sidecar_port_conflict"),
    "software.configuration.k8s.secret": ("app", "missing_secret_binding"),
    "software.configuration.k8s.gateway": ("app", "gateway_misrouted"),
    "software.credentials.database": ("app", "mysql_invalid_credentials"),
    "software.configuration.k8s.database_port": ("app", "mysql_invalid_port"),
    "resource.connections.database": ("app", "db_connection_exhaustion"),
    "software.configuration.k8s.database_readonly": ("app", "db_readonly_mode"),
    # what the general taxonomy calls the same
    "resource.cpu": ("app", "pod_cpu_overload"),
    "network.delay": ("app", "pod_network_delay"),
}


def main() -> None:
    """Run all systems on the chosen cases, then score."""
    began = time.monotonic()
    made = parser(__doc__)
    made.add_argument(
        "--dev", default="", help="globs of the cases that were seen while the rules were written"
    )
    made.add_argument("--keep", default="", help="keep the diagnoses here, for benchmarks/rca/fit.py")
    arguments = made.parse_args()
    data = Path(arguments.data)
    names = [p.parent.name for p in data.glob("*/metadata.json")]
    candidates, llm = _candidates(data), model(arguments.model)
    ran = [_predicted(data / name, candidates, llm) for name in chosen(names, arguments.cases)]
    per_case = [case for case, _ in ran]
    told = _scored(data, per_case, chosen(names, arguments.dev) if arguments.dev else [], candidates)
    verdicts = _judged(data, per_case, candidates["aliases"])
    if arguments.keep:
        keep(Path(arguments.keep), _kept(data, ran, candidates["aliases"]))
    finish("rca/k8s_snapshots", told, per_case, n=len(ran), began=began, out=arguments.json, judged=verdicts)


def _candidates(data: Path) -> dict[str, Any]:
    """The causes, services and aliases that an answer may use; all of CAUSES where the folder has no list."""
    file = data / "candidates.json"
    raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {
        "causes": {c["root_cause"] for c in raw.get("root_causes", [])} or {c for _, c in CAUSES.values()},
        "services": [s for group in raw.get("services", {}).values() for s in group],
        "aliases": dict(raw.get("aliases", {})),
    }


def _predicted(folder: Path, candidates: Mapping[str, Any], llm: Llm | None) -> tuple[Case, Report | None]:
    """The rankings of all systems on one case, and the report. Nothing of the answer is read here."""
    with tempfile.TemporaryDirectory() as made:
        return _ran(folder, Path(made), candidates, llm)


def _ran(
    folder: Path, made: Path, candidates: Mapping[str, Any], llm: Llm | None
) -> tuple[Case, Report | None]:
    incident, sources = asked_of(folder, made)
    began = time.monotonic()
    try:
        report: Report | None = diagnosed(incident, sources, folder)
    except AitiaError as error:
        report, problem = None, str(error)
    else:
        problem = ""
    seconds = time.monotonic() - began
    answers = Answers.of(folder, namespace_of(folder))
    told: Case = {
        "case": folder.name,
        "no_model": [list(p) for p in _answers(report, candidates)] if report else [],
        "verdict": report.verdict if report else "error",
        "probability": report.probability if report else 0.0,
        "named": _named(report, candidates) if report else [],
        "peer": [list(p) for p in diagnose_by_rules(answers, candidates["services"])],
        "seconds": round(seconds, 2),
        "problem": problem,
    }
    if llm is not None and report is not None:
        voted = diagnosed(incident, sources, folder, llm=llm)
        told["ours"] = [list(p) for p in _answers(voted, candidates)]
    return told, report


def asked_of(folder: Path, made: Path) -> tuple[Incident, list[SourceConfig]]:
    """What is asked of a case: the incident, and its sources transcribed below `made`. Nothing of the answer is in it."""
    return incident_of(folder), transcribed(folder, namespace_of(folder), made)


def namespace_of(folder: Path) -> str:
    """The namespace that a case is about."""
    asked = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    return str(asked.get("namespace", ""))


def incident_of(folder: Path) -> Incident:
    """The report, with when the alerts began and ended; of a case without alerts, when it was recorded."""
    asked = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    file = folder / "alert.json"
    raw = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    alerts = raw.get("alerts") or []
    text = " ".join(f"{a.get('name')}: {'; '.join(a.get('evidence') or [])}." for a in alerts)
    spans = [str(a["time_range"]).split(" ~ ") for a in alerts if " ~ " in str(a.get("time_range"))]
    times = [[datetime.fromisoformat(t).replace(tzinfo=UTC) for t in span] for span in spans]
    start = min((t[0] for t in times), default=datetime(2025, 1, 1, tzinfo=UTC))
    end = max((t[1] for t in times), default=start)
    return Incident(
        id="k8s",
        title=str(asked.get("query", "")) or "Incident",
        text=text[:4000],
        started_at=start,
        window=Window(start=start - timedelta(minutes=30), end=end),
    )


def _answer(component: str, fault: str, candidates: Mapping[str, Any], report: Report) -> Pair | None:
    found = CAUSES.get(fault)
    if found is None or found[1] not in candidates["causes"]:
        return None
    name = _astray(component, report) if fault == GATEWAY else component
    return f"{found[0]}/{name.rpartition('/')[2]}", found[1]


def _astray(gateway: str, report: Report) -> str:
    """The app whose route leads elsewhere: the object of a wrong route to the candidates; to us it is the gateway."""
    told = [e for e in report.evidence if e.component == gateway and e.aspect == "k8s.gateway"]
    best = max(told, key=lambda e: e.strength, default=None)
    return str(best.values.get("meant") or gateway) if best else gateway


def _answers(report: Report, candidates: Mapping[str, Any]) -> list[Pair]:
    """The ranking in the candidates' words, the first three."""
    made = (_answer(component, fault, candidates, report) for component, fault in pairs(report))
    return list(dict.fromkeys(p for p in made if p is not None))[:3]


def _named(report: Report, candidates: Mapping[str, Any]) -> list[str]:
    """The verdict's own pair, where a cause was named and is a candidate."""
    found = _answer(report.component, report.fault, candidates, report) if report.verdict == "cause" else None
    return list(found) if found else []


def answer_of(data: Path, case: str, aliases: Mapping[str, str]) -> Pair:
    """The (object, cause) that the folder gives as the answer."""
    result = json.loads((data / case / "metadata.json").read_text(encoding="utf-8"))["result"]
    cause = str(result["root_cause"])
    return str(result["fault_object"]), aliases.get(cause, cause)


def _scored(
    data: Path, per_case: Sequence[Case], dev: Sequence[str], candidates: Mapping[str, Any]
) -> list[dict[str, Any]]:
    aliases = candidates["aliases"]
    truth = {c["case"]: answer_of(data, c["case"], aliases) for c in per_case}
    seen = {answer_of(data, name, aliases)[1] for name in dev}
    parts = {"": list(per_case)}
    if dev:
        parts[" (kinds seen)"] = [c for c in per_case if truth[c["case"]][1] in seen]
        parts[" (kinds not seen)"] = [c for c in per_case if truth[c["case"]][1] not in seen]
        unseen_cases = [c for c in per_case if c["case"] not in set(dev)]
        if 0 < len(unseen_cases) < len(per_case):
            parts[" (cases not seen)"] = unseen_cases
    made: list[dict[str, Any]] = []
    for suffix, cases in parts.items():
        for system in (s for s in ("ours", "no_model", "peer") if cases and s in cases[0]):
            made += rows(system, _measures(cases, system, truth, suffix))
        made += rows("trivial", _measures(_majority(cases, truth), "trivial", truth, suffix))
    made += rows("no_model", _verdicts(per_case, truth))
    print(_by_kind(per_case, truth, seen))
    return made


def _measures(
    cases: Sequence[Case], system: str, truth: Mapping[str, Pair], suffix: str
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        right = truth[case["case"]]
        ranking = [tuple(p) for p in case[system]]
        found[f"object@1{suffix}"].append(bool(ranking) and ranking[0][0] == right[0])
        found[f"cause@1{suffix}"].append(bool(ranking) and ranking[0][1] == right[1])
        found[f"pair@1{suffix}"].append(ranking[:1] == [right])
        found[f"pair@3{suffix}"].append(right in ranking[:3])
    return found


def _majority(cases: Sequence[Case], truth: Mapping[str, Pair]) -> list[Case]:
    """The three commonest answers of the other cases (a scorer's constant, no prediction)."""
    counts = Counter(truth[c["case"]] for c in cases)
    made = []
    for case in cases:
        others = counts - Counter([truth[case["case"]]])
        best = sorted(others, key=lambda p: (-others[p], p))[:3]
        made.append({"case": case["case"], "trivial": [list(p) for p in best]})
    return made


def _verdicts(cases: Sequence[Case], truth: Mapping[str, Pair]) -> dict[str, list[float]]:
    named = [c for c in cases if c["verdict"] == "cause"]
    sure = [c for c in named if c["probability"] >= 0.8]
    return {
        "verdict: right cause": [float(tuple(c["named"]) == truth[c["case"]]) for c in cases],
        "verdict: wrong cause": [
            float(c["verdict"] == "cause" and tuple(c["named"]) != truth[c["case"]]) for c in cases
        ],
        "verdict: unknown": [float(c["verdict"] == "unknown") for c in cases],
        "verdict: healthy": [float(c["verdict"] == "healthy") for c in cases],
        "right where >= 80 % sure": [float(tuple(c["named"]) == truth[c["case"]]) for c in sure],
        "seconds per case": [float(c["seconds"]) for c in cases],
    }


def _judged(data: Path, cases: Sequence[Case], aliases: Mapping[str, str]) -> list[Case]:
    """What the scorer says of each verdict, for the calibration."""
    return [
        {
            "id": c["case"],
            "verdict": c["verdict"],
            "probability": c["probability"],
            "right": tuple(c["named"]) == answer_of(data, c["case"], aliases),
        }
        for c in cases
    ]


def _kept(
    data: Path, ran: Sequence[tuple[Case, Report | None]], aliases: Mapping[str, str]
) -> Iterator[Judged]:
    """Diagnoses with their answers in aitia's words; variants of one kind of fault are one group."""
    for case, report in ran:
        thing, cause = answer_of(data, case["case"], aliases)
        faults = [fault for fault, known in CAUSES.items() if known[1] == cause]
        if report is not None and faults:
            name = thing.partition("/")[2]
            accepted = [(name, fault) for fault in faults]
            yield judged(case["case"], f"k8s {cause}", report, "cause", accepted)


def _by_kind(cases: Sequence[Case], truth: Mapping[str, Pair], seen: set[str]) -> str:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[truth[case["case"]][1]].append(case)
    lines = [f"{'kind':<38}{'n':>3}  {'ours @1':>8}{'ours @3':>8}{'peer @1':>8}"]
    for kind in sorted(groups):
        mine = groups[kind]
        score = [
            mean([float([tuple(p) for p in c[s]][:k].count(truth[c["case"]]) > 0) for c in mine])
            for s, k in (("no_model", 1), ("no_model", 3), ("peer", 1))
        ]
        mark = "" if not seen or kind in seen else "  (not seen)"
        lines.append(f"{kind:<38}{len(mine):>3}  {score[0]:>8.2f}{score[1]:>8.2f}{score[2]:>8.2f}{mark}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
