"""Past plans that led to a confirmed cause: which tools, about whom by role, so that they carry over to other sites."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from aitia.agent.planning.defaults import Roles, Step, bundled_defaults
from aitia.agent.taxonomy import covers
from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.core.lexical import LexicalIndex
from aitia.core.words import Incident, Inventory, Report, Result, SourceKind, Unit01, Word
from aitia.tools.memory.terms import terms

NEAREST: Final = 5
FILE: Final = "plans.jsonl"


class PastPlan(Word):
    """The steps that found a cause, with what the incident read like."""

    id: str
    text: str
    sources: tuple[SourceKind, ...]
    symptom: str = ""
    fault: str = ""
    path: tuple[Step, ...] = Field(min_length=1)
    confirmed: bool = False


class Recalled(Word):
    """A past plan, and how alike its incident and sources are: 0..1."""

    plan: PastPlan
    similarity: Unit01


def text_of(incident: Incident) -> str:
    """What an incident is compared by."""
    return " ".join([incident.title, incident.text, *(v for _, v in sorted(incident.labels.items()))])


def kinds_of(inventory: Inventory) -> tuple[SourceKind, ...]:
    """The kinds of sources that can be read."""
    return tuple(sorted({h.kind for h in inventory.holdings if inventory.has(h.kind)}))


def from_run(report: Report, calls: Iterable[Result]) -> PastPlan:
    """The plan of a report: the calls (with their evidence) of which the named cause cites a fact, in plan order.

    It is not confirmed: that is for a person to say. Raises BadInput where there is no cause or nothing was cited.
    """
    if report.verdict != "cause":
        raise BadInput(f"Run {report.run} has the verdict {report.verdict}. Give a run that names a cause.")
    cited = {i for s in (*report.chain, *report.summary) for i in s.cites}
    for suspect in report.suspects:
        if suspect.component == report.component and covers(report.fault, suspect.fault):
            cited |= set(suspect.supporting)
    roles = Roles(report.incident, report.inventory)
    path: list[Step] = []
    number = 0
    for call in sorted(calls, key=lambda c: c.task):
        ids = {f"E{n}" for n in range(number + 1, number + 1 + len(call.evidence))}
        number += len(call.evidence)
        if ids & cited:
            path.append(step_of(call.tool, call.args.values(), roles))
    if not path:
        raise BadInput(
            f"None of the calls of run {report.run} is cited. Give its calls together with their evidence."
        )
    classes = bundled_defaults().classify(report.incident, roles.types)
    return PastPlan(
        id=report.run,
        text=text_of(report.incident),
        sources=kinds_of(report.inventory),
        symptom=classes[0][0] if classes else "",
        fault=report.fault,
        path=tuple(dict.fromkeys(path)),
    )


def step_of(tool: str, values: Iterable[object], roles: Roles) -> Step:
    """A call as a step: the role of the component that it was about, none for a tool that was asked about all."""
    about = next((v for v in values if isinstance(v, str) and v), "")
    return Step(tool=tool, role=roles.role_of(about) if about else "")


class PlanStore:
    """`AITIA_HOME/plans.jsonl`. A line is appended in one write; half a line, left by a kill, is skipped with a note."""

    def __init__(self, home: Path | None = None) -> None:
        self.path = (home or aitia_home()) / FILE
        self.notes: tuple[str, ...] = ()

    def add(self, plan: PastPlan) -> None:
        """Keep a plan; a later one of the same id takes its place. Raises BadInput for one that is not confirmed."""
        if not plan.confirmed:
            raise BadInput(
                f"Confirm the cause of {plan.id} first: only plans that led to a confirmed cause are kept."
            )
        line = plan.model_dump_json().encode() + b"\n"
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            broken = size and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, b"\n" + line if broken else line)
            os.fsync(handle)
        finally:
            os.close(handle)

    def remove(self, plan_id: str) -> bool:
        """Forget a plan: the file is as it was before it was added. False where there is none of that id."""
        if not self.path.exists():
            return False
        lines = self.path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if _id_of(line) != plan_id]
        if len(kept) == len(lines):
            return False
        if not kept:
            self.path.unlink()
            return True
        part = self.path.with_name(f"{FILE}.part")
        part.touch(mode=0o600)
        part.write_bytes(b"".join(kept))
        os.replace(part, self.path)
        return True

    def all(self) -> list[PastPlan]:
        """The plans, oldest first; `notes` then tells which lines were skipped."""
        found: dict[str, PastPlan] = {}
        notes = []
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            lines = []
        except OSError as error:
            lines, notes = (
                [],
                [f"Cannot read {self.path}: {error.strerror}. Check that it exists and its permissions."],
            )
        for n, line in enumerate(lines, 1):
            try:
                if line.strip():
                    plan = PastPlan.model_validate(json.loads(line))
                    found[plan.id] = plan
            except (ValueError, ValidationError, RecursionError):
                notes.append(f"Line {n} of {self.path} is not a plan. Fix or remove it.")
        self.notes = tuple(notes)
        return list(found.values())

    def nearest(self, incident: Incident, inventory: Inventory, k: int = NEAREST) -> list[Recalled]:
        """The plans of the incidents that are most alike, best first."""
        return nearest(self.all(), incident, inventory, k)


def _id_of(line: bytes) -> str:
    """The id on a line, "" where it holds no plan."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return str(told.get("id", "")) if isinstance(told, dict) else ""


def nearest(
    plans: Sequence[PastPlan], incident: Incident, inventory: Inventory, k: int = NEAREST
) -> list[Recalled]:
    """TF-IDF cosine of the texts times the overlap (Jaccard) of the source kinds; what shares nothing is left out."""
    held = set(kinds_of(inventory))
    confirmed = [p for p in plans if p.confirmed and p.id != incident.id]
    if not confirmed:
        return []
    alike = LexicalIndex([terms(p.text) for p in confirmed]).cosine(terms(text_of(incident)))
    found = [
        Recalled(plan=p, similarity=round(min(1.0, float(a)) * _overlap(held, set(p.sources)), 4))
        for p, a in zip(confirmed, alike, strict=True)
    ]
    best = sorted((r for r in found if r.similarity > 0), key=lambda r: (-r.similarity, r.plan.id))
    return best[:k]


def _overlap(left: set[SourceKind], right: set[SourceKind]) -> float:
    return len(left & right) / len(left | right) if left | right else 0.0
