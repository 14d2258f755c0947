"""What is shipped to operate aitia: each metric that a rule or panel asks for is one that the service has; files are as tools want them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia.jobs import Jobs, Workers
from aitia.settings import Settings, load_settings
from aitia.web.metrics import Meters

DEPLOY = Path(__file__).parents[2] / "deploy"
_NAME = re.compile(r"\b(?:aitia|process)_[a-z_]+")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all samples that `/metrics` has."""
    home = tmp_path_factory.mktemp("home")
    jobs = Jobs(home, Settings())
    meters = Meters(jobs, Workers(home, Settings(), count=1, model="none"))
    meters.answered({"method": "POST", "route": None}, 202, 0.1)
    meters.read()
    found = {s.name for m in meters.registry.collect() for s in m.samples}
    return (
        found
        | {f"{m.name}_total" for m in meters.registry.collect() if m.type == "counter"}
        | {f"{m.name}_bucket" for m in meters.registry.collect() if m.type == "histogram"}
    )


def expressions() -> Iterator[str]:
    rules = yaml.safe_load((DEPLOY / "monitoring/rules.yml").read_text())
    yield from (rule["expr"] for group in rules["groups"] for rule in group["rules"])
    board = json.loads((DEPLOY / "monitoring/grafana-dashboard.json").read_text())
    yield from (target["expr"] for panel in board["panels"] for target in panel["targets"])


@pytest.mark.parametrize("expression", list(expressions()))
def test_what_is_asked_for_is_there(expression: str, metrics: set[str]) -> None:
    asked = set(_NAME.findall(re.sub(r'"[^"]*"', "", expression)))
    assert asked <= metrics, asked - metrics
    assert asked or "up{" in expression


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_promtool_takes_the_rules_and_their_tests() -> None:
    here = DEPLOY / "monitoring"
    for arguments in (["check", "rules", "rules.yml"], ["test", "rules", "rules.test.yml"]):
        done = subprocess.run(["promtool", *arguments], cwd=here, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    program = tmp_path / "aitia"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in sorted((DEPLOY / "systemd").iterdir()):
        text = unit.read_text().replace("/opt/aitia/bin/aitia", str(program))
        (tmp_path / unit.name).write_text(text)
    units = [str(p) for p in sorted(tmp_path.iterdir()) if p.suffix in (".service", ".timer")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def documents(file: str) -> list[dict[str, Any]]:
    return [d for d in yaml.safe_load_all((DEPLOY / file).read_text()) if d]


def test_the_manifests_belong_together() -> None:
    found = {d["kind"]: d for d in documents("kubernetes/aitia.yaml")}
    pod = found["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    labels = found["Deployment"]["spec"]["selector"]["matchLabels"]
    assert labels.items() <= pod["metadata"]["labels"].items()
    assert found["Service"]["spec"]["selector"] == labels
    ports = {p["name"] for p in container["ports"]}
    assert {
        container[p]["httpGet"]["port"] for p in ("startupProbe", "livenessProbe", "readinessProbe")
    } <= ports
    volumes = {v["name"]: v for v in pod["spec"]["volumes"]}
    assert {m["name"] for m in container["volumeMounts"]} <= set(volumes)
    assert volumes["config"]["configMap"]["name"] == found["ConfigMap"]["metadata"]["name"]
    claim = volumes["runs"]["persistentVolumeClaim"]["claimName"]
    assert claim == found["PersistentVolumeClaim"]["metadata"]["name"]


def test_the_settings_that_are_shipped_are_settings(tmp_path: Path) -> None:
    file = tmp_path / "aitia.yaml"
    file.write_text(
        {d["kind"]: d for d in documents("kubernetes/aitia.yaml")}["ConfigMap"]["data"]["aitia.yaml"]
    )
    for each in (file, DEPLOY / "aitia.yaml"):
        assert [s.type for s in load_settings(each).sources] == ["prometheus"]


def test_the_compose_file_names_what_it_has() -> None:
    (told,) = documents("compose.yaml")
    for service in told["services"].values():
        assert set(service.get("networks", [])) <= set(told["networks"])
        assert set(service.get("secrets", [])) <= set(told["secrets"])
        assert set(service.get("depends_on", {})) <= set(told["services"])
        named = [v.split(":")[0] for v in service["volumes"] if not v.startswith(".")]
        assert set(named) <= set(told["volumes"])
    assert told["services"]["aitia"]["ports"] == ["127.0.0.1:8766:8766"]
