"""What every benchmark here shares: its arguments, its rows with intervals, its table and its JSON.

python benchmarks/AREA/TASK.py --data DIR [--cases GLOB] --json OUT
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import random
import resource
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Case = dict[str, Any]
System = str  # ours | no_model | peer | trivial; a suffix after a blank tells several peers apart


def parser(doc: str | None) -> argparse.ArgumentParser:
    """The arguments of the contract; a script may add its own."""
    made = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    made.add_argument("--data", required=True, help="the data folder")
    made.add_argument("--cases", default="*", help="glob over case names")
    made.add_argument("--json", default="", help="write the result here")
    made.add_argument("--model", default="none", help="also run with this model: catalogue name or GGUF path")
    return made


def chosen(names: Iterable[str], pattern: str) -> list[str]:
    """The names that a glob (or several, comma-separated) takes, sorted."""
    patterns = pattern.split(",")
    return sorted(n for n in names if any(fnmatch.fnmatchcase(n, p) for p in patterns))


def interval(values: Sequence[float], rounds: int = 2000) -> list[float]:
    """Percentile bootstrap of the mean over cases, 95 %."""
    chance = random.Random(0)
    means = sorted(mean(chance.choices(values, k=len(values))) for _ in range(rounds))
    return [round(means[int(0.025 * rounds)], 4), round(means[int(0.975 * rounds)], 4)]


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    return sum(values) / len(values)


def rows(system: System, measured: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """One row per metric that has values, each with its number of cases and interval."""
    return [
        {
            "system": system,
            "metric": metric,
            "value": round(mean([float(v) for v in values]), 4),
            "n": len(values),
            "ci95": interval([float(v) for v in values]),
        }
        for metric, values in measured.items()
        if values
    ]


def hits(ranking: Sequence[str], truth: Iterable[str], k: int) -> bool:
    """Whether an accepted answer is among the first k (A@k; ties were broken by the ranking's own fixed order)."""
    accepted = set(truth)
    return any(name in accepted for name in ranking[:k])


def table(made: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a table: metrics down, systems across, value [interval] n."""
    systems = list(dict.fromkeys(str(r["system"]) for r in made))
    metrics = list(dict.fromkeys(str(r["metric"]) for r in made))
    cell: Callable[[str, str], str] = lambda m, s: next(  # noqa: E731
        (
            f"{r['value']:.3g} [{r['ci95'][0]:.2g}, {r['ci95'][1]:.2g}] {r['n']}"
            for r in made
            if (r["metric"], r["system"]) == (m, s)
        ),
        "-",
    )
    wide = max([28, *(len(m) + 2 for m in metrics)])
    width = max([24, *(len(s) + 2 for s in systems)])
    lines = [f"{'metric':<{wide}}" + "".join(f"{s:<{width}}" for s in systems)]
    lines += [f"{m:<{wide}}" + "".join(f"{cell(m, s):<{width}}" for s in systems) for m in metrics]
    return "\n".join(lines)


def finish(
    task: str,
    made: Sequence[dict[str, Any]],
    per_case: Sequence[Case],
    *,
    n: int,
    began: float,
    out: str,
    judged: Sequence[Case] = (),
) -> dict[str, Any]:
    """Print the table and write the contract's JSON; `began` is `time.monotonic()` at the start.

    `judged` holds what the scorer says of each verdict without a model (id, verdict, probability, right), for
    benchmarks/rca/calibration.py; `per_case` holds predictions, and under `given_up` what a diagnosis did not look at because
    its time was over: a figure with such a case in it depends on the machine.
    """
    print(table(made))
    told = {
        "task": task,
        "n": n,
        "rows": list(made),
        "per_case": list(per_case),
        "judged": list(judged),
        "given_up": {str(c["id"]): c["given_up"] for c in per_case if c.get("given_up")},
        "seconds": round(time.monotonic() - began, 1),
        "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "commit": commit(),
    }
    print(
        f"\n{task}: {n} cases, {told['seconds']} s, peak RSS {int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)} MiB"
    )
    if told["given_up"]:
        print(f"not all was looked at in {len(told['given_up'])} cases: their time was over")
    if out:
        Path(out).write_text(json.dumps(told, indent=1, ensure_ascii=False, default=str), encoding="utf-8")
    return told


def commit() -> str:
    """The checkout's commit, with a mark where files differ from it."""
    found = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"
