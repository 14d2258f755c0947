"""What a run's state holds, as words: each parsed once for the node that looks at it."""

from __future__ import annotations

from functools import cached_property

from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Evidence, Exclusion, Incident, Inventory, Result, Sentence, Task
from aitia.graphs.state import State


class View:
    """A node's view of the state. Raises KeyError where an earlier node did not write what is asked for."""

    def __init__(self, state: State) -> None:
        self.state = state

    @cached_property
    def incident(self) -> Incident:
        """The redacted incident."""
        return Incident.model_validate(self.state["incident"])

    @cached_property
    def inventory(self) -> Inventory:
        """What can be reached."""
        return Inventory.model_validate(self.state["inventory"])

    @cached_property
    def topology(self) -> Topology:
        """The graph of its components."""
        return Topology(self.inventory.components)

    @cached_property
    def tasks(self) -> list[Task]:
        """All tasks so far, in plan order."""
        return [Task.model_validate(t) for _, t in sorted(self.state.get("tasks", {}).items())]

    @cached_property
    def results(self) -> list[Result]:
        """All results so far, in plan order."""
        return [Result.model_validate(r) for _, r in sorted(self.state.get("results", {}).items())]

    @cached_property
    def evidence(self) -> list[Evidence]:
        """The numbered evidence."""
        return [Evidence.model_validate(e) for e in self.state.get("evidence", [])]

    @cached_property
    def weighed(self) -> Weighed:
        """The verdict so far."""
        return Weighed.model_validate(self.state["weighed"])

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The verdict's sentence and those of the chain."""
        return [Sentence.model_validate(s) for s in self.state["sentences"]]

    @cached_property
    def ruled_out(self) -> list[Exclusion]:
        """What was ruled out, and why."""
        return [Exclusion.model_validate(x) for x in self.state["ruled_out"]]

    @property
    def ready(self) -> list[Task]:
        """Tasks that were not run and whose dependencies were."""
        done = set(self.state["results"])
        return [t for t in self.tasks if t.id not in done and set(t.dep) <= done]
