"""Metrics of AWS as its command line prints them: GetMetricData, GetMetricStatistics, and Performance Insights.

`aws cloudwatch get-metric-data` (its `MetricDataQueries` beside the answer say what an id is), `get-metric-statistics` and
`aws pi get-resource-metrics`. Names are read in any case, with underscores or without (`metric_data_results`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from aitia.core.bounds import load_json, read_bytes
from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Holding, Window
from aitia.tools.identity.owner import owner_of
from aitia.tools.meaning.metadata import Metadata
from aitia.tools.sources.base import Configured, Series
from aitia.tools.sources.metrics.aws_commands import load_command, metric_command
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.rows import Floats, ordered, sorted_series
from aitia.tools.sources.text_form import few
from aitia.tools.sources.time_texts import configured_zone, moment

MAX_BYTES: Final = 64 << 20  # of a file
MAX_SERIES: Final = 5000
MOST_PARTS: Final = 24  # of a load: as many as the series of a metric that are compared one by one
_STATS: Final = {"Average": "", "Sum": "", "SampleCount": "count", "Maximum": "max", "Minimum": "min"}
SPLITS: Final = ("user", "host", "wait")  # of a load, each of which is the whole once more
_PERCENTILE: Final = re.compile(r"p\d{1,2}(?:\.\d+)?")
_LABEL: Final = re.compile(r"(?:(?P<of>\S+)\s+)?(?P<metric>[A-Za-z][\w.%/-]*)")

Fields = Mapping[str, Any]


def _get(held: object, *names: str) -> Any:
    """The value of the first of some names, case and underscores aside."""
    if not isinstance(held, dict):
        return None
    by_name = {str(key).replace("_", "").casefold(): value for key, value in held.items()}
    return next((by_name[n] for n in names if by_name.get(n) is not None), None)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def holds_metrics(document: Fields) -> bool:
    """Whether a JSON object is such an answer."""
    if any(isinstance(_get(document, name), list) for name in ("metricdataresults", "metriclist")):
        return True
    points = _get(document, "datapoints")
    told = _list(_get(document, "timestamps")) and _list(_get(document, "values"))
    return (isinstance(points, list) and _get(document, "label") is not None) or bool(told)


class CloudWatchFiles(Configured):
    """Source of type `cloudwatch`: a file, a folder or a glob of answers. The component is a dimension, else `component`."""

    KIND = "metrics"
    OPTIONS = frozenset({"timezone"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._zone = configured_zone(config)

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """The series with samples in the window."""
        start, end = window.epoch
        found = []
        for one in self._read[0]:
            inside = (one.t >= start) & (one.t < end)
            if inside.any() and component in ("", one.component) and metric in ("", one.metric):
                found.append(_cut(one, inside))
        return found

    def describe(self, window: Window) -> Holding:
        """Components and metrics of the window, and what was left out."""
        found = self.read(window)
        series, notes, guessed = self._read
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({s.component for s in found})),
            items=tuple(sorted({s.metric for s in found})),
            count=len(found),
            note="; ".join(
                [*notes, *([] if found else [f"none of {len(series)} series has samples in the window"])]
            ),
            guessed="; ".join(guessed),
        )

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of a sample."""
        series = self._read[0]
        return (min(float(s.t[0]) for s in series), max(float(s.t[-1]) for s in series)) if series else None

    @cached_property
    def _read(self) -> tuple[list[Series], list[str], list[str]]:
        found: list[Series] = []
        left: list[str] = []
        paths = list(iter_files(self._config, self._root))
        for path in paths:
            try:
                document = load_json(read_bytes(path, most=MAX_BYTES))
            except (OSError, ValueError) as error:
                raise SourceError(f"Fix {str(path)!r} (source {self.name!r}): {str(error)[:160]}") from None
            made = [
                s
                for one in (document if isinstance(document, list) else [document])
                for s in self._of(one, path, left)
            ]
            found += [
                s for s in made if not any(fnmatchcase(s.metric, pattern) for pattern in self._config.ignore)
            ]
            if len(found) > MAX_SERIES:
                raise SourceError(
                    f"Source {self.name!r} has more than {MAX_SERIES} series. Narrow its `path`."
                )
        if not found and not left:
            raise SourceError(
                f"{str(paths[0])!r} holds no MetricDataResults, Datapoints or MetricList (source {self.name!r}):"
                " save what `aws cloudwatch get-metric-data` prints."
            )
        notes = [f"{len(left)} results without usable samples: {few(sorted(set(left)))}"] if left else []
        guessed = []
        if not self._config.component and (
            unnamed := sorted({s.component for s in found if "component" in s.labels})
        ):
            guessed.append(
                f"no dimension names a component: the file's name is taken for {few(unnamed)} (else set component)"
            )
            found = [_bare(s) for s in found]
        return sorted_series(_heaviest(found)), notes, guessed

    def _of(self, answer: object, path: Path, left: list[str]) -> Iterator[Series]:
        """The series of one answer."""
        if not isinstance(answer, dict):
            return
        asked = {
            str(_get(q, "id")): q for q in _list(_get(answer, "metricdataqueries")) if isinstance(q, dict)
        }
        results = _list(_get(answer, "metricdataresults"))
        for result in results or ([answer] if _get(answer, "timestamps") is not None else []):
            if isinstance(result, dict):
                times, values = _list(_get(result, "timestamps")), _list(_get(result, "values"))
                yield from self._made(
                    result, asked.get(str(_get(result, "id")), {}), times, values, path, left
                )
        points = [p for p in _list(_get(answer, "datapoints")) if isinstance(p, dict)]
        if points:
            yield from self._statistics(answer, points, path, left)
        for entry in _list(_get(answer, "metriclist")):
            yield from self._insights(answer, entry, path, left)

    def _made(
        self,
        result: Fields,
        query: Fields,
        times: Sequence[Any],
        values: Sequence[Any],
        path: Path,
        left: list[str],
    ) -> Iterator[Series]:
        told = _get(query, "metricstat") or {}
        metric = _get(told, "metric") or {}
        label = str(_get(result, "label") or _get(query, "label") or _get(result, "id") or "")
        name = str(_get(metric, "metricname") or _get(result, "metricname") or "")
        dimensions = _dimensions(_get(metric, "dimensions") or _get(result, "dimensions"))
        stat = str(_get(told, "stat") or _get(result, "stat") or "")
        parts = _LABEL.fullmatch(label)
        of = _component(dimensions) or (
            parts["of"] if parts and parts["of"] and not name.startswith(parts["of"]) else ""
        )
        name = name or (parts["metric"] if parts else re.sub(r"\W+", "_", label)) or "metric"
        yield from self._series(of, _with_stat(name, stat), dimensions, str(_get(result, "unit") or _get(told, "unit") or ""),
                                times, values, path, left)  # fmt: skip

    def _statistics(
        self, answer: Fields, points: Sequence[Fields], path: Path, left: list[str]
    ) -> Iterator[Series]:
        """A series for each statistic."""
        label, dimensions = str(_get(answer, "label") or "metric"), _dimensions(_get(answer, "dimensions"))
        stats = dict.fromkeys(key for p in points for key in p if key in _STATS)
        unit = str(_get(points[0], "unit") or "")
        for stat in stats:
            held = [(p.get("Timestamp"), p[stat]) for p in points if stat in p]
            yield from self._series(_component(dimensions), _with_stat(label, stat), dimensions, unit,
                                    [t for t, _ in held], [v for _, v in held], path, left)  # fmt: skip
        for name in dict.fromkeys(k for p in points for k in (_get(p, "extendedstatistics") or {})):
            held = [(p.get("Timestamp"), (_get(p, "extendedstatistics") or {}).get(name)) for p in points]
            yield from self._series(_component(dimensions), _with_stat(label, str(name)), dimensions, unit,
                                    [t for t, _ in held], [v for _, v in held], path, left)  # fmt: skip

    def _insights(self, answer: Fields, entry: object, path: Path, left: list[str]) -> Iterator[Series]:
        """A series of Performance Insights: `db.load.avg`, one a dimension where it is grouped."""
        key = _get(entry, "key") or {}
        points = [p for p in _list(_get(entry, "datapoints")) if isinstance(p, dict)]
        grouped = (
            {re.sub(r"\W", "_", str(k)): str(v)[:200] for k, v in (_get(key, "dimensions") or {}).items()}
            if isinstance(key, dict)
            else {}
        )
        of = str(_get(answer, "identifier", "dbinstanceidentifier") or "")
        times, values = ([_get(p, name) for p in points] for name in ("timestamp", "value"))
        name = str(_get(key, "metric") or "db.load.avg")
        if not any(
            re.search("sql|statement", k) for k in grouped
        ):  # the load by statement keeps the plain name
            name += next((f"_by_{split}" for split in SPLITS if any(split in k for k in grouped)), "")
        yield from self._series(of, name, grouped, "", times, values, path, left)

    def _series(
        self, of: str, name: str, dimensions: Mapping[str, str], unit: str, times: Sequence[Any], values: Sequence[Any],
        path: Path, left: list[str],
    ) -> Iterator[Series]:  # fmt: skip
        t, v = self._samples(times, values)
        if not t.size or len(times) != len(values):
            left.append(name)
            return
        ending = _stat_of(name)
        base = name.removesuffix(f"_{ending}") if ending else name
        stat = next((k for k, v in _STATS.items() if v == ending), ending)
        again = (
            load_command(of, dimensions, t)
            if name.startswith("db.load")
            else metric_command(base, stat, dimensions, t)
        )
        component = self._config.component or of
        labels = dict(dimensions) if component else {**dimensions, "component": ""}
        yield Series(
            component=component or path.stem,
            metric=name,
            t=t,
            v=v,
            labels=labels,
            metadata=Metadata(
                unit=unit, kind="gauge", stat=_stat_of(name)
            ),  # of each period: nothing is counted on
            query=again or f"{path.name}: {name}",
        )

    def _samples(self, times: Sequence[Any], values: Sequence[Any]) -> tuple[Floats, Floats]:
        """Samples in the order of time; AWS gives the newest first."""
        pairs = [
            (at.timestamp(), float(value))
            for stamp, value in zip(times, values, strict=False)
            if isinstance(value, int | float) and (at := moment(stamp, None, self._zone)) is not None
        ]
        t, v = (
            np.array([p[0] for p in pairs], dtype=np.float64),
            np.array([p[1] for p in pairs], dtype=np.float64),
        )
        return ordered(t, v)


def _dimensions(held: object) -> dict[str, str]:
    return {
        str(_get(d, "name")): str(_get(d, "value"))[:200]
        for d in _list(held)
        if _get(d, "name") and _get(d, "value")
    }


def _component(dimensions: Mapping[str, str]) -> str:
    value = owner_of({f"Dimensions.{name}": value for name, value in dimensions.items()})
    return value.split("/")[1] if value.count("/") == 2 else value  # app/NAME/ID of a load balancer


def _with_stat(name: str, stat: str) -> str:
    suffix = _STATS.get(stat, stat)
    return f"{name}_{suffix}" if suffix else name


def _stat_of(name: str) -> str:
    """The statistic with which `_with_stat` ended a name, "" for the mean or the sum."""
    ending = name.rpartition("_")[2]
    return ending if name != ending and (ending in _STATS.values() or _PERCENTILE.fullmatch(ending)) else ""


def _heaviest(found: Sequence[Series]) -> list[Series]:
    """Of a load that is split over and over, the largest parts: what is small says little, and together they are many."""
    loads: dict[tuple[str, str], list[Series]] = {}
    for one in found:
        if one.metric.startswith("db.load"):
            loads.setdefault((one.component, one.metric), []).append(one)
    small = {
        id(one)
        for parts in loads.values()
        for one in sorted(parts, key=lambda s: -float(np.nanmean(s.v)))[MOST_PARTS:]
    }
    return [one for one in found if id(one) not in small]


def _cut(one: Series, inside: Any) -> Series:
    return replace(one, t=one.t[inside], v=one.v[inside])


def _bare(one: Series) -> Series:
    return replace(one, labels={k: v for k, v in one.labels.items() if k != "component" or v})
