"""Naming the cause: components and fault kinds as a person writes them, with the nearest names where one is unknown."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import accumulate

from aitia.agent.taxonomy import Taxonomy
from aitia.core.errors import BadInput
from aitia.drill.incident import Incident
from aitia.drill.words import Answered


def fault_names(taxonomy: Taxonomy) -> dict[str, str]:
    """Every fault kind and every parent of one, with its title."""
    parents = {
        parent: parent.replace(".", " ")
        for fault in taxonomy
        for parent in list(accumulate(fault.id.split("."), "{}.{}".format))[:-1]
    }
    return dict(sorted((parents | {fault.id: fault.title for fault in taxonomy}).items()))


def read_answer(words: str, incident: Incident, taxonomy: Taxonomy) -> Answered:
    """`COMPONENT FAULT`, `healthy` or `unknown`. Raises BadInput that says what was meant."""
    component, _, fault = words.strip().partition(" ")
    if component == "healthy" and not fault:
        return Answered(verdict="healthy")
    if component == "unknown" and not fault:
        return Answered(verdict="unknown")
    if not component or not fault:
        raise BadInput("Answer with: answer COMPONENT FAULT, answer healthy, or answer unknown.")
    return Answered(
        verdict="cause", component=incident.component(component), fault=read_fault(fault.strip(), taxonomy)
    )


def read_fault(words: str, taxonomy: Taxonomy) -> str:
    """A fault kind by its path, its last word or its title."""
    known, said = fault_names(taxonomy), words.casefold()
    if said in known:
        return said
    found = [f for f, title in known.items() if said in (f.rpartition(".")[2], title.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"{words!r} could mean {', '.join(found)}. Give one of them.")
    near = [f for f, title in known.items() if any(w in title.casefold() for w in said.split() if len(w) > 3)]
    ends = get_close_matches(said.replace(" ", "_"), [f.rpartition(".")[2] for f in known], n=3)
    near += [f for f in known if f.rpartition(".")[2] in ends or f in get_close_matches(said, known, n=2)]
    told = (
        f"Did you mean {', '.join(dict.fromkeys(near[:6]))}?" if near else "Type faults for the fault kinds."
    )
    raise BadInput(f"No fault kind is called {words!r}. {told}")
