"""Exports whose times or names stand aside: titles with dates, pairs by days of a spreadsheet, days of a month, RRDtool's rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch

from .exported import source

WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
START = datetime(2026, 3, 2, tzinfo=UTC)
TIMES = [START + timedelta(minutes=30 * n) for n in range(48)]
EPOCHS = [t.timestamp() for t in TIMES]
A, B = [7.5 + 0.25 * n for n in range(48)], [300.0 - n for n in range(48)]


def held(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Times and values by `machine/measurement`."""
    return {f"{s.component}/{s.metric}": (s.t.tolist(), s.v.tolist()) for s in source(path).read(WINDOW)}


def book(path: Path, **sheets: list[list[object]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def test_dates_beside_a_title_are_no_column_of_times(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Pump P-101, outage"],
        ["Server", "HIST01", "From", datetime(2026, 3, 2), "", "To", datetime(2026, 3, 3), "Step", "30m"],
        [],
        ["Tag", "P-101.FT1.PV", "P-101.TT2.PV"],
        ["Description", "P-101 flow", "P-101 bearing temperature"],
        ["Eng. units", "m3/h", "degC"],
        *([t.replace(tzinfo=None), a, b] for t, a, b in zip(TIMES, A, B, strict=True)),
    ]
    path = book(tmp_path / "t.xlsx", Sampled=rows, Notes=[["Tripped on 2 March, see the shift's log."]])
    table = source(path)
    assert {s.metric: s.v.tolist() for s in table.read(WINDOW)} == {"FT1.PV": A, "TT2.PV": B}
    assert table.prepared is not None
    assert [(e.unit, e.description) for e in table.prepared.tags.values()] == [
        ("m3/h", "P-101 flow"),
        ("degC", "P-101 bearing temperature"),
    ]


def test_each_pair_has_its_own_days_of_a_spreadsheet(tmp_path: Path) -> None:
    days = [f"{25_569 + e / 86_400:.8f}" for e in EPOCHS]
    lines = [
        "P-101.FI1.PV,,,P-101.TI2.PV,,,P-101.PI3.PV",
        "PUMP FLOW,,,BEARING TEMP,,,DISCHARGE",
        "XYZ,,,DEG F,,,PSIG",
        "Time,Value,,Time,Value,,Time,Value",
    ]
    short = 20  # samples of the second pair, which begins a day later
    later = [f"{float(d) + 1:.8f}" for d in days]
    for n, (day, a, b) in enumerate(zip(days, A, B, strict=True)):
        second = f"{later[n]},{b}" if n < short else ","
        lines.append(f"{day},{a},,{second},,{day},{b}")
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    table = source(path)
    found = {s.metric: s for s in table.read(WINDOW)}
    assert found["FI1.PV"].v.tolist() == A
    assert found["TI2.PV"].v.tolist() == B[:short]
    assert found["FI1.PV"].t.tolist() == pytest.approx(EPOCHS, abs=0.01)
    assert found["TI2.PV"].t.tolist() == pytest.approx([e + 86_400 for e in EPOCHS[:short]], abs=0.01)
    assert table.prepared is not None
    assert [(e.unit, e.description) for e in table.prepared.tags.values()] == [
        ("XYZ", "PUMP FLOW"),
        ("DEG F", "BEARING TEMP"),
        ("PSIG", "DISCHARGE"),
    ]


@pytest.mark.parametrize("title", ["Monat: März 2026", "03/2026", "Mes de marzo de 2026", "2026-03"])
def test_numbers_of_days_below_a_month_are_dates(tmp_path: Path, title: str) -> None:
    hours = [f"{h:02}:00" for h in range(0, 24, 2)]

    def sheet(name: str, first: float) -> list[list[object]]:
        days = [[d, *(first + d + n / 10 for n in range(12))] for d in range(1, 32)]
        return [["Works"], [name], [title], [], ["Day", *hours], *days, ["Mean", *([1.0] * 12)]]

    path = book(
        tmp_path / "t.xlsx", Chlorine=sheet("Chlorine (mg/l)", 0.0), Inflow=sheet("Inflow (m3/h)", 500.0)
    )
    table = source(path)
    found = {s.metric: s for s in table.read(WINDOW)}
    assert set(found) == {"Chlorine", "Inflow"}
    first = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    assert found["Inflow"].t.tolist() == [first + 7200 * n for n in range(31 * 12)]
    assert found["Inflow"].v.tolist() == [500.0 + d + n / 10 for d in range(1, 32) for n in range(12)]
    assert table.prepared is not None
    assert [e.unit for e in table.prepared.tags.values()] == ["mg/l", "m3/h"]


@pytest.mark.parametrize("title", ["Works", "February 2026", "January and February 2026, 01/2026 to 02/2026"])
def test_days_without_one_month_that_has_them_are_not_guessed(tmp_path: Path, title: str) -> None:
    rows: list[list[object]] = [[title], [], ["Day", *(f"{h:02}:00" for h in range(0, 24, 2))]]
    path = book(tmp_path / "t.xlsx", Log=[*rows, *([d, *([0.5] * 12)] for d in range(1, 32))])
    with pytest.raises(
        SourceError, match=r"Looked for in each sheet: .* Save the sheet as CSV and set `columns\.time`"
    ):
        held(path)


def test_an_epoch_with_a_colon_is_a_time(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text(
        "                 ups_voltage         ups_current\n\n"
        + "".join(f"{int(e)}: {a:.10e} {b:.10e}\n" for e, a, b in zip(EPOCHS, A, B, strict=True))
        + f"{int(EPOCHS[-1]) + 1800}: -nan -nan\n"
    )
    found = held(path)
    assert {name: [v for v in of[1] if v == v] for name, of in found.items()} == {
        "ups/voltage": A,
        "ups/current": B,
    }
    assert found["ups/voltage"][0][:48] == EPOCHS


def test_labels_stand_above_each_block(tmp_path: Path) -> None:
    def block(point: str, unit: str, values: list[float]) -> str:
        head = f"Machine Name,C-7\nPoint Name,{point}\nVariable,Direct\nY-Axis Unit,{unit}\nX-Axis Value,Y-Axis Value,Y-Axis Status\n"
        return head + "".join(
            f"{t:%m/%d/%Y %I:%M:%S %p},{v},Valid\n" for t, v in zip(TIMES, values, strict=True)
        )

    path = tmp_path / "t.csv"
    path.write_text(block("Drive End X", "µm pp", A) + "\n" + block("Thrust", "mm", B))
    assert held(path) == {"C-7/Drive End X": (EPOCHS, A), "C-7/Thrust": (EPOCHS, B)}


def test_a_meter_with_two_units_is_two_series(tmp_path: Path) -> None:
    clocks = ",".join(f"{t:%H:%M}" for t in TIMES)
    rows = [
        f"M12345,{d:02}/03/2026,{u},{','.join(map(str, v))}"
        for d in range(13, 16)
        for u, v in (("kWh", A), ("kvarh", B))
    ]
    path = tmp_path / "t.csv"
    path.write_text(f"Meter,Date,Units,{clocks}\n" + "\n".join(rows) + "\n")
    found = source(path).read(WINDOW)
    assert sorted(s.v.tolist() for s in found) == sorted([A * 3, B * 3])


def test_a_sampling_point_is_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "Nr próbki;Punkt poboru;Data pobrania;Godzina;Parametr;Wynik;Jednostka;Metoda\n"
        + "".join(
            f"{n};{kettle};{t:%d.%m.%Y;%H:%M};pH;{v:.2f};pH;PN-1\n"
            for n, t in enumerate(TIMES)
            for kettle, v in (("Kocioł K1", A[n]), ("Kocioł K2", B[n]))
        )
    )
    assert held(path) == {"Kocioł K1/pH": (EPOCHS, A), "Kocioł K2/pH": (EPOCHS, B)}
