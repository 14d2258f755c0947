"""C-MAPSS (Saxena et al. 2008) as the table of histories that aitia reads: the same numbers under a header.

The layout has no header and columns apart by blanks: unit, cycle, 3 settings, sensors.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from aitia.tools.signals.life.histories import History, read_histories

SETTINGS: Final = tuple(f"setting_{n}" for n in (1, 2, 3))


def engines_of(path: Path) -> list[History]:
    """The engines of `train_NAME.txt` or `test_NAME.txt`, by number."""
    rows = np.loadtxt(path, ndmin=2)
    names = ["unit", "cycle", *SETTINGS]
    names += [f"sensor_{n + 1}" for n in range(rows.shape[1] - len(names))]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / f"{path.stem}.csv"
        digits = ["%d", *["%.17g"] * (len(names) - 1)]  # 17: every double comes back as it was
        np.savetxt(table, rows, fmt=digits, delimiter=",", header=",".join(names), comments="")
        return read_histories(table, settings=SETTINGS)
