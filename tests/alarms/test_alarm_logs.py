"""Alarm logs of six systems and of lists with a start and an end: read without an option, with what had to be guessed told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch
from aitia.probe_files import look_at
from aitia.tools.sources.alarms.alarm_log import AlarmLog, asset_of, looks_like
from aitia.tools.sources.alarms.events import AlarmEvent, State, changes, state_of

from .logs import ALL

EVER = Window(start=from_epoch(0), end=from_epoch(2e9))


def log(folder: Path, text: str, **options: str | float | bool) -> AlarmLog:
    (folder / "alarms.csv").write_text(text, encoding="utf-8")
    return AlarmLog(
        SourceConfig(name="a", kind="alarms", type="alarm_log", path="alarms.csv", options=options), folder
    )


@pytest.mark.parametrize("system", ALL)
def test_each_system_tells_the_same_three_alarms(tmp_path: Path, system: str) -> None:
    source = log(tmp_path, ALL[system])
    told = [(f"{e.at:%Y-%m-%d %H:%M:%S}", e.change, e.component, e.kind) for e in source.events(EVER)]
    assert told == [
        ("2026-03-10 04:00:01", "active", "P101", "hi"),
        ("2026-03-10 04:00:20", "active", "P101", "lo"),
        ("2026-03-10 04:01:00", "acknowledged", "P101", "hi"),
        ("2026-03-10 04:05:00", "returned", "P101", "hi"),
    ]
    assert looks_like(tmp_path / "alarms.csv")
    kind, (proposed, _, _) = look_at(tmp_path / "alarms.csv")
    assert (kind, proposed and proposed.type) == ("alarms", "alarm_log")


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    held = log(tmp_path, ALL["deltav"]).describe(EVER)
    assert held.note == "1 of 5 entries tell no state of an alarm (''): left out"
    assert "times without a zone are read as UTC" in held.guessed


_SOURCES = """EventTime,Source,Condition,State,Message
2026-03-10 04:00:00,41-TT-101A,HIGH,ACT,bearing temperature high
2026-03-10 04:01:00,41-FT-101A.PV,LOW,ACT,flow low
2026-03-10 04:02:00,41-LSL-401,LOW,ACT,CT-401 basin level switch low
2026-03-10 04:03:00,41-XA-900,HIGH,ACT,P-101A or CT-401 trips
2026-03-10 04:04:00,41-XA-901,HIGH,ACT,common alarm
"""


def test_alarms_are_of_the_asset_that_a_list_of_tags_beside_them_names(tmp_path: Path) -> None:
    source = log(tmp_path, _SOURCES, timezone="UTC")
    before = [e.component for e in source.events(EVER)]
    (tmp_path / "tags.csv").write_text(
        "tag,asset,unit\n41-TT-101A,P-101A,C\n41-FT-101A,P-101A,m3/h\n41-TT-401,CT-401,C\n", encoding="utf-8"
    )
    assert before == ["41-TT-101A", "41-FT-101A", "41-LSL-401", "41-XA-900", "41-XA-901"]
    after = [e.component for e in log(tmp_path, _SOURCES, timezone="UTC").events(EVER)]
    assert after == ["P-101A", "P-101A", "CT-401", "41-XA-900", "41-XA-901"]


def test_a_list_of_tags_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    held = log(tmp_path, _SOURCES, timezone="UTC").describe(EVER)
    assert "the list of tags was not used: Name the columns of 'tags.csv'" in held.note


def test_a_zone_moves_every_alarm(tmp_path: Path) -> None:
    first = log(tmp_path, ALL["wincc"], timezone="Europe/Berlin").events(EVER)[0]
    assert first.at == datetime(2026, 3, 10, 3, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "active", "acked"),
    [
        ("UNACK_ALM", True, False), ("ACK_RTN", False, True), ("Cleared, Unacknowledged", False, False), ("INACT/UNACK", False, False),
        ("kommt", True, None), ("Gegangen", False, None), ("quittiert", None, True), ("+", True, None), ("RTN UNACK", False, False),
    ],
)  # fmt: skip
def test_words_of_states(word: str, active: bool | None, acked: bool | None) -> None:
    assert state_of(word) == State(active=active, acked=acked)


@pytest.mark.parametrize("word", ["", "LOGIN", "operator change", "7"])
def test_words_that_are_no_states(word: str) -> None:
    assert state_of(word) is None


def test_other_tables_are_no_alarm_logs(tmp_path: Path) -> None:
    for text in (
        "time,P-101.flow,P-101.state\n2026-03-10 04:00:01,3,1\n2026-03-10 04:00:02,3,1\n",
        "time,component,metric,value\n2026-03-10 04:00:01,P-101,flow,3\n",
        "started,machine,text,status\n2026-03-10 04:00:01,P-101,bearing replaced,done\n",
        "time,service,message,level\n2026-03-10 04:00:01,shop,started,info\n",
    ):
        (tmp_path / "t.csv").write_text(text)
        assert not looks_like(tmp_path / "t.csv"), text


def test_a_log_without_times_or_tags_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="a column of times and one of tags or messages; it has a, b"):
        log(tmp_path, "a,b\n1,2\n").events(EVER)
    with pytest.raises(SourceError, match=r"Write 'EventStamp' of .* not 'yesterday'"):
        log(tmp_path, "EventStamp,AlarmState,TagName\nyesterday,ALM,P1\n").events(EVER)


def test_control_marks_of_a_hostile_log_are_taken_out(tmp_path: Path) -> None:
    (event,) = log(
        tmp_path,
        "EventStamp,AlarmState,TagName,Description\n2026-03-10 04:00:01,ALM,P1.x,\x1b[2Jhi\u202e there\n",
    ).events(EVER)
    assert event.text == "[2Jhi  there"


@pytest.mark.parametrize(
    ("tag", "asset"),
    [
        ("P101.Vib.HI", "P101"),
        ("Cooling/P101/Vib", "P101"),
        ("P-101", "P-101"),
        ("P-1.FT.PV", "P-1"),
        ("P101.HIHI", "P101"),
    ],
)
def test_the_asset_of_a_tag(tag: str, asset: str) -> None:
    assert asset_of(tag) == asset


@given(
    st.lists(
        st.tuples(st.sampled_from([True, False, None]), st.sampled_from([True, False, None])), max_size=30
    )
)
def test_an_alarm_returns_no_more_often_than_it_came(states: list[tuple[bool | None, bool | None]]) -> None:
    entries = [
        (AlarmEvent(at=from_epoch(n), change="active", tag="P"), State(active=a, acked=k))
        for n, (a, k) in enumerate(states)
    ]
    standing, told = 0, list(changes(entries))
    for event in told:
        standing = 1 if event.change == "active" else 0 if event.change == "returned" else standing
        assert event.change != "returned" or standing == 0
    assert sum(e.change == "returned" for e in told) <= sum(e.change == "active" for e in told)
