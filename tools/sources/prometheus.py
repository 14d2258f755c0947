"""Metrics of a Prometheus or VictoriaMetrics server through its HTTP API."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Holding, Window
from aitia.tools.sources.base import Configured, Series
from aitia.tools.sources.http import JsonApi, reason
from aitia.tools.sources.promql import any_of, selector
from aitia.tools.sources.rows import ordered, sorted_series

COMPONENT_LABELS = ("service", "app", "job", "instance")
MAX_SERIES, MAX_POINTS = 4000, 5000  # per read, per series; options max_series and max_points override
_BATCH_SERIES, _BATCH_CHARS = 400, 4000

Labels = dict[str, str]


class PrometheusSource(Configured):
    """A metric source over the Prometheus HTTP API."""

    KIND = "metrics"

    def __init__(self, config: SourceConfig, root: Path) -> None:
        if not config.url:
            raise SourceError(f"Set `url` of source {config.name!r}: a Prometheus source has no path.")
        super().__init__(config, root)
        self._api = JsonApi(config, root)

    def describe(self, window: Window) -> Holding:
        """Components and metrics with samples in the window."""
        found, cut = self._listed(window)
        step = self._step(window)
        notes = [] if found else ["no series in the window"]
        notes += [f"only the first {len(found)} series are read: narrow `match`"] if cut else []
        notes += (
            [f"read in steps of {step:g} s instead of {self._config.step_s:g} s"]
            if step > self._config.step_s
            else []
        )
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({self.component(labels) for labels in found})),
            items=tuple(sorted({labels["__name__"] for labels in found})),
            count=len(found),
            note="; ".join(notes),
        )

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """The series of the window at the configured step, sorted by component, metric and labels."""
        listed, _ = self._listed(window, metric=metric)
        wanted = [found for found in listed if not component or self.component(found) == component]
        keys = {_key(found) for found in wanted}
        series = [
            one
            for names in _batches([found["__name__"] for found in wanted])
            for one in self._range(any_of(names, match=self._config.match), window)
            if _key({"__name__": one.metric, **one.labels}) in keys
        ]
        return sorted_series(series)

    def component(self, labels: Labels) -> str:
        """Which component a label set speaks of."""
        if self._config.component:
            return self._config.component
        wanted = (self._config.component_label,) if self._config.component_label else COMPONENT_LABELS
        return next((labels[label] for label in wanted if labels.get(label)), "")

    def _listed(self, window: Window, *, metric: str = "") -> tuple[list[Labels], bool]:
        """The label sets in the window, bounded and sorted, and whether the bound cut some off."""
        most = int(float(self._config.options.get("max_series", MAX_SERIES)))
        start, end = window.epoch
        params = [
            ("match[]", selector(metric, match=self._config.match)),
            ("start", repr(start)),
            ("end", repr(end)),
        ]
        data = self._answer("/api/v1/series", [*params, ("limit", str(most + 1))])
        if not isinstance(data, list):
            raise SourceError(
                f"Point `url` of source {self.name!r} at a Prometheus API: its series answer is no list."
            )
        found = [_labels(entry) for entry in data]
        found = [f for f in found if f.get("__name__") and not self._ignored(f["__name__"])]
        found.sort(key=_key)
        return found[:most], len(found) > most

    def _ignored(self, metric: str) -> bool:
        return any(fnmatchcase(metric, pattern) for pattern in self._config.ignore)

    def _step(self, window: Window) -> float:
        most = int(float(self._config.options.get("max_points", MAX_POINTS)))
        return max(self._config.step_s, math.ceil(window.seconds / most))

    def _range(self, query: str, window: Window) -> Iterator[Series]:
        """Series at multiples of the step in [start, end)."""
        step = self._step(window)
        start = math.ceil(window.epoch[0] / step) * step
        end = math.ceil(window.epoch[1] / step) * step - step
        if end < start:
            return
        params = [
            ("query", query),
            ("start", repr(start)),
            ("end", repr(end)),
            ("step", repr(step)),
            ("nocache", "1"),
        ]
        data = self._answer("/api/v1/query_range", params)
        result = data.get("result") if isinstance(data, dict) else None
        if not isinstance(result, list):
            raise SourceError(
                f"Point `url` of source {self.name!r} at a Prometheus API: its answer has no result."
            )
        for entry in result:
            yield self._series(entry)

    def _series(self, entry: Any) -> Series:
        try:
            labels = _labels(entry["metric"])
            points = [(float(at), float(value)) for at, value in entry["values"]]
        except (KeyError, TypeError, ValueError):
            raise SourceError(
                f"Point `url` of source {self.name!r} at a Prometheus API: odd series in its answer."
            ) from None
        table = np.array(points, dtype=np.float64).reshape(-1, 2)
        t, v = ordered(table[:, 0], table[:, 1])
        metric = labels.pop("__name__", "")
        return Series(
            component=self.component(labels),
            metric=metric,
            t=t,
            v=v,
            labels=dict(sorted(labels.items())),
            query=selector(metric, labels),
        )

    def _answer(self, path: str, params: Sequence[tuple[str, str]]) -> Any:
        parsed = self._api.get(path, params)
        if not isinstance(parsed, dict) or parsed.get("status") != "success":
            raise SourceError(f"Mend `match` or `url` of source {self.name!r}: {reason(parsed)}")
        return parsed.get("data")


def _labels(raw: object) -> Labels:
    return {str(k): str(v) for k, v in raw.items()} if isinstance(raw, dict) else {}


def _key(labels: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    """Metric names, each once, in batches that bound the series and the length of one query."""
    batch: list[str] = []
    series = chars = 0
    for name, same in groupby(sorted(names)):
        count = sum(1 for _ in same)
        if batch and (series + count > _BATCH_SERIES or chars + len(name) > _BATCH_CHARS):
            yield batch
            batch, series, chars = [], 0, 0
        batch.append(name)
        series, chars = series + count, chars + len(name)
    if batch:
        yield batch
