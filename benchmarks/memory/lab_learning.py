"""The learning task of lab.py: later recordings weighed without and with what a person said of the earlier ones."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from aitia.agent.alarm import is_of_objects
from aitia.agent.learned import Learned, Lesson, lesson_of
from aitia.agent.taxonomy import bundled
from aitia.agent.unshown import left_open
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import bundled_weights
from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Evidence, Window
from aitia.core.words import Incident as Reported
from aitia.tools import SourceSet, ToolContext
from aitia.tools.incidents.search import incidents_search
from aitia.tools.memory.source import IncidentMemory
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import PastIncident
from benchmarks.contract import Case
from benchmarks.memory.lab_runs import HEALTHY, Run
from benchmarks.memory.learning import nearest

Past = Mapping[str, tuple[Run, PastIncident]]


def learning(past: Past, later: Sequence[Run], now: datetime) -> list[Case]:
    """Each later recording: without, with all that was said, with the lessons of other systems alone, and by 1-NN."""
    lessons = {id: _lesson(run, kept) for id, (run, kept) in past.items()}
    made: list[Case] = []
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        with MemoryStore(home, embedder=None) as store:
            store.put((kept for _, kept in past.values()), by="benchmark")
        memory = IncidentMemory(
            SourceConfig(name="memory", kind="incidents", type="memory", path=place), home
        )
        for run in later:
            said = {id: x for id, x in lessons.items() if past[id][0].order.system != run.order.system}
            recalled = _recalled(run, memory, now)
            before = _case(run, "trivial", _weighed(run, (), (), now))
            made += [
                before,
                _case(run, "no_model", _weighed(run, lessons.values(), recalled, now), before),
                _case(run, "no_model others", _weighed(run, said.values(), (), now), before),
                _case(run, "peer 1-NN", nearest(run.case, list(lessons.values())), before),
            ]
    return made


def _lesson(run: Run, kept: PastIncident) -> Lesson:
    assert run.said is not None
    return lesson_of(kept, run.said.model_copy(update={"run": kept.run, "at": kept.at}))


def _weighed(run: Run, lessons: Iterable[Lesson], recalled: Sequence[Evidence], now: datetime) -> Weighed:
    known = Learned(lessons=tuple(sorted(lessons, key=lambda x: x.at, reverse=True))).known_to(run.id, now)
    case = run.case
    evidence = (*case.evidence, *recalled)
    weighed = weigh(
        evidence,
        case.inventory,
        bundled(),
        bundled_weights(),
        alarmed=case.alarmed,
        learned=known,
        of_objects=is_of_objects(run.incident),
    )
    return left_open(weighed, evidence, case.inventory, bundled())


def _recalled(run: Run, memory: IncidentMemory, now: datetime) -> list[Evidence]:
    """The facts of `incidents_search` of this run, had it happened at that moment."""
    ctx = ToolContext(
        incident=_moved(run.incident, now),
        sources=SourceSet([memory]),
        inventory=run.case.inventory,
        resolver=Resolver(run.case.inventory.components),
        found={"evidence": [e.model_dump(mode="json") for e in run.first_facts]},
    )
    found = incidents_search.function(ctx).evidence
    return [e.model_copy(update={"id": f"M{n}"}) for n, e in enumerate(found, 1)]


def _moved(incident: Reported, now: datetime) -> Reported:
    by = now - incident.started_at
    window = Window(start=incident.window.start + by, end=incident.window.end + by)
    return incident.model_copy(update={"started_at": now, "window": window})


def _case(run: Run, system: str, said: Weighed, before: Case | None = None) -> Case:
    right = run.case.is_right(said)
    made: Case = {
        "task": "learning",
        "system": system,
        "id": run.id,
        "of": run.order.system,
        "fault": run.order.fault,
        "what": "healthy" if run.order.fault == HEALTHY else "cause",
        "said": f"{said.component} {said.fault}".strip() or said.verdict,
        "right": right,
        "wrong": said.verdict == "cause" and not right,
    }
    if system == "trivial":
        made["as reported"] = (said.verdict, said.component, said.fault) == run.report
    return made if before is None else made | {"before": before["right"]}
