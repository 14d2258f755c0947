"""What one sheet of an export may unfold into, however short its file is."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from typing import Final

MOST_CELLS: Final = 30_000_000  # of one sheet; of a workbook whose sheets are held together
TOO_MANY: Final = f"it has more than {MOST_CELLS:,} cells"
DAMAGED: Final = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a damaged or locked archive raises."""


def check_cells(rows: int, columns: int) -> None:
    """Raises ValueError where rows of so many columns hold more cells than are read."""
    if rows * columns > MOST_CELLS:
        raise ValueError(TOO_MANY)
