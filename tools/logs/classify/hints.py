"""What the rule table says of a line, as a few numbers beside its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.logs.classify.views import line
from aitia.tools.text.classes import classes, meaning

_SIZE: Final = 0.5  # of a hint beside a row of words of length 1
_SEVERITIES: Final = ("debug", "info", "warning", "error", "fatal")
_MORE: Final = ("log.error", "log.other")


def names() -> tuple[str, ...]:
    """The hints in their order: aspects of `classes.yaml`, then severities."""
    return (*dict.fromkeys((*(c.aspect for c in classes()), *_MORE)), *_SEVERITIES)


def rows(texts: Sequence[str], order: Sequence[str]) -> NDArray[np.float64]:
    """Shape (texts, order): a hint that a model does not know is left out, one that is no more is 0."""
    column = {name: n for n, name in enumerate(order)}
    made = np.zeros((len(texts), len(column)))
    for row, text in zip(made, texts, strict=True):
        found = meaning(line(text), "")
        for hint in (found.aspect, found.severity):
            if hint in column:
                row[column[hint]] = _SIZE
    return made
