"""Which of two to five suspects is the cause: a model that is asked of each by itself, beside the order that it is given.

    python benchmarks/model/judging.py --data FILE|curriculum [--models BASE+ADAPTER.gguf,BASE] [--totals] --json OUT

FILE holds diagnoses as `--keep --from DIR --data FILE` wrote them (DIR: recordings of the scenario lab; suspects and facts as the
rules found them; `answers` are read by the scorer alone). `curriculum` draws 300 cases of kinds and systems that are held out.
`first`: the right pair stands first, of the cases that have it among the suspects; `component`: the right component does.
`ece`: ten bins of equal mass. `beside`: the rules' shares times the model's to the weight that is best on --tune FILE.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.taxonomy import bundled, covers
from aitia.comparing import open_model
from aitia.core.llm import Prompt
from aitia.graphs.replay import replay
from aitia.models.curriculum.judge import LABELS, MOST, SYSTEM, Judge, head, question
from aitia.models.scoring import pool
from benchmarks.contract import finish, parser, rows
from benchmarks.lab.data import incidents, left_out
from benchmarks.lab.kept import _answers
from benchmarks.rca.product import RULES

HELD = 300  # cases of the curriculum
FACTS, LONGEST = 16, 180  # of a diagnosis: the strongest, and characters of each
WEIGHTS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)  # that the model's shares may have beside the rules'


def main() -> int:
    """Keep diagnoses, or score."""
    made = parser(__doc__)
    made.add_argument("--models", default="")
    made.add_argument("--keep", action="store_true", help="diagnose --from and write --data")
    made.add_argument("--from", dest="source", default="")
    made.add_argument("--tune", default="", help="diagnoses on which the weight is chosen")
    made.add_argument("--totals", action="store_true", help="no case by case")
    made.add_argument("--threads", type=int, default=None)
    given = made.parse_args()
    if given.keep:
        return keep(Path(given.source), Path(given.data))
    began = time.monotonic()
    cases = read(given.data)
    tune = read(given.tune) if given.tune else []
    table, told = _rows("no_model", cases, [[s for *_, s in c["suspects"]] for c in cases])
    for name in filter(None, given.models.split(",")):
        llm = open_model(name, "judge", threads=given.threads)
        asked = [likely(llm, c) for c in cases]
        system = f"ours {Path(name.partition('+')[2] or name).name}"
        more, of = _rows(system, cases, asked)
        table, told = [*table, *more], [*told, *of]
        if tune:
            weight = best(tune, [likely(llm, c) for c in tune])
            both = [
                pool([s for *_, s in c["suspects"]], a, weight) for c, a in zip(cases, asked, strict=True)
            ]
            table += _rows(f"{system} beside, weight {weight}", cases, both)[0]
        llm.close()
    finish("model/judging", table, [] if given.totals else told, n=len(cases), began=began, out=given.json)
    return 0


def keep(source: Path, out: Path) -> int:
    """Diagnose recordings by the rules, each system weighed by what was learned without it."""
    have = {json.loads(line)["id"] for line in out.read_text().splitlines()} if out.exists() else set()
    for incident in incidents(source):
        if incident.id in have:
            continue
        with tempfile.TemporaryDirectory() as home, left_out(incident.system):
            done = replay(incident.folder, home=Path(home), llm=None, options=RULES)
        report = done.report
        line = {
            "id": incident.id,
            "began": f"{report.incident.started_at:%H:%M}",
            "suspects": [(s.component, s.fault, s.probability) for s in report.suspects],
            "facts": [(e.statement, e.strength) for e in report.evidence],
            "answers": _answers(done.scenario.expected),
        }
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0


def read(data: str) -> list[dict[str, Any]]:
    """Cases: `facts`, `began`, `suspects` and, for the scorer, `answers`."""
    if data == "curriculum":
        drawn = Judge().cases(0, HELD, "held_out")
        return [
            {
                "id": str(n),
                "facts": list(c.facts),
                "began": c.began,
                "suspects": [(a, t, 1 / len(c.suspects)) for a, t in c.suspects],
                "answers": [c.cause] if c.cause else [],
            }
            for n, c in enumerate(drawn)
        ]
    found = []
    for line in Path(data).read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        suspects = [(c, f, s) for c, f, s in case["suspects"] if c][:MOST]
        strong = sorted(case["facts"], key=lambda f: -f[1])[:FACTS]
        facts = [" ".join(t.split())[:LONGEST] for t, s in case["facts"] if [t, s] in strong]
        if len(suspects) > 1 and case["answers"]:
            found.append(case | {"facts": facts, "suspects": suspects})
    return found


def likely(llm: Any, case: Mapping[str, Any]) -> list[float]:
    """A share for each suspect: odds of `yes`, scaled to sum to 1."""
    taxonomy = bundled()
    told = head(case["facts"], case["began"])
    odds = []
    for component, kind, _ in case["suspects"]:
        title = taxonomy.title(kind) if "." in kind else kind
        yes, no = llm.scores(Prompt(system=SYSTEM, user=told + question(component, title)), LABELS)
        odds.append(yes - no)
    weight = np.exp(np.array(odds) - max(odds))
    return [float(w) for w in weight / weight.sum()]


def best(cases: Sequence[Mapping[str, Any]], asked: Sequence[Sequence[float]]) -> float:
    """The weight with the least log-loss; 0 where the model adds nothing."""

    def loss(weight: float) -> float:
        total, n = 0.0, 0
        for case, shares in zip(cases, asked, strict=True):
            mixed = pool([s for *_, s in case["suspects"]], shares, weight)
            right = [p for p, s in zip(mixed, case["suspects"], strict=True) if _right(s, case["answers"])]
            if right:
                total, n = total - float(np.log(max(sum(right), 1e-9))), n + 1
        return total / max(n, 1)

    return min(WEIGHTS, key=loss)


def _rows(
    system: str, cases: Sequence[Mapping[str, Any]], shares: Sequence[Sequence[float]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    values: dict[str, list[float]] = {"first": [], "component": []}
    sure: list[tuple[float, bool]] = []
    told = []
    for case, share in zip(cases, shares, strict=True):
        place = int(np.argmax(share))
        top = case["suspects"][place]
        if any(_right(s, case["answers"]) for s in case["suspects"]):
            values["first"].append(float(_right(top, case["answers"])))
            sure.append((max(share) / sum(share), _right(top, case["answers"])))
        if any(s[0] == c for s in case["suspects"] for c, _ in case["answers"]):
            values["component"].append(float(any(top[0] == c for c, _ in case["answers"])))
        told.append({"id": case["id"], "system": system, "shares": [round(s, 4) for s in share]})
    table = rows(system, values)
    if sure:
        table += [
            {
                "system": system,
                "metric": "ece",
                "value": round(ece(sure), 4),
                "n": len(sure),
                "ci95": _spread(sure),
            }
        ]
    return table, told


def ece(sure: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error with bins of equal mass (Guo et al. 2017, there of equal width)."""
    parts = [p for p in np.array_split(np.array(sorted(sure), dtype=float), bins) if len(p)]
    return float(sum(len(p) * abs(p[:, 0].mean() - p[:, 1].mean()) for p in parts) / len(sure))


def _spread(sure: Sequence[tuple[float, bool]], rounds: int = 500) -> list[float]:
    """Percentile bootstrap of the calibration error over cases, 95 %; the same for the same cases."""
    chance = np.random.default_rng(0)
    drawn = [ece([sure[i] for i in chance.integers(len(sure), size=len(sure))]) for _ in range(rounds)]
    return [round(float(q), 4) for q in np.percentile(drawn, [2.5, 97.5])]


def _right(suspect: Sequence[Any], answers: Sequence[Sequence[str]]) -> bool:
    return any(suspect[0] == c and (suspect[1] == f or covers(f, suspect[1])) for c, f in answers)


if __name__ == "__main__":
    sys.exit(main())
