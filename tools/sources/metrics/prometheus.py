"""Metrics of a Prometheus or VictoriaMetrics server through its HTTP API."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Holding, Window
from aitia.tools.identity.owner import owner_of
from aitia.tools.meaning.metadata import Metadata, metadata_of
from aitia.tools.sources.base import Series
from aitia.tools.sources.http import JsonApi, reason
from aitia.tools.sources.metrics.metric_metadata import MOST, metadata_in, read_metadata
from aitia.tools.sources.metrics.prometheus_answers import (
    Labels,
    aggregated,
    batches,
    key_of,
    labels_of,
    number_of,
)
from aitia.tools.sources.metrics.promql import any_of, by_label, moved_most, selector, with_label
from aitia.tools.sources.rows import ordered, sorted_series
from aitia.tools.sources.signals.fault_model import Modelled

COMPONENT_LABELS = ("service", "app", "job", "instance")
MAX_SERIES, MAX_POINTS = 4000, 5000  # per read, per series; options max_series and max_points override
MAX_VALUES = 10_000  # label values that one metadata call may return
METADATA_S = 5.0  # at most, for the names' metadata
OVERVIEW_POINTS = 400  # samples per series of an aggregated overview
CLOCK_S = 30.0  # clocks that differ by less are taken to agree
# VictoriaMetrics answers from a cache that lacks the latest samples: an incident's window ends just there.
NO_CACHE = ("nocache", "1")


class PrometheusSource(Modelled):
    """A metric source over the Prometheus HTTP API."""

    KIND = "metrics"
    OPTIONS = frozenset({"max_series", "max_points", "metadata", "fault_model", "class.*"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        if not config.url:
            raise SourceError(f"Set `url` of source {config.name!r}: a Prometheus source has no path.")
        super().__init__(config, root)
        self._api = JsonApi(config, root)
        self._sizes: dict[tuple[float, float], int] = {}
        self._uncounted: dict[tuple[float, float], str] = {}
        self._labels: dict[tuple[str, float, float], list[str]] = {}

    def describe(self, window: Window) -> Holding:
        """Components and metrics with samples in the window; a word on a server whose clock differs from ours."""
        size = self.size(window)
        held = self._described_by_labels(size, window) if size > self.most else self._described(window)
        ahead = self._api.ahead_s
        if abs(ahead) < CLOCK_S:
            return held
        way = "ahead of" if ahead > 0 else "behind"
        word = (
            f"doubtful times: the server's clock is {abs(ahead):.0f} s {way} this machine's: set the clocks"
        )
        note = "; ".join(filter(None, (held.note, word)))
        return held.model_copy(update={"note": note, "doubt_s": float(round(abs(ahead)))})

    def _described(self, window: Window) -> Holding:
        found, cut = self._listed(window)
        step = self._step(window)
        notes = [] if found else ["no series in the window"]
        notes += [f"only the first {len(found)} series are read: narrow `match`"] if cut else []
        notes += (
            [
                f"spans of more than {self._most_points() * self._config.step_s / 3600:.3g} h are read coarser: "
                f"{window.seconds / 3600:.3g} h in steps of {step:g} s instead of {self._config.step_s:g} s"
            ]
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

    def _described_by_labels(self, size: int, window: Window) -> Holding:
        """What a server holds that has too many series to list: two calls for label values, no series."""
        label, values = self.groups(window)
        names = self.names(window)
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(values),
            items=tuple(names),
            count=size,
            note=(
                f"{self._told_size(size, window)} (option max_series): components are identified by the label "
                f"{label!r}; narrow `match` to see all"
            ),
        )

    def _told_size(self, size: int, window: Window) -> str:
        if why := self._uncounted.get(window.epoch):
            return (
                f"the server does not count its series ({why}): assumed to be more than the {self.most} that "
                "a read returns"
            )
        return f"{size} series are more than the {self.most} that a read returns"

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """The series of the window at the configured step, sorted by component, metric and labels."""
        listed, _ = self._listed(window, metric=metric)
        wanted = [found for found in listed if not component or self.component(found) == component]
        return self._read_listed(wanted, window, match=self._config.match)

    @property
    def most(self) -> int:
        """How many series a read returns at most."""
        return int(float(self._config.options.get("max_series", MAX_SERIES)))

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """A server that holds series at a moment is up to date then; when its data begins is not asked (NaN)."""
        window = Window(start=near - timedelta(seconds=300), end=near)
        known = self.size(window) and window.epoch not in self._uncounted
        return (math.nan, near.timestamp()) if known else None

    def size(self, window: Window) -> int:
        """How many series the server holds at the window's end: one instant query; 0 where it cannot be reached.

        One that refuses to count them has too many: one more than a read returns.
        A source that is one component as a whole is not told apart by a label: it is read as far as a read goes.
        """
        if self._config.component:
            return 0
        if window.epoch not in self._sizes:
            query = f"count({selector('', match=self._config.match)})"
            params = [("query", query), ("time", repr(window.epoch[1] - 1.0)), NO_CACHE]
            try:
                data = self._answer("/api/v1/query", params)
            except SourceError as error:
                if self._api.is_silent:
                    return 0
                self._uncounted[window.epoch] = str(error).rstrip(".")
                self._sizes[window.epoch] = self.most + 1
                return self.most + 1
            found = data.get("result") if isinstance(data, dict) else None
            size = number_of(found[0]) if isinstance(found, list) and found else 0.0
            self._sizes[window.epoch] = int(size) if math.isfinite(size) else 0
        return self._sizes[window.epoch]

    def names(self, window: Window) -> list[str]:
        """Metric names in the window, sorted; at most MAX_VALUES are asked for."""
        return [n for n in self._values("__name__", window) if not self._ignored(n)]

    def groups(self, window: Window) -> tuple[str, list[str]]:
        """The label that names components, and its values: the configured one, else the first common one that occurs."""
        wanted = (self._config.component_label,) if self._config.component_label else COMPONENT_LABELS
        for label in wanted:
            if values := self._values(label, window):
                return label, values
        return wanted[0], []

    def read_of(self, window: Window, *, components: Sequence[str]) -> list[Series]:
        """All series of some raw components: one metadata call, then range queries in batches."""
        label, _ = self.groups(window)
        if self._config.component or not components:
            return []
        match = with_label(label, sorted(set(components)), match=self._config.match)
        listed, _ = self._listed(window, match=match)
        return self._read_listed(listed, window, match=match)

    def _read_listed(self, listed: Sequence[Labels], window: Window, *, match: str) -> list[Series]:
        """The samples of listed series: a range query for each batch of names, of whose answer the listed ones are kept.

        Names are few and label sets many: a query that spelled out every label set would be longer than a server takes.
        """
        keys = {key_of(found) for found in listed}
        series = [
            one
            for names in batches([found["__name__"] for found in listed])
            for one in self._range(any_of(names, match=match), window)
            if key_of({"__name__": one.metric, **one.labels}) in keys
        ]
        return sorted_series(series)

    def overview(self, window: Window, metric: str) -> list[Series]:
        """One series per component, aggregated on the server: one range query of at most OVERVIEW_POINTS a series."""
        label, _ = self.groups(window)
        step = max(self._config.step_s, math.ceil(window.seconds / OVERVIEW_POINTS))
        over_s, match = max(4.0 * self._config.step_s, step), self._config.match
        name = aggregated(metric)
        return sorted_series(
            Series(
                component=one.labels[label],
                metric=name,
                t=one.t,
                v=one.v,
                query=by_label(
                    metric, label, match=with_label(label, [one.labels[label]], match=match), over_s=over_s
                ),
            )
            for one in self._range(by_label(metric, label, match=match, over_s=over_s), window, step=step)
            if one.labels.get(label)
        )

    def moved_most(self, window: Window, metric: str, *, baseline_s: float, top: int) -> list[str]:
        """The components whose aggregate of a metric left its earlier mean most: one instant query with `top` answers."""
        label, _ = self.groups(window)
        step = max(4.0 * self._config.step_s, window.seconds / 30.0)
        expression = by_label(metric, label, match=self._config.match, over_s=step)
        query = moved_most(expression, window_s=window.seconds, baseline_s=baseline_s, step_s=step, top=top)
        params = [("query", query), ("time", repr(window.epoch[1] - 1.0)), NO_CACHE]
        data = self._answer("/api/v1/query", params)
        found: list[tuple[float, str]] = []
        for entry in data.get("result") or () if isinstance(data, dict) else ():
            value, name = number_of(entry), labels_of(entry.get("metric")).get(label, "")
            if name and math.isfinite(value):
                found.append((-value, name))
        return [name for _, name in sorted(found)][:top]

    def _values(self, label: str, window: Window) -> list[str]:
        """The values of a label in the window, asked for once."""
        start, end = window.epoch
        params = [("limit", str(MAX_VALUES)), ("start", repr(start)), ("end", repr(end))]
        params += [("match[]", selector("", match=self._config.match))] if self._config.match else []
        known = (label, start, end)
        if known not in self._labels:
            data = self._answer(f"/api/v1/label/{quote(label, safe='')}/values", params)
            found = [str(v) for v in data] if isinstance(data, list) else []
            self._labels[known] = sorted(v for v in found if v)[:MAX_VALUES]
        return self._labels[known]

    def component(self, labels: Labels) -> str:
        """Which component a label set speaks of."""
        if self._config.component:
            return self._config.component
        return owner_of(labels, label=self._config.component_label)

    def _listed(self, window: Window, *, metric: str = "", match: str = "") -> tuple[list[Labels], bool]:
        """The label sets in the window, bounded and sorted, and whether the bound cut some off."""
        most = self.most
        start, end = window.epoch
        params = [
            ("match[]", selector(metric, match=match or self._config.match)),
            ("start", repr(start)),
            ("end", repr(end)),
        ]
        data = self._answer("/api/v1/series", [*params, ("limit", str(most + 1))])
        if not isinstance(data, list):
            raise SourceError(
                f"The series answer of source {self.name!r} is not a list, but {type(data).__name__}. Point its `url` at a "
                "Prometheus API."
            )
        cut = len(data) == most + 1  # a server that returns more knows no limit: it has returned all
        found = [labels_of(entry) for entry in data]
        found = [f for f in found if f.get("__name__") and not self._ignored(f["__name__"])]
        found.sort(key=key_of)
        return found[:most], cut or len(found) > most

    def _ignored(self, metric: str) -> bool:
        return any(fnmatchcase(metric, pattern) for pattern in self._config.ignore)

    def _step(self, window: Window) -> float:
        return max(self._config.step_s, math.ceil(window.seconds / self._most_points()))

    def _most_points(self) -> int:
        return int(float(self._config.options.get("max_points", MAX_POINTS)))

    def _range(self, query: str, window: Window, *, step: float = 0.0) -> Iterator[Series]:
        """Series at multiples of the step in [start, end)."""
        step = step or self._step(window)
        start = math.ceil(window.epoch[0] / step) * step
        end = math.ceil(window.epoch[1] / step) * step - step
        if end < start:
            return
        params = [
            ("query", query),
            ("start", repr(start)),
            ("end", repr(end)),
            ("step", repr(step)),
            NO_CACHE,
        ]
        data = self._answer("/api/v1/query_range", params)
        result = data.get("result") if isinstance(data, dict) else None
        if not isinstance(result, list):
            raise SourceError(
                f"The answer of source {self.name!r} has no list 'result', but {type(result).__name__}. Point its `url` at a "
                "Prometheus API."
            )
        for n, entry in enumerate(result, 1):
            yield self._series(entry, n)

    def _series(self, entry: Any, n: int) -> Series:
        try:
            labels = labels_of(entry["metric"])
            points = [(float(at), float(value)) for at, value in entry["values"]]
        except (KeyError, TypeError, ValueError) as error:
            raise SourceError(
                f"Series {n} in the answer of source {self.name!r} has no usable 'metric' and 'values' "
                f"({type(error).__name__}: {error}). Point its `url` at a Prometheus API."
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
            metadata=metadata_of(metric, self._metadata),
            query=selector(metric, labels),
        )

    @cached_property
    def _metadata(self) -> Mapping[str, Metadata]:
        """HELP, TYPE and UNIT by metric: those of a file that `options.metadata` names, else the server's, asked for once."""
        if given := read_metadata(self._config, self._root):
            return given
        # A connection of its own: a server that is slow to tell them is not taken for one that is gone.
        quick = self._config.model_copy(update={"timeout_s": min(METADATA_S, self._config.timeout_s)})
        try:
            answer = JsonApi(quick, self._root).get("/api/v1/metadata", [("limit", str(MOST))])
        except SourceError:
            return {}  # what only adds to names is not missed: they are read by their words, and the facts say so
        return metadata_in(answer.get("data") if isinstance(answer, dict) else None)

    def _answer(self, path: str, params: Sequence[tuple[str, str]]) -> Any:
        parsed = self._api.get(path, params)
        if not isinstance(parsed, dict) or parsed.get("status") != "success":
            raise SourceError(f"Fix `match` or `url` of source {self.name!r}: {reason(parsed)}")
        return parsed.get("data")
