"""A folder whose aitia.yaml reads a scenario's recorded telemetry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from aitia.consent import remember

AT = "2026-11-25T01:10:07Z"  # the moment that the scenario's telemetry ends
ALARM = "/since 40s the gateway answers with 5xx"


def settle(folder: Path, scenario: Path, *more: dict[str, Any], kinds: tuple[str, ...] = ()) -> None:
    """Write the settings; `more` are further sources, `kinds` those that are read where it is not all."""
    told = yaml.safe_load((scenario / "scenario.yaml").read_text(encoding="utf-8"))
    sources = [
        s | ({"path": str(scenario / s["path"])} if s.get("path") else {})
        for s in told["sources"]
        if not kinds or s["kind"] in kinds
    ]
    settings = {
        "sources": [*sources, *more],
        "window": {"lead_s": 50.0, "baselines": ["preceding"], "preceding_factor": 2},
        "model": {"name": "none"},
    }
    file = folder / "aitia.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    remember(file)  # its telemetry lies outside the folder: the user agreed, as with `aitia trust`
