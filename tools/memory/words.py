"""The words of memory: a past incident, what is asked of the store, what it finds, and what a person said of a run."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from aitia.core.words import Evidence, Moment, Unit01, Word

RecordKind = Literal["incident", "postmortem", "work_order"]
Why = Literal["words", "meaning", "evidence", "component", "recent"]


class PastIncident(Word):
    """An incident that is over, as it is kept: redacted. `fingerprint` says what moved (see `fingerprint_of`)."""

    id: str = Field(min_length=1, max_length=200)
    kind: RecordKind = "incident"
    title: str
    text: str = ""
    at: Moment | None = None  # when it began; a record without a time counts as known since ever
    resolved_at: Moment | None = None
    component: str = ""
    symptoms: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    fingerprint: tuple[str, ...] = ()
    cause: str = ""
    fault: str = ""  # a path of the taxonomy, where known
    mitigation: tuple[str, ...] = ()
    outcome: str = ""
    confirmed: bool = False  # a person said that the cause is right
    run: str = ""  # the run that it came from
    source: str = ""  # the file, with its line, that it came from


class Query(Word):
    """What is looked for. Only incidents that began before `before` and are not `exclude` are found."""

    text: str
    component: str = ""
    fingerprint: tuple[str, ...] = ()
    before: Moment | None = None
    exclude: tuple[str, ...] = ()


class Match(Word):
    """A past incident that is similar. `similarity` is 0..1; `why` holds each part's own score, 0..1."""

    incident: PastIncident
    similarity: Unit01
    why: dict[Why, float]


class Outcome(Word):
    """What a person said of a run: its cause was right, or what it really was."""

    run: str
    right: bool
    component: str = ""
    fault: str = ""
    named: str = ""  # the component and the fault that the run had named
    named_fault: str = ""
    cause: str = ""
    mitigation: tuple[str, ...] = ()
    note: str = ""
    by: str = ""
    at: Moment


class Counts(Word):
    """What a change did to the store."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(
            added=self.added + other.added,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
        )


class AuditEntry(Word):
    """One change of the store: when, by whom, what (`put`, `remove`, `record`, `revert`, `reindex`), and how much.

    No text of an incident is in it. A removed incident is named by the first 12 digits of its id's sha256.
    """

    at: Moment
    by: str
    what: str
    detail: str


def fingerprint_of(evidence: tuple[Evidence, ...] | list[Evidence]) -> tuple[str, ...]:
    """What moved, as sorted tokens `kind|aspect|direction|component`; memory's own facts and weak ones are left out."""
    return tuple(
        sorted(
            {
                f"{e.kind}|{e.aspect}|{e.direction}|{e.component}"
                for e in evidence
                if e.strength >= WEAK and not e.kind.startswith(("incident.", "runbook."))
            }
        )
    )


WEAK = 0.3


def known_by(incident: PastIncident, moment: datetime | None) -> bool:
    """Whether it had begun, and was over where its end is known, before that moment: recall must not see the future."""
    if moment is None:
        return True
    ended = incident.resolved_at or incident.at
    return ended is None or ended < moment
