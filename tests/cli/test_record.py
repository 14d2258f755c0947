"""`aitia record`: live sources into a scenario folder, redacted, that replays to the same verdict without them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
import yaml

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.redact import Redactor
from aitia.core.resolve import Resolver
from aitia.core.scenario import load_scenario
from aitia.core.trust import beyond
from aitia.core.words import Component, Holding, Incident, Link, Report, SourceRef, Window, from_epoch
from aitia.recorder import _UNFINISHED, Recording, _new_folder, record
from aitia.tools.meaning.metadata import UNTOLD
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import MetricSource, RecordedChange, Span, build_inventory, open_source
from aitia.tools.sources.cluster.record_cluster import record_cluster
from aitia.tools.sources.exporting import clean, write_changes, write_spans, write_topology

from ..sources import kube_api
from ..sources.test_prometheus_source import free_port, running

Aitia = Callable[..., object]
RULES = ("--planner", "rules", "--narrator", "template")
PLANTED = ("hunter5-planted", "AKIAPLANTEDPLANTED12", "planted.person@example.org", "hunter6-planted", "hunter7-planted",
           "hunter2-planted", "hunter3-planted")  # fmt: skip
needs_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="kubectl is not installed (Debian: kubectl)"
)


def _export(parquet: Path) -> str:
    """The scenario's samples in Prometheus' text form, with a secret in a label."""
    rows = duckdb.sql(
        f"SELECT epoch_ms(time), component, metric, labels, value FROM '{parquet}' WHERE value IS NOT NULL"
    ).fetchall()
    lines = []
    for at, component, metric, labels, value in rows:
        told = {"owner": component} | (json.loads(labels) if labels else {})
        told |= {"dsn": "postgres://shop:hunter5-planted@db/shop"} if metric == "up" else {}
        pairs = ",".join(f"{k}={json.dumps(str(v))}" for k, v in told.items())
        lines.append(f"{metric}{{{pairs}}} {value!r} {at}")
    return "\n".join(lines) + "\n"


def _site(folder: Path, scenario: Path, url: str) -> Path:
    """A site of live sources made of a bundled scenario: a server, log files, journals; with secrets planted in each."""
    shutil.copytree(scenario, folder, ignore=shutil.ignore_patterns("metrics.parquet", "scenario.yaml"))
    log = next(p for p in sorted((folder / "logs").iterdir()) if p.suffix == ".log")
    text = log.read_text()
    line = text.splitlines()[len(text.splitlines()) // 2]
    log.write_text(
        text + f"{line} password=hunter6-planted key AKIAPLANTEDPLANTED12 for planted.person@example.org\n"
    )
    with (folder / "changes.jsonl").open("a") as journal:
        at = load_scenario(scenario).window.start.isoformat()
        journal.write(
            json.dumps(
                {"at": at, "component": "orders", "kind": "config", "text": "set DB_PASSWORD=hunter7-planted"}
            )
            + "\n"
        )
    raw = yaml.safe_load((scenario / "scenario.yaml").read_text())
    metrics = {
        "name": "metrics",
        "kind": "metrics",
        "type": "prometheus",
        "url": url,
        "component_label": "owner",
        "step_s": 2.0,
    }
    sources = [s for s in raw["sources"] if s["kind"] != "metrics"]
    settings = {"sources": [metrics, *sources], "window": {"baselines": ["preceding"]}}
    (folder / "aitia.yaml").write_text(yaml.safe_dump(settings))
    return folder / "aitia.yaml"


def _bytes(folder: Path) -> bytes:
    """All bytes of a folder, tables unpacked."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            found.append(
                repr(
                    duckdb.sql(f"SELECT DISTINCT component, metric, labels FROM '{path}'").fetchall()
                ).encode()
            )
        if path.is_file():
            found.append(path.read_bytes())
    return b"\n".join(found)


@pytest.mark.server
def test_a_recording_replays_offline_to_the_same_verdict(
    aitia: Aitia, scenario: Path, tmp_path: Path
) -> None:
    port, told = free_port(), load_scenario(scenario)
    url = f"http://127.0.0.1:{port}"
    store = ["victoria-metrics", f"-storageDataPath={tmp_path / 'vm'}", f"-httpListenAddr=127.0.0.1:{port}",
             "-retentionPeriod=100y", "-search.latencyOffset=0s", "-memory.allowedBytes=128MB"]  # fmt: skip
    alert = tmp_path / "alert.json"
    message = json.loads((scenario / "alert.json").read_text())
    message["alerts"][0]["annotations"]["description"] = "see https://ops:hunter5-planted@wiki/x"
    alert.write_text(json.dumps(message))
    out = tmp_path / "recorded"
    spans = (
        f"--window={told.window.start.isoformat()}/{told.window.end.isoformat()}",
        f"--at={told.now.isoformat()}",
        f"--alert={alert}",
    )
    with running(store, f"{url}/health"):
        httpx.post(
            f"{url}/api/v1/import/prometheus",
            content=_export(scenario / "metrics.parquet"),
            trust_env=False,
            timeout=60,
        ).raise_for_status()
        httpx.get(f"{url}/internal/force_flush", trust_env=False).raise_for_status()
        config = _site(tmp_path / "site", scenario, url)
        live = aitia("diagnose", *spans, f"--config={config}", *RULES, "--json")
        done = aitia(
            "record",
            *spans,
            f"--config={config}",
            f"--out={out}",
            "--cause=orders:resource.connections",
            "--json",
        )
    assert done.code == 0, done.err
    report = Report.model_validate_json(live.out)
    assert report.verdict == "cause"
    assert not (out / "INCOMPLETE").exists()
    assert not [p for p in PLANTED if p.encode() in _bytes(out)]
    assert b"<secret:" in _bytes(out)
    assert b"<email:" in _bytes(out)
    shutil.rmtree(tmp_path / "site")
    again = aitia("replay", str(out), *RULES, "--json")
    scored = json.loads(again.out)["scenarios"][0]
    assert (scored["verdict"], scored["component"], scored["fault"]) == (
        report.verdict,
        report.component,
        report.fault,
    )
    assert scored["probability"] == pytest.approx(report.probability, abs=0.02)
    assert {s.type for s in load_scenario(out).sources} >= {"table", "log_files", "changes", "topology"}


@pytest.mark.server
@needs_kubectl
def test_a_cluster_is_recorded_as_the_recorded_source_reads_it(
    aitia: Aitia, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    out, name = tmp_path / "recorded", "payment-7f9c4d5b6f-x2v9k"
    with kube_api.serving(logs={name: "ERROR login failed password=hunter6-planted\n"}) as (url, _):
        path = kube_api.kubeconfig(tmp_path, url)
        cluster = {"name": "k", "kind": "cluster", "type": "kubectl", "path": str(path)}
        rollouts = {"name": "rollouts", "kind": "changes", "type": "cluster_changes", "path": str(path)}
        (tmp_path / "aitia.yaml").write_text(yaml.safe_dump({"sources": [cluster, rollouts]}))
        live = open_source(load_yaml(tmp_path), tmp_path)
        asked = ("pods", "deployments", "events", "secrets", "jobs")
        before = [live.objects(r, "shop") for r in asked]
        said = live.logs("shop", {"app": "payment"})
        facts = _facts(live)
        done = aitia(
            "record",
            "payment is down",
            "--config=aitia.yaml",
            f"--out={out}",
            "--window=1h/0s",
            "--since=20m",
        )
    assert done.code == 0, done.err
    assert "recording k: " in done.err
    written = load_scenario(out)
    assert written.expected.verdict == "unknown"
    assert "placeholder" in written.expected.why.lower()
    assert not [p for p in PLANTED if p.encode() in _bytes(out)]
    replayed = open_source(next(s for s in written.sources if s.kind == "cluster"), out)
    assert [replayed.objects(r, "shop") for r in asked] == before
    assert replayed.logs("shop", {"app": "payment"}) == said
    assert _facts(replayed) == facts
    assert ("payment", "k8s.crash_loop") in facts
    assert replayed.objects("pods", "not-asked") == []
    changes = [json.loads(line) for line in (out / "rollouts.jsonl").read_text().splitlines()]
    assert ("payment", "deploy") in {(c["component"], c["kind"]) for c in changes}
    assert any("10.1.0.9" in c.aliases for c in replayed.components())


def _facts(source) -> set[tuple[str, str]]:
    """What the cluster's analysers find, whichever source it is."""
    from aitia.tools.cluster import cluster_state

    now = datetime.now(tz=UTC)
    window = Window(start=now - timedelta(minutes=30), end=now)
    incident = Incident(id="i", title="payment is down", started_at=window.start, window=window)
    resolver = Resolver()
    inventory = build_inventory([source], window, resolver)
    ctx = ToolContext(incident=incident, sources=SourceSet([source]), inventory=inventory, resolver=resolver)
    return {(e.component, e.aspect) for e in cluster_state(ctx).evidence}


def load_yaml(folder: Path):
    from aitia.settings import load_settings

    return load_settings(folder / "aitia.yaml").sources[0]


def test_a_source_that_cannot_be_read_is_left_out_and_named(aitia: Aitia, tmp_path: Path, home: Path) -> None:
    (tmp_path / "changes.jsonl").write_text(
        '{"at": "2026-11-25T10:00:00Z", "component": "a", "kind": "deploy", "text": "x"}\n'
    )
    dead = {"name": "prom", "kind": "metrics", "type": "prometheus", "url": f"http://127.0.0.1:{free_port()}"}
    journal = {"name": "journal", "kind": "changes", "type": "changes", "path": "changes.jsonl"}
    (tmp_path / "aitia.yaml").write_text(yaml.safe_dump({"sources": [dead, journal]}))
    span = (
        "--window=2026-11-25T09:00:00Z/2026-11-25T11:00:00Z",
        "--at=2026-11-25T11:00:00Z",
        "--since=2026-11-25T10:30:00Z",
    )
    done = aitia("record", "slow", "--config=aitia.yaml", *span, "--out=one")
    assert done.code == 0
    assert "prom is left out" in done.err
    assert "prom is left out" in load_scenario(tmp_path / "one").recorded.notes
    assert (
        aitia("record", "slow", "--config=aitia.yaml", *span, "--out=one").code == 2
    )  # a folder in use is left alone
    (tmp_path / "aitia.yaml").write_text(yaml.safe_dump({"sources": [dead]}))
    failed = aitia("record", "slow", "--config=aitia.yaml", *span, "--out=two")
    assert failed.code == 2
    assert "None of the sources could be recorded. Fix them" in failed.err
    assert (tmp_path / "two" / "INCOMPLETE").exists()
    assert aitia("record", "slow", "--config=aitia.yaml", *span, "--out=three", "--cause=orders").code == 2


def test_ctrl_c_leaves_what_was_recorded_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "changes.jsonl").write_text(
        '{"at": "2026-11-25T10:00:00Z", "component": "a", "kind": "deploy", "text": "x"}\n'
    )
    journal = {"name": "journal", "kind": "changes", "type": "changes", "path": "changes.jsonl"}
    hangs = {"name": "hangs", "kind": "changes", "type": "git", "path": ".", "timeout_s": 60}
    programs = (
        tmp_path.parent / f"{tmp_path.name}-programs"
    )  # not in the working folder: nothing there is started
    programs.mkdir()
    started = tmp_path / "started"
    script = f"#!{sys.executable}\nimport time\nopen({str(started)!r}, 'w').close()\ntime.sleep(60)\n"
    (programs / "git").write_text(script)
    (programs / "git").chmod(0o755)
    (tmp_path / "aitia.yaml").write_text(yaml.safe_dump({"sources": [journal, hangs]}))
    # A shell's background job inherits that SIGINT is ignored; this process does not.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from aitia.cli import main; main()"
    command = [sys.executable, "-c", code, "record", "slow", "--config=aitia.yaml", "--out=o", "--window=2026-11-25T09:00:00Z/2026-11-25T11:00:00Z",
               "--at=2026-11-25T11:00:00Z", "--since=2026-11-25T10:30:00Z"]  # fmt: skip
    env = os.environ | {
        "AITIA_HOME": str(tmp_path / "home"),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=45)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, err
    assert (tmp_path / "o" / "INCOMPLETE").exists()
    partial = load_scenario(tmp_path / "o")
    assert [s.name for s in partial.sources] == ["journal"]
    assert partial.recorded.notes.startswith("Interrupted")


def test_spans_changes_and_topology_are_read_again_as_they_were(tmp_path: Path) -> None:
    redactor, t = Redactor(b"k" * 32), 1_767_225_600.25
    span = Span(trace="0af7651916cd43dd8448eb211c80319c", id="b7ad6b7169203331", parent="", component="payment", operation="GET /pay",
                start=t, duration=0.125, kind="server", error=True, instance="payment-1", status="500")  # fmt: skip
    child = Span(trace=span.trace, id="c7ad6b7169203331", parent=span.id, component="payment", operation="SELECT", start=t + 0.01,
                 duration=0.1, kind="client", peer="db", status="")  # fmt: skip
    write_spans(tmp_path / "s.jsonl", [span, child], redactor)
    window = Window(start=from_epoch(t - 10), end=from_epoch(t + 10))
    traces = open_source(SourceConfig(name="t", kind="traces", type="otlp", path="s.jsonl"), tmp_path)
    read_spans = traces.spans(window)
    assert [s.start for s in read_spans] == pytest.approx([span.start, child.start], abs=1e-6)
    assert [replace(s, start=0.0, duration=round(s.duration, 6)) for s in read_spans] == [
        replace(s, start=0.0) for s in (span, child)
    ]
    told = Component(
        id="payment", type="service", aliases=("10.0.0.3",), links=(Link(relation="calls", to="db"),)
    )
    write_topology(tmp_path / "t.json", [told], redactor)
    assert open_source(
        SourceConfig(name="t", kind="topology", type="topology", path="t.json"), tmp_path
    ).components() == [told]
    change = RecordedChange(
        at=from_epoch(t), component="payment", kind="deploy", text="token=abcdefgh12345", ref=None
    )
    write_changes(tmp_path / "c.jsonl", [change], redactor)
    read = open_source(SourceConfig(name="c", kind="changes", type="changes", path="c.jsonl"), tmp_path).read(
        window
    )
    assert (read[0].at, read[0].component, read[0].kind) == (change.at, "payment", "deploy")
    assert "abcdefgh12345" not in (tmp_path / "c.jsonl").read_text()


class Stub:
    """A cluster of which some lists may be read, and the others not at all (`failing`) or not by this account."""

    def __init__(self, held: dict[str, list[dict[str, Any]]], *, failing: bool = False) -> None:
        self.held, self.failing = held, failing

    def namespaces(self) -> list[str]:
        return ["a"]

    def objects(self, resource: str, namespace: str = "") -> list[dict[str, Any]] | None:
        if self.failing and resource not in self.held:
            raise SourceError("Allow it.")
        return self.held.get(resource)

    def logs(self, namespace: str, selector: dict[str, str]) -> list[str] | None:
        return [f"{sorted(selector.items())} password=hunter7-planted"]


def test_a_cluster_without_answers_records_nothing(tmp_path: Path) -> None:
    taken = record_cluster(Stub({}), tmp_path, Redactor(b"k" * 32), at=0.0)
    assert (taken.lists, list(tmp_path.iterdir())) == (0, [])


def test_a_list_that_fails_leaves_the_others(tmp_path: Path) -> None:
    pod = {"kind": "Pod", "metadata": {"name": "p", "namespace": "a", "uid": "1"}}
    taken = record_cluster(Stub({"pods": [pod]}, failing=True), tmp_path, Redactor(b"k" * 32), at=0.0)
    assert "pods.json" in {p.name for p in tmp_path.rglob("*.json")}
    assert len(taken.notes) == 1
    assert "queries failed, first deployments a: Allow it" in taken.notes[0]
    with pytest.raises(SourceError, match="Allow it"):
        record_cluster(Stub({}, failing=True), tmp_path / "none", Redactor(b"k" * 32), at=0.0)


def test_an_empty_list_and_the_logs_of_a_workload_are_recorded(tmp_path: Path) -> None:
    labels = {"app": "web"}
    pod = {"kind": "Pod", "metadata": {"name": "web-1", "namespace": "a", "uid": "1", "labels": labels}}
    web = {
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "a", "uid": "2"},
        "spec": {"selector": {"matchLabels": labels}},
    }
    record_cluster(
        Stub({"pods": [pod], "deployments": [web], "secrets": []}), tmp_path, Redactor(b"k" * 32), at=60.0
    )
    source = open_source(
        SourceConfig(name="c", kind="cluster", type="cluster_recorded", path=str(tmp_path)), tmp_path
    )
    assert source.objects("secrets", "a") == []
    assert source.objects("configmaps", "a") is None
    (line,) = source.logs("a", labels)
    assert "planted" not in line
    assert "web" in line
    assert source.observed_at() == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)


def test_the_folder_must_be_free(tmp_path: Path, aitia: Aitia) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "x").write_text("mine")
    with pytest.raises(BadInput, match="in use"):
        _new_folder(tmp_path / "used")
    (tmp_path / "used" / "INCOMPLETE").write_text("what I have to do\n")
    with pytest.raises(BadInput, match="in use"):
        _new_folder(tmp_path / "used")
    assert (tmp_path / "used" / "x").read_text() == "mine"
    (tmp_path / "used" / "INCOMPLETE").write_text(_UNFINISHED)
    _new_folder(tmp_path / "used")
    assert list((tmp_path / "used").iterdir()) == []


class Journal:
    """A change source with one change, or one that breaks."""

    kind = "changes"

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name, self._error = name, error

    def describe(self, window: Window) -> Holding:
        return Holding(source=self.name, kind="changes")

    def read(self, window: Window) -> list[RecordedChange]:
        if self._error is not None:
            raise self._error
        ref = SourceRef(source=self.name, query="q")
        return [RecordedChange(at=window.start, component=self.name, kind="deploy", text="x", ref=ref)]


def recorded(folder: Path, *sources: Journal, title: str = "slow") -> Recording:
    at = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    window = Window(start=at, end=at + timedelta(hours=1))
    incident = Incident(id="i", title=title, started_at=at, window=window)
    configs = [(SourceConfig(name=s.name, kind="changes", type="changes", path="x"), s) for s in sources]
    return record(incident, configs, folder, redactor=Redactor(b"k" * 32), now=window.end)


def test_sources_whose_names_are_alike_have_files_of_their_own(tmp_path: Path) -> None:
    made = recorded(tmp_path / "o", Journal("a.b"), Journal("a-b"))
    assert [s.path for s in made.sources] == ["a-b.jsonl", "a-b-2.jsonl"]
    assert '"a.b"' in (tmp_path / "o" / "a-b.jsonl").read_text()


def test_a_source_whose_file_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    made = recorded(tmp_path / "o", Journal("broken", OSError("stale file handle")), Journal("journal"))
    assert [s.name for s in made.sources] == ["journal"]
    assert "broken is left out: stale file handle" in made.notes


def test_metadata_is_recorded_beside_the_samples(tmp_path: Path) -> None:
    """Also of a family's parts, redacted; and two recordings of one thing are the same bytes."""
    at = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    window = Window(start=at, end=at + timedelta(minutes=5))
    rows = [
        f"{at.timestamp() + 15 * i:.0f},web,{m},{i}"
        for m in ("took_sum", "took_count", "up")
        for i in range(20)
    ]
    (tmp_path / "m.csv").write_text("\n".join(["time,component,metric,value", *rows]) + "\n")
    (tmp_path / "m.txt").write_text(
        "# HELP took Duration; ask planted.person@example.org.\n# TYPE took histogram\n# UNIT took milliseconds\n"
    )
    config = SourceConfig(name="m", kind="metrics", type="table", path="m.csv", options={"metadata": "m.txt"})
    incident = Incident(id="i", title="slow", started_at=at, window=window)
    made = []
    for name in ("one", "two"):
        source = open_source(config, tmp_path)
        record(incident, [(config, source)], tmp_path / name, redactor=Redactor(b"k" * 32), now=window.end)
        made.append((tmp_path / name / "m.metadata.json").read_bytes())
    assert made[0] == made[1]
    assert b"planted.person" not in made[0]
    (told,) = load_scenario(tmp_path / "one").sources
    again = open_source(told, tmp_path / "one")
    assert isinstance(again, MetricSource)
    found = {s.metric: s.metadata for s in again.read(window)}
    assert (found["took_sum"].kind, found["took_sum"].unit) == ("counter", "milliseconds")
    assert (found["took_count"].kind, found["took_count"].unit) == ("counter", "")
    assert "Duration" in found["took_sum"].help
    assert found["up"] == UNTOLD


@pytest.mark.parametrize(("file", "said"), [("none.json", "No such file"), ("bad.json", "neither JSON")])
def test_a_file_of_metadata_that_cannot_be_read_is_told(tmp_path: Path, file: str, said: str) -> None:
    (tmp_path / "bad.json").write_text("hello")
    (tmp_path / "m.csv").write_text("time,component,metric,value\n1767225600,web,up,1\n")
    config = SourceConfig(name="m", kind="metrics", type="table", path="m.csv", options={"metadata": file})
    with pytest.raises(SourceError, match=f"options.metadata of source 'm'.*{said}"):
        open_source(config, tmp_path).describe(
            Window(start=from_epoch(1767225000), end=from_epoch(1767226000))
        )


def test_a_foreign_folder_names_no_metadata_outside_itself(tmp_path: Path) -> None:
    outside = {"metadata": "/etc/hostname"}
    config = SourceConfig(name="m", kind="metrics", type="table", path="m.csv", options=outside)
    assert any("/etc/hostname" in each for each in beyond(config, tmp_path))


def test_a_secret_in_the_title_is_not_in_the_id(tmp_path: Path) -> None:
    recorded(tmp_path / "o", Journal("j"), title="login fails password=hunter2planted")
    assert "hunter2planted" not in (tmp_path / "o" / "scenario.yaml").read_text()


def test_everything_under_a_secret_key_is_a_pseudonym() -> None:
    told = {
        "credentials": {"user": "ann-planted", "pins": [4711, "4712"], "none": None, "used": True},
        "n": 4713,
    }
    made = clean(told, Redactor(b"k" * 32))
    assert not [p for p in ("planted", "4711", "4712") if p in json.dumps(made)]
    assert (made["n"], made["credentials"]["none"], made["credentials"]["used"]) == (4713, None, True)
