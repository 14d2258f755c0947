"""How finely a log is watched, and how rarely it may alarm for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aitia.core.errors import BadInput
from aitia.tools.logs.watching.cells import STATISTICS
from aitia.tools.logs.watching.evidence import least_cells

MOST: Final = 2048  # cells that pass for normal


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Width of a cell and mean time between false alarms (s), of `streams` logs together; `learn_s` of the log are normal."""

    cell_s: float = 10.0
    every_s: float = 7 * 86400.0
    streams: int = 1
    learn_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.cell_s <= self.every_s < float("inf"):
            raise BadInput(
                "False alarms must be rarer than one per cell, and the cell width must be above 0."
            )
        if self.least > MOST:
            raise BadInput(
                "Such rare false alarms cannot be guaranteed after 2,048 cells. Allow more false alarms or "
                "wider cells."
            )

    @property
    def limit(self) -> float:
        """The sum of the statistics' evidence that raises an alarm, where normal cells are exchangeable."""
        return self.every_s / self.cell_s * self.streams * len(STATISTICS)

    @property
    def least(self) -> int:
        """The fewest cells of normal after which an alarm can be held."""
        return least_cells(self.limit)
