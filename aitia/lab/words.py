"""What the lab's makers share: a system that can be made to fail, the order for one incident, and what is kept beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from aitia.core.words import Moment, Word

Kind = Literal["servers", "machine", "cluster"]
Strength = Literal["weak", "medium", "strong"]
LAB: str = "lab.json"  # the file in a scenario folder that holds a `Made`; only scorers read it


class Failure(Word):
    """One fault of a system as it is offered: who may be hit, and how hard.

    `family` is one of docs/lab.md's list; `none` is a healthy hour, with or without decoys.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    family: str
    victims: tuple[str, ...] = ()
    strengths: tuple[Strength, ...] = ("medium",)


class Order(Word):
    """One incident to be made. `twin` asks for the same hour without its fault: what it shows too is no effect."""

    system: str
    fault: str
    seed: int
    victim: str = ""
    strength: Strength = "medium"
    decoys: tuple[str, ...] = ()
    twin: bool = False


class Made(Word):
    """What was made, kept as lab.json beside scenario.yaml; never shown to a diagnosis."""

    order: Order
    kind: Kind
    family: str
    onset: Moment | None = None  # when the fault was caused; none in a healthy hour
    decoys: tuple[str, ...] = ()  # harmless things that happened, in words
    symptom: Literal["alert", "client", "none", ""] = (
        ""  # who saw it; none: it had no effect; "": not looked at
    )
    disturbed: tuple[str, ...] = ()  # what was seen that neither fault nor decoy did, in words
    view: dict[str, dict[str, float]] = {}  # what users saw before and after the onset
    seconds: float = 0.0  # what making it took
    licence: str = "CC0-1.0"


class System(Protocol):
    """A system of the lab."""

    @property
    def name(self) -> str:
        """Its id, as `--system` takes it."""
        ...

    @property
    def title(self) -> str:
        """What it is, in one line."""
        ...

    @property
    def kind(self) -> Kind:
        """Real servers, a simulated machine, or generated cluster state."""
        ...

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What can be made of it, `none` among them."""
        ...

    @property
    def decoys(self) -> tuple[str, ...]:
        """Harmless things that can happen in it."""
        ...

    def missing(self) -> tuple[str, ...]:
        """Programs or packages that are not installed, each with what installs it."""
        ...

    def make(self, order: Order, out: Path, tell: Callable[[str], None]) -> Made:
        """Write a scenario folder (docs/scenarios.md) with lab.json into `out`; `tell` gets progress in words.

        Raises BadInput for an order that the system cannot carry out, SourceError where a program fails.
        """
        ...
