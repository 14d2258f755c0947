"""What the columns of exported tables are taken for: time, component, metric, value; words in cells; tags that are split."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import numpy as np
import pytest

from aitia.core.errors import SourceError
from aitia.tools.sources.metrics import table_columns

from .exported import START, T0, WINDOW, read, source, written


@pytest.mark.parametrize(
    "column",
    ["time", "Timestamp", "ts", "DateTime", "@timestamp", "Zeitstempel", "Datum", "Time (UTC)", "when"],
)
def test_the_time_column_is_found_by_name_or_by_what_it_holds(tmp_path: Path, column: str) -> None:
    rows = [f"{i},2026-11-26 00:00:0{i}" for i in range(5)]
    path = written(tmp_path, "\n".join([f"P.x,{column}", *rows]))
    ((_, metric, t, v),) = read(path)
    assert (metric, v, t[1] - t[0]) == ("x", [0.0, 1.0, 2.0, 3.0, 4.0], 1.0)
    assert ("times from" in source(path).describe(WINDOW).guessed) == (column != "time")


@pytest.mark.parametrize("names", ["Datum;Uhrzeit", "date;time", "Date;clock"])
def test_date_and_clock_in_columns_of_their_own_are_one_time(tmp_path: Path, names: str) -> None:
    rows = [f"25.11.2026;23:59:5{i};{i}" for i in range(8)] + ["26.11.2026;00:00:00;9"]
    path = written(tmp_path, "\n".join([f"{names};P.x", *rows]))
    ((_, metric, t, _),) = read(path)
    assert (metric, t[1] - t[0], t[-1] - t[0], len(t)) == ("x", 1.0, 10.0, 9)
    both = " ".join(names.split(";"))
    assert f"times from {both!r} as D.M.Y (dmy)" in source(path).describe(WINDOW).guessed
    assert read(path, columns={"time": both}) == read(path)
    (series,) = source(path).read(WINDOW)
    assert len(duckdb.sql(series.query.replace("'m.csv'", f"'{path}'")).fetchall()) == 9


def test_small_numbers_are_no_times(tmp_path: Path) -> None:
    path = written(tmp_path, "t_s;acc_g\n0,00000;0,1\n0,00005;0,2\n")
    with pytest.raises(SourceError, match="no time column"):
        read(path)


WORDS = ["Bad", "No Data", "I/O Timeout", "#N/A", "---", "NaN", ""]


def test_cells_that_are_no_numbers_are_missing_counted_and_told(tmp_path: Path) -> None:
    rows = [f"2026-11-26 00:00:{i:02},{WORDS[i // 3] if i % 3 == 0 else i},{i}" for i in range(21)]
    found = source(written(tmp_path, "\n".join(["time,P-900.PV,P.y", *rows])))
    series = {s.component: s for s in found.read(WINDOW)}
    assert np.isnan(series["P-900"].v).tolist() == [i % 3 == 0 for i in range(21)]
    assert series["P"].v.tolist() == list(range(21))
    note = found.describe(WINDOW).note
    assert note == "5 cells are no numbers, e.g. 'Bad' in P-900.PV, row 2; read as missing (P-900.PV 5)"


def test_a_column_of_words_is_left_out_and_named_and_no_more_than_five_are(tmp_path: Path) -> None:
    names = [f"P.state{i}" for i in range(9)]
    rows = [f"2026-11-26 00:00:0{i},{i}," + ",".join("run" for _ in names) for i in range(5)]
    found = source(written(tmp_path, "\n".join([f"time,P.x,{','.join(names)}", *rows])))
    assert [s.metric for s in found.read(WINDOW)] == ["x"]
    holding = found.describe(WINDOW)
    assert holding.items == ("x",)
    assert "left out" in holding.note
    assert "P.state4 and 4 more" in holding.note
    assert "P.state5" not in holding.note
    assert found.read(WINDOW, metric="state1") == []


def test_words_of_a_long_table_count_for_each_series(tmp_path: Path) -> None:
    rows = [
        f"2026-11-26 00:00:{i:02},a,x,{'Bad' if i == 7 else i}\n2026-11-26 00:00:{i:02},a,s,on"
        for i in range(9)
    ]
    found = source(written(tmp_path, "\n".join(["time,component,metric,value", *rows])))
    assert [s.metric for s in found.read(WINDOW)] == ["x"]
    note = found.describe(WINDOW).note
    assert "1 cell is no number, e.g. 'Bad' in value, row 16" in note
    assert note.endswith("left out, as more than half of their cells are no numbers: a s")


def wide(folder: Path, *columns: str) -> Path:
    return written(
        folder, ",".join(["time", *columns]) + "\n" + f"{T0 + 1}," + ",".join("1" for _ in columns) + "\n"
    )


@pytest.mark.parametrize(
    ("columns", "split"),
    [
        (["P-1.speed", "P-1.suction_pressure_bar"], [("P-1", "speed"), ("P-1", "suction_pressure_bar")]),
        (["area/P-1/speed", "area/P-2/speed"], [("P-1", "speed"), ("P-2", "speed")]),
        (["P-1:speed", "P-2:speed"], [("P-1", "speed"), ("P-2", "speed")]),
        (["P-1.FT.PV (m³/h)", "P-1.IT.PV [A]"], [("P-1", "FT.PV (m³/h)"), ("P-1", "IT.PV [A]")]),
        (["P-1.FT.PV", "P-1.RUN", "LIC-1.SP"], [("LIC-1", "SP"), ("P-1", "FT.PV"), ("P-1", "RUN")]),
        (["cart_cpu.90", "cart_mem.90"], [("cart", "cpu.90"), ("cart", "mem.90")]),
    ],
)
def test_wide_columns_are_split_at_the_last_separator(
    tmp_path: Path, columns: list[str], split: list[tuple[str, str]]
) -> None:
    found = read(wide(tmp_path, *columns))
    assert [(c, m) for c, m, *_ in found] == split


def test_a_wide_table_may_name_the_component_in_a_column(tmp_path: Path) -> None:
    rows = [f"{T0 + i // 2},web-{i % 2},{i},{'Bad' if i == 3 else i + 0.5}" for i in range(12)]
    path = written(tmp_path, "\n".join(["time,host,cpu_load,mem", *rows]))
    assert [(c, m) for c, m, *_ in read(path)] == [
        ("web-0", "cpu_load"), ("web-0", "mem"), ("web-1", "cpu_load"), ("web-1", "mem"),
    ]  # fmt: skip
    series = source(path).read(WINDOW, component="web-1", metric="cpu_load")[0]
    assert series.v.tolist() == [1, 3, 5, 7, 9, 11]
    assert [v for _, v in duckdb.sql(series.query.replace("'m.csv'", f"'{path}'")).fetchall()] == [
        "1",
        "3",
        "5",
        "7",
        "9",
        "11",
    ]
    holding = source(path).describe(WINDOW)
    assert holding.guessed == "component from 'host', a metric in each other column"
    assert holding.note == "1 cell is no number, e.g. 'Bad' in mem, row 5; read as missing (web-1 mem 1)"


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("instance", ["10.0.0.3:9100", "10.0.0.4:9100"]),
        ("host", ["10.0.0.3", "10.0.0.4"]),
        ("device_id", ["7", "8"]),
    ],
)
def test_addresses_and_numbers_may_name_components(tmp_path: Path, name: str, ids: list[str]) -> None:
    rows = [f"{T0 + i // 2},{ids[i % 2]},{i}" for i in range(8)]
    found = read(written(tmp_path, "\n".join([f"time,{name},value", *rows])))
    assert [(c, m, v) for c, m, _, v in found] == [
        (ids[0], "value", [0, 2, 4, 6]),
        (ids[1], "value", [1, 3, 5, 7]),
    ]


EXPORTS = {
    "WinCC": '"VarName";"TimeString";"VarValue";"Validity";"Time_ms"\n"P-1.x";"26.11.2026 00:00:00";1,5;1;46352000000,0\n"P-1.x";"26.11.2026 00:00:10";2,5;1;46352000115,7\n',
    "Ignition": "t_stamp,tagpath,value\n2026-11-26 00:00:00.000,area/P-1/x,1.5\n2026-11-26 00:00:10.000,area/P-1/x,2.5\n",
    "Wonderware": "DateTime,TagName,Value,QualityDetail\n2026-11-26 00:00:00.0000000,P-1.x,1.5,192\n2026-11-26 00:00:10.0000000,P-1.x,2.5,192\n",
    "InfluxDB": "#group,false,false,true\n#datatype,string,long,dateTime:RFC3339\n#default,_result,,\n,_time,_value,_field,host\n,2026-11-26T00:00:00Z,1.5,x,P-1\n,2026-11-26T00:00:10Z,2.5,x,P-1\n",
    "PI": "Timestamp;Tag;Value;UOM\n26-Nov-26 00:00:00;P-1.x;1,5;bar\n26-Nov-26 00:00:10;P-1.x;2,5;bar\n",
    "a spreadsheet": "sep=;\nDate/Time;P-1.x\n11/26/2026 12:00:00 AM;1,5\n11/26/2026 12:00:10 AM;2,5\n",
    "Home Assistant": "entity_id,state,last_changed\nP-1,1.5,2026-11-26T00:00:00.000Z\nP-1,2.5,2026-11-26T00:00:10.000Z\n",
}  # fmt: skip


@pytest.mark.parametrize("program", EXPORTS)
def test_exports_of_known_programs_are_read(tmp_path: Path, program: str) -> None:
    start = 1_795_651_200.0  # 2026-11-26 00:00:00 UTC
    ((component, metric, t, v),) = read(written(tmp_path, EXPORTS[program]))
    assert (component.removeprefix("area/"), t, v) == ("P-1", [start, start + 10], [1.5, 2.5])
    assert metric in ("x", "state")


def test_where_no_name_tells_a_machine_the_file_does_and_that_is_told(tmp_path: Path) -> None:
    columns = [f"Temp {i}" for i in range(40)]
    path = wide(tmp_path, *columns)
    assert {(c, m) for c, m, *_ in read(path)} == {("m", name) for name in columns}
    note = source(path).describe(WINDOW).note
    assert "no machine told for Temp 0, Temp 1" in note
    assert "Temp 5" not in note
    assert {c for c, *_ in read(path, component="P-1")} == {"P-1"}


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (["host", "metric", "value"], ("host", "metric", "value")),
        (["asset", "tag", "val"], ("asset", "tag", "val")),
        (["Maschine", "Messstelle", "Wert"], ("Maschine", "Messstelle", "Wert")),
        (["unit", "what", "num"], ("unit", "what", "num")),  # by what they hold
        (["service", "what", "num"], ("service", "what", "num")),
    ],
)
def test_long_columns_are_found_by_name_and_by_what_they_hold(
    tmp_path: Path, names: list[str], meant: tuple[str, str, str]
) -> None:
    rows = [f"{T0 + i},pump{i % 2},bearing_temp{i % 3},{i}" for i in range(12)]
    path = written(tmp_path, "\n".join([f"time,{','.join(names)}", *rows]))
    layout = source(path).layout(START)
    assert (layout.shape, layout.meant.component, layout.meant.metric, layout.meant.value) == ("long", *meant)
    assert {(c, m) for c, m, *_ in read(path)} == {
        (f"pump{i}", f"bearing_temp{n}") for i in (0, 1) for n in (0, 1, 2)
    }


def test_tags_of_a_long_table_without_a_component_are_split(tmp_path: Path) -> None:
    tags = ["P-1.FT.PV", "P-1.RUN", "LIC-1.SP", "LIC-1.PV"]
    rows = [f"{T0 + i};{tags[i % 4]};{i},5;Good" for i in range(8)]
    path = written(tmp_path, "\n".join(["Zeit;Messstelle;Wert;Status", *rows]))
    assert [(c, m, v) for c, m, _, v in read(path)] == [
        ("LIC-1", "PV", [3.5, 7.5]), ("LIC-1", "SP", [2.5, 6.5]), ("P-1", "FT.PV", [0.5, 4.5]), ("P-1", "RUN", [1.5, 5.5]),
    ]  # fmt: skip
    assert [s.metric for s in source(path).read(WINDOW, component="P-1", metric="FT.PV")] == ["FT.PV"]
    (series,) = source(path).read(WINDOW, component="P-1", metric="RUN")
    assert series.query == "aitia tags 'm.csv' --samples 'P-1.RUN'"
    assert "times from Zeit" not in source(path).describe(WINDOW).guessed  # seconds since 1970 are no guess


def test_sql_and_python_split_tags_alike(tmp_path: Path) -> None:
    parts = ["a", "pv", "PV", "SP", "b-1", "ü", "val", "_"]
    picked = random.Random(5)
    tags = sorted({".".join(picked.choices(parts, k=picked.randint(2, 4))) for _ in range(60)})
    rows = [f"{T0 + i},{tag},{i}" for i, tag in enumerate(tags)]
    found = read(written(tmp_path, "\n".join(["time,tag,value", *rows])))
    assert {(c, m) for c, m, *_ in found} == {table_columns.split_tag(tag, ".") for tag in tags}
