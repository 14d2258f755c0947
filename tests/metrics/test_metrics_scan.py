"""The scan from a table to evidence, on a small shop in which one thing at a time goes wrong."""

from __future__ import annotations

import csv
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aitia.core.aspects import METRIC
from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Evidence, Incident, Result, Task, Window, from_epoch
from aitia.tools.metrics import metrics_component, metrics_scan
from aitia.tools.metrics.quiet_metrics import ALL
from aitia.tools.registry import Registry, SourceSet, ToolContext
from aitia.tools.series.gather import joined
from aitia.tools.sources import build_inventory, open_source

T0, N, STEP, FROM = 1_767_225_600.0, 180, 2.0, 120
WINDOW = Window(start=from_epoch(T0 + FROM * STEP), end=from_epoch(T0 + N * STEP))
PRECEDING = Baseline(name="preceding", window=Window(start=from_epoch(T0), end=WINDOW.start))
Rows = list[tuple[float, str, str, float, str]]
Values = dict[str, np.ndarray]


def component(name: str, rng: np.random.Generator) -> Values:
    requests = rng.poisson(40, N)
    seconds = requests * rng.lognormal(-4, 0.2, N)
    return {
        'http_requests_total{"code":"200"}': np.cumsum(requests),
        "http_request_duration_seconds_sum{}": np.cumsum(seconds),
        "http_request_duration_seconds_count{}": np.cumsum(requests),
        "db_pool_in_use{}": 5.0 + rng.integers(0, 2, N),
        "db_pool_max{}": np.full(N, 20.0),
        "process_resident_memory_bytes{}": 1e8 + rng.normal(0, 5e5, N),
        "process_cpu_seconds_total{}": np.cumsum(rng.gamma(10, 0.02, N)),
        "process_start_time_seconds{}": np.full(N, T0 - 5000.0),
        "up{}": np.ones(N),
    }


def rows(shop: dict[str, Values]) -> Rows:
    found: Rows = []
    for name, values in shop.items():
        for key, v in values.items():
            metric, labels = key.split("{", 1)
            text = json.dumps(json.loads("{" + labels) | {"job": name})
            found += [
                (T0 + STEP * i, name, metric, float(x), text) for i, x in enumerate(v) if not np.isnan(x)
            ]
    return found


def shop(seed: int = 0, change: Callable[[dict[str, Values]], None] = lambda _: None) -> Rows:
    rng = np.random.default_rng(seed)
    made = {name: component(name, rng) for name in ("catalog", "orders", "payment", "users")}
    change(made)
    return rows(made)


def context(
    data: Rows, folder: Path, *, baselines: tuple[Baseline, ...] = (PRECEDING,), **incident: object
) -> ToolContext:
    with (folder / "m.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("time", "component", "metric", "value", "labels"), *data])
    source = open_source(SourceConfig(name="m", kind="metrics", type="table", path="m.csv"), folder)
    resolver = Resolver()
    inventory = build_inventory([source], WINDOW, resolver)
    fields = {
        "id": "i",
        "title": "p95 latency",
        "started_at": from_epoch(T0 + 300),
        "window": WINDOW,
        "baselines": baselines,
    } | incident
    return ToolContext(
        incident=Incident.model_validate(fields),
        sources=SourceSet([source]),
        inventory=inventory,
        resolver=resolver,
    )


def scan(data: Rows, folder: Path, **kw: object) -> Result:
    return metrics_scan(context(data, folder, **kw))  # type: ignore[arg-type]


def the(result: Result, component: str, kind: str, aspect: str) -> Evidence:
    found = [e for e in result.evidence if (e.component, e.kind, e.aspect) == (component, kind, aspect)]
    assert found, [e.statement for e in result.evidence if e.kind != "metric.quiet"]
    return found[0]


def slow(made: dict[str, Values]) -> None:
    factor = np.where(np.arange(N) >= 140, 30.0, 1.0)
    seconds = np.diff(made["payment"]["http_request_duration_seconds_sum{}"], prepend=0.0)
    made["payment"]["http_request_duration_seconds_sum{}"] = np.cumsum(seconds * factor)


def test_a_slow_component_has_a_latency_shift_with_its_numbers(tmp_path: Path) -> None:
    fact = the(scan(shop(change=slow), tmp_path), "payment", "metric.shift", "latency")
    assert fact.strength > 0.85
    assert fact.direction == "up"
    assert fact.onset is not None
    assert abs(fact.onset.timestamp() - (T0 + 280)) <= max(2 * STEP, fact.onset_error_s)
    assert fact.values["ratio"] == pytest.approx(30, rel=0.15)
    for key in ("before", "after", "ratio"):
        number = fact.values[key]
        assert f"{number:g}" in fact.statement, (key, fact.statement)
    assert "UTC" in fact.statement
    assert "ORDER BY" in fact.source.query


def test_healthy_shops_stay_below_one_half(tmp_path: Path) -> None:
    loud, series = 0, 0
    for seed in range(6):
        result = scan(shop(seed), tmp_path)
        loud += sum(e.strength >= 0.5 for e in result.evidence if e.kind != "metric.quiet")
        series += int(result.message.split()[0])
    assert loud / series < 0.02
    assert {e.aspect for e in result.evidence if e.kind == "metric.quiet" and e.component == "users"} == {
        "latency",
        "errors",
        "cpu",
        "memory",
        "connections",
        "availability",
    }
    assert all(
        e.direction == "steady" and e.strength <= 0.8 for e in result.evidence if e.kind == "metric.quiet"
    )


def test_errors_that_never_were_before(tmp_path: Path) -> None:
    def fail(made: dict[str, Values]) -> None:
        failed = np.cumsum(np.where(np.arange(N) >= 150, 8.0, 0.0))
        failed[:150] = np.nan  # the label set appears with the first error
        made["orders"]['http_requests_total{"code":"500"}'] = failed

    result = scan(shop(change=fail), tmp_path)
    ratio = [e for e in result.evidence if e.component == "orders" and e.values.get("stat") == "ratio"]
    assert ratio[0].strength > 0.7
    assert ratio[0].unit == "%"
    assert ratio[0].values["before"] == 0


def test_a_pool_at_its_limit(tmp_path: Path) -> None:
    def exhaust(made: dict[str, Values]) -> None:
        made["orders"]["db_pool_in_use{}"][140:] = 20.0

    fact = the(scan(shop(change=exhaust), tmp_path), "orders", "metric.limit", "connections")
    assert (fact.values["used"], fact.values["limit"], fact.values["share_percent"]) == (20, 20, 100)
    assert fact.strength > 0.85


def test_what_stood_above_a_limit_before_has_another_one(tmp_path: Path) -> None:
    def above(made: dict[str, Values]) -> None:
        made["orders"]["db_pool_in_use{}"][:] = 200.0

    found = scan(shop(change=above), tmp_path).evidence
    assert not [e for e in found if e.kind == "metric.limit"]


def test_a_leak_is_a_trend(tmp_path: Path) -> None:
    def grow(made: dict[str, Values]) -> None:
        made["users"]["process_resident_memory_bytes{}"] += 1e6 * np.maximum(np.arange(N) - 110, 0)

    fact = the(scan(shop(change=grow), tmp_path), "users", "metric.trend", "memory")
    assert fact.unit == "MiB"
    assert fact.values["slope_per_min"] == pytest.approx(30e6 / 2**20, rel=0.1)
    assert fact.strength > 0.6


def test_a_killed_component_is_missing_and_not_quiet(tmp_path: Path) -> None:
    def kill(made: dict[str, Values]) -> None:
        for key, v in made["catalog"].items():
            v = v.astype(float)
            v[150:] = 0.0 if key == "up{}" else np.nan
            made["catalog"][key] = v

    result = scan(shop(change=kill), tmp_path)
    fact = the(result, "catalog", "metric.missing", "availability")
    assert fact.direction == "gone"
    assert fact.strength > 0.9
    assert not [e for e in result.evidence if e.component == "catalog" and e.kind == "metric.quiet"]


def test_series_that_stop_without_an_up_metric(tmp_path: Path) -> None:
    def vanish(made: dict[str, Values]) -> None:
        del made["catalog"]["up{}"]
        for key, v in made["catalog"].items():
            made["catalog"][key] = np.where(np.arange(N) >= 150, np.nan, v)

    fact = the(scan(shop(change=vanish), tmp_path), "catalog", "metric.missing", "availability")
    assert abs(fact.onset.timestamp() - (T0 + 298)) < 1  # type: ignore[union-attr]


def test_a_recording_that_ends_early_for_all_is_no_outage(tmp_path: Path) -> None:
    data = [row for row in shop() if row[0] < T0 + 320]
    assert not [e for e in scan(data, tmp_path).evidence if e.kind == "metric.missing"]


def test_a_restart(tmp_path: Path) -> None:
    def restart(made: dict[str, Values]) -> None:
        made["payment"]["process_start_time_seconds{}"][145:] = T0 + 289

    fact = the(scan(shop(change=restart), tmp_path), "payment", "metric.restart", "restart")
    assert fact.values["count"] == 1
    assert fact.onset == from_epoch(T0 + 289)


def test_shuffled_rows_give_identical_evidence(tmp_path: Path) -> None:
    data = shop(change=slow)
    first = scan(data, tmp_path)
    random.Random(1).shuffle(data)
    assert scan(data, tmp_path) == first


def test_a_finding_that_vanishes_under_another_baseline_is_weaker(tmp_path: Path) -> None:
    earlier = Baseline(name="yesterday", window=PRECEDING.window.shift(-86400))
    past = [(t - 86400 - 140 * STEP, *rest) for t, *rest in shop(change=slow) if t >= T0 + 140 * STEP]
    data = shop(change=slow)
    alone = the(scan(data, tmp_path), "payment", "metric.shift", "latency")
    both = the(
        scan([*data, *past], tmp_path, baselines=(PRECEDING, earlier)), "payment", "metric.shift", "latency"
    )
    assert both.values["baseline"] == "preceding"
    assert both.strength < 0.6 * alone.strength


def test_too_little_data_for_a_baseline_is_compared_with_itself_and_says_what_to_change(
    tmp_path: Path,
) -> None:
    short = [row for row in shop(change=slow) if row[0] >= T0 + (FROM - 6) * STEP]
    result = scan(short, tmp_path)
    assert result.evidence
    assert {e.values.get("baseline", ALL) for e in result.evidence} == {ALL}
    assert "The metrics begin at 00:03:48 UTC, and the window at 00:04:00" in result.message
    assert "--since" in result.message
    gaps = [row for row in shop() if not T0 + STEP < row[0] < T0 + (FROM - 2) * STEP]
    assert "longer baseline" in scan(gaps, tmp_path).message
    empty = scan([row for row in shop() if row[0] < T0 - 1], tmp_path)
    assert empty.status == "no_data"
    few = scan([row for row in shop(change=slow) if row[0] >= T0 + (N - 5) * STEP], tmp_path)
    assert few.status == "no_data"


def test_evidence_is_bounded_and_of_known_aspects(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    made = {f"s{i:02}": component("x", rng) for i in range(40)}
    for values in made.values():
        values["db_pool_in_use{}"][140:] = 20.0
        values["process_resident_memory_bytes{}"][140:] *= 3
    start = time.process_time()
    result = scan(rows(made), tmp_path)
    assert (
        time.process_time() - start < 6
    )  # 360 series × 180 samples, writing and two reads of the CSV included
    assert len(result.evidence) <= 60
    assert {e.aspect for e in result.evidence} <= METRIC
    assert any(e.kind == "metric.quiet" for e in result.evidence)


def test_the_drill_down_finds_what_the_scan_left_out(tmp_path: Path) -> None:
    def nudge(made: dict[str, Values]) -> None:
        slow(made)
        made["payment"]["worker_threads{}"] = (
            10.0 + np.random.default_rng(1).integers(0, 2, N) + np.where(np.arange(N) >= 140, 2.5, 0)
        )

    ctx = context(shop(change=nudge), tmp_path, hints=("payment",))
    found = metrics_component(ctx, component="payment")
    scanned = {e.statement for e in metrics_scan(ctx).evidence}
    assert found.status == "ok"
    assert all(e.component == "payment" for e in found.evidence)
    assert not scanned & {e.statement for e in found.evidence if e.strength >= 0.2}
    assert any(
        e.kind == "metric.correlation" and e.values["metric"] == "worker_threads" for e in found.evidence
    )
    assert metrics_component(ctx, component="nobody").status == "no_data"


def test_an_unreadable_source_is_an_error_result(tmp_path: Path) -> None:
    ctx = context(shop(), tmp_path)
    (tmp_path / "m.csv").write_bytes(b"\x00" * 500)
    result = Registry.load().call(Task(id=1, tool="metrics_scan", args={}), ctx)
    assert result.status == "error"
    assert "m.csv" in result.message


def test_windows_that_touch_are_read_once() -> None:
    far = PRECEDING.window.shift(-86400)
    assert joined([WINDOW, PRECEDING.window, far]) == [
        far,
        Window(start=PRECEDING.window.start, end=WINDOW.end),
    ]
