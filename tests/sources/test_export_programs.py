"""Exports of further programs: objects within objects, markup, databases, letters of East Asia, times told in parts."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.words import Window, from_epoch

from .exported import source

N = 20
WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
START = datetime(2026, 3, 19, 18, tzinfo=UTC)
TIMES = [START + timedelta(minutes=n) for n in range(N)]
A, B = [2.5 * n + 10 for n in range(N)], [100.25 + n for n in range(N)]
EPOCHS = [t.timestamp() for t in TIMES]
BOTH = {"flow": A, "temp": B}


def lines(line: str, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A line for each time {t} with its epoch {e}, both values {a} and {b} and, with a comma, {ac} and {bc}."""
    return "".join(
        line.format(
            t=t.strftime(pattern),
            e=int(t.timestamp()),
            a=a,
            b=b,
            ac=f"{a}".replace(".", ","),
            bc=f"{b}".replace(".", ","),
        )
        for t, a, b in zip(TIMES, A, B, strict=True)
    )


def points(values: list[float]) -> list[dict[str, object]]:
    return [{"Timestamp": t.isoformat(), "Value": v} for t, v in zip(TIMES, values, strict=True)]


OBJECTS = {
    "a query's matrix": {"data": {"result": [
        {"metric": {"__name__": n, "machine": "P-101"}, "values": [[e, str(x)] for e, x in zip(EPOCHS, v, strict=True)]}
        for n, v in BOTH.items()]}},
    "series with columns": {"results": [{"series": [{"name": "p", "tags": {"asset": "P-101"}, "columns": ["time", *BOTH], "values": [
        [t.isoformat(), a, b] for t, a, b in zip(TIMES, A, B, strict=True)]}]}]},
    "targets": [{"target": f"P-101.{n}", "datapoints": [[x, e] for e, x in zip(EPOCHS, v, strict=True)]} for n, v in BOTH.items()],
    "items within items": {"Items": [{"Name": f"P-101.{n}", "Items": points(v)} for n, v in BOTH.items()]},
    "a list for each tag": {f"P-101.{n}": points(v) for n, v in BOTH.items()},
    "a list for each column": {"timestamps": [t.isoformat() for t in TIMES], **{f"P-101.{n}": v for n, v in BOTH.items()}},
    "names and values in a list": [{"timestamp": t.isoformat(), "deviceId": "P-101", "values": [
        {"name": "flow", "value": a}, {"name": "temp", "value": b}]} for t, a, b in zip(TIMES, A, B, strict=True)],
}  # fmt: skip
HTML = "<html><body><h3>Trend</h3><table><tr><th>Date</th><th>Time</th><th>P-101 flow (m3/h)</th><th>P-101 temp (°C)</th></tr>"
TEXTS = {
    "a page called .xls": ("t.xls", HTML + lines("<tr><td>{t}</td><td>{a}</td><td>{b}</td></tr>", "%m/%d/%Y</td><td>%I:%M:%S %p") + "</table></body></html>"),
    "elements": ("t.xml", "<Export>" + "".join(
        f"<Tag name='P-101.{n}'>" + lines(f"<S time='{{t}}' value='{{{k}}}'/>") + "</Tag>" for n, k in (("flow", "a"), ("temp", "b"))) + "</Export>"),
    "milliseconds apart": ("t.csv", "Date,Time,Millitm,P-101.flow,P-101.temp\n" + lines("{t},0,{a},{b}\n", "%m/%d/%Y,%H:%M:%S")),
    "date and clock for each value": ("t.csv", "P-101 flow;;;P-101 temp;;\nDate;Time;m3/h;Date;Time;°C\n" + lines("{t};{ac};{t};{bc}\n", "%d.%m.%Y;%H:%M:%S")),
    "the day above the clock": ("t.csv", "Date: 2026-03-19\n\nTime,P-101 flow,P-101 temp\n" + lines("{t},{a},{b}\n", "%H:%M:%S")),
    "an epoch beside the local time": ("t.csv", "Time,Epoch,P-101.flow,P-101.temp\n" + lines("{t},{e},{a},{b}\n", "%Y-%m-%d 23:%M:%S")),
    "names with marks above": ("t.csv", '"#NAMES"\n"t_stamp","P-101/flow","P-101/temp"\n"#TYPES"\n"date","F8","F8"\n"#ROWS","20"\n' + lines('"{t}","{a}","{b}"\n')),
    "a start in the preamble": ("t.csv", "Starttime of export\t133634592000000000\tThursday, March 19, 2026 18:00:00.000\n\nTime [ms]\tP-101.flow\tTime [ms]\tP-101.temp\n"
        + "".join(f"{60_000 * n}\t{A[n]}\t{60_000 * n}\t{B[n]}\n" for n in range(N))),
    "a zone in a column": ("t.csv", "DateTime,TagName,Value,wwTimeZone\n" + lines(
        "{t},P-101.flow,{a},Tokyo Standard Time\n{t},P-101.temp,{b},Tokyo Standard Time\n", "%Y-%m-20 03:%M:%S")),
    "units in the cells of a long table": ("t.csv", "Date / Time,Object Name,Object Value\n" + lines("{t},P-101.flow,{a} m3/h\n{t},P-101.temp,{b} deg C\n")),
    "spans of time": ("t.csv", "Time;P-101.flow;P-101.temp\n" + lines("{t} - 23:59:59;{a};{b}\n")),
    "half days of China": ("t.csv", "时间,P-101.flow,P-101.temp\n" + lines("{t},{a},{b}\n", "%Y年%m月%d日 下午 %I:%M:%S")),
}  # fmt: skip


def held(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    found = source(path).read(WINDOW)
    assert {s.component for s in found} == {"P-101"}
    return {s.metric: (s.t.tolist(), s.v.tolist()) for s in found}


@pytest.mark.parametrize("form", OBJECTS)
def test_objects_are_read_however_they_nest(tmp_path: Path, form: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(OBJECTS[form]))
    assert held(path) == {"flow": (EPOCHS, A), "temp": (EPOCHS, B)}


@pytest.mark.parametrize("form", TEXTS)
def test_a_text_is_read_without_an_option(tmp_path: Path, form: str) -> None:
    name, text = TEXTS[form]
    path = tmp_path / name
    path.write_text(text)
    assert held(path) == {"flow": (EPOCHS, A), "temp": (EPOCHS, B)}


def test_a_database_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE log (ts TEXT, tag TEXT, value REAL)")
    for n, v in BOTH.items():
        db.executemany(
            "INSERT INTO log VALUES (?, ?, ?)",
            [(t.isoformat(), f"P-101.{n}", x) for t, x in zip(TIMES, v, strict=True)],
        )
    db.commit()
    db.close()
    assert held(path) == {"flow": (EPOCHS, A), "temp": (EPOCHS, B)}


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp932", "日時,ポンプ1 圧力(MPa),ポンプ1 温度(℃)"), ("gb18030", "时间,1#泵出口压力(MPa),1#泵电机电流(A)"),
        ("cp949", "시간,펌프 압력(MPa),펌프 온도(℃)"), ("cp1252", "Zeit,Kühler Größe [°C],Öl Änderung [m³/h]"),
        ("cp1252", "Horodatage,Débit réglé [m³/h],Température entrée [°C]"), ("cp1250", "Czas,Ciśnienie pompy łożysk,Przepływ główny"),
    ],
)  # fmt: skip
def test_letters_are_told_by_what_is_usual(tmp_path: Path, encoding: str, names: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes((names + "\n" + lines("{t},{a},{b}\n")).encode(encoding))
    from aitia.tools.sources.exports.sheets import sheets_of

    (sheet,) = sheets_of(path, root=tmp_path)
    assert sheet.rows[0] == names.split(",")


def test_numbers_of_two_decimals_are_no_clocks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Date,P-101 flow\n" + "".join(f"{n + 1:02}/03/2026,{10 + n}.25\n" for n in range(N)))
    assert held(path)["flow"][1] == [10.25 + n for n in range(N)]


def test_a_comma_typed_among_points_is_a_decimal(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("Time\tP-101 flow\n" + lines("{t}\t{a}\n").replace("\t12.5\n", "\t12,5\n"))
    assert held(path)["flow"][1] == A


def test_entities_are_refused(tmp_path: Path) -> None:
    from aitia.core.errors import SourceError
    from aitia.tools.sources.exports.sheets import sheets_of

    path = tmp_path / "t.xml"
    path.write_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a><b>&b;</b></a>")
    with pytest.raises(SourceError, match="entities"):
        list(sheets_of(path, root=tmp_path))


def test_a_page_beside_tables_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Time,P-101.flow\n" + lines("{t},{a}\n"))
    (tmp_path / "readme.html").write_text("<html><body>no table</body>")
    assert held(tmp_path) == {"flow": (EPOCHS, A)}


def test_the_number_of_a_sample_is_no_tag(tmp_path: Path) -> None:
    """A laboratory's list: each number stands at one time alone, with a row for each parameter."""
    rows = [
        f"{100 + n}/2026;Boiler K3;{1 + n:02d}.03.2026;06:{n:02d};{what};{value + n / 100:.2f};{unit}"
        for n in range(12)
        for what, value, unit in (("pH", 9.3, "pH"), ("Conductivity", 180.0, "µS/cm"))
    ]
    text = "Sample no;Place;Date;Clock;Parameter;Result;Unit\n" + "\n".join(rows) + "\n"
    (tmp_path / "lab.csv").write_text(text, encoding="utf-8")
    found = source(tmp_path / "lab.csv").read(WINDOW)
    assert 1 <= len(found) <= 2
    assert all(len(s.t) == 12 for s in found)
