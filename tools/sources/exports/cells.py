"""What the cells of a column have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.exports.columns import Column
from aitia.tools.sources.exports.words import called, is_missing, quality_word, state_of


def share(cells: Sequence[str], test: Callable[[str], bool]) -> float:
    """The share of cells that pass a test; 0 of none."""
    return sum(map(test, cells)) / len(cells) if cells else 0.0


def repeats(cells: Sequence[str]) -> bool:
    """Whether names come again and again; states and qualities are none."""
    kinds = set(cells)
    return (
        len(cells) > 1
        and len(kinds) <= max(2, 0.7 * len(cells))
        and not all_states(cells)
        and not all(unit_named(c) for c in kinds)
    )


def all_states(cells: Sequence[str]) -> bool:
    """Whether cells hold states, words for nothing or qualities alone."""
    return bool(cells) and all(
        state_of(c) is not None or is_missing(c) or bool(quality_word(c)) for c in set(cells)
    )


def is_passed(column: Column) -> bool:
    """Whether a column is called like one that holds no values."""
    return called(column.name, "ignore") or called(column.name, "quality") or called(column.name, "asset")
