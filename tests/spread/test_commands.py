"""The commands over a Ray cluster tell what they tell here, and what they make lies here once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aitia.cli.app import run
from aitia.core.errors import ModelError
from aitia.core.store import RunStore, list_runs
from aitia.models.fetch import fetch
from tests.fleet.test_fleet import table
from tests.spread.nodes import Cluster

SCENARIOS = Path(__file__).parents[2] / "scenarios"
pytestmark = pytest.mark.server


def test_a_replayed_run_lies_here_once_whole_and_as_our_own(
    cluster: Cluster, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "scenario.yaml").write_text("id: 7\n")
    folders = [str(SCENARIOS / "false-alarm"), str(tmp_path / "broken")]
    assert run(["replay", *folders, "--model", "none", "--ray", cluster.address, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["scenarios"]
    assert [t["correct"] for t in told] == [True, False]
    assert told[1]["id"] == "broken"
    assert len(list_runs(home)) == 1
    kept = RunStore.open(home, "last")
    assert (kept.id, kept.is_own()) == (told[0]["run"], True)
    assert kept.report().verdict == "healthy"
    assert not list(cluster.home.glob("apart-*"))
    assert not (cluster.home / "runs").exists()


def test_a_node_with_another_key_is_refused_and_told_how_to_fix_it(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    folder = str(SCENARIOS / "false-alarm")
    assert run(["replay", folder, "--model", "none", "--ray", cluster.address]) == 2
    assert "Copy redaction.key" in capsys.readouterr().err
    assert list_runs(tmp_path) == []


def test_a_fleet_is_told_as_by_one_process(
    cluster: Cluster, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for k in range(3):
        table(data / f"P-{k}.parquet", [f"P-{k}"], sick="P-2", seed=k)
    told = []
    for by in (["--ray", cluster.address], ["--jobs", "1"]):
        assert run(["fleet", str(data), *by, "--fresh", "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out)["assets"])
    assert told[0] == told[1]
    assert told[0][0]["asset"] == "P-2"


def test_logs_are_counted_as_by_several_processes(
    cluster: Cluster,
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aitia.tools.logs.work.PARCEL", 20_000)
    for name in ("api", "db"):
        lines = (
            f"2026-11-20 10:{n // 60 % 60:02}:{n % 60:02} INFO {name} request {n} of ann@example.com took {n % 90} ms"
            for n in range(900)
        )
        (tmp_path / f"{name}.log").write_text("\n".join(lines) + "\n")
    monkeypatch.chdir(tmp_path)
    told = []
    for by in (["--ray", cluster.address], ["--jobs", "2"]):
        assert run(["logs", "patterns", "api.log", "db.log", *by, "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told[0] == told[1]
    assert "ann@example.com" not in json.dumps(told)


def test_the_lab_makes_on_nodes_what_it_makes_here(
    cluster: Cluster, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from aitia.lab.catalog import system_of, systems

    if missing := system_of("k8s-bare", systems(None)).missing():
        pytest.skip(f"needs {', '.join(missing)}")
    order = ["lab", "make", "--system", "k8s-bare", "--n", "1", "--twins", "0", "--seed", "11"]
    assert run([*order, "--out", str(tmp_path / "there"), "--ray", cluster.address]) == 0
    assert "1 made" in capsys.readouterr().out
    assert run([*order, "--out", str(tmp_path / "there"), "--ray", cluster.address]) == 0
    assert "1 were there" in capsys.readouterr().out
    (made,) = (p for p in (tmp_path / "there").iterdir() if p.is_dir())
    assert (made / "scenario.yaml").is_file()
    assert not (tmp_path / "there" / ".making").exists()


@pytest.mark.long
@pytest.mark.model
def test_adapters_that_nodes_tuned_lie_here_by_role(
    cluster: Cluster, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("peft", reason="peft is not installed: pip install '.[tune]'")
    try:
        base = str(fetch("smollm2-135m"))
    except ModelError as error:
        pytest.skip(f"smollm2-135m cannot be fetched here: {error}")
    few = ["--size", "16", "--checked", "16", "--checks", "1", "--batch", "4", "--minutes", "2", "--no-gate"]
    tune = ["models", "tune", "names", "messages", "--each", "--base", base, *few]
    assert run([*tune, "--ray", cluster.address, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(t["role"] for t in told) == ["messages", "names"]
    for each in told:
        file = Path(each["file"])
        assert file.is_relative_to(home)
        assert file.stat().st_size == each["bytes"] > 100_000
        assert each["steps"] >= 4
    assert not list(cluster.home.glob("**/*.gguf"))


def test_one_adapter_is_not_for_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "tune", "names", "--ray", "local"]) == 2
    assert "Add --each" in capsys.readouterr().err
