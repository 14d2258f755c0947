"""A share that a report tells of: somebody counted trouble, whatever is measured."""

from __future__ import annotations

import pytest

from aitia.agent.alarm import counted
from aitia.core.words import from_epoch
from aitia.incoming import make_incident


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ("about 3 % of page loads end in an error", "3 %"),
        ("0,5 Prozent der Anfragen scheitern", "0,5 Prozent"),
        ("20 percent of users wait", "20 percent"),
        ("5xx ratio above 5 %", ""),  # the limit of a rule
        ("availability below the objective of 99.9 %", ""),
        ("0 % of requests fail, but it feels slow", ""),
        ("0 Prozent der Anfragen scheitern", ""),
        ("checkout is slow", ""),
    ],
)
def test_what_is_counted_is_told_and_what_a_rule_sets_is_not(said: str, share: str) -> None:
    assert counted(make_incident(said, now=from_epoch(1_790_000_000))) == share
