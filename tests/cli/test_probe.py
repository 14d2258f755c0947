"""`aitia init` against real servers: a small one that speaks the Prometheus API, and Prometheus itself."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from aitia import probe
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.words import Window
from aitia.doctor import source_check
from aitia.probe import probe_json, probe_logs
from aitia.settings import DEFAULT_MODEL, load_settings

Serve = Callable[[Mapping[str, object]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that answer paths with JSON; a path that is not named is 404."""
    servers: list[ThreadingHTTPServer] = []

    def start(answers: Mapping[str, object]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = answers.get(self.path.partition("?")[0])
                body = (
                    b""
                    if found is None
                    else (found if isinstance(found, bytes) else json.dumps(found).encode())
                )
                self.send_response(404 if found is None else 200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _prometheus(labels: Mapping[str, int], names: list[str]) -> dict[str, object]:
    answers: dict[str, object] = {
        f"/api/v1/label/{label}/values": {"data": [f"v{n}" for n in range(count)]}
        for label, count in labels.items()
    }
    return answers | {
        "/api/v1/labels": {"data": list(labels)},
        "/api/v1/label/__name__/values": {"data": names},
        "/api/v1/query": {"data": {"result": [{"value": [0, "7"]}]}},
    }


def test_the_component_label_is_found_by_counting_values(serve: Serve) -> None:
    url = serve(
        _prometheus({"job": 1, "service": 6, "instance": 9}, ["up", "go_threads", "http_requests_total"])
    )
    found = probe.probe_metrics(url)
    assert found.state == "found"
    assert found.source is not None
    assert found.source.component_label == "service"
    assert found.source.ignore == ("go_*",)
    assert (found.query, found.answer) == ("count(up)", "7 targets")


@pytest.mark.parametrize(
    ("counts", "label"),
    [
        ({"job": 4}, "job"),
        ({"job": 1, "pod": 80}, "pod"),
        ({"app": 9000, "job": 3}, "job"),
        ({"job": 1}, "job"),
        ({}, ""),
    ],
)
def test_a_label_that_tells_nothing_apart_is_passed_over(counts: dict[str, int], label: str) -> None:
    assert probe.pick_label(counts) == label


@pytest.mark.parametrize(
    ("targets", "label"),
    [
        ([("nginx", "www-a"), ("nginx", "www-b"), ("shop", "shop")], "instance"),
        ([("nginx", "10.0.0.7:9113"), ("nginx", "10.0.0.8:9113"), ("shop", "shop")], "job"),
        ([("nginx", "edge"), ("shop", "edge"), ("cart", "edge"), ("node", "db")], "job"),  # hosts
        ([("nginx", ""), ("shop", "a"), ("cart", "b")], "job"),
    ],
)
def test_targets_that_a_person_named_are_the_components(targets: list[tuple[str, str]], label: str) -> None:
    told = [{"job": job, "instance": instance} for job, instance in targets]
    assert probe.pick_label({"job": 2, "instance": 3}, told) == label


@pytest.mark.parametrize(
    ("count", "step"), [(60, 5), (24, 5), (9, 15), (8, 15), (5, 30), (2, 60), (3, 60), (1, 15)]
)
def test_a_server_is_read_as_often_as_it_asks(count: int, step: float) -> None:
    assert probe.step_of({"result": [{"value": [0, str(count)]}]}) == step
    assert probe.step_of({"result": []}) == 15


@pytest.mark.parametrize("answer", [b"<html>hello</html>", {"data": None}, ["x"], b"\xff\xfe"])
def test_a_server_that_speaks_something_else_is_no_source(serve: Serve, answer: object) -> None:
    url = serve({"/api/v1/labels": answer})
    assert probe.probe_metrics(url).source is None


def test_closed_ports_and_silent_servers_have_their_reason() -> None:
    assert probe.probe_metrics("http://127.0.0.1:9").reason == "nothing listens there"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        found = probe.probe_metrics(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "no answer within" in found.reason
    assert time.monotonic() - start < 10


def test_files_of_the_folder_become_sources(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "metrics.csv").write_text("timestamp,service,metric,value\n2026-11-25T10:00:00Z,a,cpu,0.5\n")
    (tmp_path / "wide.csv").write_text("ts,a_cpu,b_cpu\n1,2,3\n4,5,6\n")
    (tmp_path / "notes.csv").write_text("who,what\nme,that\n")
    (tmp_path / "junk.parquet").write_bytes(b"\x00junk")
    (tmp_path / "changes.jsonl").write_text("")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "payment.log").write_text("2026-11-25 10:00:00 INFO started\n")
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "disk.md").write_text("# Disk\n")
    found = probe.probe(tmp_path)
    by_place = {Path(p.place).name: p for p in found}
    assert by_place["junk.parquet"].state == "refused"
    assert "no time column" in by_place["notes.csv"].reason
    assert by_place["metrics.csv"].reason.startswith("long layout")
    assert by_place["wide.csv"].answer == "2 rows"

    file = probe.write_settings(probe.proposal(found, tmp_path), tmp_path, force=False)
    settings = load_settings(file)
    by_name = {s.name: s for s in settings.sources}
    assert {"metrics", "wide", "changes", "logs", "runbooks"} <= set(by_name)
    assert by_name["metrics"].columns.time == "timestamp"
    assert by_name["metrics"].columns.component == "service"
    assert by_name["logs"].path == str(tmp_path / "logs" / "*.log")
    from aitia.tools.sources import open_sources

    assert len(open_sources(settings.sources, tmp_path)) == len(settings.sources)
    with pytest.raises(BadInput, match="--force"):
        probe.write_settings("", tmp_path, force=False)


def test_an_empty_folder_gives_a_file_that_still_loads(tmp_path: Path) -> None:
    text = probe.proposal([], tmp_path)
    assert yaml.safe_load(text)["sources"] == []
    assert "No telemetry was found" in text


def test_the_proposal_names_a_model_only_as_a_comment(tmp_path: Path) -> None:
    text = probe.proposal([], tmp_path)
    assert "model" not in yaml.safe_load(text)
    (tmp_path / "aitia.yaml").write_text(
        text.replace("# model: ", "model: ").replace("# narrator", "narrator")
    )
    settings = load_settings(tmp_path / "aitia.yaml")
    assert (settings.model.name, settings.narrator) == (DEFAULT_MODEL, "model")


def test_init_writes_nothing_unless_asked(aitia: Callable[..., object], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "m.csv").write_text("time,component,metric,value\n1,a,cpu,1\n")
    done = aitia("init", "--dir", str(tmp_path / "data"))
    assert done.code == 0
    assert "sources:" in done.out
    assert not (tmp_path / "data" / "aitia.yaml").exists()
    assert aitia("init", "--dir", str(tmp_path / "data"), "--write", "--json").code == 0
    assert (tmp_path / "data" / "aitia.yaml").exists()
    assert aitia("init", "--dir", str(tmp_path / "data"), "--write").code == 2


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.mark.server
def test_a_real_prometheus_is_proposed(tmp_path: Path) -> None:
    binary = shutil.which("prometheus")
    if not binary:
        pytest.skip("needs Debian's prometheus")
    port = _free_port()
    (tmp_path / "p.yml").write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
    )
    arguments = [
        f"--config.file={tmp_path}/p.yml",
        f"--storage.tsdb.path={tmp_path}/d",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    process = subprocess.Popen([binary, *arguments], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        found = probe.probe_metrics(f"http://127.0.0.1:{port}")
        # Its labels and its targets are asked for one after the other: the first scrape may come between.
        while not (found.source and found.source.component_label) and time.monotonic() < deadline:
            time.sleep(0.3)
            found = probe.probe_metrics(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()
    assert found.answer == "1 targets", found
    assert found.source is not None
    assert found.source.component_label == "job"
    assert {"go_*", "prometheus_*"} <= set(found.source.ignore)


def test_init_finds_logs_one_level_down_and_leaves_those_of_the_system_alone(tmp_path: Path) -> None:
    for name in ("app/orders.ndjson", "app/catalog.ndjson", "web.log", ".git/x.log", "changes.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"level":30,"time":1763632800000,"msg":"x"}\n')
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "spans.jsonl").write_text('{"resourceSpans":[{"scopeSpans":[]}]}\n')
    probes = [*probe_logs(tmp_path), *probe_json(tmp_path)]
    found = {(p.source.kind, p.source.path) for p in probes if p.source}
    assert found == {("logs", "*.log"), ("logs", "app/*.ndjson"), ("traces", "traces/*.jsonl")}


def test_init_looks_at_the_system_where_the_folder_has_no_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "system").mkdir()
    monkeypatch.setattr("aitia.probe.SYSTEM_LOGS", tmp_path / "system")
    (tmp_path / "mine").mkdir()
    (only,) = probe_logs(tmp_path / "mine")
    assert (only.state, only.source) == ("absent", None)
    (tmp_path / "system" / "syslog.log").write_text("x\n")
    (only,) = probe_logs(tmp_path / "mine")
    assert only.source
    assert only.source.path == f"{tmp_path / 'system'}/*.log"


HISTORIAN = (
    "Zeitstempel;P-1.FT.PV;P-1.RUN;TT-9.PV\n"
    "26.11.2026 03:00:00;187,176;1;20,5\n26.11.2026 03:00:10;185,918;1;Bad\n26.11.2026 03:00:20;184,1;1;20,7\n"
)


def test_this_machines_logs_are_no_part_of_a_plants_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "system").mkdir()
    (tmp_path / "system" / "syslog.log").write_text("x\n")
    monkeypatch.setattr("aitia.probe.SYSTEM_LOGS", tmp_path / "system")
    (tmp_path / "plant").mkdir()
    assert str(tmp_path / "system") in [p.place for p in probe.probe(tmp_path / "plant")]
    (tmp_path / "plant" / "export.csv").write_bytes(HISTORIAN.encode("cp1252"))
    assert str(tmp_path / "system") not in [p.place for p in probe.probe(tmp_path / "plant")]


def test_exports_of_a_plant_are_proposed_as_sources_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(HISTORIAN.encode("cp1252"))
    (tmp_path / "orders.csv").write_bytes(
        "Auftrag;Beginn;Anlagenteil;Text\n1;26.11.2026 02:30;P-1;Lager geschmiert – ohne Befund\n".encode(
            "cp1252"
        )
    )
    (tmp_path / "alarms.csv").write_bytes(
        "Zeit;Messstelle;Text\n26.11.2026 03:00:05;TT-9.PV;Fühler gestört\n".encode("cp1252")
    )
    (tmp_path / "releases.json").write_text(
        '[{"deployed_at": "2026-11-26T01:00:00Z", "repo": "hmi", "version": "7"}]'
    )
    (tmp_path / "other.json").write_text('{"a": 1}')
    (tmp_path / "export.tsv").write_text(HISTORIAN.replace(";", "\t"))
    (tmp_path / "Störung.csv").write_text(HISTORIAN)
    (tmp_path / "tags.csv").write_text("Messstelle;Einheit\nTT-9.PV;K\n")
    found = probe.probe(tmp_path)
    by_place = {Path(p.place).name: p for p in found}
    table = by_place["export.csv"].reason
    assert "decimal comma; times from 'Zeitstempel' as D.M.Y (dmy)" in table
    assert "1 cell is no number, e.g. 'Bad' in TT-9.PV, row 3" in table
    assert "time from 'Beginn'" in by_place["orders.csv"].reason
    assert "not UTF-8" in by_place["orders.csv"].reason
    assert by_place["tags.csv"].reason.startswith("a list of 1 tag: it goes with the tables beside it")
    assert "other.json" not in by_place

    file = probe.write_settings(probe.proposal(found, tmp_path), tmp_path, force=False)
    sources = {s.name: s for s in load_settings(file).sources}
    assert {n: sources[n].kind for n in ("export", "orders", "alarms", "releases")} == {
        "export": "metrics", "orders": "maintenance", "alarms": "logs", "releases": "changes",
    }  # fmt: skip
    assert sources["export"].options == {"timezone": "UTC"}
    assert {"export-2", "St-rung"} <= set(sources)
    window = Window(start=datetime(2026, 11, 26, tzinfo=UTC), end=datetime(2026, 11, 27, tzinfo=UTC))
    from aitia.tools.sources import open_source

    holdings = {
        n: open_source(s, tmp_path).describe(window) for n, s in sources.items() if n != "system-logs"
    }
    assert holdings["export"].components == ("P-1", "TT-9")
    assert holdings["orders"].components == ("P-1",)
    assert holdings["releases"].items == ("deploy",)
    assert all(h.count for h in holdings.values())


def test_doctor_tells_what_was_guessed_and_what_is_no_number_also_of_an_old_table(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(HISTORIAN)
    config = SourceConfig(name="h", kind="metrics", type="table", path=str(tmp_path / "export.csv"))
    now = datetime(2026, 11, 28, tzinfo=UTC)
    check = source_check(config, Window(start=now - timedelta(hours=1), end=now))
    assert check.state == "look"
    assert "nothing in the last hour; columns separated by ';'; decimal comma" in check.detail
    assert "1 cell is no number, e.g. 'Bad' in TT-9.PV, row 3" in check.detail
    fresh = source_check(
        config,
        Window(
            start=datetime(2026, 11, 26, 2, 30, tzinfo=UTC), end=datetime(2026, 11, 26, 3, 30, tzinfo=UTC)
        ),
    )
    assert "decimal comma" in fresh.detail


def test_a_text_is_proposed_where_it_holds_a_table(tmp_path: Path) -> None:
    rows = "".join(f"09.03.2026 18:{n:02}:00\t{n},5\t{40 - n}\n" for n in range(20))
    (tmp_path / "trend.txt").write_text("Zeit\tP-1.Druck\tP-1.Strom\n" + rows)
    (tmp_path / "notes.txt").write_text(
        "Shift of 09.03.2026\nP-1 was noisy at 10:05.\nBob has extension 4711.\n"
    )
    (tmp_path / "worker.dat").write_text(
        "".join(f"2026-03-01 10:0{n}:00 INFO job {n} took long\n" for n in range(9))
    )
    found = {Path(p.place).name: p for p in probe.probe_folder(tmp_path)}
    assert set(found) == {"trend.txt"}
    assert found["trend.txt"].source is not None
    assert found["trend.txt"].source.type == "table"
