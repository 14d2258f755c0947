"""Synthetic incidents of RDS PostgreSQL and EKS: which category of cause, told in which words, and what of a healthy one.

python benchmarks/rca/opensre.py --data DIR/world/opensre [--cases 'o0*'] [--alert-at SHARE] [--reports FOLDER] [--json OUT]

DIR holds CASE/{alert.json, scenario.yml, answer.yml} with evidence files beside them, and the folders that a case's
`base` names. `answer.yml` is read by the scorer alone. A case is right, as its authors count, when the category is
right, each required keyword stands somewhere in the printed report, and nothing forbidden is said. The rules alone are asked.
The alerts have no time: each is put where the evidence ends, and `--alert-at .8` tells what that costs.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.errors import AitiaError
from aitia.core.words import Report
from aitia.render.terminal import render_text
from benchmarks.adapters.opensre import OpenSre
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.rca.product import diagnosed

HEALTHY: Final = "healthy"
CATEGORIES: Final[Mapping[str, str]] = {
    "resource": "resource_exhaustion",
    "node.k8s.pressure": "resource_exhaustion",
    "scheduling.k8s.cpu_capacity": "resource_exhaustion",
    "scheduling.k8s.memory_capacity": "resource_exhaustion",
    "scheduling": "configuration_error",
    "storage": "configuration_error",
    "software.configuration": "configuration_error",
    "software.credentials": "configuration_error",
    "software.certificate": "configuration_error",
    "software.flag": "configuration_error",
    "software.clock": "infrastructure",
    "resource.neighbour": "infrastructure",
    "network.policy": "configuration_error",
    "software": "code_defect",
    "network": "infrastructure",
    "node": "infrastructure",
    "machine": "infrastructure",
    "sensor": "infrastructure",
}
"""Our fault kinds to the set's categories; the longest prefix counts. Fixed before the first run."""
TRIVIAL: Final = ("resource_exhaustion", HEALTHY)
_FRAME: Final = re.compile(r"[\s╭╮╰╯─│]+")


def category(verdict: str, fault: str) -> str:
    """The set's category of a verdict."""
    if verdict != "cause":
        return verdict
    parts = fault.split(".")
    prefixes = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((CATEGORIES[p] for p in prefixes if p in CATEGORIES), "unknown")


def main() -> None:
    """Diagnose the chosen cases, then score."""
    made = parser(__doc__)
    made.add_argument("--reports", default="", help="write the printed reports into this folder")
    made.add_argument("--alert-at", type=float, default=1.0, help="put the alert this share into the metrics")
    arguments = made.parse_args()
    began, data = time.monotonic(), Path(arguments.data)
    names = [p.parent.name for p in data.glob("*/alert.json")]
    ran = [predicted(data / name, arguments.alert_at) for name in chosen(names, arguments.cases)]
    for case in ran if arguments.reports else ():
        Path(arguments.reports).mkdir(parents=True, exist_ok=True)
        (Path(arguments.reports) / f"{case['case']}.txt").write_text(case["report"], encoding="utf-8")
    told, judged = scored(data, ran)
    finish("rca/opensre", told, ran, n=len(ran), began=began, out=arguments.json, judged=judged)


def predicted(folder: Path, alert_at: float = 1.0) -> Case:
    """The verdict on one case and its printed report. No answer is read here."""
    began = time.monotonic()
    report, problem, case = None, "", OpenSre(folder, alert_at=alert_at)
    with tempfile.TemporaryDirectory() as out:
        sources = case.write(Path(out))
        try:
            report = diagnosed(case.incident(), sources, Path(out))
        except AitiaError as error:
            problem = str(error)
    return _told(report) | {
        "case": folder.name,
        "group": str(case.facts["engine"]),
        "not_given": case.not_given,
        "seconds": round(time.monotonic() - began, 2),
        "problem": problem,
    }


def _told(report: Report | None) -> Case:
    if report is None:
        return {"verdict": "error", "fault": "", "category": "error", "probability": 0.0, "report": ""}
    return {
        "verdict": report.verdict,
        "component": report.component,
        "fault": report.fault,
        "category": category(report.verdict, report.fault),
        "probability": report.probability,
        "report": render_text(report, full=True),
    }


def answer_of(folder: Path) -> dict[str, Any]:
    """The answer; only the scorer asks."""
    found: dict[str, Any] = yaml.safe_load((folder / "answer.yml").read_text(encoding="utf-8"))
    return found


def said(report: str, keywords: Sequence[object]) -> list[bool]:
    """Of each keyword whether the report holds it; case, line breaks and the printed frame do not count."""
    text = _FRAME.sub(" ", report).casefold()
    return [_FRAME.sub(" ", str(k)).strip().casefold() in text for k in keywords]


def scored(data: Path, ran: Sequence[Case]) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows (all, and of each engine), and what is said of each verdict."""
    answers = {c["case"]: answer_of(data / c["case"]) for c in ran}
    made = rows("no_model", _measured(ran, answers))
    for group in sorted({c["group"] for c in ran}):
        own = [c for c in ran if c["group"] == group]
        both = {k: v for k, v in _measured(own, answers).items() if k in ("right", "category")}
        made += rows("no_model", {f"{k}: {group}": v for k, v in both.items()})
    for constant in TRIVIAL:
        verdict = HEALTHY if constant == HEALTHY else "cause"
        always = [c | {"category": constant, "verdict": verdict, "report": ""} for c in ran]
        kept = {
            k: v for k, v in _measured(always, answers).items() if k in ("category", "false cause, healthy")
        }
        made += rows(f"trivial {constant}", kept)
    judged = [
        {
            "id": c["case"],
            "verdict": c["verdict"],
            "probability": c["probability"],
            "right": _right(c, answers[c["case"]]),
        }
        for c in ran
    ]
    return made, judged


def _right(case: Case, answer: Mapping[str, Any]) -> bool:
    forbidden = case["category"] in (answer.get("forbidden_categories") or [])
    forbidden |= any(said(case["report"], answer.get("forbidden_keywords") or []))
    named = case["category"] == answer["root_cause_category"]
    return named and not forbidden and all(said(case["report"], answer.get("required_keywords") or []))


def _measured(ran: Sequence[Case], answers: Mapping[str, Mapping[str, Any]]) -> dict[str, list[float]]:
    pairs = [(c, answers[c["case"]]) for c in ran]
    ruled = [(c, a["ruling_out_keywords"]) for c, a in pairs if a.get("ruling_out_keywords")]
    calm = [c for c, a in pairs if a["root_cause_category"] == HEALTHY]
    faulty = [c for c, a in pairs if a["root_cause_category"] != HEALTHY]
    found = {
        "right": [_right(c, a) for c, a in pairs],
        "category": [c["category"] == a["root_cause_category"] for c, a in pairs],
        "all required keywords": [all(said(c["report"], a.get("required_keywords") or [])) for c, a in pairs],
        "all ruling-out keywords": [all(said(c["report"], words)) for c, words in ruled],
        "false cause, healthy": [c["verdict"] == "cause" for c in calm],
        "said healthy, faulty": [c["verdict"] == HEALTHY for c in faulty],
        "verdict unknown": [c["verdict"] == "unknown" for c in ran],
        "seconds per case": [float(c.get("seconds", 0.0)) for c in ran],
    }
    return {k: [float(x) for x in v] for k, v in found.items()}


if __name__ == "__main__":
    main()
