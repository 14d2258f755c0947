"""What the kernel killed is who starts anew right after: a host's log names a process, and no service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.agent.replicas import service
from aitia.core.words import Evidence

SOON_S: Final = 120.0  # after the kernel's word, within which what was killed starts anew; by hand
AT_ONCE_S: Final = 5.0  # between the kernel's word and systemd's; by hand
UNIT: Final = re.compile(r"(?i)\bkilled by the OOM killer|\bresult '?oom-kill")
KERNEL: Final = re.compile(r"(?i)\boom[-_ ]?(?:killer|reaper|kill(?:ed)?)\b|\bkilled process\b")
_STARTS: Final = frozenset({"log.restart", "log.restarts"})


def killed(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The same facts, those of a kernel that kills with the service as their component that its host names as killed, or that
    alone starts right after.

    `reported_by` still says who wrote them. Where several services start, or the writer itself does, nothing changes.
    """
    evidence = [_of_unit(e) for e in evidence]
    units = [
        e
        for e in evidence
        if e.aspect == "log.oom" and e.onset and UNIT.search(str(e.values.get("template", "")))
    ]
    starts = [e for e in evidence if e.aspect in _STARTS and e.onset and e.component]
    made = []
    for e in evidence:
        of_kernel = e.aspect == "log.oom" and e.onset and KERNEL.search(str(e.values.get("template", "")))
        named = {u.component for u in units if of_kernel and _at_once(e, u)}
        if len(named) == 1:
            made.append(e.model_copy(update={"component": next(iter(named)), "peer": ""}))
            continue
        after = [s for s in starts if of_kernel and _soon(e, s)]
        services = {service(s.component) for s in after}
        if len(services) != 1 or service(e.component) in services:
            made.append(e)
            continue
        first = min(after, key=lambda s: (s.onset is None, s.onset, s.component))
        made.append(e.model_copy(update={"component": first.component, "peer": ""}))
    return made


def _of_unit(e: Evidence) -> Evidence:
    """What systemd says of a unit that was killed is of that unit."""
    named = e.peer and e.aspect == "log.oom" and UNIT.search(str(e.values.get("template", "")))
    return e.model_copy(update={"component": e.peer, "peer": ""}) if named else e


def _at_once(kill: Evidence, unit: Evidence) -> bool:
    if (
        kill.onset is None
        or unit.onset is None
        or kill.values.get("reported_by") != unit.values.get("reported_by")
    ):
        return False
    return abs((unit.onset - kill.onset).total_seconds()) <= AT_ONCE_S


def _soon(kill: Evidence, start: Evidence) -> bool:
    if kill.onset is None or start.onset is None:
        return False
    return -2.0 <= (start.onset - kill.onset).total_seconds() <= SOON_S
