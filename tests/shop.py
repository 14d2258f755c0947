"""Settings and an alert of a bundled scenario, for the doors: as a site would have them, at the recorded moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from aitia.core.scenario import load_scenario
from aitia.settings import ModelChoice, Service, Settings, WindowRules, absolute

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "scenarios/connection-exhaustion"
CAUSE = ("orders", "resource.connections")


def shop_settings(**service: Any) -> Settings:
    """Sources and components of the scenario; without a model."""
    scenario = load_scenario(FOLDER)
    began = (scenario.incident.started_at - scenario.window.start).total_seconds()
    return Settings(
        sources=absolute(scenario.sources, FOLDER),
        components=scenario.components,
        window=WindowRules(lead_s=began, baselines=("preceding",)),
        model=ModelChoice(name="none"),
        service=Service.model_validate({"at": scenario.now, **service}),
    )


def shop_yaml(folder: Path, **service: Any) -> Path:
    """The same as an aitia.yaml in `folder`."""
    file = folder / "aitia.yaml"
    plain = shop_settings(**service).model_dump(mode="json", exclude_defaults=True)
    file.write_text(yaml.safe_dump(plain), encoding="utf-8")
    return file


def shop_alert(group: str = "shop", **labels: str) -> dict[str, Any]:
    """The alert that Alertmanager delivered, as its webhook message of another group."""
    message: dict[str, Any] = json.loads((FOLDER / "alert.json").read_text(encoding="utf-8"))
    message["groupKey"] = group
    for alert in message["alerts"]:
        alert["labels"] |= labels
    return message
