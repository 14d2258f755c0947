"""The columns of a sheet and what each holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Role = Literal[
    "time",
    "nanos",
    "tag",
    "value",
    "quality",
    "unit",
    "description",
    "asset",
    "label",
    "ignore",
]


@dataclass
class Column:
    """A column: its name as written, without its unit, and what stands above it."""

    at: int
    name: str
    unit: str = ""
    description: str = ""
    group: str = ""
    role: Role = "value"
    also: tuple[int, ...] = ()  # further columns that hold its values where it has none
    of: int = -1  # of a quality or a time: the value column that it belongs to


@dataclass
class Shape:
    """Where the data begin and what the columns are; `above` are the lines over the names, `labels` what they say by role."""

    first: int
    columns: list[Column]
    long: bool = False
    above: list[list[str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    passed: int = 0  # lines before the names
    titled: bool = False  # a line alone above the data names the tag, as one may above each further block

    def of_role(self, role: Role) -> list[Column]:
        """The columns of a role."""
        return [c for c in self.columns if c.role == role]


def value_at(row: Sequence[str], column: Column) -> str:
    """The cell of a row at a column of values, or at the first of its further ones that has any."""
    return cell_at(row, column.at) or next((c for at in column.also if (c := cell_at(row, at))), "")


def cell_at(row: Sequence[str], at: int) -> str:
    """The cell of a row at a column; "" where the row is shorter."""
    return row[at] if at < len(row) else ""
