"""A run's events as the short lines of MCP progress notifications."""

from __future__ import annotations

from typing import Final

from aitia.core.events import (
    Event,
    Findings,
    PlanMade,
    Progress,
    Ranked,
    RunStarted,
    SentenceDone,
    TaskDone,
)
from aitia.core.percent import chance
from aitia.render.text import clean, clip, count

LONGEST: Final = 300  # characters of a line


def line_of(event: Event) -> str:
    """What a person reads while the diagnosis runs; "" for an event that says nothing new."""
    return clip(clean(_said(event)), LONGEST)


def _said(event: Event) -> str:
    match event:
        case RunStarted():
            return f"run {event.run} has begun"
        case Findings():
            first = event.statements[0] if event.statements else "nothing stands out yet"
            return f"first findings: {first}"
        case PlanMade() if event.tasks:
            return f"round {event.round}: {count(len(event.tasks), 'call')} planned"
        case TaskDone():
            shown = event.strongest[0].statement if event.strongest else event.message
            return f"{event.tool}: {event.status}" + (f", {shown}" if shown else "")
        case Ranked() if event.suspects:
            best = event.suspects[0]
            named = f"{best.component} {best.fault}" if best.component else best.fault
            return (
                f"most likely {'in the end' if event.settled else 'so far'}: {named} "
                f"{chance(best.probability)}"
            )
        case SentenceDone():
            return event.text
        case Progress():
            return event.what
        case _:
            return ""
