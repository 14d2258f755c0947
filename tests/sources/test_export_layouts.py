"""How exports lay out what they hold: what tells times, values, qualities and machines, whatever program wrote it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources.exports import old_book
from aitia.tools.sources.exports.las import las_rows
from aitia.tools.sources.exports.letters import reread
from aitia.tools.sources.exports.old_book_child import MISSING
from aitia.tools.sources.exports.sheets import sheets_of

from .exported import source

DATA = Path(__file__).parent / "data"
N = 12
WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
START = datetime(2026, 3, 9, 6, tzinfo=UTC)
TIMES = [START + timedelta(minutes=10 * n) for n in range(N)]
EPOCHS = [t.timestamp() for t in TIMES]
A, B = [2.5 * n + 10 for n in range(N)], [100.25 + n for n in range(N)]
Told = dict[tuple[str, str], list[float]]


def lines(line: str, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A line for each time {t}; {e} its epoch, {n} its number, {a} and {b} both values."""
    rows = zip(TIMES, A, B, strict=True)
    return "".join(
        line.format(t=t.strftime(pattern), e=t.timestamp(), n=n, a=a, b=b) for n, (t, a, b) in enumerate(rows)
    )


def held(path: Path) -> Told:
    return {(s.component, s.metric): s.v.tolist() for s in source(path).read(WINDOW)}


def epochs(path: Path) -> list[float]:
    (first, *_) = source(path).read(WINDOW)
    return first.t.tolist()


def file(folder: Path, text: str, name: str = "m.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


LAYOUTS = {
    "a table without names": (
        "ASCII\n|\nadmin|1|UTC|2\n" + lines("C7.Press|0|{t}|0|{a}|192\nC7.Temp|0|{t}|0|{b}|192\n"),
        {("C7", "Press"): A, ("C7", "Temp"): B},
    ),
    "types and widths below the names": (
        "# 77_60 Flow, m3/h\nsite_no\tdatetime\ttz_cd\t77_60\t77_60_cd\n15s\t20d\t6s\t14n\t10s\n" + lines("00417\t{t}\tUTC\t{a}\tP\n"),
        {("00417", "77_60"): A},
    ),
    "groups above names": (
        "timestamp,Pack [7],Pack [7],Panel [9]\nEurope (UTC),Voltage,Current,Power\n,V,A,W\n" + lines("{t},{a},{b},{a}\n"),
        {("Pack [7]", "Voltage"): A, ("Pack [7]", "Current"): B, ("Panel [9]", "Power"): A},
    ),
    "names over several units": (
        "Meter name,House A,,House B,\nTimestamp,kWh,kW,kWh,kW\n" + lines("{t},{a},{b},{b},{a}\n"),
        {("House A", "kWh"): A, ("House A", "kW"): B, ("House B", "kWh"): B, ("House B", "kW"): A},
    ),
    "tags apart from generic names": (
        "Tag No.,,,TT-501,PT-501\nUnit,,,C,kPa\n\nDate,Time,sec,Value,Value\n" + lines("{t},0,{a},{b}\n", "%Y/%m/%d,%H:%M:%S"),
        {("501", "TT-501"): A, ("501", "PT-501"): B},
    ),
    "a legend of names": (
        'Point_1:,UH.AH03.SAT,,10 minutes\nPoint_2:,UH.AH03.RAT,,10 minutes\n\nDate,Time,Point_1,Point_2\n' + lines("{t},{a},{b}\n", "%Y-%m-%d,%H:%M:%S"),
        {("AH03", "SAT"): A, ("AH03", "RAT"): B},
    ),
    "a row for each machine": (
        "name,time,t_max,rack,v_dc\n" + lines("rack,{e:.0f},{a},R01,{b}\nrack,{e:.0f},{b},R02,{a}\n"),
        {("R01", "t_max"): A, ("R01", "v_dc"): B, ("R02", "t_max"): B, ("R02", "v_dc"): A},
    ),
    "measuring points of a machine": (
        "Equipment,Point,Time,Overall,Speed (rpm)\n" + lines("P-7,DE horizontal,{t},{a},{b}\nP-7,NDE vertical,{t},{b},{a}\n"),
        {("P-7", "DE horizontal Overall"): A, ("P-7", "DE horizontal Speed"): B,
         ("P-7", "NDE vertical Overall"): B, ("P-7", "NDE vertical Speed"): A},
    ),
    "a value column for each type": (
        "tagid,intvalue,floatvalue,t_stamp\n" + lines("1412,{n},,{e:.0f}000\n1413,,{b},{e:.0f}500\n"),
        {("m", "1412"): [float(n) for n in range(N)], ("m", "1413"): B},
    ),
    "titles of the data on two lines": (
        "Location:\nMW-07\nLEVEL\nUNIT: m\nDate,Time,LEVEL,TEMPERATURE\n" + lines("{t},{a},{b}\n", "%Y/%m/%d,%H:%M:%S"),
        {("MW-07", "LEVEL"): A, ("MW-07", "TEMPERATURE"): B},
    ),
    "a label in the middle of a line": (
        ",Asset Name:,Compressor 2,\nTimestamp,Pressure [bar],Hours [h]\n" + lines("{t},{a},{b}\n"),
        {("Compressor 2", "Pressure"): A, ("Compressor 2", "Hours"): B},
    ),
    "names in a comment": (
        "# station: Mast 2\n# columns: time ws ta\n# units: - m/s degC\n" + lines("{t} {a} {b}\n", "%Y-%m-%dT%H:%M:%SZ"),
        {("Mast 2", "ws"): A, ("Mast 2", "ta"): B},
    ),
    "words that several tags share": (
        "Vessel,Nordic Star\nTime,ME RPM,ME Shaft Power,Sea Water Temp\n,rpm,kW,C\n" + lines("{t},{a},{b},{a}\n"),
        {("ME", "RPM"): A, ("ME", "Shaft Power"): B, ("Nordic Star", "Sea Water Temp"): A},
    ),
    "words that several tags end with": (
        "DateTime,ReactLevel_RT1,ReactTemp_RT1\n" + lines("{t},{a},{b}\n"),
        {("RT1", "ReactLevel"): A, ("RT1", "ReactTemp"): B},
    ),
    "quantity and machine beside a bar": (
        "Time,Energie | Symo 10.0-3 (1) [Wh],Energie | Symo 8.2-3 (2) [Wh]\n" + lines("{t},{a},{b}\n"),
        {("Symo 10.0-3 (1)", "Energie"): A, ("Symo 8.2-3 (2)", "Energie"): B},
    ),
    "an instrument that is no machine": (
        "Device;Logger 175\nSerial;44\n\nTime;Cold room 2 air [°C];Cold room 2 floor [°C]\n" + lines("{t};{a};{b}\n"),
        {("Cold room 2", "air"): A, ("Cold room 2", "floor"): B},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_is_read_without_options(tmp_path: Path, text: str, told: Told) -> None:
    path = file(tmp_path, text)
    assert held(path) == told
    assert abs(epochs(path)[0] - EPOCHS[0]) < 1


def test_the_head_of_a_further_page_begins_no_table(tmp_path: Path) -> None:
    rows = lines("|{t}|{a}|\n", "%d.%m.%Y %H:%M:%S").splitlines(keepends=True)
    pages = [
        "09.03.2026      Readings of P-101      {n}\n\n|Time|Flow|\n".replace("{n}", str(n + 1))
        + "".join(rows[6 * n : 6 * n + 6])
        for n in range(2)
    ]
    assert list(held(file(tmp_path, "\n".join(pages), "m.txt")).values()) == [A]


def test_heads_in_fixed_places_name_the_columns_below_them(tmp_path: Path) -> None:
    head = "  #  DATE       TIME          IA     VAB\n                             (A)     (V)\n"
    rows = "".join(
        f"{N - n:>3}  {t:%m/%d/%Y %H:%M:%S}  {a:>6.2f}  {b:>6.2f}\n"
        for n, (t, a, b) in enumerate(zip(TIMES, A, B, strict=True))
    )
    found = {
        s.metric: (s.v.tolist(), s.metadata.unit)
        for s in source(file(tmp_path, f"BAY 12 FEEDER 3      Source: GPS\n\n{head}{rows}", "m.txt")).read(
            WINDOW
        )
    }
    assert found == {"IA": (A, "A"), "VAB": (B, "V")}


def test_the_worst_of_several_qualities_counts(tmp_path: Path) -> None:
    text = "X-Axis Value,Y-Axis Value,X-Axis Status,Y-Axis Status\n" + lines("{t},{a},Valid,{n}\n").replace(
        ",3\n", ",Invalid\n"
    )
    text = "".join(
        line if line.count("alid") > 1 or "Axis" in line else line.rpartition(",")[0] + ",Valid\n"
        for line in text.splitlines(True)
    )
    (values,) = held(file(tmp_path, f"Machine Name,P-101\nPoint Name,DE\n{text}")).values()
    assert [n for n, v in enumerate(values) if v != v] == [3]


def test_a_quality_before_its_value(tmp_path: Path) -> None:
    text = "Time,Status,Value (Pa)\n" + lines("{t},{{ok}},{a}\n").replace("{ok},20.0", "{down},20.0")
    (values,) = held(file(tmp_path, f"history:/AHU1_Pressure\n\n{text}")).values()
    assert [n for n, v in enumerate(values) if v != v] == [4]


@pytest.mark.parametrize(("name", "closed"), [("Relay 1", 1.0), ("Valve 1", 0.0)])
def test_a_contact_conducts_where_it_is_closed(tmp_path: Path, name: str, closed: float) -> None:
    words = ["Closed" if n % 2 else "Open" for n in range(N)]
    text = f"Time,{name} state\n" + "".join(
        f"{t:%Y-%m-%d %H:%M:%S},{w}\n" for t, w in zip(TIMES, words, strict=True)
    )
    (values,) = held(file(tmp_path, text)).values()
    assert values == [closed if w == "Closed" else 1 - closed for w in words]


def test_a_rare_word_among_states_is_missing(tmp_path: Path) -> None:
    words = ["Data Loss" if n == 5 else "ON" if n % 2 else "OFF" for n in range(N)]
    text = "Time,P-7 fan\n" + "".join(
        f"{t:%Y-%m-%d %H:%M:%S},{w}\n" for t, w in zip(TIMES, words, strict=True)
    )
    (values,) = held(file(tmp_path, text)).values()
    assert [v for v in values if v == v] == [float(n % 2) for n in range(N) if n != 5]


def test_states_of_a_machine_are_no_quality(tmp_path: Path) -> None:
    text = "Time,Chiller 1 Status,Chiller 1 Amps\n" + lines("{t},Running,{a}\n").replace(
        "Running,20.0", "Stopped,20.0"
    )
    assert sorted(s.metric for s in source(file(tmp_path, text)).read(WINDOW)) == ["Chiller 1", "Status"]


def test_a_status_beside_a_value(tmp_path: Path) -> None:
    """Codes of faults take values away; whether a pump runs takes none."""
    text = "Time;Channel 1 level (%);Status 1;Pump 2 flow (m3/h);Status 2\n" + lines("{t};{a};0;{b};1\n")
    path = file(tmp_path, text.replace("20.0;0;104.25;1", "20.0;4;104.25;0"))
    found = {s.metric.casefold(): s.v.tolist() for s in source(path).read(WINDOW)}
    (level,) = (v for n, v in found.items() if "level" in n)
    assert [n for n, v in enumerate(level) if v != v] == [4]
    assert [v for n, v in found.items() if "flow" in n] == [B]


def test_a_constant_with_a_unit_names_no_machine(tmp_path: Path) -> None:
    found = held(file(tmp_path, "Time,Steam Flow,Turbine Speed\n" + lines('{t},{a} t/h,"3,600 rpm"\n')))
    assert found == {("m", "Steam Flow"): A, ("Turbine", "Speed"): [3600.0] * N}


ORDERS = {
    "a clock of twelve hours": (
        "[Data]\nTagname,TimeStamp,Value\n",
        "K7.Flow,{t},{a}\n",
        "%m/%d/%Y %I:%M:%S %p",
    ),
    "a day that a line above tells": (
        "Exported: 9 March 2026\nTime;K7.Flow\n",
        "{t};{a}\n",
        "%m/%d/%Y %H:%M:%S",
    ),
    "points": ("Time;K7.Flow\n", "{t};{a}\n", "%d.%m.%Y %H:%M:%S"),
    "semicolons": ("Time;K7.Flow\n", "{t};{a}\n", "%d/%m/%Y %H:%M:%S"),
}


@pytest.mark.parametrize(("head", "line", "pattern"), ORDERS.values(), ids=ORDERS)
def test_day_and_month(tmp_path: Path, head: str, line: str, pattern: str) -> None:
    assert epochs(file(tmp_path, head + lines(line, pattern))) == EPOCHS


def test_days_of_a_spreadsheet_with_a_comma(tmp_path: Path) -> None:
    days = [str(t.timestamp() / 86400 + 25569).replace(".", ",") for t in TIMES]
    path = file(
        tmp_path, "Timestamp;Rack01.Vdc[V]\n" + "".join(f"{d};{a}\n" for d, a in zip(days, A, strict=True))
    )
    assert epochs(path) == pytest.approx(EPOCHS, abs=0.01)


def test_pairs_that_count_their_own_time(tmp_path: Path) -> None:
    head = "Starttime\tMonday, March 9, 2026\t06:00:00.000\n\nName\tfFlow\tName\tfTemp\nSampleTime[ms]\t100\tSampleTime[ms]\t200\n"
    head += "SymbolName\tMAIN.Mill1.fFlow\tSymbolName\tMAIN.Mill1.fTemp\nUnit\tm3/h\tUnit\t°C\n\n"
    path = file(
        tmp_path,
        head
        + "".join(f"{100 * n}\t{a}\t{200 * n}\t{b}\n" for n, (a, b) in enumerate(zip(A, B, strict=True))),
        "m.txt",
    )
    found = {s.metric: s for s in source(path).read(WINDOW)}
    assert found["fFlow"].t.tolist() == pytest.approx([EPOCHS[0] + 0.1 * n for n in range(N)])
    assert found["fTemp"].t.tolist() == pytest.approx([EPOCHS[0] + 0.2 * n for n in range(N)])
    assert found["fTemp"].component == "Mill1"


def test_days_by_hours_below_one_another(tmp_path: Path) -> None:
    def table(code: str, values: list[int]) -> str:
        hours = ";".join(f"{h:02}:00" for h in range(1, 25))
        return (
            f"OBIS;{code};Einheit;kWh\nDatum;{hours};Summe\n"
            + "".join(f"{d:02}.03.2026;{';'.join(map(str, values))};999\n" for d in (9, 10))
            + "\n"
        )

    one, two = list(range(24)), list(range(50, 74))
    found = held(file(tmp_path, "Zählpunkt;DE0001\n\n" + table("1-1:1.29", one) + table("1-1:3.29", two)))
    assert list(found.values()) == [[*map(float, one * 2)], [*map(float, two * 2)]]
    assert {asset for asset, _ in found} == {"DE0001"}


def test_a_list_of_tags_beside_the_data_may_hold_times(tmp_path: Path) -> None:
    file(
        tmp_path / "d",
        "id,tagpath,created\n1412,hall/chiller 2/supply_temp,1671032400412\n1413,hall/chiller 2/amps,1671032400413\n",
        "te.csv",
    )
    file(
        tmp_path / "d",
        "tagid,floatvalue,t_stamp\n" + lines("1412,{a},{e:.0f}000\n1413,{b},{e:.0f}500\n"),
        "data.csv",
    )
    assert held(tmp_path / "d") == {("chiller 2", "supply_temp"): A, ("chiller 2", "amps"): B}


def test_russian_letters_of_old_systems() -> None:
    text = "Часовой архив тепловычислителя\nДата время|температура|давление\n" * 5
    for codec, name in (("cp866", "CP866"), ("cp1251", "Windows-1251"), ("koi8_r", "KOI8-R")):
        assert reread(text.encode(codec)) == (text, name)
    german = "Meßpunkt;Zähler;Größe;Übertemperatur;Kühlräume\n" * 20
    assert reread(german.encode("cp1252"))[0] == german


LAS = (
    "~VERSION INFORMATION\nVERS. 2.0 : CWLS\nWRAP. {wrap} : LINES\n~WELL\nNULL. -999.25 : NULL VALUE\nWELL. HILL 7 : WELL\n~CURVE\n"
    "DATE.YYYYMMDD : Date\nTIME.HHMMSS : Time\nHKLA.kN : Hook Load\nSPPA.kPa : Standpipe Pressure\n~A DATE TIME HKLA SPPA\n"
)


@pytest.mark.parametrize(("wrap", "between"), [("NO", " "), ("YES", "\n")])
def test_a_log_in_las(tmp_path: Path, wrap: str, between: str) -> None:
    rows = lines("{t} {a}" + between + "{b}\n", "%Y%m%d %H%M%S").replace("110.25", "-999.25")
    found = {s.metric: s for s in source(file(tmp_path, LAS.format(wrap=wrap) + rows, "m.las")).read(WINDOW)}
    assert found["HKLA"].v.tolist() == A
    assert found["HKLA"].t.tolist() == EPOCHS
    assert {(s.component, s.metadata.unit) for s in found.values()} == {("HILL 7", "kN"), ("HILL 7", "kPa")}
    assert sum(v != v for v in found["SPPA"].v.tolist()) == 1


def test_a_log_in_las_is_read_within_bounds(tmp_path: Path) -> None:
    begun = time.monotonic()
    las_rows("~V\n~C\n" + "A" * 500_000 + "\n" + " .\t" * 200_000 + "\nX.m : x\n~A\n" + "1 " * 400_000)
    assert time.monotonic() - begun < 5
    path = file(tmp_path, "~V\n~C\n" + "".join(f"C{n}.m : x\n" for n in range(5_000)) + "~A\n1\n", "m.las")
    with pytest.raises(SourceError, match=r"log in LAS: it has 5000 curves"):
        list(sheets_of(path, root=tmp_path))


def test_a_workbook_of_excel_97() -> None:
    pytest.importorskip("python_calamine")
    found = {(s.component, s.metric): s for s in source(DATA / "pumps_1997.xls").read(WINDOW)}
    assert sorted(found) == [
        (p, m) for p in ("Pump 1", "Pump 2") for m in ("Discharge pressure", "Flow", "Running")
    ]
    flow = found["Pump 2", "Flow"]
    assert flow.v.tolist() == [50 + n / 4 for n in range(24)]
    assert flow.t[0] == datetime(2026, 3, 9, tzinfo=UTC).timestamp()


def test_a_workbook_of_excel_97_is_read_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("python_calamine")
    monkeypatch.setattr(old_book, "MOST_CELLS", 20)
    with pytest.raises(
        SourceError, match=r"Save 'pumps_1997\.xls' as \.xlsx or CSV.*'Pump 1' has more than 20 cells"
    ):
        list(sheets_of(DATA / "pumps_1997.xls", root=DATA))


def test_a_missing_reader_of_binary_workbooks_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = tmp_path / "child.py"
    child.write_text(f"raise SystemExit({MISSING})")
    monkeypatch.setattr(old_book, "_CHILD", child)
    with pytest.raises(BadInput, match=r"python-calamine: pip install '\.\[excel\]'"):
        list(sheets_of(DATA / "pumps_1997.xls", root=DATA))
