"""What the command line of `aitia chat` gave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aitia.core.config import SourceConfig


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line gave: where telemetry is, from when to look, which model."""

    config: Path | None = None
    sources: tuple[SourceConfig, ...] = ()
    at: datetime | None = None
    model: str = "auto"
    threads: int | None = None
