"""Metrics and process signals in CSV or Parquet tables, long or wide, read through DuckDB."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Holding, Window, from_epoch
from aitia.tools.sources.base import Series
from aitia.tools.sources.clocks import zone_of
from aitia.tools.sources.metrics.table_sql import (
    TimeColumn,
    is_number,
    name,
    number,
    quote,
    scan,
    time_column,
)
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.rows import Floats, ordered, parse_labels, sorted_series
from aitia.tools.sources.signals.fault_model import Modelled
from aitia.tools.sources.signals.life_options import Life, life_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_POINTS = 4_000_000  # more than this in one read is thinned to the last sample of equal time buckets
MAX_SERIES = 200_000  # of a table; each costs about 1 KB here
LEAST_S = 25.0  # seconds that one question may take, or `timeout_s` where that is more: just below what a tool may take
SPILL = "8GB"  # of a question's temporary files
MAX_CHECKED = 2_000_000  # rows that are looked through for contradicting samples
_SUFFIXES = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".pq")


@dataclass(frozen=True)
class Layout:
    """How a table is written: its columns by name and type, its time, and long or wide."""

    columns: dict[str, str]
    time: TimeColumn
    shape: Literal["long", "wide"]


class TableSource(Modelled):
    """A metric source over CSV or Parquet files."""

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._thinned = ""

    def describe(self, window: Window) -> Holding:
        """Components and metrics with rows in the window."""
        with self._open() as db:
            layout = self._layout(db)
            rows = db.execute(
                f"SELECT DISTINCT component, metric, labels FROM ({self._rows(layout, window)}) LIMIT {MAX_SERIES + 1}"
            )
            keys = [(str(c), str(m)) for c, m, _ in self._few(rows.fetchall())]
            notes = (
                [self._thinned, self._twice(db, layout, window)]
                if keys
                else [self._elsewhere(db, layout, window)]
            )
        note = "; ".join(filter(None, notes))
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({c for c, _ in keys if c})),
            items=tuple(sorted({m for _, m in keys})),
            count=len(keys),
            note=note,
        )

    def _twice(self, db: DuckDBPyConnection, layout: Layout, window: Window) -> str:
        """A word on samples of one series and time that contradict each other, in a table that can be checked at once."""
        rows = self._rows(layout, window)
        counted = db.execute(f"SELECT count(*) FROM ({rows})").fetchone()
        if not counted or counted[0] > MAX_CHECKED:
            return ""
        told = db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM"
            f" ({rows}) GROUP BY component, metric, labels, t HAVING count(DISTINCT v) > 1)"
        ).fetchone()
        count = told[0] if told else 0
        return f"{count} samples occur twice with different values: the last one is used" if count else ""

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of all rows."""
        with self._open() as db:
            return self._ends(db, self._layout(db))

    @property
    def life(self) -> Life | None:
        """How the remaining life of its machines is told (`life_model`, `life_indicator`)."""
        return life_of(self._config, self._root)

    def _ends(self, db: DuckDBPyConnection, layout: Layout) -> tuple[float, float] | None:
        ends = f"SELECT min(t), max(t) FROM (SELECT {layout.time.seconds} AS t FROM {scan(self._paths)})"
        found = db.execute(ends).fetchone()
        return (float(found[0]), float(found[1])) if found and found[0] is not None else None

    def _elsewhere(self, db: DuckDBPyConnection, layout: Layout, window: Window) -> str:
        """That nothing lies in the window, where the rows lie instead, and whether that looks like another zone."""
        ends = self._ends(db, layout)
        if ends is None:
            return "no rows in the window"
        first, last = (f"{from_epoch(end):%Y-%m-%d %H:%M:%S} UTC" for end in ends)
        hours = zone_of(ends[1] - window.epoch[1]) / 3600
        zone = f", {abs(hours):g} h from the window's end: are they in another time zone?" if hours else ""
        return f"no rows in the window: they run from {first} to {last}{zone}"

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """All series with rows in the window, sorted by component, metric and labels."""
        with self._open() as db:
            layout = self._layout(db)
            rows = self._rows(layout, window, component=component, metric=metric)
            db.execute(f"CREATE TEMP TABLE rows AS SELECT row_number() OVER () AS n, * FROM ({rows})")
            self._check_values(db, layout)
            self._thin(db, window)
            db.execute("CREATE TEMP TABLE keys AS SELECT row_number() OVER (ORDER BY component, metric, labels)"
                       " AS s, * FROM (SELECT DISTINCT component, metric, labels FROM rows)")  # fmt: skip
            keys = self._few(
                db.execute(
                    f"SELECT component, metric, labels FROM keys ORDER BY s LIMIT {MAX_SERIES + 1}"
                ).fetchall()
            )
            points = db.execute(
                "SELECT s, t, v FROM rows JOIN keys USING (component, metric, labels) ORDER BY s, t, n"
            ).fetchnumpy()
        return self._series(layout, keys, points)

    def _few(self, keys: list[Any]) -> list[Any]:
        if len(keys) > MAX_SERIES:
            raise SourceError(
                f"Source {self.name!r} has more than the limit of {MAX_SERIES:,} series. Narrow its "
                "`columns.labels`, `ignore` or `path`."
            )
        return keys

    @contextlib.contextmanager
    def _open(self) -> Iterator[DuckDBPyConnection]:
        """A database of its own, whose work is interrupted when its time is over."""
        import duckdb

        seconds = max(LEAST_S, self._config.timeout_s)
        with duckdb.connect(":memory:") as db:
            db.execute("SET threads = 2; SET memory_limit = '1GB'; SET TimeZone = 'UTC'")
            db.execute(f"SET autoinstall_known_extensions = false; SET max_temp_directory_size = '{SPILL}'")
            late = threading.Timer(seconds, db.interrupt)
            late.daemon = True
            late.start()
            try:
                yield db
            except duckdb.InterruptException:
                raise SourceError(
                    f"Raise `timeout_s` of source {self.name!r} or narrow its `path`: its table could not be read within"
                    f" {seconds:g} s."
                ) from None
            except duckdb.Error as error:
                reason = str(error).strip().splitlines()[0][:200]
                raise SourceError(
                    f"Fix the table of source {self.name!r} ({', '.join(map(str, self._paths[:3]))}): {reason}"
                ) from None
            finally:
                late.cancel()

    @cached_property
    def _paths(self) -> list[Path]:
        found = list(iter_files(self._config, self._root))
        if len(found) > 1:
            found = [p for p in found if p.name.lower().endswith(_SUFFIXES)]
        empty = not found or all(p.stat().st_size == 0 for p in found)
        if empty:
            raise SourceError(f"{self._config.path!r} is empty. Give source {self.name!r} a table with rows.")
        kinds = {p.suffix.lower() in (".parquet", ".pq") for p in found}
        if len(kinds) > 1:
            raise SourceError(
                f"{self._config.path!r} contains both CSV and Parquet files. Split source {self.name!r} into "
                "two sources."
            )
        return found

    def _layout(self, db: DuckDBPyConnection) -> Layout:
        table, wanted = scan(self._paths), self._config.columns
        described = db.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
        columns = {str(row[0]): str(row[1]) for row in described}
        self._need(columns, wanted.time, "columns.time")
        long = wanted.metric in columns and wanted.value in columns
        if long and not self._config.component:
            self._need(columns, wanted.component, "columns.component")
        for label in wanted.labels:
            self._need(columns, label, "columns.labels")
        time = time_column(db, table, wanted.time, columns[wanted.time], self._config)
        return Layout(columns, time, "long" if long else "wide")

    def _need(self, columns: dict[str, str], column: str, option: str) -> None:
        if column not in columns:
            raise SourceError(
                f"{self._config.path!r} has no column {column!r} (it has {', '.join(columns)}). Set `{option}` "
                f"of source {self.name!r}."
            )

    def _rows(self, layout: Layout, window: Window, *, component: str = "", metric: str = "") -> str:
        inner = self._long(layout, window) if layout.shape == "long" else self._wide(layout, window)
        wheres = ["t IS NOT NULL"]
        wheres += [f"component = {quote(component)}"] if component else []
        wheres += [f"metric = {quote(metric)}"] if metric else []
        wheres += [f"NOT (metric GLOB {quote(pattern)})" for pattern in self._config.ignore]
        return f"SELECT * FROM ({inner}) WHERE {' AND '.join(wheres)}"

    def _long(self, layout: Layout, window: Window) -> str:
        wanted, own = self._config.columns, self._config.component
        component = quote(own) if own else f"coalesce(CAST({name(wanted.component)} AS VARCHAR), '')"
        return (
            f"SELECT {layout.time.seconds} AS t, {component} AS component,"
            f" coalesce(CAST({name(wanted.metric)} AS VARCHAR), '') AS metric,"
            f" {self._labels(layout)} AS labels, {number(wanted.value, layout.columns[wanted.value])} AS v,"
            f" CAST({name(wanted.value)} AS VARCHAR) AS raw"
            f" FROM {scan(self._paths)} WHERE {layout.time.within(window)}"
        )

    def _labels(self, layout: Layout) -> str:
        named = self._config.columns.labels or (("labels",) if "labels" in layout.columns else ())
        if named == ("labels",):
            return "coalesce(CAST(\"labels\" AS VARCHAR), '')"
        parts = ", ".join(f"{quote(c)}, CAST({name(c)} AS VARCHAR)" for c in named)
        return f"CAST(json_object({parts}) AS VARCHAR)" if named else "''"

    def _wide(self, layout: Layout, window: Window) -> str:
        time = self._config.columns.time
        values = [c for c, kind in layout.columns.items()
                  if c != time and (is_number(kind) or self._is_csv)]  # fmt: skip
        cut = str(self._config.options.get("separator", "_"))
        if not self._config.component:
            values = [c for c in values if cut in c]
        if not values:
            raise SourceError(
                f"{self._config.path!r} is neither long (time, component, metric, value) nor wide (component{cut}metric); "
                f"it has {', '.join(layout.columns)}. Set `component` of source {self.name!r}, or map "
                "`columns`."
            )
        kind = "VARCHAR" if any(layout.columns[c] == "VARCHAR" for c in values) else "DOUBLE"
        casts = ", ".join(f"CAST({name(c)} AS {kind}) AS {name(c)}" for c in values)
        prefix, metric = quote(self._config.component), "col"
        if not self._config.component:
            prefix = f"split_part(col, {quote(cut)}, 1)"
            metric = f"substr(col, length({prefix}) + {1 + len(cut)})"
        return (
            f"SELECT t, {prefix} AS component, {metric} AS metric, '' AS labels,"
            f" {number('cell', kind)} AS v, CAST(cell AS VARCHAR) AS raw"
            f" FROM (SELECT {layout.time.seconds} AS t, {casts} FROM {scan(self._paths)}"
            f" WHERE {layout.time.within(window)})"
            f" UNPIVOT INCLUDE NULLS (cell FOR col IN ({', '.join(name(c) for c in values)}))"
        )

    def _check_values(self, db: DuckDBPyConnection, layout: Layout) -> None:
        """A cell that is neither a number nor a known word for "missing" is an error, not a silent gap."""
        bad = db.execute(
            "SELECT metric, raw FROM rows WHERE v IS NULL AND raw IS NOT NULL"
            " AND lower(trim(raw)) NOT IN ('', 'na', 'n/a', 'null', 'none', '-', '+inf', '-inf') LIMIT 1"
        ).fetchone()
        if bad:
            where = self._config.columns.value if layout.shape == "long" else str(bad[0])
            raise SourceError(
                f"{str(bad[1])[:60]!r} in column {where!r} of source {self.name!r} ({self._config.path!r}) is "
                f"not a number (columns: {', '.join(layout.columns)}). Fix it."
            )

    def _thin(self, db: DuckDBPyConnection, window: Window) -> None:
        counted = db.execute(
            "SELECT count(*), count(DISTINCT (component, metric, labels)) FROM rows"
        ).fetchone() or (0, 0)
        most = int(float(self._config.options.get("max_points", MAX_POINTS)))
        if counted[0] <= most:
            return
        step = window.seconds * counted[1] / most
        self._thinned = f"{counted[0]} samples thinned to one per {step:.3g} s"
        db.execute(
            "CREATE OR REPLACE TEMP TABLE rows AS SELECT max(n) AS n, component, metric, labels, max(t) AS t,"
            f" arg_max(v, t) AS v FROM rows GROUP BY component, metric, labels, floor(t / {step!r})"
        )

    def _series(self, layout: Layout, keys: list[Any], points: dict[str, Any]) -> list[Series]:
        ids = np.asarray(points["s"], dtype=np.int64)
        t, v = _floats(points["t"]), _floats(points["v"])
        edges = np.searchsorted(ids, np.arange(1, len(keys) + 2))
        found = []
        for index, (component, metric, labels) in enumerate(keys):
            at, values = ordered(t[edges[index] : edges[index + 1]], v[edges[index] : edges[index + 1]])
            found.append(
                Series(
                    component=component,
                    metric=metric,
                    t=at,
                    v=values,
                    labels=parse_labels(labels),
                    query=self._query(layout, component, metric, labels),
                )
            )
        return sorted_series(found)

    def _query(self, layout: Layout, component: str, metric: str, labels: str) -> str:
        """The SQL that reads this series again, with the path as it is configured."""
        wanted, table = self._config.columns, scan(self._paths, [self._config.path])
        if layout.shape == "wide":
            column = next(c for c in layout.columns if c in (metric, f"{component}{self._cut}{metric}"))
            return f"SELECT {name(wanted.time)}, {name(column)} FROM {table} ORDER BY 1"
        wheres = [f"{name(wanted.metric)} = {quote(metric)}"]
        if not self._config.component:
            wheres.insert(0, f"{name(wanted.component)} = {quote(component)}")
        if labels:
            wheres.append(f"{self._labels(layout)} = {quote(labels)}")
        columns = f"{name(wanted.time)}, {name(wanted.value)}"
        return f"SELECT {columns} FROM {table} WHERE {' AND '.join(wheres)} ORDER BY 1"

    @property
    def _is_csv(self) -> bool:
        return self._paths[0].suffix.lower() not in (".parquet", ".pq")

    @property
    def _cut(self) -> str:
        return str(self._config.options.get("separator", "_"))


def _floats(column: Any) -> Floats:
    filled = np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)
    return np.asarray(filled, dtype=np.float64)
