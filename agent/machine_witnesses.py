"""What speaks against a machine as a suspect: only measures of computers accuse it, or its telemetry stands still with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from aitia.agent.facts import PLANT, Facts, onset
from aitia.agent.witness_table import Against, line, table
from aitia.core.words import Evidence
from aitia.tools.signals.measures import MEASURES
from aitia.tools.signals.quantities import is_of_computers

BACK: Final = 0.05  # of how far it went, within which a signal is back where it was; by hand
_STEP: Final = "signal.changepoint"
_OF_SIGNALS: Final = PLANT | {"signal.anomaly", "rank.suspect"}
"""Kinds of facts about a signal whatever it measures: its name tells."""


def misplaced(
    component: str,
    accusing: Sequence[Evidence],
    known: Sequence[Evidence],
    moved: Sequence[Evidence],
    *,
    may_compute: bool,
) -> Iterator[Against]:
    """Of a machine that only measures of computers accuse: nobody measures the disk of a pump.

    An asset may be an industrial computer (`may_compute`), where no physical measure of it is among what is `known`.
    """
    told = accusing or moved
    physical = next((e for e in known if not computing(e)), None)
    if told and all(computing(e) for e in told) and (fact := physical or (None if may_compute else told[0])):
        yield line("misplaced", f"{component} is a machine, and only measures of computers say so", fact)


def frozen(facts: Facts, component: str, accusing: Sequence[Evidence]) -> Iterator[Against]:
    """Of a machine that only its standing still accuses, where no signal of it moves any more: what rests goes on cooling."""
    family = facts.topology.family(component)
    still = (e for e in facts.all if e.kind == "signal.stopped" and e.component in family)
    stopped = next((e for e in still if "temperature" in str(e.values.get(MEASURES, ""))), None)
    if stopped and accusing and all(e.kind == "signal.idle" for e in accusing):
        yield line(
            "frozen", f"no signal of {stopped.component} moves any more, its temperature neither", stopped
        )


def passing(facts: Facts, accusing: Sequence[Evidence]) -> Iterator[Against]:
    """Of a machine whose accusing signal came back to where it was, beside one that the alarm is of: a fault stays."""
    gone = {e.onset: e for e in accusing if _has_passed(facts, _place(e), _channel(e))}
    if gone and all(e.onset in gone for e in accusing):  # what began with it was held against it
        first = next(iter(gone.values()))
        yield line(
            "passing", f"{_channel(first)} of {_place(first)} moved and came back to where it was", first
        )


def has_passed(facts: Facts, ranked: Evidence) -> bool:
    """Whether what ranks a machine moved and came back, and the alarm is of another one."""
    return _has_passed(facts, ranked.component, _channel(ranked))


def _has_passed(facts: Facts, component: str, channel: str) -> bool:
    """Whether the last step of a signal ends where its first one began; not of what the alarm is of."""
    if not facts.alarmed or any(component in facts.topology.family(a) for a in facts.alarmed):
        return False
    steps = [
        e
        for e in facts.all
        if e.kind == _STEP and e.component == component and _channel(e) == channel and e.onset
    ]
    ends = [tuple(float(e.values.get(k, 0.0)) for k in ("before", "after")) for e in sorted(steps, key=onset)]
    furthest = max((abs(after - before) for before, after in ends), default=0.0)
    return len(ends) > 1 and abs(ends[-1][1] - ends[0][0]) <= BACK * furthest


def _place(fact: Evidence) -> str:
    """Where its signal is measured."""
    return str(fact.values.get("at") or fact.component)


def _channel(fact: Evidence) -> str:
    return str(fact.values.get("channel") or fact.values.get("metric") or "")


def computing(fact: Evidence) -> bool:
    """Whether it is about a computer; of a signal that left its plant's, whether its name is of one."""
    if fact.kind in _OF_SIGNALS:
        return of_computers(fact)
    return fact.aspect in table().computing or fact.aspect.startswith("log.")


def of_computers(fact: Evidence) -> bool:
    """Whether its series is called as only computers' are: nothing that a machine is measured by."""
    name = _channel(fact)
    return bool(name) and is_of_computers(name)
