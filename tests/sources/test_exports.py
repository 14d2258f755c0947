"""Exports as historians, control systems and spreadsheets write them, read without any option."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from aitia.core.words import Window
from aitia.tools.sources.base import Series

from .exported import source

START = datetime(2026, 3, 9, 18, 0, tzinfo=UTC)
WINDOW = Window(start=datetime(2000, 1, 1, tzinfo=UTC), end=datetime(2098, 1, 1, tzinfo=UTC))
TIMES = [START + timedelta(minutes=7 * n) for n in range(12)]
FLOW = [182.1 + 0.5 * n for n in range(12)]
TEMP = [61.4 - 0.25 * n for n in range(12)]
T = [t.timestamp() for t in TIMES]


def rows(sep: str, time: Callable[[datetime], str], number: Callable[[float], str] = str) -> str:
    return (
        "\n".join(
            sep.join([time(t), number(a), number(b)]) for t, a, b in zip(TIMES, FLOW, TEMP, strict=True)
        )
        + "\n"
    )


def comma(value: float) -> str:
    return str(value).replace(".", ",")


def iso(t: datetime) -> str:
    return f"{t:%Y-%m-%d %H:%M:%S}"


def long(sep: str, line: Callable[[datetime, str, float], list[str]]) -> str:
    told = [
        (t, tag, v)
        for t, a, b in zip(TIMES, FLOW, TEMP, strict=True)
        for tag, v in (("P-101.Flow", a), ("P-101.Temp", b))
    ]
    return "\n".join(sep.join(line(t, tag, v)) for t, tag, v in told) + "\n"


def excel(t: datetime) -> float:
    return (t - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)


def hand(t: datetime) -> str:
    return f"{t.month}/{t.day}/{t.year} {t.hour % 12 or 12}:{t:%M} {'AM' if t.hour < 12 else 'PM'}"


HEAD = "P-101.Flow,P-101.Temp\n"
LAYOUTS = {
    "PI DataLink, three rows of names": "Tag,P-101.Flow,P-101.Temp\nDescription,Cooling water flow,Bearing temperature\nUnits,m3/h,degC\n" + rows(",", iso),
    "Timestamp; decimal comma": "Timestamp;P-101.Flow;P-101.Temp\n" + rows(";", lambda t: f"{t:%d.%m.%Y %H:%M:%S}", comma),
    "M/D/Y with AM and PM, no seconds": "Date/Time," + HEAD + rows(",", hand),
    "epoch milliseconds": "t," + HEAD + rows(",", lambda t: f"{1000 * t.timestamp():.0f}"),
    "a spreadsheet's days": "Time," + HEAD + rows(",", lambda t: f"{excel(t):.8f}"),
    "zone behind each time": "Time," + HEAD + rows(",", lambda t: f"{t + timedelta(hours=1):%Y-%m-%d %H:%M:%S} CET"),
    "zone above the table": "Server: PISRV01\nTime zone: (UTC+01:00) Amsterdam, W. Europe Standard Time\n\nTime," + HEAD + rows(",", lambda t: iso(t + timedelta(hours=1))),
    "zone in the name": "Zeit (UTC+2);P-101.Flow;P-101.Temp\n" + rows(";", lambda t: f"{t + timedelta(hours=2):%d.%m.%y %H:%M:%S}", comma),
    "units in brackets": "Timestamp,P-101.Flow [m3/h],P-101.Temp (°C)\n" + rows(",", iso),
    "date and clock apart": "Fecha;Hora;P-101.Flow;P-101.Temp\n" + rows(";", lambda t: f"{t:%d/%m/%Y};{t:%H:%M}", comma),
    "named months": "Time\t" + HEAD.replace(",", "\t") + rows("\t", lambda t: f"{t:%d-%b-%y %H:%M:%S.0}"),
    "ISO with nanoseconds": "DateTime," + HEAD + rows(",", lambda t: f"{t:%Y-%m-%dT%H:%M:%S}.0000000Z"),
    "no header above units": "DateTime|P-101.Flow|P-101.Temp\n|m3/h|degC\n" + rows("|", iso),
    "a footer": "Time," + HEAD + rows(",", iso) + "\nAverage,184.8,60.1\n12 rows\n",
    "quality beside each value": "Time,P-101.Flow,P-101.Flow_Quality,P-101.Temp,P-101.Temp_Quality\n"
    + "\n".join(f"{iso(t)},{a},192,{b},192" for t, a, b in zip(TIMES, FLOW, TEMP, strict=True)),
    "WinCC": '"VarName";"TimeString";"VarValue";"Validity";"Time_ms"\n' + long(";", lambda t, tag, v: [f'"{tag}"', f'"{t:%d.%m.%Y %H:%M:%S}"', comma(v), "1", "46000000000,1"]) + '"$RT_OFF$";"09.03.2026 20:00:00";0;2;46000000000,1\n',
    "Wonderware": "DateTime,TagName,Value,vValue,Quality,QualityDetail,OPCQuality\n" + long(",", lambda t, tag, v: [f"{iso(t)}.0000000", tag, str(v), str(v), "0", "192", "192"]),
    "PHD": "TAGNAME,TS,VALUE,CONFIDENCE,UNITS\n" + long(",", lambda t, tag, v: [tag, f"{t:%d-%b-%Y %H:%M:%S}", str(v), "100", "m3/h" if "Flow" in tag else "degC"]),
    "IP.21": "NAME;IP_TREND_TIME;IP_TREND_VALUE;IP_TREND_QSTATUS\n" + long(";", lambda t, tag, v: [tag, f"{t:%d-%b-%y %H:%M:%S.0}", str(v), "Good"]),
    "Ignition": "t_stamp,tagpath,floatvalue\n" + long(",", lambda t, tag, v: [iso(t), "[default]" + tag.replace(".", "/"), str(v)]),
    "Grafana, long": "Series;Time;Value\n" + long(";", lambda t, tag, v: [tag, t.isoformat(), str(v)]),
    "Grafana, values with units": "Time,P-101 Flow,P-101 Temp\n" + "\n".join(f"{iso(t)},{a} m3/h,{b} °C" for t, a, b in zip(TIMES, FLOW, TEMP, strict=True)),
    "two levels of names": ",P-101,\nTime,Flow,Temp\n" + rows(",", iso),
    "pairs": "P-101.Flow,,P-101.Temp,\nTime,Value,Time,Value\n" + "\n".join(f"{iso(t)},{a},{iso(t)},{b}" for t, a, b in zip(TIMES, FLOW, TEMP, strict=True)),
    "tags in rows": "Tag," + ",".join(map(iso, TIMES)) + "\nP-101.Flow," + ",".join(map(str, FLOW)) + "\nP-101.Temp," + ",".join(map(str, TEMP)) + "\n",
    "blocks one below the other": "Tag: P-101.Flow\nUnits: m3/h\nTime,Value\n" + "\n".join(f"{iso(t)},{v}" for t, v in zip(TIMES, FLOW, strict=True)) + "\n\nTag: P-101.Temp\nUnits: degC\nTime,Value\n" + "\n".join(f"{iso(t)},{v}" for t, v in zip(TIMES, TEMP, strict=True)) + "\n",
    "the newest first": "Time," + HEAD + "\n".join(reversed(rows(",", iso).splitlines())),
    "a header on each page": "Time," + HEAD + ("Time," + HEAD).join([rows(",", iso)[: rows(",", iso).index("\n") + 1], "\n".join(rows(",", iso).splitlines()[1:])]),
    "blanks between": "Time                 P-101.Flow  P-101.Temp\n" + rows("   ", iso),
    "seconds from a start": "Start: 2026-03-09 18:00:00\nTime (s),P-101.Flow,P-101.Temp\n" + "\n".join(f"{420 * n},{a},{b}" for n, (a, b) in enumerate(zip(FLOW, TEMP, strict=True))),
    "a comment before the names": "# exported by tool\n# Time,P-101.Flow,P-101.Temp\n".replace("# Time", "Time") + rows(",", iso),
}  # fmt: skip


def read(path: Path) -> list[Series]:
    return source(path).read(WINDOW)


def written(folder: Path, text: str, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def assert_both(found: list[Series]) -> None:
    told = {("flow" if s.metadata.quantity == "flow" else "temp"): s for s in found}
    assert len(found) == 2
    for name, values in (("flow", FLOW), ("temp", TEMP)):
        assert told[name].component == "P-101"
        np.testing.assert_allclose(told[name].t, T, atol=2e-3)
        np.testing.assert_allclose(told[name].v, values, rtol=1e-9)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_read_without_options(tmp_path: Path, layout: str) -> None:
    found = [s for s in read(written(tmp_path, LAYOUTS[layout])) if not s.metric.startswith("$RT")]
    assert_both([s for s in found if s.component != "$RT_OFF$"])


def test_compressed_files_and_archives_are_unpacked(tmp_path: Path) -> None:
    text = LAYOUTS["units in brackets"]
    (tmp_path / "e.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert_both(read(tmp_path / "e.csv.gz"))
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as packed:
        packed.writestr("../../P-101/export.csv", text)  # a name that leads out is never used as a path
    assert_both(read(tmp_path / "e.zip"))


def test_a_folder_with_a_file_for_each_tag_is_one_export(tmp_path: Path) -> None:
    folder = tmp_path / "tags"
    folder.mkdir()
    for tag, unit, values in (("P-101.Flow", "m3/h", FLOW), ("P-101.Temp", "degC", TEMP)):
        lines = "\n".join(f"{iso(t)};{comma(v)};Good" for t, v in zip(TIMES, values, strict=True))
        written(folder, f"Timestamp;Value [{unit}];Quality\n{lines}\n", f"{tag}.csv")
    assert_both(read(folder))


def test_a_workbook_with_a_sheet_for_each_machine_is_read(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for machine in ("P-101", "P-102"):
        sheet = book.create_sheet(machine)
        sheet.append(["Time", "Flow [m3/h]", "Temp [°C]"])
        for t, a, b in zip(TIMES, FLOW, TEMP, strict=True):
            sheet.append([t.replace(tzinfo=None), a, b])
    book.save(tmp_path / "pumps.xlsx")
    found = read(tmp_path / "pumps.xlsx")
    assert {s.component for s in found} == {"P-101", "P-102"}
    assert_both([s for s in found if s.component == "P-101"])


def test_what_is_bad_is_missing_counted_and_told_and_what_is_uncertain_stays(tmp_path: Path) -> None:
    codes = [0 if n == 3 else 64 if n == 4 else 192 for n in range(12)]
    lines = [
        f"{iso(t)},P-101.Flow,{'I/O Timeout' if n == 5 else v},{codes[n]}"
        for n, (t, v) in enumerate(zip(TIMES, FLOW, strict=True))
    ]
    path = written(tmp_path, "Time,Tag,Value,Quality\n" + "\n".join(lines) + "\n")
    (series,) = read(path)
    assert np.flatnonzero(np.isnan(series.v)).tolist() == [3, 5]
    note = source(path).describe(WINDOW).note
    assert "1 samples of bad quality" in note
    assert "1 samples of uncertain quality kept" in note
    assert "1 cell is no number, e.g. 'I/O Timeout'" in note


def test_states_become_numbers_and_their_coding_is_told(tmp_path: Path) -> None:
    lines = [
        f"{iso(t)},{v},{'Running' if n > 4 else 'Stopped'}"
        for n, (t, v) in enumerate(zip(TIMES, FLOW, strict=True))
    ]
    path = written(tmp_path, "Time,P-101.Flow,P-101.Status\n" + "\n".join(lines) + "\n")
    state = next(s for s in read(path) if s.metadata.quantity == "state")
    assert state.v.tolist() == [0.0] * 5 + [1.0] * 7
    assert "Stopped=0" in source(path).describe(WINDOW).guessed


def test_the_hour_that_comes_twice_is_told_by_the_order_of_the_rows(tmp_path: Path) -> None:
    times = [datetime(2026, 10, 24, 23, 30, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(6)]
    local = [t + timedelta(hours=2 if t < datetime(2026, 10, 25, 1, tzinfo=UTC) else 1) for t in times]
    lines = [f"{t:%d.%m.%Y %H:%M};{n}" for n, t in enumerate(local)]
    text = "Zeitzone: Europe/Berlin\nZeit;P-101.Flow [m3/h]\n" + "\n".join(lines) + "\n"
    (series,) = read(written(tmp_path, text))
    assert series.t.tolist() == [t.timestamp() for t in times]


def test_a_list_of_tags_beside_the_data_decides(tmp_path: Path) -> None:
    written(
        tmp_path,
        "tag,asset,point,quantity,unit,low,high\nA1,P-101,flow,flow,m3/h,0,300\nA2,P-101,temp,temperature,degC,,90\n",
        "tags.csv",
    )
    found = read(written(tmp_path, "Time,A1,A2\n" + rows(",", iso)))
    assert_both(found)
    flow = next(s for s in found if s.metric == "flow")
    assert (flow.metadata.unit, flow.metadata.low, flow.metadata.high) == ("m3/h", 0.0, 300.0)


def test_an_unknown_unit_and_a_gap_of_days_are_told_and_nothing_is_converted(tmp_path: Path) -> None:
    times = [*TIMES[:6], *(t + timedelta(days=5) for t in TIMES[6:])]
    lines = [f"{iso(t)},{v}" for t, v in zip(times, FLOW, strict=True)]
    path = written(tmp_path, "Time,P-101.Flow [furlong]\n" + "\n".join(lines) + "\n")
    (series,) = read(path)
    assert series.v.tolist() == FLOW
    note = source(path).describe(WINDOW).note
    assert "unknown unit furlong" in note
    assert "the longest 5.0 days in P-101 Flow" in note
