"""What kept curves take is measured on a real run."""

from __future__ import annotations

from pathlib import Path

from benchmarks.doors.curves import measure

FOLDER = Path(__file__).parents[2] / "scenarios/connection-exhaustion"


def test_the_curves_of_a_scenario_stay_small() -> None:
    told = measure(FOLDER)
    assert told["facts with a curve"] > 10
    assert told["curve KB"] < 2.7 * told["curve files"]
    assert told["page KB"] < 300
    assert told["page KB"] > told["page KB without curves"]
    assert told["curve CPU ms"] < 0.2 * 1000 * told["diagnosis CPU s"]
