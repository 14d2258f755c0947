"""The figure with a unit that a line of a log tells: `GET /abo/1260 took 4.83 s`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from aitia.tools.meaning.unit_table import PlantUnit, unit_named
from aitia.tools.text.reading.record import Record

_FIGURE: Final = re.compile(
    r"(?<![\w.,:/-])(-?\d+(?:[.,]\d+)?)\s?(%|[°µμ]?[A-Za-z]{1,8}(?:/[A-Za-z]{1,3})?)(?![\w/])"
)


@dataclass(kw_only=True)
class Figures:
    """Of each line the first figure of the dimension that the first line's is of, in one unit; None where it tells none."""

    unit: PlantUnit | None = None
    as_written: dict[float, tuple[float, str]] = field(default_factory=dict)

    def __call__(self, record: Record) -> float | None:
        """The figure of a line in the dimension's own unit."""
        for number, written in _FIGURE.findall(record.message):
            unit = unit_named(written)
            if unit is None or (self.unit is not None and unit.dimension != self.unit.dimension):
                continue
            self.unit = self.unit or unit
            value = float(number.replace(",", "."))
            found = value * unit.factor + unit.offset
            self.as_written.setdefault(found, (value, written))
            return found
        return None

    def told(self, figure: float) -> tuple[float, str]:
        """A figure as its line has it, with its unit."""
        return self.as_written[figure]
