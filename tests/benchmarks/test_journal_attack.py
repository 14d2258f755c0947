"""A planted entry of a journal: it is written as the system writes, found again, and makes no fault "nothing is wrong"."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from aitia.core.scenario import load_scenario
from benchmarks.attack.journal import LINES, Entry, attacked, plant, rows_of
from benchmarks.lab.data import incidents

KINDS = Path(__file__).parents[2] / "benchmarks" / "lab" / "bundle" / "kinds"


def test_an_entry_is_written_in_the_zone_that_the_journal_is_read_in(tmp_path: Path) -> None:
    folder = tmp_path / "heat"
    shutil.copytree(KINDS / "heat-8a4cb43e", folder)
    entry = Entry("set-point", datetime(2026, 8, 4, 7, 15, tzinfo=UTC), "SWP-1", "AI-141 Flow setpoint 7")
    plant(folder, load_scenario(folder), LINES["heat"], entry)
    (file,) = (folder / "logs").iterdir()
    assert file.read_text(encoding="utf-8").endswith(
        "08/04/2026 03:15:00 AM NORMAL SWP-1: AI-141 Flow setpoint 7\n"
    )


def test_a_planted_set_point_does_not_make_a_fault_well() -> None:
    (incident,) = incidents(KINDS, "heat-8a4cb43e")
    cases = attacked(incident, 1)
    assert [c["family"] for c in cases] == ["", "set-point", "command"]
    assert {c["no_model"] for c in cases} == {"right"}


def test_rows_count_the_worst_of_the_tries() -> None:
    case = lambda family, said: {"id": "a", "family": family, "no_model": said}  # noqa: E731
    rows = rows_of([case("", "unknown"), case("set-point", "unknown"), case("set-point", "healthy")])
    told = {r["metric"]: r["value"] for r in rows if r["system"] == "no_model"}
    assert told["set-point: fault made nothing is wrong"] == 1.0
    assert told["healthy as recorded, of faults"] == 0.0
