"""Work for the tests of `aitia.core.spread`: functions that other processes can import. A unit is a folder and a number."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from aitia.core.errors import BadInput

Unit = tuple[str, int]


def _begun(unit: Unit) -> int:
    """How often the unit was begun before; a file more."""
    folder, n = unit
    before = len(list(Path(folder).glob(f"{n}.*")))
    (Path(folder) / f"{n}.{before}").write_text(str(os.getpid()))
    return before


def square(unit: Unit) -> tuple[int, int]:
    """The square, and the process."""
    _begun(unit)
    return unit[1] ** 2, os.getpid()


def dies_once(unit: Unit) -> int:
    """Every third one kills its process -9 the first time."""
    if not _begun(unit) and unit[1] % 3 == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return unit[1] ** 2


def dies_always(unit: Unit) -> int:
    """The fifth one kills every process."""
    _begun(unit)
    if unit[1] == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return unit[1] ** 2


def refuses(unit: Unit) -> int:
    """An error that is meant."""
    raise BadInput(f"Give something else than {unit[1]}.")
