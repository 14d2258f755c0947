"""Settings and an alert of a bundled scenario, for the doors: as a site would have them, at the recorded moment."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import yaml

from aitia.core.scenario import Scenario, load_scenario
from aitia.engine import LEAST_CALLS
from aitia.settings import ModelChoice, Service, Settings, WindowRules, absolute

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "scenarios/connection-exhaustion"
CAUSE = ("orders", "resource.connections")
BESIDE = (
    "redis_*", "node_*", "process_*", "cache_*", "upstream_*", "nginx_*", "app_*", "orders_*", "charges_*", "http_client_*",
    "*_duration_*", "http_requests_in*", "db_pool*", "db_errors*", "pg_database*", "pg_locks*", "pg_settings_super*",
    "pg_stat_activity_max*", "pg_stat_database_[!n]*", "pg_up", "up",
)  # fmt: skip
"""Metrics that the cause does not need: what is left are requests, failed connections and the sessions of postgres."""


def shop_settings(**service: Any) -> Settings:
    """Sources and components of the scenario; without a model."""
    scenario = _scenario()
    began = (scenario.incident.started_at - scenario.window.start).total_seconds()
    return Settings(
        sources=absolute(scenario.sources, FOLDER),
        components=scenario.components,
        window=WindowRules(lead_s=began, baselines=("preceding",)),
        model=ModelChoice(name="none"),
        service=Service.model_validate({"at": scenario.now, "join_minutes": 0, **service}),
    )


@functools.cache
def _scenario() -> Scenario:
    return load_scenario(FOLDER)


def small_settings(**service: Any) -> Settings:
    """The shop with few of its series and no logs: the same cause in a fraction of the time, for what is about the door."""
    shop = shop_settings(**service)
    sources = [
        s.model_copy(update={"ignore": BESIDE}) if s.kind == "metrics" else s
        for s in shop.sources
        if s.kind in ("metrics", "changes", "topology")
    ]
    return shop.model_copy(update={"sources": tuple(sources), "max_calls": LEAST_CALLS})


def shop_yaml(folder: Path, **service: Any) -> Path:
    """The shop as an aitia.yaml in `folder`."""
    return _written(folder, shop_settings(**service))


def small_yaml(folder: Path, **service: Any) -> Path:
    """The small shop as an aitia.yaml in `folder`."""
    return _written(folder, small_settings(**service))


def _written(folder: Path, settings: Settings) -> Path:
    file = folder / "aitia.yaml"
    plain = settings.model_dump(mode="json", exclude_defaults=True)
    file.write_text(yaml.safe_dump(plain), encoding="utf-8")
    return file


def shop_alert(group: str = "shop", **labels: str) -> dict[str, Any]:
    """The alert that Alertmanager delivered, as its webhook message of another group."""
    message: dict[str, Any] = json.loads((FOLDER / "alert.json").read_text(encoding="utf-8"))
    message["groupKey"] = group
    for alert in message["alerts"]:
        alert["labels"] |= labels
    return message
