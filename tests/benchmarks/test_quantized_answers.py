"""The quantization benchmark draws the same items for every type, and its trivial answer is the commonest."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.models.curriculum.roles import CURRICULA
from benchmarks.model.quantized import JUDGED, commonest, drawn


def test_the_same_items_are_drawn_whatever_their_order() -> None:
    items = [i for role in ("names", "texts") for i in CURRICULA[role].items(0, 60, "held_out")]
    first = drawn(items, ["names", "texts"], 20)
    assert first == drawn(items[::-1], ["names", "texts"], 20)
    assert [i.role for i in first] == ["names"] * 20 + ["texts"] * 20


def test_the_trivial_answer_is_the_commonest_of_the_role() -> None:
    items = CURRICULA["texts"].items(0, 80, "train")
    told = [i.told.strip() for i in items]
    share = max(told.count(t) for t in set(told)) / len(told)
    (values,) = commonest(items).values()
    assert sum(values) / len(values) == share
    assert list(commonest(items)) == [f"texts: {JUDGED['texts']} right"]
