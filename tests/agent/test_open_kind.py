"""What a component's open kind holds goes to the known kinds that lead it, and makes none of them sure."""

from __future__ import annotations

import pytest

from aitia.agent.weigher import OPEN, _known_before_open
from aitia.core.words import Suspect


def shares(**of: float) -> list[Suspect]:
    kinds = {"open": OPEN}
    return [
        Suspect(component="other" if k == "other" else "db", fault=kinds.get(k, k), score=0, probability=p)
        for k, p in of.items()
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 0.43, "b": 0.25, "open": 0.22, "other": 0.1}, [0.5691, 0.3309, 0.0, 0.1]),
        ({"a": 0.7, "open": 0.25, "other": 0.05}, [0.79, 0.16, 0.05]),
        ({"a": 0.9, "open": 0.06}, [0.9, 0.06]),
        ({"a": 0.2, "open": 0.6}, [0.2, 0.6]),
        ({"open": 0.6, "other": 0.3}, [0.6, 0.3]),
    ],
    ids=["shared", "not made sure", "sure by itself", "none leads", "none of its own"],
)
def test_known_kinds_before_the_open_one(before: dict[str, float], after: list[float]) -> None:
    found = [s.probability for s in _known_before_open(shares(**before))]
    assert found == pytest.approx(after, abs=1e-3)
    assert sum(found) == pytest.approx(sum(before.values()), abs=1e-3)
