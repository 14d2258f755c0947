"""The lab's recordings as runs that a person confirmed: diagnosed once, kept in a folder, read back without a diagnosis.

A run is confirmed or corrected by `aitia.graphs.outcome.confirm` itself, in the words that the lab has for its cause. What the
memory is asked by is what a run asks by: its report of the incident and the facts of the first round of calls.
"""

from __future__ import annotations

import functools
import gzip
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any, Final

from aitia.agent.judged import Judged
from aitia.core.errors import AitiaError
from aitia.core.scenario import Expected
from aitia.core.store import RunStore
from aitia.core.words import Evidence, Inventory
from aitia.core.words import Incident as Reported
from aitia.drill.folders import made_of
from aitia.graphs.outcome import confirm
from aitia.graphs.replay import replay
from aitia.lab.catalog import system_of, systems
from aitia.lab.one import Job, make
from aitia.lab.plan import name_of, orders
from aitia.lab.words import Order, System
from aitia.tools import Registry
from aitia.tools.incidents.rank import query_of
from aitia.tools.memory.words import Outcome, PastIncident, Query, fingerprint_of
from benchmarks.lab.data import NEVER, Incident, incidents, of_split, splits
from benchmarks.rca.product import RULES

LATER: Final = 100_000  # added to a seed: no order of the lab's own recordings reaches it
HEALTHY: Final = "none"
SERVERS: Final = "servers"


@functools.cache
def _untargeted() -> frozenset[str]:
    """The tools that are asked about nobody in particular."""
    return frozenset(spec.name for spec in Registry.load() if not spec.target)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A recording with its diagnosis. `said` and `kept` are None where a person cannot say a cause: nothing was wrong."""

    id: str
    order: Order
    kind: str  # servers, machine, cluster
    incident: Reported
    case: Judged
    report: tuple[str, str, str]  # verdict, component and kind of the run's own report
    said: Outcome | None
    kept: PastIncident | None

    @property
    def pair(self) -> tuple[str, str, str]:
        """The cause in the lab's own words: system, fault and victim."""
        return _pair(self.order)

    @property
    def first_facts(self) -> list[Evidence]:
        """The facts of the calls about nobody in particular, which are made first: what the memory is asked by."""
        return [e for e in self.case.evidence if e.tool in _untargeted()]

    @property
    def query(self) -> Query:
        """What `incidents_search` asks the memory."""
        return Query(
            text=query_of(self.incident),
            component=next(iter(self.incident.hints), ""),
            fingerprint=fingerprint_of(self.first_facts),
        )


def recordings(data: Path, work: Path, split: str, cases: str) -> list[Incident]:
    """What is stored and what is asked of one split, "" for all systems that may be looked at.

    Of each fault of a cluster of the split there is a second recording with another seed, made in WORK when its turn comes.
    Those of other systems are only stored: of systems that nobody looks at clusters and machines, whose diagnosis is quick.
    The split's own come first, servers last, in an order by hash in which the recordings of a cause stand together, so that
    a run that is cut off holds a sample.
    """
    found = incidents(data, cases)
    own = [i for i in of_split(found, split) if split != NEVER or i.kind != SERVERS]
    mine = {i.id for i in own}
    others = [i for i in (*of_split(found, ""), *of_split(found, NEVER)) if i.id not in mine]
    rest = [i for i in others if i.family != HEALTHY and (splits()[i.system] != NEVER or i.kind != SERVERS)]
    keyed = [(_key(i), i) for i in own if i.family != HEALTHY or _drawn(i)]
    known, out = systems(), work / "again" / (split or "open")
    keyed += [(key, again) for key, i in keyed if (again := _again(i, known, out)) is not None]
    keyed.sort(key=lambda pair: (pair[0], pair[1].id))
    return [*(i for _, i in keyed), *sorted(rest, key=_key)]


def _key(incident: Incident) -> tuple[bool, str]:
    made = made_of(incident.folder)
    cause = incident.id if made is None or made.family == HEALTHY else " ".join(_pair(made.order))
    return incident.kind == SERVERS, sha256(cause.encode()).hexdigest()


def _pair(order: Order) -> tuple[str, str, str]:
    return order.system, order.fault, order.victim


def _drawn(incident: Incident) -> bool:
    """One healthy hour in three, by hash: they only ask."""
    return int(sha256(incident.id.encode()).hexdigest(), 16) % 3 == 0


def _again(incident: Incident, known: dict[str, System], out: Path) -> Incident | None:
    """The second recording of a fault of a cluster: the same victim, another seed. It may not be made yet."""
    told = made_of(incident.folder)
    if told is None or told.kind != "cluster" or told.family == HEALTHY:
        return None
    first = told.order
    (order,) = orders(
        system_of(first.system, known), fault=first.fault, n=1, seed=first.seed + LATER, victim=first.victim
    )
    folder = out / name_of(order)
    if not folder.exists():
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{folder.name}.order").write_text(order.model_dump_json(), encoding="utf-8")
    return Incident(folder.name, folder, order.system, told.family, told.kind)


def _make(folder: Path) -> None:
    order = Order.model_validate_json(folder.with_suffix(".order").read_text(encoding="utf-8"))
    with redirect_stdout(StringIO()):  # it tells its progress
        make(Job(order=order, making=folder.with_suffix(".part"), out=folder, baseline_s=0, fault_s=0))


def runs(found: Sequence[Incident], work: Path, *, most_s: float | None = None) -> Iterator[Run]:
    """The run of each recording, diagnosed now where WORK has none; after `most_s` seconds no further one is diagnosed."""
    folder, began = work / "runs", time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    for number, incident in enumerate(found, 1):
        file = folder / f"{incident.id.replace('/', '_')}.json.gz"
        if not file.exists():
            if most_s is not None and time.monotonic() - began > most_s:
                continue
            if not incident.folder.exists():
                _make(incident.folder)
            _write(file, _diagnosed(incident))
            print(f"\r{number} of {len(found)}", end="", file=sys.stderr, flush=True)
        if (run := _read(file, incident)) is not None:
            yield run


def _write(file: Path, told: dict[str, Any]) -> None:
    making = file.with_suffix(".part")
    making.write_bytes(gzip.compress(json.dumps(told, ensure_ascii=False).encode(), 6))
    making.rename(file)


def _diagnosed(incident: Incident) -> dict[str, Any]:
    """What is kept of a diagnosis by the rules alone, and of a person's word on it."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        try:
            done = replay(incident.folder, home=home, llm=None, options=RULES)
        except AitiaError as error:
            return {"error": f"{type(error).__name__}: {error}"}
        expected, report = done.scenario.expected, done.report
        told: dict[str, Any] = {
            "report": [report.verdict, report.component, report.fault],
            "verdict": expected.verdict,
            "accepted": _accepted(expected),
            "incident": report.incident.model_dump(mode="json"),
            "inventory": report.inventory.model_dump(mode="json"),
            "evidence": [e.model_dump(mode="json") for e in report.evidence],
        }
        if expected.verdict != "cause":
            return told
        store = RunStore.open(home, report.run)
        right = bool(done.score["correct"])
        whom: dict[str, str] = {} if right else {"component": expected.component, "fault": expected.fault}
        try:
            said = confirm(store, home, right=right, cause=expected.why, by="benchmark", **whom)
        except AitiaError as error:  # a component that the diagnosis does not know cannot be named
            return told | {"unsaid": str(error)}
        assert said.incident is not None
        return told | {
            "said": said.outcome.model_dump(mode="json"),
            "kept": said.incident.model_dump(mode="json"),
        }


def _accepted(expected: Expected) -> list[tuple[str, str]]:
    if expected.verdict != "cause":
        return []
    return [(expected.component, expected.fault), *((a.component, a.fault) for a in expected.alternatives)]


def _read(file: Path, incident: Incident) -> Run | None:
    """None where the diagnosis failed."""
    told = json.loads(gzip.decompress(file.read_bytes()))
    made = made_of(incident.folder)
    if "error" in told or made is None:
        return None
    reported = Reported.model_validate(told["incident"])
    said, kept = told.get("said"), told.get("kept")
    return Run(
        id=incident.id,
        order=made.order,
        kind=made.kind,
        incident=reported,
        case=Judged(
            id=incident.id,
            group=made.order.system,
            evidence=tuple(Evidence.model_validate(e) for e in told["evidence"]),
            inventory=Inventory.model_validate(told["inventory"]),
            verdict=told["verdict"],
            accepted=tuple((c, f) for c, f in told["accepted"]),
            alarmed=reported.hints,
        ),
        report=(told["report"][0], told["report"][1], told["report"][2]),
        said=Outcome.model_validate(said) if said else None,
        kept=PastIncident.model_validate(kept) if kept else None,
    )


def halves(found: Sequence[Run], split: str) -> tuple[list[Run], list[Run]]:
    """What is stored, and what is asked: of each cause of the split that was recorded twice the last, and its healthy hours."""
    split_of = splits()
    pairs: dict[tuple[str, str, str], list[Run]] = defaultdict(list)
    for run in found:
        if not run.case.accepted and run.order.fault != HEALTHY:
            continue  # its answer is that nobody can know it
        part = split_of[run.order.system]
        if part == split or (not split and part != NEVER):
            pairs[run.pair].append(run)
    asked: list[Run] = []
    for (_, fault, _), mine in sorted(pairs.items()):
        mine.sort(key=lambda r: (r.order.seed, r.id))
        asked += mine if fault == HEALTHY else mine[-1:] if len(mine) > 1 else []
    later = {r.id for r in asked}
    return [r for r in found if r.id not in later and r.kept is not None], asked
