"""Planning on recorded Kubernetes faults: how much of the experts' call paths a stepwise planner asks within 8 calls.

python benchmarks/model/planning_k8s.py --data DIR/rca/k8s_snapshots --cases GLOBS [--dev GLOBS] [--model NAME] [--json OUT]

`process` of a case's metadata (two expert paths) is the gold, read by the scorer alone; the memory, the trivial row and
the peer are built from the paths of the `--dev` cases. Without `--dev`: 4 folds within the chosen cases. Systems: `ours`
(rules, memory, model's vote at --weight), `no_model` (rules, memory), `no_model rules`, `no_model memory`, `trivial` (the
8 commonest calls of the development paths), `peer` (next call by frequency after the last one, same parts, no signs).
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.planning.call_templates import instances, tool_of
from aitia.agent.planning.cluster_looks import Seen
from aitia.agent.planning.paths import Memory, walked
from aitia.agent.planning.steps import investigate
from aitia.core.llm import Llm
from aitia.core.words import Holding, Inventory, Result, Task
from aitia.tools import Registry, SourceSet, ToolContext
from aitia.tools.cluster.signs import app_of
from aitia.tools.sources import open_source
from benchmarks.contract import Case, chosen, finish, mean, parser, rows
from benchmarks.rca.k8s_snapshots import asked_of
from benchmarks.rca.product import model

CALLS: Final = 8
FOLDS: Final = 4
PAIRED: Final = (f"recall@{CALLS}", "recall@own length", "precision")
SYSTEMS: Final = ("ours", "no_model", "no_model rules", "no_model memory", "peer", "trivial")


def main() -> None:
    """Predict with all systems, then score."""
    began = time.monotonic()
    made = parser(__doc__)
    made.add_argument("--dev", default="", help="globs of the cases whose paths may be learned from")
    made.add_argument("--weight", type=float, default=0.3, help="weight of the model's vote in `ours`")
    made.add_argument("--model-cases", default="*", help="globs of the cases on which the model is asked too")
    arguments = made.parse_args()
    data = Path(arguments.data)
    names = [p.parent.name for p in data.glob("*/metadata.json")]
    cases, llm = chosen(names, arguments.cases), model(arguments.model)
    voted = chosen(cases, arguments.model_cases)
    if arguments.dev:
        parts = [(cases, [n for n in chosen(names, arguments.dev) if n not in cases])]
    else:
        parts = [(cases[f::FOLDS], [n for n in cases if n not in cases[f::FOLDS]]) for f in range(FOLDS)]
    registry, per_case = Registry.load(), []
    for tested, dev in parts:
        learned = Learned(data, dev, registry)
        per_case += [
            predicted(data / name, learned, registry, llm if name in voted else None, arguments.weight)
            for name in tested
        ]
    told = scored(data, per_case)
    finish("model/planning_k8s", told, per_case, n=len(per_case), began=began, out=arguments.json)


class Learned:
    """What the development cases' expert paths teach: a memory, transitions, the commonest calls."""

    def __init__(self, data: Path, dev: Sequence[str], registry: Registry) -> None:
        self.memory = Memory()
        self.after: defaultdict[str, Counter[str]] = defaultdict(Counter)
        words: Counter[str] = Counter()
        for name in dev:
            for path in gold(data, name):
                words.update(path)
                with opened(data / name) as context:
                    results = replayed(path, context, registry)
                self.memory.remember(context.incident, results)
                calls = ["", *(c for c, _ in walked(context.incident, results) if c)]
                for before, then in pairwise(calls):
                    self.after[before][then] += 1
        self.commonest = sorted(words, key=lambda w: (-words[w], w))[:CALLS]
        self.calls: Counter[str] = sum(self.after.values(), Counter())


def gold(data: Path, case: str) -> list[list[str]]:
    """The two expert paths, each call once, in the scorer's words; what objects, events and logs tell is asked by our tools."""
    process = json.loads((data / case / "metadata.json").read_text(encoding="utf-8"))["process"]
    return [list(dict.fromkeys(_plain(w) for w in path)) for _, path in sorted(process.items())]


def _plain(word: str) -> str:
    tool, *rest = word.split("::")
    if tool == "DescribeResource" and len(rest) == 2:
        rest[1] = app_of(rest[0], rest[1])
    return "::".join([tool, *rest])


@contextmanager
def opened(folder: Path) -> Iterator[ToolContext]:
    """A case as the tools get it: the report, and the recorded cluster. Nothing of its paths or result is read."""
    with tempfile.TemporaryDirectory() as made:
        incident, (config, *_) = asked_of(folder, Path(made))
        inventory = Inventory(holdings=(Holding(source=config.name, kind="cluster", count=1),))
        sources = SourceSet([open_source(config, folder)])
        yield ToolContext(incident=incident, sources=sources, inventory=inventory)


def replayed(path: Sequence[str], context: ToolContext, registry: Registry) -> list[Result]:
    """An expert path asked through our tools; what they do not offer (recent logs) is left out."""
    done: list[Result] = []
    for word in path:
        found = task_of(word, Seen(context.incident, done))
        if found is not None:
            done.append(registry.call(Task(id=len(done) + 1, tool=found[0], args=found[1]), context))
    return done


def task_of(word: str, seen: Seen) -> tuple[str, dict[str, Any]] | None:
    """An expert's call as one of ours."""
    tool, *rest = word.split("::")
    plural = {"resourcequota": "resourcequotas"}
    match tool, rest:
        case "GetResources", [resource] if resource:
            return "cluster_get", {"resource": plural.get(resource, resource)}
        case "DescribeResource", [resource, name]:
            resource = plural.get(resource, resource)
            return "cluster_describe", {"resource": resource, "name": seen.named(resource, name) or name}
        case (("GetAppYAML" | "GetErrorLogs"), [name]):
            return f"cluster_{'manifest' if tool == 'GetAppYAML' else 'logs'}", {"component": name}
        case "CheckNodeServiceStatus", [node, _]:  # a condition of the node
            return "cluster_describe", {"resource": "nodes", "name": node}
        case "GetClusterConfiguration", _:
            return "cluster_get", {"resource": "nodes"}
        case _:  # connectivity tests, drawn dependencies and the set's own alerts have no objects
            return None


def word_of(tool: str, args: Mapping[str, Any]) -> str:
    """One of our calls in the experts' words."""
    one = {"resourcequotas": "resourcequota"}
    resource, name = str(args.get("resource", "")), str(args.get("name", args.get("component", "")))
    kind = one.get(resource, resource)
    return {
        "cluster_get": f"GetResources::{kind}",
        "cluster_describe": f"DescribeResource::{kind}::{app_of(resource, name)}",
        "cluster_manifest": f"GetAppYAML::{name}",
        "cluster_logs": f"GetErrorLogs::{name}",
    }[tool]


def predicted(folder: Path, learned: Learned, registry: Registry, llm: Llm | None, weight: float) -> Case:
    """The calls of every system on one case."""
    memory = learned.memory
    runs: dict[str, Callable[[], Case]] = {
        "no_model": lambda: stepwise(folder, registry, memory=memory),
        "no_model rules": lambda: stepwise(folder, registry),
        "no_model memory": lambda: stepwise(folder, registry, memory=memory, rules=()),
        "peer": lambda: by_frequency(folder, registry, learned),
    }
    if llm is not None:
        runs["ours"] = lambda: stepwise(folder, registry, memory=memory, llm=llm, weight=weight)
    told: Case = {"case": folder.name} | {system: run() for system, run in runs.items()}
    told["trivial"] = {"calls": learned.commonest, "valid": [], "tokens": 0, "seconds": 0.0}
    return told


def stepwise(folder: Path, registry: Registry, **how: Any) -> Case:
    """The product's stepwise planner on one case."""
    began, tokens, votes, words, valid = time.monotonic(), 0, 0, [], []
    with opened(folder) as context:
        for step, result in investigate(registry, context, calls=CALLS, **how):
            words.append(word_of(step.task.tool, step.task.args))
            valid.append(result.status != "error")
            votes += step.choice is not None
            tokens += step.choice.prompt_tokens if step.choice else 0
    seconds = time.monotonic() - began
    return {"calls": words, "valid": valid, "tokens": tokens, "votes": votes, "seconds": round(seconds, 3)}


def by_frequency(folder: Path, registry: Registry, learned: Learned) -> Case:
    """The call that most often followed the last one, else the commonest, that was not asked yet."""
    with opened(folder) as context:
        return _by_frequency(context, registry, learned)


def _by_frequency(context: ToolContext, registry: Registry, learned: Learned) -> Case:
    began, done = time.monotonic(), list[Result]()
    last, words = "", list[str]()
    while len(done) < CALLS:
        seen = Seen(context.incident, done)
        counts = learned.after[last]
        ranked = sorted(learned.calls, key=lambda c: (-counts[c], -learned.calls[c], c))
        found = next(
            (
                (call, args)
                for call in ranked
                for args in instances(call, seen)
                if word_of(tool_of(call), args) not in words
            ),
            None,
        )
        if found is None:
            break
        last, args = found
        words.append(word_of(tool_of(last), args))
        done.append(registry.call(Task(id=len(done) + 1, tool=tool_of(last), args=args), context))
    valid = [r.status != "error" for r in done]
    return {"calls": words, "valid": valid, "tokens": 0, "seconds": round(time.monotonic() - began, 3)}


def scored(data: Path, per_case: Sequence[Case]) -> list[dict[str, Any]]:
    """Rows of all systems, and the paired difference of the model."""
    made: list[dict[str, Any]] = []
    paths = {c["case"]: gold(data, c["case"]) for c in per_case}
    figures: dict[str, dict[str, list[float]]] = {}
    for system in SYSTEMS:
        found: dict[str, list[float]] = defaultdict(list)
        for case in (c for c in per_case if system in c):
            for metric, value in measures(case[system], paths[case["case"]]).items():
                found[metric].append(value)
        made += rows(system, found)
        figures[system] = found
    with_model = [n for n, case in enumerate(per_case) if "ours" in case]
    for metric in PAIRED if with_model else ():
        without = [figures["no_model"][metric][n] for n in with_model]
        made.append(paired("ours - no_model", metric, figures["ours"][metric], without))
    for metric in PAIRED:
        pair = (figures["no_model"][metric], figures["no_model rules"][metric])
        made.append(paired("no_model - rules", metric, *pair))
    return made


def measures(run: Case, paths: Sequence[Sequence[str]]) -> dict[str, float]:
    """The figures of one run against the shorter path (of equally long ones the first)."""
    calls: list[str] = run["calls"]
    short = min(paths, key=len)
    share: Callable[[Sequence[str], Sequence[str]], float] = lambda got, path: mean([p in got for p in path])  # noqa: E731
    either = {word for path in paths for word in path}
    told = {
        f"recall@{CALLS}": share(calls, short),
        "recall@own length": share(calls[: len(short)], short),
        "recall@8, better path": max(share(calls, path) for path in paths),
        "whole shorter path": float(share(calls, short) == 1.0),
        "precision": mean([c in either for c in calls]) if calls else 0.0,
        "calls": len(calls),
        "repeated": len(calls) - len(set(calls)),
        "tokens": run["tokens"],
        "seconds": run["seconds"],
    }
    return told | ({"valid": mean(run["valid"])} if run["valid"] else {})


def paired(
    name: str, metric: str, one: Sequence[float], other: Sequence[float], rounds: int = 4000
) -> dict[str, Any]:
    """The mean difference case by case, with its paired bootstrap interval."""
    gaps, chance = [a - b for a, b in zip(one, other, strict=True)], random.Random(0)
    means = sorted(mean(chance.choices(gaps, k=len(gaps))) for _ in range(rounds))
    ends = [round(means[int(q * rounds)], 4) for q in (0.025, 0.975)]
    return {"system": name, "metric": metric, "value": round(mean(gaps), 4), "n": len(gaps), "ci95": ends}


if __name__ == "__main__":
    main()
