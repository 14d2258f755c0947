"""A machine that is started as its past does not show: what moves with it accuses nobody, what was there before still does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aitia.agent.started_up import with_starts
from aitia.core.words import Evidence, SourceRef, Window
from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived
from aitia.tools.signals.partners.expect import Grid
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.partners.started import started, until
from aitia.tools.sources.rows import Floats

ROWS, REFERENCE, START = 600, 450, 540
NAMES = [
    ("P-1A", "flow_m3h"),
    ("P-1A", "pressure_bar"),
    ("P-1B", "flow_m3h"),
    ("P-1B", "pressure_bar"),
    ("E-1", "temperature_c"),
]
TIMES: Floats = np.linspace(0.0, 60.0 * (ROWS - 1), ROWS)
AT = datetime(2026, 2, 20, 12, tzinfo=UTC)


def plant(a: Floats, b: Floats) -> Plant:
    """Two pumps that run where `a` and `b` say, with noise of their meters, and what they feed."""
    rng = np.random.default_rng(3)
    x = np.stack([90 * a, 1.4 + 5 * a, 90 * b, 1.4 + 5 * b, 40 + 3 * (a + b)], axis=1) + rng.normal(
        0, 0.05, (ROWS, 5)
    )
    channels = tuple(
        Derived(component=c, metric=m, about=bundled().of(m), stat="gauge", peer="", labels=(), t=TIMES, v=x[:, k],
                source="s", query="q")
        for k, (c, m) in enumerate(NAMES)
    )  # fmt: skip
    return Plant(
        channels,
        Grid(t=TIMES, x=x, reference=REFERENCE),
        {},
        {"P-1A": ["E-1"], "P-1B": ["E-1"]},
    )


def on(*spans: tuple[int, int]) -> Floats:
    found = np.zeros(ROWS)
    for a, b in spans:
        found[a:b] = 1.0
    return found


def test_a_standby_that_runs_beside_the_other_for_the_first_time_was_started() -> None:
    found = started(plant(on((0, ROWS)), on((START, ROWS))))
    assert found is not None
    assert (found.component, found.since, found.ran, found.beside) == ("P-1B", START, 0.0, ())
    changed_over = started(plant(on((0, 100), (200, ROWS)), on((100, 200), (START, ROWS))))
    assert changed_over is not None
    assert (changed_over.component, changed_over.beside) == ("P-1B", ("P-1A",))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([(0, 100), (200, START)], [(100, 200), (START, ROWS)]),  # a changeover as before
        ([(0, ROWS)], [(60, 90), (200, 260), (START, ROWS)]),  # both ran together before
        ([(0, ROWS)], [(START, START + 20)]),  # over again
        ([(0, ROWS)], [(300, ROWS)]),  # before the reference ended
        ([(0, ROWS)], []),
    ],
)
def test_what_the_past_shows_or_is_over_is_no_such_start(
    a: list[tuple[int, int]], b: list[tuple[int, int]]
) -> None:
    assert started(plant(on(*a), on(*b))) is None


def test_the_plant_before_a_start_can_still_be_judged() -> None:
    made = plant(on((0, ROWS)), on((START, ROWS)))
    found = started(made)
    assert found is not None
    before = until(made, found)
    assert before is not None
    assert START - 10 < len(before.grid.t) <= START
    early = plant(on((0, ROWS)), on((REFERENCE + 5, ROWS)))
    at_once = started(early)
    assert at_once is not None
    assert until(early, at_once) is None


def fact(component: str, kind: str, minutes: float, strength: float = 0.9) -> Evidence:
    return Evidence(component=component, kind=kind, aspect="flow", statement="it.", strength=strength,
                    window=Window(start=AT - timedelta(hours=1), end=AT + timedelta(hours=1)),
                    onset=AT + timedelta(minutes=minutes), source=SourceRef(source="s", query="q"))  # fmt: skip


def test_what_a_start_moved_counts_less_and_what_was_before_it_as_much() -> None:
    told = [fact("P-1B", "signal.started", 0), fact("P-1B", "rank.suspect", 1), fact("P-1B", "metric.shift", 1),
            fact("P-1B", "metric.shift", -30), fact("P-1A", "metric.shift", 1), fact("P-1A", "rank.suspect", 1)]  # fmt: skip
    assert [(e.component, e.kind, e.strength) for e in with_starts(told)[1:]] == [
        ("P-1B", "metric.shift", 0.3), ("P-1B", "metric.shift", 0.9), ("P-1A", "metric.shift", 0.9), ("P-1A", "rank.suspect", 0.9),
    ]  # fmt: skip
