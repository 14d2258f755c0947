"""The systems of the lab: those of the package, those of modules, and a person's own files."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput
from aitia.lab.servers.record import Spans
from aitia.lab.servers.system import ServerSystem
from aitia.lab.words import System

MODULES: Final = ("aitia.lab.machines", "aitia.lab.cluster")
"""Modules with a tuple `SYSTEMS` of objects that have the protocol `System`."""
FILES: Final = Path(__file__).parent / "systems"


def systems(folder: Path | None = None, spans: Spans | None = None) -> dict[str, System]:
    """All by name; a file of `folder` wins over a bundled one of that name. Raises BadInput for a file that is wrong."""
    found: dict[str, System] = {}
    for module in MODULES:
        found |= {system.name: system for system in importlib.import_module(module).SYSTEMS}
    files = sorted(FILES.glob("*.yaml"))
    if folder is not None:
        own = sorted(folder.glob("*.yaml"))
        if not own:
            raise BadInput(f"There are no system files (*.yaml) in {str(folder)!r}.")
        files += own
    for file in files:
        system = ServerSystem(file, spans)
        found[system.name] = system
    return dict(sorted(found.items()))


def system_of(name: str, known: dict[str, System]) -> System:
    """The system of that name. Raises BadInput with the names there are."""
    if name not in known:
        raise BadInput(f"Unknown system {name!r}. Choose one of {', '.join(known)}.")
    return known[name]
