"""Evidence closure: how much of the recorded path to a Kubernetes fault a report tells and cites.

    python benchmarks/rca/closure.py --data DIR/rca/k8s_snapshots [--half open|closed] [--cases GLOB] [--again N] --json OUT

A case's `process` holds one or two paths: the looks of an engineer who found the cause (`GetResources::endpoints`,
`DescribeResource::pods::cart`, `GetErrorLogs::frontend`). What a look showed is a fact that a reader needs to follow the
diagnosis. The report tells it only where one line of its own holds BOTH

1. the object: the one that the look names; of a list (`GetResources::pods`) or of the cluster one that the path or the answer
   names (a namespace does not count: every report names it); and
2. a word of what the look shows, from `SHOWS` (the kind's name, an event's reason, a field of the manifest); of a description
   the kind's name and a reason or field; of a node's service its name; of a connection the port and whether it can be reached.

Lines are the sentences of verdict, summary and chain, and the statements of the facts that these cite. Queries, names of tools,
the ledger, what was ruled out and the rest of the appendix do not count. A path's coverage is the share of its different looks
that are told; the case's is that of its better path. `trivial` is the report of another case of another cause and object, held
against this one's path; `all facts` counts whatever was found, cited or not.

`--half` is by the SHA-256 of the names; of `closed` totals alone are told. With `--keep DIR` the reports are kept, and of those
that are there only the sentences are written again. `--again N` runs each case N times more in processes of their own with
another PYTHONHASHSEED, objects, rows, sources and tools in another order and one or four calls at once, and counts the cases in
which verdict, sentences and citations were the same every time.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.facts import Facts
from aitia.agent.sentences.narrator import Budget, narrate
from aitia.agent.sentences.template import cause_briefs, verdict_sentence
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Report
from aitia.graphs.state import names_of
from aitia.tools import Registry
from benchmarks.contract import chosen, finish, parser, rows
from benchmarks.rca.k8s_snapshots import asked_of
from benchmarks.rca.product import RULES, diagnosed

HALVES: Final = ("open", "closed")
REASON: Final = (
    r"Failed\w*|BackOff|Unhealthy|OOMKill\w*|\w*(?:ImagePull|CrashLoop)\w*|ErrImage\w*|ContainerCreating|Evicted|[Pp]ending|"
    r"waiting|restart\w*|exit\w*|Insufficient|unschedulable|cordoned|quota|scheduler|taints?|affinity|selector|selects|probe\w*|"
    r"image|pull|mount\w*|claims?|volumes?|secrets?|service account|ports?|memory|cpu|CPU|requests?|limits?|exist|ready|"
    r"Kubelet\w*|runtime"
)
FIELD: Final = (
    r"ports?|listens?|selector|selects|labels?|probes?|images?|pull secrets?|affinity|tolerat\w+|taints?|requests?|asks for|"
    r"limits?|replicas|service account|secrets?|claims?|volumes?|storage class|access modes?|capacity|env\w*|variables?|"
    r"addresse?s?|protocol|period\w*|timeout\w*|delay|command|node selector|password|credentials"
)
NODE_FIELD: Final = (
    r"labels?|taint\w*|affinity|selector|unschedulable|cordoned|capacity|[Ii]nsufficient|ready|allocatable"
)
SHOWS: Final[Mapping[str, str]] = {
    "pods": r"pods?",
    "services": r"services?",
    "endpoints": r"endpoints?",
    "events": r"events?|Failed\w+|BackOff|Unhealthy|Evicted|ErrImage\w*|ImagePull\w*|OOMKill\w*|[Tt]he scheduler",
    "nodes": r"nodes?",
    "deployments": r"deployments?|replicas|of \d+ pods exist",
    "replicasets": r"replica ?sets?|ReplicaSets?",
    "resourcequota": r"quotas?",
    "persistentvolumeclaims": r"claims?|PersistentVolumeClaims?|PVCs?",
    "persistentvolumes": r"volumes?|PersistentVolumes?|PVs?",
    "serviceaccounts": r"service ?accounts?",
    "secrets": r"secrets?",
    "GetErrorLogs": r"logs?|logged",
    "GetRecentLogs": r"logs?|logged",
    "GetAppYAML": FIELD,
    "GetClusterConfiguration": rf"nodes?(?!\w).*?(?:{NODE_FIELD})",
    "GetServiceDependencies": r"calls?|callers?|depends?",
    "GetAlerts": r"latency|alarms?|alerts?|error rate|CPU use|memory use|loss|delay|slow",
}
_HASH: Final = "[bcdfghjklmnpqrstvwxz2456789]"  # of which the ends of pods' names are made
REACHED: Final = r"connect\w*|reach\w*|refused|timed out|unavailable|no (?:ready )?endpoints"


def main() -> int:
    """Diagnose the cases and hold the reports against the recorded paths."""
    began = time.monotonic()
    made = parser(__doc__)
    made.add_argument("--half", choices=HALVES, default="open")
    made.add_argument("--again", type=int, default=0, help="further runs of each case in another order")
    made.add_argument("--seed", type=int, default=0, help="of the order, as --again sets it; 0: as recorded")
    made.add_argument("--keep", default="", help="keep the reports here; tell those that are there anew")
    args = made.parse_args()
    data = Path(args.data)
    names = half(sorted(p.parent.name for p in data.glob("*/metadata.json")), args.half)
    names = [n for n in names if n in chosen(names, args.cases)]
    if args.half == "closed" and (args.cases != "*" or args.keep or args.again):
        made.error(
            "the closed half is scored whole and nothing of it is kept: leave out --cases, --keep and --again"
        )
    reports = {n: report_of(data / n, args.seed, args.keep) for n in names}
    answers = {n: json.loads((data / n / "metadata.json").read_text(encoding="utf-8")) for n in names}
    measured: dict[str, dict[str, list[float]]] = {"no_model": {}, "trivial": {}, "no_model all facts": {}}
    cases = []
    for name in names:
        told = told_of(reports[name], answers[name])
        cases.append({"case": name, "answer": answer(reports[name]), **told})
        other = unrelated(name, names, answers)
        values = {"no_model": told["coverage"], "no_model all facts": told["all facts"]}
        values |= {"trivial": told_of(reports[other], answers[name])["coverage"]} if other else {}
        for system, value in values.items():
            measured[system].setdefault("coverage of the path", []).append(value)
        measured["no_model"].setdefault("whole path told", []).append(told["coverage"] == 1)
    if args.again:
        same = [steady(data, n, answer(reports[n]), args.again) for n in names]
        measured["no_model"][f"the same in {args.again} of {args.again} runs"] = [float(s) for s in same]
    table = [row for system, values in measured.items() for row in rows(system, values)]
    kept = [] if args.half == "closed" else cases
    finish("rca/closure", table, kept, n=len(names), began=began, out=args.json)
    return 0


def half(names: Sequence[str], which: str) -> list[str]:
    """One half of the names, by their SHA-256."""
    ordered = sorted(names, key=lambda n: hashlib.sha256(n.encode()).hexdigest())
    middle = (len(ordered) + 1) // 2
    return ordered[:middle] if which == "open" else ordered[middle:]


def report_of(folder: Path, seed: int, keep: str) -> Report:
    """The report on a case, without a model; with a seed its input in another order."""
    kept = Path(keep) / f"{folder.name}.json" if keep else None
    if kept is not None and kept.is_file():
        return told_anew(Report.model_validate_json(kept.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as place:
        incident, sources = asked_of(folder, Path(place))
        if not seed:
            report = diagnosed(incident, sources, folder)
        else:
            order = random.Random(seed)
            disordered(Path(place), order)
            tools = list(Registry.load())
            order.shuffle(tools)
            order.shuffle(sources)
            options = replace(RULES, max_concurrency=order.choice((1, 4)))
            report = diagnosed(incident, sources, folder, options=options, registry=Registry(tools))
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(report.model_dump_json(), encoding="utf-8")
    return report


def told_anew(report: Report) -> Report:
    """A report whose sentences are written by the present code from the evidence and verdict that it holds."""
    taxonomy, facts = bundled(), Facts(report.evidence, Topology(report.inventory.components))
    held = {k: getattr(report, k) for k in ("verdict", "probability", "component", "fault", "suspects")}
    weighed = Weighed(**held)
    briefs = cause_briefs(weighed, taxonomy, facts, names_of(report.inventory), report.incident)
    told = narrate(briefs, llm=None, budget=Budget())
    first = verdict_sentence(weighed, taxonomy, facts, report.incident.hints)
    summary = (first, *(s for s in told if s.role == "summary"))
    return report.model_copy(
        update={"summary": summary, "chain": tuple(s for s in told if s.role == "chain")}
    )


def disordered(place: Path, order: random.Random) -> None:
    """Objects and rows below a folder in another order."""
    for file in sorted(place.rglob("objects.json")):
        whole = json.loads(file.read_text(encoding="utf-8"))
        order.shuffle(whole["items"])
        file.write_text(json.dumps(whole), encoding="utf-8")
    for file in sorted(place.rglob("*.csv")):
        heading, *lines = file.read_text(encoding="utf-8").splitlines()
        order.shuffle(lines)
        file.write_text("\n".join([heading, *lines]) + "\n", encoding="utf-8")


def answer(report: Report) -> dict[str, Any]:
    """What a reader is told: the verdict and its sentences, with the facts that they cite in words."""
    said = {e.id: e.statement for e in report.evidence}
    sentences = [[s.text, *(said[i] for i in s.cites)] for s in (*report.summary, *report.chain)]
    return {
        "verdict": report.verdict,
        "component": report.component,
        "fault": report.fault,
        "probability": round(report.probability, 6),
        "sentences": sentences,
    }


def steady(data: Path, name: str, first: Mapping[str, Any], runs: int) -> bool:
    """Whether a case is answered alike in processes of their own, each in another order."""
    return all(answered(data, name, seed) == first for seed in range(1, runs + 1))


def answered(data: Path, name: str, seed: int) -> Mapping[str, Any]:
    """The answer to one case in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out.json"
        command = [
            sys.executable,
            __file__,
            "--data",
            str(data),
            "--cases",
            name,
            "--seed",
            str(seed),
            "--json",
            str(out),
        ]
        subprocess.run(
            command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": str(seed)}
        )
        found: Mapping[str, Any] = json.loads(out.read_text(encoding="utf-8"))["per_case"][0]["answer"]
        return found


def unrelated(name: str, names: Sequence[str], answers: Mapping[str, Any]) -> str:
    """The next case that has another cause and another object; "" where there is none."""
    mine = answers[name]["result"]
    place = names.index(name)
    for other in [*names[place + 1 :], *names[:place]]:
        theirs = answers[other]["result"]
        if theirs["root_cause"] != mine["root_cause"] and theirs["fault_object"] != mine["fault_object"]:
            return other
    return ""


def told_of(report: Report, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The coverage of the better path by what is cited, by all facts, and the looks that are not told."""
    cited = cited_lines(report)
    everything = [*cited, *(e.statement for e in report.evidence)]
    paths = [list(dict.fromkeys(path)) for path in recorded["process"].values() if path]
    target = str(recorded["result"]["fault_object"])
    scored = [(coverage(path, target, cited), path) for path in paths]
    best, path = max(scored, key=lambda pair: pair[0], default=(0.0, []))
    return {
        "coverage": best,
        "all facts": max((coverage(p, target, everything) for p in paths), default=0.0),
        "missing": [look for look in path if not is_told(look, objects_of(path, target), cited)],
    }


def cited_lines(report: Report) -> list[str]:
    """The sentences of verdict, summary and chain, and the statements of what they cite."""
    sentences = [*report.summary, *report.chain]
    cited = {i for s in sentences for i in s.cites}
    return [*(s.text for s in sentences), *(e.statement for e in report.evidence if e.id in cited)]


def coverage(path: Sequence[str], target: str, lines: Sequence[str]) -> float:
    """The share of a path's looks that some line tells."""
    objects = objects_of(path, target)
    return sum(is_told(look, objects, lines) for look in path) / len(path)


def objects_of(path: Sequence[str], target: str) -> list[str]:
    """The objects that a path names, and the one at fault unless it is the namespace."""
    named = [object_of(look) for look in path]
    kind, _, name = target.partition("/")
    return list(dict.fromkeys(n for n in [*named, "" if kind == "namespace" else name] if n))


def object_of(look: str) -> str:
    """The object that a look names; "" of a list."""
    tool, *rest = look.split("::")
    if tool == "GetResources":
        return ""
    return (rest[1] if len(rest) > 1 else "") if tool == "DescribeResource" else (rest[0] if rest else "")


def is_told(look: str, objects: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether one line names the look's object and a word of what the look shows."""
    tool, *rest = look.split("::")
    name = object_of(look)
    about = [line for line in lines if any(_names(n, line) for n in ([name] if name else objects))]
    return any(all(re.search(rf"(?<!\w)(?:{p})(?!\w)", line) for p in _shown(tool, rest)) for line in about)


def _names(name: str, line: str) -> bool:
    """Whether a line names an object, or a pod or replica set of it: no name that only begins alike."""
    return (
        re.search(rf"(?<![\w-]){re.escape(name)}(?:-{_HASH}{{4,10}}(?:-{_HASH}{{5}})?|-\d+)?(?![\w-])", line)
        is not None
    )


def _shown(tool: str, rest: Sequence[str]) -> list[str]:
    """Patterns that one line has to hold; one that nothing matches where the look is not known."""
    if tool == "GetResources":
        return [SHOWS.get(rest[0] if rest else "", r"(?!)")]
    if tool == "DescribeResource":
        return [SHOWS.get(rest[0], r"(?!)"), REASON]
    if tool == "CheckNodeServiceStatus":
        return [SERVICES.get(rest[1], re.escape(rest[1]))]
    if tool == "CheckServiceConnectivity":
        return [re.escape(rest[1]), REACHED]
    return [SHOWS.get(tool, r"(?!)")]


SERVICES: Final = {
    "containerd": r"containerd|container runtime",
    "kubelet": r"[Kk]ubelet\w*",
    "kube-scheduler": r"kube-scheduler|[Ss]cheduler",
    "kube-proxy": r"kube-proxy",
}


if __name__ == "__main__":
    sys.exit(main())
