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
