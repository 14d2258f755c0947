"""FMEA sheets of a site become fault kinds: English and German headers, merged cells, what is no kind and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.agent.fmea import read_fmea
from aitia.agent.fmea_symptoms import symptoms_of
from aitia.agent.taxonomy import bundled, extended
from aitia.agent.weigher import weigh
from aitia.core.errors import BadInput

from . import evidence as shop
from .test_machine_faults import PLANT, apart, off

GERMAN = """FMEA Kühlwasser;;;;;;;;;;
Bauteil;Fehlerart;Fehlerursache;Fehlerfolge;Symptome;Entdeckung;B;A;E;Maßnahme;Ersatzteil
Pumpe P-101;Lagerschaden;Mangelschmierung;Ausfall der Pumpe;Vibration steigt, Lagertemperatur hoch;Schwingungsmessung;8;4;3;Lager tauschen;6309 C3, Fett
;;Fehlausrichtung;;Vibration steigt;;7;3;4;Ausrichten;
Wärmetauscher E-301;Verschmutzung;;weniger Leistung;Druckverlust steigt;;5;6;3;Reinigen;Dichtungen
;Verschmutzung;Kalk im Wasser;weniger Leistung;Austrittstemperatur hoch und Druckverlust steigt;;5;6;3;Reinigen;Dichtungen
"""
ENGLISH = """Component,Function,Potential Failure Mode,Potential Effect(s),S,Potential Cause(s),O,Detection,D,Recommended Action
Filter,keep dirt out,Clogged,less flow,6,dirty supply,5,differential pressure high,3,replace the element
Gearbox,reduce speed,Noisy teeth,stop,8,no oil,3,7,3,refill
"""


def written(folder: Path, text: str, name: str = "fmea.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_german_sheet_with_merged_cells(tmp_path: Path, encoding: str) -> None:
    sheet = read_fmea(written(tmp_path, GERMAN, encoding=encoding))
    assert [f.title for f in sheet.faults] == [
        "Pumpe P-101: Lagerschaden", "Pumpe P-101: Lagerschaden", "Wärmetauscher E-301: Verschmutzung",
    ]  # fmt: skip
    first = sheet.faults[0]
    assert first.explanation == "Mangelschmierung"
    assert first.parts == ("6309 C3", "Fett")
    assert "p-101" in first.machines
    assert first.source == "FMEA, row 3 (S 8, O 4, D 3)"
    assert [(p.aspect, p.direction) for p in first.requires_any] == [
        ("vibration", ("up",)),
        ("temperature", ("up",)),
    ]
    assert [s.text for s in first.now if s.effect == "changing"] == ["Lager tauschen ({component})"]
    assert len({f.id for f in sheet.faults}) == 3


def test_a_row_without_a_cause_is_no_kind_and_is_said(tmp_path: Path) -> None:
    notes = read_fmea(written(tmp_path, GERMAN)).notes
    assert notes == ("Left out row 5 (Wärmetauscher E-301: Verschmutzung): write its cause.",)


def test_an_english_sheet_and_a_rating_that_is_no_symptom(tmp_path: Path) -> None:
    sheet = read_fmea(written(tmp_path, ENGLISH))
    assert [f.title for f in sheet.faults] == ["Filter: Clogged", "Gearbox: Noisy teeth"]
    assert sheet.faults[0].machines == ("filter",)
    assert [p.aspect for p in sheet.faults[0].requires_any] == ["pressure_drop"]
    assert all(s.text != "Check {component}: 7" for s in sheet.faults[1].now)


def test_a_row_whose_symptom_nobody_measures_is_said(tmp_path: Path) -> None:
    text = "Component,Failure Mode,Cause,Symptoms\nValve,Cracked,age,looks bad\nFan,Stiff,age,current high\n"
    sheet = read_fmea(written(tmp_path, text))
    assert [f.title for f in sheet.faults] == ["Fan: Stiff"]
    assert "row 2 (Valve: Cracked)" in sheet.notes[0]
    assert "write a symptom that is measured" in sheet.notes[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [("a,b\n1,2\n", "name its columns"), ("Component,Failure Mode,Cause\nPump,worn,\n", "no row of it is a fault kind"),
     ("", "name its columns")],
)  # fmt: skip
def test_what_is_no_sheet_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_fmea(written(tmp_path, text))


def test_a_missing_file_and_a_broken_workbook_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Cannot read"):
        read_fmea(tmp_path / "none.csv")
    pytest.importorskip("openpyxl")
    with pytest.raises(BadInput, match="cannot be opened"):
        read_fmea(written(tmp_path, "no workbook", name="fmea.xlsx"))


def test_a_workbook_is_read_as_its_text(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "cover"
    sheet = book.create_sheet("FMEA")
    for row in (line.split(";") for line in GERMAN.splitlines()):
        sheet.append(row)
    book.save(tmp_path / "fmea.xlsx")
    text = read_fmea(written(tmp_path, GERMAN))
    assert read_fmea(tmp_path / "fmea.xlsx") == text


def test_a_sheet_of_a_site_is_weighed_with_the_rest(tmp_path: Path) -> None:
    known = extended([written(tmp_path, GERMAN)])
    assert len(list(known)) == len(list(bundled())) + 3
    facts = shop.numbered(
        [apart("E-301"), off("E-301", "pressure_drop", "up"), off("E-301", "temperature", "up")]
    )
    told = weigh(facts, PLANT, known)
    kinds = [s.fault for s in told.suspects if s.component == "E-301"]
    assert "machine.fmea.wärmetauscher_e_301.verschmutzung" in kinds
    assert not [k for k in kinds if "p_101" in k]


@pytest.mark.parametrize(
    ("text", "found"),
    [("Vibration rises, flow low", [("vibration", "up"), ("flow", "down")]),
     ("Förderstrom sinkt; Stromaufnahme zu hoch", [("flow", "down"), ("current", "up")]),
     ("differential pressure high", [("pressure_drop", "up")]), ("Druckverlust steigt", [("pressure_drop", "up")]),
     ("overheating", [("temperature", "up")]), ("the colour is odd", [])],
)  # fmt: skip
def test_symptoms_as_people_write_them(text: str, found: list[tuple[str, str]]) -> None:
    assert [(p.aspect, *p.direction) for p in symptoms_of(text)] == found


@given(st.text(max_size=300))
def test_any_text_gives_known_patterns_or_none(text: str) -> None:
    aspects = [p.aspect for p in symptoms_of(text)]
    assert len(aspects) == len(set(aspects))
