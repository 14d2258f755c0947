"""A session: the events of one request, trace, block or job, in order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aitia.core.errors import BadInput

MAX_EVENTS: Final = 5000

Events = tuple[str, ...]


@dataclass(frozen=True)
class Session:
    """Events (template ids or texts) in order. `times`, where known, are epoch seconds, one for each event.

    `open` says that the session may still go on: what it lacks is then no anomaly.
    """

    id: str
    events: Sequence[str]
    times: Sequence[float] = ()
    open: bool = False

    def __post_init__(self) -> None:
        if self.times and len(self.times) != len(self.events):
            raise BadInput(
                f"Give session {self.id!r} one time for each event: {len(self.times)} for {len(self.events)}."
            )
        if not all(math.isfinite(at) for at in self.times):
            raise BadInput(f"Give session {self.id!r} finite times.")
        if not self.events:
            raise BadInput(f"Session {self.id!r} has no events. Leave it out.")

    @property
    def key(self) -> Events:
        """What detectors of events look at: at most the first 5,000 events."""
        return tuple(self.events[:MAX_EVENTS])


def grouped(sessions: Iterable[Session]) -> Counter[Events]:
    """How many sessions have each sequence of events: normal sessions repeat few sequences many times."""
    return Counter(s.key for s in sessions)
