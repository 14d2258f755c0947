"""The model writes the whole task list of a first round (`--planner free`); code keeps it valid.

One completion, bound by a grammar, gives `[{"id", "tool", "args", "dep"}, …]`. What the grammar cannot see is checked
afterwards: calls that repeat one another, references to what a task does not give, lists that were cut off or that a
server without grammars wrote. The model's `dep` is ignored; dependencies follow from references, consumes and produces.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aitia.agent.planning.digest import digest
from aitia.agent.planning.plan_grammar import (
    component_argument,
    listed_arguments,
    offers,
    plan_grammar,
    referable,
)
from aitia.agent.planning.plan_prompt import nearby, system_of, user_of
from aitia.agent.planning.references import references, written
from aitia.agent.planning.rounds import Round
from aitia.agent.planning.score import Candidate
from aitia.agent.planning.validate import validated
from aitia.core.errors import BadInput, ModelError
from aitia.core.events import Decided
from aitia.core.llm import Completion, Llm, Prompt
from aitia.core.words import Evidence, Incident, Inventory, Plan, Task, Word
from aitia.tools import Registry

TASK_TOKENS: Final = 45  # that a task of the list may take on average
SEEN_TOKENS: Final = 240  # of the prompt, for facts of the first scan
CUT: Final = "the list was cut off"
_SHOWN: Final = 60  # characters of what the model wrote, in a reason


class FreePlan(Word):
    """What became of the model's task list. Without tasks the caller's own plan stands; `dropped` says why.

    `attempts` are completions asked for, `repaired` says that the second list was taken, `dropped` is what was wrong with
    the list that was taken, `completions` are all of them.
    """

    tasks: tuple[Task, ...] = ()
    attempts: int = 0
    repaired: bool = False
    dropped: tuple[str, ...] = ()
    completions: tuple[Completion, ...] = ()

    @property
    def prompt_tokens(self) -> int:
        """Prompt tokens that were evaluated."""
        return sum(c.prompt_tokens for c in self.completions)

    @property
    def restored_tokens(self) -> int:
        """Prompt tokens that came from a saved state."""
        return sum(c.restored_tokens for c in self.completions)

    @property
    def generated_tokens(self) -> int:
        """Tokens written."""
        return sum(c.generated_tokens for c in self.completions)

    @property
    def cost(self) -> dict[str, int]:
        """What the list took, under the names that a run counts votes by."""
        return {
            "votes": self.attempts,
            "vote_prompt_tokens": self.prompt_tokens,
            "vote_restored_tokens": self.restored_tokens,
            "vote_generated_tokens": self.generated_tokens,
        }

    @property
    def raw(self) -> tuple[str, ...]:
        """What the model wrote, by attempt."""
        return tuple(c.text for c in self.completions)


def write_plan(
    registry: Registry,
    inventory: Inventory,
    incident: Incident,
    done: Sequence[Task],
    llm: Llm,
    *,
    max_tasks: int = 8,
    seen: Sequence[Evidence] = (),
) -> FreePlan:
    """A first round by the model: at most `max_tasks` valid tasks with ids after those of `done`, in the model's order.

    Of what was `seen` already it is told what adds most in SEEN_TOKENS tokens.
    A list with something wrong in it is asked for once more, with a line that says what; what is still wrong is dropped.
    A list that was only cut off is not: its complete tasks stand.
    """
    first = max((t.id for t in done), default=0) + 1
    components = nearby(inventory, incident)
    offered = offers(registry, inventory, components, done)
    given = {t.id: referable(registry[t.tool]) for t in done}
    grammar = plan_grammar(offered, components, given, first=first, most=max_tasks)
    if not grammar or max_tasks < 1:
        return FreePlan(dropped=("no call that may be planned is left",))
    told = digest(seen, tokens=SEEN_TOKENS, count=llm.count) if seen else ()
    system, plan = system_of(registry), FreePlan(dropped=("no list yet",))
    while plan.attempts < 2 and plan.dropped and not (plan.tasks and plan.dropped == (CUT,)):
        mend = plan.dropped if plan.attempts else ()
        user = user_of(incident, components, done, offered, first=first, most=max_tasks, seen=told, mend=mend)
        try:
            completion = llm.complete(
                Prompt(system=system, user=user), max_tokens=max_tasks * TASK_TOKENS, grammar=grammar
            )
        except ModelError as error:
            wrong = (*mend, f"the model failed: {error}")
            return plan.model_copy(update={"attempts": plan.attempts + 1, "dropped": wrong})
        plan = _after(
            plan, completion, check_list(completion.text, registry, inventory, done, most=max_tasks)
        )
    return plan


def as_round(free: FreePlan, rules: Plan) -> Round:
    """The model's tasks as the first round, or the rules' plan where it wrote none; the decision shows both lists."""
    theirs, ours = ([Candidate(task=t).text for t in tasks] for tasks in (free.tasks, rules.tasks))
    options = list(dict.fromkeys([*theirs, *ours] if theirs else ours))
    decided = Decided(
        question="which tasks the first round contains, as written by the model",
        options=tuple(options),
        rules=tuple(float(o in ours) for o in options),
        model=tuple(float(o in theirs) for o in options),
        model_weight=float(bool(theirs)),
        weights={"rules": float(not theirs), "model": float(bool(theirs))},
        chosen=tuple(range(len(theirs or ours))),
        note="; ".join(free.dropped),
    )
    plan = Plan(round=rules.round, tasks=free.tasks, by="model") if free.tasks else rules
    return Round(plan=plan, decided=decided)


def _after(plan: FreePlan, completion: Completion, checked: tuple[list[Task], list[str]]) -> FreePlan:
    """The plan after one more list. A second list is taken if nothing is wrong with it, or no fewer of its tasks are valid."""
    tasks, wrong = checked
    completions = (*plan.completions, completion)
    if wrong and len(tasks) < len(plan.tasks):
        return plan.model_copy(update={"attempts": plan.attempts + 1, "completions": completions})
    return FreePlan(
        tasks=tuple(tasks),
        attempts=plan.attempts + 1,
        repaired=plan.attempts > 0 and bool(tasks),
        dropped=tuple(wrong),
        completions=completions,
    )


def check_list(
    text: str, registry: Registry, inventory: Inventory, done: Sequence[Task], *, most: int
) -> tuple[list[Task], list[str]]:
    """The valid tasks of a written list, numbered after `done`, their dependencies derived; and what was wrong."""
    items, closed = read_list(text)
    wrong = [] if closed else [CUT if items else "no JSON list of tasks"]
    if closed and not items:
        wrong.append("the list is empty")
    if len(items) > most:
        wrong.append(f"write at most {most} tasks")
    start = max((t.id for t in done), default=0) + 1
    tasks: list[Task] = []
    ours = {t.id: t.id for t in done}  # the model's number of a task to ours
    for number, item in enumerate(items[:most], start):
        try:
            tasks.append(_task(item, number, ours, registry, inventory))
        except BadInput as error:
            wrong.append(str(error))
        ours[item["id"] if isinstance(item.get("id"), int) else number] = number
    kept, refused = validated(tasks, registry, inventory, done)
    return kept, [*wrong, *refused]


def read_list(text: str) -> tuple[list[dict[str, Any]], bool]:
    """The complete objects of the JSON list in a text, and whether the list is closed after them."""
    items: list[dict[str, Any]] = []
    decoder, rest = json.JSONDecoder(), text.partition("[")[2].lstrip()
    while rest.startswith("{"):
        try:
            item, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):  # cut off, no JSON, a number of 5000 digits, nested too deep
            break
        items.append(item)
        rest = rest[end:].lstrip(" \t\r\n,")
    return items, rest.startswith("]")


def _task(
    item: Mapping[str, Any], number: int, ours: Mapping[int, int], registry: Registry, inventory: Inventory
) -> Task:
    """A written task in our numbers; `validated` judges the rest. Raises BadInput for what a grammar would not have let by."""
    name, args = item.get("tool"), item.get("args", {})
    if not isinstance(name, str) or name not in registry.names() or not isinstance(args, dict):
        raise BadInput(f"task {number}: choose an installed tool, not {str(name)!r:.{_SHOWN}}")
    spec = registry[name]
    listed = listed_arguments(spec, inventory.components)
    for argument, value in args.items():
        if argument != component_argument(spec) and value not in listed.get(argument, ()):
            raise BadInput(f"task {number} ({name}): leave out {argument!r:.{_SHOWN}} or use a listed value")
    renamed = {a: written(ours.get(maker, 0), what) for a, (maker, what) in references(args).items()}
    return Task(id=number, tool=name, args={**args, **renamed}, why="written by the model")
