"""Forms that systems export and that no row of names explains: blocks, labels, change-of-value tables, numbered tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.words import Window, from_epoch
from aitia.tools.tags.map import AREA, propose
from aitia.tools.tags.point import Point

from .exported import source

N = 20
WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
START = datetime(2026, 3, 9, 18, tzinfo=UTC)
Held = dict[tuple[str, str], list[float]]


def at(n: int, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    return (START + timedelta(minutes=n)).strftime(pattern)


def rows(line: str, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A line for each sample: {t} its time, {e} its epoch in ns, {a} 0, 2, 4 … and {b} 100, 101, … its values."""
    epochs = (int((START + timedelta(minutes=n)).timestamp()) * 10**9 for n in range(N))
    return "".join(line.format(t=at(n, pattern), e=e, a=2 * n, b=100 + n) for n, e in enumerate(epochs))


def held(path: Path) -> Held:
    return {(s.component, s.metric): s.v.tolist() for s in source(path).read(WINDOW)}


A, B = [2.0 * n for n in range(N)], [100.0 + n for n in range(N)]
FORMS = {
    "line protocol": (
        "p.txt", rows("pump,asset=P-101,site=A flow={a},temp={b} {e}\n"), {("P-101", "flow"): A, ("P-101", "temp"): B},
    ),
    "change of value": (
        "c.csv", "Time;Point;Old Value;New Value;User\n" + rows("{t};P-101.Flow;-1;{a};sys\n{t};P-102.Flow;-1;{b};sys\n"),
        {("P-101", "Flow"): A, ("P-102", "Flow"): B},
    ),
    "labels in the name": (
        "g.csv", 'Time,"{{asset=""P-101"", __name__=""flow""}}","temp{{asset=""P-101""}}"\n'.format()
        + rows("{t},{a},{b}\n"), {("P-101", "flow"): A, ("P-101", "temp"): B},
    ),
    "blocks below titles": (
        "s.txt", "P-101 FLOW\n" + rows("  {t}.0   {a:10.3f}  Good\n", "%d-%b-%y %H:%M:%S") + "\nP-101 TEMP\n"
        + rows("  {t}.0   {b:10.3f}  Good\n", "%d-%b-%y %H:%M:%S"), {("P-101", "FLOW"): A, ("P-101", "TEMP"): B},
    ),
    "a title alone": ("t.csv", "\\\\SRV\\P-101.Flow\n" + rows("{t},{a}\n", "%d-%b-%y %H:%M:%S"), {("P-101", "Flow"): A}),
    "no names": ("n.tsv", rows("{t}\tP-101\tflow\t{a}\n{t}\tP-101\ttemp\t{b}\n"), {("P-101", "flow"): A, ("P-101", "temp"): B}),
    "wrapped objects": (
        "j.jsonl", rows('{{"deviceId":"P-101","time":"{t}Z","telemetry":{{"flow":{a},"temp":{b}}}}}\n', "%Y-%m-%dT%H:%M:%S"),
        {("P-101", "flow"): A, ("P-101", "temp"): B},
    ),
    "machines over columns": (
        "m.csv", "Zeit;Pumpe 1;;Pumpe 2;\n;Druck;Strom;Druck;Strom\n;bar;A;bar;A\n" + rows("{t};{a};{b};{b};{a}\n", "%d.%m.%Y %H:%M"),
        {("Pumpe 1", "Druck"): A, ("Pumpe 1", "Strom"): B, ("Pumpe 2", "Druck"): B, ("Pumpe 2", "Strom"): A},
    ),
    "rows on the recording": (
        "w.csv", '"VarName";"TimeString";"VarValue";"Validity"\n' + rows('"P1_Druck";"{t}";{a};1\n', "%d.%m.%Y %H:%M:%S")
        + '"$RT_OFF$";"10.03.2026 00:00:00";0;2\n', {("P1", "Druck"): A},
    ),
    "attributes": (
        "f.csv", "entity_id,attr_name,attr_value,recvtime\n" + rows("P-101,flow,{a},{t}\nP-101,temp,{b},{t}\n"),
        {("P-101", "flow"): A, ("P-101", "temp"): B},
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_read_without_an_option(tmp_path: Path, form: str) -> None:
    name, text, wanted = FORMS[form]
    path = tmp_path / name
    path.write_text(text)
    assert held(path) == wanted


def test_numbered_tags_are_named_by_the_list_beside_them(tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text("TagIndex,TagName,Units\n0,P101\\Flow,m3/h\n1,P101\\Temp,C\n")
    body = rows("{t},0,{a},,B\n{t},1,{b},,B\n", "%m/%d/%Y,%H:%M:%S")
    (tmp_path / "float.csv").write_text("Date,Time,TagIndex,Value,Status,Marker\n" + body)
    assert held(tmp_path) == {("P101", "Flow"): A, ("P101", "Temp"): B}


def test_a_typed_table_with_an_unknown_unit_is_not_copied(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "m.parquet"
    duckdb.sql(
        f'COPY (SELECT make_timestamp(1773079200000000 + 60000000 * i) AS time, i::FLOAT AS "PS-0005.oil count [1/ml]",'
        f" 2.0 * i AS \"PS-0005.motor speed [rpm]\" FROM range({N}) t(i)) TO '{path}' (FORMAT parquet)"
    )
    opened = source(path)
    series = opened.read(WINDOW)
    assert {s.component for s in series} == {"PS-0005"}
    assert {s.metadata.unit for s in series} == {"1/ml", "rpm"}
    assert opened.prepared is None


@pytest.mark.parametrize(
    ("tag", "asset"),
    [
        ("LIT-501/AI1/PV", "LIT-501"), ("33-PA-001A Motor winding temp U", "33-PA-001A"), ("VAV-2-14 ZN-T", "VAV-2-14"),
        ("B1-FWP-A SPEED", "B1-FWP-A"), ("HMI_Tag_P101_Pressure", "P101"), ("U12_P1201A_MTR_AMPS", "P1201A"),
        ("R2.A3.Torque", "R2"), ("factory/press/03/temp", "press/03"), ("PS-0005.motor current", "PS-0005"),
        ("1号给水泵轴承温度", "1号给水泵"),
    ],
)  # fmt: skip
def test_the_machine_of_a_tag(tag: str, asset: str) -> None:
    assert propose([Point(tag=tag, place="export.csv")])[0].asset == asset


def test_loops_of_one_hundred_are_one_machine_where_each_has_one_instrument() -> None:
    def told(*tags: str) -> list[str]:
        return [e.asset for e in propose([Point(tag=t) for t in tags])]

    assert told("TI3301", "FI3302") == ["3300", "3300"]
    assert {e.by for e in propose([Point(tag="TI3301"), Point(tag="FI3302")])} == {AREA}
    assert told("TI3301", "PI3301", "FI3302") == ["3301", "3301", "FI3302"]
    assert told("TI3301", "FI3402") == ["TI3301", "FI3402"]


def test_a_power_factor_is_no_power() -> None:
    names = ("Motor cos phi", "P-101 PowerFactor", "CT-03 Factor de potencia", "Leistungsfaktor")
    assert {e.quantity for e in propose([Point(tag=n) for n in names])} == {"power_factor"}
    assert propose([Point(tag="P-101 active power")])[0].quantity == "power"
