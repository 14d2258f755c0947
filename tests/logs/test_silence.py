"""Who fell silent, and when it is only the recording that ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.words import Baseline, Incident, Window
from aitia.tools import SourceSet, ToolContext
from aitia.tools.logs import logs_diff
from aitia.tools.sources import open_source


@pytest.mark.parametrize("apart", [False, True], ids=["one source", "each a source"])
@pytest.mark.parametrize("alive", [True, False])
def test_a_source_that_ends_tells_of_no_component_that_it_fell_silent(
    tmp_path: Path, alive: bool, apart: bool
) -> None:
    """Three components log every second; at minute 50 one stops, or the whole recording does."""
    began = datetime(2026, 3, 1, tzinfo=UTC)
    for name in ("a", "b", "c"):
        until = 3600 if alive and name != "a" else 3000
        lines = [
            f"{(began + timedelta(seconds=n)).isoformat()} INFO {name} handled request {n}"
            for n in range(until)
        ]
        (tmp_path / f"{name}.log").write_text("\n".join(lines) + "\n")
    window = Window(start=began + timedelta(seconds=2400), end=began + timedelta(seconds=3600))
    configs = (
        [
            SourceConfig(name=n, kind="logs", type="log_files", path=str(tmp_path / f"{n}.log"), component=n)
            for n in ("a", "b", "c")
        ]
        if apart
        else [SourceConfig(name="l", kind="logs", type="log_files", path=str(tmp_path))]
    )
    opened = [open_source(c, Path("/")) for c in configs]
    incident = Incident(
        id="i", title="a", started_at=window.start, window=window,
        baselines=(Baseline(name="preceding", window=Window(start=began, end=window.start)),),
    )  # fmt: skip
    result = logs_diff(ToolContext(incident=incident, sources=SourceSet(opened)))
    silent = {e.component for e in result.evidence if e.kind == "log.vanished"}
    assert silent == ({"a"} if alive else set())
