"""An instrument that was worked on and reads otherwise since, alone: the instrument is likelier than what it measures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aitia.agent.left_by_work import WORK_S, WORKS, text_of
from aitia.agent.weigher import Weighed
from aitia.agent.work_passes import OF_INSTRUMENT
from aitia.core.words import Contribution, Evidence, Suspect

INSTRUMENT: Final = "sensor.bias"
EXCHANGED: Final = "instruments.exchanged"
SHARE: Final = 0.75  # of the named cause's probability that the instrument takes; by hand
_NOTHING_DONE: Final = re.compile(
    r"(?i)\binspect|sichtkontroll|rundgang|\bvisual|survey|\bchecked\b|gepr(?:ü|ue)ft|\bcompared\b|\blogged\b|\bread\b|abgelesen"
)
_DEPARTS: Final = ("signal.apart", "signal.quantity", "metric.shift", "metric.trend", "condition.")


def as_instrument(weighed: Weighed, evidence: Sequence[Evidence]) -> Weighed:
    """The verdict; of a machine of which one signal alone departs, from a work on that place's instrument on, the instrument."""
    if weighed.verdict != "cause" or weighed.fault.startswith("sensor"):
        return weighed
    named = [s for s in weighed.suspects if s.component == weighed.component]
    ids = {i for s in named if s.fault == weighed.fault for i in s.supporting}
    moved = [e for e in evidence if e.id in ids and e.kind.startswith(_DEPARTS)]
    signals = {str(e.values.get("channel") or e.values.get("metric") or "") for e in moved}
    work = _work(moved, evidence) if len(signals) == 1 and len(moved) == len(ids) else None
    if work is None:
        return weighed
    taken = round(SHARE * sum(s.probability for s in named), 4)
    line = Contribution(
        evidence=work.id, log_odds=3.0, term=EXCHANGED,
        why=f"its one signal reads otherwise since that instrument was worked on, and no other departs [{work.id}]",
    )  # fmt: skip
    rival = Suspect(
        component=weighed.component, fault=INSTRUMENT, score=0.0, ledger=(line,), probability=taken
    )
    old = [
        s.model_copy(update={"probability": round((1.0 - SHARE) * s.probability, 4)}) if s in named else s
        for s in weighed.suspects
        if (s.component, s.fault) != (weighed.component, INSTRUMENT)
    ]
    suspects = tuple(sorted((rival, *old), key=lambda s: (-s.probability, s.component, s.fault)))
    return weighed.model_copy(update={"fault": INSTRUMENT, "probability": taken, "suspects": suspects})


def _work(moved: Sequence[Evidence], evidence: Sequence[Evidence]) -> Evidence | None:
    """The last work on the instrument there, from which on the signal departs."""
    first = min((e for e in moved if e.onset), key=lambda e: (e.onset, e.id), default=None)
    if first is None or first.onset is None:
        return None
    error = timedelta(seconds=first.onset_error_s)
    near = [
        e for e in evidence
        if e.kind in WORKS and e.component == first.component and e.onset and OF_INSTRUMENT.search(text_of(e))
        and not _NOTHING_DONE.search(text_of(e)) and -error <= first.onset - e.onset <= timedelta(seconds=WORK_S) + error
    ]  # fmt: skip
    return max(near, key=lambda e: (e.onset, e.id), default=None)
