"""An order to fail back or over is refused; a question about one is not."""

import pytest

from aitia.agent.asking.question.refusing import asks_for_change


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("fail back to redis-a now please", True),
        ("please fail over to redis-b", True),
        ("how often did it fail back to redis-a?", False),
        ("when did we fail over to redis-b", False),
        ("did it fail over to redis-b?", False),
    ],
)
def test_an_order_to_fail_back_is_refused_and_a_question_is_not(text: str, order: bool) -> None:
    assert asks_for_change(text) is order
