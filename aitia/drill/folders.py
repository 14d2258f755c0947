"""Scenario folders as a drill or a reader gets them: found below a folder, and copied without their answers."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Final

from pydantic import ValidationError

import aitia
from aitia.core.errors import BadInput
from aitia.lab.words import LAB, Made

ANSWERS: Final = ("scenario.yaml", LAB)
"""What only a scorer reads of a scenario folder."""
_SET_ASIDE: Final = frozenset({"twins", "dropped"})
"""What `aitia lab` keeps beside its incidents: the same hours without a fault, and recordings that were disturbed."""


def incident_folders(place: Path) -> list[Path]:
    """Every scenario folder at or below a path, sorted; twins and dropped recordings are passed over."""
    if place.name == "scenario.yaml":
        return [place.parent]
    found = sorted(p.parent for p in place.rglob("scenario.yaml"))
    return [f for f in found if not _SET_ASIDE.intersection(f.relative_to(place).parts)]


def bundled_incidents() -> Path:
    """The scenarios of the checkout. Raises BadInput where there is none."""
    for folder in (Path("scenarios"), Path(aitia.__file__).parents[1] / "scenarios"):
        if any(folder.glob("*/scenario.yaml")):
            return folder
    raise BadInput("Give a scenario folder, or a folder of them: this installation holds none.")


def copy_telemetry(folder: Path, out: Path) -> None:
    """Everything in a scenario folder but the answer. The copy's name is the caller's: many a folder's own tells the fault.

    Raises BadInput.
    """

    def answers(at: str, names: list[str]) -> list[str]:
        return [n for n in names if n in ANSWERS] if Path(at) == folder else []

    try:
        shutil.copytree(folder, out, symlinks=True, ignore=answers)
    except (shutil.Error, OSError) as error:
        raise BadInput(
            f"Cannot read all of {str(folder)!r} ({error}). Give a readable scenario folder."
        ) from None


def digest(folder: Path) -> str:
    """Names a scenario without telling what it is called."""
    return hashlib.sha256((folder / "scenario.yaml").read_bytes()).hexdigest()[:16]


def made_of(folder: Path) -> Made | None:
    """What the lab wrote down of how an incident was made; None where the lab did not make it. Raises BadInput.

    What a system of the lab keeps there beside the words of all is passed over.
    """
    file = folder / LAB
    if not file.is_file():
        return None
    try:
        told = json.loads(file.read_bytes())
        return Made.model_validate({k: told[k] for k in Made.model_fields if k in told})
    except (ValueError, TypeError, ValidationError) as error:
        raise BadInput(f"Fix {str(file)!r}: {error}") from None
