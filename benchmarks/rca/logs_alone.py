"""Incidents told from logs alone: which component, of what kind, with the line that shows it; and when nothing is wrong.

python benchmarks/rca/logs_alone.py --data DIR [--cases GLOB] [--model NAME] --json OUT

DIR holds CASE/{incident.json, logs/, answer.json}. incident.json (title, at, service, text) becomes an alert at `at`, as
Alertmanager sends it; the logs are read as `aitia diagnose --logs CASE/logs` reads them, without what came after `at`.
With a model (`--model`), which reads names and messages alone, there are two diagnoses of each: ours with it, no_model without.
answer.json (healthy, component, also_right, kind, key_line) is read by the scorer alone. The trivial answer names the component
with most error lines in the half hour before the alarm, and quotes its newest one.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia import api
from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError
from aitia.core.words import Report
from aitia.render.terminal import render_text
from aitia.tools.text.headers.levels import RANK
from aitia.tools.text.reader import LogFile
from aitia.tools.text.reading.record import Extract
from benchmarks.contract import Case, chosen, finish, parser, rows

SURE: Final = 0.8
LOOKED: Final = timedelta(minutes=30)  # of the trivial answer
SHOWN: Final = 24  # characters of a key line that must stand in the report, numbers apart
# Which of our fault kinds are the set's; a kind covers what lies below it. `cascade` names a shape, so that any kind will do.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "pool_exhausted": ("resource.connections",),
    "rate_limited": ("software.quota", "resource.overload"),
    "config_change": ("software.configuration",),
    "memory_leak": ("resource.memory",),
    "flapping": ("software.crash", "software.replication", "network.partition", "resource.io"),
    "dependency_unreachable": ("software.dependency", "software.crash", "network"),
    "crash": ("software.crash", "software.exception", "software.failure", "software.configuration"),
    "bad_data": ("software.data",),
    "credentials": ("software.credentials",),
    "disk_full": ("resource.disk",),
    "deadlock": ("software.deadlock", "software.lock_wait"),
    "certificate": ("software.certificate",),
    "cascade": ("",),
}


def main() -> None:
    """Diagnose the chosen incidents, then score."""
    began = time.monotonic()
    made = parser(__doc__)
    arguments = made.parse_args()
    model = None if arguments.model == "none" else arguments.model
    data = Path(arguments.data)
    names = chosen([p.parent.name for p in data.glob("*/incident.json")], arguments.cases)
    per_case = [predicted(data / name, model) for name in names]
    told = scored(data, per_case)
    finish("rca/logs_alone", told, per_case, n=len(names), began=began, out=arguments.json)


def predicted(folder: Path, model: str | None = None) -> Case:
    """The reports on one incident and the trivial answer. Nothing of the answer is read here."""
    asked = json.loads((folder / "incident.json").read_text(encoding="utf-8"))
    at = datetime.fromisoformat(asked["at"])
    case = {"case": folder.name, **diagnosed(folder, asked, at, None)}
    if model is not None:
        case["ours"] = diagnosed(folder, asked, at, model)
    return case | {"trivial": list(most_errors(folder / "logs", at))}


def diagnosed(folder: Path, asked: Mapping[str, Any], at: datetime, model: str | None) -> Case:
    """What a report with a model, or without one, says."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        try:
            report = api.diagnose(
                json.dumps([alert(asked)]), sources=[logs_of(folder)], model=model, planner="rules", narrator="template",
                at=at, home=Path(home),
            )  # fmt: skip
        except AitiaError as error:
            told: Case = {"verdict": "error", "probability": 0.0, "problem": str(error), "first_three": []}
        else:
            told = _told(report)
    return {**told, "seconds": round(time.monotonic() - began, 2)}


def alert(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The alarm as Alertmanager sends it."""
    labels = {"alertname": asked["title"], "service": asked["service"]}
    notes = {"summary": asked["title"], "description": asked["text"]}
    return {"labels": labels, "annotations": notes, "startsAt": asked["at"]}


def logs_of(folder: Path) -> SourceConfig:
    return SourceConfig(name="logs", kind="logs", type="log_files", path=str((folder / "logs").resolve()))


def _told(report: Report) -> Case:
    suspects = [[s.component, s.fault, s.probability] for s in report.suspects if s.component]
    return {
        "verdict": report.verdict,
        "probability": report.probability,
        "component": report.component,
        "fault": report.fault,
        "first_three": suspects[:3],
        "report": render_text(report, width=110),
    }


def most_errors(folder: Path, at: datetime) -> tuple[str, str]:
    """The component with most error lines before the alarm, and the newest of them."""
    counts: Counter[str] = Counter()
    newest: dict[str, str] = {}
    span = ((at - LOOKED).timestamp(), at.timestamp())
    for path in sorted(folder.iterdir()):
        file = LogFile(path, zone=UTC, near=at)
        records = file.records(*span, budget=path.stat().st_size + 1, extract=Extract())
        bad = [r.message for r in records if RANK[r.level] >= RANK["error"]]
        name = _base(path.name.partition(".")[0])
        counts[name] += len(bad)
        newest |= {name: bad[-1]} if bad else {}
    best = max(sorted(counts), key=lambda n: counts[n], default="")
    return (best, newest.get(best, "")) if counts[best] else ("none", "")


def _base(name: str) -> str:
    """A component without the number of its pod."""
    return re.sub(r"-\d+$", "", name)


def scored(data: Path, per_case: Sequence[Case]) -> list[dict[str, Any]]:
    """The rows; answers are read here alone."""
    answers = {
        c["case"]: json.loads((data / c["case"] / "answer.json").read_text(encoding="utf-8"))
        for c in per_case
    }
    with_model: dict[str, list[float]] = {}
    alone: dict[str, list[float]] = {}
    trivial: dict[str, list[float]] = {}
    for case in per_case:
        answer = answers[case["case"]]
        for made, said in ((alone, case), *([(with_model, case["ours"])] if "ours" in case else [])):
            for metric, value in _measures(said, answer).items():
                made.setdefault(metric, []).append(float(value))
        name, line = case["trivial"]
        right = not answer["healthy"] and is_right(name, answer)
        trivial.setdefault("right", []).append(float(right))
        if not answer["healthy"]:
            trivial.setdefault("component@1", []).append(float(right))
            trivial.setdefault("key line shown", []).append(float(_holds(line, answer["key_line"])))
    return [*rows("ours", with_model), *rows("no_model", alone), *rows("trivial", trivial)]


def _measures(case: Case, answer: Mapping[str, Any]) -> dict[str, float]:
    named = case["verdict"] == "cause"
    sure = case["probability"] >= SURE
    if answer["healthy"]:
        return {
            "right": case["verdict"] == "healthy",
            "healthy: a cause is named": named,
            "healthy: with 80 % or more": named and sure,
        }
    first = [component for component, _, _ in case["first_three"]]
    right = named and is_right(case["component"], answer)
    wrong = named and not right
    return {
        "right": right,
        "component@1": bool(first) and is_right(first[0], answer),
        "component@3": any(is_right(c, answer) for c in first),
        "kind, of those right": right and any(_covers(k, case["fault"]) for k in KINDS[answer["kind"]]),
        "key line shown": _holds(case.get("report", ""), answer["key_line"]),
        "wrong cause": wrong,
        "wrong cause with 80 % or more": wrong and sure,
        "nothing wrong, falsely": case["verdict"] == "healthy",
    }


def _covers(kind: str, fault: str) -> bool:
    return not kind or fault == kind or fault.startswith(f"{kind}.")


def is_right(name: str, answer: Mapping[str, Any]) -> bool:
    accepted = {answer["component"], *answer["also_right"]}
    return bool(name) and _base(name) in {_base(a) for a in accepted}


def _holds(text: str, line: str) -> bool:
    """Whether some stretch of the line stands in the text, numbers and what the report wraps apart."""
    plain, wanted = (re.sub(r"[^a-zA-Z]+", " ", t) for t in (text, line))
    size = min(SHOWN, len(wanted.strip()))
    wanted = wanted.strip()
    return any(wanted[i : i + size] in plain for i in range(max(1, len(wanted) - size + 1)))


if __name__ == "__main__":
    main()
