"""Exports that are damaged, far too large or oddly named: refused or noted by name, and no name is made of what is none."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
from pathlib import Path

import pytest

from aitia.core.errors import SourceError
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.exports.sheets import sheets_of
from aitia.tools.sources.text_form import encoding_of

from .exported import source
from .test_export_apart import ODS, WINDOW, A, found, ods, rows


def test_bounds_of_an_open_document_hold_for_all_its_tables(tmp_path: Path) -> None:
    table = (
        "<table:table><table:table-row table:number-rows-repeated='{}'>"
        "<table:table-cell table:number-columns-repeated='1000' office:value='1'/></table:table-row></table:table>"
    )
    content = "<a xmlns:office='o' xmlns:table='t'>{}</a>"
    with pytest.raises(SourceError, match="cells"):
        source(ods(tmp_path / "t.ods", content.format(table.format(16_000) * 2))).read(WINDOW)
    undone = table.format(16_000) + table.format(-16_000) + table.format(16_000)
    with pytest.raises(SourceError, match="cells"):
        source(ods(tmp_path / "t.ods", content.format(undone))).read(WINDOW)


def damaged(path: Path, member: str) -> Path:
    """The archive with the packed bytes of a member spoilt, its sizes and names whole."""
    with zipfile.ZipFile(path) as packed:
        told = packed.getinfo(member)
    raw = bytearray(path.read_bytes())
    begun = told.header_offset + 30 + len(told.filename.encode())
    raw[begun : begun + told.compress_size] = b"\xff" * told.compress_size
    path.write_bytes(raw)
    return path


def test_a_damaged_member_of_an_archive_is_noted(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("P-7 flow.csv", "Time,Value\n" + rows("{t},{a}\n"))
        packed.writestr("P-8 flow.csv", "Time,Value\n" + rows("{t},{b}\n"))
    opened = source(damaged(tmp_path / "t.zip", "P-8 flow.csv"))
    assert [s.v.tolist() for s in opened.read(WINDOW)] == [A]
    assert opened.prepared is not None
    assert any("P-8 flow.csv" in n and "cannot be read" in n for n in opened.prepared.export.notes)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("P-7 flow.csv", "Time,Value\n" + rows("{t},{a}\n"))
    with pytest.raises(SourceError, match="no readable ZIP archive"):
        list(sheets_of(damaged(tmp_path / "t.zip", "P-7 flow.csv"), root=tmp_path))


def test_a_damaged_open_document_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.ods", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("content.xml", ODS)
    with pytest.raises(SourceError, match="no readable workbook"):
        source(damaged(tmp_path / "t.ods", "content.xml")).read(WINDOW)


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    raw = bytearray(gzip.compress(("Time,P-7 Flow\n" + rows("{t},{a}\n")).encode()))
    raw[10:-8] = b"\xff" * (len(raw) - 18)
    (tmp_path / "t.csv.gz").write_bytes(raw)
    with pytest.raises(SourceError, match="damaged"):
        list(sheets_of(tmp_path / "t.csv.gz", root=tmp_path))


def test_members_of_an_archive_are_unpacked_one_at_a_time(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as packed:
        for n in range(5):
            packed.writestr(f"P-{n} flow.csv", "Time,Value\n" + rows("{t},{a}\n"))
        packed.writestr("P-9 flow.xlsx", b"no workbook")
    lying: list[int] = []
    made = tempfile.TemporaryDirectory

    folders: list[Path] = []

    def watched() -> tempfile.TemporaryDirectory[str]:
        folder = made()
        folders.append(Path(folder.name))
        return folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "TemporaryDirectory", watched)
        for _ in sheets_of(tmp_path / "t.zip", root=tmp_path):
            lying.append(len(list(folders[0].iterdir())))
    assert lying == [1] * 6


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("2026-04-02_pump.csv", "Date,Time,Flow\n" + rows("{t},{a}\n", "%Y-%m-%d,%H:%M:%S")),
        ("Temperature_log.csv", "Time,Temperature,Flow\n" + rows("{t},{a},{b}\n")),
        ("Temperature_log.csv", "Temperature\n\nTime,P1,P2\n" + rows("{t},{a},{b}\n")),
        ("2026-04-02_pump.csv", "2026-04-02\n\nTime,P1,P2\n" + rows("{t},{a},{b}\n")),
    ],
)
def test_dates_and_quantities_are_no_machines(tmp_path: Path, name: str, text: str) -> None:
    assert not {asset for asset, _ in found(tmp_path, text, name)} & {"2026-04-02", "Temperature"}


def test_what_a_line_above_and_the_file_begin_with_is_a_machine(tmp_path: Path) -> None:
    text = "Brenner;Bericht\n\nTime;Flow;Temperature\n" + rows("{t};{a};{b}\n")
    assert {asset for asset, _ in found(tmp_path, text, "Brenner_2026-04.csv")} == {"Brenner"}


@pytest.mark.parametrize(
    "names", ["1 Temperatur;2 Temperatur;3 Druck", "1 Temperatur;2 Temperatur;3 Temperatur"]
)
def test_names_may_begin_with_a_number(tmp_path: Path, names: str) -> None:
    held = found(tmp_path, f"Time;{names}\n" + rows("{t};{a};{b};{a}\n"))
    assert sorted(metric for _, metric in held) == names.split(";")


def test_counts_below_the_names_are_no_names(tmp_path: Path) -> None:
    held = found(tmp_path, "Time;P-7 Flow;P-7 Temp\n;176 events;180 events\n" + rows("{t};{a};{b}\n"))
    assert {metric for _, metric in held} == {"Flow", "Temp"}


def test_a_block_without_a_line_above_keeps_its_name(tmp_path: Path) -> None:
    text = "Time,Flow\n" + rows("{t},{a}\n") + "\nNight run\nTime,Flow\n" + rows("{t},{b}\n")
    assert all(metric == metric.strip() for _, metric in found(tmp_path, text))


def test_units_per_hour_are_no_ph(tmp_path: Path) -> None:
    assert unit_named("UPH") is None
    assert unit_named("pH") is not None


def test_a_damaged_gzip_is_refused_by_name(tmp_path: Path) -> None:
    raw = bytearray(gzip.compress(b"time,a\n" + b"2026-01-01T00:00:00Z,1\n" * 4000))
    raw[60:90] = bytes(30)
    (tmp_path / "a.csv.gz").write_bytes(raw)
    with pytest.raises(SourceError, match=r"damaged"):
        encoding_of(tmp_path / "a.csv.gz")
