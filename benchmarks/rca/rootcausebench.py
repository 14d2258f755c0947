"""RootCauseBench: which commit, or none, is to blame for an alert.

python benchmarks/rca/rootcausebench.py --data DIR/world/rootcausebench [--cases 'b0*'] [--json OUT]

DIR holds CASE/environment/data and CASE/tests/ground_truth.json as published (Edge Delta, 2026). What is tested sees the
former through `benchmarks/adapters/rootcausebench.py`. The commit that is predicted is that of the change which the
report blames (`change`); where it says that several cannot be told apart, the first of them. It is `none` where no cause is
named, none of the changes is to blame, or the change is a flag.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.errors import AitiaError
from aitia.core.llm import Llm
from aitia.core.words import ChangeSuspect, Report
from benchmarks.adapters.rootcausebench import Files, moment, read, write
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.rca.product import diagnosed, model

NONE: Final = "none"
# The set's words for what to do, by the change that the verdict cites, else by the fault (the longest prefix counts).
REMEDIES: Final[Mapping[str, str]] = {
    "change.deploy": "rollback",
    "change.config": "config-revert",
    "change.flag": "feature-flag-disable",
    "change.scale": "scale",
    "resource": "scale",
    "scheduling": "scale",
    "node": "failover",
    "network": "failover",
    "storage": "failover",
    "software": "rollback",
    "software.crash": "failover",
    "software.latency": "scale",
    "software.configuration": "config-revert",
    "software.certificate": "rotate-cert",
    "software.credentials": "rotate-cert",
}


def main() -> None:
    """Run all systems on the chosen cases, then score."""
    began = time.monotonic()
    arguments = parser(__doc__).parse_args()
    data, llm = Path(arguments.data), model(arguments.model)
    names = [p.parents[2].name for p in data.glob("*/environment/data/alert.json")]
    per_case = [predicted(data / name, llm) for name in chosen(names, arguments.cases)]
    truth = {c["case"]: answer_of(data / c["case"]) for c in per_case}
    made, verdicts = _scored(per_case, truth), _judged(per_case, truth)
    print(_by_case(per_case, truth))
    finish(
        "rca/rootcausebench",
        made,
        per_case,
        n=len(per_case),
        began=began,
        out=arguments.json,
        judged=verdicts,
    )


def predicted(case: Path, llm: Llm | None) -> Case:
    """What each system says of one case. Nothing of the answer is read here."""
    files, began = read(case), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        given = write(case, files, Path(folder))
        told: Case = {"case": case.name, "systems": _trivial(files), "not_given": given.not_given}
        for system, used in (("no_model", None), *([("ours", llm)] if llm else [])):
            try:
                report = diagnosed(given.incident, given.sources, Path(folder), llm=used)
            except AitiaError as error:
                told |= {"systems": told["systems"] | {system: _said(NONE, "", "")}, "problem": str(error)}
                continue
            told["systems"][system] = _answer(report)
            if system == "no_model":
                told |= _shown(report)
    return told | {"seconds": round(time.monotonic() - began, 2)}


def blamed(report: Report) -> ChangeSuspect | None:
    """The change that the report blames; where several cannot be told apart the first, for the set asks for one."""
    change = report.change
    if report.verdict != "cause" or change is None or not change.ids:
        return None
    return next(s for s in change.suspects if s.id == change.ids[0])


def _answer(report: Report) -> Case:
    change = blamed(report)
    commit = change.id if change and change.kind != "flag" else NONE
    return _said(commit, report.component, _remedy(f"change.{change.kind}" if change else report.fault))


def _said(commit: str, service: str, remedy: str) -> Case:
    """An answer in the set's form; aitia tells no blast radius."""
    return {"root_cause_commit": commit, "first_failing_service": service, "blast_radius": [], "remediation": remedy}  # fmt: skip


def _remedy(kind: str) -> str:
    fitting = [k for k in REMEDIES if kind == k or kind.startswith(k + ".")]
    return REMEDIES[max(fitting, key=len)] if fitting else ""


def _shown(report: Report) -> Case:
    """What the report said, to be read beside the answer."""
    return {
        "verdict": report.verdict,
        "probability": report.probability,
        "component": report.component,
        "fault": report.fault,
        "change": report.change.model_dump(mode="json") if report.change else None,
        "suspects": [(s.component, s.fault, round(s.probability, 3)) for s in report.suspects[:5]],
    }


def _trivial(files: Files) -> dict[str, Case]:
    """Always none; the latest commit, the latest deploy and the latest of the alerting service, before the alarm."""
    alarm, service = moment(files.alert["fired_at"]), str(files.alert["service"])

    def last(entries: Iterable[Mapping[str, Any]], key: str) -> Case:
        before = [e for e in entries if moment(e["timestamp"]) <= alarm]
        found = max(before, key=lambda e: moment(e["timestamp"]), default={key: NONE})
        return _said(str(found[key] or NONE), service, "rollback")

    return {
        "trivial none": _said(NONE, service, ""),
        "trivial latest commit": last(files.commits, "sha"),
        "trivial latest deploy": last(files.deploys, "commit_sha"),
        "trivial its latest deploy": last(
            (d for d in files.deploys if d["service"] == service), "commit_sha"
        ),
    }


def answer_of(case: Path) -> dict[str, Any]:
    """The answer; only the scorer calls this."""
    found: dict[str, Any] = json.loads((case / "tests" / "ground_truth.json").read_text(encoding="utf-8"))
    return found


def reward(said: Mapping[str, Any], truth: Mapping[str, Any]) -> float:
    """The set's graded reward: 1 for the commit, 0 for a decoy, else half of service, blast radius and remediation."""
    if said["root_cause_commit"] == truth["root_cause_commit"]:
        return 1.0
    if said["root_cause_commit"] in truth["decoy_deploy_commits"]:
        return 0.0
    mine, theirs = set(said["blast_radius"]), set(truth["blast_radius"])
    shared = len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0
    service = bool(said["first_failing_service"] == truth["first_failing_service"])
    remedy = bool(said["remediation"] == truth["remediation"])
    return 0.5 * (0.5 * service + 0.3 * shared + 0.2 * remedy)


def _scored(cases: Sequence[Case], truth: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for system in (
        "ours",
        "no_model",
        *(s for s in (cases[0]["systems"] if cases else ()) if s[:7] == "trivial"),
    ):
        told = [(c["systems"][system], truth[c["case"]]) for c in cases if system in c["systems"]]
        made += rows(system, _measures(told))
    named = [float(c.get("verdict") == "cause") for c in cases]
    return made + rows(
        "no_model", {"verdict: cause named": named, "seconds per case": [c["seconds"] for c in cases]}
    )


def _measures(told: Sequence[tuple[Case, Mapping[str, Any]]]) -> dict[str, list[float]]:
    wanted, right = "root_cause_commit", _same("root_cause_commit")
    return {
        "commit or none, right": [right(x) for x in told],
        "graded reward": [reward(*x) for x in told],
        "right where a commit is to blame": [right(x) for x in told if x[1][wanted] != NONE],
        "right where none is to blame": [right(x) for x in told if x[1][wanted] == NONE],
        "wrong commit named": [float(x[0][wanted] != NONE and not right(x)) for x in told],
        "first failing service, right": [_same("first_failing_service")(x) for x in told],
        "remediation, right": [_same("remediation")(x) for x in told],
    }


def _same(key: str) -> Callable[[tuple[Case, Mapping[str, Any]]], float]:
    return lambda x: float(x[0][key] == x[1][key])


def _judged(cases: Sequence[Case], truth: Mapping[str, Mapping[str, Any]]) -> list[Case]:
    """What the scorer says of each verdict (by the first failing service), for the calibration."""
    return [
        {"id": c["case"], "verdict": c["verdict"], "probability": c["probability"],
         "right": c["component"] == truth[c["case"]]["first_failing_service"]}
        for c in cases if "verdict" in c
    ]  # fmt: skip


def _by_case(cases: Sequence[Case], truth: Mapping[str, Mapping[str, Any]]) -> str:
    lines = []
    for c in cases:
        said, right = c["systems"]["no_model"]["root_cause_commit"], truth[c["case"]]["root_cause_commit"]
        found = f"{c.get('verdict', 'error')} {c.get('component', '')} {c.get('fault', '')} {c.get('probability', 0):.2f}"
        lines.append(
            f"{c['case']:<12}{'right' if said == right else 'wrong':<7}{said[:8]:<10}{right[:8]:<10}{found}"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
