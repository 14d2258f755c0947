"""An alert in the terminal: as a file, on stdin, pasted as the words, pasted into the chat."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aitia.core.store import RunStore
from tests.alerts.payloads import CONFIRMATION, EXAMPLES, payload, resolved, text
from tests.shop import CAUSE, small_yaml

AT = "2026-11-25T01:10:07Z"
Aitia = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(small_yaml(tmp_path))


@pytest.mark.parametrize("way", ["file", "stdin", "words"])
@pytest.mark.parametrize("name", ["zabbix.txt", "datadog.json", "cloudwatch-sns.json"])
def test_an_alert_is_diagnosed_however_it_is_given(
    aitia: Aitia, config: str, home: Path, monkeypatch: pytest.MonkeyPatch, name: str, way: str
) -> None:
    given = {"file": ("--alert", str(EXAMPLES / name)), "stdin": ("--alert", "-"), "words": (text(name),)}[
        way
    ]
    monkeypatch.setattr(
        "sys.stdin", SimpleNamespace(buffer=io.BytesIO(text(name).encode()), isatty=lambda: False)
    )
    done = aitia("diagnose", *given, "--config", config, "--at", AT, "--model", "none")
    assert done.code == 0, done.err
    assert "alert fired 01:09:27" in done.out
    report = RunStore.open(home, "last").report()
    assert (report.component, report.fault) == CAUSE
    assert report.incident.origin in name
    assert report.incident.hints == ("gateway",)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (json.dumps({"a": 1}), "no known alert format. Send one of these"),
        (json.dumps(resolved("datadog.json")), "does not say when it began. Give the start (--since)"),
        (json.dumps(payload("opsgenie.json") | {"action": "Acknowledge"}), "says 'Acknowledge': nothing began"),
        (json.dumps(CONFIRMATION), "run aws sns confirm-subscription --topic-arn arn:aws:sns:eu-central-1:123456789012:alarms"),
        ('{"alerts": ' + "[" * 60 + "]" * 60 + "}", "at most 40 levels deep"),
        ('{"alerts": [NaN]}', "NaN is not a JSON number"),
    ],
)  # fmt: skip
def test_what_cannot_be_diagnosed_is_said(aitia: Aitia, config: str, told: str, says: str) -> None:
    done = aitia("diagnose", told, "--config", config, "--at", AT, "--model", "none")
    assert done.code == 2
    assert says in " ".join(done.err.split())


def test_ten_megabytes_are_too_many(aitia: Aitia, config: str, tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    large.write_text(json.dumps(payload("datadog.json") | {"body": "x" * 10_000_000}))
    done = aitia("diagnose", "--alert", str(large), "--config", config, "--at", AT)
    assert (done.code, "is larger than 2 MB" in done.err) == (2, True)


def test_what_is_over_is_looked_at_where_its_start_is_given(aitia: Aitia, config: str, home: Path) -> None:
    over = json.dumps(resolved("cloudwatch-sns.json"))
    options = ("--config", config, "--at", AT, "--since", "40s", "--model", "none")
    assert aitia("diagnose", over, *options).code == 0
    incident = RunStore.open(home, "last").report().incident
    assert incident.window.end.isoformat() == "2026-11-25T01:10:00+00:00"


def test_the_page_tells_the_link_as_text(aitia: Aitia, config: str, tmp_path: Path) -> None:
    message = payload("datadog.json") | {"link": 'https://app.datadoghq.com/"><script>alert(1)</script>'}
    assert aitia("diagnose", json.dumps(message), "--config", config, "--at", AT, "--model", "none").code == 0
    assert aitia("report", "last", "-o", str(tmp_path / "r.html")).code == 0
    page = (tmp_path / "r.html").read_text()
    assert "https://app.datadoghq.com/&#34;&gt;&lt;script&gt;" in page
    assert 'href="https://app.datadoghq' not in page
