"""Secrets planted into an incident reach neither the store nor a prompt nor an output of its diagnosis."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.attack.planted_world import everything, leaked, plant  # noqa: E402

SECRETS = [
    {"where": "title", "text": "orders down, the password is Sommer2026!", "secret": "Sommer2026!"},
    {"where": "alert_text", "text": "password hunter2x rejected for user app", "secret": "hunter2x"},
    {"where": "log", "text": "cannot connect: postgres://shop:Tulpe77x@db:5432/shop", "secret": "Tulpe77x"},
    {
        "where": "change_from_to",
        "text": "DB_PASSWORD changed from Ahorn55y to Birke66z",
        "secret": "Birke66z",
    },
    {"where": "metric_label", "text": "api_key=Zk39fPq81LmX", "secret": "Zk39fPq81LmX"},
    {"where": "component_name", "text": "db?password=Esche88w", "secret": "Esche88w"},
    {"where": "chat", "text": "login: admin / Welcome1x!", "secret": "Welcome1x!"},
    {"where": "commandline", "text": "mysql -u root -pLinde44v shop", "secret": "Linde44v"},
]


def test_no_planted_secret_is_found_anywhere(tmp_path: Path, monkeypatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("AITIA_HOME", str(home))
    made = everything(plant(tmp_path / "scenario", SECRETS), home, SECRETS)
    assert {s["secret"]: found for s in SECRETS if (found := leaked(s["secret"], made))} == {}
    pseudonyms = sum(b"<secret:" in data for data in made.values())
    assert pseudonyms >= 5  # they were read, and stand there as pseudonyms
    assert len(made["prompts"]) > 100
