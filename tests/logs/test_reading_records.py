"""Records of files: joined stack traces, line numbers, spans in packed and wrapped files, files that change."""

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.errors import SourceError
from aitia.tools.text.reader import Extract, LogFile, open_set
from aitia.tools.text.reading import Skipped
from aitia.tools.text.reading.marks import LineMarks

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
AT = START.timestamp()
DAY = (AT - 86400, AT + 86400)


def stamp(seconds: float) -> str:
    return f"{START + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S},000"


def opened(path: Path) -> LogFile:
    return LogFile(path, zone=UTC, near=START)


def records(file: LogFile, start: float = DAY[0], end: float = DAY[1], budget: int = 1 << 30) -> list:
    return list(file.records(start, end, budget=budget, extract=Extract()))


def lines(count: int, every: float = 1.0, text: str = "INFO app request {i} was served") -> str:
    return "".join(f"{stamp(i * every)} {text.format(i=i)}\n" for i in range(count))


TRACES = {
    "java": (
        "java.lang.IllegalStateException: no pool\n\tat com.shop.Pay.charge(Pay.java:12)\n\tat com.shop.Pay.<init>(Pay.java:3)\n"
        "Caused by: java.net.ConnectException: Connection refused\n\tat java.base/java.net.Socket.connect(Socket.java:1)\n\t... 12 more",
        "Caused by: java.net.ConnectException: Connection refused",
    ),
    "python": (
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    raise KeyError(1)\nKeyError: 1\n\n'
        "During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n"
        '  File "b.py", line 9, in g\n    return f()\n           ^^^\nshop.errors.PoolTimeoutError: no connection left',
        "shop.errors.PoolTimeoutError: no connection left",
    ),
    "go": (
        "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/main.go:8 +0x1d\nexit status 2",
        "panic: runtime error: index out of range [5] with length 3",
    ),
    "dotnet": (
        "System.InvalidOperationException: no charge\n ---> System.Net.Sockets.SocketException (111): Connection refused\n"
        "   at Shop.Pay.Charge() in /src/Pay.cs:line 12\n   --- End of inner exception stack trace ---\n   at Shop.Program.Main()",
        " ---> System.Net.Sockets.SocketException (111): Connection refused",
    ),
    "node": (
        "TypeError [ERR_X]: Cannot read properties of undefined (reading 'id')\n    at charge (/srv/pay.js:3:9)\n"
        "    at async Server.<anonymous> (/srv/index.js:10:5)\n    at node:internal/main:1:2",
        "TypeError [ERR_X]: Cannot read properties of undefined (reading 'id')",
    ),
}


@pytest.mark.parametrize("language", TRACES)
def test_a_stack_trace_is_part_of_its_record(tmp_path, language):
    trace, exception = TRACES[language]
    path = tmp_path / "a.log"
    path.write_text(f"{lines(5)}{stamp(5)} ERROR app charge failed\n{trace}\n{stamp(6)} INFO app next\n")
    found = records(opened(path))
    assert len(found) == 7
    record = found[5]
    assert (record.exception, record.lines) == (exception, 1 + len(trace.split("\n")))
    assert opened(path).read_at(record.offset, record.size).decode().endswith(trace)
    assert found[6].line == 7 + len(trace.split("\n"))


@pytest.mark.parametrize("language", TRACES)
@pytest.mark.parametrize("wrapped", ["docker", "cri"])
def test_a_stack_trace_in_a_containers_log_is_joined(tmp_path, language, wrapped):
    trace, exception = TRACES[language]
    texts = ["charge failed", *trace.split("\n"), "next request"]
    path = tmp_path / "0.log"
    at = "2026-11-25T10:00:00.5Z"
    path.write_text(
        "".join(
            json.dumps({"log": t + "\n", "stream": "stdout", "time": at}) + "\n"
            if wrapped == "docker"
            else f"{at} stdout F {t}\n"
            for t in texts
        )
    )
    found = records(opened(path))
    first, last = found[0], found[-1]
    assert (first.message, last.message, last.line) == ("charge failed", "next request", len(texts))
    assert len(found) <= 3  # a first line that only names the exception is a record of its own
    assert sum(r.lines for r in found) == len(texts)
    assert exception in (found[-2].exception, found[-2].message)


def test_frames_that_each_have_a_header_are_joined(tmp_path):
    trace = TRACES["java"][0].split("\n")
    path = tmp_path / "syslog"
    head = "Nov 25 10:00:0{s} web-1 pay[42]: "
    texts = [
        "charged",
        "charge failed with a problem",
        *trace[1:],
        "charged again",
        "at startup: all is well",
    ]
    path.write_text("".join(head.format(s=int(i > 7)) + t + "\n" for i, t in enumerate(texts)))
    found = records(opened(path))
    assert [r.message for r in found] == [
        "charged",
        "charge failed with a problem",
        "charged again",
        "at startup: all is well",
    ]
    assert found[1].lines == len(trace)
    assert found[1].exception.startswith("Caused by: java.net.ConnectException")


def test_json_over_lines_stays_with_its_record(tmp_path):
    path = tmp_path / "a.log"
    body = json.dumps({"status": 500, "items": [1, 2]}, indent=2)
    path.write_text(f"{lines(3)}{stamp(4)} ERROR app answer: {body}\n{stamp(5)} INFO app next\n")
    found = records(opened(path))
    assert [r.lines for r in found] == [1, 1, 1, body.count("\n") + 1, 1]


def test_lines_are_numbered_far_into_a_file_and_in_packed_ones(tmp_path):
    text = lines(60_000)
    path, packed = tmp_path / "a.log", tmp_path / "b.log"
    path.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    for each in (path, packed):
        found = records(opened(each), AT + 50_000, AT + 50_010)
        assert [r.line for r in found] == list(range(50_001, 50_011))
        assert opened(each).read_at(found[3].offset, found[3].size).decode() == text.splitlines()[50_003]


def test_sampled_blocks_have_right_line_numbers_too(tmp_path):
    path = tmp_path / "a.log"
    text = lines(200_000)
    path.write_text(text)
    file, extract = opened(path), Extract()
    found = list(file.records(*DAY, budget=1 << 20, extract=extract))
    assert extract.share < 0.25
    assert file.skipped.unread > 1 << 20
    assert all(text.count("\n", 0, r.offset) + 1 == r.line for r in found[::997])


def test_marks_count_from_the_nearest_one(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"0123456\n" * 30_000_00)
    reads = 0

    def open_():
        nonlocal reads
        reads += 1
        return path.open("rb")

    marks = LineMarks(open_)
    offsets = [8 * n for n in (2_900_000, 0, 17, 2_899_999, 1_000_000)]
    assert [marks.line(o) for o in offsets] == [o // 8 + 1 for o in offsets]
    assert len(marks._offsets) < 10


def test_what_lies_before_the_span_in_a_packed_file_is_passed_over(tmp_path):
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(lines(100_000).encode(), 1))
    file, extract = opened(path), Extract()
    found = list(file.records(AT + 99_000, AT + 100_000, budget=1 << 20, extract=extract))
    assert [r.line for r in found] == list(range(99_001, 100_001))
    assert extract.bytes_read < 2 << 20
    assert extract.share == 1.0


def test_a_packed_file_beyond_the_budget_is_read_in_part_and_counted(tmp_path):
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(lines(200_000).encode(), 1))
    file, extract = opened(path), Extract()
    assert len(list(file.records(*DAY, budget=1 << 17, extract=extract))) < 100_000
    assert extract.share < 0.5
    assert file.skipped.unread > 1000


def test_a_packed_file_outside_the_span_is_not_unpacked(tmp_path, monkeypatch):
    paths = [tmp_path / f"a.log.{2 - i}.gz" for i in range(2)]
    for i, path in enumerate(paths):
        path.write_bytes(
            gzip.compress("".join(f"{stamp(i * 5000 + k)} INFO app x\n" for k in range(5000)).encode())
        )
    early, late = open_set(paths, zone=UTC, near=START)
    monkeypatch.setattr(early, "open", lambda: pytest.fail("unpacked"))
    assert records(early, AT + 6000, AT + 7000) == []
    assert len(records(late, AT + 6000, AT + 7000)) == 1000
    assert records(late, AT - 9000, AT - 8000) == []


def test_a_large_docker_log_is_sought_by_time(tmp_path):
    path = tmp_path / "x-json.log"
    path.write_text(
        "".join(
            json.dumps(
                {"log": line + "\n", "stream": "stdout", "time": f"{START + timedelta(seconds=i):%FT%TZ}"}
            )
            + "\n"
            for i, line in enumerate(lines(60_000).splitlines())
        )
    )
    file, extract = opened(path), Extract()
    assert not file.packed
    found = list(file.records(AT + 30_000, AT + 30_002, budget=1 << 30, extract=extract))
    assert [(r.line, r.at) for r in found] == [(30_001, AT + 30_000), (30_002, AT + 30_001)]
    assert extract.bytes_read < 1 << 20


def test_undated_lines_and_clock_steps_are_counted(tmp_path):
    path = tmp_path / "a.log"
    path.write_text(
        "banner\nof two lines\n"
        + lines(50)
        + f"{stamp(-30)} INFO app back\n"
        + lines(3)
        + f"{stamp(1.5)} INFO app x\n"
    )
    file = opened(path)
    assert len(records(file)) == 55
    assert (file.skipped.undated, file.skipped.steps, file.skipped.step_s) == (2, 1, 79.0)
    assert "the clock went back 1 time, at most by 79.0 s" in file.skipped.say()


def test_mixed_zones_are_placed_by_each_lines_own(tmp_path):
    path = tmp_path / "a.log"
    path.write_text(
        "".join(
            f"2026-11-25T1{h}:00:0{i}{zone} INFO app x {i}\n"
            for i, (h, zone) in enumerate([(0, "Z"), (1, "+01:00"), (0, "Z"), (1, "+01:00")])
        )
    )
    assert [r.at for r in records(opened(path))] == [AT, AT + 1, AT + 2, AT + 3]


def test_a_file_without_timestamps_has_no_records(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("all is well\nnothing is dated\n")
    assert opened(path).header is None
    assert records(opened(path)) == []
    path.write_text("")
    assert records(opened(path)) == []


def test_files_that_change_between_looks_are_said(tmp_path):
    path = tmp_path / "a.log"
    path.write_text(lines(1000))
    file = opened(path)
    os.truncate(path, 500)
    assert len(records(file)) <= 11
    assert "truncated while it was being read" in file.skipped.files[str(path)]
    assert file.skipped.unread > 40_000
    other = tmp_path / "b.log"
    other.write_text(lines(10))
    file = opened(path)
    other.replace(path)
    assert len(records(file)) == 10
    assert "replaced while it was being read: its earlier" in file.skipped.files[str(path)]


def test_a_file_that_is_gone_or_refused_is_an_error_that_says_so(tmp_path):
    with pytest.raises(SourceError, match=r"Cannot read .* \(No such file"):
        opened(tmp_path / "none.log")
    path = tmp_path / "a.log"
    path.write_text(lines(10))
    file = opened(path)
    path.unlink()
    with pytest.raises(SourceError, match=r"Cannot read "):
        records(file)


def test_extent_and_sample_of_a_file_with_a_hole(tmp_path):
    path = tmp_path / "a.log"
    with path.open("wb") as handle:
        handle.truncate(100 << 20)
        handle.seek(100 << 20)
        handle.write(lines(3000).encode())
    file = opened(path)
    assert file.extent()[1] == AT + 2999
    found = records(file)
    assert (len(found), found[0].line, found[-1].line) == (3000, 1, 3000)
    assert file.skipped.binary == 100 << 20
    assert Skipped() != file.skipped


def test_a_logger_alone_on_the_first_line_goes_with_the_message_below(tmp_path: Path) -> None:
    """Microsoft.Extensions.Logging's console: `info: Category[event]`, then the message."""
    path = tmp_path / "identity.log"
    text = "".join(
        f"{START + timedelta(seconds=i):%Y-%m-%dT%H:%M:%S.000Z} fail: Hosp.Ldap.Pool[2104]\n      pool refresh failed: {i}\n"
        for i in range(30)
    )
    path.write_text(text)
    found = records(opened(path))
    assert len(found) == 30
    assert found[3].message == "Hosp.Ldap.Pool[2104] pool refresh failed: 3"
