"""ISA-18.2 on events that are counted by hand, the tool in an incident, and the command."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.cli.app import run
from aitia.core.clock import RecordedClock
from aitia.core.config import SourceConfig
from aitia.core.words import Incident, Window
from aitia.tools.alarms import alarms_first
from aitia.tools.alarms.isa18 import report
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources.alarms.alarm_log import AlarmLog
from aitia.tools.sources.alarms.events import AlarmEvent, Change

T0 = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


def event(s: float, tag: str = "P101.Vib", change: Change = "active", console: str = "") -> AlarmEvent:
    return AlarmEvent(
        at=T0 + timedelta(seconds=s), change=change, tag=tag, component=tag[:4], kind="hi", console=console
    )


def test_three_times_in_a_minute_chatters_and_three_in_61_s_does_not() -> None:
    told = report(
        [event(0), event(29), event(59), event(0, "P102.T"), event(30, "P102.T"), event(60.5, "P102.T")],
        T0 + timedelta(hours=1),
    )
    assert told is not None
    assert [(c.alarm, c.times, c.most_in_a_minute) for c in told.chattering] == [("P101.Vib HI", 3, 3)]


def test_a_flood_begins_above_ten_and_ends_below_five_in_ten_minutes() -> None:
    ten = [event(60 * n / 2, f"T{n}.x") for n in range(10)]
    told = report(ten, T0 + timedelta(hours=2))
    assert told is not None
    assert told.floods == ()
    eleven = [*ten, event(290, "T10.x"), event(3600, "T11.x")]
    told = report(eleven, T0 + timedelta(hours=2))
    assert told is not None
    (flood,) = told.floods
    assert (flood.start, flood.alarms, flood.most_in_10_min, flood.first_alarm) == (T0, 11, 11, "T0.x HI")
    # The last five came at 180, 210, 240, 270 and 290 s: ten minutes after the first of them fewer than five are left.
    assert flood.end == T0 + timedelta(seconds=180 + 600)
    assert told.in_flood == pytest.approx((flood.end - flood.start).total_seconds() / 7200, abs=1e-3)


def test_floods_are_an_operators() -> None:
    both = [event(20 * n, f"T{n}.x", console="A" if n % 2 else "B") for n in range(20)]
    told = report(both, T0 + timedelta(hours=1))
    assert told is not None
    assert told.floods == ()
    assert told.most_in_10_min == 10
    together = report([event(20 * n, f"T{n}.x") for n in range(20)], T0 + timedelta(minutes=8))
    assert together is not None
    assert [f.end for f in together.floods] == [None]


def test_what_stands_and_for_how_long() -> None:
    events = [
        event(0, "A.x"),
        event(5, "B.x"),
        event(6, "B.x", "acknowledged"),
        event(7, "C.x"),
        event(9, "C.x", "returned"),
    ]
    told = report(events, T0 + timedelta(hours=25))
    assert told is not None
    assert [(s.alarm, s.acknowledged, s.stale) for s in told.standing] == [
        ("A.x HI", False, True),
        ("B.x HI", True, True),
    ]


def test_bad_actors_are_ten_at_most_and_shares_are_of_all() -> None:
    told = report(
        sorted([event(100 * k + n, f"T{n}.x") for n in range(12) for k in range(n + 1)], key=lambda e: e.at),
        T0 + timedelta(days=1),
    )
    assert told is not None
    assert len(told.bad_actors) == 10
    assert (told.bad_actors[0].alarm, told.bad_actors[0].times, told.bad_actors[0].share) == (
        "T11.x HI",
        12,
        round(12 / 78, 4),
    )


LOG = """EventStamp,AlarmState,TagName,Description,Type,Priority
{rows}
"""


def rows() -> str:
    """A month of a nuisance, a chattering switch, and at the end a flood that the vibration of P101 began."""
    made = []
    for day in range(30):
        for hour in range(24):
            at = T0 - timedelta(days=30 - day) + timedelta(hours=hour)
            made += [
                (at, "UNACK_ALM", "TK9.Level", "tank level", "LO"),
                (at + timedelta(minutes=5), "ACK_RTN", "TK9.Level", "tank level", "LO"),
            ]
    made += [
        (T0 + timedelta(seconds=200 + 7 * n), "UNACK_ALM", "V7.Limit", "limit switch", "DISCRETE")
        for n in range(20)
    ]
    made += [(T0 + timedelta(seconds=100), "UNACK_ALM", "TK9.Level", "tank level", "LO")]
    made += [(T0 + timedelta(seconds=300), "UNACK_ALM", "P101.Vib", "pump vibration", "HI")]
    made += [
        (T0 + timedelta(seconds=310 + 10 * n), "UNACK_ALM", f"E{n}.Temp", "outlet temperature", "HI")
        for n in range(12)
    ]
    return "\n".join(",".join([f"{at:%Y-%m-%d %H:%M:%S}", *rest, "200"]) for at, *rest in sorted(made))


def context(folder: Path) -> ToolContext:
    (folder / "alarms.csv").write_text(LOG.format(rows=rows()))
    window = Window(start=T0, end=T0 + timedelta(hours=1))
    source = AlarmLog(SourceConfig(name="dcs", kind="alarms", type="alarm_log", path="alarms.csv"), folder)
    incident = Incident(id="i", title="P101 tripped", text="", started_at=T0, window=window)
    return ToolContext(incident=incident, sources=SourceSet([source]), clock=RecordedClock(window.end))


def test_the_first_out_alarm_is_the_one_that_neither_chatters_nor_is_usual(tmp_path: Path) -> None:
    result = alarms_first(context(tmp_path))
    (first,) = [e for e in result.evidence if e.kind == "alarm.first"]
    assert (first.component, first.aspect, first.direction, first.onset) == (
        "P101",
        "vibration",
        "up",
        T0 + timedelta(seconds=300),
    )
    assert "the first of 13 alarms that came together" in first.statement
    by_alarm = {str(e.values.get("alarm")): e for e in result.evidence if e.kind == "alarm.active"}
    assert by_alarm["TK9.Level LO"].strength < 0.2
    assert "so it is usual" in by_alarm["TK9.Level LO"].statement
    assert not any("V7" in name for name in by_alarm)
    (noisy,) = [e for e in result.evidence if e.kind == "alarm.chattering"]
    assert (noisy.component, noisy.aspect) == ("V7", "condition.alarms")
    (flood,) = [e for e in result.evidence if e.kind == "alarm.flood"]
    assert flood.values["alarms"] == 34
    assert any(e.kind == "alarm.standing" and e.component == "P101" for e in result.evidence)
    assert result.data["alarms"][0] == {"component": "TK9", "alarm": "TK9.Level LO"}


def test_an_alarm_that_came_alone_long_before_is_not_the_first_out(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    text = (tmp_path / "alarms.csv").read_text()
    alone = "2026-03-10 03:30:00,UNACK_ALM,X1.Flow,cooling flow,LO,200\n"
    (tmp_path / "alarms.csv").write_text(text + alone)
    window = Window(start=T0 - timedelta(hours=1), end=T0 + timedelta(hours=1))
    early = ToolContext(
        incident=ctx.incident.model_copy(update={"window": window}), sources=ctx.sources, clock=ctx.clock
    )
    kinds = {
        e.component: e.kind for e in alarms_first(early).evidence if e.kind in ("alarm.first", "alarm.active")
    }
    assert (kinds["X1"], kinds["P101"]) == ("alarm.active", "alarm.first")


def test_the_command_prints_and_its_json_holds_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    context(tmp_path)
    assert run(["signals", "alarms", str(tmp_path / "alarms.csv")]) == 0
    out = capsys.readouterr().out
    assert "chattering V7.Limit" in out
    assert "flood" in out
    assert run(["signals", "alarms", str(tmp_path / "alarms.csv"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bad_actors"][0]["alarm"] == "TK9.Level LO"
    assert run(["signals", "alarms", str(tmp_path / "nothing.csv")]) == 2
