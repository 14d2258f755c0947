"""What is told of the cells of a table: those that are no numbers, samples that contradict each other, gaps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.sources.metrics.table_columns import Layout
from aitia.tools.sources.metrics.table_rows import (
    WORD,
    column_of,
    words_in,
)
from aitia.tools.sources.metrics.table_sql import is_csv, quote
from aitia.tools.sources.text_form import few

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_GAP_STEPS = 20  # usual steps without a sample, by hand
_LEAST_GAP_S = 86_400.0  # of a gap that is worth a word


class Telling(Protocol):
    """The part of a table source that tells what its cells hold."""

    _config: SourceConfig

    @property
    def name(self) -> str:
        """The source's."""
        ...

    @property
    def _paths(self) -> list[Path]: ...

    @property
    def _table(self) -> str: ...

    def _words(
        self,
        db: DuckDBPyConnection,
        layout: Layout,
        window: Window,
        words: Counter[tuple[str, str]],
        left: list[tuple[str, str]],
    ) -> str:
        """A word on cells that are no numbers, and on the columns that are left out for them."""
        told = []
        if count := words.total():
            worst = [(key, n) for key, n in words.most_common() if n]
            of = few([f"{_shown(layout, key)} {n}" for key, n in worst])
            first = self._first_word(db, layout, window, worst[0][0])
            are = "1 cell is no number" if count == 1 else f"{count} cells are no numbers"
            told.append(f"{are}, e.g. {first}; read as missing ({of})")
        if left:
            names = few(list(dict.fromkeys(_shown(layout, key) for key in left)))
            told.append(f"left out, as more than half of their cells are no numbers: {names}")
        return "; ".join(told)

    def _first_word(
        self, db: DuckDBPyConnection, layout: Layout, window: Window, key: tuple[str, str]
    ) -> str:
        """The first cell of a series that is no number, with its column and, in a file of its own, its row."""
        column = column_of(layout, *key)
        where = f" AND metric = {quote(key[1])}" if layout.shape == "long" else ""
        where += f" AND component = {quote(key[0])}" if layout.shape == "long" or layout.by_row else ""
        rows = words_in(layout, layout.over(self._table), self._config, window, column)
        found = db.execute(f"SELECT raw, row FROM ({rows}) WHERE {WORD}{where} LIMIT 1").fetchone()
        if found is None:
            return f"one in {few([column])}"
        before = 1 + layout.form.skip if is_csv(self._paths) else 0
        row = f", row {found[1] + before}" if len(self._paths) == 1 else ""
        return f"{str(found[0])[:40]!r} in {few([column])}{row}"

    def _no_numbers(
        self, db: DuckDBPyConnection, layout: Layout, window: Window, key: tuple[str, str]
    ) -> SourceError:
        column = column_of(layout, *key)
        shown = self._first_word(db, layout, window, key).partition(" in ")[0]
        return SourceError(
            f"{shown} in column {few([column])!r} of source {self.name!r} ({self._config.path!r}) is not a number, and"
            f" so are most cells of all its columns (it has {few(list(layout.columns))}). Name the column of"
            " numbers: `columns.value`."
        )

    def _twice(self, db: DuckDBPyConnection, rows: str) -> str:
        """A word on samples of one series and time that contradict each other."""
        told = db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM"
            f" ({rows}) GROUP BY component, metric, labels, t HAVING count(DISTINCT v) > 1)"
        ).fetchone()
        count = told[0] if told else 0
        return f"{count} samples occur twice with different values: the last one is used" if count else ""


def gaps_in(db: DuckDBPyConnection, rows: str) -> str:
    """A word on the longest time without samples, where it is of a day at least and much longer than the usual step."""
    found = db.execute(
        "SELECT component, metric, max(d) AS longest, labels FROM (SELECT component, metric, labels,"
        f" t - lag(t) OVER (PARTITION BY component, metric, labels ORDER BY t) AS d FROM ({rows}) WHERE v IS NOT NULL)"
        " GROUP BY component, metric, labels"
        f" HAVING max(d) >= {_LEAST_GAP_S} AND max(d) > {_GAP_STEPS} * median(d) ORDER BY longest DESC, component, metric, labels"
    ).fetchall()
    if not found:
        return ""
    of = " ".join(filter(None, found[0][:2]))
    return f"gaps in {len(found)} series, the longest {found[0][2] / 86_400:.1f} days in {of}"


def _shown(layout: Layout, key: tuple[str, str]) -> str:
    """A series as its table calls it."""
    return (
        column_of(layout, *key)
        if layout.shape == "wide" and not layout.by_row
        else f"{key[0]}{layout.cut or ' '}{key[1]}"
    )
