"""What attackers write, as data. Written by a language model from general knowledge, without a look at the rules under test."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def templates(name: str) -> tuple[Any, ...]:
    """The templates of a file of this folder, in its order."""
    loaded: list[Any] = yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8"))
    return tuple(loaded)


@cache
def faults() -> dict[str, tuple[str, ...]]:
    """What software prints when it fails, by kind of fault."""
    loaded = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text(encoding="utf-8"))
    return {kind: tuple(phrases) for kind, phrases in loaded.items()}


FAULT_NAMES = {
    "disk_full": "resource.disk", "out_of_memory": "resource.memory", "connections": "resource.connections",
    "deadlock": "software.deadlock", "timeout": "network.delay", "refused": "software.crash", "dns": "network.dns",
    "certificate": "software.certificate", "credentials": "software.credentials", "crash": "software.crash",
    "exception": "software.exception", "io": "resource.io", "cpu": "resource.cpu", "quota": "software.quota",
    "configuration": "software.configuration", "bearing": "machine.bearing.inner_race", "sensor": "sensor.fault",
}  # fmt: skip
"""The names of docs/ that a planted document claims, by kind of fault."""
