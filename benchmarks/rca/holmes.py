"""Recorded Kubernetes incidents of HolmesGPT: does the first verdict say what was expected? A reader decides.

python benchmarks/rca/holmes.py --data DIR/world/holmes [--cases 'h0*'] [--judged FILE] --json OUT

DIR holds kubectl.py and CASE/{question.txt or alert.json, store.json, kubeconfig, expected.json [, logs, spans.json,
metrics.csv, runbooks]}. What is expected is prose, so that no script can score it: OUT holds what a reader needs (question,
report, first three suspects, and the answer of `aitia ask` to a question), and `--judged` takes what he said, a line of JSON
each: case, commit (that of the run; `trivial` for the trivial answer), right, in_top3, wrong_with_confidence, by. Right: every
line of `expected_output` is said by the first verdict, or by the answer where the question asks for log lines. Without a
judgement of this very commit a case is counted as unjudged.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia import api
from aitia.agent.taxonomy import bundled
from aitia.asking import ask
from aitia.core.errors import AitiaError
from aitia.core.words import Report
from aitia.render.terminal import render_text
from benchmarks.adapters import holmes
from benchmarks.contract import Case, chosen, commit, finish, mean, parser, rows

SAME: Final = (("h04", "h10"), ("h08", "h16"))  # recordings of one fault, by the README of the set
SURE: Final = 0.8
WIDTH: Final = 110  # characters of a line of the report
SAID: Final = ("right", "in_top3", "wrong_with_confidence")
Judgement = Mapping[str, Any]


def main() -> None:
    began = time.monotonic()
    made = parser(__doc__)
    made.add_argument("--judged", default="", help="what a reader said of the reports, a line of JSON a case")
    arguments = made.parse_args()
    if arguments.model != "none":
        made.error("leave --model out: the reports are those of the rules alone")
    data = Path(arguments.data)
    per_case = [predicted(data / n, data / "kubectl.py") for n in chosen(holmes.cases(data), arguments.cases)]
    said = read_judged(Path(arguments.judged)) if arguments.judged else {}
    judged = [_verdict(c, said[commit(), c["case"]]) for c in per_case if (commit(), c["case"]) in said]
    finish(
        "rca/holmes",
        scored(per_case, said),
        per_case,
        n=len(per_case),
        began=began,
        out=arguments.json,
        judged=judged,
    )


def predicted(folder: Path, kubectl: Path) -> Case:
    """The report on one case and what else a reader needs. Nothing of what is expected is read here."""
    os.environ.pop("REPLAY_STRICT", None)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["REPLAY_LOG"] = str(Path(scratch) / "kubectl.log")
        began = time.monotonic()
        try:
            told = _told(folder, kubectl, Path(scratch))
        except AitiaError as error:
            told = {"verdict": "error", "probability": 0.0, "problem": str(error)}
        told["seconds"] = round(time.monotonic() - began, 2)
        told |= _calls(Path(scratch) / "kubectl.log")
    del os.environ["REPLAY_LOG"]
    return {
        "case": folder.name,
        "asked": holmes.reported(folder),
        **told,
        "not_given": holmes.not_given(folder),
        "trivial": holmes.last_warning(folder, kubectl),
    }


def _told(folder: Path, kubectl: Path, home: Path) -> Case:
    """What the operator sees: the report as `aitia diagnose` prints it; of a question, what `aitia ask` says too."""
    report = api.diagnose(
        holmes.reported(folder),
        sources=holmes.sources(folder, kubectl, home / "transcribed"),
        model=None,
        at=holmes.moment(folder),
        home=home,
    )
    question = holmes.question(folder)
    answer = ask(question, run=report.run, model=None, home=home).text if question else ""
    return {
        "verdict": report.verdict,
        "probability": report.probability,
        "component": report.component,
        "fault": report.fault,
        "top3": _first_three(report),
        "report": render_text(report, width=WIDTH),
        "answer": answer,
        "unread": [h.note for h in report.inventory.holdings if h.note],
    }


def _first_three(report: Report) -> list[dict[str, Any]]:
    titles = {f.id: f.title for f in bundled()}
    return [
        {"component": s.component, "fault": s.fault, "title": titles.get(s.fault, ""), "share": s.probability}
        for s in report.suspects[:3]
    ]


def _calls(log: Path) -> Case:
    """How often kubectl was asked, and how often the recording had nothing to say."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return {"kubectl_calls": len(lines), "kubectl_refused": sum("  ! " in line for line in lines)}


def read_judged(file: Path) -> dict[tuple[str, str], Judgement]:
    """What a reader said, by commit and case."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {(line["commit"], line["case"]): line for line in lines}


def scored(per_case: Sequence[Case], said: Mapping[tuple[str, str], Judgement]) -> list[dict[str, Any]]:
    """The rows: what needs no reader, and what one said of this commit and of the trivial answer."""
    names = [c["case"] for c in per_case]
    made = rows("no_model", _unread(per_case))
    for system, key in (("no_model", commit()), ("trivial", "trivial")):
        mine = {name: said[key, name] for name in names if (key, name) in said}
        made += rows(system, _measures(mine))
        left = len(names) - len(mine)
        made.append(
            {"system": system, "metric": "n_unjudged", "value": left, "n": len(names), "ci95": [left, left]}
        )
    return made


def _unread(per_case: Sequence[Case]) -> dict[str, list[float]]:
    verdicts = ("cause", "healthy", "unknown", "error")
    found = {f"verdict: {v}": [float(c["verdict"] == v) for c in per_case] for v in verdicts}
    sure = [float(c["verdict"] != "unknown" and c["probability"] >= SURE) for c in per_case]
    found["verdict: cause or healthy, >= 80 % sure"] = sure
    found["seconds per case"] = [float(c["seconds"]) for c in per_case]
    return found


def _measures(mine: Mapping[str, Judgement]) -> dict[str, list[float]]:
    """Over cases, and with the recordings of one fault counted as one."""
    groups = [[n for n in group if n in mine] for group in SAME]
    groups += [[name] for name in mine if not any(name in group for group in SAME)]
    faults = [mean([float(mine[n]["right"]) for n in group]) for group in groups if group]
    return {m: [float(j[m]) for j in mine.values()] for m in SAID} | {"right, each fault once": faults}


def _verdict(case: Case, said: Judgement) -> Case:
    return {
        "id": case["case"],
        "verdict": case["verdict"],
        "probability": case["probability"],
        "right": said["right"],
    }


if __name__ == "__main__":
    main()
