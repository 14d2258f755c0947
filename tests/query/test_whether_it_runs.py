"""Whether a machine runs, by what is measured of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.tools.query.site import open_site
from aitia.tools.sources import open_sources

from .conftest import Sitting

START = datetime(2026, 3, 9, 18, tzinfo=UTC)
N = 60


@pytest.fixture
def plant(tmp_path: Path) -> Sitting:
    """P-1 runs, P-2 stopped ten minutes ago, P-3 has a signal of its own that says so, of P-4 only a temperature is known."""
    rows = ["time,P-1.current_a,P-2.current_a,P-3.running,P-4.temperature_c"]
    for n in range(N):
        at = (START + timedelta(minutes=n)).isoformat()
        rows.append(f"{at},{40 + n % 3},{40 if n < N - 10 else 0.2},{int(n % 20 < 10)},{30 + n % 2}")
    (tmp_path / "p.csv").write_text("\n".join(rows) + "\n")
    config = SourceConfig(name="h", kind="metrics", type="table", path="p.csv")
    return Sitting(open_site(open_sources([config], tmp_path), now=START + timedelta(minutes=N)))


@pytest.mark.parametrize(
    ("question", "state"),
    [
        ("is P-1 running?", "running"), ("läuft P-2?", "at rest"), ("is P-2 running?", "at rest"),
        ("what is the state of P-3?", "at rest"),
    ],
)  # fmt: skip
def test_a_machine_runs_or_rests(plant: Sitting, question: str, state: str) -> None:
    found = plant.ask(question).found
    assert found.names == (state,)
    assert f"was {state} at 2026-03-09 18:59:00 UTC" in found.said


def test_what_tells_nothing_of_running_is_asked_back(plant: Sitting) -> None:
    assert plant.ask("is P-4 running?").answer.status != "found"
