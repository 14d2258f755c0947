"""Can the causes be told at all? Two readers who know only the telemetry name them; their answers are compared.

    python benchmarks/lab/blind.py --data DIR --exams OUT [--n 30] [--seed S]              draws the exams
    python benchmarks/lab/blind.py --data DIR --exams OUT --answers A.jsonl B.jsonl --json JSON    scores two readers

An exam is a folder `OUT/exams/case-07` with the telemetry and a reading sheet, without the answer. OUT/key.jsonl tells which
incident it is: it is for the scorer alone. A reader answers a line a case: {"id": "case-07", "component": "orders", "kind":
"memory leak"}; the component may be `healthy` or `unknown`. A case without an answer counts as wrong. How the words of a kind
are read stands in kinds.yaml.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.taxonomy import covers
from aitia.agent.topology import Topology
from aitia.core.scenario import Scenario, load_scenario
from aitia.drill.folders import copy_telemetry, made_of
from aitia.drill.incident import open_incident
from benchmarks import contract
from benchmarks.lab.baselines import most_moved
from benchmarks.lab.data import incidents, of_split

KEY, EXAMS, SHEET = "key.jsonl", "exams", "sheet.md"
Lines = dict[str, dict[str, Any]]


def main() -> int:
    """Draw exams, or score the readers' answers."""
    parser = contract.parser(__doc__)
    parser.add_argument("--exams", required=True, type=Path, help="the folder of the exams and their key")
    parser.add_argument("--n", type=int, default=30, help="how many are drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", default="", help="draw of this split (splits.yaml)")
    parser.add_argument("--answers", type=Path, nargs=2, default=None, help="the answers of two readers")
    args = parser.parse_args()
    data = Path(args.data)
    if args.answers is None:
        found = of_split(incidents(data, args.cases), args.split)
        if not found:
            parser.error(f"--data {args.data!r} holds no scenario.yaml for these arguments")
        if (args.exams / EXAMS).exists():
            parser.error(f"--exams {str(args.exams)!r} holds exams already: give another folder")
        drawn = random.Random(args.seed).sample(found, min(args.n, len(found)))
        draw([i.folder for i in drawn], args.exams, data)
        print(f"{len(drawn)} exams in {args.exams / EXAMS}; keep {args.exams / KEY} from the readers")
        return 0
    began = time.monotonic()
    key = _lines(args.exams / KEY)
    readers = {f"reader {file.stem}": _lines(file) for file in args.answers}
    per_case = [_case(name, data / told["folder"], readers) for name, told in key.items()]
    contract.finish(
        "lab/blind", rows(per_case, list(readers)), per_case, n=len(key), began=began, out=args.json
    )
    return 0


def draw(folders: Sequence[Path], out: Path, data: Path) -> None:
    """Write an exam for each folder, in their order, and the key."""
    (out / EXAMS).mkdir(parents=True)
    with (out / KEY).open("w", encoding="utf-8") as key:
        for number, folder in enumerate(folders, 1):
            name = f"case-{number:02d}"
            copy_telemetry(folder, out / EXAMS / name)
            scenario = load_scenario(folder)
            (out / EXAMS / name / SHEET).write_text(sheet(name, scenario), encoding="utf-8")
            told = {"id": name, "folder": folder.relative_to(data).as_posix()}
            key.write(json.dumps(told, ensure_ascii=False) + "\n")


def sheet(name: str, scenario: Scenario) -> str:
    """What a reader is told: the report of the incident, the times, the files."""
    told = scenario.incident
    labels = "".join(f"\n- {k}: {v}" for k, v in told.labels.items())
    before = "".join(f"\n- before ({b.name}): {b.window.start} to {b.window.end}" for b in scenario.baselines)
    files = "".join(f"\n- `{s.path}`: {s.kind} ({s.type}){_more(s)}" for s in scenario.sources)
    known = "".join(f"\n- {c.id} ({c.type})" for c in scenario.components)
    return (
        f"# {name}: {told.title}\n\n{told.text}\n\nReported at {told.started_at}.{labels}\n\n"
        f"## Times (UTC)\n\n- to explain: {scenario.window.start} to {scenario.window.end}{before}\n\n"
        f"## Files\n{files}\n\nParquet is read with `duckdb -c \"FROM 'metrics.parquet' LIMIT 5\"`.\n\n"
        + (f"## Components\n{known}\n\n" if known else "")
        + "## Answer\n\nOne line of JSON: "
        f'{{"id": "{name}", "component": "…", "kind": "…"}}. The component is the one that is at fault, not the one that\n'
        "suffers, by the name that the telemetry gives it; `healthy` where nothing is wrong, `unknown` where it cannot be told.\n"
        "The kind is what is wrong with it, in a few words.\n"
    )


def _more(source: Any) -> str:
    told = [f"of {source.component}"] if source.component else []
    columns = source.columns.model_dump(exclude_none=True, exclude_defaults=True) if source.columns else {}
    return "".join(f", {t}" for t in [*told, *(f"{k}: {v}" for k, v in columns.items())])


def _lines(file: Path) -> Lines:
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {each["id"]: each for each in found}


def _case(name: str, folder: Path, readers: dict[str, Lines]) -> contract.Case:
    """What the readers said of a case, and whether that is right; their words are compared with each other as well."""
    scenario = load_scenario(folder)
    with tempfile.TemporaryDirectory() as home:
        incident = open_incident(scenario, folder, Path(home))
        moved = most_moved(scenario, folder, Path(home))
    topology, resolve = Topology(incident.context.inventory.components), incident.context.resolver.resolve
    truth, families = true_components(scenario, topology), true_families(scenario, folder)
    case: contract.Case = {"id": name, "component": sorted(truth), "families": sorted(families)}
    for reader, answers in readers.items():
        said = answers.get(name, {})
        component = str(said.get("component", ""))
        component = resolve(component) or component
        kind = "none" if component == "healthy" else family_of(str(said.get("kind", "")))
        right = component in truth
        cause = scenario.expected.verdict == "cause"
        case[reader] = {
            "component": component, "kind": kind, "words": said.get("kind", ""),
            "component_right": right, "kind_right": kind in families if cause else right,
        }  # fmt: skip
    case["trivial most moved"] = {"component_right": moved[:1] != [] and moved[0] in truth}
    return case


def true_components(scenario: Scenario, topology: Topology) -> set[str]:
    """The components that count as right, or the verdict where there is no cause."""
    expected = scenario.expected
    if expected.verdict != "cause":
        return {expected.verdict}
    named = (expected.component, *(a.component for a in expected.alternatives))
    return {c for name in named for c in topology.family(name)}


def true_families(scenario: Scenario, folder: Path) -> set[str]:
    """The families that count as right: the lab's own, and those of the recorded faults."""
    made, expected = made_of(folder), scenario.expected
    own = {made.family} if made else set()
    faults = [expected.fault, *(a.fault for a in expected.alternatives)]
    return own | {
        family
        for family, entry in _kinds().items()
        if any(covers(parent, fault) for parent in entry["faults"] for fault in faults if fault)
    }


def family_of(words: str) -> str:
    """The family that words name; "" where they name none."""
    text = words.casefold()
    found = [
        (-len(phrase), match.start(), family)
        for family, entry in _kinds().items()
        for phrase in entry["words"]
        if (match := re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text))
    ]
    return min(found)[2] if found else ""


@cache
def _kinds() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = yaml.safe_load(
        (Path(__file__).parent / "kinds.yaml").read_text(encoding="utf-8")
    )
    return found


def rows(cases: Sequence[contract.Case], readers: Sequence[str]) -> list[dict[str, Any]]:
    """Agreement of each reader with the recorded answers, and of the two with each other."""
    made: list[dict[str, Any]] = []
    for reader in readers:
        said = [c[reader] for c in cases]
        measured = {
            "component": [s["component_right"] for s in said],
            "kind": [s["kind_right"] for s in said],
            "both": [s["component_right"] and s["kind_right"] for s in said],
            "answered": [bool(s["component"]) for s in said],
            "kind in no table": [bool(s["words"]) and not s["kind"] for s in said],
        }
        made += contract.rows(reader, measured)
    a, b = readers
    made += contract.rows(
        "readers together",
        {m: [bool(c[a][m]) and c[a][m] == c[b][m] for c in cases] for m in ("component", "kind")},
    )
    trivial = [c["trivial most moved"]["component_right"] for c in cases]
    return made + contract.rows("trivial most moved", {"component": trivial})


if __name__ == "__main__":
    sys.exit(main())
