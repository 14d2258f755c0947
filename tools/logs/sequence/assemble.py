"""Sessions put together from a stream of records, with a bounded number of them open at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from aitia.tools.logs.sequence.sessions import MAX_EVENTS

OPEN: Final = 20_000

E = TypeVar("E", bound=Hashable)


@dataclass(slots=True)
class Draft(Generic[E]):
    """A session in the making. `times` are epoch seconds; `refs` say where its records are, if they were kept, else None."""

    id: str
    events: list[E] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    refs: list[object] = field(default_factory=list)


class Assembler(Generic[E]):
    """Takes records in the order of time; a session that waits longest is given up when too many are open."""

    def __init__(self, *, most: int = OPEN) -> None:
        self._open: OrderedDict[str, Draft[E]] = OrderedDict()
        self._most = most
        self.idle = float("inf")  # s that a session which was given up had waited, at least

    def take(self, name: str, event: E, at: float, ref: object = None) -> Draft[E] | None:
        """Add an event to its session. Returns a session that had to be closed."""
        draft = self._open.get(name)
        if draft is None:
            draft = self._open[name] = Draft(name)
        if len(draft.events) < MAX_EVENTS:
            draft.events.append(event)
            draft.times.append(at)
            draft.refs.append(ref)
        self._open.move_to_end(name)
        if len(self._open) <= self._most:
            return None
        done = self._open.popitem(last=False)[1]
        self.idle = min(self.idle, at - done.times[-1])
        return done

    def close(self) -> Iterator[Draft[E]]:
        """The sessions that are left, those first that ended first."""
        while self._open:
            yield self._open.popitem(last=False)[1]
