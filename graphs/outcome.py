"""What a person says of a run, kept in every store at once: incident memory, plans, and with them all that is learned."""

from __future__ import annotations

import getpass
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from aitia.agent.facts import is_anomaly
from aitia.agent.learned import NOTHING, Learned, lessons_of
from aitia.agent.planning.plans import PastPlan, PlanStore, from_run
from aitia.agent.taxonomy import Taxonomy
from aitia.core.errors import AitiaError, BadInput
from aitia.core.redact import Redactor, load_key
from aitia.core.state import has_memory
from aitia.core.store import RunStore
from aitia.core.words import Report
from aitia.graphs.judgement import taxonomy_of
from aitia.tools.memory.words import Outcome, PastIncident, fingerprint_of

if TYPE_CHECKING:
    from aitia.tools.memory.store import MemoryStore

MAX_SYMPTOMS = 8
MAX_TEXT = 2000  # characters of what a person writes
FILE = Path("memory") / "incidents.sqlite"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was kept of a person's word on a run; `notes` tell what could not be."""

    outcome: Outcome
    incident: PastIncident | None
    plan: PastPlan | None
    notes: tuple[str, ...] = ()


def learned(home: Path) -> Learned:
    """All lessons of the site's outcomes; without any where nothing was ever said, or with a note why none are used."""
    if not has_memory(home):
        return NOTHING
    try:
        with _memory(home) as memory:
            return lessons_of(*_kept(memory))
    except (AitiaError, sqlite3.Error) as error:
        return Learned(note=f"Nothing learned was used: {error}")


def outcomes(home: Path) -> list[Outcome]:
    """What persons said, the last word on each run, oldest first."""
    if not has_memory(home):
        return []
    with _memory(home) as memory:
        return sorted({o.run: o for o in memory.outcomes()}.values(), key=lambda o: (o.at, o.run))


def _memory(home: Path) -> MemoryStore:
    from aitia.tools.memory.store import MemoryStore  # a diagnosis without a memory opens none

    return MemoryStore(home)


def _kept(memory: MemoryStore) -> tuple[list[Outcome], dict[str, PastIncident]]:
    said = memory.outcomes()
    held = {}
    for run in {o.run for o in said}:
        try:
            held[run] = memory.get(run)
        except BadInput:  # it was removed from memory since: nothing is learned from it any more
            continue
    return said, held


def confirm(
    store: RunStore,
    home: Path,
    *,
    right: bool,
    component: str = "",
    fault: str = "",
    cause: str = "",
    mitigation: tuple[str, ...] = (),
    note: str = "",
    by: str = "",
    at: datetime | None = None,
) -> Said:
    """Keep that a run's cause was right, or what it really was. A later word takes the place of an earlier one.

    `cause`, `mitigation` and `note` are a person's words, `by` who says it (default: the user of this process). Either all
    stores hold it afterwards or none does. Raises BadInput.
    """
    report = store.report()
    notes: list[str] = []
    if right:
        component, fault = _confirmed(report)
    else:
        component, fault = _corrected(report, component, fault, taxonomy_of(store.meta()), notes)
    redactor = Redactor(load_key(home))
    clean: Callable[[str], str] = lambda text: redactor.text(text.strip())[:MAX_TEXT]  # noqa: E731
    by, at = by or person(), at or datetime.now(tz=UTC)
    outcome = Outcome(
        run=store.id,
        right=right,
        component=component,
        fault=fault,
        named=report.component,
        named_fault=report.fault,
        cause=clean(cause),
        mitigation=tuple(clean(m) for m in mitigation),
        note=clean(note),
        by=by,
        at=at,
    )
    incident = _incident(report, outcome, clean) if component else None
    plan = _plan(report, store, notes) if right and component else None
    with _memory(home) as memory:
        _keep(memory, PlanStore(home), outcome, incident, plan)
    return Said(outcome=outcome, incident=incident, plan=plan, notes=tuple(notes))


def revert(run: str, home: Path, *, by: str = "") -> bool:
    """Take back what was said of a run: every store is as if it had never been said. False where nothing was."""
    who = by or person()
    with _memory(home) as memory:
        if not memory.revert(run, by=who):
            return False
        _drop(memory, run, who)
    PlanStore(home).remove(run)
    return True


def person() -> str:
    """The user of this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user id
        return "unknown"


def _confirmed(report: Report) -> tuple[str, str]:
    if report.verdict == "unknown":
        raise BadInput(f"Run {report.run} names no cause. Correct it, and say which component it was.")
    return report.component, report.fault


def _corrected(
    report: Report, component: str, fault: str, taxonomy: Taxonomy, notes: list[str]
) -> tuple[str, str]:
    known = {n.casefold(): c.id for c in report.inventory.components for n in (*c.aliases, c.id)}
    found = known.get(component.casefold(), "")
    if not found:
        near = get_close_matches(component.casefold(), known, n=3)
        raise BadInput(
            f"{component!r} is not a component of run {report.run}"
            + (f"; the nearest are {', '.join(known[n] for n in near)}." if near else ".")
        )
    paths = {".".join(f.id.split(".")[: n + 1]) for f in taxonomy for n in range(f.id.count(".") + 1)}
    if fault and fault not in paths:
        near = get_close_matches(fault, sorted(paths), n=3, cutoff=0.4)
        raise BadInput(
            f"{fault!r} is not a fault kind of the taxonomy"
            + (f"; the nearest are {', '.join(near)}." if near else ".")
        )
    if (found, fault) == (report.component, report.fault):
        raise BadInput(f"{found} {fault} is what run {report.run} named. Confirm the run as right.")
    if not fault:
        notes.append(
            "no fault kind was given, so only the component was saved; correct it again with a fault kind"
        )
    return found, fault


def _incident(report: Report, outcome: Outcome, clean: Callable[[str], str]) -> PastIncident:
    told = report.incident
    strongest = sorted(
        (e for e in report.evidence if is_anomaly(e)), key=lambda e: (-e.strength, e.statement)
    )
    title = report.fault_title if outcome.right else ""
    return PastIncident(
        id=report.run,
        title=told.title,
        text=told.text,
        at=told.started_at,
        resolved_at=told.window.end,
        component=outcome.component,
        symptoms=tuple(clean(e.statement) for e in strongest[:MAX_SYMPTOMS]),
        labels=told.labels,
        fingerprint=fingerprint_of(report.evidence),
        cause=outcome.cause or f"{outcome.component}: {title or outcome.fault or 'kind not told'}",
        fault=outcome.fault,
        mitigation=outcome.mitigation,
        outcome=outcome.note,
        confirmed=True,
        run=report.run,
        source=f"run {report.run}",
    )


def _plan(report: Report, store: RunStore, notes: list[str]) -> PastPlan | None:
    try:
        return from_run(report, store.results().values()).model_copy(update={"confirmed": True})
    except BadInput as error:
        notes.append(f"no plan was saved: {error}")
        return None


def _keep(
    memory: MemoryStore,
    plans: PlanStore,
    outcome: Outcome,
    incident: PastIncident | None,
    plan: PastPlan | None,
) -> None:
    """All stores or none: the memory in one transaction, within which the plan is kept; a failure takes both back."""
    run, who = outcome.run, outcome.by
    planned = next((p for p in plans.all() if p.id == run), None)
    try:
        with memory.together():
            memory.revert(run, by=who)
            if incident is not None:
                memory.put([incident], by=who)
            memory.record(outcome)
            plans.remove(run)
            if plan is not None:
                plans.add(plan)
    except BaseException:
        plans.remove(run)
        if planned is not None:
            plans.add(planned)
        raise
    if incident is None:
        _drop(memory, run, who)


def _of(memory: MemoryStore, run: str) -> PastIncident | None:
    try:
        return memory.get(run)
    except BadInput:
        return None


def _drop(memory: MemoryStore, run: str, who: str) -> None:
    if _of(memory, run) is not None:
        memory.remove([run], by=who)
