"""Keep the diagnoses of the lab's recordings with their answers, for `benchmarks/rca/fit.py --judged`: nothing of them is shown.

    python benchmarks/lab/kept.py --data DIR [--visits] --keep FILE

DIR holds recordings at any depth, of any split. Each is a line: what was found, who may be the cause, and what was right; the
data set is the system, so that the fit leaves one system out at a time. `--visits`: DIR is the folder of benchmarks/lab/rig.py,
diagnosed anew as benchmarks/lab/again.py does it, with what strangers call the components.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.judged import Judged
from aitia.core.scenario import Expected, load_scenario
from aitia.graphs.replay import replay
from benchmarks.lab import visit
from benchmarks.lab.again import then_told, told_now
from benchmarks.lab.data import Incident, incidents
from benchmarks.lab.rig import Names, live_of, named_by_lab
from benchmarks.rca.judged import judged, keep
from benchmarks.rca.product import RULES


def main() -> int:
    """Diagnose and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--visits", action="store_true", help="DIR is the folder of benchmarks/lab/rig.py")
    parser.add_argument("--keep", required=True, help="write the diagnoses here")
    args = parser.parse_args()
    found = incidents(Path(args.data))
    if args.visits:
        found = [i for i in found if (live_of(i) / visit.NAMES).exists()]
    if not found:
        parser.error(f"--data {args.data!r} holds no recording")
    made: list[Judged] = []
    for at, incident in enumerate(found, 1):
        made += visited(incident) if args.visits else [replayed(incident)]
        print(f"\r{at} of {len(found)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    keep(Path(args.keep), made)
    return 0


def replayed(incident: Incident) -> Judged:
    """A recording as `aitia replay` diagnoses it."""
    with tempfile.TemporaryDirectory() as home:
        done = replay(incident.folder, home=Path(home), llm=None, options=RULES)
    expected = done.scenario.expected
    return judged(incident.id, _group(incident, expected), done.report, expected.verdict, _answers(expected))


def visited(incident: Incident) -> list[Judged]:
    """A visit diagnosed anew, alone and with the journal, where it ended in a report then."""
    scenario = load_scenario(incident.folder)
    names: Names = json.loads((live_of(incident) / visit.NAMES).read_text(encoding="utf-8"))
    made = []
    for arm in visit.ARMS:
        then = then_told(incident, arm)
        if then is None:
            continue
        report = told_now(scenario, incident.folder, then, changes=arm != visit.ARMS[0])
        called = {e.component for e in report.evidence} | {c.id for c in report.inventory.components}
        lab = {c: named_by_lab(c, names) for c in called}
        right = [
            (c, f) for answer, f in _answers(scenario.expected) for c in sorted(called) if lab[c] == answer
        ]
        group = _group(incident, scenario.expected)
        made.append(judged(f"{incident.id} {arm}", group, report, scenario.expected.verdict, right))
    return made


def _answers(expected: Expected) -> list[tuple[str, str]]:
    if expected.verdict != "cause":
        return []
    return [(expected.component, expected.fault), *((a.component, a.fault) for a in expected.alternatives)]


def _group(incident: Incident, expected: Expected) -> str:
    return f"{incident.system or 'scenarios'} {incident.family} {expected.verdict} {expected.fault}"


if __name__ == "__main__":
    sys.exit(main())
