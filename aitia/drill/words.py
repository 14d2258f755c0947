"""The words of a drill: what was looked at, what was answered, what it is compared with."""

from __future__ import annotations

from typing import Literal

from aitia.core.words import Evidence, Moment, Verdict, Word

State = Literal["answered", "gave_up", "stopped"]


class Seen(Word):
    """What a look showed of a component. `kind` is a fact's (`log.new`), or the family of raw data (`log`); "" is any aspect."""

    component: str
    kind: str
    aspect: str = ""

    def shows(self, component: str, kind: str, aspect: str) -> bool:
        """Whether somebody who saw this could know of a fact; an empty field of the fact matches anything."""
        if component and component != self.component:
            return False
        if kind:
            alike = f"{kind}.".startswith(f"{self.kind}.")
        else:  # a raw look shows what its family can tell
            alike = bool(self.aspect) or not aspect or _family(aspect) == self.kind.split(".")[0]
        return alike and (not aspect or not self.aspect or aspect == self.aspect)


def _family(aspect: str) -> str:
    head, dot, _ = aspect.partition(".")
    return head if dot else "metric"


class Look(Word):
    """One command of a drill."""

    line: str
    after_s: float
    seen: tuple[Seen, ...] = ()
    hint: bool = False


class Answered(Word):
    """A verdict, whoever gave it. `right` is empty where it was not compared."""

    verdict: Verdict | None = None
    component: str = ""
    fault: str = ""
    right: bool | None = None
    probability: float | None = None
    seconds: float = 0.0
    looks: int = 0
    run: str = ""


class Ground(Word):
    """A fact that an answer rests on, and whether the person had looked at it."""

    of: Literal["answer", "aitia"]
    text: str
    looked_at: bool


class Record(Word):
    """A drill as it is kept. A stopped one names neither the scenario nor its answer: it may be carried on."""

    began: Moment
    digest: str
    scenario: str = ""
    title: str
    state: State
    looks: tuple[Look, ...] = ()
    person: Answered
    recorded: Answered | None = None
    aitia: Answered | None = None
    grounds: tuple[Ground, ...] = ()


def could_know(looks: tuple[Look, ...], fact: Evidence) -> bool:
    """Whether any look showed a fact, of the component that it is about or of the one that told it."""
    return any(
        s.shows(c, fact.kind, fact.aspect)
        for look in looks
        for s in look.seen
        for c in {fact.component, fact.peer or fact.component}
    )
