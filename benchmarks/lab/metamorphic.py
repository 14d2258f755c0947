"""The same incident told otherwise: right must stay right or become "not enough evidence", never wrong.

    python benchmarks/lab/metamorphic.py --data DIR [--split develop|tune|never] [--systems N] [--minutes M] [--right] [--totals]
        --json OUT

DIR is any folder of scenario folders; `--systems N` takes N incidents of each system, by the SHA-256 of their names. Each is
diagnosed as recorded, and again

- `earlier 5`, `15`, `30` and `later 5`, `15`, `30`: as if the alarm had come so many minutes sooner or later (`--at`), in
  minutes of a window that begins 30 minutes before its alarm; a recording with a shorter or longer one is shifted in
  proportion. The window's start goes along, its end stays: what was recorded is all that there is. The baseline that ends where
  the window begins goes on doing so;
- `window x2`, `window /2`: the window begins twice or half as long before the alarm; half of it also ends half as long after
  it;
- `no metrics`, `no logs`, `no changes`, `no traces`: without the sources of that kind, where there are some and others are
  left;
- `half the logs a`, `b`: without the logs of one half of the components, by the SHA-256 of their names;
- `half the points a`, `b`, of machines alone: without one half of the measured points, by the SHA-256 of component and point.

Rows are shares of all changed diagnoses of incidents that were right (wrong) as recorded. "Unknown" holds "not enough evidence"
and a right component whose kind is open. A cause is wrong that is not accepted (another kind, or another component), as is
"nothing is wrong" on a fault. On healthy hours of which no cause was told as recorded: how often one is told. `trivial` names
the component of the strongest fact, whatever its kind. "One story" is the share of faults, right as recorded or not, of which
all tellings that name a cause name the same component and kind. Of the split `never`, and with `--totals`, totals alone are
told; that `never` was scored is written down (scorings.jsonl). No model.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.facts import Facts
from aitia.agent.topology import Topology
from aitia.agent.weigher import OPEN
from aitia.core.clock import RecordedClock
from aitia.core.errors import AitiaError
from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.store import RunStore
from aitia.core.words import Baseline, Report, Window
from aitia.graphs.diagnose import diagnose
from aitia.graphs.replay import accepted
from aitia.tools.sources import MetricSource, SignalSource, TopologySource, open_sources
from benchmarks import contract
from benchmarks.lab.data import NEVER, Incident, incidents, of_split
from benchmarks.lab.incidents import written_down
from benchmarks.rca.hidden import hidden, only_points, point
from benchmarks.rca.product import RULES

LEAD_MIN: Final = 30.0
SHIFTS_MIN: Final = (5, 15, 30)
KINDS: Final = ("metrics", "logs", "changes", "traces", "signals", "maintenance")
TELLING: Final = ("metrics", "logs", "changes", "traces", "cluster", "signals")  # one of them has to be left
AS_RECORDED: Final = "as recorded"
WRONG: Final = ("kind", "component", "healthy", "error")
Told = tuple[Scenario, str]  # and what is taken away: "logs a", "logs b", "points a", "points b" or ""


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--split", choices=("develop", "tune", NEVER), default="")
    parser.add_argument("--systems", type=int, default=0, help="incidents of each system; 0: all")
    parser.add_argument("--changes", default="*", help="globs over the changes")
    parser.add_argument(
        "--right", action="store_true", help="tell only those otherwise that are right as recorded"
    )
    parser.add_argument("--totals", action="store_true", help="tell no case and no change")
    parser.add_argument("--minutes", type=float, default=0, help="begin no incident after so long; 0: all")
    args = parser.parse_args()
    if args.split == NEVER and args.cases != "*":
        parser.error("--split never is scored as --systems says: leave out --cases")
    found = some(of_split(incidents(Path(args.data), args.cases), args.split), args.systems)
    began, cases = time.monotonic(), []
    sealed = args.split == NEVER or args.totals
    done: list[Incident] = []
    for incident in found:
        if args.minutes and time.monotonic() - began > 60 * args.minutes:
            print(
                f"\n{len(found) - len(done)} of {len(found)} incidents left out: time is up", file=sys.stderr
            )
            break
        cases += diagnosed(incident, args.changes, right=args.right)
        done.append(incident)
        print(f"\r{len(done)} of {len(found)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    table = [row for system in ("no_model", "trivial") for row in rows_of(system, cases, grouped=not sealed)]
    if args.split == NEVER:
        written_down(done, table, "lab/metamorphic")
    contract.finish(
        "lab/metamorphic", table, [] if sealed else cases, n=len(done), began=began, out=args.json
    )
    return 0


def some(found: Sequence[Incident], each: int) -> list[Incident]:
    """So many incidents of each system, by the SHA-256 of their names; all of them for 0."""
    if not each:
        return list(found)
    by: dict[str, list[Incident]] = defaultdict(list)
    for incident in sorted(found, key=lambda i: _hash(i.folder.name)):
        by[incident.system].append(incident)
    return [i for system in sorted(by) for i in by[system][:each]]


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def changes(scenario: Scenario) -> Iterator[tuple[str, Told]]:
    """The scenario told otherwise, by the name of the change."""
    lead = scenario.incident.started_at - scenario.window.start
    tail = scenario.window.end - scenario.incident.started_at
    for minutes in SHIFTS_MIN:
        by = lead * (minutes / LEAD_MIN)
        yield f"earlier {minutes}", (shifted(scenario, -by), "")
        if by < tail:
            yield f"later {minutes}", (shifted(scenario, by), "")
    yield "window x2", (framed(scenario, scenario.window.start - lead, scenario.window.end), "")
    start, end = scenario.incident.started_at - lead / 2, scenario.incident.started_at + tail / 2
    yield "window /2", (framed(scenario, start, end), "")
    for kind in KINDS:
        left = tuple(s for s in scenario.sources if s.kind != kind)
        if len(left) < len(scenario.sources) and any(s.kind in TELLING for s in left):
            yield f"no {kind}", (scenario.model_copy(update={"sources": left}), "")
    if any(s.kind == "logs" for s in scenario.sources):
        yield "half the logs a", (scenario, "logs a")
        yield "half the logs b", (scenario, "logs b")
    if scenario.domain == "machine":
        yield "half the points a", (scenario, "points a")
        yield "half the points b", (scenario, "points b")


def shifted(scenario: Scenario, by: timedelta) -> Scenario:
    """The alarm and the window's start by so much later."""
    reported = scenario.incident.model_copy(update={"started_at": scenario.incident.started_at + by})
    told = framed(scenario, scenario.window.start + by, scenario.window.end)
    return told.model_copy(update={"incident": reported})


def framed(scenario: Scenario, start: Any, end: Any) -> Scenario:
    """With another window. The baseline before it ends where it begins, moved along where nothing of it would be left."""
    baselines = []
    for baseline in scenario.baselines:
        old = baseline.window
        if old.end == scenario.window.start:
            first = old.start if old.start < start else old.start + (start - old.end)
            baseline = Baseline(name=baseline.name, window=Window(start=first, end=start))
        baselines.append(baseline)
    window = Window(start=start, end=end)
    return scenario.model_copy(update={"window": window, "baselines": tuple(baselines)})


def diagnosed(incident: Incident, pattern: str, *, right: bool = False) -> list[contract.Case]:
    """What is said of an incident as recorded and told otherwise, judged; with `right` only where it is right as recorded."""
    scenario = load_scenario(incident.folder)
    told = [(AS_RECORDED, (scenario, "")), *changes(scenario)]
    chosen = contract.chosen([name for name, _ in told], pattern)
    cases: list[contract.Case] = []
    for name, how in told:
        if name not in chosen and name != AS_RECORDED:
            continue
        said = _judged(incident.folder, scenario, *how)
        of = {"id": incident.id, "of_system": incident.system, "expected": scenario.expected.verdict}
        cases.append({**of, "change": name, **said})
        if right and said["no_model"] != "right":
            break
    return cases


def _judged(folder: Path, recorded: Scenario, told: Scenario, half: str) -> contract.Case:
    try:
        report = report_of(folder, told, half)
    except AitiaError as error:
        return {"no_model": "error", "trivial": "error", "said": str(error)[:300]}
    said = f"{report.verdict} {report.component} {report.fault} {report.probability:.2f}"
    story = f"{report.component} {report.fault}" if report.verdict == "cause" else ""
    answers = {"no_model": judged(recorded, report), "trivial": strongest(recorded, report)}
    return {**answers, "said": said, "story": story}


def report_of(folder: Path, told: Scenario, half: str) -> Report:
    """The report on a scenario, without one half of its logs or points."""
    sources: list[Source] = open_sources(told.sources, folder)
    if half:
        sources = (_half if half.startswith("logs") else _half_points)(sources, told, half[-1])
    with tempfile.TemporaryDirectory() as home:
        return diagnose(
            told.as_incident(),
            sources,
            store=RunStore.create(Path(home), meta={"sources": [], "root": str(folder)}),
            llm=None,
            options=RULES,
            clock=RecordedClock(told.window.end),
            components=told.components,
        )


def _half(sources: Sequence[Source], told: Scenario, half: str) -> list[Source]:
    resolver = Resolver(told.components)
    for source in sources:
        for component in source.components() if isinstance(source, TopologySource) else ():
            resolver.add(component)
    names = {n for s in sources if s.kind == "logs" for n in s.describe(told.window).components}
    ordered = sorted({resolver.resolve(n) or n for n in names}, key=_hash)
    gone = ordered[::2] if half == "a" else ordered[1::2]
    return [hidden(s, gone, resolver) if s.kind == "logs" else s for s in sources]


def _half_points(sources: Sequence[Source], told: Scenario, half: str) -> list[Source]:
    """The sources with every other point: those of all sources in one order, so that each half holds some of each."""
    span = Window(
        start=min([told.window.start, *(b.window.start for b in told.baselines)]), end=told.window.end
    )
    points = {s.name: _points(s, span) for s in sources}
    ordered = sorted({p for found in points.values() for p in found}, key=lambda p: _hash(" ".join(p)))
    left = ordered[1::2] if half == "a" else ordered[::2]
    return [only_points(s, left) if points[s.name] else s for s in sources]


def _points(source: Source, span: Window) -> set[tuple[str, str]]:
    if source.kind == "metrics" and isinstance(source, MetricSource):
        return {point(s) for s in source.read(span)}
    if source.kind == "signals" and isinstance(source, SignalSource):
        return {point(w) for w in source.waveforms(span)}
    return set()


def judged(recorded: Scenario, report: Report) -> str:
    """right, unknown (or of open kind), kind (another at the right component), component (another) or healthy (on a fault)."""
    expected = recorded.expected
    if report.verdict == "unknown":
        return "right" if expected.verdict == "unknown" else "unknown"
    if expected.verdict != "cause" or report.verdict != "cause":
        told = "component" if report.verdict == "cause" else report.verdict
        return "right" if report.verdict == expected.verdict else told
    if accepted(expected, report.inventory.components, report.component, report.fault):
        return "right"
    if report.component not in _places(recorded, report):
        return "component"
    return "unknown" if report.fault == OPEN else "kind"


def strongest(recorded: Scenario, report: Report) -> str:
    """The same of who names the component of the strongest fact."""
    facts = Facts(report.evidence, Topology(report.inventory.components))
    moved = sorted((e for e in facts.anomalies if e.component), key=lambda e: (-facts.weight(e), e.statement))
    if not moved:
        return "right" if recorded.expected.verdict == "healthy" else "unknown"
    right = recorded.expected.verdict == "cause" and moved[0].component in _places(recorded, report)
    return "right" if right else "component"


def _places(recorded: Scenario, report: Report) -> set[str]:
    topology = Topology(report.inventory.components)
    answers = (recorded.expected, *recorded.expected.alternatives)
    return {name for a in answers if a.component for name in topology.family(a.component)}


def rows_of(system: str, cases: Sequence[contract.Case], *, grouped: bool) -> list[dict[str, Any]]:
    """The moves between answers over all changes, and with `grouped` the wrong ones by change."""
    before = {c["id"]: c[system] for c in cases if c["change"] == AS_RECORDED}
    after = [c for c in cases if c["change"] != AS_RECORDED]
    table = contract.rows(system, {"right as recorded": [r == "right" for r in before.values()]})
    table += contract.rows(system, moves(system, before, after))
    if system == "no_model":
        table += contract.rows(system, {"one story": one_story(cases)})
    for change in dict.fromkeys(c["change"] for c in after) if grouped else ():
        told = moves(system, before, [c for c in after if c["change"] == change])
        table += contract.rows(
            system, {f"{m}: {change}": told[m] for m in ("right → unknown", "right → WRONG")}
        )
    return table


def one_story(cases: Sequence[contract.Case]) -> list[bool]:
    """For each fault of which a cause is told at all, whether every telling that names a cause names the same."""
    told: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        if case["expected"] != "healthy" and case.get("story"):
            told[case["id"]].add(case["story"])
    return [len(stories) == 1 for stories in told.values()]


def moves(system: str, before: dict[str, str], after: Sequence[contract.Case]) -> dict[str, list[float]]:
    """For each kind of move the incidents it could have happened to."""
    is_fault: Callable[[contract.Case], bool] = lambda c: c["expected"] != "healthy"  # noqa: E731
    was_right = [c for c in after if is_fault(c) and before[c["id"]] == "right"]
    was_wrong = [c for c in after if is_fault(c) and before[c["id"]] in WRONG]
    healthy = [c for c in after if not is_fault(c) and before[c["id"]] in ("right", "unknown")]
    return {
        "right → right": [c[system] == "right" for c in was_right],
        "right → unknown": [c[system] == "unknown" for c in was_right],
        "right → WRONG": [c[system] in WRONG for c in was_right],
        "right → another kind": [c[system] == "kind" for c in was_right],
        "right → another component": [c[system] == "component" for c in was_right],
        "wrong → right": [c[system] == "right" for c in was_wrong],
        "healthy → a cause told": [c[system] in ("component", "error") for c in healthy],
    }


if __name__ == "__main__":
    sys.exit(main())
