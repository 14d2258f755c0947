"""Recorded incidents whose metrics are called otherwise: the verdict must stay, or become unknown, never wrong.

    python benchmarks/meaning/renamed.py --data scenarios --json OUT

Every scenario of DIR with a metrics.parquet is diagnosed as it is, with the names of six vocabularies
(data/vocabularies.json: Datadog, CloudWatch, Dynatrace, StatsD, OpenTelemetry, a German company's own; written by a language
model that had seen neither code nor rules) and with names that mean nothing. Nothing but the names changes. With --model the
diagnosis asks it what new names mean; it neither plans nor narrates.

Rows: `no_model` or `ours MODEL`, same verdict, unknown, wrong (where it was right), over scenarios and vocabularies; `trivial`
says always unknown.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.llm import Choice, Classifier, Llm, Prompt
from aitia.models.load import load_llm
from aitia.models.on_demand import OnDemand
from aitia.tools.meaning.answers import Answers
from benchmarks import contract

VOCABULARIES = Path(__file__).parent / "data" / "vocabularies.json"
FAMILY = ("_bucket", "_sum", "_count", "_total")


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--vocabularies", default=str(VOCABULARIES))
    args = parser.parse_args()
    began = time.monotonic()
    folders = [f.parent for f in sorted(Path(args.data).glob("*/metrics.parquet"))]
    kept = set(contract.chosen((f.name for f in folders), args.cases))
    names: dict[str, dict[str, str]] = json.loads(Path(args.vocabularies).read_text("utf-8"))
    ours = "no_model" if args.model == "none" else f"ours {args.model}"
    measured: dict[str, dict[str, list[float]]] = {ours: defaultdict(list), "trivial": defaultdict(list)}
    per_case = []
    engine = None if args.model == "none" else Reader(load_llm(args.model, threads=2, role="names"))
    for folder in (f for f in folders if f.name in kept):
        before, right = verdict(folder, engine)
        for vocabulary in (*names, "random"):
            with tempfile.TemporaryDirectory() as where:
                copy = Path(where) / folder.name
                shutil.copytree(folder, copy)
                rename(copy, names.get(vocabulary, {}))
                after, still = verdict(copy, engine)
            case = {"scenario": folder.name, "vocabulary": vocabulary, "before": before, "after": after}
            per_case.append(case)
            print(case, flush=True)
            where_was = "random" if vocabulary == "random" else "six vocabularies"
            unknown = after[0] == "unknown"
            count = measured[ours]
            count[f"{where_was}: same verdict"].append(float(after[:3] == before[:3]))
            count[f"{where_was}: unknown"].append(float(unknown))
            count[f"{where_was}: wrong"].append(float(not unknown and not still))
            if right:
                count[f"{where_was}: wrong where it was right"].append(float(not unknown and not still))
            measured["trivial"][f"{where_was}: unknown"].append(1.0)
    made = [row for system, of in measured.items() for row in contract.rows(system, of)]
    contract.finish("meaning/renamed", made, per_case, n=len(per_case), began=began, out=args.json)
    return 0


class Reader(OnDemand):
    """The model, asked each question once over all runs, though every run has an empty home."""

    def __init__(self, llm: Llm) -> None:
        self.answers = Answers(cast(Classifier, llm), llm.sha256)
        super().__init__(
            llm.name, llm.sha256, lambda: llm, role=self.answers.role, adapter=self.answers.adapter
        )

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        """The model's label, or what it answered before."""
        return self.answers.classify(prompt, labels)


def verdict(folder: Path, engine: Llm | None) -> tuple[tuple[str, str, str, float], bool]:
    """What is said of a scenario (verdict, component, fault, probability), and whether the scenario's answer agrees."""
    import aitia

    with tempfile.TemporaryDirectory() as home:
        done = aitia.replay(folder, model=engine, planner="rules", narrator="template", home=Path(home))
    report, score = done.report, done.score
    return (report.verdict, report.component, report.fault, round(report.probability, 3)), bool(
        score["correct"]
    )


def rename(folder: Path, names: Mapping[str, str]) -> None:
    """The folder's metrics under other names; without names, under ones that mean nothing (families stay families)."""
    import duckdb

    path = folder / "metrics.parquet"
    old = [str(row[0]) for row in duckdb.sql(f"SELECT DISTINCT metric FROM '{path}' ORDER BY 1").fetchall()]
    new = {name: names[name] for name in old} if names else nothing(old)
    with duckdb.connect() as db:
        db.execute("CREATE TABLE names(a VARCHAR, b VARCHAR)")
        db.executemany("INSERT INTO names VALUES (?, ?)", [[a, b] for a, b in new.items()])
        db.execute(
            f"CREATE TABLE rows AS SELECT * REPLACE (b AS metric) FROM '{path}' JOIN names ON metric = a"
        )
        db.execute("ALTER TABLE rows DROP a")
        db.execute("ALTER TABLE rows DROP b")
        db.execute(f"COPY rows TO '{path}' (FORMAT parquet)")


def nothing(old: list[str]) -> dict[str, str]:
    """Names without meaning: `zq7`, with the endings that make counters and histograms."""
    stems: dict[str, str] = {}
    made = {}
    for name in old:
        ending = next((e for e in FAMILY if name.endswith(e)), "")
        stem = stems.setdefault(name.removesuffix(ending), f"zq{len(stems)}")
        made[name] = stem + ending
    return made


if __name__ == "__main__":
    raise SystemExit(main())
