"""The values in the gaps of templates, from the samples of their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aitia.tools.logs.change import Column, Slot
from aitia.tools.logs.count import Count, Sample
from aitia.tools.logs.tally import Tally
from aitia.tools.text.templates.gaps import kinds, values


def columns(tally: Tally, counts: Sequence[Count], *, old: bool) -> dict[Slot, Column]:
    """A column for each gap, by the row of its count and its position, in order of time; `old` of the baselines."""
    out: dict[Slot, Column] = {}
    for row, count in enumerate(counts):
        if kinds(count.template.text):
            found = list(_values(tally, count, count.old if old else count.new))
            for position, column in enumerate(zip(*found, strict=True)):
                out[row, position] = Column(index=np.arange(len(column), dtype=np.int64), values=column)
    return out


def _values(tally: Tally, count: Count, sample: Sample) -> Iterator[list[str]]:
    for _, message in sorted(tally.messages(sample)):
        if (found := values(count.template.text, message)) is not None:
            yield found
