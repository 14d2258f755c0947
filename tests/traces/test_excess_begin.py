"""Since when requests are slow: one alone among quick ones is no beginning."""

from __future__ import annotations

import pytest

from aitia.tools.traces.excess import _begin


@pytest.mark.parametrize(
    ("slow", "at"),
    [
        ([2, 10, 11, 12, 13, 14], 10.0),
        ([10, 12, 14, 15, 16], 10.0),
        ([3, 9], 3.0),
        ([19], 19.0),
        ([], 0.0),
    ],
    ids=["one before", "most of them", "two apart", "the last", "none"],
)
def test_the_first_of_many(slow: list[int], at: float) -> None:
    assert _begin([(float(i), i in slow) for i in range(20)]) == at
