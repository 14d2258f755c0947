"""The Prometheus reader against real servers on loopback, and against servers that misbehave."""

from __future__ import annotations

import http.server
import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from aitia.core.config import Auth, SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Incident, Window, from_epoch
from aitia.tools.meaning.metadata import UNTOLD, Metadata
from aitia.tools.metrics import metrics_scan
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import MetricSource, build_inventory, open_source
from aitia.tools.sources.metrics import prometheus

T0 = 1_767_225_600.0
STEP = 2.0
SPAN = Window(start=from_epoch(T0), end=from_epoch(T0 + 360))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], ready: str) -> Iterator[None]:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if httpx.get(ready, timeout=1, trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        else:
            pytest.fail(f"{command[0]} did not start")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def config(url: str, **fields: object) -> SourceConfig:
    return SourceConfig.model_validate(
        {"name": "m", "kind": "metrics", "type": "prometheus", "url": url, "step_s": STEP} | fields
    )


def opened(url: str, root: Path, **fields: object) -> MetricSource:
    source = open_source(config(url, **fields), root)
    assert isinstance(source, MetricSource)
    return source


def samples() -> list[tuple[str, str, dict[str, str], list[float]]]:
    rng = np.random.default_rng(4)
    n = 180
    found = []
    for component in ("orders", "payment", 'we"ird\\name'):
        bad = component == "payment"
        ok = np.cumsum(rng.poisson(30, n))
        failed = np.cumsum(rng.poisson(np.where(bad & (np.arange(n) >= 140), 9, 0.02)))
        pool = np.where(bad & (np.arange(n) >= 140), 20, 5) + rng.integers(0, 2, n)
        base = {"job": component, "instance": "127.0.0.1:1"}
        found += [
            (component, "http_requests_total", base | {"code": "200"}, ok.tolist()),
            (component, "http_requests_total", base | {"code": "500"}, failed.tolist()),
            (component, "db_pool_in_use", base, pool.tolist()),
            (component, "db_pool_max", base, [20.0] * n),
        ]
    return found


def exposition() -> str:
    lines = []
    for _, metric, labels, values in samples():
        pairs = ",".join(f"{k}={json.dumps(v)}" for k, v in labels.items())
        lines += [
            f"{metric}{{{pairs}}} {value} {int((T0 + STEP * i) * 1000)}" for i, value in enumerate(values)
        ]
    return "\n".join(lines) + "\n"


def table(root: Path) -> MetricSource:
    lines = ["time,component,metric,value,labels"]
    for component, metric, labels, values in samples():
        cells = ['"' + text.replace('"', '""') + '"' for text in (component, json.dumps(labels))]
        lines += [f"{T0 + STEP * i},{cells[0]},{metric},{value},{cells[1]}" for i, value in enumerate(values)]
    (root / "m.csv").write_text("\n".join(lines) + "\n")
    source = open_source(SourceConfig(name="m", kind="metrics", type="table", path="m.csv"), root)
    assert isinstance(source, MetricSource)
    return source


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = ["victoria-metrics", f"-storageDataPath={tmp_path_factory.mktemp('vm')}", f"-httpListenAddr=127.0.0.1:{port}",
               "-retentionPeriod=100y", "-search.latencyOffset=0s", "-memory.allowedBytes=128MB"]  # fmt: skip
    with running(command, f"{url}/health"):
        httpx.post(
            f"{url}/api/v1/import/prometheus", content=exposition(), trust_env=False
        ).raise_for_status()
        httpx.get(f"{url}/internal/force_flush", trust_env=False).raise_for_status()
        yield url


@pytest.mark.server
def test_a_table_and_a_server_give_the_same_series(victoria: str, tmp_path: Path) -> None:
    one, two = table(tmp_path).read(SPAN), opened(victoria, tmp_path).read(SPAN)
    assert [(s.component, s.metric, dict(s.labels)) for s in one] == [
        (s.component, s.metric, dict(s.labels)) for s in two
    ]
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.t, b.t)
        np.testing.assert_array_equal(a.v, b.v)


def context(source: MetricSource) -> ToolContext:
    resolver = Resolver()
    window = Window(start=from_epoch(T0 + 240), end=SPAN.end)
    baseline = Baseline(name="preceding", window=Window(start=SPAN.start, end=window.start))
    incident = Incident(
        id="i", title="errors", started_at=from_epoch(T0 + 290), window=window, baselines=(baseline,)
    )
    return ToolContext(
        incident=incident,
        sources=SourceSet([source]),
        inventory=build_inventory([source], window, resolver),
        resolver=resolver,
    )


@pytest.mark.server
def test_both_give_the_same_facts_and_a_server_query_reads_its_series_again(
    victoria: str, tmp_path: Path
) -> None:
    one, two = metrics_scan(context(table(tmp_path))), metrics_scan(context(opened(victoria, tmp_path)))
    assert [e.model_dump(exclude={"source"}) for e in one.evidence] == [
        e.model_dump(exclude={"source"}) for e in two.evidence
    ]
    assert {(e.component, e.kind, e.aspect) for e in two.evidence} >= {
        ("payment", "metric.shift", "errors"), ("payment", "metric.limit", "connections"), ("orders", "metric.quiet", "errors")}  # fmt: skip
    for fact in two.evidence:
        answer = httpx.get(
            f"{victoria}/api/v1/query", params={"query": fact.source.query, "time": T0 + 350}, trust_env=False
        ).json()
        assert len(answer["data"]["result"]) == 1, fact.source.query


@pytest.mark.server
def test_describe_filters_and_limits(victoria: str, tmp_path: Path) -> None:
    holding = opened(victoria, tmp_path).describe(SPAN)
    assert holding.components == ("orders", "payment", 'we"ird\\name')
    assert holding.items == ("db_pool_in_use", "db_pool_max", "http_requests_total")
    assert holding.count == 12
    few = opened(victoria, tmp_path, options={"max_series": 3})
    assert "narrow `match`" in few.describe(SPAN).note
    assert len(few.read(SPAN)) == 3
    only = opened(victoria, tmp_path, match='{job="orders"}', ignore=["db_*"]).read(SPAN)
    assert {(s.component, s.metric) for s in only} == {("orders", "http_requests_total")}
    odd = opened(victoria, tmp_path).read(SPAN, component='we"ird\\name', metric="db_pool_max")
    assert [(s.component, s.metric) for s in odd] == [('we"ird\\name', "db_pool_max")]
    coarse = opened(victoria, tmp_path, options={"max_points": 10})
    assert "steps of 36 s" in coarse.describe(SPAN).note
    assert max(s.t.size for s in coarse.read(SPAN)) <= 10
    assert opened(victoria, tmp_path).describe(SPAN.shift(1e7)).note == "no series in the window"


@pytest.mark.server
def test_bad_promql_is_an_error_that_quotes_the_server(victoria: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="`match`"):
        opened(victoria, tmp_path, match='{job="').read(SPAN)


@pytest.mark.server
def test_a_real_prometheus_is_read(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "p.yml").write_text(
        f"scrape_configs:\n- job_name: self\n  scrape_interval: 1s\n  static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    )
    command = [
        "prometheus",
        f"--config.file={tmp_path / 'p.yml'}",
        f"--storage.tsdb.path={tmp_path / 'd'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, f"{url}/-/ready"):
        source = opened(url, tmp_path, step_s=1.0)
        deadline = time.monotonic() + 30
        found = []
        while len(found) < 3 and time.monotonic() < deadline:
            time.sleep(0.5)
            window = Window(start=from_epoch(time.time() - 60), end=from_epoch(time.time() + 1))
            up = source.read(window, metric="up")
            found = up[0].v.tolist() if up else []
        assert found[:3] == [1.0, 1.0, 1.0]
        scraped = opened(url, tmp_path, step_s=1.0)
        told = {
            s.metric: s.metadata for s in scraped.read(window) if s.metric.startswith(("prometheus_", "up"))
        }
        assert told["prometheus_http_request_duration_seconds_bucket"].kind == "counter"
        assert told["prometheus_ready"].kind == "gauge"
        assert "ready" in told["prometheus_ready"].help
        assert told["up"] == UNTOLD
        assert "self" in source.describe(window).components
        with pytest.raises(SourceError, match="parse error"):
            opened(url, tmp_path, match="{job=").read(window)


class Rude(http.server.BaseHTTPRequestHandler):
    """Answers by the first part of its path."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        if kind == "slow":
            time.sleep(1.5)
        status = {"denied": 401, "moved": 302, "broken": 500}.get(kind, 200)
        good = {
            "status": "success",
            "data": [
                {
                    "__name__": "auth",
                    "job": self.headers.get("Authorization", ""),
                    "org": self.headers.get("X-Scope-OrgID", ""),
                }
            ],
        }
        body = {
            "html": b"<html>hello</html>",
            "list": b"[]",
            "broken": b'{"error": "out of\\u0007 memory"}',
        }.get(kind, json.dumps(good).encode())
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def rude() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rude)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("denied", "`auth`"),
        ("moved", "redirects"),
        ("html", "without JSON"),
        ("list", "no reason given"),
        ("broken", "out of  memory"),
        ("slow", "timeout_s"),
    ],
)
def test_rude_servers_are_source_errors(rude: str, tmp_path: Path, kind: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        opened(f"{rude}/{kind}", tmp_path, timeout_s=0.5).read(SPAN)


class Telling(http.server.BaseHTTPRequestHandler):
    """One histogram's series, and what the first part of the path says of metadata."""

    def do_GET(self) -> None:
        how, _, what = self.path.split("?")[0].strip("/").partition("/api/v1/")
        labels = {"__name__": "took_sum", "job": "web"}
        data: dict[str, object] = {
            "series": [labels],
            "query_range": {"result": [{"metric": labels, "values": [[T0, "1"], [T0 + STEP, "2"]]}]},
            "metadata": {"took": [{"type": "histogram", "help": "How long it took.", "unit": "ms"}]},
        }
        if what == "metadata" and how == "slow":
            time.sleep(1.0)
        body = json.dumps({"status": "success", "data": data.get(what, {})}).encode()
        self.send_response(404 if what == "metadata" and how == "old" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("new", Metadata(kind="counter", unit="ms", help="How long it took.")),
        ("old", UNTOLD),  # a server that knows no metadata
        ("slow", UNTOLD),
    ],
)
def test_what_a_server_tells_of_a_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, told: Metadata
) -> None:
    monkeypatch.setattr(prometheus, "METADATA_S", 0.3)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Telling)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        source = opened(f"http://127.0.0.1:{server.server_port}/{how}", tmp_path)
        for _ in range(2):  # one that is slow to tell metadata is still asked for its series
            (found,) = source.read(SPAN)
            assert (found.metric, found.v.tolist(), found.metadata) == ("took_sum", [1.0, 2.0], told)
    finally:
        server.shutdown()
        server.server_close()


def test_a_dead_server_is_a_source_error_and_an_inventory_note(tmp_path: Path) -> None:
    source = opened(f"http://127.0.0.1:{free_port()}", tmp_path)
    with pytest.raises(SourceError, match="cannot be reached"):
        source.read(SPAN)
    inventory = build_inventory([source], SPAN, Resolver())
    assert "cannot be reached" in inventory.holdings[0].note
    assert not inventory.has("metrics")


def test_credentials_come_from_the_environment(
    rude: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t0p")
    monkeypatch.setenv("PASS", "pw")
    bearer = Auth(bearer_env="TOKEN", headers={"X-Scope-OrgID": "7"})
    assert opened(f"{rude}/ok", tmp_path, auth=bearer).describe(SPAN).components == ("Bearer t0p",)
    assert opened(f"{rude}/ok", tmp_path, auth=bearer, component_label="org").describe(SPAN).components == (
        "7",
    )
    basic = Auth(username="me", password_env="PASS")
    assert opened(f"{rude}/ok", tmp_path, auth=basic).describe(SPAN).components == ("Basic bWU6cHc=",)
    with pytest.raises(BadInput, match="MISSING"):
        opened(f"{rude}/ok", tmp_path, auth=Auth(bearer_env="MISSING")).describe(SPAN)
    with pytest.raises(BadInput, match="PEM"):
        opened(f"{rude}/ok", tmp_path, auth=Auth(ca="none.pem")).describe(SPAN)


def stubbed(root: Path, answers: dict[str, object], asked: list[str], **fields: object) -> MetricSource:
    """A source whose server gives fixed data by the last part of the path; an error is an answer of 422."""
    source = opened("http://127.0.0.1:9", root, **fields)

    def get(path: str, _: object) -> object:
        asked.append(path.rsplit("/", 1)[-1])
        data = answers[asked[-1]]
        if isinstance(data, SourceError):
            raise data
        return {"status": "success", "data": data}

    source._api.get = get  # type: ignore[attr-defined]
    return source


def test_a_server_that_refuses_to_count_its_series_is_large(tmp_path: Path) -> None:
    refused = SourceError("exceeds 300000 matching series.")
    asked: list[str] = []
    source = stubbed(tmp_path, {"query": refused, "values": ["cart"]}, asked)
    holding = source.describe(SPAN)
    assert "exceeds 300000 matching series" in holding.note
    assert "more than the 4000" in holding.note
    assert holding.components == ("cart",)
    source.describe(SPAN)
    assert asked.count("query") == 1
    assert "series" not in asked
    assert source.extent(SPAN.end) is None  # type: ignore[attr-defined]


def test_a_list_that_the_server_cut_is_told_though_some_of_it_is_ignored(tmp_path: Path) -> None:
    listed = [{"__name__": name, "job": "a"} for name in ("up", "go_a", "go_b")]
    count = {"result": [{"metric": {}, "value": [0, "2"]}]}
    answers: dict[str, object] = {"query": count, "series": listed}
    source = stubbed(tmp_path, answers, [], ignore=["go_*"], options={"max_series": 2})
    assert "only the first 1 series are read" in source.describe(SPAN).note
    answers["series"] = listed[:2]
    assert source.describe(SPAN).note == ""
