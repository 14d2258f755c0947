"""A work order: what a maintenance planner needs of a machine's fault. Its JSON Schema is docs/work_order.schema.json."""

from __future__ import annotations

from typing import Literal

from aitia.core.word import Moment, Unit01, Word

Priority = Literal["now", "soon", "plan", "unknown"]
StepKind = Literal["make safe", "decide", "inspect", "repair", "confirm"]


class WorkStep(Word):
    """A step of a work order. `advice`: a person judges it by the site's own rules before it is followed."""

    kind: StepKind
    text: str
    source: str = ""
    advice: bool = False


class Remaining(Word):
    """How long the machine can run: an interval in hours from now, or why there is none. Never a guess."""

    hours: float | None = None
    low_hours: float | None = None
    high_hours: float | None = None
    earliest: Moment | None = None
    latest: Moment | None = None
    by: str = ""  # what says so: the limit that is reached, or the model
    fact: str = ""  # the evidence id
    why_none: str = ""


class FirstLook(Word):
    """Where to look first while no cause is named: no order yet, but the reading that would raise one."""

    component: str
    signal: str
    fact: str  # the evidence id
    why: str
    how: str  # which reading, with which instrument
    order_if: str  # what that reading must show, and what is ordered then
    order: str = ""  # what is ordered at once, though the part is not known yet; "" where nothing is
    query: str = ""  # reads the signal again; "" where it cannot be shown
    then: tuple[str, ...] = ()  # where next


class WorkFact(Word):
    """A fact that the order rests on, and how it is read again."""

    id: str
    statement: str
    query: str = ""


class WorkOrder(Word):
    """What fails, how sure, how bad, since when, for how long it can run, what is done with which part and tool.

    called     other names of the asset
    job        what is to be done, in one line
    path       what the asset is part of, nearest first
    machine    what kind of machine it is; "" where nobody knows
    certainty  probability of the cause as named
    priority   now: it is unsafe or breaks soon; soon: it cannot run for long; plan: at the next stop; unknown: nothing tells
    zone       severity by ISO 20816 or 10816, where vibration was measured
    expected   what the site's own orders made likely as the next one, with the fact that says so; "" where they say nothing
    recent     work on the asset in the two weeks before, the latest first
    repeats    what of the job such work did already
    to         whom the order is for where it is not maintenance: the control room; ""
    done_by    what was switched or tripped as it began, when and by whom, as the journal says; ""
    not_known  what a planner would want to know and no data tells
    """

    schema_version: Literal[1] = 1
    run: str
    asset: str
    called: tuple[str, ...] = ()
    job: str = ""
    to: str = ""
    done_by: str = ""
    path: tuple[str, ...] = ()
    machine: str = ""
    title: str
    failure: str
    cause: str = ""
    effect: str = ""
    certainty: Unit01
    priority: Priority
    priority_why: str
    zone: str = ""
    since: Moment | None = None
    since_error_s: float = 0.0
    remaining: Remaining
    steps: tuple[WorkStep, ...] = ()
    parts: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    facts: tuple[WorkFact, ...] = ()
    expected: str = ""
    recent: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    not_known: tuple[str, ...] = ()
