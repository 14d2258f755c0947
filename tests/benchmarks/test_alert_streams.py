"""Streams of alerts: made by rules from recordings, the same whatever the answer is, in layouts that are read alike."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from aitia.incoming import make_incident
from benchmarks.adapters.alert_streams.layouts import flat, notifications, webhook
from benchmarks.adapters.alert_streams.rules import Fired, Series, fired, rules
from benchmarks.lab.data import NEVER, splits
from benchmarks.rca import alert_streams as script

BUNDLED = Path(__file__).parents[2] / "benchmarks" / "lab" / "bundle" / "kinds"
KINDS = ("web-proxy-e590f3de", "redis-sentinel-5eb9afe8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in KINDS:
        shutil.copytree(BUNDLED / name, tmp_path / "data" / name)
    return tmp_path / "data"


def run(monkeypatch: pytest.MonkeyPatch, data: Path, *arguments: str) -> dict[str, Any]:
    out = data.parent / "out.json"
    monkeypatch.setattr(
        sys, "argv", ["alert_streams.py", "--data", str(data), "--json", str(out), *arguments]
    )
    assert script.main() == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def said(found: dict[str, Any]) -> list[dict[str, Any]]:
    kept = ("id", "system", "verdict", "component", "fault", "probability", "ranking")
    return [{k: c[k] for k in kept} for c in found["per_case"]]


def test_noise_for_answers_changes_no_prediction(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(monkeypatch, data)
    assert {c["system"] for c in before["per_case"]} == set(script.SYSTEMS)
    assert any(c["component@1"] for c in before["per_case"])
    for file in data.glob("*/scenario.yaml"):
        told = yaml.safe_load(file.read_text())
        told["expected"] = {"verdict": "cause", "component": "nobody", "fault": "machine.looseness"}
        file.write_text(yaml.safe_dump(told, sort_keys=False))
    after = run(monkeypatch, data)
    assert said(after) == said(before)
    assert not any(c["component@1"] for c in after["per_case"])


def test_systems_that_are_never_looked_at_tell_totals_alone(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = next(s for s, split in splits().items() if split == NEVER)
    lab = json.loads((data / KINDS[0] / "lab.json").read_text())
    lab["order"]["system"] = system
    (data / KINDS[0] / "lab.json").write_text(json.dumps(lab))
    told: list[str] = []
    monkeypatch.setattr(script, "written_down", lambda found, rows, task: told.append(task))
    sealed = run(monkeypatch, data, "--split", NEVER)
    assert (sealed["n"], sealed["per_case"], sealed["judged"], told) == (1, [], [], ["rca/alert_streams"])


def series(metric: str, values: list[float], **labels: str) -> Series:
    return Series(
        metric=metric,
        component="db",
        labels=labels,
        t=np.arange(len(values), dtype=float) * 10,
        v=np.array(values),
    )


def test_a_rule_fires_once_its_condition_has_held_and_ends_with_it() -> None:
    (one,) = fired([series("pg_up", [1.0] * 10 + [0.0] * 5 + [1.0] * 5)], before=90)
    assert (one.name, one.labels, one.start, one.end) == ("PgDown", {"instance": "db"}, 120.0, 150.0)
    assert fired([series("pg_up", [1.0] * 10 + [0.0] * 2 + [1.0] * 8)], before=90) == []


def test_a_ratio_counts_only_what_failed() -> None:
    good = series("shop_requests_total", [10.0 * n for n in range(30)], outcome="ok")
    bad = series("shop_requests_total", [0.0] * 15 + [10.0 * n for n in range(15)], outcome="error")
    assert [f.name for f in fired([good, bad], before=100)] == ["HighErrorRate"]
    assert fired([good], before=100) == []


def test_every_rule_says_what_it_compares() -> None:
    limits = {"above", "below", "times", "below_times"}
    assert all(limits & set(rule) and rule["says"] and rule["severity"] for rule in rules())


def test_both_layouts_are_read_as_the_same_alerts() -> None:
    now = 1_800_000_000.0
    told = [
        Fired(
            name="PgDown",
            severity="critical",
            labels={"instance": "db"},
            says="down",
            start=now - 90,
            end=None,
        ),
        Fired(
            name="Slow",
            severity="warning",
            labels={"service": "web"},
            says="slow",
            start=now - 60,
            end=now - 30,
        ),
    ]
    at = datetime.fromtimestamp(now, tz=UTC)
    rows = notifications(told, now, 2.0)
    read = [
        [(a.name, a.start, a.end) for a in make_incident(text, now=at).alerts]
        for text in (webhook(told, now), flat(rows, lines=True), flat(rows, lines=False))
    ]
    assert read[0] == read[1] == read[2]
    assert len(rows) == 5
