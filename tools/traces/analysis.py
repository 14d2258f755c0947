"""Everything that the trace tools compare between the window and its baselines, from one reading of the spans."""

from __future__ import annotations

from dataclasses import dataclass

from aitia.core.errors import SourceError
from aitia.tools.registry import ToolContext
from aitia.tools.traces.errors import Failing, failing
from aitia.tools.traces.excess import FELT_S
from aitia.tools.traces.flow import Break, breaks
from aitia.tools.traces.gather import Compared, compared
from aitia.tools.traces.latency import Latency, latency
from aitia.tools.traces.lines import Joined, Line, join
from aitia.tools.traces.visits import Visit


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Times, failures and flows of window against baselines."""

    compared: Compared
    latency: Latency
    failing: list[Failing]
    breaks: list[Break]
    lines: dict[Visit, list[Line]]
    notes: tuple[str, ...] = ()

    @property
    def added(self) -> float:
        """Seconds that requests take beyond the baseline's, in relation to what they took then: 1 is twice as long."""
        usual = sum(e.n * e.old_p50 for e in self.latency.whole)
        return sum(self.latency.blamed.values()) / usual if usual > 0 else 0.0

    @property
    def felt(self) -> float:
        """0..1: how much of what anybody could feel the time added to one request is."""
        requests = sum(e.n for e in self.latency.whole)
        return min(1.0, sum(self.latency.blamed.values()) / requests / FELT_S) if requests else 0.0


def analyse(ctx: ToolContext) -> Analysis:
    """Read and compare. Logs are joined where there are any; without them flows are told by spans alone."""
    found = compared(ctx)
    joined, notes = Joined(), list(found.notes)
    if ctx.sources.of("logs") and found.comparable:
        try:
            joined = join(ctx, [found.window, *found.old_windows], [*found.now, *found.before])
        except SourceError as error:
            notes.append(str(error))
        notes += joined.notes
    now, before = ([v for v in visits if joined.takes(v)] for visits in (found.now, found.before))
    return Analysis(
        compared=found,
        latency=latency(found),
        failing=failing(found),
        breaks=breaks(now, before, joined.lines, found.window.epoch[1]),
        lines=joined.lines,
        notes=tuple(notes),
    )


def explained(found: Break, others: list[Break]) -> bool:
    """Whether a component that it calls takes another way in the same requests: then that one's is the cause."""
    return any(
        other.component == found.event[1].split(" ", 1)[0] or other.component in found.below
        for other in others
        if other is not found
        and other.component != found.component
        and other.traces & found.traces
        and other.strength >= 0.5 * found.strength
    )
