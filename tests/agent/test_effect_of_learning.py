"""What learning changes: a false cause where the cause was open is worse."""

from __future__ import annotations

from aitia.agent.weigher import Weighed
from aitia.graphs.learning import Effect

OPEN = Weighed(verdict="unknown", probability=0.6)
NAMED = Weighed(verdict="cause", probability=0.7, component="payment", fault="software.certificate")


def effect(without: Weighed, learnt: Weighed, *, right: tuple[bool, bool]) -> Effect:
    return Effect(
        run="r", without=without, learnt=learnt, truth=None, right_without=right[0], right_learnt=right[1]
    )


def test_from_open_to_a_false_cause_is_worse() -> None:
    assert effect(OPEN, NAMED, right=(False, False)).worse
    assert not effect(OPEN, NAMED, right=(False, True)).worse
    assert not effect(OPEN, OPEN, right=(False, False)).worse
    assert effect(NAMED, OPEN, right=(True, False)).worse
