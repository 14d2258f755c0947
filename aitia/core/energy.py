"""What work takes besides time: joules where the machine counts them (RAPL), and processor seconds, which it always does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

POWERCAP: Final = Path("/sys/class/powercap")
_PACKAGES: Final = "intel-rapl:?"  # one a processor package, of AMD too; `intel-rapl:0:0` are its parts
_MICRO: Final = 1e-6


class Meter:
    """Counts from when it was made. Joules are those of all processors of the machine, whoever made them work."""

    def __init__(self, root: Path = POWERCAP) -> None:
        self._root = root
        self._began = _readings(root)
        self._processor = _processor_s()

    def joules(self) -> float:
        """Joules since it was made; 0.0 where the machine does not tell (no RAPL, or only root may read it).

        A counter that began anew since counts once: one of 262 kJ lasts 20 minutes at 200 W, longer than a diagnosis.
        """
        spent = 0.0
        for name, now in _readings(self._root).items():
            if name in self._began:
                took = now - self._began[name]
                spent += took if took >= 0 else took + _range(self._root / name)
        return round(spent * _MICRO, 3)

    def processor_s(self) -> float:
        """Processor seconds of this process, all threads and finished children, since it was made."""
        return round(_processor_s() - self._processor, 3)


def _processor_s() -> float:
    took = os.times()
    return took.user + took.system + took.children_user + took.children_system


def _readings(root: Path) -> dict[str, int]:
    """Microjoules by package; one that cannot be read is left out."""
    found = {}
    for folder in sorted(root.glob(_PACKAGES)):
        try:
            found[folder.name] = int((folder / "energy_uj").read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    return found


def _range(folder: Path) -> int:
    try:
        return int((folder / "max_energy_range_uj").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
