"""The rules for what a time leaves open: zone, year, date, the order of its figures, and which of two times counts."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aitia.tools.text.headers import detect, fold

NEAR = datetime(2026, 11, 25, 2, tzinfo=UTC)


def when(header, line):
    return datetime.fromtimestamp(header(line)[0], tz=UTC)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["25/11/2026 01:02:03 x"], datetime(2026, 11, 25, 1, 2, 3)),
        (["11/25/2026 01:02:03 x"], datetime(2026, 11, 25, 1, 2, 3)),
        (["05/06/2026 01:02:03 x"], datetime(2026, 5, 6, 1, 2, 3)),  # the default of "/": month first
        (["05.06.2026 01:02:03 x"], datetime(2026, 6, 5, 1, 2, 3)),  # of "." and "-": day first
        (["05-06-2026 01:02:03 x"], datetime(2026, 6, 5, 1, 2, 3)),
        (
            ["03/11/2026 01:02:03 x", "13/11/2026 01:02:03 x"],
            datetime(2026, 11, 3, 1, 2, 3),
        ),  # a later line decides
        (["30/01/2026 23:59:59 x", "02/02/2026 00:00:01 x"], datetime(2026, 1, 30, 23, 59, 59)),
        (
            ["08/11/2026 23:59:59 x", "09/11/2026 0:00:01 x", "01/12/2026 0:00:01 x"],
            datetime(2026, 11, 8, 23, 59, 59),
        ),
        (["17/06/09 20:10:40 INFO a.B: x"], datetime(2017, 6, 9, 20, 10, 40)),
        (["11/24/26 20:10:40 INFO a.B: x"], datetime(2026, 11, 24, 20, 10, 40)),
        (["24.11.26 20:10:40 x"], datetime(2026, 11, 24, 20, 10, 40)),
        (
            ["11/10/26 20:10:40 x"],
            datetime(2026, 11, 10, 20, 10, 40),
        ),  # the reading within 400 days of `near`
        (["990101 010203 x y"], datetime(1999, 1, 1, 1, 2, 3)),
        (["[10.30 16:49:06] a.exe - x"], datetime(2026, 10, 30, 16, 49, 6)),
        (["10-17 16:13:38.811  1702  2395 D Tag: x"], datetime(2026, 10, 17, 16, 13, 38, 811000)),
        (["Nov 25, 2026 12:00:00 AM a.B run"], datetime(2026, 11, 25)),
        (["11/25/2026 1:02:03.5 p.m. x"], datetime(2026, 11, 25, 13, 2, 3, 500000)),
        (["2026-11-25 23:59:60 INFO leap"], datetime(2026, 11, 25, 23, 59, 59)),
        (["Wed Nov 25 01:02:03 CET 2026 x"], datetime(2026, 11, 25, 1, 2, 3)),
        (["@400000006925009a0bebc200 x"], datetime(2025, 11, 25, 1, 2, 8, 200000)),
        (["1795568523 x", "1795568524 x"], datetime(2026, 11, 25, 1, 2, 3)),
        (["1795568523123456 x"], datetime(2026, 11, 25, 1, 2, 3, 123456)),
        (["type=A msg=audit(1795568523.250:7): a=b"], datetime(2026, 11, 25, 1, 2, 3, 250000)),
    ],
)
def test_dates(lines, expected):
    header = detect(lines, zone=UTC, near=NEAR)
    found = when(header, lines[0])
    if "@4" in lines[0]:
        assert found == datetime.fromtimestamp(int("6925009a", 16) - 10 + 0.2, tz=UTC)
    else:
        assert abs(found - expected.replace(tzinfo=UTC)) < timedelta(microseconds=2)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        (" CET", 1),
        ("+02:00", 2),
        (" -0830", -8.5),
        ("Z", 0),
        (" UTC", 0),
        (" GMT+1", 1),
        ("+03", 3),
        (" PDT", -7),
    ],
)
def test_a_zone_that_a_line_names_counts(zone, hours):
    line = f"2026-11-25 01:02:03.250{zone} INFO x"
    header = detect([line] * 3, zone=ZoneInfo("Asia/Tokyo"), near=NEAR)
    assert when(header, line) == datetime(2026, 11, 25, 1, 2, 3, 250000, tzinfo=UTC) - timedelta(hours=hours)
    assert header(line)[1:] == ("info", "x")
    assert header.zone_text == zone


def test_a_line_of_another_zone_is_timed_but_not_located():
    line = "2026-10-25T02:30:00+02:00 INFO x"
    header = detect([line] * 30, zone=UTC, near=NEAR)
    other = line.replace("+02:00", "+01:00")
    assert header(other)[0] - header(line)[0] == 3600
    assert header.locate(line) is not None
    assert header.locate(other) is None
    mixed = detect([line, other] * 30, zone=UTC, near=NEAR)
    assert mixed.zone_text == ""
    assert mixed.locate(line) is None


def test_clocks_without_a_date_lie_within_half_a_day_of_near():
    lines = ["23:50:00.000 INFO x", "01:10:00.000 INFO y"]
    header = detect(lines, zone=UTC, near=NEAR)
    assert [when(header, line).day for line in lines] == [24, 25]


def test_an_uptime_ends_at_near():
    lines = ["[    1.500000] a", "[   61.500000] b"]
    header = detect(lines, zone=UTC, near=NEAR)
    assert when(header, lines[1]) == NEAR + timedelta(seconds=0.5)
    assert header(lines[1])[0] - header(lines[0])[0] == 60.0
    assert "uptime" in header.name


def test_the_inner_time_counts_where_it_says_as_much():
    inner = "Nov 25 01:02:03 h1 app[7]: 2026-11-25T03:04:05.5Z WARN x"
    assert when(detect([inner] * 5, zone=UTC, near=NEAR), inner) == datetime(
        2026, 11, 25, 3, 4, 5, 500000, tzinfo=UTC
    )
    outer = "2026-11-25T01:02:03Z h1 app[7]: 2026-11-25 03:04:05,500 WARN x"
    header = detect([outer] * 5, zone=UTC, near=NEAR)
    assert when(header, outer) == datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
    assert header(outer)[1:] == ("warning", "x")


def test_few_dates_in_prose_are_no_header():
    lines = [f"nothing dated here {n}" for n in range(50)]
    assert detect([*lines, "it was 12:30:45 then"], zone=UTC, near=NEAR) is None
    assert detect([*lines, "it was written on 2026-11-25 12:30:45"], zone=UTC, near=NEAR) is None


def test_a_stack_trace_leaves_its_first_line_as_the_only_header():
    trace = [
        "2026-11-25 01:02:03,000 ERROR [main] a.B: boom",
        "java.io.IOException: no",
        *["\tat a.b.C.d(C.java:7)"] * 40,
    ]
    header = detect(trace * 3, zone=UTC, near=NEAR)
    assert header(trace[0])[1:] == ("error", "boom")
    assert all(header(line) is None for line in trace[1:])


def test_unknown_words_of_a_level_column_are_levels():
    lines = [f"2026-11-25 01:02:{n:02d} {'AUDIT' if n % 5 == 0 else 'INFO'} text {n}" for n in range(40)]
    header = detect(lines, zone=UTC, near=NEAR)
    assert header(lines[0])[1:] == ("", "text 0")
    assert header("2026-11-25 01:03:00 ERROR new")[1:] == ("error", "new")


def test_json_times_of_other_formats():
    for text in (
        "25/Nov/2026:01:02:03 +0000",
        "2026/11/25 01:02:03",
        "Nov 25, 2026 1:02:03 AM",
        "20261125T010203Z",
    ):
        line = f'{{"time": "{text}", "level": "info", "msg": "x"}}'
        header = detect([line] * 3, zone=UTC, near=NEAR)
        assert header(line)[1:] == ("info", "x")
        assert when(header, line) == datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)


def test_words_of_levels():
    words = [
        "VRB",
        "DBG",
        "INF",
        "WRN",
        "ERR",
        "FTL",
        "trce",
        "dbug",
        "fail",
        "Notice",
        "SEVERE",
        "emerg",
        "7",
        "50",
    ]
    told = [
        "debug",
        "debug",
        "info",
        "warning",
        "error",
        "fatal",
        "debug",
        "debug",
        "error",
        "info",
        "error",
        "fatal",
        "debug",
        "error",
    ]
    assert [fold(word) for word in words] == told


def test_figures_of_any_length_are_no_crash():
    huge = "9" * 5000
    for body in (f'"time": {huge[:400]}', f'"time": "{huge}"', '"time": NaN', '"time": 1e999', '"time": "²"'):
        line = '{"level": "' + huge + '", "msg": "x", ' + body + "}"
        header = detect([line, '{"time": 1795568523, "level": "²", "msg": "y"}'], zone=UTC, near=NEAR)
        assert header(line) is None
    assert header('{"time": 1795568523, "level": "²", "msg": "y"}')[1:] == ("", "y")


def test_syslog_lines_without_a_program_or_with_its_version():
    lines = [f"Nov 25 01:02:{n:02d} combo su(pam_unix)[{n}]: session opened {n}" for n in range(40)]
    lines += [
        "Nov 25 01:03:00 combo syslogd 1.4.1: restart.",
        "Nov 25 01:03:01 combo last message repeated 2 times",
    ]
    header = detect(lines, zone=UTC, near=NEAR)
    assert [header(line)[2] for line in lines[-2:]] == ["restart.", "last message repeated 2 times"]
