"""A run's events as a page shows them while they come: steps with their facts, suspects that move, sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aitia.core import events as ev
from aitia.core.percent import chance
from aitia.core.words import Suspect
from aitia.render.text import clean, clip, count, duration

Mark = Literal["runs", "done", "nothing", "failed", "asks"]
Move = Literal["", "new", "up", "down"]
MARKS: Final[Mapping[str, Mark]] = {
    "ok": "done", "no_data": "nothing", "error": "failed", "needs_approval": "asks",
}  # fmt: skip
_NOW: Final = {
    "open": "Recalling similar incidents", "recall": "Planning", "plan": "Reading the telemetry",
    "gather": "Weighing the suspects", "weigh": "Explaining", "explain": "Checking every sentence",
    "verify": "Choosing what to do", "mitigate": "Writing the report",
}  # fmt: skip
LONGEST: Final = 300  # characters of a line from outside
MOST_SUSPECTS: Final = 5


@dataclass(kw_only=True)
class Step:
    """A tool call, planned or done."""

    number: int
    tool: str
    args: str = ""
    mark: Mark = "runs"
    told: str = ""
    facts: tuple[ev.Glimpse, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A suspect as it stands now, and whether it rose or fell since the weighing before."""

    key: str
    name: str
    probability: float
    move: Move


@dataclass(kw_only=True)
class Progress:
    """All that a page shows of a run before its report is there. `now` is one line for a status bar."""

    findings: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)
    suspects: tuple[Standing, ...] = ()
    settled: bool = False
    sentences: list[str] = field(default_factory=list)
    now: str = "Opening the sources"


def progress(events: Iterable[ev.Event], *, named: Callable[[str, str], str]) -> Progress:
    """What happened so far; `named` says a component and its fault in words."""
    seen = Progress()
    steps: dict[int, Step] = {}
    ranked: Sequence[Suspect] = ()
    for event in events:
        match event:
            case ev.Findings():
                seen.findings = tuple(line(s) for s in event.statements)
            case ev.PlanMade():
                steps |= {
                    t.id: Step(number=t.id, tool=t.tool, args=args_line(t.args))
                    for t in event.tasks
                    if t.id not in steps
                }
            case ev.TaskDone():
                step = steps.setdefault(event.task, Step(number=event.task, tool=event.tool))
                _finish(step, event)
                seen.now = _counted(steps, step)
            case ev.Ranked():
                seen.suspects, seen.settled = _standings(event.suspects, ranked, named), event.settled
                ranked = event.suspects
            case ev.SentenceDone():
                seen.sentences.append(line(event.text))
                seen.now = f"Explaining: {count(len(seen.sentences), 'sentence')} so far"
            case ev.NodeDone() if event.node in _NOW:
                seen.now = _NOW[event.node]
            case ev.Corrected():  # it begins anew: what was returned is taken from there again
                seen, steps, ranked = Progress(now=f"Going on from: {line(event.text)}"), {}, ()
            case ev.RunFailed():
                seen.now = f"Stopped: {line(event.message)}"
    seen.steps = list(steps.values())
    return seen


def line(text: str) -> str:
    """One safe line of outside text."""
    return clip(clean(text[: LONGEST * 4]), LONGEST)


def args_line(args: Mapping[str, Any]) -> str:
    """A call's arguments on one safe line."""
    return line(" ".join(f"{key}={value}" for key, value in sorted(args.items())))


def _finish(step: Step, event: ev.TaskDone) -> None:
    step.mark = MARKS[event.status]
    told = count(event.facts, "fact") if event.status == "ok" else line(event.message)
    step.told = f"{told} ({duration(event.seconds)})"
    step.facts = tuple(g.model_copy(update={"statement": line(g.statement)}) for g in event.strongest)


def _counted(steps: Mapping[int, Step], step: Step) -> str:
    done = sum(s.mark != "runs" for s in steps.values())
    return f"Step {done} of {len(steps)}: {step.tool}, {step.told}"


def _standings(
    now: Sequence[Suspect], before: Sequence[Suspect], named: Callable[[str, str], str]
) -> tuple[Standing, ...]:
    was = {(s.component, s.fault): s.probability for s in before}
    return tuple(
        Standing(
            key=f"{s.component} {s.fault}",
            name=named(s.component, s.fault),
            probability=s.probability,
            move=_move(s, was),
        )
        for s in sorted(now, key=lambda s: -s.probability)[:MOST_SUSPECTS]
    )


def _move(suspect: Suspect, was: Mapping[tuple[str, str], float]) -> Move:
    if not was:
        return ""
    before = was.get((suspect.component, suspect.fault))
    if before is None:
        return "new"
    if chance(before) == chance(suspect.probability):
        return ""
    return "up" if suspect.probability > before else "down"
