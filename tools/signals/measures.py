"""What is measured at each machine, told with its facts: by that is known what it may be (`aitia.agent.measured_class`)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from aitia.core.words import Evidence
from aitia.tools.series.derive import Derived
from aitia.tools.signals.quantities import aspect_of

MEASURES: Final = "measures"
"""The value of a fact that lists all that is measured at its asset: quantities and logical nodes, by commas."""
NODE: Final = re.compile(r"(?:^|[./$])\w{0,8}?([A-Z]{4})\d{0,3}[.$]")
"""A logical node of IEC 61850-7-4 in the name of a signal."""


def measures_of(channels: Iterable[Derived], machines: Collection[str]) -> dict[str, str]:
    """Of each machine the quantities and the logical nodes of its signals, each once."""
    told: dict[str, dict[str, None]] = {}
    for channel in channels:
        if channel.component in machines and not channel.peer:
            words = (aspect_of(channel), *NODE.findall(channel.metric))
            told.setdefault(channel.component, {}).update(dict.fromkeys(w for w in words if w))
    return {component: ", ".join(words) for component, words in told.items() if words}


def with_measures(facts: Iterable[Evidence], told: Mapping[str, str]) -> tuple[Evidence, ...]:
    """The facts, each with what is measured at its component."""
    return tuple(
        e.model_copy(update={"values": {**e.values, MEASURES: told[e.component]}})
        if e.component in told
        else e
        for e in facts
    )
