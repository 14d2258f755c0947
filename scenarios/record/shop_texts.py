"""The words around a service scenario: earlier changes and past incidents of the shop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from aitia.lab.folder import iso

TEXTS = Path(__file__).with_name("texts") / "shop"


def earlier_changes(start: float) -> list[dict[str, str]]:
    """The journal of the days before the recording."""
    hour = 3_600.0
    entries = [
        (-74.0, "payment", "deploy", "payment 5.2.1: retry of declined cards", "5.2.1"),
        (-51.5, "postgres", "config", "log_min_duration_statement 1000 to 400", ""),
        (-27.2, "catalog", "deploy", "catalog 1.9.0: item cache for 20 s", "1.9.0"),
        (-25.8, "orders", "deploy", "orders 2.13.4: fix of the order number format", "2.13.4"),
        (-5.1, "users", "deploy", "users 3.4.0: names longer than 64 characters", "3.4.0"),
        (-1.4, "redis", "config", "maxmemory 48mb to 64mb", ""),
    ]
    return [
        {"at": iso(start + hours * hour), "component": component, "kind": kind, "text": text}
        | ({"version": version} if version else {})
        for hours, component, kind, text, version in entries
    ]


def past_incidents(start: float) -> list[dict[str, Any]]:
    """Past incidents, dated before the recording."""
    raw: list[dict[str, Any]] = yaml.safe_load((TEXTS / "incidents.yaml").read_text(encoding="utf-8"))
    return [{"at": iso(start - entry.pop("days_ago") * 86_400.0), **entry} for entry in raw]
