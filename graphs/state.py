"""What the machine carries: plain values in the state, handles in the context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from aitia.agent.learned import Learned
from aitia.agent.planning.score import Guides
from aitia.agent.taxonomy import Taxonomy
from aitia.agent.weights import Weights
from aitia.core.llm import Llm
from aitia.core.store import RunStore
from aitia.core.words import Incident, Inventory, Result, Task
from aitia.graphs.understanding import Read
from aitia.tools import Registry

Plain = dict[str, Any]


def merge(old: dict[int, Plain], new: dict[int, Plain]) -> dict[int, Plain]:
    """Union by task id: parallel tasks write different keys, so the order of arrival does not matter."""
    return old | new


class State(TypedDict, total=False):
    """All values are `model_dump()` dicts, so that a checkpoint holds nothing but plain data."""

    incident: Plain
    inventory: Plain
    tasks: Annotated[dict[int, Plain], merge]
    results: Annotated[dict[int, Plain], merge]
    round: int
    evidence: list[Plain]
    weighed: Plain
    sentences: list[Plain]
    ruled_out: list[Plain]
    use: Plain
    cost: Plain
    mitigations: list[Plain]
    next_checks: list[Plain]


class Call(TypedDict):
    """What a `Send` carries to `run_task`."""

    task: Plain


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a diagnosis is made."""

    planner: Literal["rules", "model", "free"] = "model"
    narrator: Literal["template", "model", "free"] = "model"
    max_concurrency: int = 4
    max_rounds: int = 3
    max_calls: int = 24  # over the whole run, scan and recall included
    stop_at: float = 0.0  # no further call once the verdict stands with this; 0: all that is planned
    task_seconds: float = 30.0
    approvals: bool = False  # stop for a person's answer where a task needs approval

    def plain(self) -> Plain:
        """As JSON values, for the run store."""
        return {k: getattr(self, k) for k in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What `open` found: the redacted incident and what can be reached."""

    incident: Incident
    inventory: Inventory


@dataclass(kw_only=True)
class Context:
    """Handles of one run. A rerun puts recorded answers behind the same four callables."""

    open: Callable[[], Opened]
    call: Callable[[Task], Result]  # run a task, or play it back
    measured: Callable[[str], float]  # seconds so far under a name, recorded
    registry: Registry
    taxonomy: Taxonomy
    weights: Weights
    options: Options
    store: RunStore
    llm: Llm | None
    model_note: str = ""
    versions: dict[str, str]
    publish: bool = True  # write the report into the store, and ask for approvals


def guides_of(context: Context) -> Guides:
    """What planning goes by beside the rules, as the run found it when it was opened."""
    return Guides.model_validate(context.store.meta().get("opened", {}).get("guides", {}))


def read_of(context: Context) -> Read:
    """What a model said of names when the run was opened, and what that took."""
    return Read.model_validate(context.store.meta().get("opened", {}).get("read", {}))


def learned_of(context: Context) -> Learned:
    """What persons said of earlier runs, as far as this run may know it."""
    return Learned.model_validate(context.store.meta().get("opened", {}).get("learned", {}))


def runbook_of(context: Context) -> Plain:
    """The runbook that the run carries out and that is its whole plan; empty for any other run."""
    found: Plain = context.store.meta().get("runbook", {})
    return found


def names_of(inventory: Inventory) -> frozenset[str]:
    """Every name under which a component is known."""
    return frozenset(n for c in inventory.components for n in (c.id, *c.aliases))


def dumps(words: Sequence[Any]) -> list[Plain]:
    """Words as plain JSON values."""
    return [w.model_dump(mode="json") for w in words]
