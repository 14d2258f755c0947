"""Recorded scenarios: ours with the model, ours without, and the component that moved most, from one run.

    python benchmarks/replay/scenarios.py --data scenarios --cases '*' --json out.json

Takes any folder of scenario folders (docs/scenarios.md). The answers are read by the scorer only.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aitia.agent.facts import is_anomaly
from aitia.core.llm import Llm
from aitia.graphs.replay import Replayed, replay
from aitia.graphs.state import Options

RULES = Options(planner="rules", narrator="template")
METRICS = (
    "verdict",
    "component@1",
    "pair@1",
    "pair@3",
    "false_cause",
    "grounded",
    "by_model",
    "repeated_calls",
    "seconds",
)


def main() -> int:
    """Run the benchmark."""
    args = _arguments()
    folders = sorted(p.parent for p in Path(args.data).glob(f"{args.cases}/scenario.yaml"))
    if not folders:
        print(
            f"error: give --data a folder of scenario folders: none matches {args.cases!r} in {args.data!r}",
            file=sys.stderr,
        )
        return 2
    start = time.monotonic()
    llm = _model(args.model)
    per_case = [case for folder in folders for case in _case(folder, llm)]
    systems = ["ours", "no_model", "trivial"] if llm else ["no_model", "trivial"]
    rows = [
        row for system in systems for row in _rows(system, [c for c in per_case if c["system"] == system])
    ]
    _print(rows, per_case, systems)
    told = {
        "task": "replay",
        "n": len(folders),
        "rows": rows,
        "per_case": per_case,
        "given_up": {c["id"]: c["given_up"] for c in per_case if c.get("given_up")},
        "seconds": round(time.monotonic() - start, 1),
        "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "commit": _commit(),
    }
    if args.json:
        Path(args.json).write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", required=True, help="a folder of scenario folders")
    parser.add_argument("--cases", default="*", help="glob over their names")
    parser.add_argument("--json", default="", help="write the result here")
    parser.add_argument("--model", default="default", help="catalogue name, GGUF path, or none")
    return parser.parse_args()


def _model(name: str) -> Llm | None:
    if name == "none":
        return None
    from aitia.models.load import load_llm

    return load_llm(name, fetch_missing=True)


def _case(folder: Path, llm: Llm | None) -> list[dict[str, Any]]:
    cases = []
    with tempfile.TemporaryDirectory() as home:
        if llm:
            cases.append(_scored("ours", replay(folder, home=Path(home), llm=llm, options=Options())))
        rules = replay(folder, home=Path(home), llm=None, options=RULES)
        cases.append(_scored("no_model", rules))
    cases.append(_trivial(rules))
    return cases


def _scored(system: str, done: Replayed) -> dict[str, Any]:
    expected, score = done.scenario.expected, done.score
    components = {expected.component, *(a.component for a in expected.alternatives)}
    return score | {
        "system": system,
        "component_right": score["component"] in components if expected.verdict == "cause" else None,
    }


def _trivial(done: Replayed) -> dict[str, Any]:
    """Always a cause, and always at the component whose strongest fact is the strongest of all."""
    moved = [e for e in done.report.evidence if is_anomaly(e)]
    top = max(moved, key=lambda e: (e.strength, e.id)).component if moved else ""
    expected = done.scenario.expected
    components = {expected.component, *(a.component for a in expected.alternatives)}
    cause = expected.verdict == "cause"
    return {
        "id": done.scenario.id, "system": "trivial", "expected": expected.verdict, "verdict": "cause", "component": top,
        "fault": "", "probability": 1.0, "correct": False, "rank": None, "grounded": 0.0, "by_model": 0,
        "component_right": top in components if cause else None, "repeated_calls": 0, "seconds": 0.0,
    }  # fmt: skip


def _rows(system: str, cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    causes = [c for c in cases if c["expected"] == "cause"]
    others = [c for c in cases if c["expected"] != "cause"]
    measured: dict[str, list[float]] = {
        "verdict": [c["verdict"] == c["expected"] for c in cases],
        "component@1": [bool(c["component_right"]) for c in causes],
        "pair@1": [c["rank"] == 1 for c in causes],
        "pair@3": [c["rank"] is not None and c["rank"] <= 3 for c in causes],
        "false_cause": [c["verdict"] == "cause" for c in others],
        "grounded": [c["grounded"] for c in cases],
        "by_model": [c["by_model"] for c in cases],
        "repeated_calls": [c["repeated_calls"] for c in cases],
        "seconds": [c["seconds"] for c in cases],
    }
    return [
        {"system": system, "metric": metric, "value": round(_mean(values), 4), "ci95": _ci(values)}
        for metric, values in measured.items()
        if values
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _ci(values: Sequence[float], rounds: int = 2000) -> list[float]:
    """Percentile bootstrap over cases."""
    chance = random.Random(0)
    means = sorted(_mean(chance.choices(values, k=len(values))) for _ in range(rounds))
    return [round(means[int(0.025 * rounds)], 4), round(means[int(0.975 * rounds)], 4)]


def _print(
    rows: Sequence[dict[str, Any]], per_case: Sequence[dict[str, Any]], systems: Sequence[str]
) -> None:
    value: Callable[[str, str], str] = lambda s, m: next(  # noqa: E731
        (
            f"{r['value']:.3g} [{r['ci95'][0]:.2g}, {r['ci95'][1]:.2g}]"
            for r in rows
            if (r["system"], r["metric"]) == (s, m)
        ),
        "-",
    )
    print(f"{'metric':<16}" + "".join(f"{s:<24}" for s in systems))
    for metric in METRICS:
        print(f"{metric:<16}" + "".join(f"{value(s, metric):<24}" for s in systems))
    print()
    print(f"{'case':<28}{'expected':<10}" + "".join(f"{s:<44}" for s in systems))
    for name in dict.fromkeys(c["id"] for c in per_case):
        mine = {c["system"]: c for c in per_case if c["id"] == name}
        print(
            f"{name:<28}{mine[systems[0]]['expected']:<10}"
            + "".join(f"{_answer(mine[s]):<44}" for s in systems)
        )


def _answer(case: dict[str, Any]) -> str:
    right = "+" if case["correct"] else "-"
    named = f"{case['component']} {case['fault']}".strip() or case["verdict"]
    return f"{right} {named} {case['probability']:.2f}"


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
