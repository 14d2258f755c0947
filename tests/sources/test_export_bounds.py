"""Exports that unfold into far more than their files, that are cut off or damaged, and what stands beside a good one."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest

from aitia.core.errors import SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources.exports import limits, markup, objects
from aitia.tools.sources.exports.markup import rows_of_table
from aitia.tools.sources.exports.objects import rows_of_objects
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
    for text in (own, told):
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
