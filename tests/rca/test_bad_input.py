"""Telemetry that is late, partial, contradictory or mistimed: named in the report, never a crash, never a sure wrong cause."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Component, Holding, Link, Report, Window, from_epoch
from aitia.render.sections import missing
from aitia.tools.sources import build_inventory, open_source
from aitia.tools.sources.clocks import doubts

from . import site

SHOP = ("payment", "orders", "gateway")
TOPOLOGY = (
    Component(id="payment", type="service"), Component(id="orders", type="service"),
    Component(id="gateway", type="service", links=(Link(relation="calls", to="payment"), Link(relation="calls", to="orders"))),
)  # fmt: skip
LOGS = site.source("logs", "log_files", "logs")
METRICS = site.source("metrics", "table", "metrics.csv")
TRACES = site.source("traces", "otlp", "spans.jsonl")


def rows(names: Sequence[str] = SHOP) -> list[tuple[str, str, site.Value]]:
    """Ratio of errors, processor load and latency of each service; payment fails."""
    told: list[tuple[str, str, site.Value]] = []
    for name in names:
        bad = name == "payment"
        told += [
            (name, "http_requests_failed_ratio", site.failing(0.002, 0.4) if bad else site.calm(0.002)),
            (name, "cpu_usage", site.calm(0.3)),
            (name, "response_time_seconds", site.failing(0.1, 0.8) if bad else site.calm(0.1)),
        ]
    return told


def logs(folder: Path, shift_s: float = 0.0) -> None:
    for name in SHOP:
        onset = site.ONSET if name == "payment" else site.END
        site.log(folder / "logs" / f"{name}.log", component_line=f"{name} served", error="unhandled NullPointerException in Charge.run",
                 onset=onset, shift_s=shift_s)  # fmt: skip


def told(report: Report) -> str:
    """What the report lists as not seen or doubtful."""
    return "\n".join(f"{item.lead}: {item.text}" for item in missing(report))


def is_not_surely_wrong(report: Report) -> bool:
    return report.verdict != "cause" or report.component == "payment" or report.probability < 0.8


def write(
    folder: Path, *, metrics_s: float = 0.0, logs_s: float = 0.0, spans_s: float = 0.0
) -> list[SourceConfig]:
    site.table(folder / "metrics.csv", rows(), shift_s=metrics_s)
    logs(folder, logs_s)
    site.spans(folder / "spans.jsonl", "payment", shift_s=spans_s)
    return [METRICS, LOGS, TRACES]


def test_sources_that_agree_are_not_doubted(tmp_path: Path) -> None:
    report = site.report(tmp_path, write(tmp_path), TOPOLOGY)
    assert (report.verdict, report.component) == ("cause", "payment")
    assert "doubtful" not in told(report)
    assert [h.doubt_s for h in report.inventory.holdings] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("which", "hours"),
    [
        ("metrics", 2.0),
        ("logs", -2.0),
        pytest.param("metrics", -1.0, marks=pytest.mark.long),
        pytest.param("logs", 5.5, marks=pytest.mark.long),
        pytest.param("traces", 1.0, marks=pytest.mark.long),
    ],
)
def test_a_time_zone_that_lies_is_found_and_said(tmp_path: Path, which: str, hours: float) -> None:
    shifts = {"metrics": "metrics_s", "logs": "logs_s", "traces": "spans_s"}
    report = site.report(tmp_path, write(tmp_path, **{shifts[which]: hours * 3600}), TOPOLOGY)
    held = {h.source: h for h in report.inventory.holdings}
    assert held[which].doubt_s == abs(hours) * 3600
    way = "ahead of" if hours > 0 else "behind"
    assert f"{which}: " in told(report)
    assert f"{abs(hours):g} h {way} the other sources" in told(report)
    assert "time zone" in told(report)
    assert [h.source for h in report.inventory.holdings if h.doubt_s] == [which]
    assert is_not_surely_wrong(report)
    assert all(e.strength <= 0.5 for e in report.evidence if e.source.source == which)


def earlier(before: float, after: float, hours: float) -> site.Value:
    """An incident that was over hours ago, at the same minutes of the hour."""
    begin, end = site.ONSET.timestamp() - hours * 3600, site.END.timestamp() - hours * 3600 + 600

    def made(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.where((t >= begin) & (t < end), after, before) + rng.normal(0, 0.02 * after, t.size)

    return made


@pytest.mark.parametrize("hours", [1.0, pytest.param(1.5, marks=pytest.mark.long)])
def test_an_old_incident_that_a_lying_zone_shows_is_not_the_cause(tmp_path: Path, hours: float) -> None:
    sources = write(tmp_path)
    moved = {
        "http_requests_failed_ratio": earlier(0.002, 0.4, hours),
        "response_time_seconds": earlier(0.1, 0.8, hours),
    }
    told_rows = [
        (name, metric, moved.get(metric, v) if name == "orders" else v) for name, metric, v in rows()
    ]
    site.table(tmp_path / "metrics.csv", told_rows, shift_s=hours * 3600)
    report = site.report(tmp_path, sources, TOPOLOGY)
    assert [e for e in report.evidence if e.component == "orders" and e.direction == "up"]
    assert "time zone" in told(report)
    assert report.component in ("payment", "")
    alone = site.report(tmp_path, sources[:2], TOPOLOGY)
    assert is_not_surely_wrong(alone)


@pytest.mark.parametrize("minutes", [4.0, pytest.param(-4.0, marks=pytest.mark.long)])
def test_a_clock_that_is_minutes_off_makes_onsets_uncertain(tmp_path: Path, minutes: float) -> None:
    report = site.report(tmp_path, write(tmp_path, logs_s=minutes * 60), TOPOLOGY)
    assert "doubtful times" in told(report)
    assert "a clock that is wrong" in told(report)
    onsets = [e.onset_error_s for e in report.evidence if e.source.source == "logs" and e.onset]
    assert onsets
    assert all(error >= 200 for error in onsets)
    assert (report.verdict, report.component) == ("cause", "payment")


SPAN = Window(start=site.T0, end=site.END)
moments = st.floats(-2 * 86400, 2 * 86400)


@example({"a": (-7600.0, -400.0), "b": (-7500.0, -300.0), "c": (-6800.0, 400.0)})  # each far from the others
@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from("abcde"), st.tuples(moments, moments), max_size=5))
def test_clock_doubts_never_fail_and_never_fall_on_all(offsets: dict[str, tuple[float, float]]) -> None:
    end = site.END.timestamp()
    extents = {n: (end + min(pair), end + max(pair)) for n, pair in offsets.items()}
    found = doubts(extents, SPAN)
    assert set(found) < set(extents) or not found
    assert doubts(dict.fromkeys(offsets, (end - 1e4, end)), SPAN) == {}


def test_a_longer_history_or_a_late_source_is_no_lie() -> None:
    end = site.END.timestamp()
    usual = (end - 12_600, end - 10)
    for other in (
        (end - 86_400 * 30, end - 8),
        (end - 3600, end - 9),
        (end - 12_600, end - 2000),
        (end - 90_000, end - 4500),
        (end - 12_600, end - 3610),  # whole half-hours, but it begins with the others
    ):
        assert doubts({"a": usual, "b": usual, "c": other}, SPAN) == {}
    assert (
        doubts({"a": (usual[0] + 7200, usual[1] + 7200)}, SPAN) == {}
    )  # alone it has nobody to disagree with


class Late(http.server.BaseHTTPRequestHandler):
    """A Prometheus that answers slowly, or with a clock of its own."""

    delay_s = 0.0
    ahead_s = 0.0

    def do_GET(self) -> None:
        time.sleep(self.delay_s)
        one = {"result": [{"metric": {}, "value": [0, "3"]}]}
        empty = {"result": []}
        data = (
            [{"__name__": "up", "job": "payment"}]
            if "series" in self.path
            else empty
            if "range" in self.path
            else one
        )
        body = json.dumps({"status": "success", "data": data}).encode()
        self.send_response_only(200)
        self.send_header(
            "Date", format_datetime(datetime.now(tz=UTC) + timedelta(seconds=self.ahead_s), usegmt=True)
        )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except BrokenPipeError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def late(**fields: float) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Server", (Late,), fields))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_dead_and_slow_servers_are_named_and_the_rest_decides(tmp_path: Path) -> None:
    sources = write(tmp_path)
    with late(delay_s=2.0) as url:
        slow = SourceConfig(name="slow", kind="metrics", type="prometheus", url=url, timeout_s=0.3)
        dead = SourceConfig(name="dead", kind="metrics", type="prometheus", url="http://127.0.0.1:9")
        began = time.monotonic()
        report = site.report(tmp_path, [*sources, slow, dead], TOPOLOGY)
    assert time.monotonic() - began < 30
    assert "slow: Raise `timeout_s`" in told(report)
    assert "dead: http://127.0.0.1:9 cannot be reached" in told(report)
    assert (report.verdict, report.component) == ("cause", "payment")


def test_a_server_whose_clock_is_ahead_is_doubted() -> None:
    with late(ahead_s=240.0) as url:
        source = open_source(SourceConfig(name="p", kind="metrics", type="prometheus", url=url), Path("/"))
        holding = build_inventory([source], SPAN, Resolver()).holdings[0]
    assert "ahead of this machine's" in holding.note
    assert holding.doubt_s == pytest.approx(240, abs=10)
    with late() as url:
        source = open_source(SourceConfig(name="p", kind="metrics", type="prometheus", url=url), Path("/"))
        assert source.describe(SPAN).note == ""


@pytest.mark.parametrize("hours", [2.0, -2.0])
def test_log_files_in_local_time_beside_a_server_are_doubted(tmp_path: Path, hours: float) -> None:
    logs(tmp_path, hours * 3600)
    with late() as url:
        server = SourceConfig(name="prom", kind="metrics", type="prometheus", url=url)
        opened = [open_source(c, tmp_path) for c in (server, LOGS)]
        holdings = build_inventory(opened, Window(start=site.BEGIN, end=site.END), Resolver()).holdings
    assert [h.doubt_s for h in holdings] == [0.0, 7200.0]
    assert "a time zone that is not stated" in holdings[1].note


def test_a_silent_server_is_waited_for_once() -> None:
    with late(delay_s=1.0) as url:
        source = open_source(
            SourceConfig(name="p", kind="metrics", type="prometheus", url=url, timeout_s=0.4), Path("/")
        )
        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(SourceError, match="timeout_s"):
                source.describe(SPAN)
    assert time.monotonic() - began < 2.5


def test_rows_outside_of_the_window_are_placed(tmp_path: Path) -> None:
    site.table(tmp_path / "metrics.csv", rows(), shift_s=-3 * 3600)
    note = open_source(METRICS, tmp_path).describe(SPAN).note
    assert "they run from 2026-11-25 05:00:00 UTC to 2026-11-25 07:34:45 UTC" in note
    assert "3 h from the window's end" in note
    report = site.report(tmp_path, [METRICS], TOPOLOGY)
    assert "3 h from the window's end" in told(report)
    assert report.verdict == "unknown"


def test_half_of_the_series_missing_is_named(tmp_path: Path) -> None:
    sources = write(tmp_path)
    kept = []
    for line in (tmp_path / "metrics.csv").read_text().splitlines():
        gone = line.split(",")[0] >= f"{site.T0.timestamp():.3f}" and (
            ",orders," in line or "cpu_usage" in line
        )
        kept += [] if gone and not line.startswith("time") else [line]
    (tmp_path / "metrics.csv").write_text("\n".join(kept) + "\n")
    report = site.report(tmp_path, sources, TOPOLOGY)
    assert "5 of 9 series of metrics have no sample in the window" in told(report)
    assert is_not_surely_wrong(report)
    assert report.component in ("payment", "")


def test_missing_samples_are_named(tmp_path: Path) -> None:
    sources = write(tmp_path)
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    inside = [n for n, line in enumerate(lines) if n and float(line.split(",")[0]) >= site.T0.timestamp()]
    dropped = {n for n in inside if n % 5 < 3}
    (tmp_path / "metrics.csv").write_text(
        "\n".join(line for n, line in enumerate(lines) if n not in dropped) + "\n"
    )
    report = site.report(tmp_path, sources, TOPOLOGY)
    assert "% of the samples expected from the step of metrics are missing" in told(report)
    assert report.component == "payment"


def test_series_too_sparse_to_compare_are_no_calm(tmp_path: Path) -> None:
    site.table(tmp_path / "metrics.csv", rows(), step_s=1_200.0)  # one sample in the window, six before it
    for name in SHOP:
        site.log(tmp_path / "logs" / f"{name}.log", component_line=f"{name} served", error="", onset=site.END)
    report = site.report(tmp_path, [METRICS, LOGS], TOPOLOGY)
    assert report.verdict == "unknown"
    healthy = next(s for s in report.suspects if s.fault == "healthy")
    assert any(c.why == "none of the metrics could be compared" for c in healthy.ledger)
    assert site.report(tmp_path, [LOGS], TOPOLOGY).verdict == "unknown"  # nor is it said by calm logs alone


def test_a_window_of_three_points_is_named(tmp_path: Path) -> None:
    site.table(tmp_path / "metrics.csv", rows(), step_s=600.0, begin=site.T0 - timedelta(days=2))
    before = Baseline(name="preceding", window=Window(start=site.T0 - timedelta(days=2), end=site.T0))
    report = site.report(tmp_path, [METRICS], TOPOLOGY, baselines=(before,))
    assert "samples in the window: shorter events are not" in told(report)
    assert is_not_surely_wrong(report)
    short = Window(start=site.END - timedelta(minutes=9), end=site.END)
    report = site.report(tmp_path, [METRICS], TOPOLOGY, baselines=(before,), window=short)
    assert report.verdict != "healthy" or report.probability < 0.8
    assert "no series has at least" in told(report)


@pytest.mark.parametrize("resets", [pytest.param(1, marks=pytest.mark.long), 6])
def test_counter_resets_are_no_fault(tmp_path: Path, resets: int) -> None:
    told_rows = [
        (n, m, site.counter(r, resets=resets))
        for n in SHOP
        for m, r in (("http_requests_total", 20.0), ("cpu_seconds_total", 0.4))
    ]
    site.table(tmp_path / "metrics.csv", told_rows)
    report = site.report(tmp_path, [METRICS], TOPOLOGY)
    assert report.verdict != "cause"
    assert not [e for e in report.evidence if e.kind == "metric.shift" and e.strength >= 0.5]
    told_rows[1] = ("payment", "errors_total", site.counter(0.05, after=8.0, resets=resets))
    site.table(tmp_path / "metrics.csv", told_rows)
    report = site.report(tmp_path, [METRICS], TOPOLOGY)
    assert {e.component for e in report.evidence if e.kind == "metric.shift" and e.strength >= 0.5} == {
        "payment"
    }
    assert is_not_surely_wrong(report)


def test_contradicting_duplicates_are_named(tmp_path: Path) -> None:
    sources = write(tmp_path)
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    doubled = [f"{line.rsplit(',', 2)[0]},0.9," for line in lines[1:200]]
    (tmp_path / "metrics.csv").write_text("\n".join([lines[0], *doubled, *lines[1:]]) + "\n")
    report = site.report(tmp_path, sources, TOPOLOGY)
    assert "199 samples occur twice with different values" in told(report)
    assert report.component == "payment"


def test_labels_that_name_a_key_twice_are_read(tmp_path: Path) -> None:
    site.table(tmp_path / "metrics.csv", rows(), labels='{"code": "1", "code": "2"}')
    report = site.report(tmp_path, [METRICS], TOPOLOGY)
    assert suspected(report) == "payment"


@pytest.mark.parametrize(
    "relation", ["calls", *(pytest.param(r, marks=pytest.mark.long) for r in ("part_of", "runs_on"))]
)
def test_a_cyclic_topology_ends(tmp_path: Path, relation: str) -> None:
    ring = ("payment", "orders", "gateway", "payment")
    cyclic = [Component(id=a, type="service", links=(Link(relation=relation, to=b), Link(relation=relation, to=a)))
              for a, b in pairwise(ring)]  # fmt: skip
    report = site.report(tmp_path, write(tmp_path)[:2], cyclic)
    assert is_not_surely_wrong(report)
    assert report.evidence


def suspected(report: Report) -> str:
    """The likeliest component, whether it is named as the cause or not."""
    return next(s.component for s in report.suspects if s.component)


JUNK: dict[str, Callable[[Path], object]] = {
    "empty": lambda p: p.write_text(""),
    "binary": lambda p: p.write_bytes(bytes(range(256)) * 50),
    "has only a header. Give a table with rows.": lambda p: p.write_text(
        "time,component,metric,value,labels\n"
    ),
    "all nan": lambda p: p.write_text("time,component,metric,value,labels\n" + "1767225600,a,b,NaN,\n" * 40),
    "other columns": lambda p: p.write_text("x,y\n1,2\n"),
    "no times": lambda p: p.write_text("time,component,metric,value,labels\nsoon,a,b,1,\n"),
    "far years": lambda p: p.write_text(
        "time,component,metric,value,labels\n" + "".join(f"{9e9 + i},a,b,1,\n" for i in range(30))
    ),
}


def test_junk_is_named_and_the_rest_decides(tmp_path: Path) -> None:
    sources = write(tmp_path)[:2]
    for kind, make in JUNK.items():
        name = f"junk-{kind.replace(' ', '-')}"
        make(tmp_path / f"{name}.csv")
        sources.append(site.source("metrics", "table", f"{name}.csv", name=name))
    report = site.report(tmp_path, sources, TOPOLOGY)
    assert [s.name for s in sources[2:] if f"{s.name}: " not in told(report)] == []
    assert (report.verdict, suspected(report)) == ("unknown", "payment")  # its callers stayed calm


class Breaking:
    """A source that a hostile record breaks."""

    name, kind = "odd", "topology"

    def __init__(self, where: str) -> None:
        self._where = where

    def components(self) -> list[Component]:
        if self._where == "components":
            raise OverflowError("int too large")
        return []

    def describe(self, window: Window) -> Holding:
        if self._where == "describe":
            raise OverflowError("int too large")
        return Holding(source=self.name, kind="topology")


@pytest.mark.parametrize("where", ["components", "describe"])
def test_a_source_that_breaks_is_a_note(where: str) -> None:
    inventory = build_inventory([Breaking(where)], Window(start=site.BEGIN, end=site.END), Resolver())
    assert "OverflowError: int too large" in inventory.holdings[0].note
    assert "Source 'odd'" in inventory.holdings[0].note


def test_the_extent_of_each_kind_of_file(tmp_path: Path) -> None:
    begin, end = site.BEGIN.timestamp(), site.END.timestamp()
    for config in write(tmp_path):
        first, last = open_source(config, tmp_path).extent(site.END)
        assert first == pytest.approx(begin, abs=20)
        assert last == pytest.approx(end, abs=20)
    assert from_epoch(end) == site.END
