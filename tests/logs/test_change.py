"""What changed: known answers in made streams, and how seldom streams without a change raise one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.errors import BadInput
from aitia.tools.logs.change import (
    Cells,
    Column,
    Events,
    concentration,
    departure,
    mix_changes,
    ranked,
    rate_changes,
    reordered,
    shifts,
    summary,
)
from aitia.tools.logs.change.numbers import parse
from aitia.tools.logs.change.summary import Change

START, SPAN = 1e9, 600.0
HALF = START + SPAN / 2
SEEDS = 200


def compare(events: Events, baseline: tuple[float, float], incident: tuple[float, float]) -> list[Change]:
    """All changes between two spans (epoch s), in 60 cells each."""
    old, new = events.between(*baseline), events.between(*incident)
    rows = events.templates
    return ranked(
        old.cells(*baseline, 60, templates=rows),
        new.cells(*incident, 60, templates=rows),
        old.columns,
        new.columns,
        levels=events.levels,
        order=reordered(old, new),
    )


def allowed(seeds: int) -> float:
    """The share of alarms that a test at .05 may raise over so many seeds."""
    return 0.05 + 1.96 * (0.05 * 0.95 / seeds) ** 0.5


def steady(seed: int, templates: int = 20) -> Events:
    """Independent Poisson templates, each with its own rate."""
    chance = np.random.default_rng(seed)
    counts = chance.poisson(chance.gamma(0.5, 0.4, templates) * SPAN / 10 + 0.3)
    return Events.of(START + chance.uniform(0, SPAN, counts.sum()), np.repeat(np.arange(templates), counts))


@cache
def requests(seed: int) -> Events:
    """Bundles of templates that go together and come in bursts, at steady rates."""
    chance = np.random.default_rng(seed)
    times, ids = [], []
    for kind in range(6):
        at = chance.uniform(0, SPAN, chance.poisson(SPAN * chance.choice([0.02, 0.2, 1.0])) + 1)
        at = np.repeat(at, chance.geometric(0.3, at.size))
        for template in range(5 * kind, 5 * kind + 5):
            kept = at[chance.random(at.size) < 0.8]
            times.append(START + kept + chance.random(kept.size) * 0.1)
            ids.append(np.full(kept.size, template))
    return Events.of(np.concatenate(times), np.concatenate(ids))


def cells(counts: list[list[int]], width: float = 10.0) -> Cells:
    return Cells(start=START, width=width, counts=np.array(counts, dtype=np.int64))


def _rates(events: Events) -> bool:
    halves = (
        events.cells(a, b, 30, templates=events.templates) for a, b in ((START, HALF), (HALF, START + SPAN))
    )
    return bool(rate_changes(*halves))


def _order(events: Events) -> bool:
    return bool(reordered(events.between(START, HALF), events.between(HALF, START + SPAN)))


def _departure(events: Events) -> bool:
    return departure([events]) is not None


@pytest.mark.parametrize("seeds", [60, pytest.param(SEEDS, marks=pytest.mark.long)])
@pytest.mark.parametrize("made", [steady, requests])
@pytest.mark.parametrize("alarm", [_rates, _order, _departure])
def test_streams_without_a_change_raise_few_alarms(
    made: Callable[[int], Events], alarm: Callable[[Events], bool], seeds: int
) -> None:
    assert sum(alarm(made(seed)) for seed in range(seeds)) / seeds <= allowed(seeds)


def test_numbers_values_and_names_without_a_change_raise_few_alarms() -> None:
    alarms = Counter[str]()
    for seed in range(SEEDS):
        chance = np.random.default_rng(seed)
        old, new = ({(0, 1): column(chance.lognormal(3, 1, n))} for n in (200, 60))
        alarms["numbers"] += bool(shifts(old, new))
        codes, few = (
            {(0, 2): column(chance.choice(["200", "404", "500"], n, p=[0.9, 0.07, 0.03]))} for n in (300, 80)
        )
        alarms["mix"] += bool(mix_changes(codes, few))
        hosts = [f"h{x}" for x in chance.choice(5, 60, p=[0.6, 0.1, 0.1, 0.1, 0.1])]
        alarms["one"] += concentration(hosts[:30], hosts[30:]) is not None
        alarms["even"] += concentration([], [f"h{x}" for x in chance.choice(2, 20)]) is not None
    assert max(alarms.values(), default=0) / SEEDS <= allowed(SEEDS)


def column(values: object) -> Column:
    texts = tuple(str(v) for v in np.asarray(values).tolist())
    return Column(index=np.arange(len(texts), dtype=np.int64), values=texts)


def test_new_surging_fading_and_vanished_templates() -> None:
    before = cells([[5] * 60, [0] * 60, [2] * 60, [3] * 60, [4] * 60])
    after = cells([[5] * 12, [1] * 12, [9] * 12, [0] * 12, [1] * 12])
    found = {c.template: c for c in rate_changes(before, after)}
    assert {t: c.kind for t, c in found.items()} == {1: "new", 2: "surge", 3: "vanished", 4: "fade"}
    assert found[2].ratio == pytest.approx(4.5)
    assert found[4].ratio == pytest.approx(0.25)
    assert all(0 < c.bits <= 40 and c.q < 0.05 for c in found.values())


def test_one_burst_of_many_lines_is_one_sign() -> None:
    assert rate_changes(cells([[0] * 60]), cells([[500] + [0] * 9])) == []
    assert rate_changes(cells([[0] * 60]), cells([[50] * 10]))[0].kind == "new"


def test_the_spans_are_compared_by_their_length() -> None:
    assert rate_changes(cells([[10] * 60]), cells([[1] * 100], width=1.0)) == []
    (found,) = rate_changes(cells([[1] * 60]), cells([[1] * 100], width=1.0))
    assert (found.kind, found.ratio) == ("surge", pytest.approx(10.0))


def test_rows_that_differ_and_nothing_at_all() -> None:
    with pytest.raises(BadInput, match="same templates"):
        rate_changes(cells([[1]]), cells([[1], [2]]))
    assert rate_changes(cells([[0, 0]]), cells([[0, 0]])) == []


def ordered(first: int, then: int, sessions: int, chance: np.random.Generator, usual: float) -> Events:
    times, ids, group = [], [], []
    for session in range(sessions):
        pair = (first, then) if chance.random() < usual else (then, first)
        times += [START + 20 * session, START + 20 * session + 1, START + 20 * session + 1]
        ids += [*pair, 7]
        group += [session] * 3
    return Events.of(times, ids, sessions=group)


def test_a_pair_that_turned_is_told_and_the_others_are_not() -> None:
    chance = np.random.default_rng(1)
    found = reordered(ordered(3, 5, 60, chance, 0.95), ordered(3, 5, 40, chance, 0.1))
    assert (found[0].first, found[0].then) == (3, 5)
    assert found[0].before > 0.85 > 0.3 > found[0].after
    assert {(r.first, r.then) for r in found} <= {(3, 5), (3, 7), (5, 7), (7, 5), (7, 3)}
    without = [
        Events.of(e.times, e.ids) for e in (ordered(3, 5, 60, chance, 0.95), ordered(3, 5, 40, chance, 0.1))
    ]
    assert (reordered(*without)[0].first, reordered(*without)[0].then) == (3, 5)


def test_a_latency_shift_keeps_its_unit_and_a_counter_is_no_shift() -> None:
    chance = np.random.default_rng(2)
    old = {
        (0, 3): column([f"{x:.1f}ms" for x in chance.gamma(4, 5, 300)]),
        (1, 2): column(range(1000, 1300)),
        (2, 0): column(chance.normal(0, 1, 300)),
    }
    new = {
        (0, 3): column([f"{x / 1000:.4f}s" for x in chance.gamma(4, 25, 80)]),
        (1, 2): column(range(1300, 1380)),
        (2, 0): column(chance.normal(0, 1, 80)),
    }
    (found,) = shifts(old, new)
    assert (found.slot, found.unit) == ((0, 3), "ms")
    assert found.median[1] > 4 * found.median[0]
    assert found.delta > 0.8


@pytest.mark.parametrize(
    ("text", "value"),
    [("12.5ms", (12.5, "ms")), ("1,024 KiB", (1024.0, "KiB")), ("-3", (-3.0, "")), ("42%", (42.0, "%"))],
)
def test_numbers_are_read_with_their_unit(text: str, value: tuple[float, str]) -> None:
    assert parse(text) == value


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "10.0.0.7", "0xff", "x1", "1 2"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse(text) is None


def test_a_status_that_takes_over_is_told_with_its_shares() -> None:
    old, new = {(4, 2): column(["200"] * 190 + ["503"] * 10)}, {(4, 2): column(["200"] * 30 + ["503"] * 30)}
    (found,) = mix_changes(old, new)
    assert (found.template, found.value in ("200", "503"), found.n) == (4, True, (200, 60))
    assert abs(found.share[1] - found.share[0]) == pytest.approx(0.45)
    assert mix_changes(old, old) == []


def test_most_errors_name_one_host() -> None:
    chance = np.random.default_rng(3)
    before = [f"10.0.0.{x}" for x in chance.integers(1, 9, 200)]
    after = ["10.0.0.7"] * 87 + [f"10.0.0.{x}" for x in range(1, 14)]
    found = concentration(before, after)
    assert found is not None
    assert (found.value, round(found.share[1], 2)) == ("10.0.0.7", 0.88)
    assert found.entropy[1] < 2 < found.entropy[0]
    assert concentration(after, after) is None
    assert concentration([], after) is not None
    assert concentration(before, before) is None
    assert concentration([], []) is None


def regimes(seed: int, *spans: tuple[float, float, float]) -> Events:
    """Twelve templates; of each span (from, to, factor) half of them have `factor` times their rate."""
    chance = np.random.default_rng(seed)
    times, ids = [], []
    for low, high, factor in spans:
        for template in range(12):
            rate = (0.2 + 0.05 * template) * (factor if template % 2 else 1.0)
            n = chance.poisson(rate * (high - low))
            times.append(START + chance.uniform(low, high, n))
            ids.append(np.full(n, template))
    return Events.of(np.concatenate(times), np.concatenate(ids))


@pytest.mark.parametrize("factor", [6.0, 0.02])
@pytest.mark.parametrize("returns", [True, False])
def test_a_departure_is_found_between_its_ends(factor: float, returns: bool) -> None:
    end = 450 if returns else 600
    spans = [(0, 300, 1.0), (300, end, factor), (end, 600, 1.0)]
    found = departure([regimes(1, *spans), regimes(2, *spans)])
    assert found is not None
    assert found.start - START == pytest.approx(300, abs=15)
    assert found.end - START == pytest.approx(end, abs=15)
    assert found.open is not returns
    assert found.normal[1] <= found.start
    assert found.start_between[0] <= found.start <= found.start_between[1]


def test_what_a_process_logs_while_it_starts_is_no_departure() -> None:
    chance = np.random.default_rng(4)
    starting = np.sort(chance.uniform(0, 60, 400))
    steady_, later = (regimes(5, (60, 400, 1.0)), regimes(6, (400, 600, 8.0)))
    events = Events.of(
        np.concatenate([START + starting, steady_.times, later.times]),
        np.concatenate([20 + np.arange(400), steady_.ids, later.ids]),
    )
    found = departure([events])
    assert found is not None
    assert found.start - START == pytest.approx(400, abs=15)
    only = Events.of(
        np.concatenate([START + starting, steady_.times]), np.concatenate([20 + np.arange(400), steady_.ids])
    )
    assert departure([only]) is None


def test_a_log_that_ends_earlier_than_another_has_not_departed() -> None:
    assert departure([regimes(7, (0, 600, 1.0)), regimes(8, (0, 300, 1.0))]) is None


def test_streams_of_nothing_of_one_line_and_of_one_moment() -> None:
    for events in (
        Events.of([], []),
        Events.of([START], [0]),
        Events.of([START] * 500, [0] * 250 + [1] * 250),
    ):
        assert departure([events]) is None
        assert compare(events, (START - 60, START), (START, START + 10)) == []
        assert reordered(events, events) == []
    assert departure([]) is None
    assert summary([]) == []
    with pytest.raises(BadInput, match="20 cells"):
        departure([steady(0)], cells=3)


def test_a_clock_that_runs_back_is_counted_and_put_in_order() -> None:
    events = Events.of(
        [START + 3, START + 1, START + 2, float("nan"), float("inf")],
        [0, 1, 2, 3, 4],
        columns={
            (1, 0): Column(index=np.array([1]), values=("a",)),
            (3, 0): Column(index=np.array([3]), values=("b",)),
        },
    )
    assert (events.ids.tolist(), events.backward, events.undated) == ([1, 2, 0], 1, 2)
    assert events.columns[1, 0].index.tolist() == [0]
    assert events.columns[3, 0].values == ()


def test_bad_events_say_what_to_give() -> None:
    with pytest.raises(BadInput, match="one for each event"):
        Events.of([1.0, 2.0], [0])
    with pytest.raises(BadInput, match="negative"):
        Events.of([1.0], [-1])
    with pytest.raises(BadInput, match="Give a span that ends after its start and has"):
        steady(0).cells(2.0, 1.0, 3)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 5)), max_size=60), st.integers(1, 20))
def test_every_event_of_a_span_is_in_one_cell(found: list[tuple[float, int]], count: int) -> None:
    events = Events.of([t for t, _ in found], [i for _, i in found])
    counted = events.cells(0.0, 50.0, count, templates=6).counts
    assert counted.sum() == sum(t < 50 for t, _ in found)
    assert counted.sum(axis=1).tolist() == np.bincount([i for t, i in found if t < 50], minlength=6).tolist()
    assert events.between(0.0, 50.0).ids.size == counted.sum()


def test_five_lines_say_what_many_did() -> None:
    chance = np.random.default_rng(9)
    base, window = regimes(9, (0, 300, 1.0)), regimes(10, (300, 600, 6.0))
    new = START + chance.uniform(300, 600, 80)
    times = np.concatenate([base.times, window.times, new])
    ids = np.concatenate([base.ids, window.ids, np.full(80, 12)])
    hosts = Column(
        index=np.arange(times.size - 80, times.size), values=("10.0.0.7",) * 70 + ("10.0.0.8",) * 10
    )
    events = Events.of(times, ids, levels=["info"] * 12 + ["error"], columns={(12, 2): hosts})
    found = compare(events, (START, START + 300), (START + 300, START + 600))
    lines = summary(found, name=lambda t: f"t{t}", level=lambda t: events.levels[t])
    assert len(lines) == 5
    assert lines[0] == "[error] t12 is new (80 lines)"
    everything = summary(found, top=50, name=lambda t: f"t{t}")
    assert "88 % of t12 (80) mention '10.0.0.7'" in everything
    assert {line.split()[0] for line in everything if " rose to " in line} == {
        f"t{t}" for t in range(1, 12, 2)
    }
