"""Files in standards of their own and databases whose tables name each other: read without any option, refused where damaged."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import pytest

from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources.exports import limits
from aitia.tools.sources.exports.comtrade import comtrade_rows
from aitia.tools.sources.exports.joined_tables import joined
from aitia.tools.sources.exports.load_profiles import profile_rows, zrxp_rows
from aitia.tools.sources.exports.lvm import lvm_rows
from aitia.tools.sources.exports.meter_messages import edifact_rows, nem_rows
from aitia.tools.sources.exports.sheets import sheets_of

from .exported import source

WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
EDIFACT = (
    "UNA:+.? 'UNB+UNOC:3+1:500+2:500+240202:0615+A'UNH+1+MSCONS:D:04B:UN:2.4c'LOC+172+DE00012345'LIN+1'PIA+5+1-1?:1.29.0:SRW'"
    "QTY+220:24.5:KWH'DTM+163:202401302300?+00:303'DTM+164:202401302315?+00:303'QTY+20:0:KWH'DTM+163:202401302315?+00:303'"
    "QTY+220:26.25:KWH'DTM+163:202401302330?+00:303'"
)
NEM = (
    "100,NEM12,202402070130,A,B\n200,6305123456,E1,001,E1,N1,LG02,KWH,720,\n300,20240201,1.5,2.5,A,,,20240207013000,\n"
    "300,20240202,3.5,4.5,V,,,20240207013000,\n400,2,2,N,,\n"
    "200,6305123457,E1,001,E1,N1,LG03,KWH,720,\n300,20240201,5.5,6.5,A,,,20240207013000,\n900\n"
)
ZRXP = (
    "#SANR203|*|SNAMEPegel Unterdorf|*|\n#CNAMEW|*|CUNITcm|*|RINVAL-777|*|\n#TZUTC+1|*|LAYOUT(timestamp,value,status)|*|\n"
    "20240403000000 74.5 40\n20240403001500 -777 255\n20240403003000 75.5 40\n"
)
PROFILE = (
    "/ESY5Q3DB1004\n\n0.0.0(1ESY1160412375)\nP.01(1240115001500)(00)(15)(2)(1-1:1.5.0)(kW)(1-1:5.5.0)(kvar)\n"
    "(111.5)(026.5)\n(105.5)(027.5)\n(104.5)(028.5)\n!\n"
)
LVM = (
    "LabVIEW Measurement\t\nSeparator\tTab\nDecimal_Separator\t,\nX_Columns\tOne\nDate\t2024/03/11\nTime\t08:00:00,0\n"
    "***End_of_Header***\t\n\t\n"
    + "".join(
        f"Channels\t1\nSamples\t2\nDate\t2024/03/11\nTime\t0{h}:00:00,5\nY_Unit_Label\tdegC\nX0\t0,0\nDelta_X\t0,25\n"
        "***End_of_Header***\nX_Value\tOil temp\tComment\n0,00\t64,5\n0,25\t64,75\n\n"
        for h in (8, 9)
    )
)
LAS = (
    "~Version\n VERS. 2.0 : x\n WRAP. NO : x\n~Well\n NULL. -999.25 : n\n WELL. A-12 : WELL\n DATE. 11-Mar-2024 : d\n"
    " STIM. 06:00:00 UTC : t\n~Curve\n ETIM.s : Elapsed time\n SPPA.psi : Standpipe pressure\n RPM.rpm : Rotary speed\n~A\n"
    " 0.0 2774.5 114\n 10.0 2773.5 113\n 20.0 -999.25 112\n"
    + "".join(f" {n}0.0 2771.5 {n}\n" for n in range(3, 20))
)
SENML = (
    '[{"bn":"urn:dev:mac:1:","bt":1713571200,"n":"temp","u":"Cel","v":20.5},{"n":"hum","u":"%RH","v":60}]\n'
    '[{"bn":"urn:dev:mac:1:","bt":1713571260,"n":"temp","u":"Cel","v":20.75},{"n":"hum","u":"%RH","v":61}]\n'
    '[{"bn":"urn:dev:mac:1:","bt":1713571260,"n":"temp","u":"Cel","t":60,"v":21},{"n":"hum","u":"%RH","t":60,"v":62}]\n'
)
OBIX = (
    '<obj xmlns="x" display="Chiller1/SupplyTemp"><abstime name="start" val="2024-10-26T20:00:00Z"/><list name="data">'
    + "".join(
        f'<obj><abstime name="timestamp" val="2024-10-26T20:{m:02d}:00Z"/><real name="value" val="{6 + m / 4}"/></obj>'
        for m in range(30)
    )
    + "</list></obj>"
)
ESPI = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Maple Ave</title><content><UsagePoint xmlns="http://naesb.org/espi"/>'
    '</content></entry><entry><link rel="self" href="/R/1"/><content><ReadingType><powerOfTenMultiplier>3</powerOfTenMultiplier>'
    "<uom>72</uom></ReadingType></content></entry><entry><link rel='self' href='/M/1'/><title>Hourly</title><content><MeterReading>"
    "<a>1</a></MeterReading></content></entry><entry><link rel='self' href='/M/1/B/1'/><content><IntervalBlock>"
    + "".join(
        f"<IntervalReading><timePeriod><duration>3600</duration><start>{1709960400 + 3600 * n}</start></timePeriod>"
        f"<value>{700 + n}</value></IntervalReading>"
        for n in range(3)
    )
    + "</IntervalBlock></content></entry></feed>"
)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("m.txt", EDIFACT, {("DE00012345", "1-1:1.29.0"): (1706655600.0, [24.5, 26.25])}),
        ("n.csv", NEM, {("6305123456 E1",) * 2: (1706745600.0, [1.5, 2.5, 3.5]), ("6305123457 E1",) * 2: (1706745600.0, [5.5, 6.5])}),
        ("z.zrx", ZRXP, {("Pegel Unterdorf", "203.W"): (1712098800.0, [74.5, 75.5])}),
        (
            "p.txt",
            PROFILE,
            {
                ("1ESY1160412375", "1-1:1.5.0"): (1705277700.0, [111.5, 105.5, 104.5]),
                ("1ESY1160412375", "1-1:5.5.0"): (1705277700.0, [26.5, 27.5, 28.5]),
            },
        ),
        ("GB-11.lvm", LVM, {("GB-11", "Oil temp"): (1710144000.5, [64.5, 64.75, 64.5, 64.75])}),
        ("a.las", LAS, {
                ("A-12", "SPPA"): (1710136800.0, [2774.5, 2773.5, *[2771.5] * 17]),
                ("A-12", "RPM"): (1710136800.0, [114.0, 113.0, 112.0, *map(float, range(3, 20))]),
            }),
        ("Chiller1.xml", OBIX, {("Chiller1", "SupplyTemp"): (1729972800.0, [6 + m / 4 for m in range(30)])}),
        ("g.xml", ESPI, {("Maple Ave", "Hourly"): (1709960400.0, [7e5, 7.01e5, 7.02e5])}),
    ],
)  # fmt: skip
def test_a_file_of_a_standard_is_read(
    name: str, text: str, wanted: dict[tuple[str, str], tuple[float, list[float]]], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    found = {(s.component, s.metric): s for s in source(tmp_path / name).read(WINDOW)}
    got = {k: (float(s.t[0]), [v for v in s.v.tolist() if v == v]) for k, s in found.items()}
    assert got == wanted


def test_packs_of_senml_count_from_their_base(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(SENML)
    found = list(source(tmp_path / "s.jsonl").read(WINDOW))
    assert sorted(s.v.tolist() for s in found) == [[20.5, 20.75, 21.0], [60.0, 61.0, 62.0]]
    assert {float(s.t[-1]) for s in found} == {1713571320.0}


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (edifact_rows, EDIFACT[:120]),
        (nem_rows, NEM[:30]),
        (nem_rows, NEM.replace("KWH,720", "KWH,7")),
        (zrxp_rows, ZRXP[:60]),
        (profile_rows, PROFILE[:60]),
        (lvm_rows, LVM[:150]),
        (lvm_rows, LVM.replace("Channels\t1", "Channels\t999999999")),
        (lvm_rows, LVM.replace("0,25\t", "1e300\t")),
    ],
)
def test_what_is_cut_off_or_claims_too_much_is_refused(rows: object, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        rows(text)  # type: ignore[operator]


CFG = "UW Altdorf J07,7SA,1999\n2,1A,1D\n1,UL1,A,,kV,0.5,1,0,-32767,32767,1,1,S\n1,TRIP,,,0\n50\n1\n1000,3\n14/05/2024,03:22:17.5\n14/05/2024,03:22:17.6\n{}\n1.0\n"


@pytest.mark.parametrize("form", ["ASCII", "BINARY"])
def test_a_recording_in_comtrade_has_its_factors_and_whole_times(form: str, tmp_path: Path) -> None:
    (tmp_path / "r.cfg").write_text(CFG.format(form))
    samples = [(1, 0, 10, 0), (2, 1000, 20, 1), (3, 2000, 30, 1)]
    if form == "ASCII":
        (tmp_path / "r.dat").write_text("".join(",".join(map(str, s)) + "\n" for s in samples))
    else:
        (tmp_path / "r.dat").write_bytes(
            b"".join(struct.pack("<IIhH", *s) for s in samples) + b"\1\2"
        )  # cut off
    found = {s.metric: s for s in source(tmp_path).read(WINDOW)}
    assert found["UL1"].v.tolist() == [6.0, 11.0, 16.0]
    assert found["TRIP"].v.tolist() == [0.0, 1.0, 1.0]
    assert found["UL1"].t.tolist() == [1715656937.5, 1715656937.501, 1715656937.502]
    assert {s.component for s in found.values()} == {"UW Altdorf J07"}


def test_a_configuration_that_counts_more_channels_than_it_tells_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.cfg").write_text(CFG.format("ASCII").replace("2,1A,1D", "999,998A,1D"))
    (tmp_path / "r.dat").write_text("1,0,10,0\n")
    with pytest.raises(ValueError, match=r"configuration of COMTRADE|fewer channels"):
        comtrade_rows(tmp_path / "r.cfg", tmp_path / "r.dat")


def database(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript(
        "CREATE TABLE devices(id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE points(id INTEGER PRIMARY KEY, device_id INT, tag TEXT,"
        " unit TEXT); CREATE TABLE samples(point_id INT, ts TEXT, value REAL); CREATE TABLE version(id INT, made INT);"
        "INSERT INTO devices VALUES (1,'Pump P-101'),(2,'Pump P-102'); INSERT INTO version VALUES (1,7);"
        "INSERT INTO points VALUES (1,1,'flow','m3/h'),(2,1,'pressure','bar'),(3,2,'flow','m3/h');"
    )
    rows = [(p, f"2024-01-01 00:{m:02d}:00", 10 * p + m) for m in range(30) for p in (1, 2, 3)]
    db.executemany("INSERT INTO samples VALUES (?,?,?)", rows)
    db.commit()
    db.close()


def test_samples_of_a_database_have_the_names_behind_their_keys_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    database(folder / "plant.db")
    before = (folder / "plant.db").read_bytes()
    found = {(s.component, s.metric): s.v.tolist() for s in source(folder / "plant.db").read(WINDOW)}
    assert found == {
        ("Pump P-101", "flow"): [10.0 + m for m in range(30)],
        ("Pump P-101", "pressure"): [20.0 + m for m in range(30)],
        ("Pump P-102", "flow"): [30.0 + m for m in range(30)],
    }
    assert [p.name for p in folder.iterdir()] == ["plant.db"]
    assert (folder / "plant.db").read_bytes() == before


def test_tables_that_name_each_other_in_a_ring_end() -> None:
    tables = {
        "a": [["id", "b_id", "name"], *([str(n), str(n % 3), f"a{n}"] for n in range(9))],
        "b": [["id", "a_id", "name"], *([str(n), "1", f"b{n}"] for n in range(3))],
    }
    assert all(len(rows) in (4, 10) for rows in joined(tables).values())


def test_a_join_above_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CELLS", 20)
    tables = {
        "points": [["id", "name"], ["1", "a"], ["2", "b"]],
        "samples": [["point_id", "value"], *(["1", str(n)] for n in range(50))],
    }
    with pytest.raises(ValueError, match="cells"):
        joined(tables)


def test_short_lines_of_many_channels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CELLS", 5_000)
    head = "LabVIEW Measurement\t\nDate\t2026/03/01\nTime\t10:00:00\n***End_of_Header***\t\nChannels\t1000\n***End_of_Header***\t\nX_Value\n"
    assert len(lvm_rows(head + "1\n" * 4)) == 5  # the names, then the samples
    with pytest.raises(ValueError, match="cells"):
        lvm_rows(head + "1\n" * 9)


def test_entities_in_named_values_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + OBIX.replace(
        "Chiller1/SupplyTemp", "&b;"
    )
    (tmp_path / "x.xml").write_text(f'<?xml version="1.0"?>{bomb}')
    with pytest.raises(SourceError, match="entities"):
        list(sheets_of(tmp_path / "x.xml", root=tmp_path))
