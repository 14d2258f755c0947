"""Every bundled scenario is whole, small, within its own spans, and says nothing of its answer."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml

from aitia.core.aspects import ALL
from aitia.core.errors import BadInput
from aitia.core.scenario import Scenario, load_scenario

FOLDERS = sorted(p.parent for p in (Path(__file__).parents[2] / "scenarios").glob("*/scenario.yaml"))
BUNDLED = {
    "connection-exhaustion",
    "slow-dependency",
    "memory-leak",
    "false-alarm",
    "blackout",
    "bearing-outer-race",
}
KINDS = {
    "metric.shift", "metric.trend", "log.new", "log.surge", "log.vanished", "change.deploy", "change.config",
    "vibration.line", "",
}  # fmt: skip


@pytest.fixture(params=FOLDERS, ids=lambda p: p.name)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def scenario(folder: Path) -> Scenario:
    return load_scenario(folder)


def jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def table(folder: Path, sql: str) -> Any:
    file = next(folder.glob("*.parquet"))
    with duckdb.connect() as db:
        return db.execute(sql.replace("FROM T", f"FROM '{file}'")).fetchall()


def text_of(path: Path) -> str:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.decode("utf-8", errors="replace")


def test_all_six_are_there() -> None:
    assert {f.name for f in FOLDERS} >= BUNDLED


def test_id_is_the_folder_and_size_is_below_one_megabyte(folder: Path, scenario: Scenario) -> None:
    assert scenario.id == folder.name
    assert sum(p.stat().st_size for p in folder.rglob("*")) < 1_000_000


def test_sources_and_alert_exist(folder: Path, scenario: Scenario) -> None:
    for source in scenario.sources:
        assert (folder / source.path).exists(), source.name
    if scenario.incident.alert:
        alert = json.loads((folder / scenario.incident.alert).read_text())
        assert alert["version"] == "4"
        assert alert["commonAnnotations"]["summary"] == scenario.incident.title
        assert datetime.fromisoformat(alert["alerts"][0]["startsAt"]) == scenario.incident.started_at


def test_window_is_counted_from_the_alarm(scenario: Scenario) -> None:
    lead = (scenario.incident.started_at - scenario.window.start).total_seconds()
    assert lead == (90 if scenario.domain == "it" else 3600)
    assert scenario.window.end == scenario.now > scenario.incident.started_at
    assert all(b.window.end <= scenario.window.start for b in scenario.baselines)


def test_samples_cover_baseline_and_window(folder: Path, scenario: Scenario) -> None:
    [(first, last, series, components)] = table(
        folder,
        "SELECT min(time), max(time), count(DISTINCT component || metric || labels), count(DISTINCT component) FROM T",
    )
    first, last = first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)
    assert abs((first - scenario.baselines[0].window.start).total_seconds()) < 15
    assert 0 <= (scenario.now - last).total_seconds() < 15
    assert (series, components) > ((100, 4) if scenario.domain == "it" else (10, 1))


def test_samples_are_sorted_and_labels_are_json(folder: Path) -> None:
    assert table(folder, "SELECT count(*) FROM T WHERE value IS NULL OR time IS NULL OR component = ''") == [
        (0,)
    ]
    rows = table(folder, "SELECT component, metric, labels, time FROM T")
    assert rows == sorted(rows)
    for (labels,) in table(folder, "SELECT DISTINCT labels FROM T"):
        assert all(isinstance(v, str) for v in json.loads(labels).values())


def test_changes_name_known_components_and_precede_now(folder: Path, scenario: Scenario) -> None:
    known = {c["id"] for c in yaml.safe_load((folder / "topology.yaml").read_text())["components"]}
    journal = jsonl(folder / ("changes.jsonl" if scenario.domain == "it" else "maintenance.jsonl"))
    assert len(journal) >= 5
    for entry in journal:
        assert entry["component"] in known
        assert datetime.fromisoformat(entry["at"]) < scenario.now


def test_links_lead_to_components(folder: Path) -> None:
    components = yaml.safe_load((folder / "topology.yaml").read_text())["components"]
    known = {c["id"] for c in components}
    assert {link["to"] for c in components for link in c.get("links", [])} <= known


def test_expected_names_known_components_kinds_and_aspects(folder: Path, scenario: Scenario) -> None:
    known = {c["id"] for c in yaml.safe_load((folder / "topology.yaml").read_text())["components"]} | {""}
    expected = scenario.expected
    assert {expected.component, *(a.component for a in expected.alternatives)} <= known
    assert bool(expected.evidence) == (expected.verdict == "cause")
    for need in expected.evidence:
        assert need.component in known
        assert need.kind in KINDS
        assert need.aspect in ALL


def test_the_alarm_and_the_file_names_do_not_say_the_answer(folder: Path, scenario: Scenario) -> None:
    expected, incident = scenario.expected, scenario.as_incident()
    told = " ".join([incident.id, incident.title, incident.text, *incident.labels.values(), *incident.hints])
    if expected.fault:
        last = expected.fault.rsplit(".", 1)[-1]
        words = {last, last.replace("_", " "), last.replace("_", "-"), str(scenario.recorded.args["fault"])}
        files = " ".join(str(p.relative_to(folder)) for p in folder.rglob("*"))
        assert not any(re.search(re.escape(word), told + files, re.I) for word in words)
    if scenario.domain == "it":
        assert not expected.component or expected.component not in told


def test_recorded_text_holds_no_word_of_the_recorder(folder: Path, scenario: Scenario) -> None:
    words = re.compile(
        r"connection_leak|memory_leak|inject|scenario|aitia|/tmp/|blackout|audit_share|victim", re.I
    )
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "scenario.yaml" and path.suffix not in (".parquet", ".npz"):
            assert not words.search(text_of(path)), path


def test_an_undecidable_scenario_records_nothing_of_the_culprit(folder: Path, scenario: Scenario) -> None:
    if scenario.expected.verdict != "unknown":
        pytest.skip("decidable")
    victim = str(scenario.recorded.args["victim"])
    told = f"component = '{victim}' OR json_extract_string(labels, '$.peer') = '{victim}'"
    assert table(folder, f"SELECT count(*) FROM T WHERE {told}") == [(0,)]
    assert not list((folder / "logs").glob(f"{victim}*"))
    assert all(entry["component"] != victim for entry in jsonl(folder / "changes.jsonl"))


def test_waveforms_are_where_signals_yaml_says(folder: Path, scenario: Scenario) -> None:
    if scenario.domain != "machine":
        pytest.skip("no waveforms")
    blocks = yaml.safe_load((folder / "signals.yaml").read_text())["blocks"]
    in_window = [b for b in blocks if scenario.window.contains(datetime.fromisoformat(b["at"]))]
    assert len(in_window) >= 4
    assert len(blocks) - len(in_window) >= 8
    for block in blocks:
        with np.load(folder / block["file"], allow_pickle=False) as arrays:
            x = arrays[block["key"]]
        assert x.dtype == np.float32
        assert x.shape == (int(block["fs"]),)
        assert np.isfinite(x).all()


def test_a_broken_scenario_names_file_and_field(tmp_path: Path, folder: Path) -> None:
    raw = yaml.safe_load((folder / "scenario.yaml").read_text())
    del raw["window"]
    (tmp_path / "scenario.yaml").write_text(yaml.safe_dump(raw))
    with pytest.raises(BadInput, match=r"window.*scenario\.yaml"):
        load_scenario(tmp_path)
