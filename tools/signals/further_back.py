"""An older reference: the usual baseline of some hours may lie inside a slow fault, which then is its own normal.

Before a machine's signals are called well they are held against what lies before the usual baseline as well, `TIMES` times as
long, where the sources hold it. Where that shows a departure, it is the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from aitia.core.words import HEALTHY, Baseline, Evidence, Window, from_epoch
from aitia.tools.registry import ToolContext
from aitia.tools.series.gather import BEGINNING, Gathered, gather
from aitia.tools.series.large import is_large
from aitia.tools.signals.tables import machine_signals, machines_of
from aitia.tools.sources.base import MetricSource

EARLIER: Final = "earlier"
"""The baseline that lies before the usual one."""
TIMES: Final = 6.0  # the usual baseline, as that is of the window; what is slower still is told by the condition over days
_LONGEST: Final = timedelta(days=30)
_FADED: Final = 0.5  # of the worst departure, below which it is over; by hand, as where to look first
_KINDS: Final = ("metrics", "signals")


def further_back(ctx: ToolContext, gathered: Gathered) -> Gathered | None:
    """The same signals with what lies before the usual baseline as the only one; None where a person said what is normal, no
    machine is known, nothing older is held, or a source is too large to read twice.
    """
    machines = machines_of(ctx.resolver.components)
    usual = max(gathered.baselines, key=lambda b: b.window.seconds, default=None)
    if usual is None or usual.name in (HEALTHY, BEGINNING) or not machine_signals(gathered, machines):
        return None
    sources = [s for kind in _KINDS for s in ctx.sources.of(kind) if isinstance(s, MetricSource)]
    if any(is_large(s, gathered.window) for s in sources):
        return None
    start = usual.window.start - min(_LONGEST, TIMES * (usual.window.end - usual.window.start))
    older = Baseline(name=EARLIER, window=Window(start=start, end=usual.window.start))
    wide = ctx.incident.model_copy(update={"baselines": (older, usual)})
    found = gather(replace(ctx, incident=wide), kinds=_KINDS)
    first = min(
        (float(c.t[0]) for c in machine_signals(found, machines)), default=usual.window.start.timestamp()
    )
    if first >= usual.window.start.timestamp():
        return None
    held = Window(start=max(start, from_epoch(first)), end=usual.window.start)
    return replace(found, baselines=(Baseline(name=EARLIER, window=held),))


def departs(facts: Sequence[Evidence]) -> bool:
    """Whether any fact is of something that moved."""
    return any(e.kind != "signal.quiet" for e in facts)


def holds_a_change(facts: Sequence[Evidence], older: Gathered) -> bool:
    """Whether, by facts against the older reference, the usual baseline holds what is still so: a departure that began before the
    window and names somebody, or names nobody and lasts. What comes near a limit, or is over, is no reason to drop a baseline.
    """
    return any(
        e.aspect.startswith("pattern.") and e.onset is not None and e.onset < older.window.start and _lasts(e)
        for e in facts
        if e.kind != "signal.quiet"
    )


def _lasts(fact: Evidence) -> bool:
    """Whether a departure is more than half of what it was at its worst, where the fact tells how much it was."""
    now, due, reads, expected = (fact.values.get(k) for k in ("now", "due", "reads", "expected"))
    if (
        isinstance(now, int | float)
        and isinstance(due, int | float)
        and isinstance(reads, int | float)
        and isinstance(expected, int | float)
    ):
        return abs(now - due) > _FADED * abs(reads - expected)
    return fact.aspect != "pattern.unlike"


def against_it(facts: Sequence[Evidence]) -> list[Evidence]:
    """The facts with the reference's name where they have none: the usual baseline is no band to draw them over."""
    return [e.model_copy(update={"values": {"baseline": EARLIER, **e.values}}) for e in facts]


def told_of_reference(facts: Sequence[Evidence], older: Gathered) -> str:
    """Since when the usual baseline lies in what was found, which reference was used in its place, and how to look again."""
    since = min(
        e.onset for e in facts if e.onset is not None and e.aspect.startswith("pattern.") and _lasts(e)
    )
    return (
        f"The usual baseline lies within a change since about {since:%Y-%m-%d %H:%M} UTC: signals were held against"
        f" {_span(older)}, before it. Look from there: --since {since:%Y-%m-%dT%H:%M:%SZ}"
    )


def nor_against(older: Gathered) -> str:
    """That the older reference shows no change that the usual baseline would hide."""
    return f"Against {_span(older)}, before the usual baseline, none did that lasts either."


def _span(older: Gathered) -> str:
    held = older.baselines[0].window
    return f"{held.start:%Y-%m-%d %H:%M} to {held.end:%Y-%m-%d %H:%M} UTC"
