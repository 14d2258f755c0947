"""`aitia topology`: who calls whom, from labels and logs of a recorded shop, held against the topology that is known."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from aitia.core.config import SourceConfig
from aitia.core.words import Window
from aitia.linking import calls, components_of, hosts_of, write_topology
from aitia.tools.sources import open_sources
from aitia.tools.sources.topology import TopologyFile
from tests.cli.conftest import Aitia
from tests.conftest import SCENARIOS


def shop(folder: Path, kinds: tuple[str, ...] = ("metrics", "logs")) -> tuple[Path, str]:
    """A configuration with the metrics and logs of the recorded shop alone, and the time of its recording."""
    scenario = yaml.safe_load((SCENARIOS / "connection-exhaustion" / "scenario.yaml").read_text())
    sources = [s for s in scenario["sources"] if s["kind"] in kinds]
    for source in sources:
        source["path"] = str(SCENARIOS / "connection-exhaustion" / source["path"])
    (folder / "aitia.yaml").write_text(yaml.safe_dump({"sources": sources}))
    return folder / "aitia.yaml", str(scenario["now"])


def known() -> set[tuple[str, str]]:
    scenario = yaml.safe_load((SCENARIOS / "connection-exhaustion" / "scenario.yaml").read_text())
    raw = (
        scenario.get("components")
        or yaml.safe_load((SCENARIOS / "connection-exhaustion" / "topology.yaml").read_text())["components"]
    )
    return {(c["id"], x["to"]) for c in raw for x in c.get("links", ()) if x["relation"] == "calls"}


def test_labels_and_logs_show_the_calls_of_the_shop(aitia: Aitia, tmp_path: Path) -> None:
    config, now = shop(tmp_path)
    file = tmp_path / "topology.yaml"
    args = ["topology", "-c", str(config), "--last", "1h", "--at", now, "--file", str(file)]
    done = aitia(*args, "--json", "--write")
    assert done.code == 0
    told = json.loads(done.out)["calls"]
    assert {(c["caller"], c["callee"]) for c in told} == known()
    read = TopologyFile(SourceConfig(name="t", kind="topology", type="topology", path=str(file)), tmp_path)
    assert {(c.id, x.to) for c in read.components() for x in c.links} == known()
    again = aitia(*args, "--write")
    assert (again.code, "already exists" in again.err) == (2, True)


def test_logs_alone_show_what_they_name(tmp_path: Path) -> None:
    lines = [
        "2026-03-01T10:00:0{i}Z INFO GET /cart from web took 3 ms",
        "2026-03-01T10:00:0{i}Z WARN call to pay failed",
    ]
    for name, texts in (
        ("cart", lines),
        ("web", []),
        ("pay", ["2026-03-01T10:00:0{i}Z INFO asked by cart"]),
    ):
        body = "".join(text.format(i=i) + "\n" for i in range(5) for text in texts)
        (tmp_path / f"{name}.log").write_text(body or "2026-03-01T10:00:00Z INFO up\n")
    configs = [SourceConfig(name="l", kind="logs", type="log_files", path="*.log")]
    window = Window.model_validate({"start": "2026-03-01T09:00:00Z", "end": "2026-03-01T11:00:00Z"})
    found, problems = calls(open_sources(configs, tmp_path), window)
    assert ([(c.caller, c.callee, c.lines) for c in found], problems) == (
        [("cart", "pay", 10), ("web", "cart", 5)],
        [],
    )
    assert [c.id for c in components_of(found)] == ["cart", "pay", "web"]


def test_of_two_that_name_each_other_alike_none_is_dropped(tmp_path: Path) -> None:
    for one, other in (("web", "pay"), ("pay", "web")):
        (tmp_path / f"{one}.log").write_text(f"2026-03-01T10:00:00Z WARN call to {other} failed\n" * 5)
    configs = [SourceConfig(name="l", kind="logs", type="log_files", path="*.log")]
    window = Window.model_validate({"start": "2026-03-01T09:00:00Z", "end": "2026-03-01T11:00:00Z"})
    found, _ = calls(open_sources(configs, tmp_path), window)
    assert [(c.caller, c.callee) for c in found] == [("pay", "web"), ("web", "pay")]


def test_a_supervisor_that_starts_processes_does_not_call_them(tmp_path: Path) -> None:
    (tmp_path / "super.log").write_text("2026-03-01T10:00:00Z INFO spawned: web with pid 7\n" * 9)
    (tmp_path / "web.log").write_text("2026-03-01T10:00:00Z INFO up\n")
    configs = [SourceConfig(name="l", kind="logs", type="log_files", path="*.log")]
    window = Window.model_validate({"start": "2026-03-01T09:00:00Z", "end": "2026-03-01T11:00:00Z"})
    assert calls(open_sources(configs, tmp_path), window)[0] == []


def test_init_writes_the_topology_that_it_sees_and_a_source_for_it(aitia: Aitia, tmp_path: Path) -> None:
    now = datetime.now(tz=UTC)
    lines = [f"{(now - timedelta(minutes=i)).isoformat()} WARN call to pay failed\n" for i in range(9, 0, -1)]
    (tmp_path / "web.log").write_text("".join(lines))
    (tmp_path / "pay.log").write_text(f"{now.isoformat()} INFO up\n")
    assert aitia("init", "--dir", str(tmp_path), "--write").code == 0
    read = yaml.safe_load((tmp_path / "topology.yaml").read_text())["components"]
    assert [(c["id"], c.get("links")) for c in read] == [
        ("pay", None),
        ("web", [{"relation": "calls", "to": "pay"}]),
    ]
    sources = yaml.safe_load((tmp_path / "aitia.yaml").read_text())["sources"]
    assert {s["kind"] for s in sources} == {"logs", "topology"}
    assert not (tmp_path / "dictionary.yaml").exists()


def test_changes_and_an_own_topology_do_not_speak(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("2026-03-01T10:00:00Z WARN call to pay failed\n" * 5)
    (tmp_path / "pay.log").write_text("2026-03-01T10:00:00Z INFO up\n")
    change = {"at": "2026-03-01T09:59:00Z", "component": "pay", "kind": "deploy", "text": "pay 2"}
    (tmp_path / "changes.jsonl").write_text(json.dumps(change) + "\n")
    (tmp_path / "topology.yaml").write_text(
        "components: [{id: pay, links: [{relation: calls, to: web}]}, {id: web}]\n"
    )
    configs = [
        SourceConfig(name="l", kind="logs", type="log_files", path="*.log"),
        SourceConfig(name="c", kind="changes", type="changes", path="changes.jsonl"),
        SourceConfig(name="t", kind="topology", type="topology", path="topology.yaml"),
    ]
    window = Window.model_validate({"start": "2026-03-01T09:00:00Z", "end": "2026-03-01T11:00:00Z"})
    found, problems = calls(open_sources(configs, tmp_path), window)
    assert ([(c.caller, c.callee, c.why) for c in found], problems) == ([("web", "pay", "5 log lines")], [])


def test_init_does_not_look_where_it_is_told_not_to(aitia: Aitia, tmp_path: Path) -> None:
    now = datetime.now(tz=UTC).isoformat()
    (tmp_path / "web.log").write_text(f"{now} WARN call to pay failed\n" * 9)
    (tmp_path / "pay.log").write_text(f"{now} INFO up\n")
    assert aitia("init", "--dir", str(tmp_path), "--write", "--no-look").code == 0
    assert not (tmp_path / "topology.yaml").exists()


def test_the_machine_of_a_system_log_is_a_component_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "messages.log").write_text(
        "2026-03-01T10:00:00.1+00:00 db-3 systemd[1]: Started web.service.\n" * 3
    )
    (tmp_path / "logs" / "syslog").write_text(
        "Mar  1 10:00:00 a-1 cron[4]: ran\nMar  1 10:00:00 a-2 cron[4]: ran\n"
    )
    (tmp_path / "logs" / "web.log").write_text("2026-03-01T10:00:00Z web-1 worker[7]: up\n")
    sources = open_sources([SourceConfig(name="l", kind="logs", type="log_files", path="logs")], tmp_path)
    hosts = hosts_of(sources)
    assert hosts == {"db-3": ("messages",)}  # of two machines none is told, and web's log is no machine's
    write_topology(tmp_path / "topology.yaml", [], hosts=hosts)
    read = TopologyFile(
        SourceConfig(name="t", kind="topology", type="topology", path="topology.yaml"), tmp_path
    )
    assert [(c.id, c.type, c.aliases) for c in read.components()] == [("db-3", "node", ("messages",))]
