"""Logs over HTTP: a Loki that enforces its limits, canned VictoriaLogs answers, servers that misbehave."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Incident, Window, from_epoch
from aitia.doctor import source_check
from aitia.tools.logs import logs_diff, logs_patterns
from aitia.tools.registry import Registry, SourceSet, ToolContext
from aitia.tools.sources import RemoteLogSource, build_inventory, open_source
from aitia.tools.sources.logs.loki import LokiSource
from aitia.tools.sources.logs.remote_lines import Entry, LineWriter, hash_of, time_of
from aitia.tools.sources.logs.remote_plan import cuts, pieces_of, reversed_bits
from aitia.tools.sources.logs.victorialogs import VictoriaLogsSource, moment, stamp
from tests.sources.loki_api import SECOND, Loki, Refused, serving

T0 = 1_772_614_800
BEFORE = Window(start=from_epoch(T0), end=from_epoch(T0 + 3600))
WINDOW = Window(start=BEFORE.end, end=from_epoch(T0 + 4200))
SPANS = (BEFORE, WINDOW)
BAD = "charge 17 failed: connection pool exhausted (20 of 20 in use)"


def config(url: str, **fields: object) -> SourceConfig:
    return SourceConfig.model_validate(
        {"name": "far", "kind": "logs", "type": "loki", "url": url, "timeout_s": 5} | fields
    )


def opened(url: str, **fields: object) -> LokiSource:
    source = open_source(config(url, **fields), Path("/"))
    assert isinstance(source, LokiSource)
    assert isinstance(source, RemoteLogSource)
    return source


def filled(*components: str, every_s: float = 2.0, header: str = "{t} INFO [app] ") -> Loki:
    """Lines of several components over an hour and ten minutes; `payment` has errors from 10:05 on."""
    loki = Loki()
    for n, name in enumerate(components or ("web", "payment")):
        at, i = float(n) / 7, 0
        while at < 4200:
            ns = T0 * SECOND + round(at * SECOND)
            bad = name == "payment" and at > 3900 and i % 3 == 0
            head = header.format(t=from_epoch(ns / 1e9).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3])
            text = head.replace("INFO", "ERROR") + BAD if bad else f"{head}order {i} stored in {i % 9} ms"
            loki.push({"service": name, "pod": f"{name}-{i % 2}"}, ns, text)
            at, i = at + every_s, i + 1
    return loki


def context(source: RemoteLogSource) -> ToolContext:
    resolver = Resolver()
    incident = Incident(
        id="i", title="errors", started_at=from_epoch(T0 + 4000), window=WINDOW,
        baselines=(Baseline(name="preceding", window=BEFORE),),
    )  # fmt: skip
    inventory = build_inventory([source], WINDOW, resolver)
    return ToolContext(incident=incident, sources=SourceSet([source]), inventory=inventory, resolver=resolver)


def spooled(source: RemoteLogSource, component: str) -> list[dict[str, str]]:
    (stream,) = source.fetch(SPANS, [component])
    return [record for path in stream.paths for record in records(path)]


def records(path: Path) -> list[dict[str, str]]:
    """The records of a spool file: JSON, or time, level and message; not the lines that belong to the one above."""
    out = []
    for line in path.read_text().split("\n"):
        if line.startswith("{"):
            out.append(json.loads(line))
        elif line[:2] == "20":
            out.append(dict(zip(("time", "level", "message"), line.split(" ", 2), strict=True)))
    return out


@pytest.fixture
def shop() -> Iterator[tuple[Loki, str]]:
    loki = filled()
    with serving(loki) as url:
        yield loki, url


def test_a_diagnosis_reads_loki_as_it_reads_files(shop: tuple[Loki, str]) -> None:
    loki, url = shop
    source = opened(url)
    ctx = context(source)
    assert source.describe(WINDOW).components == ("payment", "web")
    assert [h.note for h in ctx.inventory.holdings] == [""]
    found = logs_diff(ctx)
    (fact,) = [e for e in found.evidence if e.kind == "log.new"]
    assert fact.component == "payment"
    assert "connection pool exhausted" in fact.statement
    assert fact.values["count_window"] == 50
    assert fact.values["level"] == "error"
    assert fact.source.path == ""
    assert fact.source.query.startswith('{service="payment"} at 2026-03-04T10:05:')
    assert any(
        line.endswith(BAD) and fact.source.query.endswith(stamp(ns)) for _, ns, line, _ in loki.entries
    )
    assert fact.source.sha256 == hashlib.sha256(BAD.encode()).hexdigest()
    asked = len(loki.asked)
    assert {t["template"] for t in logs_patterns(ctx, component="payment").data["templates"]} >= {
        fact.values["template"]
    }
    assert len(loki.asked) == asked  # what one tool has read the next one does not ask for again


def test_the_same_lines_give_the_same_templates_from_files_and_from_a_server(
    shop: tuple[Loki, str], tmp_path: Path
) -> None:
    loki, url = shop
    for name in ("web", "payment"):
        lines = sorted((ns, line) for labels, ns, line, _ in loki.entries if labels["service"] == name)
        (tmp_path / f"{name}.log").write_text("".join(f"{line}\n" for _, line in lines))
    files = open_source(
        SourceConfig(name="near", kind="logs", type="log_files", path=str(tmp_path)), tmp_path
    )
    results = [logs_diff(context(source)) for source in (files, opened(url))]  # type: ignore[arg-type]
    near, far = (
        [
            (e.component, e.kind, {n: v for n, v in e.values.items() if n != "line"}, e.onset)
            for e in r.evidence
        ]
        for r in results
    )
    assert near
    assert near == far


@pytest.mark.parametrize("page", [7, 100, 5000])
def test_no_entry_is_lost_or_doubled_at_a_page_border(page: int) -> None:
    loki = Loki()
    for i in range(300):  # three entries of each nanosecond: pages end within them
        loki.push({"service": "a", "pod": f"p{i % 2}"}, (T0 + 10) * SECOND + i // 3, f"line {i}")
    with serving(loki) as url:
        got = spooled(opened(url, options={"page": page}), "a")
    assert sorted(int(e["message"].split()[1]) for e in got) == list(range(300))
    assert got[3]["time"] == "2026-03-04T09:00:10.000000001Z"


def test_a_nanosecond_with_more_entries_than_a_page_is_told_as_a_share() -> None:
    loki = Loki()
    for i in range(250):
        loki.push({"service": "a"}, (T0 + 10) * SECOND, f"line {i}")
    loki.push({"service": "a"}, (T0 + 11) * SECOND, "last")
    with serving(loki) as url:
        (stream,) = opened(url, options={"page": 100}).fetch(SPANS)
    assert 0.3 < stream.shares[BEFORE] < 0.5
    assert stream.paths[0].read_text().count("\n") == 101


def test_the_end_of_a_span_is_exclusive_to_the_nanosecond() -> None:
    loki = Loki()
    edge = round(WINDOW.end.timestamp()) * SECOND
    for ns, line in ((edge - 1, "in"), (edge, "out"), (T0 * SECOND - 1, "early"), (T0 * SECOND, "first")):
        loki.push({"service": "a"}, ns, line)
    with serving(loki) as url:
        assert [e["message"] for e in spooled(opened(url), "a")] == ["first", "in"]


def test_a_smaller_page_is_taken_where_the_server_allows_no_larger_one() -> None:
    loki = filled("a")
    loki.max_entries = 700
    with serving(loki) as url:
        assert len(spooled(opened(url), "a")) == 2100


def test_what_does_not_fit_is_sampled_evenly_and_its_share_is_known() -> None:
    loki = filled("a", every_s=0.25)
    with serving(loki) as url:
        (stream,) = opened(url).fetch(SPANS, budget=1_000_000)
        lines = records(stream.paths[0])
    before = [e for e in lines if e["time"] < "2026-03-04T10"]
    assert len(before) / 14400 == pytest.approx(stream.shares[BEFORE], abs=0.001)
    assert 0.2 < stream.shares[BEFORE] < 0.6
    minutes = [sum(e["time"][14:16] == f"{m:02d}" for e in before) for m in range(60)]
    tens = [sum(minutes[i : i + 10]) for i in range(0, 60, 10)]
    assert min(tens) > 0.4 * max(tens)
    assert [e["time"] for e in lines] == sorted(e["time"] for e in lines)


def test_rates_stay_right_when_lines_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.tools.logs.mine.BUDGET", 1_000_000)
    monkeypatch.setattr("aitia.tools.logs.heard.BUDGET", 1_000_000)
    loki = filled("payment", every_s=0.25)
    with serving(loki) as url:
        found = logs_diff(context(opened(url)))
    (fact,) = [e for e in found.evidence if e.kind == "log.new"]
    assert "only sampled, because their logs are large" in found.message
    truth = sum(BAD in line for _, _, line, _ in loki.entries) / 10  # a minute
    assert fact.values["rate_window_per_min"] == pytest.approx(truth, rel=0.25)


def test_when_time_is_over_what_was_read_is_kept(shop: tuple[Loki, str]) -> None:
    loki, url = shop

    def slow(path: str, given: dict[str, str]) -> None:
        if path.endswith("query_range") and "limit" in given:
            time.sleep(0.1)

    loki.hook = slow
    streams = opened(url).fetch(SPANS, seconds=0.05)
    assert any(s.shares for s in streams)
    assert any("reading ran out of time" in s.note for s in streams)


def test_an_error_in_the_middle_keeps_what_was_read(shop: tuple[Loki, str]) -> None:
    loki, url = shop

    def broken(path: str, given: dict[str, str]) -> None:
        if path.endswith("query_range") and int(given["start"]) >= WINDOW.epoch[0] * SECOND:
            raise Refused(500, "context deadline exceeded")

    loki.hook = broken
    found = logs_diff(context(opened(url)))
    assert "context deadline exceeded" in found.message


def test_many_components_share_requests() -> None:
    loki = filled(*(f"svc-{i}" for i in range(60)), every_s=600)
    with serving(loki) as url:
        streams = opened(url).fetch(SPANS)
    assert len(streams) == 60
    assert all(len(s.paths) == 1 for s in streams)
    assert sum("limit" in given for _, given in loki.asked) <= 4
    assert len(loki.asked) <= 8  # with those that list and count


def test_ten_thousand_streams_are_told_and_the_changed_ones_are_read() -> None:
    loki = Loki()
    for i in range(10_000):
        loki.push({"service": f"s{i}"}, (T0 + 10) * SECOND, "hello")
    for i in range(50):
        loki.push({"service": "s4321"}, (T0 + 3900) * SECOND + i, BAD)
    with serving(loki) as url:
        source = opened(url, options={"max_components": 5})
        holding = source.describe(BEFORE)
        streams = source.fetch(SPANS, [f"s{i}" for i in range(4300, 4330)])
    assert len(holding.components) == 10_000
    assert "there are 10000 components, but only 5 are read" in holding.note
    assert "s4321" in {s.component for s in streams}
    assert len(streams) == 5


def test_a_server_that_counts_few_series_is_asked_in_halves_and_then_its_index() -> None:
    loki = filled("a", "b", "c")
    loki.max_series = 1  # each component has two streams: none can be counted
    with serving(loki) as url:
        streams = opened(url).fetch(SPANS)
        assert [s.shares for s in streams] == [{}, {}, {}]
        loki.has_index = False
        with pytest.raises(SourceError, match="maximum of series"):
            opened(url).fetch(SPANS)


def test_stack_traces_stay_with_their_record_though_pods_interleave() -> None:
    loki = Loki()
    at = (T0 + 3700) * SECOND
    for i in range(20):
        loki.push(
            {"service": "a", "pod": "q"},
            at - (i + 5) * SECOND,
            "2026-03-04 10:01:00 INFO [x] ordinary work done",
        )
    trace = [
        "2026-03-04 10:01:40 ERROR [x] request failed",
        "java.lang.IllegalStateException: pool closed",
        "\tat shop.Pool.take(Pool.java:17)",
    ]
    for i, line in enumerate(trace):
        loki.push({"service": "a", "pod": "p"}, at + 2 * i, line)
        loki.push(
            {"service": "a", "pod": "q"}, at + 2 * i + 1, "2026-03-04 10:01:40 INFO [x] ordinary work done"
        )
    with serving(loki) as url:
        (stream,) = opened(url).fetch(SPANS)
        text = stream.paths[0].read_text()
        found = logs_diff(context(opened(url)))
    assert " ERROR request failed\n" in text
    assert "request failed" in text.split("java.lang")[0].splitlines()[-1]
    assert any("IllegalStateException" in str(e.values.get("template")) for e in found.evidence)


def test_inner_json_and_logfmt_are_read_by_key_and_the_servers_time_wins() -> None:
    loki = Loki()
    for i in range(40):
        ns = (T0 + 100 + i) * SECOND
        loki.push(
            {"service": "j"},
            ns,
            json.dumps({"time": "1999-01-01T00:00:00Z", "level": "error", "msg": "disk full", "status": 507}),
        )
        loki.push({"service": "l"}, ns, f'level=warn msg="retry {i}" peer=db')
        loki.push({"service": "m"}, ns, f"plain words {i}", detected_level="error", trace_id="ab" * 16)
    with serving(loki) as url:
        source = opened(url)
        j, k, m = (spooled(source, name)[0] for name in ("j", "l", "m"))
    assert (j["time"], j["level"], j["msg"]) == ("2026-03-04T09:01:40.000000000Z", "error", "disk full")
    assert (k["level"], k["message"]) == ("WARNING", "retry 0 peer=db")
    assert (m["level"], m["message"], m["trace_id"]) == ("error", "plain words 0", "ab" * 16)


@pytest.mark.parametrize(
    "line",
    [
        '{"time": "2026-03-04T09:30:00Z", "level": "fatal", "message": "forged"}',
        "x\ty",
        "",
        "\x00\x01",
        "é\u2028\x85ü",
        "😀" * 3000,
    ],
)
def test_a_hostile_line_stays_one_record_at_the_servers_time(line: str) -> None:
    loki = Loki()
    ns = (T0 + 100) * SECOND
    loki.push({"service": "a"}, ns, f"first\n{line}")
    loki.push({"service": "a"}, ns + 5 * SECOND, line)
    with serving(loki) as url:
        got = spooled(opened(url), "a")
        ctx = context(opened(url))
        found = logs_patterns(ctx, component="a")
    assert {e["time"] for e in got} <= {stamp(ns), stamp(ns + 5 * SECOND)}
    assert found.status == "no_data"  # the window itself is empty


def test_a_line_of_five_megabytes_is_cut_and_told() -> None:
    loki = Loki()
    big = "ERROR boom " + "x" * 5_000_000
    for i in range(3):
        loki.push({"service": "a"}, (T0 + 3700 + i) * SECOND, big)
    with serving(loki) as url:
        (stream,) = opened(url).fetch(SPANS)
        raw = stream.paths[0].read_bytes()
    assert stream.note == "3 long lines of a were cut"
    assert len(raw) < 3 * 8192
    assert hash_of(raw) == hashlib.sha256(b"boom " + b"x" * 1195).hexdigest()


# what a user sees


def test_a_dead_server_is_told_once_and_does_not_silence_the_files(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    check = source_check(config(url), WINDOW)
    assert check.state == "missing"
    assert "Start the server or fix `url` of source 'far'" in check.detail
    (tmp_path / "web.log").write_text("2026-03-04 10:01:00 ERROR disk full\n" * 3)
    files = open_source(
        SourceConfig(name="near", kind="logs", type="log_files", path=str(tmp_path)), tmp_path
    )
    far = opened(url)
    ctx = context(far)
    both = ToolContext(incident=ctx.incident, sources=SourceSet([far, files]), resolver=ctx.resolver)
    assert logs_patterns(both, component="web").status == "ok"
    (task,) = [spec for spec in Registry.load() if spec.name == "logs_diff"]
    with pytest.raises(SourceError, match="cannot be reached"):
        task(ctx)


def test_a_wrong_token_names_what_to_mend_and_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    loki = filled("a")
    loki.bearer = "right"
    monkeypatch.setenv("SHOP_TOKEN", "s3cr3t-wrong")
    with serving(loki) as url:
        check = source_check(config(url, auth={"bearer_env": "SHOP_TOKEN"}), WINDOW)
        assert "Set or fix `auth` of source 'far'" in check.detail
        assert "401" in check.detail
        assert "s3cr3t" not in check.detail
        monkeypatch.setenv("SHOP_TOKEN", "right")
        assert source_check(config(url, auth={"bearer_env": "SHOP_TOKEN"}), WINDOW).state == "ok"
        monkeypatch.delenv("SHOP_TOKEN")
        with pytest.raises(BadInput, match="SHOP_TOKEN"):
            opened(url, auth={"bearer_env": "SHOP_TOKEN"}).describe(WINDOW)


@pytest.mark.parametrize("token", ["s3cr3t\nX-Evil: 1", "s3cr3t-ü"])
def test_a_token_that_http_does_not_carry_is_not_shown(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("SHOP_TOKEN", token)
    with serving(filled("a")) as url, pytest.raises(BadInput) as told:
        opened(url, auth={"bearer_env": "SHOP_TOKEN"}).describe(WINDOW)
    assert "s3cr3t" not in str(told.value)


def test_tenant_and_basic_credentials_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    loki = filled("a")
    loki.tenant, loki.basic = "shop", "grafana:pw"
    monkeypatch.setenv("PW", "pw")
    monkeypatch.setenv("TENANT", "shop")
    auth = {"username": "grafana", "password_env": "PW"}
    with serving(loki) as url:
        assert opened(url, auth=auth, options={"tenant": "shop"}).describe(WINDOW).components == ("a",)
        assert opened(url, auth=auth, options={"tenant_env": "TENANT"}).describe(WINDOW).components == ("a",)
        with pytest.raises(SourceError, match="401"):
            opened(url, auth=auth, options={"tenant": "other"}).describe(WINDOW)
        with pytest.raises(BadInput, match="NO_TENANT"):
            opened(url, options={"tenant_env": "NO_TENANT"})
    with pytest.raises(BadInput, match="contains credentials, and addresses are shown") as told:
        opened("http://grafana:pw@127.0.0.1:1")
    assert "pw" not in str(told.value).replace("`url`", "")


def test_an_unknown_label_names_those_that_are_there(shop: tuple[Loki, str]) -> None:
    _, url = shop
    check = source_check(config(url, component_label="nope"), WINDOW)
    assert check.state == "missing"
    assert "component_label" in check.detail
    assert "(pod, service)" in check.detail


def test_an_empty_answer_is_no_data(shop: tuple[Loki, str]) -> None:
    _, url = shop
    source = opened(url, match='{env="none"}')
    assert "there are no lines between" in source.describe(WINDOW).note
    assert logs_diff(context(source)).status == "no_data"


def test_a_slow_server_is_given_up(shop: tuple[Loki, str]) -> None:
    loki, url = shop
    loki.hook = lambda path, given: time.sleep(1.5)
    check = source_check(config(url, timeout_s=0.3), WINDOW)
    assert check.detail.startswith("Raise `timeout_s` of source 'far'")


def test_a_busy_server_is_asked_again_then_told(shop: tuple[Loki, str]) -> None:
    loki, url = shop
    loki.busy = 2
    assert opened(url).describe(WINDOW).components == ("payment", "web")
    loki.busy = 99
    with pytest.raises(SourceError, match="too many outstanding requests"):
        opened(url).fetch(SPANS, ["web"], seconds=0.5)


@pytest.mark.parametrize(
    "match", ['{service="a"', "{service=}", '{service="web"} | json | x', '{pod=~".*", }']
)
def test_bad_logql_is_told_in_the_servers_words(shop: tuple[Loki, str], match: str) -> None:
    _, url = shop
    with pytest.raises((SourceError, BadInput), match="match"):
        opened(url, match=match, component="all").fetch(SPANS)


def test_the_configured_filter_bounds_what_is_read(shop: tuple[Loki, str]) -> None:
    _, url = shop
    (stream,) = opened(url, match='{pod=~"payment-.*"} |= "exhausted"').fetch(SPANS)
    assert stream.query == '{service="payment", pod=~"payment-.*"} |= "exhausted"'
    assert stream.paths[0].read_text().count("\n") == 50


def test_names_from_telemetry_do_not_leave_their_quotes() -> None:
    evil = 'a"} or {x="'
    loki = Loki()
    for name in (evil, "b.c|d", "ordinary"):
        for i in range(3):
            loki.push({"service": name}, (T0 + 10 + i) * SECOND, "hello")
    with serving(loki) as url:
        streams = opened(url).fetch(SPANS)
    assert {s.component: sum(p.read_text().count("\n") for p in s.paths) for s in streams} == {
        evil: 3,
        "b.c|d": 3,
        "ordinary": 3,
    }
    assert all(path.parent.parent == streams[0].paths[0].parent.parent for s in streams for path in s.paths)


def test_local_times_told_as_utc_are_moved() -> None:
    loki = Loki()
    loki.push({"service": "a"}, (T0 + 3600 + 60) * SECOND, "one hour ahead: Berlin's wall clock")
    with serving(loki) as url:
        (stream,) = opened(url, options={"timezone": "Europe/Berlin"}).fetch(SPANS)
        assert time_of(stream.paths[0].read_bytes()) == "2026-03-04T09:01:00.000000000Z"
        with pytest.raises(BadInput, match="timezone"):
            opened(url, options={"timezone": "Nowhere/None"})


def test_the_spool_is_private_and_goes_with_its_source(shop: tuple[Loki, str]) -> None:
    source = opened(shop[1])
    path = source.fetch(SPANS)[0].paths[0]
    assert path.parent.parent.stat().st_mode & 0o077 == 0
    source.close()
    assert not path.exists()


@pytest.mark.parametrize("answer", [b"[]", b"{}", b'{"status":"success","data":{"resultType":"streams","result":[1]}}', b"<html>", b'{"status":"success","data":{"resultType":"matrix","result":[]}}'])  # fmt: skip
def test_an_answer_of_another_form_is_a_source_error(answer: bytes, canned: object) -> None:
    with canned({"": answer}) as url, pytest.raises(SourceError, match=r"Point (its )?`url`"):  # type: ignore[operator]
        opened(url, component_label="service").fetch(SPANS, ["a"])


# VictoriaLogs, by answers recorded of a real server (tests/live/test_victorialogs.py asks one)

ROW = {"_time": "2026-03-04T10:05:00.000000001Z", "_stream_id": "0", "_stream": '{service="a",pod="p"}', "_msg": "ERROR disk full", "pod": "p", "status": "507", "service": "a"}  # fmt: skip
ANSWERS = {
    "/select/logsql/field_values": b'{"values":[{"value":"a","hits":1},{"value":"","hits":4}]}',
    "/select/logsql/stats_query": b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"lines","service":"a"},"value":[1772619000,"1"]}]}}',
    "/select/logsql/query": json.dumps(ROW).encode() + b"\n",
}


@pytest.fixture
def canned():
    import http.server
    import threading
    from contextlib import contextmanager

    @contextmanager
    def serve(answers: dict[str, bytes], status: int = 200):
        class Handler(http.server.BaseHTTPRequestHandler):
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                body = next((b for start, b in answers.items() if path.startswith(start)), b"{}")
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    return serve


def victoria(url: str, **fields: object) -> VictoriaLogsSource:
    source = open_source(config(url, type="victorialogs", **fields), Path("/"))
    assert isinstance(source, VictoriaLogsSource)
    return source


def test_victorialogs_rows_become_records(canned) -> None:
    with canned(ANSWERS) as url:
        (stream,) = victoria(url).fetch((WINDOW,))
        record = json.loads(stream.paths[0].read_text())
    assert record == {
        "time": ROW["_time"],
        "level": "error",
        "message": "disk full",
        "status": "507",
    }
    assert stream.query == '"service":="a"'


@pytest.mark.parametrize(
    "row", [b"{}", b"[1]", b'{"_time": 5}', b'{"_time": "noon"}', b"\xff\xfe", b"cut off {"]
)
def test_a_victorialogs_line_that_is_no_entry_is_a_source_error(canned, row: bytes) -> None:
    with (
        canned(ANSWERS | {"/select/logsql/query": row + b"\n"}) as url,
        pytest.raises(SourceError, match="at VictoriaLogs: it returned a line that is not"),
    ):
        victoria(url).fetch((WINDOW,))


def test_victorialogs_words_are_told_without_the_question_that_it_repeats(canned) -> None:
    said = b'remoteAddr: "127.0.0.1:1"; requestURI: /select/logsql/query?query=%28x; cannot parse query [(x]: missing )'
    with (
        canned({"": said}, status=400) as url,
        pytest.raises(SourceError, match=r"answered 400: cannot parse query"),
    ):
        victoria(url, match="(x").describe(WINDOW)


def test_a_victorialogs_tenant_is_two_numbers(canned) -> None:
    with pytest.raises(BadInput, match="12:34"):
        victoria("http://127.0.0.1:1", options={"tenant": "shop"})
    assert victoria("http://127.0.0.1:1", options={"tenant": "12:3"})._tenant() == {
        "AccountID": "12",
        "ProjectID": "3",
    }


@pytest.mark.parametrize(
    ("text", "ns"),
    [("2026-03-04T09:00:00Z", 0), ("2026-03-04T09:00:00.5Z", 500_000_000), ("2026-03-04T09:00:00.123456789Z", 123_456_789),
     ("2026-03-04T10:00:00.25+01:00", 250_000_000), ("2026-03-04T10:00:00+01:00", 0)],
)  # fmt: skip
def test_times_keep_their_nanoseconds(text: str, ns: int) -> None:
    assert moment(text) == T0 * SECOND + ns
    assert moment(stamp(T0 * SECOND + ns)) == T0 * SECOND + ns


# the parts


def test_blocks_cut_a_span_into_parts_of_about_equally_many_lines() -> None:
    cells = [(i * 100, 10 if i != 5 else 1000) for i in range(10)]
    edges = cuts(cells, 100, 0, 1000, 10)
    assert edges[0] == 0
    assert edges[-1] == 1000
    assert edges == sorted(edges)
    assert sum(500 <= e <= 600 for e in edges) >= 8
    assert cuts([], 100, 0, 1000, 4) == [0, 250, 500, 750, 1000]


def test_any_beginning_of_the_order_of_reading_covers_the_span() -> None:
    order = sorted(range(64), key=reversed_bits)
    assert sorted(order) == list(range(64))
    for n in (4, 8, 16):
        taken = sorted(order[:n])
        assert max(b - a for a, b in pairwise(taken)) == 64 // n


def test_spans_that_overlap_are_read_once() -> None:
    assert pieces_of([(5, 10), (0, 6), (10, 12), (3, 4)]) == [(0, 6), (6, 10), (10, 12)]


def test_a_record_never_exceeds_what_the_reader_takes() -> None:
    writer = LineWriter("a")
    lines = [
        "\x01" * 9000,
        "ü" * 9000,
        json.dumps({"msg": "x" * 9000, **{f"k{i}": "v" * 400 for i in range(40)}}),
        json.dumps({"a" * 9000: 1}),
    ]
    data = writer.block([Entry(i * 10 * SECOND, "a", "", line) for i, line in enumerate(lines)])
    assert all(len(raw) <= 8192 and "time" in json.loads(raw) for raw in data.splitlines())
    assert writer.cut == len(lines)
