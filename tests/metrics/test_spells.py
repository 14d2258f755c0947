"""Spells of a trouble: where it ended, and where it came back; durations are no sessions; waits for locks have words."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from aitia.core.words import Window
from aitia.tools.change.spells import spells
from aitia.tools.metrics.spent import find_spent
from aitia.tools.metrics.waits import wait_of
from aitia.tools.series.aspects import Aspect
from aitia.tools.series.derive import Derived
from aitia.tools.sources.clocks import doubts


def test_a_trouble_that_came_back_has_two_spells_and_none_is_over() -> None:
    found = spells([*range(0, 90, 5), *range(170, 200, 5)], 200)
    assert (found.again, found.over) == (170, None)


def test_what_stopped_is_over_and_what_goes_on_is_not() -> None:
    assert spells(list(range(0, 90, 5)), 200).over == 85
    assert spells(list(range(0, 200, 5)), 200).values() == {}


def test_what_comes_seldom_is_not_over_between_two_of_it() -> None:
    assert spells(list(range(0, 600, 60)), 700).over is None
    assert spells([], 100).values() == {}


def held(metric: str, unit: str, value: float) -> Derived:
    t = np.arange(0.0, 60.0, 5.0)
    about = Aspect(aspect="other", say="", unit=unit, bad="up")
    return Derived(
        component="db", metric=metric, stat="gauge", about=about, t=t, v=np.full_like(t, value),
        labels=(("wait_event", "relation"),),
    )  # fmt: skip


@pytest.mark.parametrize("metric", ["pg_stat_activity_max_tx_duration", "oldest_transaction_seconds"])
def test_durations_are_no_sessions(metric: str) -> None:
    window = Window(start=datetime.fromtimestamp(0, tz=UTC), end=datetime.fromtimestamp(60, tz=UTC))
    assert list(find_spent([held(metric, "", 32.0)], window=window)) == []
    (told,) = find_spent([held("pg_stat_activity_count", "", 38.0)], window=window)
    assert told.aspect == "locks"
    assert "a lock on a table" in told.statement


@pytest.mark.parametrize("wait", ["relation", "Lock:relation", "transactionid", "Lock:tuple", "advisory"])
def test_waits_for_locks_are_locks(wait: str) -> None:
    known = wait_of(wait)
    assert known is not None
    assert known.aspect == "locks"
    assert known.told


def test_files_that_go_on_after_a_moment_long_past_have_no_wrong_clock() -> None:
    window = Window(start=datetime.fromtimestamp(0, tz=UTC), end=datetime.fromtimestamp(3600, tz=UTC))
    extents = {"logs": (0.0, 3600.0 + 846), "metrics": (float("nan"), 3600.0)}
    assert doubts(extents, window, now=5000.0) == {}
    assert "logs" in doubts(extents, window, now=3600.0)
