"""Planning: the first 8 calls for an incident against the paths of an expert, before any result is seen.

    python benchmarks/model/planning.py --data FILE_OR_DIR --json OUT [--model NAME] [--weight W]

A case is a line: {"id", "title", "text", "hints", "sources", "components": [{"id", "type", "calls"}], "path", "other",
"cause"}, where `path` and `other` are two good ways, lists of {"tool", "args"}. Only the scorer reads them; the row
`memory` alone reads the paths of the *other* cases, as past plans (leave one out).
Systems: `ours` (rules and the model's vote), `no_model` (rules), `memory` (rules and memory), `trivial` (tools as they are
registered), `peer` (the tools whose docstrings are most like the report, by TF-IDF: a tool retriever).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.planning import planner
from aitia.agent.planning.defaults import Roles
from aitia.agent.planning.plans import PastPlan, kinds_of, nearest, step_of, text_of
from aitia.agent.planning.score import NO_GUIDES, Guides, usable
from aitia.agent.planning.validate import call_key, validated
from aitia.core.errors import BadInput
from aitia.core.lexical import LexicalIndex
from aitia.core.llm import Llm
from aitia.core.words import (
    Component,
    ComponentType,
    Holding,
    Incident,
    Inventory,
    Link,
    SourceKind,
    Task,
    Window,
)
from aitia.tools import Registry
from aitia.tools.memory.terms import terms
from benchmarks import contract

CALLS = 8
ANSWERS = ("path", "other", "cause")
TYPES = get_args(ComponentType)
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
UNCALIBRATED = 0.3  # the vote's weight where the model's calibration gives none: only to see what it would do


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that a planner may know of a case."""

    incident: Incident
    inventory: Inventory


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A system's calls in order, with what they took."""

    tasks: Sequence[Task]
    tokens: int = 0
    seconds: float = 0.0
    asked: bool = False


def seen(case: Mapping[str, Any]) -> Seen:
    """The case without its answers."""
    known = {k: v for k, v in case.items() if k not in ANSWERS}
    types = {c["id"]: c["type"] if c.get("type") in TYPES else "unknown" for c in known["components"]}
    components = tuple(
        Component(
            id=c["id"],
            type=types[c["id"]],
            links=tuple(_link(c["id"], to, types) for to in c.get("calls", ())),
        )
        for c in known["components"]
    )
    holdings = tuple(
        Holding(source=kind, kind=kind, components=tuple(types), count=1)
        for kind in known["sources"]
        if kind in get_args(SourceKind)  # two cases name `events`, which is no kind of source any more
    )
    incident = Incident(
        id=str(known["id"]),
        title=known["title"],
        text=known.get("text", ""),
        started_at=AT,
        window=Window(start=AT, end=AT.replace(hour=11)),
        hints=tuple(known.get("hints", ())),
    )
    return Seen(incident=incident, inventory=Inventory(holdings=holdings, components=components))


def _link(start: str, to: str, types: Mapping[str, str]) -> Link:
    """What is listed under `calls`, by the types of both ends: nothing calls a node, and a part calls no machine."""
    if types.get(to) == "node" and types[start] != "node":
        return Link(relation="runs_on", to=to)
    part = types[start] in ("part", "channel") and types.get(to) in ("machine", "asset")
    return Link(relation="part_of" if part else "calls", to=to)


def plan(case: Seen, registry: Registry, *, guides: Guides = NO_GUIDES, llm: Llm | None = None) -> Planned:
    """The product's own order."""
    began = time.perf_counter()
    made = planner.ordered(registry, case.inventory, case.incident, limit=CALLS, guides=guides, llm=llm)
    tokens = made.choice.prompt_tokens if made.choice else 0
    took = time.perf_counter() - began
    return Planned(tasks=made.plan.tasks, tokens=tokens, seconds=took, asked=made.choice is not None)


def trivial(case: Seen, registry: Registry) -> Planned:
    """The tools in the order in which they are registered."""
    return _calls(case, [s.name for s in usable(registry, case.inventory)], registry)


def retrieved(case: Seen, registry: Registry) -> Planned:
    """The tools whose names and docstrings are most like the report."""
    specs = usable(registry, case.inventory)
    alike = LexicalIndex([terms(f"{s.name} {s.doc}") for s in specs]).cosine(terms(text_of(case.incident)))
    order = sorted(range(len(specs)), key=lambda i: -round(float(alike[i]), 9))
    return _calls(case, [specs[i].name for i in order], registry)


def _calls(case: Seen, tools: Sequence[str], registry: Registry) -> Planned:
    """Calls of tools in order, targeted ones about what the alarm names first."""
    known = [c.id for c in case.inventory.components]
    about = next(iter([*Roles(case.incident, case.inventory).alarmed, *known]), "")
    args = [{registry[t].target: about} if registry[t].target else {} for t in tools]
    tasks = [Task(id=n, tool=t, args=a) for n, (t, a) in enumerate(zip(tools, args, strict=True), 1)]
    return Planned(tasks=tasks[:CALLS])


def memory(cases: Sequence[Mapping[str, Any]]) -> list[PastPlan]:
    """Each case's first path as a plan that was confirmed."""
    made = []
    for case in cases:
        one = seen(case)
        roles = Roles(one.incident, one.inventory)
        path = [step_of(c["tool"], c.get("args", {}).values(), roles) for c in case["path"]]
        made.append(
            PastPlan(
                id=one.incident.id, text=text_of(one.incident), sources=kinds_of(one.inventory),
                fault=str(case.get("cause", "")), path=tuple(dict.fromkeys(path)), confirmed=True,
            )
        )  # fmt: skip
    return made


def predictions(
    cases: Sequence[Mapping[str, Any]], registry: Registry, llm: Llm | None, weight: float
) -> dict[str, list[Planned]]:
    """Each system's calls for each case; `ours` only with a model."""
    shown = [seen(c) for c in cases]
    past = memory(cases)
    made = {
        "no_model": [plan(s, registry) for s in shown],
        "memory": [plan(s, registry, guides=_recalled(s, past)) for s in shown],
        "trivial": [trivial(s, registry) for s in shown],
        "peer": [retrieved(s, registry) for s in shown],
    }
    if llm is None:
        return made
    guides = Guides(vote_weight=weight)
    return {"ours": [plan(s, registry, guides=guides, llm=llm) for s in shown], **made}


def _recalled(case: Seen, past: Sequence[PastPlan]) -> Guides:
    others = [p for p in past if p.id != case.incident.id]
    return Guides(past=tuple(nearest(others, case.incident, case.inventory)))


def score(case: Mapping[str, Any], planned: Planned, registry: Registry) -> dict[str, float]:
    """How many of the shorter path's calls are among the first 8, and how many of the 8 are on either path."""
    paths = [_keys(case[name], registry) for name in ("path", "other") if case.get(name)]
    shorter, either = min(paths, key=len), {k for p in paths for k in p}
    got = [call_key(t, registry) for t in planned.tasks]
    one, short = seen(case), got[: len(shorter)]
    tools, wanted = {t.tool for t in planned.tasks}, {k.partition(":")[0] for k in shorter}
    valid, _ = validated(planned.tasks, registry, one.inventory, ())
    return {
        "recall@8": len(set(shorter) & set(got)) / len(set(shorter)),
        "recall@8, tools only": len(tools & wanted) / len(wanted),
        "precision@8": _share(got, either),
        "precision at the path's length": _share(short, either),
        "repeated calls": float(len(got) - len(set(got))),
        "valid plan": float(len(valid) == len(planned.tasks) > 0),
        "calls": float(len(got)),
        "votes": float(planned.asked),
        "tokens": float(planned.tokens),
        "seconds": planned.seconds,
    }


def _keys(calls: Iterable[Mapping[str, Any]], registry: Registry) -> list[str]:
    return [call_key(Task(id=0, tool=c["tool"], args=dict(c.get("args", {}))), registry) for c in calls]


def _share(calls: Sequence[str], accepted: set[str]) -> float:
    return sum(c in accepted for c in calls) / len(calls) if calls else 0.0


def read(data: Path) -> list[dict[str, Any]]:
    """The cases of a file, or of the files `incidents*.jsonl` of a folder. Raises BadInput."""
    files = sorted(data.glob("incidents*.jsonl")) if data.is_dir() else [data]
    cases: list[dict[str, Any]] = []
    for file in files:
        for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                case = json.loads(line)
                if absent := [k for k in ("id", "title", "sources", "components", "path") if k not in case]:
                    raise BadInput(f"Fix line {n} of {file}: {', '.join(absent)} missing.")
                cases.append(case)
    return cases


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--weight", type=float, default=-1.0, help="of the vote; default: by calibration")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    began, registry = time.monotonic(), Registry.load()
    names = {str(c["id"]): c for c in read(Path(args.data))}
    cases = [names[n] for n in contract.chosen(names, args.cases)]
    if not cases:
        print("error: give --data with a file of incidents", file=sys.stderr)
        return 2
    llm, weight = None, 0.0
    if args.model != "none":
        from aitia.models.calibration import vote_weight
        from aitia.models.load import load_llm

        llm = load_llm(args.model, threads=args.threads)
        calibrated = vote_weight(llm.sha256, "next_check")
        weight = args.weight if args.weight >= 0 else calibrated or UNCALIBRATED
        print(f"{llm.name}: calibrated weight of its vote {calibrated:g}, here {weight:g}")
    made = predictions(cases, registry, llm, weight)
    scores = {
        s: [score(c, p, registry) for c, p in zip(cases, every, strict=True)] for s, every in made.items()
    }
    rows = [
        r
        for s, every in scores.items()
        for r in contract.rows(s, {m: [e[m] for e in every] for m in every[0]})
    ]
    if "ours" in scores:
        rows += _difference(scores["ours"], scores["no_model"])
    told = [
        {"id": c["id"], **{s: [_text(t) for t in made[s][i].tasks] for s in made}}
        for i, c in enumerate(cases)
    ]
    contract.finish("planning", rows, told, n=len(cases), began=began, out=args.json)
    return 0


def _difference(on: Sequence[dict[str, float]], off: Sequence[dict[str, float]]) -> list[dict[str, Any]]:
    """The model's gain with the interval of a paired bootstrap over cases."""
    metrics: Callable[[str], list[float]] = lambda m: [a[m] - b[m] for a, b in zip(on, off, strict=True)]  # noqa: E731
    wanted = ("recall@8", "recall@8, tools only", "precision@8", "precision at the path's length")
    return contract.rows("ours - no_model", {m: metrics(m) for m in wanted})


def _text(task: Task) -> str:
    return " ".join([task.tool, *(f"{k}={v}" for k, v in sorted(task.args.items()))])


if __name__ == "__main__":
    sys.exit(main())
