"""Streams of alerts: name the component from alerts alone, in two layouts, on recordings of the lab.

    python benchmarks/rca/alert_streams.py --data DIR [--split develop|tune|never] --json OUT

Of each recording below DIR the alerts that rules of public collections raise over its metrics
(benchmarks/adapters/alert_streams/rules.yaml), the site's own alert and some harmless ones that fire or flap are all that
is given: as one Alertmanager message, and as a flat list of notifications (CSV or JSON lines by turns; time, host, alert,
severity, message). Neither the metrics nor, but for the row that says so, the topology are. No language model takes part.
Only the scorer reads the answers. Recordings over whose metrics no rule fires in the window are counted and left out.
Systems of the split `never` are scored with `--split never` alone, which tells totals only and is written down.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.taxonomy import covers
from aitia.agent.topology import Topology
from aitia.core.errors import BadInput
from aitia.core.resolve import Resolver
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.words import Component
from aitia.incoming import make_incident
from benchmarks import contract
from benchmarks.adapters.alert_streams import layouts
from benchmarks.adapters.alert_streams.layouts import Row
from benchmarks.adapters.alert_streams.rules import fired, read
from benchmarks.contract import Case
from benchmarks.lab.data import NEVER, Incident, incidents, of_split
from benchmarks.lab.incidents import written_down
from benchmarks.rca.product import components as ranking
from benchmarks.rca.product import diagnosed

WEBHOOK, FLAT, PLACED = "no_model webhook", "no_model flat", "no_model flat, topology"
MOST, DIFFERENT, FIRST = "trivial most alerts", "trivial most different", "trivial first alert"
SYSTEMS = (WEBHOOK, FLAT, PLACED, MOST, DIFFERENT, FIRST)
SURE: Final = 0.8


@dataclass(frozen=True, kw_only=True)
class Stream:
    """The alerts of one recording: what is given. Nothing of the answer is in it."""

    now: datetime
    start: float  # of the window
    webhook: str
    rows: Sequence[Row]
    flat: str
    components: Sequence[Component]


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--split", choices=("develop", "tune", NEVER), default="")
    args = parser.parse_args()
    if args.split == NEVER and args.cases != "*":
        parser.error("--split never is scored whole: leave out --cases")
    found = [i for i in of_split(incidents(Path(args.data), args.cases), args.split) if _has_metrics(i)]
    if not found:
        print(
            f"error: --data {args.data!r} holds no recording with metrics for these arguments",
            file=sys.stderr,
        )
        return 2
    began = time.monotonic()
    cases: list[Case] = []
    quiet = 0
    for n, incident in enumerate(found, 1):
        scenario = load_scenario(incident.folder)
        made = stream_of(incident, scenario)
        if made is None:
            quiet += 1
        else:
            cases += [scored(incident, scenario, made.components, *said) for said in answers(made)]
        print(f"\r{n} of {len(found)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    rows = [row for system in SYSTEMS for row in rows_of(system, cases)]
    sealed = args.split == NEVER
    if sealed:
        written_down(found, rows, "rca/alert_streams")
    contract.finish(
        "rca/alert_streams", rows, [] if sealed else cases, n=len(cases) // len(SYSTEMS), began=began, out=args.json,
        judged=[] if sealed else [_judged(c) for c in cases if c["system"] == FLAT],
    )  # fmt: skip
    print(f"{quiet} recordings without an alert in the window are left out")
    return 0


def _has_metrics(incident: Incident) -> bool:
    return (incident.folder / "metrics.parquet").is_file()


def stream_of(incident: Incident, scenario: Scenario) -> Stream | None:
    """The alerts of a recording up to its end; None where no rule fires in its window."""
    start, end = scenario.window.epoch
    series = read(incident.folder)
    rules = [f for f in fired(series, start) if f.start < end]
    if not any(f.start >= start for f in rules):
        return None
    extra = [f for f in layouts.harmless(incident.id, series, start, end) if f.start < end]
    alerts = sorted([*rules, *layouts.own_alerts(incident.folder), *extra], key=lambda f: (f.start, f.name))
    steps = [float(s.t[1] - s.t[0]) for s in series if len(s.t) > 1]
    rows = layouts.notifications(alerts, end, sorted(steps)[len(steps) // 2])
    topology = incident.folder / "topology.yaml"
    told = yaml.safe_load(topology.read_text(encoding="utf-8"))["components"] if topology.is_file() else []
    return Stream(
        now=scenario.window.end,
        start=start,
        webhook=layouts.webhook(alerts, end),
        rows=rows,
        flat=layouts.flat(rows, lines=int(incident.id[-1], 16) % 2 == 0),
        components=[Component.model_validate(c) for c in told],
    )


def answers(stream: Stream) -> list[tuple[str, dict[str, Any], list[str]]]:
    """What each system says: the verdict, and components, likeliest first."""
    said = [
        (WEBHOOK, *_diagnosed(stream.webhook, stream.now, ())),
        (FLAT, *_diagnosed(stream.flat, stream.now, ())),
        (PLACED, *_diagnosed(stream.flat, stream.now, stream.components)),
    ]
    for system, order in plain_orders(stream).items():
        said.append(
            (
                system,
                {"verdict": "cause", "component": order[0] if order else "", "fault": "", "probability": 1.0},
                order,
            )
        )
    return said


def plain_orders(stream: Stream) -> dict[str, list[str]]:
    """What a person counts since the window began: notifications that fire, different alerts, and whose was first.

    A pod counts for its owner.
    """
    resolver = Resolver(stream.components)
    within = [
        r for r in stream.rows if r.at >= stream.start and r.host and not r.message.startswith("RESOLVED")
    ]
    named = [(resolver.learn(r.host), r.name) for r in within]
    most, different = Counter(c for c, _ in named), Counter(c for c, _ in dict.fromkeys(named))
    return {
        MOST: sorted(most, key=lambda c: (-most[c], c)),
        DIFFERENT: sorted(different, key=lambda c: (-different[c], c)),
        FIRST: list(dict.fromkeys(c for c, _ in named)),
    }


def _diagnosed(text: str, now: datetime, components: Sequence[Component]) -> tuple[dict[str, Any], list[str]]:
    try:
        incident = make_incident(text, now=now.astimezone(UTC))
    except BadInput as error:
        return {"verdict": "error", "component": "", "fault": "", "probability": 0.0, "error": str(error)}, []
    report = diagnosed(incident, (), Path(), components=components)
    told = {"verdict": report.verdict, "component": report.component, "fault": report.fault}
    return told | {"probability": report.probability}, ranking(report)


def scored(
    incident: Incident,
    scenario: Scenario,
    components: Sequence[Component],
    system: str,
    said: dict[str, Any],
    order: Sequence[str],
) -> Case:
    """What was said beside the answer. A pod is its owner, for every system alike."""
    resolver, topology = Resolver(components), Topology(components)
    expected = scenario.expected
    pairs = [(expected.component, expected.fault), *((a.component, a.fault) for a in expected.alternatives)]
    accepted = {name for component, _ in pairs if component for name in topology.family(component)}
    named = list(dict.fromkeys(resolver.learn(name) for name in order))
    cause = said["verdict"] == "cause"
    right = cause and bool(named) and resolver.learn(said["component"]) in accepted
    return {"id": incident.id, "of_system": incident.system, "system": system, "expected": expected.verdict} | said | {
        "ranking": named[:3],
        "named_right": right,
        "kind_right": cause and any(covers(fault, said["fault"]) for _, fault in pairs if fault),
        "component@1": contract.hits(named, accepted, 1),
        "component@3": contract.hits(named, accepted, 3),
    }  # fmt: skip


def rows_of(system: str, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """The rows of one system: where something was wrong, and in healthy hours."""
    mine = [c for c in cases if c["system"] == system]
    faults = [c for c in mine if c["expected"] == "cause"]
    well = [c for c in mine if c["expected"] == "healthy"]
    cause = [c["verdict"] == "cause" for c in faults]
    wrong = [c["verdict"] == "cause" and not c["named_right"] for c in faults]
    measured = {
        "component@1": [float(c["component@1"]) for c in faults],
        "component@3": [float(c["component@3"]) for c in faults],
        "cause named": [float(c) for c in cause],
        "component of the cause right": [float(c["named_right"]) for c in faults],
    }
    if not system.startswith("trivial"):
        measured |= {
            "kind right": [float(c["kind_right"]) for c in faults],
            "wrong cause": [float(w) for w in wrong],
            "wrong cause at 80": [
                float(w and c["probability"] >= SURE) for w, c in zip(wrong, faults, strict=True)
            ],
            "cause named in a healthy hour": [float(c["verdict"] == "cause") for c in well],
            "'healthy' where something was wrong": [float(c["verdict"] == "healthy") for c in faults],
        }
    return contract.rows(system, measured)


def _judged(case: Case) -> Case:
    kept = {k: case[k] for k in ("id", "verdict", "probability")}
    right = case["named_right"] if case["verdict"] == "cause" else case["verdict"] == case["expected"]
    return kept | {"right": right}


if __name__ == "__main__":
    raise SystemExit(main())
