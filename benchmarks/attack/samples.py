"""Series that are added to a table of samples, and series in it that are moved."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.attack.copies import quiet_database

Floats = NDArray[np.float64]
Row = tuple[str, str, str, Floats, Floats]  # component, metric, labels as JSON, times, values
_COLUMNS = "component, metric, labels, value"


@dataclass(frozen=True, kw_only=True)
class Series:
    """A new series: from `before` to `after` at `first`, or a count of the moments in `counts`."""

    component: str
    metric: str
    labels: dict[str, str]
    before: float = 0.0
    after: float = 0.0
    shape: str = "step"  # step | ramp | count
    first: float = 0.0
    noise: float = 0.0
    counts: tuple[float, ...] = ()


class Samples:
    """A table of samples whose changes are written at once."""

    def __init__(self, table: Path) -> None:
        self._table = table
        self._gone: list[tuple[str, str, str]] = []
        self._rows: list[Row] = []

    def add(self, series: Sequence[Series]) -> None:
        """New series, sampled when the table's other series are."""
        times = self._times()
        self._rows += [_row(s, times, _values(s, times)) for s in series]

    def move(
        self, component: str, how: str, by: float, first: float, many: int, chance: random.Random
    ) -> None:
        """Change some series of a component from a moment on: step, ramp, spike, gone, zero, noise, stuck."""
        with quiet_database() as db:
            found = db.execute(
                "SELECT metric, labels, list(epoch(time) ORDER BY time), list(value ORDER BY time)"
                f" FROM read_parquet('{self._table}') WHERE component = ? GROUP BY 1, 2 ORDER BY 1, 2",
                [component],
            ).fetchall()
        fresh = [f for f in found if (component, f[0], f[1]) not in self._gone]
        for metric, labels, t, v in chance.sample(fresh, min(many, len(fresh))):
            times, values = np.array(t, dtype=np.float64), np.array(v, dtype=np.float64)
            after = times >= first
            if how == "gone":
                times, values = times[~after], values[~after]
            else:
                values = _moved(values, after, how, by, chance, rising=bool(np.all(np.diff(values) >= 0)))
            self._gone.append((component, metric, labels))
            self._rows.append((component, metric, labels, times, values))

    def write(self) -> None:
        """The table with its changes, as Parquet again."""
        if self._rows:
            _rewrite(self._table, self._gone, self._rows)

    def _times(self) -> Floats:
        """The sampling times of the series with most samples."""
        with quiet_database() as db:
            ((found,),) = db.execute(
                f"SELECT list(epoch(time) ORDER BY time) FROM read_parquet('{self._table}')"
                " GROUP BY component, metric, labels ORDER BY count(*) DESC, component, metric, labels LIMIT 1"
            ).fetchall()
        return np.array(found, dtype=np.float64)


def _moved(
    values: Floats, after: NDArray[np.bool_], how: str, by: float, chance: random.Random, *, rising: bool
) -> Floats:
    """The values after the moment, moved; what a counter counts is moved in its increments."""
    if rising and how in ("step", "ramp", "spike", "noise"):
        steps = np.diff(values, prepend=values[0])
        usual = max(float(np.mean(steps)), 1e-3)
        return np.asarray(
            values[0] + np.cumsum(_moved(np.maximum(steps, usual / 2), after, how, by, chance, rising=False))
        )
    moved = values.copy()
    n = int(after.sum())
    level = values[after] if n else values[:0]
    base = np.where(level == 0, 1.0, level)
    match how:
        case "step":
            moved[after] = base * by
        case "ramp":
            moved[after] = base * np.linspace(1.0, by, n)
        case "spike":
            place = np.flatnonzero(after)[: max(1, n // 10)]
            moved[place] = np.where(values[place] == 0, 1.0, values[place]) * by
        case "zero":
            moved[after] = 0.0
        case "stuck":
            moved[after] = level[0] if n else 0.0
        case _:
            moved[after] = base * np.array([chance.uniform(0.0, by) for _ in range(n)])
    return moved


def _values(series: Series, times: Floats) -> Floats:
    if series.counts:
        return np.searchsorted(np.array(series.counts), times, side="right").astype(np.float64)
    after = times >= series.first
    n = int(after.sum())
    values = np.full(len(times), series.before)
    if series.shape == "count":
        share = np.concatenate([np.linspace(0.0, 0.02, len(times) - n), np.linspace(0.02, 1.0, n)])
        return np.round(series.before + (series.after - series.before) * share, 1)
    values[after] = series.after if series.shape == "step" else np.linspace(series.before, series.after, n)
    swing = np.random.default_rng(len(series.metric)).normal(0.0, 1.0, len(times))
    return np.asarray(values * (1.0 + series.noise * swing))


def _row(series: Series, times: Floats, values: Floats) -> Row:
    return series.component, series.metric, json.dumps(series.labels, sort_keys=True), times, values


def _rewrite(table: Path, gone: Sequence[tuple[str, str, str]], rows: Sequence[Row]) -> None:
    """The table without some series and with others, as Parquet again."""
    added: dict[str, Any] = {
        "t": np.concatenate([np.round(r[3] * 1e6).astype(np.int64) for r in rows]),
        "value": np.concatenate([r[4] for r in rows]),
        "place": np.concatenate([np.full(len(r[3]), n, dtype=np.int64) for n, r in enumerate(rows)]),
    }
    names = [{"place": n, "component": r[0], "metric": r[1], "labels": r[2]} for n, r in enumerate(rows)]
    with quiet_database() as db:
        db.execute(
            "CREATE TEMP TABLE names (place BIGINT, component VARCHAR, metric VARCHAR, labels VARCHAR)"
        )
        db.executemany("INSERT INTO names VALUES ($place, $component, $metric, $labels)", names)
        db.execute("CREATE TEMP TABLE gone (component VARCHAR, metric VARCHAR, labels VARCHAR)")
        if gone:
            db.executemany("INSERT INTO gone VALUES (?, ?, ?)", [list(g) for g in gone])
        db.register("added", added)
        fresh = table.with_suffix(".new")
        db.execute(
            f"COPY (SELECT time, {_COLUMNS} FROM read_parquet('{table}') ANTI JOIN gone USING (component, metric, labels)"
            f" UNION ALL SELECT make_timestamp(t) AS time, {_COLUMNS} FROM added JOIN names USING (place)"
            f" ORDER BY component, metric, labels, time) TO '{fresh}' (FORMAT parquet)"
        )
    fresh.replace(table)
