"""Tables as other programs export them, written and read for the tests beside this file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from aitia.core.config import SourceConfig
from aitia.core.words import Window
from aitia.tools.sources import open_source
from aitia.tools.sources.metrics.table import TableSource

START = datetime(2026, 11, 25, 22, 59, 30, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(days=1))
T0 = START.timestamp()


def source(path: Path, **fields: object) -> TableSource:
    config = {"name": "m", "kind": "metrics", "type": "table", "path": path.name} | fields
    found = open_source(SourceConfig.model_validate(config), path.parent)
    assert isinstance(found, TableSource)
    return found


def written(folder: Path, text: str, encoding: str = "utf-8", name: str = "m.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path, **fields: object) -> list[tuple[str, str, list[float], list[float]]]:
    return [(s.component, s.metric, s.t.tolist(), s.v.tolist()) for s in source(path, **fields).read(WINDOW)]
