"""Facts of many incidents for expert writers: chains in the order of the report, as short plain texts, and never an answer.

python benchmarks/model/explain_facts.py FOLDER... --reports DIR --out facts.jsonl --held-out facts_held.jsonl [--hold SYSTEM ...]

Each FOLDER is a scenario, or holds scenarios; they are diagnosed without a model (reports are kept in DIR, so that a broken run
goes on), and their answers are not read. A line holds what a writer sees and, under "ground", the facts' records that the
verifier needs. Systems that are held out, and scenarios of the repository, go to the second file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.facts import Facts
from aitia.agent.sentences.gist import Gist, gist_of, missing_of
from aitia.agent.sentences.gist_rows import row_of
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Report
from aitia.graphs.replay import replay
from aitia.graphs.state import names_of
from benchmarks.model.evidence_sets import RULES

Line = dict[str, Any]
LEAST: Final = 2  # facts of a chain
EACH: Final = 6  # chains of an incident at most
CUT: Final = 4  # from which a chain is told without its first or last fact as well


def main() -> int:
    """Diagnose, write the chains, print how many."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--reports", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--hold", nargs="*", default=[], help="systems that are held out")
    parser.add_argument("--no-new", action="store_true", help="of what is diagnosed already alone")
    a = parser.parse_args()
    a.reports.mkdir(parents=True, exist_ok=True)
    lines: dict[bool, dict[str, Line]] = {False: {}, True: {}}
    incidents: dict[bool, set[str]] = {False: set(), True: set()}
    for folder in scenarios(a.folders):
        system = system_of(folder)
        held = system in a.hold or system == "scenario"
        report = diagnosed(folder, a.reports, not a.no_new)
        made = [] if report is None else list(chains(folder.name, system, report))
        for line in some(made, Random(folder.name)):
            lines[held].setdefault(alike(line), line)
            incidents[held].add(folder.name)
    for held, file in ((False, a.out), (True, a.held_out)):
        Random(0).shuffle(made := list(lines[held].values()))
        file.write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in made), encoding="utf-8")
        print(f"{file}: {len(made)} chains of {len(incidents[held])} incidents")
    return 0


def some(lines: Sequence[Line], random: Random) -> list[Line]:
    """The told chain, and at most `EACH` - 1 of the others: of every sort first one."""
    first, rest = list(lines[:1]), list(lines[1:])
    random.shuffle(rest)
    sorts: set[str] = set()
    ordered = sorted(rest, key=lambda x: _seen(x["id"].rpartition("-")[2].rpartition("/")[2][:7], sorts))
    return [*first, *ordered[: EACH - 1]]


def _seen(sort: str, sorts: set[str]) -> bool:
    again = sort in sorts
    sorts.add(sort)
    return again


def scenarios(folders: Sequence[Path]) -> Iterator[Path]:
    """The scenario folders at or below these, in order; what is still being made is left out."""
    for folder in folders:
        found = sorted(p.parent for p in folder.rglob("scenario.yaml"))
        yield from (f for f in found if ".making" not in f.parts)


def system_of(folder: Path) -> str:
    """The lab's system that an incident was made on; `scenario` of a recording of the repository's own."""
    match = re.fullmatch(r"(.+)-[0-9a-f]{8}", folder.name)
    return match[1] if match else "scenario"


def diagnosed(folder: Path, kept: Path, new: bool) -> Report | None:
    """The report, made without a model or as it was kept; None where it is not kept and none is to be made."""
    file = kept / f"{folder.name}.json"
    if file.exists():
        return Report.model_validate_json(file.read_text(encoding="utf-8"))
    if not new:
        return None
    with tempfile.TemporaryDirectory() as home:
        report = replay(folder, home=Path(home), llm=None, options=RULES).report
    file.write_text(report.model_dump_json(), encoding="utf-8")
    return report


def chains(name: str, system: str, report: Report) -> Iterator[Line]:
    """The told chain, those of the next suspects, each without its first and its last fact, and as if nothing were sure."""
    facts = Facts(report.evidence, Topology(report.inventory.components))
    for suffix, weighed in _weighed(report):
        component = weighed.component or next((s.component for s in weighed.suspects if s.component), "")
        missing = missing_of(
            component, report.inventory, report.calls, facts, undecided=weighed.verdict != "cause"
        )
        gist = gist_of(weighed, bundled(), facts, names_of(report.inventory), report.incident, missing)
        if gist is None:
            continue
        for part, told in _parts(gist):
            yield row_of(f"{name}/{suffix}{part}", system, told, names_of(report.inventory))


def _weighed(report: Report) -> Iterator[tuple[str, Weighed]]:
    """The verdict as it is, and the next two suspects as if each were a possible cause."""
    real = Weighed(
        verdict=report.verdict,
        probability=report.probability,
        component=report.component,
        fault=report.fault,
        suspects=report.suspects,
    )
    yield "told", real
    first = report.component or next((s.component for s in report.suspects if s.component), "")
    others = list(
        {s.component: s for s in reversed(report.suspects) if s.component and s.component != first}.values()
    )
    for n, suspect in enumerate(sorted(others, key=lambda s: -s.probability)[:3], 2):
        yield (
            f"suspect{n}",
            real.model_copy(
                update={
                    "verdict": "cause",
                    "probability": 0.6,
                    "component": suspect.component,
                    "fault": suspect.fault,
                }
            ),
        )


def _parts(gist: Gist) -> Iterator[tuple[str, Gist]]:
    yield "", gist
    if gist.verdict == "healthy" or len(gist.facts) < LEAST:
        return
    if gist.verdict == "cause" and len(gist.facts) >= CUT:
        yield "-nofirst", replace(gist, facts=gist.facts[1:], sure="possible")
        yield "-nolast", replace(gist, facts=gist.facts[:-1], missing=())
    if gist.verdict == "cause":
        yield "-open", replace(gist, verdict="unknown", sure="open")
    if gist.against:
        yield "-alone", replace(gist, against=())


def alike(line: Line) -> str:
    """Two lines that differ in nothing but digits are one."""
    told = [*line["facts"], *line["against"], *line["missing"], line["suspect"], line["sure"]]
    return re.sub(r"\d[\d.:]*", "#", " ".join(told))


if __name__ == "__main__":
    sys.exit(main())
