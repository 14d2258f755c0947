"""What speaks against a machine as a suspect: only measures of computers accuse it, or its telemetry stands still with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from aitia.agent.facts import PLANT, Facts
from aitia.agent.witness_table import Against, line, table
from aitia.core.words import Evidence
from aitia.tools.signals.measures import MEASURES
from aitia.tools.signals.quantities import is_of_computers

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


def computing(fact: Evidence) -> bool:
    """Whether it is about a computer; of a signal that left its plant's, whether its name is of one."""
    if fact.kind in _OF_SIGNALS:
        return of_computers(fact)
    return fact.aspect in table().computing or fact.aspect.startswith("log.")


def of_computers(fact: Evidence) -> bool:
    """Whether its series is called as only computers' are: nothing that a machine is measured by."""
    name = str(fact.values.get("channel") or fact.values.get("metric") or "")
    return bool(name) and is_of_computers(name)
