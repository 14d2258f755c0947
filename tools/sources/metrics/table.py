"""Metrics and process signals in CSV or Parquet tables, long or wide, read through DuckDB."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.deadline import stopping
from aitia.core.errors import OutOfTime, SourceError
from aitia.core.words import Holding, Window, from_epoch
from aitia.tools.meaning.metadata import UNTOLD, Metadata, metadata_of
from aitia.tools.sources.base import Series
from aitia.tools.sources.clocks import zone_of
from aitia.tools.sources.duck import database
from aitia.tools.sources.exports.sheets import SUFFIXES
from aitia.tools.sources.exports.tag_files import NAMES, map_of
from aitia.tools.sources.metrics.metric_metadata import read_metadata
from aitia.tools.sources.metrics.table_columns import Layout
from aitia.tools.sources.metrics.table_export import (
    Prepared,
    calculates,
    is_book,
    is_told,
    metadata_of_tag,
    needs_copy,
    prepare,
    tags_of,
)
from aitia.tools.sources.metrics.table_layout import find_layout, guesses
from aitia.tools.sources.metrics.table_rows import (
    WORD,
    rows_of,
    series_query,
)
from aitia.tools.sources.metrics.table_sql import is_csv, quote, scan
from aitia.tools.sources.metrics.table_telling import Telling, gaps_in
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.rows import Floats, ordered, parse_labels, sorted_series
from aitia.tools.sources.signals.fault_model import Modelled
from aitia.tools.sources.signals.life_options import Life, life_of
from aitia.tools.sources.text_form import NATIVE, TextForm, converted, encoding_of, form_of
from aitia.tools.sources.time_texts import configured_zone
from aitia.tools.tags.map import machines_told
from aitia.tools.tags.point import TagEntry

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_POINTS = 4_000_000  # more than this in one read is thinned to the last sample of equal time buckets
MAX_SERIES = 200_000  # of a table; each costs about 1 KB here
LEAST_S = 25.0  # seconds that one question may take, or `timeout_s` where that is more: just below what a tool may take
SPILL = "8GB"  # of a question's temporary files
MAX_CHECKED = 2_000_000  # rows that are looked through for contradicting samples


class TableSource(Modelled, Telling):
    """A metric source over CSV or Parquet files."""

    OPTIONS = frozenset(
        {"separator", "max_points", "timezone", "date_order", "decimal", "delimiter", "encoding",
         "metadata", "tags", "fault_model", "class.*", "life_*"}
    )  # fmt: skip

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._thinned = ""
        self._known: tuple[object, Layout] | None = None
        self._extent: tuple[Layout, tuple[float, float] | None] | None = None
        self.prepared: Prepared | None = None  # where the files are not read as they stand
        self._tags: dict[tuple[str, str], TagEntry] = {}
        self._said_of_tags: dict[str, TagEntry] = {}

    def describe(self, window: Window) -> Holding:
        """Components and metrics with rows in the window, cells that are no numbers, and what had to be guessed."""
        _ = self._metadata  # a file that cannot be read is told here
        with self._open() as db:
            layout = self._layout(db, window.end)
            rows, few = self._held(db, self._rows(layout, window))
            counted = self._few(
                db.execute(
                    f"SELECT component, metric, labels, count(*), count(*) FILTER ({WORD}) FROM ({rows})"
                    f" GROUP BY ALL ORDER BY ALL LIMIT {MAX_SERIES + 1}"
                ).fetchall()
            )
            words: Counter[tuple[str, str]] = Counter()
            for c, m, _, n, bad in counted:
                words[c, m] += bad if bad <= n / 2 else 0
            left = [(c, m) for c, m, _, n, bad in counted if bad > n / 2]
            keys = [(str(c), str(m)) for c, m, _, n, bad in counted if bad <= n / 2]
            if left and not keys:
                raise self._no_numbers(db, layout, window, left[0])
            notes = (
                [
                    self._thinned,
                    self._twice(db, rows) if few else "",
                    gaps_in(db, rows) if few else "",
                    self._words(db, layout, window, words, left),
                ]
                if keys
                else [self._elsewhere(db, layout, window)]
            )
        note = "; ".join(filter(None, [*notes, *(self.prepared.export.notes if self.prepared else ())]))
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({c for c, _ in keys if c})),
            machines=machines_told(self._tags.values()),
            items=tuple(sorted({m for _, m in keys})),
            count=len(keys),
            note=note,
            guessed="; ".join(self.prepared.said) if self.prepared else guesses(layout, self._config),
        )

    def rows(self) -> int:
        """How many rows it has."""
        with self._open() as db:
            self._layout(db, datetime.now(UTC))
            counted = db.execute(f"SELECT count(*) FROM {self._table}").fetchone()
        return int(counted[0]) if counted else 0

    def layout(self, near: datetime) -> Layout:
        """How the table is written. `near` tells years of two digits apart. Raises SourceError."""
        with self._open() as db:
            return self._layout(db, near)

    def _held(self, db: DuckDBPyConnection, rows: str) -> tuple[str, bool]:
        """The rows to count, and whether they are few enough to be held: then the file is read once."""
        db.execute(f"CREATE TEMP TABLE held AS SELECT * FROM ({rows}) LIMIT {MAX_CHECKED + 1}")
        counted = db.execute("SELECT count(*) FROM held").fetchone()
        few = bool(counted and counted[0] <= MAX_CHECKED)
        return ("SELECT * FROM held" if few else rows), few

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of all rows."""
        with self._open() as db:
            layout = self._layout(db, near)
            if (
                self._extent is None or self._extent[0] is not layout
            ):  # once as long as the files are the same
                self._extent = layout, self._ends(db, layout)
            return self._extent[1]

    @property
    def life(self) -> Life | None:
        """How the remaining life of its machines is told (`life_model`, `life_indicator`)."""
        return life_of(self._config, self._root)

    def _ends(self, db: DuckDBPyConnection, layout: Layout) -> tuple[float, float] | None:
        ends = (
            f"SELECT min(t), max(t) FROM (SELECT {layout.time.seconds} AS t FROM {layout.over(self._table)})"
        )
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
            layout = self._layout(db, window.end)
            rows = self._rows(layout, window, component=component, metric=metric)
            db.execute(f"CREATE TEMP TABLE rows AS SELECT row_number() OVER () AS n, * FROM ({rows})")
            self._leave_out(db, layout, window, alone=bool(component or metric))
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
        with database() as db:
            db.execute("SET threads = 2; SET memory_limit = '1GB'")
            db.execute(f"SET TimeZone = {quote(str(configured_zone(self._config)))}")
            db.execute(f"SET autoinstall_known_extensions = false; SET max_temp_directory_size = '{SPILL}'")
            try:
                with stopping(seconds, db.interrupt):
                    yield db
            except duckdb.InterruptException:
                raise OutOfTime(
                    f"Raise `timeout_s` of source {self.name!r} or narrow its `path`: its table could not be read within"
                    f" {seconds:g} s."
                ) from None
            except duckdb.Error as error:
                reason = " ".join(str(error).partition("Possible ")[0].split())[:240]
                if "unicode" in reason or "encoded" in reason:
                    reason += " Name its encoding: `options: {encoding: cp1252}`."
                raise SourceError(
                    f"Fix the table of source {self.name!r} ({', '.join(map(str, self._paths[:3]))}): {reason}"
                ) from None

    @cached_property
    def _metadata(self) -> dict[str, Metadata]:
        return read_metadata(self._config, self._root)

    @cached_property
    def _paths(self) -> list[Path]:
        found = list(iter_files(self._config, self._root))
        if len(found) > 1:
            found = [p for p in found if p.name.lower().endswith(SUFFIXES) and p.name.lower() not in NAMES]
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

    def _layout(self, db: DuckDBPyConnection, near: datetime) -> Layout:
        """The layout, looked for again when a file has changed; of a plain copy where the files cannot be read as they stand."""
        files = list(iter_files(self._config, self._root))
        state = [(p, (s := p.stat()).st_size, s.st_mtime_ns) for p in files]
        if self._known is not None and self._known[0] == state:
            return self._known[1]
        for cached in ("_paths", "_form", "_copies", "_table"):
            self.__dict__.pop(cached, None)
        self.prepared, self._tags = None, {}
        self._said_of_tags = map_of(
            self._config, self._root
        )  # what is wrong with it must not look like a table's fault
        guessed = not is_told(self._config)
        formulas = guessed and calculates(self._paths, self._said_of_tags)
        odd = guessed and (formulas or needs_copy(self._paths))
        try:
            found = self._copied(db, near) if odd else self._as_it_stands(db, near)
        except SourceError:
            if not odd or formulas or is_book(self._paths):
                raise
            found = self._as_it_stands(db, near)
        self._known = state, found
        return found

    def _as_it_stands(self, db: DuckDBPyConnection, near: datetime) -> Layout:
        import duckdb

        try:
            found = find_layout(db, self._table, self._form, self._config, near)
        except (SourceError, duckdb.Error) as error:
            if is_told(self._config) or isinstance(error, duckdb.InterruptException):
                raise
            try:
                return self._copied(db, near)
            except SourceError:
                raise error from None
        told = is_told(self._config) or bool(self._config.component)
        entries = {} if told else tags_of(found, self._paths, self._said_of_tags)
        if entries:
            found = (
                found
                if found.by_row
                else replace(found, values={c: (e.asset, e.point) for c, e in entries.items()})
            )
            self._tags = {(e.asset, e.point): e for e in entries.values()}
        return found

    def _copied(self, db: DuckDBPyConnection, near: datetime) -> Layout:
        """The layout of a plain copy, which takes the place of the files."""
        folder = Path(self._config.path).expanduser()
        root = self._root / folder if (self._root / folder).is_dir() else (self._root / folder).parent
        made = prepare(self._config, self._paths, root, self._copies, near, self._said_of_tags)
        self.__dict__.pop("_table", None)
        self.__dict__ |= {"_paths": made.paths, "_form": TextForm()}
        self.prepared, self._tags = made, dict(made.tags)
        plain = SourceConfig(name=self.name, kind=self.kind, type="table", path=self._config.path)
        return find_layout(db, self._table, self._form, plain, near)

    @cached_property
    def _form(self) -> TextForm:
        """How the files are written; they are all taken to be as the first one."""
        if not is_csv(self._paths):
            return TextForm()
        options = self._config.options
        given = {k: str(options[k]) for k in ("encoding", "delimiter") if k in options}
        return form_of(self._paths[0], **given)

    @cached_property
    def _copies(self) -> Path:
        """A folder that goes when the source does."""
        folder = tempfile.mkdtemp(prefix="aitia-table-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    @cached_property
    def _table(self) -> str:
        """The table function over the files, of which those in an encoding that DuckDB cannot read are copied."""
        if not is_csv(self._paths):
            return scan(self._paths)
        given = "encoding" in self._config.options
        written = {p: self._form.encoding if given else encoding_of(p) for p in self._paths}
        one = len(set(written.values())) == 1 and self._form.encoding in NATIVE
        if one:
            return scan(self._paths, self._form)
        paths = [p if e == "utf-8" else converted(p, e, self._copies) for p, e in written.items()]
        return scan(paths, replace(self._form, encoding="utf-8"))

    def _rows(self, layout: Layout, window: Window, *, component: str = "", metric: str = "") -> str:
        return rows_of(
            layout, layout.over(self._table), self._config, window, component=component, metric=metric
        )

    def _leave_out(self, db: DuckDBPyConnection, layout: Layout, window: Window, *, alone: bool) -> None:
        """Take out the series more than half of whose cells are words. Raises SourceError where none is left of all."""
        keys = "component, metric, labels"
        db.execute(
            f"CREATE TEMP TABLE words AS SELECT {keys} FROM rows GROUP BY ALL HAVING count(*) FILTER ({WORD}) * 2 > count(*)"
        )
        gone = db.execute("SELECT component, metric FROM words ORDER BY ALL LIMIT 1").fetchone()
        if gone is None:
            return
        db.execute(f"DELETE FROM rows WHERE ({keys}) IN (SELECT ({keys}) FROM words)")
        left = db.execute("SELECT count(*) FROM rows").fetchone()
        if not alone and not (left and left[0]):
            raise self._no_numbers(db, layout, window, (str(gone[0]), str(gone[1])))

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
                    metadata=self._told_of(component, metric),
                    query=self._query(layout, component, metric, labels),
                )
            )
        return sorted_series(found)

    def _told_of(self, component: str, metric: str) -> Metadata:
        """What the metadata file says of a metric, else its tag."""
        told = metadata_of(metric, self._metadata)
        entry = self._tags.get((component, metric)) or self._tags.get(("", metric))
        return metadata_of_tag(entry) if entry is not None and told == UNTOLD else told

    def _query(self, layout: Layout, component: str, metric: str, labels: str) -> str:
        """The SQL that reads this series again, or the command, with the path as it is configured."""
        if self.prepared is not None:
            return self.prepared.query(self._config.path, component, metric)
        table = layout.over(scan(self._paths, layout.form, [self._config.path]))
        return series_query(layout, table, self._config, component, metric, labels)


def _floats(column: Any) -> Floats:
    filled = np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)
    return np.asarray(filled, dtype=np.float64)
