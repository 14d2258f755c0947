"""Which of a counter's label sets count requests that failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.tools.series.kinds import CODE, FAILED
from aitia.tools.sources.base import Series

_SQLSTATE: Final = re.compile(r"[0-9A-Z]{5}")  # ISO/IEC 9075-2: the first two characters are its class
_SQL_DONE: Final = ("00", "01", "02")  # success, warning, no data


def failed_by_code(members: Sequence[Series]) -> tuple[str, list[Series]]:
    """The label that says how requests ended, and those that failed by it; ("", []) where none has such a label.

    Of several, the first that tells any failure: `code="08006"` beside `outcome="timeout"` says less.
    """
    labels = [label for label in CODE if any(label in m.labels for m in members)]
    found = [(label, _failed(label, members)) for label in labels]
    return next((one for one in found if one[1]), found[0] if found else ("", []))


def _failed(label: str, members: Sequence[Series]) -> list[Series]:
    values = {m.labels[label] for m in members if label in m.labels}
    states = all(map(_SQLSTATE.fullmatch, values)) and any(value.startswith(_SQL_DONE) for value in values)
    return [m for m in members if _fails(m.labels.get(label, ""), state=states)]


def _fails(value: str, *, state: bool) -> bool:
    """Whether a code is one of a failure; `state`: it is an SQLSTATE, whose class says it."""
    if state:
        return bool(value) and not value.startswith(_SQL_DONE)
    return bool(FAILED.search(value))
