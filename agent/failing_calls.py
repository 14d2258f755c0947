"""Whose logs say that calls to a component fail, and who of them are one service."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from aitia.agent.began import MIN_PRIMARY
from aitia.agent.facts import Facts
from aitia.agent.topology import CALLS_FAIL
from aitia.core.words import Evidence

_REPLICA: Final = re.compile(r"[-_.]\d{1,3}$")


def service(component: str) -> str:
    """A component without the number of its replica: the same program, which serves the same requests."""
    return _REPLICA.sub("", component)


def alarmed_of(known: Collection[str], alarmed: Collection[str]) -> list[str]:
    """The components that an alarm names: of a service that is none itself, its replicas (`web` of web-1 and web-2)."""
    named = set(alarmed)
    return sorted(c for c in known if c in named or (service(c) in named and service(c) not in known))


def failing_calls(facts: Facts, family: Collection[str]) -> list[Evidence]:
    """Of each component beside the family whose log says that calls to it fail, the strongest fact; the strongest first.

    What a client wrote is none.
    """
    told = {
        e.component: e
        for e in sorted(facts.anomalies, key=lambda e: e.strength)
        if e.peer in family and e.component not in family and e.aspect in CALLS_FAIL
        and e.provenance != "client" and facts.strength(e) >= MIN_PRIMARY
    }  # fmt: skip
    return sorted(told.values(), key=lambda e: (-e.strength, e.component))
