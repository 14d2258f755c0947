"""Tables of numbers for training: CSV or Parquet through DuckDB, with a clear limit instead of a full memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.sources.duck import database
from aitia.tools.sources.metrics.table_sql import name, scan
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.text_form import few

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_VALUES: Final = 50_000_000  # 400 MB of doubles
_SUFFIXES: Final = (".csv", ".csv.gz", ".tsv", ".parquet", ".pq")


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns of one length, in the file's order: `texts` as they stand, `numbers` with NaN where a cell is empty."""

    texts: dict[str, list[str]]
    numbers: dict[str, Floats]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return max((len(column) for column in self.numbers.values()), default=0)


def read(
    path: Path, *, texts: Sequence[str] = (), drop: Sequence[str] = (), most: int = MOST_VALUES
) -> Table:
    """The table with `texts` as text and every other column but `drop` as numbers.

    Raises BadInput where the file is no table, a column is missing or holds words, or it has over `most` values.
    """
    import duckdb

    if not path.is_file() or not path.name.lower().endswith(_SUFFIXES):
        raise BadInput(f"{str(path)!r} is not a CSV or Parquet file. Give one that is.")
    if path.stat().st_size == 0:
        raise BadInput(f"{str(path)!r} is empty. Give a table with rows.")
    with database() as db:
        db.execute("SET threads = 2; SET memory_limit = '1GB'; SET TimeZone = 'UTC'")
        db.execute("SET autoinstall_known_extensions = false")
        try:
            return _read(db, path, texts, drop, most)
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0][:200]
            raise BadInput(f"Fix the table {str(path)!r}: {reason}") from None


def _read(db: DuckDBPyConnection, path: Path, texts: Sequence[str], drop: Sequence[str], most: int) -> Table:
    table = scan([path])
    columns = [str(row[0]) for row in db.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()]
    missing = [c for c in (*texts, *drop) if c not in columns]
    if missing:
        raise BadInput(
            f"{path.name!r} has no column {missing[0]!r}. Name columns that it has ({few(columns)})."
        )
    numeric = [c for c in columns if c not in texts and c not in drop]
    if not numeric:
        raise BadInput(
            f"{path.name!r} has no columns of numbers, only {few(columns)}. Give a table that has some."
        )
    wrong = ", ".join(
        f"count(*) FILTER (trim(CAST({name(c)} AS VARCHAR)) <> '' AND TRY_CAST({name(c)} AS DOUBLE) IS NULL)"
        for c in numeric
    )
    rows, *bad = db.execute(f"SELECT count(*), {wrong} FROM {table}").fetchall()[0]
    words = [f"{c!r} ({n} of {rows} cells)" for c, n in zip(numeric, bad, strict=True) if n]
    if words:
        raise BadInput(
            f"These columns contain text: {', '.join(words[:5])}. Leave them out (--drop), or fix their "
            "cells."
        )
    if rows == 0:
        raise BadInput(f"{str(path)!r} has only a header. Give a table with rows.")
    if rows * len(numeric) > most:
        raise BadInput(
            f"{path.name!r} has {rows} rows of {len(numeric)} columns, over the limit of {most} values. "
            "Aggregate or split it, or leave columns out (--drop)."
        )
    wanted = [f"coalesce(CAST({name(c)} AS VARCHAR), '') AS {name(c)}" for c in texts]
    wanted += [f"coalesce(TRY_CAST({name(c)} AS DOUBLE), 'nan'::DOUBLE) AS {name(c)}" for c in numeric]
    held = db.execute(f"SELECT {', '.join(wanted)} FROM {table}").fetchnumpy()
    return Table(
        texts={c: [str(v) for v in held[c]] for c in texts},
        numbers={c: np.asarray(held[c], dtype=np.float64) for c in numeric},
    )
