"""When a run may stop: how many calls it takes until the verdict stands, and how often it stands rightly.

    python benchmarks/model/stopping.py --data DIR [--cases GLOB] [--stop-at P] [--home DIR] [--write FILE] [--sealed] --json OUT

DIR is any folder of scenario folders, at any depth. Each is diagnosed whole, by rules; then weighed after each of its calls,
those first after which verdicts changed most often (agent/planning/stopping.py). `ours` stops there where no further call should
change the verdict, learned from the other systems; `peer` where the verdict's own probability is P; `trivial` makes the first
six calls as they are planned; `no_model` is the whole run. Told are the shares of calls, of the tools' seconds and of facts that
were made, how often the verdict is that of the whole run, and how often each is right. Answers are read by the scorer alone.
`--home` keeps the runs, so that they are not made again. `--write agent/planning/stopping.json` keeps what all systems taught;
`--sealed` judges by that file as it is and tells totals only.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from langgraph.runtime import Runtime
from scipy.optimize import minimize

from aitia.agent.planning.stopping import FEATURES, WAVE, Turning, turning
from aitia.agent.weigher import Weighed
from aitia.core.errors import NotRecorded
from aitia.core.events import PlanMade
from aitia.core.scenario import Expected, load_scenario
from aitia.core.store import RunStore
from aitia.core.words import Component, Result, Task
from aitia.graphs.nodes import judging
from aitia.graphs.replay import accepted, replay
from aitia.graphs.rerun import recorded
from aitia.graphs.state import Context, Options, State
from benchmarks.contract import Case, finish, parser, rows
from benchmarks.lab.data import incidents, left_out

RULES: Final = Options(planner="rules", narrator="template")
RIDGE: Final = 1.0
OPENING: Final = 2  # calls of the first scan and of runbooks, which every run makes
FIXED: Final = 6  # calls of the trivial way
Verdict = list[Any]  # verdict, component, fault, probability


def main() -> int:
    """Diagnose, weigh after each call, fit with systems left out, score."""
    made = parser(__doc__)
    made.add_argument("--stop-at", type=float, default=0.95)
    made.add_argument("--home", default="", help="keep the runs here")
    made.add_argument("--write", default="", help="write what was learned here")
    made.add_argument(
        "--sealed", action="store_true", help="judge the file that comes with aitia; totals only"
    )
    arguments = made.parse_args()
    began = time.monotonic()
    found = incidents(Path(arguments.data), arguments.cases)
    with tempfile.TemporaryDirectory() as aside:
        home = Path(arguments.home or aside)
        cases = [_case(i.folder, i.system, home, n, len(found)) for n, i in enumerate(found, 1)]
        shares = turning().turns if arguments.sealed else _turns(cases, "planned")
        for case in cases:
            case["ordered"] = _ordered(case, home, shares)
    for case in cases:
        learned = (
            turning() if arguments.sealed else _fitted([c for c in cases if c["system"] != case["system"]])
        )
        case["stops"] = {
            "ours": _ours(case, learned, arguments.stop_at),
            "peer": _peer(case, arguments.stop_at),
            "trivial": FIXED,
            "no_model": len(case["ordered"]["calls"]),
        }
    if arguments.write:
        whole = _fitted(cases).model_dump(mode="json")
        Path(arguments.write).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    answers = {c["case"]: load_scenario(Path(c["folder"])).expected for c in cases}
    told = [
        row
        for system in ("ours", "no_model", "peer", "trivial")
        for row in rows(system, _scored(cases, system, answers))
    ]
    finish(
        "model/stopping",
        told,
        [] if arguments.sealed else cases,
        n=len(cases),
        began=began,
        out=arguments.json,
    )
    return 0


def _case(folder: Path, system: str, home: Path, n: int, of: int) -> Case:
    """A diagnosed incident: which calls its rounds planned, and the verdict after each of them, as planned."""
    index = home / "index.json"
    runs: dict[str, str] = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
    name = folder.name
    if name not in runs:
        print(f"{n}/{of} {name}", file=sys.stderr, flush=True)
        with left_out(
            system
        ):  # as benchmarks/lab/incidents.py: a system that weights were learned from is weighed without it
            runs[name] = replay(folder, home=home, llm=None, options=RULES).report.run
        index.write_text(json.dumps(runs), encoding="utf-8")
    store = RunStore.open(home, runs[name])
    rounds = [[t.id for t in e.tasks] for e in store.events() if isinstance(e, PlanMade)]
    results = store.results()
    opening = [t for t in sorted(results) if not any(t in r for r in rounds)]
    rounds = [[t for t in r if t in results] for r in (opening, *rounds)]
    case: Case = {
        "case": name,
        "folder": str(folder),
        "system": system or name,
        "run": runs[name],
        "rounds": rounds,
    }
    case["components"] = [c.model_dump(mode="json") for c in store.report().inventory.components]
    case["tools"] = {t: r.tool for t, r in results.items()}
    case["seconds"] = {t: r.seconds for t, r in results.items()}
    case["facts"] = {t: len(r.evidence) for t, r in results.items()}
    with left_out(system):
        case["planned"] = _weighed(store, results, [t for r in rounds for t in r])
    return case


def _ordered(case: Case, home: Path, shares: Mapping[str, float]) -> dict[str, Any]:
    """The calls in the order of a run that may stop, and the verdict after each."""
    most = max(shares.values())
    first, *later = case["rounds"]
    order = [
        *first,
        *(t for r in later for t in sorted(r, key=lambda t: -shares.get(case["tools"][t], most))),
    ]
    store = RunStore.open(home, case["run"])
    with left_out(case["system"]):
        return {"calls": order, "verdicts": _weighed(store, store.results(), order)}


def _weighed(store: RunStore, results: Mapping[int, Result], order: Sequence[int]) -> list[Verdict]:
    """The verdict after each call."""
    context = recorded(store, _nothing)
    opened = context.open()
    runtime: Runtime[Context] = Runtime(context=context, stream_writer=lambda _: None)
    told = []
    for end in range(1, len(order) + 1):
        now = order[:end]
        state: State = {
            "incident": opened.incident.model_dump(mode="json"),
            "inventory": opened.inventory.model_dump(mode="json"),
            "tasks": {
                t: Task(id=t, tool=results[t].tool, args=results[t].args).model_dump(mode="json") for t in now
            },
            "results": {t: results[t].model_dump(mode="json") for t in now},
            "round": 1,
        }
        found = judging.gather(state, runtime)["weighed"]
        told.append([found["verdict"], found["component"], found["fault"], found["probability"]])
    return told


def _nothing(task: Task) -> Result:
    raise NotRecorded(f"Task {task.id} ({task.tool}) has not returned.")


def _turns(cases: Sequence[Case], which: str) -> dict[str, float]:
    """How often the verdict was another one after a call of each tool; a little less sure of those that were seldom made."""
    made: Counter[str] = Counter()
    turned: Counter[str] = Counter()
    for case in cases:
        calls, verdicts = _calls(case, which)
        for at in range(OPENING, len(calls)):
            tool = case["tools"][calls[at]]
            made[tool] += 1
            turned[tool] += verdicts[at][:3] != verdicts[at - 1][:3]
    return {tool: round((turned[tool] + 0.5) / (made[tool] + 2), 4) for tool in sorted(made)}


def _calls(case: Case, which: str) -> tuple[list[int], list[Verdict]]:
    if which == "planned":
        return [t for r in case["rounds"] for t in r], case["planned"]
    return case["ordered"]["calls"], case["ordered"]["verdicts"]


def _looks(case: Case) -> Iterator[tuple[int, list[str]]]:
    """After how many calls a run looks whether to stop, with the tools of its round, or of the next one, that are left."""
    calls, at = case["ordered"]["calls"], len(case["rounds"][0])
    sizes = [len(r) for r in case["rounds"][1:]]
    for n, size in enumerate(sizes):
        for done in [*range(WAVE, size, WAVE), size]:
            left = (
                calls[at + done : at + size]
                if done < size
                else calls[at + size : at + size + sum(sizes[n + 1 : n + 2])]
            )
            if left:
                yield at + done, [case["tools"][t] for t in left]
        at += size


def _fitted(cases: Sequence[Case]) -> Turning:
    """Ridge logistic regression of another verdict in the end, on what is known at each look; each system weighs alike."""
    shares = Turning(turns=_turns(cases, "ordered"), bias=0.0, weights=dict.fromkeys(FEATURES, 0.0))
    looks = [
        (
            list(shares.features(v[0], v[3], left).values()),
            v[:3] != case["ordered"]["verdicts"][-1][:3],
            case["system"],
        )
        for case in cases
        for at, left in _looks(case)
        for v in (case["ordered"]["verdicts"][at - 1],)
    ]
    x = np.array([f for f, _, _ in looks])
    y = np.array([turned for _, turned, _ in looks], dtype=float)
    counts = Counter(s for _, _, s in looks)
    weight = np.array([1 / math.sqrt(counts[s]) for _, _, s in looks])
    weight *= len(looks) / weight.sum()

    def loss(w: Any) -> float:
        z = x @ w[:-1] + w[-1]
        return float((weight * (np.logaddexp(0, z) - y * z)).sum() + RIDGE * (w[:-1] ** 2).sum() / 2)

    w = minimize(loss, np.zeros(x.shape[1] + 1)).x
    weights = {n: round(float(v), 4) for n, v in zip(FEATURES, w, strict=False)}
    return Turning(turns=shares.turns, bias=round(float(w[-1]), 4), weights=weights)


def _ours(case: Case, learned: Turning, least: float) -> int:
    for at, left in _looks(case):
        verdict, component, fault, probability = case["ordered"]["verdicts"][at - 1]
        now = Weighed(verdict=verdict, component=component, fault=fault, probability=probability)
        if 1 - learned.chance(now, left) >= least:
            return at
    return len(case["ordered"]["calls"])


def _peer(case: Case, least: float) -> int:
    for at, _ in _looks(case):
        verdict, _, _, probability = case["ordered"]["verdicts"][at - 1]
        if verdict != "unknown" and probability >= least:
            return at
    return len(case["ordered"]["calls"])


def _scored(cases: Sequence[Case], system: str, answers: Mapping[str, Expected]) -> dict[str, list[float]]:
    told: dict[str, list[float]] = {}
    for case in cases:
        calls, verdicts = _calls(case, "planned" if system == "trivial" else "ordered")
        stop = min(case["stops"][system], len(calls))
        now = verdicts[stop - 1]
        for metric, value in (
            ("calls", stop / len(calls)),
            ("seconds", _share(case["seconds"], calls, stop)),
            ("facts", _share(case["facts"], calls, stop)),
            ("verdict of the whole run", now[:3] == verdicts[-1][:3]),
            ("right", _right(now, answers[case["case"]], case)),
            ("wrong cause", now[0] == "cause" and not _right(now, answers[case["case"]], case)),
        ):
            told.setdefault(metric, []).append(float(value))
    return told


def _share(taken: Mapping[int, float], calls: Sequence[int], stop: int) -> float:
    whole = sum(taken[t] for t in calls)
    return sum(taken[t] for t in calls[:stop]) / whole if whole else 1.0


def _right(verdict: Verdict, expected: Expected, case: Case) -> bool:
    if verdict[0] != expected.verdict:
        return False
    return verdict[0] != "cause" or accepted(
        expected, [Component.model_validate(c) for c in case["components"]], verdict[1], verdict[2]
    )


if __name__ == "__main__":
    sys.exit(main())
