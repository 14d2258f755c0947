"""Blocks of whole lines: places, cut lines, binary stretches, files that change, flat memory."""

import gzip
import io
import os
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.tools.text.reading import LINE_MAX, Skipped, blocks, form_of, lines_of, open_log, open_unpacked


def read(path: Path, *span: int | None, size: int = 1 << 20) -> tuple[list, Skipped]:
    skipped = Skipped()
    with open_log(path) as handle:
        return [
            pair for b in blocks(handle, *span, size=size, skipped=skipped) for pair in lines_of(b)
        ], skipped


def original(path: Path, place) -> bytes:
    with open_unpacked(path, form_of(path)) as handle:
        handle.seek(place.offset)
        return handle.read(place.size)


@settings(max_examples=150)
@given(
    st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b and b"\0" not in b), max_size=12),
    st.booleans(),
    st.integers(1, 64),
)
def test_lines_and_places_are_those_of_the_bytes(lines, ended, size):
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    if data.startswith(b"\xef\xbb\xbf"):
        return
    found = [p for b in blocks(io.BytesIO(data), size=size, skipped=Skipped()) for p in lines_of(b)]
    assert [raw for _, raw in found] == data.split(b"\n")[
        : len(data.splitlines()) if not data else None if not data.endswith(b"\n") else -1
    ]
    for number, (place, raw) in enumerate(found, 1):
        assert place.line == number
        assert data[place.offset : place.offset + place.size].rstrip(b"\n") == raw


@settings(max_examples=150)
@given(
    st.lists(st.text("ab", max_size=9), min_size=1, max_size=20),
    st.integers(1, 40),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_ranges_that_meet_give_each_line_once(lines, size, cuts):
    data = "".join(line + "\n" for line in lines).encode()
    bounds = [0, *sorted(cuts), len(data)]
    found = []
    for a, b in pairwise(bounds):
        if a < b:
            found += [
                p.offset
                for k in blocks(io.BytesIO(data), a, b, size=size, skipped=Skipped())
                for p, _ in lines_of(k)
            ]
    whole = [p.offset for k in blocks(io.BytesIO(data), skipped=Skipped()) for p, _ in lines_of(k)]
    assert found == whole


def test_a_long_line_is_cut_and_the_places_after_it_are_right(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"one\n" + b"x" * 200_000 + b"\nthree\n" + b"y" * (LINE_MAX + 1))
    for size in (1000, 1 << 20):
        found, skipped = read(path, size=size)
        assert [len(raw) for _, raw in found] == [3, LINE_MAX, 5, LINE_MAX]
        assert [p.line for p, _ in found] == [1, 2, 3, 4]
        assert original(path, found[2][0]) == b"three\n"
        assert original(path, found[1][0]) == b"x" * 200_000 + b"\n"
        assert skipped.cut == 2
        assert skipped.say() == ["2 lines were longer than 64 KiB and cut"]


def test_a_line_of_exactly_the_limit_is_whole(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * LINE_MAX + b"\nend\n")
    found, skipped = read(path)
    assert (len(found[0][1]), skipped.cut) == (LINE_MAX, 0)


@pytest.mark.parametrize("kind", ["hole", "one line", "packed line"])
def test_two_hundred_megabytes_without_a_newline_cost_no_memory(tmp_path, kind):
    path = tmp_path / "big.log"
    with gzip.open(path, "wb", 1) if kind == "packed line" else path.open("wb") as file:
        if kind == "hole":
            file.truncate(200 << 20)
            file.seek(200 << 20)
        else:
            piece = b"x" * (1 << 20)
            for _ in range(200):
                file.write(piece)
        file.write(b"\n2026-11-25 10:00:00 INFO end\n")
    peaks = []
    for _ in range(3):  # a thread that an earlier test left behind may take memory meanwhile, not three times
        tracemalloc.start()
        found, skipped = read(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        if peaks[-1] < 16 << 20:
            break
    assert min(peaks) < 16 << 20
    place, raw = found[-1]
    assert raw == b"2026-11-25 10:00:00 INFO end"
    assert place.offset == (200 << 20) + 1
    assert (skipped.binary, skipped.cut) == ((200 << 20, 0) if kind == "hole" else (0, 1))


def test_binary_stretches_are_left_out_and_counted(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(
        b"one\n"
        + b"\0" * 4096
        + b"two\nmid\0dle of a long enough line\n"
        + bytes(range(1, 8)) * 9
        + b"\0\n\xc3\x28\nend\n"
        + b"some more text\n" * 99
    )
    found, skipped = read(path)
    found = found[:5]
    assert [raw for _, raw in found] == [
        b"one",
        b"two",
        b"mid\0dle of a long enough line",
        b"\xc3\x28",
        b"end",
    ]
    assert [p.line for p, _ in found] == [1, 2, 3, 5, 6]
    assert all(original(path, p).rstrip(b"\n") == raw for p, raw in found)
    assert skipped.binary == 4096 + 64
    assert skipped.undecodable == 1


def test_a_file_that_grows_is_read_to_its_size_at_open(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\n")
    skipped = Skipped()
    with open_log(path) as handle:
        found = blocks(handle, size=4, skipped=skipped)
        first = next(found)
        with path.open("ab") as more:
            more.write(b"three\n" * 1000)
        assert first.data + b"".join(b.data for b in found) == b"one\ntwo\n"
    assert skipped == Skipped()


def test_a_file_truncated_while_read_is_counted(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"0123456\n" * 1000)
    skipped = Skipped()
    with path.open("rb", buffering=0) as handle:
        found = blocks(handle, size=80, skipped=skipped)
        next(found)
        os.truncate(path, 160)
        assert sum(len(b.data) for b in found) == 80
    assert skipped.unread == 8000 - 160
    assert "truncated while it was being read" in skipped.files[str(path)]


def test_a_read_in_even_pieces_gives_the_same_bytes(tmp_path):
    path = tmp_path / "u.log"
    path.write_bytes("a é\nb\n".encode("utf-16"))
    with open_log(path) as handle:
        assert handle.read(2) + handle.read() == "a é\nb\n".encode()


def test_counts_add_up_and_are_said():
    one, two = Skipped(cut=1, steps=1, step_s=3.0, files={"a": "x"}), Skipped(cut=2, unread=5, undated=1)
    one += two
    two.step(9.25)
    one += two
    assert (one.cut, one.steps, one.step_s, one.unread) == (5, 2, 9.25, 10)
    assert one.say() == [
        "a: x", "5 lines were longer than 64 KiB and cut", "2 lines before the first timestamp skipped",
        "the clock went back 2 times, at most by 9.2 s", "10 bytes were not read",
    ]  # fmt: skip
    many = Skipped(files={str(i): "no" for i in range(9)})
    assert many.say()[-1] == "4 more files were left out"
