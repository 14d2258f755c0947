"""Whether a verdict stands: what was learned, and how it counts what is left."""

from __future__ import annotations

import pytest

from aitia.agent.planning.stopping import FEATURES, turning
from aitia.agent.weigher import Weighed

LEARNED = turning()
UNKNOWN = Weighed(verdict="unknown", probability=0.6)
SURE = Weighed(verdict="cause", component="orders", fault="resource.memory", probability=0.95)


def test_nothing_left_changes_nothing() -> None:
    assert LEARNED.chance(UNKNOWN, []) == 0.0


def test_the_more_is_left_and_the_less_sure_it_is_the_likelier_it_turns() -> None:
    little, much = ["logs_sessions"], ["logs_sessions", "logs_diff", "changes_list"]
    assert 0 < LEARNED.chance(SURE, little) < LEARNED.chance(SURE, much) < 1
    assert LEARNED.chance(SURE, much) < LEARNED.chance(UNKNOWN, much)


def test_a_tool_that_nobody_recorded_counts_as_one_that_turns_verdicts_most() -> None:
    assert LEARNED.share("mcp_warehouse_stock") == max(LEARNED.turns.values())
    assert LEARNED.chance(SURE, ["mcp_warehouse_stock"]) > LEARNED.chance(SURE, ["logs_sessions"])


def test_every_feature_has_a_weight() -> None:
    assert set(LEARNED.weights) == set(FEATURES)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_ends_of_the_scale_are_finite(probability: float) -> None:
    assert 0 < LEARNED.chance(SURE.model_copy(update={"probability": probability}), ["logs_diff"]) < 1
