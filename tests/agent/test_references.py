"""References to earlier results become components that a tool was not asked about yet."""

from __future__ import annotations

from aitia.agent.planning.references import references, resolved, stray, unresolved, written
from aitia.core.words import Result, Task

from . import evidence as shop

INVENTORY = shop.inventory()


def late(number: int, tool: str = "look", argument: str = "component") -> Task:
    return Task(id=number, tool=tool, args={argument: "<task-2.suspects>"}, dep=(2,))


def result(suspects: object) -> dict[int, Result]:
    return {2: Result(task=2, status="ok", data={"suspects": suspects})}


def args(tasks: list[Task]) -> list[object]:
    return [t.args["component"] for t in tasks]


def test_what_is_a_reference() -> None:
    assert written(2, "suspects") == "<task-2.suspects>"
    assert references(late(3).args) == {"component": (2, "suspects")}
    assert references({"a": "payment", "b": "<task-2>", "c": 4, "d": "x <task-2.suspects>"}) == {}
    assert stray({"a": "x <task-2.suspects>", "b": ["<task-1.y>"], "c": "<task-1.y>"}) == ["a", "b"]


def test_lists_hold_names_or_rows() -> None:
    assert args(resolved([late(3)], [late(3)], result(["redis", "orders"]), INVENTORY)) == ["redis"]
    rows = [{"component": "orders", "score": 0.9}, {"component": "redis"}]
    assert args(resolved([late(3)], [late(3)], result(rows), INVENTORY)) == ["orders"]


def test_tasks_of_one_tool_get_different_components_whatever_their_order() -> None:
    tasks = [late(5), late(4), late(6, tool="other"), Task(id=3, tool="look", args={"component": "redis"})]
    waiting = [t for t in tasks if t.id > 3]
    for order in (waiting, waiting[::-1]):
        made = resolved(order, tasks, result(["redis", "orders", "payment"]), INVENTORY)
        assert {t.id: t.args["component"] for t in made} == {4: "orders", 5: "payment", 6: "redis"}


def test_names_that_the_inventory_does_not_know_are_passed_by() -> None:
    made = resolved([late(3)], [late(3)], result(["; rm -rf /", {"x": 1}, 7, None, "postgres"]), INVENTORY)
    assert args(made) == ["postgres"]


def test_what_cannot_be_resolved_is_a_result_that_says_so() -> None:
    for results in ({}, result([]), result("redis"), result({"component": "redis"}), result(["unheard-of"])):
        (task,) = resolved([late(3)], [late(3)], results, INVENTORY)
        said = unresolved(task)
        assert said is not None
        assert (said.task, said.tool, said.status) == (3, "look", "no_data")
        assert "<task-2.suspects>" in said.message
    assert unresolved(Task(id=3, tool="look", args={"component": "redis"})) is None
