"""The lab's incidents as its benchmarks read them: folders with their system, family and kind, by split."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import yaml

from aitia.agent.weights import bundled_weights
from aitia.drill.folders import incident_folders, made_of
from aitia.graphs import judgement

SPLITS = Path(__file__).parent / "splits.yaml"
CULPRITS = Path(__file__).parent / "culprits.json"  # made by benchmarks/rca/fit_culprit.py
STAGED = Path(__file__).parent / "staged.json"  # made by benchmarks/rca/fit_staged.py
STACKS = Path(__file__).parent / "stacks.json"  # made by benchmarks/rca/fit_stacks.py
NEVER = "never"


@dataclass(frozen=True)
class Incident:
    """A scenario folder. System, family and kind are empty where the lab did not make it."""

    id: str
    folder: Path
    system: str = ""
    family: str = ""
    kind: str = ""


def incidents(data: Path, cases: str = "*") -> list[Incident]:
    """All incidents below a folder, by id: the path from there."""
    found = [_incident(f, f.relative_to(data).as_posix()) for f in incident_folders(data)]
    patterns = cases.split(",")
    return [i for i in found if any(fnmatch.fnmatchcase(i.id, p) for p in patterns)]


def _incident(folder: Path, name: str) -> Incident:
    made = made_of(folder)
    if made is None:
        return Incident(name, folder)
    return Incident(name, folder, made.order.system, made.family, made.kind)


def splits() -> dict[str, str]:
    """The split of each system."""
    raw: dict[str, list[str]] = yaml.safe_load(SPLITS.read_text(encoding="utf-8"))
    return {system: split for split, systems in raw.items() for system in systems}


def of_split(found: list[Incident], split: str) -> list[Incident]:
    """The incidents of a split; without one all but those that are never looked at. Raises KeyError for an unknown system."""
    known = splits()
    unknown = sorted({i.system for i in found if i.system and i.system not in known})
    if unknown:
        raise KeyError(
            f"{', '.join(unknown)} is in no split: add it to {SPLITS} by the rule that stands there"
        )
    if split:
        return [i for i in found if known.get(i.system) == split]
    return [i for i in found if known.get(i.system) != NEVER]


def data_hash(found: list[Incident]) -> str:
    """SHA-256 over names and bytes of all files of these incidents."""
    told = hashlib.sha256()
    for incident in found:
        for file in sorted(p for p in incident.folder.rglob("*") if p.is_file()):
            told.update(f"{incident.id}/{file.relative_to(incident.folder).as_posix()}\n".encode())
            told.update(hashlib.sha256(file.read_bytes()).digest())
    return told.hexdigest()


@contextmanager
def left_out(system: str) -> Iterator[None]:
    """Weigh by what was learned without this system, where it was learned from (`agent/culprit.json`, `stacks`, `staged`)."""
    known = {
        part: factors[system]
        for part, file in (("components", CULPRITS), ("stacks", STACKS), ("staged", STAGED))
        if system in (factors := json.loads(file.read_text(encoding="utf-8")))
    }
    if not known:
        yield
        return
    weights = bundled_weights().model_copy(update=known)
    with mock.patch.object(judgement, "bundled_weights", return_value=weights):
        yield
