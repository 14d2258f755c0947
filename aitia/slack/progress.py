"""A run's events as steps that a person can follow, and what is new of them since they were last shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from aitia.core.events import (
    Corrected,
    Decided,
    Event,
    Findings,
    NodeDone,
    PlanMade,
    Progress,
    Ranked,
    RunFailed,
    RunStarted,
    TaskDone,
)
from aitia.core.percent import chance
from aitia.core.words import Suspect, Task
from aitia.jobs import Job
from aitia.slack import blocks as b
from aitia.slack.mrkdwn import streamed

Status = Literal["pending", "in_progress", "complete", "error"]
FIELD: Final = 200  # characters of a step's title and of what came of it; Slack takes 256
SHOWN: Final = 30  # steps in one message
_MARKS: Final = {"pending": "○", "in_progress": "◔", "complete": "✓", "error": "✗"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of progress. Titles and outcomes may hold outside text."""

    title: str
    status: Status = "in_progress"
    outcome: str = ""


class Steps:
    """Takes events in order; `news` and `blocks` give what they come to."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self._taken: dict[str, Step] = {}
        self._offered: dict[str, Step] = {}
        self._corrections = 0

    def add(self, event: Event) -> None:
        """Take an event."""
        match event:
            case RunStarted():
                self.steps.clear()
                self._put("open", Step(title="Look at the telemetry around the alert"))
            case Findings():
                found = (
                    f"{len(event.statements)} first findings"
                    if event.statements
                    else "nothing stands out yet"
                )
                self._put(
                    "open",
                    Step(title="Look at the telemetry around the alert", status="complete", outcome=found),
                )
            case PlanMade():
                for task in event.tasks:
                    self._put(f"task-{task.id}", Step(title=_called(task)))
            case TaskDone():
                self._task(event)
            case Ranked() if event.settled and event.suspects:
                self._put(
                    "weigh",
                    Step(title="Weigh the causes", status="complete", outcome=_suspect(event.suspects[0])),
                )
            case NodeDone(node="plan"):
                self._put("weigh", Step(title="Weigh the causes", status="pending"))
            case NodeDone(node="weigh"):
                self._put("explain", Step(title="Explain, each sentence from its facts"))
            case NodeDone(node="verify"):
                self._put("explain", Step(title="Explain, each sentence from its facts", status="complete"))
            case Corrected():
                self._corrections += 1
                said = Step(title="Go on from a correction", status="complete", outcome=event.text)
                self._put(f"corrected-{self._corrections}", said)
            case RunFailed():
                self._put("failed", Step(title="Stopped", status="error", outcome=event.message))
            case NodeDone() | Decided() | Progress() | _:
                pass

    def end(self, outcome: str, *, status: Status = "complete") -> None:
        """The last step; what was still open is so no longer."""
        for name, step in list(self.steps.items()):
            if step.status in ("pending", "in_progress"):
                self._put(name, Step(title=step.title, status="complete", outcome=step.outcome))
        self._put("end", Step(title="Report", status=status, outcome=outcome))

    def hold(self, outcome: str, *, status: Status = "in_progress") -> None:
        """The run waits for a person, or did."""
        self._put("hold", Step(title="Wait for approval", status=status, outcome=outcome))

    def news(self) -> list[dict[str, Any]]:
        """Stream chunks of the steps that are new or changed; all that were not `taken`."""
        self._offered = dict(self.steps)
        return [_chunk(name, step) for name, step in self._offered.items() if self._taken.get(name) != step]

    def taken(self) -> None:
        """The chunks that were offered last have arrived."""
        self._taken = self._offered

    def blocks(self, title: str) -> list[b.Block]:
        """All steps as one message; the earliest ones are counted where there are too many."""
        left = max(0, len(self.steps) - SHOWN)
        rows = [[b.words(title, "bold", limit=FIELD)]]
        rows += [[b.words(f"… {left} earlier steps")]] if left else []
        for step in list(self.steps.values())[left:]:
            outcome = [b.words(f"  {step.outcome}", "italic", limit=FIELD)] if step.outcome else []
            rows.append([b.words(f"{_MARKS[step.status]} {step.title}", limit=FIELD), *outcome])
        return [b.rich(b.lines(*rows))]

    def _put(self, name: str, step: Step) -> None:
        if self.steps.get(name) != step:
            if name in ("weigh", "explain", "hold", "end"):
                self.steps.pop(name, None)  # they come after the calls, of a second round too
            self.steps[name] = step

    def _task(self, event: TaskDone) -> None:
        name = f"task-{event.task}"
        before = self.steps.get(name, Step(title=event.tool))
        facts = f"{event.facts} {'fact' if event.facts == 1 else 'facts'}"
        best = f": {event.strongest[0].statement}" if event.strongest else ""
        outcome = {"ok": facts + best, "no_data": "no data", "needs_approval": "needs approval"}.get(
            event.status, event.message
        )
        self._put(
            name,
            Step(
                title=before.title, status="error" if event.status == "error" else "complete", outcome=outcome
            ),
        )


def title_of(job: Job) -> str:
    """What the progress message says first."""
    return f"Diagnosing: {job.title}" if job.revision == 1 else f"Looking again ({job.revision}): {job.title}"


def _called(task: Task) -> str:
    target = next(
        (
            str(task.args[a])
            for a in ("component", "target", "service", "metric", "stream")
            if task.args.get(a)
        ),
        "",
    )
    return f"{task.tool} {target}".strip()


def _suspect(suspect: Suspect) -> str:
    return f"{chance(suspect.probability)} {' '.join(p for p in (suspect.component, suspect.fault) if p)}"


def _chunk(name: str, step: Step) -> dict[str, Any]:
    outcome = {"output": streamed(step.outcome, FIELD)} if step.outcome else {}
    return {
        "type": "task_update",
        "id": name,
        "title": streamed(step.title, FIELD),
        "status": step.status,
        **outcome,
    }
