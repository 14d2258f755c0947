"""Tables, long and wide, good and bad."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import duckdb
import numpy as np
import pytest

from aitia.core.config import Columns, SourceConfig
from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.core.words import Window, from_epoch
from aitia.tools.sources import Series, exporting, open_source
from aitia.tools.sources.metrics.table import TableSource

T0 = 1_767_225_600.0
WINDOW = Window(start=from_epoch(T0), end=from_epoch(T0 + 60))
HEADER = "time,component,metric,value,labels"


def source(path: Path | str, root: Path, **fields: object) -> TableSource:
    found = open_source(
        SourceConfig.model_validate(
            {"name": "m", "kind": "metrics", "type": "table", "path": str(path)} | fields
        ),
        root,
    )
    assert isinstance(found, TableSource)
    return found


def write(folder: Path, *lines: str, name: str = "m.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return path


def rows(times: list[str]) -> list[str]:
    return [f'{t},pay,lat,{i},"{{""code"":""500""}}"' for i, t in enumerate(times)]


@pytest.mark.parametrize(
    "times",
    [
        [f"{T0 + 2 * i}" for i in range(3)],
        [f"{int((T0 + 2 * i) * 1000)}" for i in range(3)],
        [f"{int((T0 + 2 * i) * 1e9)}" for i in range(3)],
        [f"2026-01-01T00:00:0{2 * i}Z" for i in range(3)],
        [f"2026-01-01 02:00:0{2 * i}+02:00" for i in range(3)],
        [f"2026-01-01 00:00:0{2 * i}" for i in range(3)],
    ],
)
def test_every_way_to_write_a_time_gives_the_same_series(tmp_path: Path, times: list[str]) -> None:
    path = write(tmp_path, *rows(times))
    (series,) = source(path, tmp_path).read(WINDOW)
    assert series.t.tolist() == [T0, T0 + 2, T0 + 4]
    assert series.v.tolist() == [0, 1, 2]
    assert series.labels == {"code": "500"}
    parquet = tmp_path / "m.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{path}')) TO '{parquet}' (FORMAT parquet)")
    (again,) = source(parquet, tmp_path).read(WINDOW)
    assert again.t.tolist() == series.t.tolist()
    assert again.labels == series.labels


def test_unsorted_rows_are_sorted_and_the_last_duplicate_wins(tmp_path: Path) -> None:
    lines = [f"{T0 + t},a,m,{v},{{}}" for t, v in [(4, 1), (0, 2), (2, 3), (0, 9), (4, 7)]]
    (series,) = source(write(tmp_path, *lines), tmp_path).read(WINDOW)
    assert series.t.tolist() == [T0, T0 + 2, T0 + 4]
    assert series.v.tolist() == [9, 3, 7]


def test_the_window_is_half_open_and_its_query_reads_the_series_again(tmp_path: Path) -> None:
    path = write(tmp_path, *(f"{T0 + 10 * i},a'b,m\"x,{i},{{}}" for i in range(-2, 9)))
    (series,) = source("m.csv", tmp_path).read(WINDOW)
    assert series.v.tolist() == [0, 1, 2, 3, 4, 5]
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        assert len(duckdb.sql(series.query).fetchall()) == 11
    finally:
        os.chdir(before)


def test_nan_stays_nan(tmp_path: Path) -> None:
    lines = [f"{T0},a,m,1,{{}}", f"{T0 + 1},a,m,NaN,{{}}", f"{T0 + 2},a,m,,{{}}"]
    (series,) = source(write(tmp_path, *lines), tmp_path).read(WINDOW)
    assert np.isnan(series.v[1:]).all()


def test_shuffled_rows_give_identical_series(tmp_path: Path) -> None:
    lines = [f"{T0 + t},c{c},m,{t * c},{{}}" for t in range(50) for c in range(4)]
    first = source(write(tmp_path, *lines, name="a.csv"), tmp_path).read(WINDOW)
    random.Random(3).shuffle(lines)
    second = source(write(tmp_path, *lines, name="b.csv"), tmp_path).read(WINDOW)
    assert [(s.component, s.t.tolist(), s.v.tolist()) for s in first] == [
        (s.component, s.t.tolist(), s.v.tolist()) for s in second
    ]


def test_wide_tables_split_their_columns_or_take_a_component(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text(
        "time,cart_cpu,cart_mem,front-end_latency-90\n"
        + "".join(f"{T0 + i},{i},{2 * i},{3 * i}\n" for i in range(5))
    )
    found = source(path, tmp_path).read(WINDOW)
    assert [(s.component, s.metric) for s in found] == [
        ("cart", "cpu"),
        ("cart", "mem"),
        ("front-end", "latency-90"),
    ]
    assert found[2].v.tolist() == [0, 3, 6, 9, 12]
    machine = source(path, tmp_path, component="P-1").read(WINDOW)
    assert {s.component for s in machine} == {"P-1"}
    assert [s.metric for s in machine] == ["cart_cpu", "cart_mem", "front-end_latency-90"]


def test_named_label_columns_and_mapped_names(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"ts,svc,name,val,code\n{T0},a,req,5,200\n{T0},a,req,6,500\n")
    columns = Columns(time="ts", component="svc", metric="name", value="val", labels=("code",))
    found = source(path, tmp_path, columns=columns).read(WINDOW)
    assert [(s.labels["code"], s.v[0]) for s in found] == [("200", 5.0), ("500", 6.0)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"when,component,metric,value\n1,a,b,2\n", "columns.time"),
        (b"time,component,metric,value\nyesterday,a,b,2\n", "ISO 8601"),
        (b"time,component,metric,value\n1767225600,a,b,fast\n", "is not a number"),
        (bytes(range(256)) * 40, "Fix the table"),
        (b"", "is empty"),
        (b"time\n1767225600\n", "neither long"),
    ],
)
def test_bad_tables_are_source_errors_that_name_the_file(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(SourceError, match=said) as caught:
        source("bad.csv", tmp_path).read(WINDOW)
    assert "bad.csv" in str(caught.value)


def test_a_truncated_parquet_file_is_a_source_error(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    duckdb.sql(
        f"COPY (SELECT 1.0 AS time, 'a' AS component, 'm' AS metric, 2.0 AS value) TO '{path}' (FORMAT parquet)"
    )
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match=r"m\.parquet"):
        source(path, tmp_path).read(WINDOW)


def test_a_missing_file_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        source("none.csv", tmp_path).read(WINDOW)


def test_folders_symlinks_globs_and_odd_names_work(tmp_path: Path) -> None:
    folder = tmp_path / "d [1]"
    folder.mkdir()
    write(folder, f"{T0},a,m,1,{{}}", name="one [x].csv")
    write(folder, f"{T0},b,m,1,{{}}", name="two.csv")
    (tmp_path / "link.csv").symlink_to(folder / "two.csv")
    assert [s.component for s in source(folder, tmp_path).read(WINDOW)] == ["a", "b"]
    assert [s.component for s in source("link.csv", tmp_path).read(WINDOW)] == ["b"]
    assert [s.component for s in source("d [1]/../link.csv", tmp_path).read(WINDOW)] == ["b"]
    assert [s.component for s in source("l*.csv", tmp_path).read(WINDOW)] == ["b"]


def test_an_empty_window_is_a_note_and_no_series(tmp_path: Path) -> None:
    reader = source(write(tmp_path, f"{T0 - 1e6},a,m,1,{{}}"), tmp_path)
    assert reader.read(WINDOW) == []
    assert reader.describe(WINDOW).note.startswith("no rows in the window")


def test_too_many_samples_are_thinned(tmp_path: Path) -> None:
    path = write(tmp_path, *(f"{T0 + i / 100},a,m,{i},{{}}" for i in range(5000)))
    (series,) = source(path, tmp_path, options={"max_points": 100}).read(WINDOW)
    assert 50 <= series.v.size <= 101
    assert series.v[-1] == 4999


def test_ignored_metrics_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, f"{T0},a,go_gc,1,{{}}", f"{T0},a,lat,1,{{}}")
    assert [s.metric for s in source(path, tmp_path, ignore=["go_*"]).read(WINDOW)] == ["lat"]


def test_labels_that_are_no_object_are_no_labels(tmp_path: Path) -> None:
    labels = json.dumps([1, 2]).replace('"', '""')
    (series,) = source(write(tmp_path, f'{T0},a,m,1,"{labels}"'), tmp_path).read(WINDOW)
    assert series.labels == {}


def test_a_written_table_counts_what_it_holds_and_what_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_SAMPLES", 7)
    t = T0 + np.arange(4.0)
    series = [Series(component="a", metric=m, t=t[:n], v=t[:n]) for m, n in (("x", 4), ("y", 4), ("z", 3))]
    assert exporting.write_table(tmp_path / "m.parquet", series, Redactor(b"k")) == (7, 1)
    read = source("m.parquet", tmp_path).read(WINDOW)
    assert [(s.metric, s.t.size) for s in read] == [("x", 4), ("z", 3)]
