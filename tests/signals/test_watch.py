"""Alarms while rows come: what is read, when it is told, how sure the onset is, and that memory stays."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.errors import BadInput
from aitia.tools.signals.feed import LONGEST, Feed, followed, lines_of
from aitia.tools.signals.streaming import NeighbourStream
from aitia.tools.signals.watch import Alarm, Watch

T0 = 1_767_225_600.0


def feed(text: str, **options: object) -> Feed:
    return Feed(lines_of(io.BytesIO(text.encode())), **options)  # type: ignore[arg-type]


def alarms(x: np.ndarray, *, times: np.ndarray | None = None, **options: object) -> list[Alarm]:
    seen = Watch([f"c{i}" for i in range(x.shape[1])], **options)  # type: ignore[arg-type]
    t = 10.0 * np.arange(x.shape[0]) if times is None else times
    return [a for at, row in zip(t, x, strict=True) if (a := seen.update(float(at), row))]


def machine(seed: int, *, size: float = 4.0, at: int = 700, rows: int = 1000) -> np.ndarray:
    x = np.random.default_rng(seed).normal(0, 1, (rows, 3)) * np.array([0.1, 2.0, 30.0]) + np.array(
        [4, 120, 9000]
    )
    x[at:, 1] += 2.0 * size
    return x


# what is read


def test_times_and_columns_of_several_kinds() -> None:
    rows = list(
        feed("time,p\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:10+01:00,2\n1767225620000,3\n1767225630.5,\n")
    )
    assert [at - T0 for at, _ in rows] == [0.0, 10.0, 20.0, 30.5]
    assert [float(v[0]) for _, v in rows[:3]] == [1, 2, 3]
    assert np.isnan(rows[3][1][0])
    plain = feed("1;2;3\n2;4;5\n")
    assert plain.channels == ("value 1", "value 2")
    assert [list(v) for _, v in plain] == [[2, 3], [4, 5]]
    assert feed("1,2\n").channels == ("value",)
    named = feed("p\tDatetime\tq\n1\t2026-01-01 00:00:00\t2\n", drop=["q"])
    assert named.channels == ("p",)
    assert [at for at, _ in named] == [T0]


def test_rows_that_cannot_be_read_are_counted_with_the_line_of_the_first() -> None:
    given_rows = [
        "time,p",
        "1,1",
        "2",
        "x,2",
        "3,much",
        "1,5",
        "4,inf",
        "5,1e300",
        "",
        "1e30,2",
        '"6,2',
        "7,3",
        "time,p",
    ]
    got = feed("\n".join(given_rows))
    assert [at for at, _ in got] == [1.0, 7.0]
    assert got.bad == {
        "a different number of columns": (2, 3),
        "no readable time": (2, 4),
        "a value that is not a number": (3, 5),
        "a time not later than that of the previous row": (1, 6),
    }


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", {}, "There are no CSV rows. Give rows with a time"),
        ("time,p,p\n", {}, "Two columns have the same name"),
        ("time,p\n", {"time": "when"}, "Set --time to one of the columns, not 'when': time, p"),
        ("time,p\n", {"drop": ["p"]}, "until 1 to 256 are left: there are time, p"),
        ("time,p\n", {"drop": ["q"]}, "The columns 'q' cannot be left out .--drop.: there are time, p"),
    ],
)
def test_what_cannot_be_watched_says_what_to_change(text: str, options: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        feed(text, **options)


def test_of_too_many_columns_some_may_be_dropped() -> None:
    names = [f"c{n}" for n in range(300)]
    text = f"time,{','.join(names)}\n1,{','.join('2' for _ in names)}\n"
    with pytest.raises(BadInput, match=r"Drop columns .--drop. until 1 to 256 are left"):
        feed(text)
    ((_, row),) = feed(text, drop=names[:44])
    assert row.size == 256


def test_a_line_without_an_end_takes_no_memory() -> None:
    class Endless(io.BytesIO):
        left = 200

        def readline(self, size: int | None = -1, /) -> bytes:
            if self.left == 200:
                self.left -= 1
                return b"time,p\n"
            self.left -= 1
            return b"1," * (LONGEST // 2) if self.left > 1 else b"2,2\n" if self.left == 1 else b""

    got = Feed(lines_of(Endless()))
    assert list(got) == []
    assert got.bad == {"a different number of columns": (1, 2)}


@given(st.lists(st.text(max_size=40), max_size=8))
def test_no_text_breaks_the_reader(lines: list[str]) -> None:
    got = feed("time,p\n1,1\n" + "\n".join(lines))
    rows = list(got)
    assert [at for at, _ in rows] == sorted({at for at, _ in rows})
    assert rows[0][0] == 1.0 or got.bad


class Over(Exception):
    """Ends the following of a file."""


def follow(path: Path, steps: Iterator[object]) -> list[str]:
    """The lines of a followed file while `steps` change it, one at each wait."""

    def sleep(_: float) -> None:
        if next(steps, Over) is Over:
            raise Over

    seen: list[str] = []
    with suppress(Over):
        for line in followed(path, sleep=sleep):
            seen.append(line.strip())
    return seen


def test_a_growing_file_is_followed_through_half_lines_cuts_and_rotation(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("time,p\n1,1\n")

    def change() -> Iterator[object]:
        with path.open("a") as file:
            file.write("2,2")
        yield None
        with path.open("a") as file:
            file.write("2\n3,3\n")
        yield None
        path.write_text("time,p\n")  # cut
        yield None
        with path.open("a") as file:
            file.write("4,4\n")
        yield None
        path.rename(tmp_path / "old.csv")  # rotated: for a moment there is no file
        yield None
        path.write_text("time,p\n5,5\n")
        yield None
        yield None

    seen = follow(path, change())
    assert [line for line in seen if line != "time,p"] == ["1,1", "2,22", "3,3", "4,4", "5,5"]
    rows = Feed(iter(seen))
    assert [at for at, _ in rows] == [1, 2, 3, 4, 5]
    assert rows.bad == {}


# when it is told


def test_a_change_of_level_is_told_soon_with_its_onset() -> None:
    found = [alarms(machine(seed)) for seed in range(20)]
    first = [a[0] for a in found]
    assert {(a.channel, a.direction) for a in first} == {("c1", "up")}
    assert all(7000.0 <= a.at <= 7100.0 for a in first)
    assert sum(abs(a.onset - 7000.0) <= a.error_s for a in first) >= 18
    assert all(a.error_s <= 30.0 for a in first)
    assert first[0].before == pytest.approx(120.0, abs=1.0)
    assert first[0].since == pytest.approx(128.0, abs=3.0)
    assert sum(len(a) for a in found) <= 24  # few others


def test_an_alarm_is_the_same_whatever_comes_later() -> None:
    x = machine(3)
    whole = alarms(x)
    assert whole
    for end in (whole[0].row, 720, 900):
        assert alarms(x[:end]) == [a for a in whole if a.row <= end]


def test_normal_operation_is_told_of_hardly_ever() -> None:
    assert sum(len(alarms(machine(seed, size=0.0, rows=2000))) for seed in range(5)) <= 2


def test_a_silence_widens_the_error_of_an_onset_behind_it() -> None:
    x, t = machine(1, size=8.0), 10.0 * np.arange(1000)
    t[700:] += 3600.0
    seen = Watch(["a", "b", "c"])
    (first, *_) = [a for at, row in zip(t, x, strict=True) if (a := seen.update(float(at), row))]
    assert first.onset == 10.0 * 700 + 3600.0
    assert first.error_s >= 3600.0
    assert (seen.gaps, seen.longest_gap_s) == (1, 3610.0)


def test_missing_values_are_no_change() -> None:
    x = machine(2)
    x[720:, 1] = np.nan  # after the alarm the level is a new one
    x[300:310, 0] = np.nan
    seen = Watch(["a", "b", "c"])
    found = [a for i, row in enumerate(x) if (a := seen.update(10.0 * i, row))]
    assert [a.channel for a in found] == ["b"]
    assert list(seen.missing) == [10, 280, 0]


def test_an_unusual_shape_of_one_signal_is_told() -> None:
    rng = np.random.default_rng(0)
    v = np.sin(2 * np.pi * np.arange(1600) / 40) + rng.normal(0, 0.05, 1600)
    v[1200:1240] = v[1200]  # stands still within its usual range
    (found,) = alarms(v[:, None], detector="pattern")
    assert 12_000 <= found.at <= 12_400
    assert abs(found.onset - 12_000) <= found.error_s + 150.0
    assert found.direction == "changed"
    assert alarms(v[:1200, None], detector="pattern") == []
    with pytest.raises(BadInput, match=r"columns. Keep one \(--drop the others\), or use"):
        alarms(machine(0), detector="pattern")


def test_an_unusual_shape_begins_no_earlier_than_the_watch() -> None:
    v = np.sin(2 * np.pi * np.arange(1300) / 40) + np.random.default_rng(0).normal(0, 0.05, 1300)
    v[985:1060] = v[985]  # the last rows of the reference stand still, too
    first = alarms(v[:, None], detector="pattern", reference=1000, limit=1.0)[0]
    assert 10_000 <= first.onset <= first.at <= 10_600


def test_a_reference_that_teaches_nothing_says_so() -> None:
    with pytest.raises(BadInput, match=r"Set --reference to 30 to 100000 rows"):
        Watch(["a"], reference=10)
    with pytest.raises(BadInput, match=r"Give at least 30 rows"):
        Watch(["a"]).learn(np.arange(5.0), np.zeros((5, 1)))
    with pytest.raises(BadInput, match=r"no values for b. Leave these columns out"):
        Watch(["a", "b"]).learn(np.arange(40.0), np.column_stack([np.ones(40), np.full(40, np.nan)]))
    flat = Watch(["a"])
    assert [a for i in range(600) if (a := flat.update(float(i), np.array([3.0])))] == []


@given(
    st.lists(
        st.sampled_from([float("nan"), 0.0, 1.0, -1.0, 1e-300, 1e100, -1e100, 3.0]), min_size=60, max_size=120
    ),
    st.sampled_from([0.01, 1.0, 12.0]),
)
def test_no_values_break_the_watch(values: list[float], limit: float) -> None:
    x = np.array([0.0, 1.0] * 15 + values)[:, None]
    for alarm in alarms(x, reference=30, limit=limit):
        assert alarm.onset <= alarm.at
        assert alarm.error_s > 0


def test_a_stream_goes_on_in_the_memory_that_it_keeps() -> None:
    v = np.random.default_rng(2).normal(0, 1, 3000)
    v[2500:2530] += 6.0
    stream = NeighbourStream(lengths=(8, 20), keep=500)
    score = np.array([stream.update(x) for x in v])
    assert score[2500:2530].max() > 3.0 > score[:2500].max()
    with pytest.raises(BadInput, match=r"Keep at least six"):
        NeighbourStream(keep=100)


def test_memory_does_not_grow_with_the_rows() -> None:
    def lines() -> Iterator[str]:
        rng = np.random.default_rng(0)
        yield "time,p,q\n"
        for i in range(6_000):
            a, b = rng.normal(0, 1, 2)
            yield f"{i},{a:.4f},{b:.4f}\n" if i % 100 else "broken\n"

    rows = Feed(lines())
    seen, size = Watch(rows.channels), {}
    tracemalloc.start()
    for at, row in rows:
        seen.update(at, row)
        if seen.rows in (1_500, 5_900):
            size[seen.rows] = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert size[5_900] - size[1_500] < 50_000
    assert rows.bad == {"a different number of columns": (60, 2)}
