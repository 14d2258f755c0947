"""One unit of work in a process of its own: read, and judge each asset in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aitia.core.errors import AitiaError
from aitia.core.words import Window, from_epoch
from aitia.fleet.words import Judged, Unit
from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.limits import limits_of
from aitia.tools.signals.condition.upsets import upsets
from aitia.tools.signals.condition.words import AssetSignals, Limits, Point
from aitia.tools.sources import MetricSource, open_source
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats

MOST_SPARKS: Final = 3  # points of an asset whose course is kept


def judge(
    unit: Unit,
    *,
    kinds: Mapping[str, str],
    healthy: tuple[float, float] | None,
    now: float | None,
    days: float,
) -> list[Judged]:
    """The condition of all assets of a unit. What goes wrong with one asset is its result, not an end of the others."""
    try:
        by_asset = _assets(unit, now, days)
    except AitiaError as error:
        name = unit.component or unit.source.name
        return [Judged(asset=name, source=unit.source.name, status="error", why=str(error))]
    if not by_asset:
        name = unit.component or unit.source.name
        return [
            Judged(
                asset=name,
                source=unit.source.name,
                status="no_data",
                why="no samples in the time that was looked at",
            )
        ]
    disturbances = upsets((p.t, p.v) for points, _ in by_asset.values() for p in points.values())
    return [
        _judged(name, *held, unit, kinds, healthy, now, disturbances)
        for name, held in sorted(by_asset.items())
    ]


def _assets(
    unit: Unit, now: float | None, days: float
) -> dict[str, tuple[dict[str, Point], dict[str, Limits]]]:
    """The points of each asset, and the limits that the tag map gives them."""
    source = open_source(unit.source, Path("/"))
    if not isinstance(source, MetricSource):
        return {}
    end = from_epoch(now + 1.0) if now is not None else datetime.now(UTC)
    start = from_epoch(max(0.0, end.timestamp() - 86_400.0 * days)) if days else from_epoch(0)
    found: dict[str, tuple[dict[str, Point], dict[str, Limits]]] = defaultdict(lambda: ({}, {}))
    for series in source.read(Window(start=start, end=end), component=unit.component):
        points, limits = found[series.component or unit.source.name]
        name, said = _point(series, points), series.metadata
        points[name] = Point(t=series.t, v=series.v, unit=said.unit)
        if (told := limits_of(said, name)) is not None:
            limits[name] = told
    return found


def _point(series: Series, taken: Mapping[str, Point]) -> str:
    """The metric's name, with its labels where another series has the name."""
    if series.metric not in taken:
        return series.metric
    return f"{series.metric} {','.join(f'{k}={v}' for k, v in sorted(series.labels.items()))}"


def _judged(
    name: str,
    points: Mapping[str, Point],
    limits: Mapping[str, Limits],
    unit: Unit,
    kinds: Mapping[str, str],
    healthy: tuple[float, float] | None,
    now: float | None,
    disturbances: Floats,
) -> Judged:
    asset = AssetSignals(name=name, points=points, kind=kinds.get(name.casefold(), ""))
    try:
        told = assess(asset, healthy=healthy, limits=limits, now=now, disturbances=disturbances)
    except AitiaError as error:
        return Judged(asset=name, source=unit.source.name, status="error", why=str(error), points=len(points))
    return Judged(
        asset=name,
        source=unit.source.name,
        status=told.status,
        now=told.now,
        findings=told.findings,
        points=len(points),
        not_judged=told.not_judged,
        why=told.not_judged.get("", "") if told.status == "no_data" else "",
        sparkline=dict(list(told.sparkline.items())[:MOST_SPARKS]),
    )
