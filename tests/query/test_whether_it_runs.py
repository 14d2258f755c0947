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


@pytest.mark.parametrize(
    ("question", "query", "value"),
    [
        ("how often did P-3 start?", 'above=0.5, wanted="times"', 3.0),
        ("¿cuántas veces arrancó P-3?", 'above=0.5, wanted="times"', 3.0),
        ("how long did P-3 run?", 'above=0.5, wanted="duration"', 1800.0),
    ],
)
def test_starts_and_hours_of_a_machine_are_told_by_its_tag(
    plant: Sitting, question: str, query: str, value: float
) -> None:
    plant.ask(question)
    assert query in plant.query
    assert plant.found.value == value


def test_since_when_it_rests_is_the_beginning_of_the_last_rest(plant: Sitting) -> None:
    plant.ask("since when is P-3 off?")
    assert 'below=0.5, wanted="since"' in plant.query
    assert plant.found.at == START + timedelta(minutes=50)
    assert plant.found.said.startswith("Since 2026-03-09 18:50:00 UTC. Yes:")
    assert plant.ask("since when is P-1 off?").answer.status != "answered"  # nothing tells it by itself


def test_since_when_a_value_lasts_and_that_it_no_longer_does(plant: Sitting) -> None:
    plant.ask("since when is the current of P-1 above 41 A?")
    assert 'wanted="since"' in plant.query
    assert plant.found.said.startswith("Since 2026-03-09 18:59:00 UTC. ")
    plant.ask("since when is the current of P-2 above 30 A?")
    assert plant.found.said.startswith(
        "Since 2026-03-09 18:00:00 UTC until 2026-03-09 18:49:00 UTC, no longer."
    )


@pytest.fixture
def tagged(tmp_path: Path) -> Sitting:
    """A pump whose tags are called by ISA letters only; a list beside the file describes them. It ran twice in each 20 min."""
    rows = ["Timestamp,12-XS-007A,12-VT-007A"]
    for n in range(N):
        at = (START + timedelta(minutes=n)).isoformat()
        rows.append(f"{at},{int(n % 20 >= 10)},{1.8 + (3.2 if n >= 40 else 0) + 0.01 * (n % 5):.2f}")
    (tmp_path / "p.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "tags.csv").write_text(
        "tag,asset,description,unit\n12-XS-007A,P-7A,P-7A running,\n12-VT-007A,P-7A,P-7A bearing vibration DE,mm/s\n"
    )
    config = SourceConfig(name="h", kind="metrics", type="table", path="p.csv")
    return Sitting(open_site(open_sources([config], tmp_path), now=START + timedelta(minutes=N)))


@pytest.mark.parametrize(
    ("question", "query", "value"),
    [
        ("how often did P-7A start?", 'above=0.5, wanted="times"', 3.0),
        ("Wie oft ist P-7A angelaufen?", 'above=0.5, wanted="times"', 3.0),
        ("how many hours did P-7A run?", 'above=0.5, wanted="duration"', None),
        ("since when is the vibration of P-7A above 4.5 mm/s?", 'above=4.5, wanted="since"', None),
    ],
)
def test_a_flag_is_known_by_its_description_and_a_bound_s_unit_is_no_rate(
    tagged: Sitting, question: str, query: str, value: float | None
) -> None:
    tagged.ask(question)
    assert query in tagged.query
    assert tagged.found.status == "found"
    assert value is None or tagged.found.value == value


def test_how_many_there_are_in_a_second_is_still_a_rate(tagged: Sitting) -> None:
    assert tagged.ask("vibration of P-7A above 4.5 mm/s per second").answer.status != "found"
