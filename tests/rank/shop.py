"""A small shop of metrics for the ranking's tests: entry → api → store, and a component beside them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Component, Incident, Link, Window, from_epoch
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import build_inventory, open_sources

T0, STEP, N, FROM = 1_767_225_600.0, 60.0, 200, 190
Key = tuple[str, str, str]  # component, metric, labels as JSON or ""
Series = dict[Key, np.ndarray]
CALLS = {"entry": ["api"], "api": ["store"], "store": [], "beside": []}


def components(calls: Mapping[str, list[str]] = CALLS) -> list[Component]:
    return [
        Component(id=name, type="service", links=tuple(Link(relation="calls", to=to) for to in callees))
        for name, callees in sorted(calls.items())
    ]


def healthy(seed: int = 0, names: tuple[str, ...] = tuple(CALLS)) -> Series:
    """Latency that adds up along the calls, traffic, failed share and CPU of each component."""
    rng = np.random.default_rng(seed)
    series: Series = {}
    for name in names:
        series[name, "request_latency_mean_seconds", ""] = 0.1 * (1 + 0.05 * rng.standard_normal(N))
        series[name, "requests", ""] = 100.0 + 3.0 * rng.standard_normal(N)
        series[name, "success_rate", ""] = 99.9 + 0.05 * rng.random(N)
        series[name, "cpu_usage", ""] = 0.3 * (1 + 0.05 * rng.standard_normal(N))
    return series


def slow(series: Series, *names: str, by: float = 0.2, at: slice = slice(FROM + 3, FROM + 7)) -> Series:
    """The series with some components slower by as many seconds in a stretch."""
    for name in names:
        series[name, "request_latency_mean_seconds", ""][at] += by
    return series


def context(
    folder: Path,
    series: Series,
    *,
    title: str = "High latency of entry",
    hints: tuple[str, ...] = ("entry",),
    calls: Mapping[str, list[str]] = CALLS,
    start: int = FROM,
    base_from: int = 0,
) -> ToolContext:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "m.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["time", "component", "metric", "value", "labels"])
        for (component, metric, labels), values in sorted(series.items()):
            for i, value in enumerate(values):
                if i >= base_from:
                    text = "" if np.isnan(value) else repr(float(value))
                    out.writerow([T0 + i * STEP, component, metric, text, labels])
    window = Window(start=from_epoch(T0 + start * STEP), end=from_epoch(T0 + N * STEP))
    baseline = Window(start=from_epoch(T0 + base_from * STEP), end=window.start)
    incident = Incident(
        id="i",
        title=title,
        started_at=window.end,
        window=window,
        hints=hints,
        baselines=(Baseline(name="preceding", window=baseline),),
    )
    sources = open_sources(
        [SourceConfig(name="metrics", kind="metrics", type="table", path=str(folder / "m.csv"))], folder
    )
    resolver = Resolver(components(calls))
    inventory = build_inventory(sources, window, resolver)
    return ToolContext(incident=incident, sources=SourceSet(sources), inventory=inventory, resolver=resolver)
