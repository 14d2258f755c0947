"""Header detection on one stream of each format, and the rules for zones and years."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.tools.text.headers import detect
from aitia.tools.text.headers.levels import fold, in_text, worst

NEAR = datetime(2026, 11, 25, 2, tzinfo=UTC)
AT = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC).timestamp()

LINES = {
    "python": ("2026-11-25 01:02:03,500 ERROR orders charge failed", 0.5, "error", "charge failed"),
    "iso zone": (
        "2026-11-25T02:02:03.25+01:00 WARN [main] c.x.Pool: exhausted",
        0.25,
        "warning",
        "exhausted",
    ),
    "syslog": (
        "Nov 25 01:02:03 host sshd[24200]: Failed password for root",
        0,
        "",
        "Failed password for root",
    ),
    "klog": ("E1125 01:02:03.000000    1234 pod.go:12] back-off", 0, "error", "back-off"),
    "epoch": ("1795568523.5 INFO hello there", 0.5, "info", "hello there"),
    "nginx error": (
        "2026/11/25 01:02:03 [error] 12#12: *5 connect() failed",
        0,
        "error",
        "*5 connect() failed",
    ),
    "postgres": (
        "2026-11-25 01:02:03.000 UTC [1332] orders@shop FATAL:  too many clients already",
        0,
        "fatal",
        "too many clients already",
    ),
    "redis": ("16198:M 25 Nov 2026 01:02:03.000 # WARNING overcommit", 0, "warning", "overcommit"),
    "apache": ("[Wed Nov 25 01:02:03 2026] [error] mod_jk child", 0, "error", "mod_jk child"),
    "json": (
        '{"time": "2026-11-25T01:02:03Z", "level": "error", "msg": "boom", "error": "no route"}',
        0,
        "error",
        "boom error=no route",
    ),
    "json millis": ('{"ts": 1795568523500, "level": 50, "message": "boom"}', 0.5, "error", "boom"),
    "logfmt": ('time=2026-11-25T01:02:03Z level=WARN msg="slow \\"x\\""', 0, "warning", 'slow "x"'),
    "cri": (
        "2026-11-25T01:02:03.000000001Z stderr F slice bounds out of range",
        0,
        "",
        "slice bounds out of range",
    ),
    "log4j": ("2026-11-25 01:02:03,000 - INFO  [main:Peer@7] - Notification", 0, "info", "Notification"),
}


@pytest.mark.parametrize("name", LINES)
def test_formats(name):
    line, fraction, level, message = LINES[name]
    header = detect([line] * 3, zone=UTC, near=NEAR, component="orders")
    assert header is not None
    at, found, text = header(line)
    assert at == pytest.approx(AT + fraction, abs=1e-3)
    assert (found, text.strip()) == (level, message)


def test_zoneless_times_are_in_the_configured_zone():
    line = "2026-11-25 02:02:03,000 INFO x"
    berlin = detect([line], zone=ZoneInfo("Europe/Berlin"), near=NEAR)
    assert berlin(line)[0] == AT


@pytest.mark.parametrize(
    ("near", "year"), [(datetime(2027, 1, 1, tzinfo=UTC), 2026), (datetime(2026, 12, 31, tzinfo=UTC), 2026)]
)
def test_a_missing_year_is_the_nearest(near, year):
    line = "Dec 31 23:59:59 host app[1]: x"
    assert datetime.fromtimestamp(detect([line], zone=UTC, near=near)(line)[0], tz=UTC).year == year


def test_29_february_without_a_year():
    line = "Feb 29 00:00:00 host app[1]: x"
    header = detect([line], zone=UTC, near=datetime(2028, 3, 1, tzinfo=UTC))
    assert datetime.fromtimestamp(header(line)[0], tz=UTC) == datetime(2028, 2, 29, tzinfo=UTC)


def test_impossible_dates_are_no_header():
    header = detect(["2026-11-25 01:02:03 x"], zone=UTC, near=NEAR)
    assert header("2026-13-45 01:02:03 x") is None


def test_a_continuation_has_no_header():
    lines = ["2026-11-25 01:02:03 ERROR x", "Traceback (most recent call last):", '  File "a.py", line 1']
    header = detect(lines, zone=UTC, near=NEAR)
    assert [header(line) is None for line in lines] == [False, True, True]


def test_no_timestamp_no_header():
    assert detect(["hello", "world"], zone=UTC, near=NEAR) is None
    assert detect([], zone=UTC, near=NEAR) is None


@given(st.lists(st.text(max_size=200), max_size=20), st.text(max_size=200))
def test_detection_and_parsing_never_fail(sample, line):
    header = detect([*sample, "2026-11-25 01:02:03 INFO x", '{"time": 1, "msg": []}'], zone=UTC, near=NEAR)
    if header is not None:
        parsed = header(line)
        assert parsed is None or parsed[2] in line or parsed[0] > 0


def test_levels():
    assert (fold("ERR"), fold("60"), fold("3"), fold("hello")) == ("error", "fatal", "error", "")
    assert in_text("app FATAL: x") == "fatal"
    assert in_text("terror: x") == ""
    assert worst("", "warning") == "warning"
