"""Further past incidents for lab.py that nobody asks for: diagnoses with answers as `--keep` of other benchmarks writes them.

A line (benchmarks/rca/judged.py) holds facts and answer; title and text are those of the recording, which is looked for by its
name below the folders that are given: `scenario.yaml`, or a recorded cluster's `metadata.json`. What was healthy, or has no
recording there, is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from aitia.agent.facts import is_anomaly
from aitia.core.scenario import load_scenario
from aitia.core.words import Evidence
from aitia.tools.memory.words import PastIncident, fingerprint_of

MAX_SYMPTOMS: Final = 8  # as `aitia.graphs.outcome` keeps them


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A past incident with its cause: the system, and component and kind."""

    system: str
    answer: tuple[str, str]
    kept: PastIncident


def beside(files: Sequence[Path], folders: Sequence[Path]) -> list[Beside]:
    """What the files hold, in their order."""
    places = {
        f.parent.name: f for d in folders for n in ("scenario.yaml", "metadata.json") for f in d.rglob(n)
    }
    found = [one for file in files for one in _of(file, places)]
    return list({one.kept.id: one for one in found}.values())


def _of(file: Path, places: dict[str, Path]) -> Iterator[Beside]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            name = Path(told["id"].split()[0]).name
            if told["verdict"] == "cause" and told["accepted"] and name in places:
                yield _made(told, name, places[name])


def _made(told: dict[str, Any], name: str, place: Path) -> Beside:
    facts = [SimpleNamespace(**e) for e in told["evidence"]]
    strongest = sorted((e for e in facts if is_anomaly(e)), key=lambda e: (-e.strength, e.statement))  # type: ignore[arg-type]
    component, fault = told["accepted"][0]
    title, text, labels = _report(place)
    kept = PastIncident(
        id=f"beside {told['id']}", title=title, text=text, labels=labels, component=component, fault=fault,
        symptoms=tuple(e.statement for e in strongest[:MAX_SYMPTOMS]), fingerprint=_fingerprint(facts),
        cause=f"{component}: {fault}", confirmed=True,
    )  # fmt: skip
    return Beside(system=told["group"].split()[0], answer=(component, fault), kept=kept)


def _fingerprint(facts: list[Any]) -> tuple[str, ...]:
    shown: list[Evidence] = facts  # the fields that it reads
    return fingerprint_of(shown)


def _report(place: Path) -> tuple[str, str, dict[str, str]]:
    if place.name == "metadata.json":
        return str(json.loads(place.read_text(encoding="utf-8")).get("query", "")), "", {}
    told = load_scenario(place.parent).as_incident()
    return told.title, told.text, told.labels
