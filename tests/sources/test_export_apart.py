"""Exports in which something beside names and values keeps series, times or samples apart: each was once misread."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch

from .exported import source

N = 30
WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
TIMES = [datetime(2026, 4, 2, 6, 0, 0, tzinfo=UTC) + timedelta(minutes=5 * n) for n in range(N)]
EPOCHS = [t.timestamp() for t in TIMES]
A, B = [4.25 + n for n in range(N)], [810.5 - 2 * n for n in range(N)]
Found = dict[tuple[str, str], tuple[list[float], list[float]]]


def rows(line: str, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A line for each time {t} with its number {n} and both values {a} and {b}."""
    return "".join(
        line.format(t=t.strftime(pattern), n=n, a=a, b=b)
        for n, (t, a, b) in enumerate(zip(TIMES, A, B, strict=True))
    )


def found(folder: Path, text: str, name: str = "t.csv") -> Found:
    (folder / name).write_text(text, encoding="utf-8")
    return of(folder / name)


def of(path: Path) -> Found:
    return {(s.component, s.metric): (s.t.tolist(), s.v.tolist()) for s in source(path).read(WINDOW)}


def values(held: Found) -> list[list[float]]:
    assert all(t == EPOCHS for t, _ in held.values())
    return sorted(v for _, v in held.values())


def test_a_flag_far_below_the_first_rows_is_a_quality(tmp_path: Path) -> None:
    day = [datetime(2026, 4, 2, tzinfo=UTC) + timedelta(minutes=n) for n in range(600)]
    lines = [f"{t:%m/%d/%Y %H:%M:%S},{n}.5,{'E' if n == 550 else ''}\n" for n, t in enumerate(day)]
    ((_, v),) = found(tmp_path, "DateTime,P-7 Flow,Status\n" + "".join(lines)).values()
    assert [n for n, x in enumerate(v) if x != x] == [550]


def test_flags_that_are_all_empty_make_no_sample_bad(tmp_path: Path) -> None:
    held = found(tmp_path, "DateTime,TagName,Value,Status\n" + rows("{t},P-7.flow,{a},\n{t},P-7.temp,{b},\n"))
    assert values(held) == [A, B]


@pytest.mark.parametrize("flag", ["0x0400", "1024"])
def test_flags_without_a_code_of_opc_make_no_sample_bad(tmp_path: Path, flag: str) -> None:
    held = found(tmp_path, "Time;Tag;Value;Flags\n" + rows(f"{{t}};P-7.flow;{{a}};{flag}\n"))
    assert values(held) == [A]


def test_a_zone_of_each_row(tmp_path: Path) -> None:
    lines = [
        f"{t + timedelta(minutes=m):%Y-%m-%d %H:%M:%S},{m},{a}\n"
        for n, (t, a) in enumerate(zip(TIMES, A, strict=True))
        for m in [-240 if n < 9 else -300]
    ]
    assert values(found(tmp_path, "Local Time Stamp,UTC Offset (minutes),P-7 Flow\n" + "".join(lines))) == [A]


@pytest.mark.parametrize("zones", [("+02:00", "+01:00"), ("CEST", "CET"), ("2", "1")])
def test_a_zone_of_each_row_by_any_spelling(tmp_path: Path, zones: tuple[str, str]) -> None:
    lines = [
        f"{t + timedelta(hours=2 - (n >= 9)):%Y-%m-%d %H:%M:%S},{zones[n >= 9]},{a}\n"
        for n, (t, a) in enumerate(zip(TIMES, A, strict=True))
    ]
    assert values(found(tmp_path, "time,tz,P-7 Flow\n" + "".join(lines))) == [A]


def test_utc_goes_before_the_local_time(tmp_path: Path) -> None:
    lines = [
        f"{t + timedelta(hours=2):%Y-%m-%d %H:%M};{t:%Y-%m-%d %H:%M};{a}\n"
        for t, a in zip(TIMES, A, strict=True)
    ]
    assert values(found(tmp_path, "Local time;UTC time;P-7 Flow\n" + "".join(lines))) == [A]


def test_sent_and_received_are_no_pairs(tmp_path: Path) -> None:
    text = "enqueuedTimeUtc,device,kind,encoding,ts,flow,temp\n" + "".join(
        f"{t:%Y-%m-%dT%H:%M}:07Z,pump-{m},json,utf-8,{t:%Y-%m-%dT%H:%M:%S}Z,{a + m},{b + m}\n"
        for t, a, b in zip(TIMES, A, B, strict=True)
        for m in (1, 2)
    )
    assert found(tmp_path, text) == {
        (f"pump-{m}", name): (EPOCHS, [x + m for x in of])
        for m in (1, 2)
        for name, of in (("flow", A), ("temp", B))
    }


def test_machines_stand_above_their_types(tmp_path: Path) -> None:
    text = ";Inverter 1;Inverter 1;Inverter 2\n;X 20 TL;X 20 TL;X 20 TL\n;4711;4711;4712\n;Power;Voltage;Power\ntime;kW;V;kW\n"
    held = found(tmp_path, text + rows("{t};{a};230;{b}\n"))
    assert held["Inverter 1", "Power"][1] == A
    assert held["Inverter 2", "Power"][1] == B


def test_machines_by_numbers_and_no_person_for_one(tmp_path: Path) -> None:
    text = "Beleg|Equipment|Messpunkt|Datum|Uhrzeit|Messwert|Einheit|Erfasser\n" + "".join(
        f"{7000 + 2 * n + m}|1000{m}|00{m}12|{t:%d.%m.%Y|%H:%M:%S}|{x}|bar|{'MEIER' if n % 2 else 'KUNZ'}\n"
        for n, (t, a, b) in enumerate(zip(TIMES, A, B, strict=True))
        for m, x in ((1, a), (2, b))
    )
    held = found(tmp_path, text)
    assert {asset for asset, _ in held} == {"10001", "10002"}
    assert values(held) == [A, B]


def test_one_name_with_units_of_two_kinds_is_two_series(tmp_path: Path) -> None:
    text = "Date;Machine;Reading;Unit\n" + "".join(
        f"{t + timedelta(seconds=s):%Y-%m-%d %H:%M:%S};HT-{m};{x};{u}\n"
        for t, a, b in zip(TIMES, A, B, strict=True)
        for m in (14, 15)
        for s, x, u in ((0, a, "h"), (20, b, "bar"))
    )
    held = found(tmp_path, text)
    assert sorted(v for _, v in held.values()) == [A, A, B, B]


def test_a_day_in_each_row_of_several_meters(tmp_path: Path) -> None:
    clocks = [f"{h:02}:{m:02}" for h in range(24) for m in (0, 30)]
    lines = [
        f"Bakery,S{meter},Import,kWh,{d:02}/01/2026,"
        + ",".join(f"{meter + d + k / 100:.2f}" for k in range(48))
        for meter in (100, 200)
        for d in range(10, 31)
    ]
    text = f"Site,Meter Serial,Measurement,Units,Date,{','.join(clocks)}\n" + "\n".join(lines) + "\n"
    held = found(tmp_path, text)
    assert {asset for asset, _ in held} == {"S100", "S200"}
    assert all(len(t) == 21 * 48 for t, _ in held.values())


def test_blocks_of_a_report_keep_machine_and_point_apart(tmp_path: Path) -> None:
    text = "   *** REPORT ***\n" + "".join(
        f"\n  Equipment:   (P-30{m})  FEED PUMP\n  Meas. Point: {p}  -->  MOTOR SIDE\n  Parameter:   OVERALL     Units: MM/S\n\n"
        "      DATE        TIME      OVERALL    STATUS\n   ---------   --------   ---------   -------\n"
        + rows(f"   {{t}}      {k}{{n:02}}.5   OK\n", "%d-%b-%y   %H:%M:%S")
        for k, (m, p) in enumerate((m, p) for m in (1, 2) for p in ("M1H", "P1V"))
    )
    held = found(tmp_path, text, "t.rpt")
    assert sorted(asset for asset, _ in held) == ["P-301", "P-301", "P-302", "P-302"]
    assert values(held) == [[100.0 * k + n + 0.5 for n in range(N)] for k in range(4)]


def test_rows_below_a_ruler_that_begin_with_a_tag(tmp_path: Path) -> None:
    text = "NAME         TREND_UNITS TREND_TIME             TREND_VALUE STATUS\n"
    text += "------------ ----------- -------------------- ------------- ------\n"
    text += rows("P-7.FLOW     m3/h        {t}  {a:12.3f} Good\n", "%d-%b-%y %H:%M:%S ")
    assert found(tmp_path, text, "t.lis") == {("P-7", "FLOW"): (EPOCHS, A)}


def test_decimal_commas_do_not_part_a_row_of_semicolons(tmp_path: Path) -> None:
    text = "Date;Heure;Variable;Valeur;Unité;Qualité\n" + rows(
        "{t},500;P-7.DEBIT;{a};m3/h;Valide\n", "%d/%m/%Y;%H:%M:%S"
    )
    ((t, v),) = found(tmp_path, text.replace(".25;", ",25;")).values()
    assert (t, v) == ([e + 0.5 for e in EPOCHS], A)


def test_clocks_of_a_workbook_stand_side_by_side(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for n, name in enumerate(("Tank A", "Tank B")):
        sheet = book.active if not n else book.create_sheet()
        sheet.title = name
        sheet.append(["Level in cm"])
        sheet.append([])
        sheet.append(["Date", *(datetime(2026, 4, 2, h).time() for h in (2, 10, 18)), "Remarks"])
        for d in range(1, 15):
            sheet.append(
                [
                    datetime(2026, 4, d),
                    100 * n + d,
                    100 * n + d + 0.5,
                    None if d == 3 else 100 * n + d + 0.75,
                    "",
                ]
            )
    book.save(tmp_path / "levels.xlsx")
    held = of(tmp_path / "levels.xlsx")
    assert {asset for asset, _ in held} == {"Tank A", "Tank B"}
    for t, _ in held.values():
        assert t[0] == datetime(2026, 4, 1 + 0, 2, tzinfo=UTC).timestamp()


def test_an_unknown_unit_behind_every_number(tmp_path: Path) -> None:
    assert values(found(tmp_path, "Time,P-7 share\n" + rows("{t},{a} %Zq\n"))) == [A]


def test_a_line_that_says_when_it_started_is_no_row(tmp_path: Path) -> None:
    text = "Device;Logger 3\nTrigger time;02.04.2026 05:59:00\n\nNo.;Time;P-7 Flow;P-7 Temp\n"
    assert values(found(tmp_path, text + rows("{n};{t};{a};{b}\n", "%d.%m.%Y %H:%M:%S"))) == [A, B]


def test_durations_called_ms_are_values(tmp_path: Path) -> None:
    assert values(found(tmp_path, "Time,P-7 flow,ms\n" + rows("{t},{a},{b}\n"))) == [A, B]


def test_a_list_of_tags_above_the_data(tmp_path: Path) -> None:
    text = "[Tags]\nTagname,Description,EngineeringUnits\nP-7.F,Feed,m3/h\nP-7.T,Oil,degC\n\n[Data]\nTagname,TimeStamp,Value\n"
    (tmp_path / "t.csv").write_text(text + rows("P-7.F,{t},{a}\nP-7.T,{t},{b}\n"))
    opened = source(tmp_path / "t.csv")
    assert {s.metadata.unit for s in opened.read(WINDOW)} == {"m3/h", "degC"}


def test_one_unreadable_member_of_an_archive_is_noted(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as packed:
        packed.writestr("P-7 flow.csv", "Time,Value\n" + rows("{t},{a}\n"))
        packed.writestr("P-8 flow.xlsx", b"no workbook")
    opened = source(tmp_path / "t.zip")
    assert [s.v.tolist() for s in opened.read(WINDOW)] == [A]
    assert opened.prepared is not None
    assert any("P-8 flow.xlsx" in note and "cannot be read" in note for note in opened.prepared.export.notes)


ODS = (
    '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><table:table table:name="P-7">'
    "<table:table-row>{head}<table:table-cell table:number-columns-repeated='16000'/></table:table-row>{rows}"
    "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row></table:table>"
    "</office:document-content>"
)


def ods(path: Path, content: str) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("content.xml", content)
    return path


def test_an_open_document_is_read(tmp_path: Path) -> None:
    head = "".join(
        f"<table:table-cell><text:p>{c}</text:p></table:table-cell>" for c in ("Time", "P-7 Flow (m3/h)")
    )
    body = rows(
        "<table:table-row><table:table-cell office:value-type='date' office:date-value='{t}'><text:p>x</text:p></table:table-cell>"
        "<table:table-cell office:value-type='float' office:value='{a}'><office:annotation><text:p>checked</text:p>"
        "</office:annotation><text:p>4</text:p></table:table-cell></table:table-row>",
        "%Y-%m-%dT%H:%M:%S",
    )
    assert values(of(ods(tmp_path / "t.ods", ODS.format(head=head, rows=body)))) == [A]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<a", "no readable workbook"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "entities"),
        (
            ODS.format(
                head="",
                rows="<table:table-row table:number-rows-repeated='99000000'><table:table-cell office:value='1'/></table:table-row>",
            ),
            "cells",
        ),
    ],
)
def test_an_open_document_is_read_within_bounds(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        source(ods(tmp_path / "t.ods", content)).read(WINDOW)


def test_a_damaged_workbook_of_excel_97_is_refused_by_name(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    (tmp_path / "t.xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    with pytest.raises(SourceError, match=r"Save 't\.xls' as \.xlsx"):
        source(tmp_path / "t.xls").read(WINDOW)


def test_tables_of_one_name_that_cover_the_same_time_stay_apart(tmp_path: Path) -> None:
    text = "Pump 1\nTime,Flow\n" + rows("{t},{a}\n") + "\nPump 2\nTime,Flow\n" + rows("{t},{b}\n")
    assert found(tmp_path, text) == {("Pump 1", "Flow"): (EPOCHS, A), ("Pump 2", "Flow"): (EPOCHS, B)}


def test_columns_called_alike_stay_apart(tmp_path: Path) -> None:
    assert values(found(tmp_path, "Time,Temp,Temp\n" + rows("{t},{a},{b}\n"))) == [A, B]


def test_columns_without_a_component_are_not_lost(tmp_path: Path) -> None:
    held = found(tmp_path, "created_at,entry_id,field1,field2\n" + rows("{t} UTC,{n},{a},{b}\n"))
    assert A in values(held)
    assert B in values(held)
