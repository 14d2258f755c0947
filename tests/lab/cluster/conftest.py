from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aitia.lab.cluster import SYSTEMS
from aitia.lab.words import Made, Order, Strength

ByName = {s.name: s for s in SYSTEMS}


class Incident:
    """A folder that was made, and what is in it."""

    def __init__(self, folder: Path, made: Made) -> None:
        self.folder, self.made = folder, made
        self.items: list[dict[str, Any]] = []
        for path in sorted((folder / "cluster").rglob("*.json.xz")):
            self.items += json.loads(lzma.decompress(path.read_bytes()))["items"]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [i for i in self.items if i["kind"] == kind]

    def reasons(self) -> set[str]:
        return {e["reason"] for e in self.of("Event")}


Maker = Callable[..., Incident]


@pytest.fixture(scope="session")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Makes each incident once."""
    kept: dict[tuple[object, ...], Incident] = {}

    def make(system: str, fault: str, *, seed: int = 3, strength: Strength = "strong", victim: str = "",
             decoys: tuple[str, ...] = (), twin: bool = False) -> Incident:  # fmt: skip
        key = (system, fault, seed, strength, victim, decoys, twin)
        if key not in kept:
            out = tmp_path_factory.mktemp("made") / "one"
            order = Order(
                system=system, fault=fault, seed=seed, strength=strength if fault != "none" else "medium",
                victim=victim, decoys=decoys, twin=twin,
            )  # fmt: skip
            kept[key] = Incident(out, ByName[system].make(order, out, lambda _: None))
        return kept[key]

    return make
