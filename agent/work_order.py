"""From a diagnosis of a machine to a work order: every word is from a fact, the fault's entry or a cited step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from aitia.agent.acted import is_protection, what_acted, who
from aitia.agent.asset_class import as_fits, as_it_can, entry_for, kinds_of
from aitia.agent.facts import Facts
from aitia.agent.gauge_at_zero import beside_gauge
from aitia.agent.left_by_work import makes
from aitia.agent.machine_class import classes_of
from aitia.agent.recent_work import Work, recent_work, repeated
from aitia.agent.taxonomy import Fault, Taxonomy
from aitia.agent.topology import Topology
from aitia.agent.urgency import ALARM_SIGNAL, UNMEASURED, alarms_of, is_beyond, priority, zone_of
from aitia.agent.weigher import OPEN, Weighed
from aitia.core.percent import percent
from aitia.core.words import Evidence, Incident, Inventory, Mitigation
from aitia.core.work_order import Remaining, WorkFact, WorkOrder, WorkStep
from aitia.tools.series.numbers import with_unit

MOST_FACTS: Final = 6
PLAIN: Final = 0.9  # probability of a kind below which nothing is ordered or bought before the look that decides; by hand
_RIVAL: Final = (
    0.5  # of the kind's own probability, from which on of a rival nothing is ordered before the look; by hand
)
_HOURS: Final = {
    "h": 1.0, "hour": 1.0, "hours": 1.0, "d": 24.0, "day": 24.0, "days": 24.0, "min": 1 / 60, "s": 1 / 3600,
    "week": 168.0, "weeks": 168.0,
}  # fmt: skip


def work_order(
    weighed: Weighed,
    evidence: Sequence[Evidence],
    inventory: Inventory,
    taxonomy: Taxonomy,
    *,
    run: str,
    incident: Incident,
    mitigations: Sequence[Mitigation],
) -> WorkOrder | None:
    """The order for the named cause; None where no machine is the cause."""
    topology = Topology(inventory.components)
    asset = weighed.component
    if weighed.verdict != "cause" or asset not in topology.machines:
        return None
    kinds = kinds_of(asset, inventory, evidence)
    able = as_it_can(weighed, taxonomy, kinds)
    fault = as_fits(entry_for(able, taxonomy), kinds)
    undecided = able.fault == OPEN or able.fault not in taxonomy
    wrong = taxonomy.title(weighed.fault) if able.fault != weighed.fault else ""
    family = topology.family(asset)
    own = [e for e in evidence if e.component in family]
    told = _supporting(weighed, evidence)
    remaining = _remaining(own, incident, instrument=able.fault.startswith("sensor."))
    whole = _machine_of(asset, topology)
    near = [e for e in evidence if e.component in whole]
    zone = max((z for e in near if (z := zone_of(e, near))), default="")
    alarms = [e for e in evidence if e.kind == ALARM_SIGNAL]
    called = next((c.aliases for c in inventory.components if c.id == asset), ())
    names = _Names(asset, _instrument(told))
    urgency, why = priority(
        told, near, alarms_of(evidence, {asset, *called}), remaining, fault, alarms, family
    )
    why += beside_gauge(why, evidence, asset, topology)
    works = recent_work(evidence, family, incident)
    first = Facts(evidence, topology).first_onset(family)
    acted = what_acted(evidence, family, first)
    job = _close_call(names, able, fault, taxonomy, kinds) or _job(names, fault, undecided)
    job = _switched(acted, job) if acted is not None else job
    return WorkOrder(
        run=run, asset=asset, path=_path(asset, topology), machine=(classes_of(inventory.components).get(asset) or ("",))[0],
        called=called,
        title=f"{asset}: {taxonomy.title(able.fault)}", failure=weighed.fault,
        job=job, to="control room" if acted is not None else "", done_by=_done_by(acted, told),
        recent=tuple(_with_doubt(w, able.fault) for w in works), repeats=tuple(repeated(job, works)),
        cause=fault.explanation if fault else "", effect=fault.effect if fault else "",
        certainty=weighed.probability, priority=urgency, priority_why=names.filled(why), zone=zone,
        since=first.onset if first else None, since_error_s=first.onset_error_s if first else 0.0,
        remaining=remaining, steps=tuple(_steps(names, fault, mitigations, undecided)),
        parts=fault.parts if fault else (), tools=fault.tools if fault else (),
        facts=tuple(WorkFact(id=e.id, statement=e.statement, query=e.source.query) for e in told[:MOST_FACTS]),
        expected=next((f"{e.statement} [{e.id}]" for e in own if e.kind == "maintenance.expected"), ""),
        not_known=tuple(_not_known(able, fault, remaining, measured=UNMEASURED not in why, wrong=wrong)),
    )  # fmt: skip


def _close_call(
    names: _Names, able: Weighed, fault: Fault | None, taxonomy: Taxonomy, kinds: Sequence[str]
) -> str:
    """Of a kind that hardly leads: the look that decides, then the order of what it is; "" where one leads plainly."""
    if fault is None or not fault.decides or not fault.job or able.fault == OPEN:
        return ""
    own = [s for s in able.suspects if s.component == able.component]
    # A family of kinds is told by the likeliest of them, which has a part of its probability.
    sure = next((s.probability for s in own if s.fault == fault.id), able.probability)
    rivals = [s for s in own if s.fault not in (able.fault, fault.id, OPEN)]
    rival = next((s for s in rivals if s.probability >= _RIVAL * sure), None)
    if sure >= PLAIN and rival is None:
        return ""
    other = as_fits(taxonomy.get(rival.fault), kinds) if rival is not None else None
    first = f"First look, then order: measure {fault.decides}. "
    first += f"If it is {fault.title} ({percent(sure)}): {_lower(fault.job)}"
    if rival is not None and other is not None and other.job:
        first += f". If it is {other.title} ({percent(rival.probability)}): {_lower(other.job)}"
    return names.filled(first)


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def _with_doubt(work: Work, fault: str) -> str:
    """A work that was done, and whether such work can leave such a fault behind."""
    doubt = "; such work can leave this fault behind: look at it first" if makes(work.text, fault) else ""
    return f"{work.told}{doubt}"


def _done_by(acted: Evidence | None, told: Sequence[Evidence]) -> str:
    """What acted and by whom, as the journal says, and from when on samples show it, where that is later."""
    if acted is None or acted.onset is None:
        return ""
    name = who(str(acted.values.get("text", "")))
    how = (
        f"tripped by {name}" if is_protection(name) else f"by command of {name}" if name else "by the journal"
    )
    shown = min((e.onset for e in told if e.onset and e.onset > acted.onset), default=None)
    later = f"; samples show it from {shown:%H:%M:%S} UTC on" if shown else ""
    return f"{acted.component} acted at {acted.onset:%Y-%m-%d %H:%M:%S} UTC, {how} [{acted.id}]{later}"


def _switched(acted: Evidence, job: str) -> str:
    """The job of what a person or a protection switched: to the control room, who knows or finds out why."""
    name = who(str(acted.values.get("text", "")))
    if name and not is_protection(name):
        asked = f"ask {name} why {acted.component} was switched"
        return f"Control room: {asked}; where it was not meant, put it back by a switching order"
    read = f"read what {name} at {acted.component} saw; then: " if name else ""
    return f"Control room: {read}{job[0].lower()}{job[1:]}"


class _Names(NamedTuple):
    """What the placeholders of a fault's entry stand for: the asset, and the signal of its instrument that is wrong ("")."""

    asset: str
    signal: str

    def filled(self, text: str) -> str:
        """The text with its names."""
        if not self.signal:
            text = text.replace("{signal} of ", "").replace(
                "the instrument {component}", "the instruments of {component}"
            )
        named = text.replace("{signal}", self.signal)
        return named.replace("{component}", self.asset).replace("{machine}", self.asset)


def _instrument(told: Sequence[Evidence]) -> str:
    """The signal that the weightiest fact about one signal of the asset is of."""
    of = (str(e.values.get("channel", "")) for e in told if e.kind.startswith(("signal.", "condition.")))
    return next((name for name in of if name), "")


def _job(names: _Names, fault: Fault | None, undecided: bool) -> str:
    """What is asked for, in one line; of a fault whose kind is open the measurement that decides."""
    if fault is None or not fault.job:
        return f"Inspect {names.asset} on site"
    if undecided:
        return names.filled(
            f"Inspect {{component}}; likeliest: {fault.title}. Measure first: {fault.decides}"
        )
    return names.filled(fault.job)


def _supporting(weighed: Weighed, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What speaks for the cause, weightiest first."""
    by_id = {e.id: e for e in evidence}
    named = next((s for s in weighed.suspects if s.component == weighed.component), None)
    return [by_id[i] for i in named.supporting if i in by_id] if named else []


def _path(asset: str, topology: Topology) -> tuple[str, ...]:
    found: list[str] = []
    here = topology.wholes(asset)
    while here and here[0] not in found:
        found.append(here[0])
        here = topology.wholes(here[0])
    return tuple(found)


def _machine_of(asset: str, topology: Topology) -> frozenset[str]:
    """The machine that the asset is, or is part of, with all parts of it: one bearing tells how bad it is for the other.

    Of what is no machine (a site, a district) nothing more.
    """
    whole = next((w for w in topology.wholes(asset) if w in topology.machines - topology.assets), asset)
    return topology.family(asset) | topology.family(whole)


def _remaining(own: Sequence[Evidence], incident: Incident, *, instrument: bool = False) -> Remaining:
    """The shortest interval that a model of its life or a trend to a limit gives; of an `instrument` that is wrong none, nor of a
    trend that is past its limit already: a limit is not the end of a life.
    """
    if instrument:
        return Remaining(why_none="an instrument's reading has no limit to reach")
    past = next((e for e in own if e.kind == "condition.trend" and _is_past(e)), None)
    if past is not None:
        limit = with_unit(float(past.values["limit"]), past.unit)
        which = f"{past.values.get('channel', 'it')} is past its limit {limit}"
        return Remaining(why_none=f"{which} already, which tells no end of its life [{past.id}]")
    spans = [r for e in own if (r := _span(e, incident)) is not None]
    if spans:
        return min(spans, key=lambda r: r.hours if r.hours is not None else float("inf"))
    beyond = next((e for e in own if is_beyond(e)), None)
    if beyond is not None and not any(e.kind == "signal.idle" for e in own):
        return Remaining(why_none=f"it is beyond the alarm's limit {_limit(beyond)} already [{beyond.id}]")
    idle = next((e for e in own if e.kind == "signal.idle"), None)
    if idle is not None:
        return Remaining(why_none=f"it does not run now [{idle.id}]")
    trends = any(e.kind in ("condition.trend", "metric.trend") for e in own)
    return Remaining(
        why_none="it changes steadily, but no limit is known: set one"
        if trends
        else "no trend to a limit and no model of its life is at hand"
    )


def _is_past(trend: Evidence) -> bool:
    """Whether a trend has reached its limit already, at the latest."""
    return trend.values.get("days_to_limit") == 0.0 == trend.values.get("days_high")


def _limit(alarm: Evidence) -> str:
    """The limit of an alarm's signal, with its unit where that is known."""
    return with_unit(float(alarm.values["limit"]), str(alarm.values.get("unit", "")))


def _span(e: Evidence, incident: Incident) -> Remaining | None:
    now = incident.window.end
    if e.kind == "condition.trend" and "days_to_limit" in e.values:
        hours, low, high = (_number(e, key, 24.0) for key in ("days_to_limit", "days_low", "days_high"))
        by = f"the trend of {e.values.get('channel', 'it')} to its limit {e.values.get('limit', '')}".rstrip()
    elif e.aspect == "condition.life" and e.unit in _HOURS:
        hours, low, high = (_number(e, key, _HOURS[e.unit]) for key in ("life", "low", "high"))
        by = "the fleet's histories" if e.values.get("by") == "fleet" else "its own trend to the limit"
    else:
        return None
    if hours is None:
        return None
    return Remaining(
        hours=hours, low_hours=low, high_hours=high, by=by, fact=e.id,
        earliest=now + timedelta(hours=low) if low is not None else None,
        latest=now + timedelta(hours=high) if high is not None else None,
    )  # fmt: skip


def _number(e: Evidence, key: str, factor: float) -> float | None:
    value = e.values.get(key)
    return round(float(value) * factor, 1) if isinstance(value, int | float) else None


def _steps(
    names: _Names, fault: Fault | None, mitigations: Sequence[Mitigation], undecided: bool
) -> Iterator[WorkStep]:
    catalogue = f"fault catalogue {fault.id}" if fault else ""
    if fault and fault.safe:
        yield WorkStep(kind="make safe", text=names.filled(fault.safe), source=catalogue, advice=True)
    if fault and fault.decides:
        yield WorkStep(kind="decide", text=f"Measure first: {names.filled(fault.decides)}", source=catalogue)
    now = [m for m in mitigations if m.when == "now"]
    yield from (
        WorkStep(kind="inspect", text=m.text, source=m.source) for m in now if m.effect == "read-only"
    )
    repairs = [m for m in now if m.effect == "changing"]
    if undecided and not repairs:
        yield WorkStep(
            kind="repair", text="Decide the repair once the kind of fault is measured", source="aitia"
        )
    yield from (WorkStep(kind="repair", text=m.text, source=m.source) for m in repairs)
    if fault and fault.decides:
        yield WorkStep(
            kind="confirm",
            text=f"After the work, measure again: {names.filled(fault.decides)}",
            source=catalogue,
        )


def _not_known(
    weighed: Weighed, fault: Fault | None, remaining: Remaining, *, measured: bool, wrong: str
) -> Iterator[str]:
    if wrong:
        yield f"why it behaves like {wrong}, which is no fault of what is measured here"
    if weighed.fault == OPEN:
        yield f"what kind of fault it is{f'; likeliest: {fault.title}' if fault else ''}"
    if remaining.hours is None:
        yield f"how long it can run: {remaining.why_none}"
    if not measured:
        yield "how bad it is: no zone, limit or trend is at hand"
    if fault is not None and not fault.parts:
        yield "which part is replaced: it shows at the inspection"
