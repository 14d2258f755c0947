"""Exports that name their values in each line, in a cell, in two lines of names or by the day of the year; what stands beside values."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch

from .exported import source, written

N = 24
WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
START = datetime(2026, 5, 14, 6, tzinfo=UTC)
TIMES = [START + timedelta(minutes=10 * n) for n in range(N)]
A, B = [50.5 + 1.5 * (n % 7) for n in range(N)], [12.25 + n for n in range(N)]


def lines(line: Callable[..., str]) -> str:
    return "".join(f"{line(t, a, b)}\n" for t, a, b in zip(TIMES, A, B, strict=True))


FORMS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "names and values in each line": (
        lines(lambda t, a, b: f'time="{t:%Y-%m-%d %H:%M:%S}" asset=K-7 oil_temp={a} oil_pressure={b}'),
        [("K-7", "oil_temp"), ("K-7", "oil_pressure")],
    ),
    "a time and pairs behind semicolons": (
        lines(lambda t, a, b: f"{t:%Y-%m-%d %H:%M:%S}; M3_CURRENT={a}; M3_SPEED={b}"),
        [("M3", "CURRENT"), ("M3", "SPEED")],
    ),
    "put of a time series database": (
        lines(lambda t, a, b: f"put steam.pressure {t.timestamp():.0f} {a} host=boiler1\nput steam.flow {t.timestamp():.0f} {b} host=boiler1"),
        [("boiler1", "steam.pressure"), ("boiler1", "steam.flow")],
    ),
    "objects within a column": (
        "device_id,timestamp,payload\n"
        + lines(lambda t, a, b: f'press-2,{t:%Y-%m-%dT%H:%M:%SZ},"{{""oil_temp"": {a}, ""ram_flow"": {b}}}"'),
        [("press-2", "oil_temp"), ("press-2", "ram_flow")],
    ),
    "the day of the year below names": (
        "Year,DOY,HHMM,P-9 flow (m3/h),P-9 level (m)\n" + lines(lambda t, a, b: f"{t.year},{t.timetuple().tm_yday},{t:%H%M},{a},{b}"),
        [("P-9", "flow"), ("P-9", "level")],
    ),
    "a logger's array without names": (
        lines(lambda t, a, b: f"101,{t.year},{t.timetuple().tm_yday},{t.hour * 100 + t.minute},{a},{b}"),
        [("m", "column 2"), ("m", "column 3")],
    ),
    "time since a start above": (
        "Motor M-12 heat run 2026-05-14 06:00\nElapsed,Winding temp (°C),Current (A)\n"
        + lines(lambda t, a, b: f"{(t - START).seconds // 3600}:{t:%M:%S},{a},{b}"),
        [("M-12", "Winding temp"), ("M-12", "Current")],
    ),
    "seconds since a start above": (
        "Start: 2026-05-14 06:00:00\nElapsed (s),P-3 torque (Nm),P-3 speed (rpm)\n" + lines(lambda t, a, b: f"{(t - START).seconds},{a},{b}"),
        [("P-3", "torque"), ("P-3", "speed")],
    ),
    "machines over names that come again": (
        "Hour;Compressor K-1;;Compressor K-2;;Remarks;Signature\n;Oil temp;Load;Oil temp;Load;;\n;[°C];[%];[°C];[%];;\n"
        + lines(lambda t, a, b: f"{t:%Y-%m-%d %H:%M};{a};{b};{a + 1};{b + 1};;{'AB' if t.hour % 2 else 'CD'}"),
        [("Compressor K-1", "Oil temp"), ("Compressor K-1", "Load"), ("Compressor K-2", "Oil temp"), ("Compressor K-2", "Load")],
    ),
    "names in two lines": (
        "\t\tTemp\tWind\tLow\nDate\tTime\tOut\tSpeed\tTemp\n" + lines(lambda t, a, b: f"{t:%Y-%m-%d}\t{t:%H:%M}\t{a}\t{b}\t{a - 3}"),
        [("m", "Temp Out"), ("m", "Wind Speed"), ("m", "Low Temp")],
    ),
    "a status that is no tag": (
        "Machine:\tFan F-11\nPoint:\tDE velocity\nUnits:\tmm/s\n\nTime\tOverall\tStatus\n"
        + lines(lambda t, a, b: f"{t:%Y-%m-%d %H:%M}\t{a}\t{'OK' if b < 20 else 'Alert'}"),
        [("F-11", "Overall")],
    ),
    "a machine at the end of a path and its object": (
        "Name:Path Reference,Object Name,Timestamp,Value,Reliability\n" + "".join(
            lines(lambda t, a, b, p=p: f"SITE:NAE1/FC-1.AHU-3.{p},{p},{t:%Y-%m-%d %H:%M:%S},{a},Reliable") for p in ("SA-T", "RA-H")),
        [("AHU-3", "SA-T"), ("AHU-3", "RA-H")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_all_series_are_read_with_their_machines(form: str, tmp_path: Path) -> None:
    text, wanted = FORMS[form]
    found = {(s.component, s.metric): s for s in source(written(tmp_path, text)).read(WINDOW)}
    assert sorted(found) == sorted(wanted)
    first = found[wanted[0]]
    assert first.t.tolist() == [t.timestamp() for t in TIMES]
    assert first.v.tolist() == A


def test_points_and_directions_keep_the_rows_of_a_route_apart(tmp_path: Path) -> None:
    head = "Area,Machine,Point,Direction,Date,Velocity (mm/s),Temp (C),Status\n"
    places = [(m, p, d) for m in ("P-301", "P-302") for p in ("DE", "NDE") for d in ("H", "V")]
    rows = "".join(
        f"Utilities,{m},{p},{d},{START + timedelta(days=7 * n):%Y-%m-%d},{a + k},{b + k},{'OK' if n % 5 else 'Alert'}\n"
        for n, (a, b) in enumerate(zip(A, B, strict=True))
        for k, (m, p, d) in enumerate(places)
    )
    found = list(source(written(tmp_path, head + rows)).read(WINDOW))
    assert len(found) == 2 * len(places)
    assert {len(s.t) for s in found} == {N}
    first = next(s for s in found if s.component == "P-301" and s.metric == "DE H Velocity")
    assert first.v.tolist() == A


def test_blocks_without_names_are_told_by_the_lines_above_each(tmp_path: Path) -> None:
    def block(place: str, more: float) -> str:
        head = f"Asset: FAN-12\nLocation: {place}\nMeasurement: Overall velocity\nUnit: mm/s\n\n"
        return head + lines(lambda t, a, b: f"{t:%d.%m.%Y %H:%M:%S};{a + more}".replace(".5", ",5")) + "\n\n"

    found = list(source(written(tmp_path, block("3H", 0) + block("4V", 100))).read(WINDOW))
    assert [(s.component, s.metadata.unit, s.t.size) for s in found] == [("FAN-12", "mm/s", N)] * 2


def test_times_without_a_year_have_the_one_that_is_told(tmp_path: Path) -> None:
    text = "Time,M-7 current (A),M-7 temp (°C)\n" + lines(lambda t, a, b: f"{t:%d %b %H:%M},{a},{b}")
    found = list(source(written(tmp_path, text, name="press_log_2026.csv")).read(WINDOW))
    assert [s.t.tolist() for s in found] == [[t.timestamp() for t in TIMES]] * 2
    above = (
        "Log of 2025\n"
        + "Time,P-7 flow,P-7 level\n"
        + "".join(
            f"{t:%b %d %H:%M:%S},{n},{2 * n}\n"
            for n in range(40)
            for t in [datetime(2025, 12, 31, 20, tzinfo=UTC) + timedelta(minutes=15 * n)]
        )
    )
    over = list(source(written(tmp_path, above, name="n.csv")).read(WINDOW))
    assert over[0].t[-1] == (datetime(2025, 12, 31, 20, tzinfo=UTC) + timedelta(minutes=15 * 39)).timestamp()
    with pytest.raises(SourceError):
        source(written(tmp_path, text, name="press.csv")).read(WINDOW)


def test_a_day_in_words_above_a_clock(tmp_path: Path) -> None:
    text = "Pump station 4,,\nDate,May 14 2026,\nTime,Well level (ft),Pump 1 amps\n" + lines(
        lambda t, a, b: f"{t:%I:%M %p},{a},{b}"
    )
    found = list(source(written(tmp_path, text)).read(WINDOW))
    assert [s.t.tolist() for s in found] == [[t.timestamp() for t in TIMES]] * 2


def test_topics_of_messages_name_machines(tmp_path: Path) -> None:
    flat = [{"topic": f"site/hall2/extruder{k}/melt_pressure", "payload": a, "qos": 0, "retain": False, "_msgid": f"{k}{n:04x}",
             "timestamp": int(t.timestamp() * 1000)} for n, (t, a) in enumerate(zip(TIMES, A, strict=True)) for k in (1, 2)]  # fmt: skip
    deep = [{"topic": f"v1/site/boiler{k}/telemetry", "ts": int(t.timestamp() * 1000), "payload": {"steam_pressure": a}}
            for t, a in zip(TIMES, A, strict=True) for k in (1, 2)]  # fmt: skip
    for rows, wanted in ((flat, ["extruder1", "extruder2"]), (deep, ["boiler1", "boiler2"])):
        path = written(tmp_path, "\n".join(map(json.dumps, rows)), name="m.jsonl")
        assert [s.component for s in source(path).read(WINDOW)] == wanted


def test_a_rare_word_that_says_bad_makes_a_column_of_qualities(tmp_path: Path) -> None:
    head = "Variable;Value;Unit;Date;Time;Status\n"
    rows = lines(
        lambda t, a, b: (
            f"Tank_3.Level;{a};%;{t:%Y-%m-%d};{t:%H:%M:%S};{'INVALID' if b in (14.25, 20.25) else 'SPONT'}"
        )
    )
    (series,) = source(written(tmp_path, head + rows)).read(WINDOW)
    assert sum(v == v for v in series.v.tolist()) == N - 2


def test_zeros_of_doubted_quality_far_from_all_others_are_none(tmp_path: Path) -> None:
    head = '"Date","Time","Millitm","TagIndex","Value","Status","Marker"\n'

    def log(zero: float) -> str:
        return head + lines(
            lambda t, a, b: (
                f'"{t:%m/%d/%Y}","{t:%H:%M:%S}",0,0,{zero if b == 18.25 else a},"{"U" if b == 18.25 else ""}",""'
            )
        )

    for value, known in ((0, N - 1), (50.0, N)):  # a doubted value like all others is kept
        folder = tmp_path / f"{value:g}"
        folder.mkdir()
        written(folder, log(value), name="log (Float).csv")
        (series,) = source(folder / "log (Float).csv").read(WINDOW)
        assert sum(v == v for v in series.v.tolist()) == known


def test_descriptions_that_begin_alike_name_a_machine(tmp_path: Path) -> None:
    said = {
        "2FC31": "CRUDE COLUMN REFLUX FLOW",
        "2PC32": "CRUDE COLUMN OVHD PRESSURE",
        "2TI41": "HEATER H-301 OUTLET TEMP",
    }
    text = "NAME,IP_DESCRIPTION,IP_TREND_TIME,IP_TREND_VALUE\n" + "".join(
        f"{tag},{words},{t:%d-%b-%y %H:%M:%S},{a}\n"
        for tag, words in said.items()
        for t, a in zip(TIMES, A, strict=True)
    )
    assert {s.component for s in source(written(tmp_path, text)).read(WINDOW)} == {"CRUDE COLUMN", "H-301"}


def test_what_is_measured_ends_a_tag_and_is_no_unit_of_its_code(tmp_path: Path) -> None:
    text = "time,B3_FD_FAN_A.AMPS,B3_FD_FAN_A.LEVEL\n" + lines(
        lambda t, a, b: f"{t:%Y-%m-%dT%H:%M:%SZ},{a},{b}"
    )
    assert {(s.component, s.metric) for s in source(written(tmp_path, text)).read(WINDOW)} == {
        ("B3_FD_FAN_A", "AMPS"), ("B3_FD_FAN_A", "LEVEL"),
    }  # fmt: skip


def test_an_array_of_several_kinds_is_not_mixed(tmp_path: Path) -> None:
    from aitia.tools.sources.exports.turning import by_day_of_year

    rows = [[str(101 + n % 2), "2026", "134", str(600 + n), "1.5"] for n in range(12)]
    assert by_day_of_year(rows) is None
    assert by_day_of_year([["1", "2026", "500", "600", "1.5"]] * 12) is None
    assert by_day_of_year([["Year", "DOY", "HHMM", "flow"], *[["0000", "1", "0600", "1.5"]] * 9]) is None
