"""What one sheet of an export may unfold into, however short its file is."""

from __future__ import annotations

from typing import Final

MOST_CELLS: Final = 30_000_000  # of one sheet
TOO_MANY: Final = f"it has more than {MOST_CELLS:,} cells"
