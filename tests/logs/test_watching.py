"""Watching logs as they grow: the statistics, the alarms, and what a followed file or a wrong clock does to them."""

import itertools
import os
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.errors import BadInput, SourceError
from aitia.tools.logs.watching import Alarm, Kinds, Settings, Watcher
from aitia.tools.logs.watching.cells import Cells
from aitia.tools.logs.watching.clock import Clock
from aitia.tools.logs.watching.evidence import Detector, bet, excess, least_cells, reachable
from aitia.tools.logs.watching.following import follow, piped
from aitia.tools.logs.watching.records import Records
from aitia.tools.logs.watching.stream import Stream, learn
from aitia.tools.text.reading import Skipped
from aitia.tools.text.reading.blocks import Block
from aitia.tools.text.templates import Miner

START = 1_700_000_000.0
ZONE = {"zone": UTC, "near": datetime(2023, 11, 14, tzinfo=UTC)}


def watched(messages, **changes) -> tuple[Watcher, list[Alarm]]:
    """A watcher after (s, level, message) in order of time, and its alarms."""
    watcher = Watcher("shop", Kinds(), Settings(**changes))
    return watcher, [a for s, level, text in messages for a in watcher.take(START + s, level, text)]


def steady(rng, seconds: float, rate: float = 1.0, text: str = "order {} stored in {} ms"):
    """A Poisson stream of messages that differ in their numbers."""
    at = np.cumsum(rng.exponential(1 / rate, int(2 * rate * seconds) + 20))
    return [(float(s), "info", text.format(rng.integers(1e6), rng.integers(99))) for s in at[at < seconds]]


# The test


@pytest.mark.parametrize("cells", [1, 2, 15, 16, 17, 100, 2049])
def test_a_bet_wins_at_most_its_stake_on_average(cells):
    assert np.mean([bet(k / cells, cells) for k in range(1, cells + 1)]) <= 1 + 1e-9


def test_evidence_passes_its_limit_no_sooner_than_it_says():
    rng, limit, times = np.random.default_rng(0), 50.0, []
    for _ in range(60):
        scores, detector = list(rng.random(64)), Detector()
        for t in itertools.count(1):
            scores.append(rng.random())
            p = float(np.mean(np.array(scores) >= scores[-1]))
            if detector.take(p, len(scores)) >= limit or t == 600:
                times.append(t)
                break
    assert np.mean(times) >= limit


def test_rarer_false_alarms_need_more_normal():
    assert least_cells(1e3) < least_cells(1e5) < least_cells(1e8)
    assert reachable(least_cells(1e5)) > 1e5 >= reachable(least_cells(1e5) - 1)


def test_runs_in_normal_raise_the_limit():
    rng = np.random.default_rng(0)
    assert excess(rng.random(400)) < 5
    assert excess(np.repeat(rng.random(40), 10)) > 50


CELL = st.dictionaries(st.integers(0, 12), st.integers(1, 40), max_size=6)


@settings(max_examples=60)
@given(st.lists(CELL, min_size=1, max_size=12), st.randoms())
def test_no_statistic_knows_the_order_of_cells(cells, random):
    order = list(range(len(cells)))
    random.shuffle(order)
    one, other = Cells(99), Cells(99)
    for i, cell in enumerate(cells):
        one.add(cell)
        other.add(cells[order[i]])
    for name, scores in one.scores().items():
        assert np.allclose(scores[order], other.scores()[name])


@settings(max_examples=60)
@given(st.lists(CELL, min_size=1, max_size=12))
def test_statistics_are_what_they_are_said_to_be(cells):
    kept = Cells(99)
    for cell in cells:
        kept.add(cell)
    n = len(cells)
    kinds = {k for c in cells for k in c}
    mean = {k: sum(c.get(k, 0) for c in cells) / n for k in kinds}
    for i, cell in enumerate(cells):
        held = {k: sum(k in c for c in cells) for k in cell}
        ratios = [np.log2((cell.get(k, 0) + 0.5) / (mean[k] + 0.5)) for k in kinds]
        found = {name: scores[i] for name, scores in kept.scores().items()}
        assert found["rare"] == pytest.approx(sum(np.log2((n + 1) / h) for h in held.values()))
        assert found["surge"] == pytest.approx(max([0.0, *ratios]))
        assert found["fall"] == pytest.approx(max([0.0, *(-r for r in ratios)]))


@settings(max_examples=60)
@given(
    st.lists(CELL, min_size=1, max_size=12),
    st.lists(st.integers(0, 12), min_size=13, max_size=13),
    st.integers(0, 12),
)
def test_kinds_that_are_one_count_as_one(cells, into, split):
    into = [min(k, into[k]) for k in range(13)]
    into = np.array([into[k] if into[into[k]] == into[k] else k for k in range(13)])
    one, renumbered, other = Cells(9), Cells(9), Cells(9)
    for i, cell in enumerate(cells):
        if i == split:
            one.merge(into)
        for kept in (one, renumbered):
            kept.add(cell)
        together = Counter()
        for kind, lines in cell.items():
            together[int(into[kind])] += lines
        other.add(together)
    one.merge(into)
    renumbered.renumber(into)
    for name, scores in other.scores().items():
        assert np.allclose(scores, one.scores()[name])
        assert np.allclose(scores, renumbered.scores()[name])


# Alarms


def test_an_alarm_comes_after_the_change_and_dates_it():
    rng = np.random.default_rng(1)
    normal = steady(rng, 3600)
    failing = [(3000 + s, "error", "no answer of db-3: timed out") for s, *_ in steady(rng, 600, 0.4)]
    watcher, alarms = watched(sorted([*normal, *failing]))
    (alarm,) = alarms
    assert 3000 < alarm.at - START <= 3060
    assert alarm.onset.earliest <= START + 3000 <= alarm.onset.latest + 10
    first = alarm.changes[0]
    assert (first.what, first.kind.level, first.kind.text) == ("new", "error", "no answer of db-3: timed out")
    assert alarm.by_chance_s >= watcher.settings.every_s
    assert watcher.alarms == 1


def test_nothing_is_raised_where_nothing_changes():
    rng = np.random.default_rng(2)
    messages = [*steady(rng, 30_000, 0.5), *steady(rng, 30_000, 0.02, "checkpoint {} took {} s")]
    watcher, alarms = watched(sorted(messages))
    assert watcher.phase == "watching"
    assert alarms == []


def test_silence_is_seen_while_nothing_comes():
    watcher, alarms = watched(steady(np.random.default_rng(3), 3000))
    assert alarms == []
    found = [a for s in range(3000, 3200, 5) for a in watcher.advance(START + s)]
    assert [a.statistic for a in found] == ["fall"]
    assert {c.what for c in found[0].changes} == {"vanished"}


def test_what_was_learned_of_another_run_is_no_news():
    rng = np.random.default_rng(4)
    watcher = Watcher("shop", Kinds(), Settings())
    for begin in (0.0, 50_000.0):
        for s, level, text in [
            *steady(rng, 1500),
            *[(1500.0 + i, "info", "backup runs") for i in range(200)],
        ]:
            watcher.learn(START + begin + s, level, text)
        watcher.learned_all()
    assert watcher.phase == "watching"
    later = [*steady(rng, 600), *[(600.0 + i, "info", "backup runs") for i in range(100)]]
    assert [a for s, level, text in later for a in watcher.take(START + 1e6 + s, level, text)] == []
    assert len(watcher.normal) < 420, "the gaps between the runs are no cells"


def test_a_start_is_not_normal():
    rng = np.random.default_rng(5)
    start = [(float(s), "info", f"module {chr(97 + s % 26)}{chr(97 + s // 26)} loaded") for s in range(60)]
    watcher, _ = watched(sorted([*start, *steady(rng, 2000)]))
    assert watcher.phase == "watching"
    assert watcher.normal.scores()["rare"].max() < 10


def test_after_an_alarm_a_lasting_change_is_the_new_normal():
    rng = np.random.default_rng(6)
    messages = [*steady(rng, 9000), *[(3000 + s, lev, "cache is off") for s, lev, _ in steady(rng, 3000)]]
    watcher, alarms = watched(sorted(messages))
    assert [a.changes[0].what for a in alarms] == ["new", "vanished"]
    assert watcher.phase == "watching"


def test_forms_that_are_folded_keep_their_counts():
    kinds = Kinds(Miner(max_forms=40))
    watcher = Watcher("shop", kinds, Settings())
    rng = np.random.default_rng(7)
    for s, level, _ in steady(rng, 4000):
        word = "".join(rng.choice(list("abcdefgh"), 6))
        assert watcher.take(START + s, level, f"user {word} logged in") == []
    assert len(watcher.normal) > 300
    mean, held = watcher.normal.means()
    assert mean[1:].sum() == pytest.approx(mean[0])
    assert held.size <= 60


@pytest.mark.parametrize(
    "change", [{"cell_s": 0.0}, {"cell_s": 20.0, "every_s": 10.0}, {"every_s": float("inf")}]
)
def test_settings_that_make_no_sense_are_refused(change):
    with pytest.raises(BadInput, match="False alarms must be rarer than one per cell"):
        Settings(**change)


# Clocks


def test_a_wrong_date_moves_no_clock_and_a_set_clock_does():
    clock = Clock(100.0)
    assert clock.moment(1000.0) == (1000.0, False)
    assert clock.moment(4e9) == (1000.0, False)
    assert clock.moment(1005.0) == (1005.0, False)
    assert clock.moment(1002.0) == (1005.0, False)
    assert [clock.moment(5000.0 + i)[1] for i in range(20)] == [False] * 19 + [True]
    assert (clock.wrong, clock.late, clock.steps) == (1, 1, 1)
    assert clock.now == 5019.0


def test_one_line_from_the_future_does_not_stop_the_watch():
    rng = np.random.default_rng(8)
    messages = steady(rng, 3000)
    messages[500] = (1e9, *messages[500][1:])
    watcher, alarms = watched(messages)
    assert alarms == []
    assert watcher.clock.now < START + 3001


# Following


def lines(source, stop: int) -> list[bytes]:
    """The lines of the blocks among the next `stop` items."""
    found = [b.data for b in itertools.islice(source, stop) if b is not None]
    return b"".join(found).splitlines()


def test_a_file_is_followed_over_growth_rotation_and_truncation(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntw")
    skipped = Skipped()
    source = follow(path, skipped)
    assert lines(source, 3) == [b"one"]
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert lines(source, 2) == [b"two", b"three"]
    path.rename(tmp_path / "a.log.1")
    path.write_bytes(b"four\n")
    assert lines(source, 3) == [b"four"]
    path.write_bytes(b"5\n")
    assert lines(source, 3) == [b"5"]
    assert "rotated" in skipped.say()[0]


def test_only_what_is_new_can_be_followed(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"old\n")
    source = follow(path, Skipped(), new=True)
    assert lines(source, 1) == []
    with path.open("ab") as file:
        file.write(b"new\n")
    assert lines(source, 2) == [b"new"]


def test_a_line_without_end_is_cut_and_never_held(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * (1 << 20) + b"\nafter\n")
    skipped = Skipped()
    first, second = lines(follow(path, skipped), 5)
    assert len(first) == 1 << 16
    assert second == b"after"
    assert skipped.cut == 1


def test_what_cannot_be_followed_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"does not exist. Fix the path."):
        next(follow(tmp_path / "none.log", Skipped()))
    (tmp_path / "core").write_bytes(bytes(range(256)) * 100)
    with pytest.raises(SourceError, match="skipped"):
        next(follow(tmp_path / "core", Skipped()))


def test_a_pipe_is_read_as_it_comes_and_to_its_end():
    read, write = os.pipe()
    with os.fdopen(read, "rb") as stream:
        source = piped(stream, Skipped())
        assert next(source) is None
        os.write(write, b"one\ntwo")
        assert lines(source, 1) == [b"one"]
        os.close(write)
        assert lines(source, 2) == [b"two"]


def test_a_packed_pipe_is_refused():
    read, write = os.pipe()
    os.write(write, b"\x1f\x8b\x08" + bytes(50))
    os.close(write)
    with os.fdopen(read, "rb") as stream, pytest.raises(BadInput, match="zcat"):
        list(piped(stream, Skipped()))


def block(text: str) -> Block:
    return Block(text.encode(), 0, 1, len(text))


def test_traces_are_joined_and_undated_lines_count_when_they_come():
    records = Records(**ZONE, now=lambda: 7.0)
    text = "2023-11-14 10:00:0{} ERROR pay failed\njava.io.IOException: no space\n\tat a.B.c(B.java:1)\n"
    given_ = [*records.feed(block("".join(text.format(i) for i in range(5)))), *records.rest()]
    assert [r.message for r in given_] == ["pay failed | java.io.IOException: no space"] * 5
    bare = Records(**ZONE, now=lambda: 7.0)
    assert [r.at for r in [*bare.feed(block("hello\nworld\n")), *bare.rest()]] == [7.0, 7.0]
    assert bare.undated


def test_time_passes_by_the_log_while_nothing_comes():
    now = [START + 5000.0]
    text = "".join(
        f"{datetime.fromtimestamp(START + s, tz=UTC):%Y-%m-%d %H:%M:%S.%f} INFO {m}\n"
        for s, _, m in steady(np.random.default_rng(9), 3000)
    )
    watcher = Watcher("shop", Kinds(), Settings())
    stream = Stream(
        itertools.chain([block(text)], itertools.repeat(None)),
        watcher,
        skipped=Skipped(),
        **ZONE,
        now=lambda: now[0],
    )
    found = []
    for _ in range(300):
        found += stream.step()
        now[0] += 1.0
    assert [a.statistic for a in found] == ["fall"]
    assert START + 3000 < found[0].at < START + 3200


def test_a_reference_without_timestamps_is_refused(tmp_path):
    (tmp_path / "a.log").write_text("hello\n" * 500)
    with pytest.raises(BadInput, match="timestamps"):
        learn(Watcher("a", Kinds(), Settings()), [tmp_path / "a.log"], Skipped(), **ZONE)
