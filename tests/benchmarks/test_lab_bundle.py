"""What is chosen for the repository."""

from __future__ import annotations

from pathlib import Path

from aitia.lab.words import LAB, Made, Order
from benchmarks.lab.bundle import each_fault_first, one_of_a_kind
from benchmarks.lab.data import Incident


def incident(at: Path, system: str, fault: str, seed: int, *, size: int = 10) -> Incident:
    folder = at / f"{system}-{fault}-{seed}"
    folder.mkdir()
    made = Made(order=Order(system=system, fault=fault, seed=seed), kind="servers", family=fault)
    (folder / LAB).write_text(made.model_dump_json(), encoding="utf-8")
    (folder / "telemetry").write_bytes(b"x" * size)
    return Incident(folder.name, folder, system, fault, "servers")


def test_every_fault_comes_once_before_one_comes_twice_and_systems_in_turn(tmp_path: Path) -> None:
    found = [incident(tmp_path, "mail", "disk", seed) for seed in (1, 2)]
    found += [incident(tmp_path, "mail", "lock", 1), incident(tmp_path, "shop", "disk", 1)]
    order = [(i.system, i.family) for i in each_fault_first(found)]
    assert order == [("mail", "disk"), ("shop", "disk"), ("mail", "lock"), ("mail", "disk")]


def test_the_smallest_of_each_kind(tmp_path: Path) -> None:
    found = [incident(tmp_path, "shop", "disk", 1, size=500), incident(tmp_path, "mail", "disk", 1, size=5)]
    found.append(incident(tmp_path, "mail", "lock", 1))
    assert [i.id for i in one_of_a_kind(found)] == ["mail-disk-1", "mail-lock-1"]
