"""What becomes of a recording's samples when they do not fit."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from aitia.lab.servers.export import Series, write_metrics


def series(n: int) -> list[Series]:
    rng = random.Random(1)
    found = []
    for k in range(n):
        constant, zero = k % 4 == 1, k % 4 == 2
        values = tuple((i * 2.0, 0.0 if zero else 7.0 if constant else rng.random()) for i in range(60))
        job, metric = ("redis", f"go_{k}") if k % 4 == 3 else ("redis", f"redis_{k}")
        found.append(Series(job=job, component="cache", metric=metric, labels="{}", values=values))
    ups = Series(
        job="redis",
        component="cache",
        metric="up",
        labels="{}",
        values=tuple((i * 2.0, 1.0) for i in range(60)),
    )
    return [*found, ups]


def held(path: Path) -> dict[str, int]:
    return dict(duckdb.sql(f"SELECT metric, count(*) FROM '{path}' GROUP BY 1").fetchall())


def test_all_is_kept_where_it_fits(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    assert write_metrics(path, series(40), room=1_000_000, monitors=frozenset({"redis"}), seed=1) == ""
    assert len(held(path)) == 41


@pytest.mark.parametrize(
    ("room", "says", "series_left", "samples"),
    [
        (8_150, "exporters' metrics of themselves", 31, 60),
        (8_100, "always 0", 21, 60),
        (8_000, "never changed", 11, 60),
        (4_800, "every second sample", 11, 30),
        (2_500, "by chance", 5, 30),
    ],
)
def test_what_says_least_goes_first(
    room: int, says: str, series_left: int, samples: int, tmp_path: Path
) -> None:
    path = tmp_path / "m.parquet"
    told = write_metrics(path, series(40), room=room, monitors=frozenset({"redis"}), seed=1)
    assert path.stat().st_size <= room
    assert says in told.split("; ")[-1], (told, path.stat().st_size)
    kept = held(path)
    assert kept["up"] == samples
    assert abs(len(kept) - series_left) <= 1
