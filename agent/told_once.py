"""A release that a journal or a metric tells and that the program's log tells as it starts is one change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.core.words import Evidence

BY_LOG: Final = "log.release"
_DEPLOY: Final = "change.deploy"
_APART_S: Final = 300.0  # from the entry of a deploy to the start that tells its version; by hand


def told_once(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The facts without versions that a log tells of a deploy which is known otherwise, at about that time."""
    known = [e for e in evidence if e.aspect == _DEPLOY and e.kind != BY_LOG]
    return [e for e in evidence if e.kind != BY_LOG or not any(_is_same(e, k) for k in known)]


def _is_same(told: Evidence, known: Evidence) -> bool:
    if told.component != known.component or told.onset is None or known.onset is None:
        return False
    return abs((told.onset - known.onset).total_seconds()) <= _APART_S
