"""One case of a metrics benchmark: a table of series, written as the standard files that the product reads."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aitia.core.config import Columns, SourceConfig
from aitia.core.words import Baseline, Component, Incident, Window, from_epoch

Floats = NDArray[np.float64]
T0 = 1_700_000_000.0  # where remapped time begins; it carries no meaning


class Column(NamedTuple):
    """One series: whose it is, its name, and the other end of its calls with the label that names it, if any."""

    component: str
    metric: str
    peer: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Series before and in the incident window; `base` is (samples, series), NaN where a sample is missing."""

    columns: tuple[Column, ...]
    t_base: Floats
    base: Floats
    t_now: Floats
    now: Floats

    def take(self, wanted: Callable[[Column], bool]) -> Table:
        """The table of some columns only."""
        kept = [i for i, c in enumerate(self.columns) if wanted(c)]
        return Table(
            columns=tuple(self.columns[i] for i in kept),
            t_base=self.t_base,
            base=self.base[:, kept],
            t_now=self.t_now,
            now=self.now[:, kept],
        )


@dataclass(frozen=True, kw_only=True)
class MetricCase:
    """What a diagnosis may see of a case. The answer is not in here."""

    name: str
    table: Table
    title: str
    started_at: float
    text: str = ""
    hints: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    window: tuple[float, float] = (0.0, 0.0)  # (0, 0): the samples of `now`
    group: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def incident(self) -> Incident:
        """The incident, with the samples before the window as its baseline."""
        step = float(np.median(np.diff(self.table.t_base))) if self.table.t_base.size > 1 else 60.0
        start, end = self.window if self.window[1] else (self.table.t_now[0], self.table.t_now[-1] + step)
        first = float(self.table.t_base[0]) if self.table.t_base.size else start - 6 * (end - start)
        return Incident(
            id=f"case-{int(self.started_at)}",
            title=self.title,
            text=self.text,
            started_at=from_epoch(self.started_at),
            window=Window(start=from_epoch(float(start)), end=from_epoch(float(end))),
            baselines=(
                Baseline(
                    name="clean_reference",
                    window=Window(start=from_epoch(first), end=from_epoch(float(start))),
                ),
            ),
            hints=self.hints,
        )

    def write(self, folder: Path) -> list[SourceConfig]:
        """The table as one long CSV file, and the configuration of its source."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "metrics.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["time", "component", "metric", "value", "labels"])
            out.writerows(_rows(self.table))
        return [
            SourceConfig(
                name="metrics",
                kind="metrics",
                type="table",
                path=str(folder / "metrics.csv"),
                columns=Columns(),
            )
        ]


def _rows(table: Table) -> Iterable[list[str]]:
    for index, column in enumerate(table.columns):
        label = json.dumps({column.label: column.peer}) if column.peer else ""
        for t, v in ((table.t_base, table.base), (table.t_now, table.now)):
            for at, value in zip(t, v[:, index], strict=True):
                text = "" if np.isnan(value) else repr(float(value))
                yield [f"{at:.3f}", column.component, column.metric, text, label]


def remapped(base: Floats, now: Floats, *, step: float) -> tuple[Floats, Floats]:
    """Times at which the baseline comes right before the window, each row one step after the other."""
    n, m = base.shape[0], now.shape[0]
    t = T0 + step * np.arange(n + m, dtype=np.float64)
    return t[:n], t[n:]


def first_seen(names: Sequence[str]) -> list[str]:
    """The names in order, each once."""
    return list(dict.fromkeys(names))
