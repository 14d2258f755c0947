"""Exports that unfold into far more than their files, that are cut off or damaged, and what stands beside a good one."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest

from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources.exports import limits, markup, objects, sqlite_tables
from aitia.tools.sources.exports.asked import Asked
from aitia.tools.sources.exports.export import read_export
from aitia.tools.sources.exports.markup import rows_of_table
from aitia.tools.sources.exports.objects import rows_of_objects
from aitia.tools.sources.exports.reading import read_sheet
from aitia.tools.sources.exports.sheets import Sheet, sheets_of

from .exported import source

WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))


def sheets(folder: Path, name: str, text: str) -> list[Sheet]:
    (folder / name).write_text(text)
    return list(sheets_of(folder / name, root=folder))


def series(path: Path) -> dict[str, list[float]]:
    return {s.metric: s.v.tolist() for s in source(path).read(WINDOW)}


@pytest.fixture
def few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (limits, markup, objects):
        monkeypatch.setattr(module, "MOST_CELLS", 2_000)


def test_open_styles_take_no_time() -> None:
    begun = time.monotonic()
    assert rows_of_table("<table><tr><td>1</td></tr>" + "<style " * 40_000)
    assert rows_of_table("<style>a" * 40_000 + "</style><table><tr><td>1</td></tr>") == [["1"]]
    assert time.monotonic() - begun < 5


def test_styles_and_scripts_are_no_cells() -> None:
    page = "<style>td {color: red}</style><table><tr><td>1<script>if (a < b) run('</td>')</script></td><td>2</td></tr></table>"
    assert rows_of_table(page) == [["1", "2"]]


def test_the_cells_of_markup_are_bounded(tmp_path: Path, few_cells: None) -> None:
    far = (
        "<Workbook><Table>"
        + '<Row><Cell ss:Index="999"><Data>1</Data></Cell></Row>' * 3
        + "</Table></Workbook>"
    )
    wide = "<table>" + '<tr><td colspan="999">1</td></tr>' * 3 + "</table>"
    for text in (far, wide):
        with pytest.raises(SourceError, match=r"Split 't\.xls'.*cells"):
            sheets(tmp_path, "t.xls", text)


def test_a_number_of_many_digits_is_no_span() -> None:
    assert rows_of_table(f"<table><tr><td colspan={'9' * 5_000}>1</td><td>2</td></tr></table>") == [
        ["1", "2"]
    ]


def test_the_cells_of_objects_are_bounded(tmp_path: Path, few_cells: None) -> None:
    own = json.dumps([{f"k{n}": n} for n in range(60)])
    told = json.dumps({**{f"k{n}": n for n in range(60)}, "rows": [{"a": n} for n in range(60)]})
    hidden = json.dumps({**{f"k{n}": n for n in range(60)}, "rows": [{"a": [n]} for n in range(60)]})
    for text in (own, told, hidden):
        with pytest.raises(SourceError, match=r"Split 't\.json'.*cells"):
            sheets(tmp_path, "t.json", text)


def test_times_as_keys_tell_nothing_of_other_tags() -> None:
    held = {tag: {f"2026-03-09T10:{n // 60:02}:{n % 60:02}": n for n in range(300)} for tag in ("P1", "P2")}
    names, *rows = rows_of_objects({"site": "A", **held})
    assert names == ["site", "tag", "time", "value"]
    assert len(rows) == 600


def test_an_integer_beyond_any_float_is_no_time(tmp_path: Path) -> None:
    (sheet,) = sheets(tmp_path, "t.json", f'{{"data": [[1{"0" * 400}, 1]]}}')
    assert sheet.rows[1][1] == "1"


@pytest.mark.parametrize("head", ["time,date,flow", "time,ms,date,flow"])
def test_a_last_row_cut_off_within_its_time_is_no_error(tmp_path: Path, head: str) -> None:
    middle = ",2026-03-09," if head.count(",") == 2 else ",0,2026-03-09,"
    rows = "".join(f"10:00:{n:02}{middle}{n}.5\n" for n in range(30))
    (tmp_path / "t.csv").write_text(f"{head}\n{rows}10:00:30{',7' * (head.count(',') - 2)}\n")
    assert series(tmp_path / "t.csv")["flow"][:30] == [n + 0.5 for n in range(30)]


def test_thousands_of_digits_are_no_milliseconds(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-09,10:{n // 60:02}:{n % 60:02},{n % 7},{n}.5\n" for n in range(600))
    for late in (
        rows.replace("10:00:03,3,", f"10:00:03,{'9' * 5_000},"),
        rows.replace("10:09:03,3,", f"10:09:03,{'9' * 5_000},"),
    ):
        (tmp_path / "t.csv").write_text("date,time,millisecond,flow\n" + late)
        assert len(series(tmp_path / "t.csv")["flow"]) == 600


@pytest.mark.parametrize("head", ["timestamp,flow,ms", "timestamp,ms,flow"])
def test_a_duration_in_ms_moves_no_time(tmp_path: Path, head: str) -> None:
    rows = [(n // 2, n + 0.5, (37 * n) % 400) for n in range(60)]
    line = "2026-03-09 10:00:{0:02},{1},{2}\n" if head.endswith("ms") else "2026-03-09 10:00:{0:02},{2},{1}\n"
    (tmp_path / "t.csv").write_text(head + "\n" + "".join(line.format(*row) for row in rows))
    (flow,) = (s for s in source(tmp_path / "t.csv").read(WINDOW) if s.metric == "flow")
    assert all(t == int(t) for t in flow.t.tolist())


def test_milliseconds_of_a_clock_are_joined_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "timestamp,ms,flow\n"
        + "".join(f"2026-03-09 10:00:{n // 4:02},{n % 4 * 250},{n}.5\n" for n in range(60))
    )
    table = source(path)
    (flow,) = table.read(WINDOW)
    assert [round(t - flow.t[0], 3) for t in flow.t.tolist()] == [n * 0.25 for n in range(60)]
    (sheet,) = sheets_of(path, root=tmp_path)
    assert any("'ms'" in s for s in read_sheet(sheet, Asked(near=from_epoch(1.8e9))).said)


def test_what_cannot_be_read_beside_a_good_file_is_noted(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>2026-03-09 10:00:{n:02}</td><td>{n}.5</td></tr>" for n in range(30))
    (tmp_path / "a.xls").write_text(f"<table><tr><th>Time</th><th>P-101 flow</th></tr>{rows}</table>")
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 5_000)
    (tmp_path / "b.json").write_text("{broken")
    paths = sorted(tmp_path.iterdir())
    read = read_export(paths, Asked(near=from_epoch(1.8e9)))
    assert [s.v.tolist() for s in read.series] == [[n + 0.5 for n in range(30)]]
    assert [n.split(":")[0] for n in read.notes if "passed over" in n] == [
        "passed over Thumbs.db",
        "passed over b.json",
    ]
    with pytest.raises(SourceError, match=r"b\.json"):
        read_export([p for p in paths if p.suffix != ".xls"], Asked(near=from_epoch(1.8e9)))


def database(path: Path, *extra: str, tags: str = "log") -> sqlite3.Connection:
    db = sqlite3.connect(path)
    for one in extra:
        db.execute(one)
    db.execute(f"CREATE TABLE {tags} (ts TEXT, tag TEXT, value REAL)")
    db.executemany(
        f"INSERT INTO {tags} VALUES (?, 'P-101.flow', ?)",
        [(f"2026-03-09T10:00:{n:02}", n + 0.5) for n in range(50)],
    )
    db.commit()
    return db


COMPUTED = (
    "CREATE TABLE far (a INTEGER, b TEXT AS (hex(zeroblob({}))) VIRTUAL)",
    "INSERT INTO far (a) VALUES (1), (2), (3), (4)",
)


def test_a_table_of_endless_cells_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    database(path, COMPUTED[0].format(200_000_000), COMPUTED[1]).close()
    far, log = sheets_of(path, root=tmp_path)
    assert far.rows == []
    assert "longer" in far.said[0]
    assert len(log.rows) == 51
    read = read_export([path], Asked(near=from_epoch(1.8e9)))
    assert [s.v.size for s in read.series] == [50]
    assert any("far" in n for n in read.notes)


def test_a_table_is_bounded_in_bytes_cells_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.sqlite"
    database(path, COMPUTED[0].format(20_000), COMPUTED[1]).close()
    monkeypatch.setattr(sqlite_tables, "_STEPS", 1)
    for name, value, said in (
        ("MOST_BYTES", 100_000, "MiB"),
        ("MOST_CELLS", 7, "cells"),
        ("LONGEST_S", -1.0, "longer than"),
    ):
        with monkeypatch.context() as bound:
            bound.setattr(sqlite_tables, name, value)
            with pytest.raises(SourceError, match=said):
                list(sheets_of(path, root=tmp_path))


def test_rows_in_the_log_of_an_open_database_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    db = database(path, "PRAGMA journal_mode = WAL")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert before["t.db-wal"]
    assert series(path) == {"flow": [n + 0.5 for n in range(50)]}
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    db.close()


def test_a_text_that_is_not_utf_8_loses_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    db = database(path)
    db.execute("CREATE TABLE note (a TEXT)")
    db.execute("INSERT INTO note VALUES (CAST(x'4bfc68' AS TEXT))")
    db.commit()
    db.close()
    log, note = sheets_of(path, root=tmp_path)
    assert (len(log.rows), note.rows[1]) == (51, ["K\ufffdh"])
