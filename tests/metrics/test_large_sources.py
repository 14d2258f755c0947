"""A server with more series than a read returns: what is looked at, and that the rest is named."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Component, Incident, Link, Window, from_epoch
from aitia.tools.metrics import metrics_scan
from aitia.tools.rank import metrics_rank
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.series.large import look, near_alarm, overview_names
from aitia.tools.sources import LargeMetricSource, Series, build_inventory, open_source
from aitia.tools.sources.metrics.promql import by_label, moved_most, with_label

T0, STEP, N, FROM = 1_767_225_600.0, 30.0, 140, 120
WINDOW = Window(start=from_epoch(T0 + FROM * STEP), end=from_epoch(T0 + N * STEP))
BEFORE = Baseline(name="preceding", window=Window(start=from_epoch(T0), end=WINDOW.start))
NAMES = [f"svc-{i:03d}" for i in range(40)]
CULPRIT, NAMED = NAMES[21], NAMES[5]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which("victoria-metrics") is None:
        pytest.skip("victoria-metrics is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = tmp_path_factory.mktemp("vm")
    command = ["victoria-metrics", f"-storageDataPath={data}", f"-httpListenAddr=127.0.0.1:{port}",
               "-retentionPeriod=100y", "-search.latencyOffset=0s"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{found}/health", timeout=1, trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        httpx.post(f"{found}/api/v1/import", content=history(), timeout=60).raise_for_status()
        httpx.get(f"{found}/internal/force_flush", timeout=60)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def history() -> str:
    """Forty services of five metrics; one that no alarm names uses five times its CPU and waits."""
    rng = np.random.default_rng(5)
    stamps = [int((T0 + STEP * i) * 1000) for i in range(N)]
    lines = []
    for name in NAMES:
        wait = 0.05 * (1 + 0.03 * rng.standard_normal(N))
        cpu = 0.3 * (1 + 0.03 * rng.standard_normal(N))
        if name == CULPRIT:
            wait[FROM + 5 :] += 0.4
            cpu[FROM + 5 :] *= 5.0
        count = np.cumsum(rng.poisson(200, N)).astype(float)
        series = {
            "process_cpu_usage": cpu,
            "http_request_duration_seconds_sum": np.cumsum(np.diff(count, prepend=0.0) * wait),
            "http_request_duration_seconds_count": count,
            "app_cache_entries": 100 + rng.random(N),
            "up": np.ones(N),
        }
        for metric, values in series.items():
            labels = {"__name__": metric, "service": name}
            lines.append(json.dumps({"metric": labels, "values": [float(v) for v in values], "timestamps": stamps}))  # fmt: skip
    return "\n".join(lines)


def context(url: str, *, title: str, hints: tuple[str, ...] = (), most: int = 100) -> ToolContext:
    config = SourceConfig(
        name="m", kind="metrics", type="prometheus", url=url, component_label="service", step_s=STEP,
        options={"max_series": most},
    )  # fmt: skip
    source = open_source(config, Path("/"))
    ring = [
        Component(id=a, type="service", links=(Link(relation="calls", to=b),))
        for a, b in zip(NAMES, [*NAMES[1:], NAMES[0]], strict=True)
    ]
    resolver = Resolver(ring)
    incident = Incident(
        id="i", title=title, started_at=WINDOW.end, window=WINDOW, baselines=(BEFORE,), hints=hints
    )
    inventory = build_inventory([source], WINDOW, resolver)
    return ToolContext(incident=incident, sources=SourceSet([source]), inventory=inventory, resolver=resolver)


@pytest.mark.server
def test_an_overview_shows_every_component_and_the_named_ones_in_full(url: str) -> None:
    ctx = context(url, title=f"High latency of {NAMED}", most=150)
    assert ctx.inventory.holdings[0].count == len(NAMES) * 5
    result = metrics_scan(ctx)
    assert "out of 200 series" in result.message or "out of 200" in result.message
    assert NAMED in result.message
    assert "one value per service" in result.message
    moved = {
        (e.component, e.aspect) for e in result.evidence if e.kind == "metric.shift" and e.strength > 0.5
    }
    assert (CULPRIT, "latency") in moved
    assert (CULPRIT, "cpu") in moved
    assert metrics_rank(ctx).evidence[0].component == CULPRIT


@pytest.mark.server
def test_where_there_is_no_room_for_an_overview_the_server_says_who_moved_most(url: str) -> None:
    ctx = context(url, title="Something is wrong", most=60)
    result = metrics_scan(ctx)
    assert CULPRIT in result.message
    assert "deviated most from their earlier mean among 40 components" in result.message
    assert metrics_rank(ctx).evidence[0].component == CULPRIT


@pytest.mark.server
def test_a_server_that_is_small_enough_is_read_whole(url: str) -> None:
    ctx = context(url, title="Something is wrong", most=1000)
    assert "looked at" not in metrics_scan(ctx).message
    assert ctx.inventory.holdings[0].note == ""


@pytest.mark.server
def test_metadata_calls_are_bounded(url: str) -> None:
    ctx = context(url, title="Something is wrong", most=60)
    source = ctx.sources.of("metrics")[0]
    assert isinstance(source, LargeMetricSource)
    asked: list[str] = []
    api = source._api  # type: ignore[attr-defined]
    get = api.get
    api.get = lambda path, params: asked.append(path) or get(path, params)
    look(source, [WINDOW], WINDOW, near=[NAMED], resolve=ctx.resolver.resolve)
    metadata = [p for p in asked if p.endswith(("/series", "/values"))]
    assert len(metadata) <= 4
    assert len(asked) <= 20


class Recorded:
    """A large source without a server, which writes down what it is asked."""

    name, most, kind = "m", 4000, "metrics"

    def __init__(self, values: list[str], names: list[str]) -> None:
        self.values, self.listed = values, names
        self.full: list[str] = []
        self.shown: list[str] = []

    def size(self, _: Window) -> int:
        return self.most + 1

    def names(self, _: Window) -> list[str]:
        return self.listed

    def groups(self, _: Window) -> tuple[str, list[str]]:
        return "service", self.values

    def read_of(self, _: Window, *, components: list[str]) -> list[Series]:
        self.full += components
        return []

    def overview(self, _: Window, metric: str) -> list[Series]:
        self.shown.append(metric)
        return []


def looked(source: Recorded, *near: str) -> str:
    return look(source, [WINDOW], WINDOW, near=near, resolve=lambda raw: raw).note  # type: ignore[arg-type]


def test_what_the_alarm_names_is_read_in_full_before_its_neighbours() -> None:
    source = Recorded(NAMES, ["cpu_usage_a", "cpu_usage_b", "cpu_usage_c"])
    looked(source, NAMES[30], *NAMES[:20])
    assert source.full == [NAMES[30], *NAMES[:11]]


def test_an_overview_asks_for_a_bounded_number_of_metrics() -> None:
    source = Recorded(["only"], [f"cpu_usage_{n}" for n in range(900)])
    assert "out of more than 4000" in looked(source)
    assert len(source.shown) == 24


def test_a_large_source_without_components_is_not_read() -> None:
    source = Recorded([], ["cpu_usage"])
    assert "no values of label 'service'" in looked(source, "cart")
    assert not source.full
    assert not source.shown


def test_an_overviews_query_reads_its_series_again() -> None:
    source = open_source(SourceConfig(name="m", kind="metrics", type="prometheus", url="http://127.0.0.1:9"), Path("/"))  # fmt: skip
    assert isinstance(source, LargeMetricSource)
    one = {"metric": {"service": "a.b"}, "values": [[WINDOW.epoch[0], "1"]]}
    answers = {"query_range": {"result": [one]}, "values": ["a.b"]}
    source._api.get = lambda path, _: {"status": "success", "data": answers[path.rsplit("/")[-1]]}  # type: ignore[attr-defined]
    found = [series.query for series in source.overview(WINDOW, "up")]
    assert found == ['min by (service) (up{service=~"a\\\\.b"})']


def test_an_overview_takes_one_metric_of_each_aspect_before_a_second() -> None:
    names = ["a_cpu_usage", "b_cpu_usage", "request_latency_seconds", "errors_total", "errors_total_created",
             "request_duration_seconds_bucket", "anything_else"]  # fmt: skip
    assert overview_names(names, room=3) == ["errors_total", "request_latency_seconds", "a_cpu_usage"]
    assert overview_names(names, room=9)[3:] == ["b_cpu_usage"]
    assert overview_names(names, room=0) == []


def test_what_the_alarm_names_and_its_neighbours_come_first() -> None:
    ring = [
        Component(id=a, links=(Link(relation="calls", to=b),))
        for a, b in zip("abcdef", "bcdefa", strict=True)
    ]
    incident = Incident(
        id="i", title="b: slow", started_at=WINDOW.end, window=WINDOW, labels={"service": "nobody"}
    )
    assert near_alarm(incident, Resolver(ring).resolve, ring) == ["b", "a", "c", "f", "d"]


def test_aggregates_are_built_safely() -> None:
    assert by_label("up", "service", over_s=60) == "min by (service) (up)"
    assert (
        by_label("x_total", "job", match='{env="p"}', over_s=60)
        == 'sum by (job) (rate(x_total{env="p"}[60s]))'
    )
    assert by_label("x_sum", "job", over_s=30).count("rate(") == 2
    with pytest.raises(BadInput):
        by_label("x", "service) or (up", over_s=60)
    hostile = with_label("service", ['a"} or up{x="', "b.c|d"])
    assert hostile.count('"') - hostile.count('\\"') == 2
    query = moved_most("up", window_s=600, baseline_s=3600, step_s=60, top=4)
    assert query.startswith("topk(4, abs(avg_over_time((up)[600s:60s])")
    assert "offset 600s" in query
