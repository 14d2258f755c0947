"""Joules from RAPL's files where there are some, across a counter's end; processor seconds everywhere."""

from __future__ import annotations

import time
from pathlib import Path

from aitia.core.energy import Meter


def _package(root: Path, name: str, microjoules: int) -> None:
    (root / name).mkdir(exist_ok=True)
    (root / name / "energy_uj").write_text(f"{microjoules}\n")
    (root / name / "max_energy_range_uj").write_text("1000000000\n")


def test_joules_are_those_of_all_packages_and_not_of_their_parts_twice(tmp_path: Path) -> None:
    for name, before in (("intel-rapl:0", 5_000_000), ("intel-rapl:1", 999_000_000), ("intel-rapl:0:0", 0)):
        _package(tmp_path, name, before)
    meter = Meter(tmp_path)
    assert meter.joules() == 0.0
    for name, now in (
        ("intel-rapl:0", 7_500_000),
        ("intel-rapl:1", 3_000_000),
        ("intel-rapl:0:0", 9_000_000),
    ):
        _package(tmp_path, name, now)
    assert meter.joules() == 2.5 + 4.0


def test_a_machine_that_does_not_tell_gives_none(tmp_path: Path) -> None:
    assert Meter(tmp_path / "nothing").joules() == 0.0
    (tmp_path / "intel-rapl:0").mkdir()
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("denied")
    assert Meter(tmp_path).joules() == 0.0


def test_processor_seconds_count_work_and_not_waiting() -> None:
    meter = Meter()
    time.sleep(0.05)
    waited = meter.processor_s()
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert meter.processor_s() - waited >= 0.08
