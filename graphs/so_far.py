"""A run that has no report yet, asked about: how far it is, who is suspected by now, and what was found, from its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from aitia.agent.asking.answer import Answer, Citation, Reply
from aitia.core.events import Event, Findings, Glimpse, NodeDone, PlanMade, Ranked, TaskDone
from aitia.core.percent import chance
from aitia.core.words import Suspect

MOST_SUSPECTS: Final = 3
MOST_FACTS: Final = 5
SURE: Final = 0.5  # by hand: what is known so far may turn


def so_far(
    question: str, run: str, state: str, events: Iterable[Event], redact: Callable[[str], str]
) -> Answer:
    """The suspects and the strongest facts so far; each said to be of a run that is not over."""
    planned, done, last = 0, 0, ""
    suspects: tuple[Suspect, ...] = ()
    facts: list[Glimpse] = []
    findings: tuple[str, ...] = ()
    for event in events:
        match event:
            case PlanMade():
                planned += len(event.tasks)
            case TaskDone():
                done += 1
                facts += event.strongest
            case Ranked():
                suspects = event.suspects
            case Findings():
                findings = event.statements
            case NodeDone():
                last = event.node
    stands = {"running": "still running", "waiting": "waiting for a person"}.get(state, state)
    told = [f"This diagnosis is {stands}: {done} calls returned{f', last step {last}' if last else ''}."]
    told += [_suspected(suspects)] if suspects else ["Nothing has been weighed yet."]
    strongest = [g.statement for g in sorted(facts, key=lambda g: -g.strength)] or list(findings)
    wanted = _about(question, strongest)
    replies = [Reply(text=redact(t), cites=("P1",)) for t in told]
    replies += [Reply(text=redact(t), cites=("P1",), by="quote") for t in wanted[:MOST_FACTS]]
    return Answer(
        run=run,
        question=redact(question),
        status="answered",
        sure=SURE,
        replies=tuple(replies),
        citations=(Citation(id="P1", text=f"the steps of run {run} so far", source="report"),),
        notes=("so far only: the report is not there yet, and this may turn",),
    )


def _suspected(suspects: tuple[Suspect, ...]) -> str:
    best = sorted(suspects, key=lambda s: -s.probability)[:MOST_SUSPECTS]
    told = "; ".join(
        f"{chance(s.probability)} {f'{s.component} {s.fault}' if s.component else s.fault}" for s in best
    )
    return f"So far: {told}."


def _about(question: str, statements: list[str]) -> list[str]:
    """The statements that speak of what the question names; all where none does."""
    words = {w.strip("?!.,:").casefold() for w in question.split()}
    mine = [s for s in statements if s.split(":")[0].casefold() in words]
    return list(dict.fromkeys(mine or statements))
