"""From a killed process to a report that names it: nothing between them is played."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aitia.core.store import list_runs
from aitia.jobs import Jobs
from aitia.settings import Settings

from .conftest import ROOT, SERVICES, Lab, answers, wait_for

BASELINE_S = 22.0


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


@pytest.mark.server
def test_the_alert_of_a_broken_store_arrives_and_the_diagnosis_names_the_store(
    lab: Lab, tmp_path: Path
) -> None:
    home, out = tmp_path / "home", tmp_path / "told.jsonl"
    argv = [
        sys.executable,
        "-c",
        "from aitia.cli import main; main()",
        "listen",
        "--port",
        str(lab.hook),
        "--config",
        str(lab.settings),
        "--model",
        "none",
        "--json",
    ]
    with out.open("w") as told, (tmp_path / "said.txt").open("w") as said:
        door = subprocess.Popen(
            argv, stdout=told, stderr=said, cwd=ROOT, env={**os.environ, "AITIA_HOME": str(home)}
        )
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{lab.hook}/healthz"), "the listener")
        wait_for(lambda: lab.query("redis_up") == [1.0], "the first scrape")
        time.sleep(max(0.0, BASELINE_S - (time.monotonic() - lab.started)))
        assert not lines(out), "an alert fired before the fault"
        lab.kill("redis")
        wait_for(lambda: len(lines(out)) >= 1, "a diagnosis", 30)
        lab.start_redis()
        wait_for(lambda: lines(out)[-1]["message"] == "resolved", "the news that all is well again", 20)
    finally:
        door.send_signal(signal.SIGTERM)
        code = door.wait(timeout=15)
    first = lines(out)[0]
    assert first["verdict"] == "cause", (first, (tmp_path / "said.txt").read_text())
    assert first["component"] == "redis", first
    report = json.loads(Path(str(first["report"])).read_text())
    assert report["incident"]["origin"] == "alertmanager"
    assert set(report["incident"]["hints"]) == set(
        SERVICES
    )  # two alerts, one incident; they name the victims
    assert report["model"]["name"] == ""
    assert code == 0
    told = lines(out)
    assert {t["run"] for t in told} == {first["run"]}  # one alert group is one run, and its end starts none
    assert len(list_runs(home)) == 1
    assert [j.alert for j in Jobs(home, Settings()).list()] == ["resolved"]
