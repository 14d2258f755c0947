"""What a person should measure next: what would part the likeliest suspects, what must go back, what is not connected."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from aitia.agent.asset_class import as_it_can, kinds_of
from aitia.agent.candidate_changes import changes_to_check
from aitia.agent.fact_values import whole_departure
from aitia.agent.facts import PLANT
from aitia.agent.first_look import first_look
from aitia.agent.fitting import worded
from aitia.agent.gated import look_at
from aitia.agent.held_back import INSTRUMENTS
from aitia.agent.instruments_agree import at_odds
from aitia.agent.looks import measuring, shows
from aitia.agent.measured_class import can_have
from aitia.agent.planning.separate import Missing, missing, two_best
from aitia.agent.taxonomy import Taxonomy
from aitia.agent.topology import Topology
from aitia.agent.weigher import OPEN, Weighed
from aitia.core.aspects import CHANGE, LOG, MACHINE, MEMORY, METRIC, RANK, VIBRATION, objects_alone
from aitia.core.commands import spoken
from aitia.core.config import option_of
from aitia.core.percent import percent
from aitia.core.words import OWN_COMMANDS, Evidence, Inventory, NextCheck, Suspect, Window
from aitia.tools.series.numbers import with_unit
from aitia.tools.series.spoken import signal_spoken
from aitia.tools.signals.measures import MEASURES

MOST: Final = 5
_APART, _WATCHED, _UNSEEN = 2, 2, 3  # checks of each sort
_CLOSE: Final = 0.15  # probability of a rival kind from which on what decides about it is told too
_PLAIN_CASE: Final = 0.9  # probability of a cause from which on its rival is not asked about
_WEIGHTY: Final = 1.0  # log-odds that a measurement must be able to move
_TELEMETRY: Final = frozenset({"metrics", "logs", "traces", "signals"})
_WORDS: Final = {
    "io": "disk I/O", "cpu": "CPU use", "disk": "free disk space", "errors": "share of failed requests",
    "latency": "response time", "network": "network errors", "queue": "queue length", "lag": "lag",
    "restart": "number of restarts", "connections": "open connections", "availability": "availability",
    "file_descriptors": "open files", "clock": "clock's offset", "scans": "rows read without an index",
    "steal": "stolen processor time", "retries": "rate of retries", "redeliveries": "rate of redelivered messages",
    "logins": "refused logins", "efficiency": "flow, head and power, and from them the efficiency,",
}  # fmt: skip

_REQUESTS: Final = NextCheck(
    text="Add metrics, traces or logs of the services: ready pods may fail their requests all the same",
    command="aitia init",
)


def next_checks(
    weighed: Weighed,
    evidence: Sequence[Evidence],
    inventory: Inventory,
    taxonomy: Taxonomy,
    *,
    ruled_out: Collection[tuple[str, str]] = (),
    alarmed: Sequence[str] = (),
    window: Window | None = None,
) -> list[NextCheck]:
    """What to measure or mend next, most useful first; of a plain cause what must go back once a step was taken.

    ruled_out   component and fault of suspects that the report rules out: nothing is told from these any more
    alarmed     components that the alarm names; with the `window`, an open verdict has a query or command for the first of
                them, or of the suspects, if no other check has one
    """
    names = {n for c in inventory.components for n in (c.id, *c.aliases)}
    names |= {n for e in evidence for n in (e.component, e.peer) if n}
    broken = [
        NextCheck(text=h.note)  # `aitia doctor` knows the sources of the settings alone
        if option_of(h.source)
        else NextCheck(text=f"Fix source {h.source}: {h.note}", command="aitia doctor")
        for h in inventory.holdings
        if h.unread or (h.note and not h.count and h.kind in _TELEMETRY)
    ]
    apart = [
        *_deciding(weighed, evidence, inventory, taxonomy),
        *_apart(_able(weighed, evidence, inventory, taxonomy), evidence, inventory, taxonomy, ruled_out),
    ]
    plant = bool(Topology(inventory.components).machines)
    top = _facts_of_top(weighed, evidence)
    if weighed.verdict == "cause":
        seen = [look_at(f, names, "Once you have acted, check", back_to(f), plainly=plant) for f in top]
        first = [c for c in apart if plant or c.query or c.command]  # what can be looked at now
        return _each_once([*first, *seen, *apart, *broken])[:MOST]
    seen = [look_at(f, names, "Look at", f.statement, plainly=plant) for f in top]
    requests = [_REQUESTS] if objects_alone(e.aspect for e in evidence) else []
    changes = changes_to_check(weighed, evidence, names, tuple(alarmed))
    if plant:
        # What a person can look at there comes before what a source lacks; works are told in `same_hours`.
        found = [
            *_looking(weighed, evidence, inventory),
            *apart,
            *seen,
            *_unseen(evidence, inventory),
            *broken,
        ]
    else:
        found = [*broken, *requests, *changes, *_unseen(evidence, inventory), *apart, *seen]
    found = _each_once(found)
    if window is None or weighed.verdict != "unknown":
        return found[:MOST]
    return _with_one_to_run(
        found, [*alarmed, *(s.component for s in weighed.suspects)], window, inventory, evidence
    )


def _each_once(checks: Sequence[NextCheck]) -> list[NextCheck]:
    """No check twice: of two with the same words, or the same query, the first."""
    kept: list[NextCheck] = []
    for check in checks:
        if not any(check.text == k.text or (check.query and check.query == k.query) for k in kept):
            kept.append(check)
    return kept


def _looking(weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory) -> list[NextCheck]:
    """Where to look first in a plant, with the query that reads the signal again."""
    look = first_look(weighed, evidence, inventory)
    return [NextCheck(text=f"{look.how}; if {look.order_if}", query=look.query)] if look is not None else []


def _able(
    weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory, taxonomy: Taxonomy
) -> Weighed:
    """The verdict without what its asset cannot have: no node has a valve whose position would decide."""
    return as_it_can(weighed, taxonomy, kinds_of(weighed.component, inventory, evidence))


def _deciding(
    weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory, taxonomy: Taxonomy
) -> list[NextCheck]:
    """The one measurement that decides about the likeliest fault of a machine, as its entry names it."""
    likeliest = next((s for s in weighed.suspects if s.component), None)
    machines = Topology(inventory.components).machines
    if likeliest is None or likeliest.component not in machines or weighed.verdict == "healthy":
        return []
    kinds = kinds_of(likeliest.component, inventory, evidence)
    named = [s.fault for s in weighed.suspects if s.component == likeliest.component and s.fault != OPEN]
    able = (f for name in named if (f := taxonomy.get(name)) is not None and can_have(f, kinds))
    fault = next(able, None)
    if fault is None or not fault.decides:
        return []
    what = worded(fault.decides, kinds).replace("{component}", spoken(likeliest.component))
    found = [
        *_held_together(weighed, evidence),
        NextCheck(text=f"Measure {what}: this decides whether it is {fault.title}"),
    ]
    rival = next((f for f in able if f.decides and f.id != fault.id), None)
    share = next((s.probability for s in weighed.suspects if rival is not None and s.fault == rival.id), 0.0)
    if rival is not None and share >= _CLOSE:
        beside = worded(rival.decides, kinds).replace("{component}", spoken(likeliest.component))
        found.append(
            NextCheck(
                text=f"If it is not: {beside}; this decides whether it is {rival.title} instead ({percent(share)})"
            )
        )
    return found


def _held_together(weighed: Weighed, evidence: Sequence[Evidence]) -> list[NextCheck]:
    """Of instruments that do not agree any more: a third reading, which tells which of them is wrong."""
    if not any(c.term == INSTRUMENTS for s in weighed.suspects for c in s.ledger):
        return []
    odds = at_odds(evidence)
    how = "a hand-held meter at the same spot, in the same direction and band of frequencies, tells which of the two is wrong"
    return [NextCheck(text=f"Compare the instruments: {odds.told}; {how}")] if odds is not None else []


def _with_one_to_run(
    found: Sequence[NextCheck],
    places: Sequence[str],
    window: Window,
    inventory: Inventory,
    evidence: Sequence[Evidence],
) -> list[NextCheck]:
    """The first checks, among them one that can be run and that shows something of the site."""
    runs = [c for c in found if c.query or (c.command and c.command not in OWN_COMMANDS)]
    if any(c in runs for c in found[:MOST]):
        return [*found[:MOST]]
    place = next((p for p in places if p), "")
    if place in Topology(inventory.components).machines:
        return [*found[:MOST]]  # a machine has no journal to read
    return [*found[: MOST - 1], runs[0] if runs else shows(place, window, inventory, evidence)]


def _apart(
    weighed: Weighed,
    evidence: Sequence[Evidence],
    inventory: Inventory,
    taxonomy: Taxonomy,
    ruled_out: Collection[tuple[str, str]],
) -> Iterable[NextCheck]:
    """Measurements that nobody made and that would tell the two likeliest suspects from each other."""
    if weighed.verdict == "healthy" or (weighed.verdict == "cause" and weighed.probability >= _PLAIN_CASE):
        return
    kinds = [s for s in weighed.suspects if s.fault != "unspecified"]
    pair = two_best([s for s in kinds if (s.component, s.fault) not in ruled_out])
    read = {c for h in inventory.holdings if h.kind == "logs" for c in h.components}
    topology = Topology(inventory.components)
    wanted, machines = missing(pair, taxonomy, evidence, topology), topology.machines
    suspected = {s.component for s in pair}
    made: dict[tuple[str, str], NextCheck] = {}
    for m in sorted(wanted, key=lambda m: (-m.weight, m.aspect)):
        place = _place(m, pair)
        if m.weight < _WEIGHTY or (m.aspect in LOG and (m.places & read or place in machines)):
            continue  # of logs that were read it is known that they do not say so; a machine writes none
        if place in machines and m.aspect not in _measured_at(place, evidence):
            continue  # what no instrument there shows is no reading to ask for: the entry's own measurement is
        if how := _measuring(m.aspect, place):
            text = (
                f"{how}: this would distinguish {_named(pair[0], pair, taxonomy)} from "
                f"{_named(pair[1], pair, taxonomy)}"
            )
            query, command = measuring(m.aspect, place, inventory, evidence)
            if not (query or command or place in machines or place in suspected):
                continue  # a neighbour that has no such measurement: nobody knows whether it can have one
            made.setdefault((place, m.aspect), NextCheck(text=text, query=query, command=command))
    yield from list(made.values())[:_APART]


def _measured_at(place: str, evidence: Sequence[Evidence]) -> set[str]:
    """What is measured at a machine; a yield where what it takes and gives is."""
    measured = {
        q for e in evidence if e.component == place for q in str(e.values.get(MEASURES, "")).split(", ")
    }
    if "vibration" in measured:
        measured |= VIBRATION
    return measured | ({"efficiency"} if {"power", "flow"} <= measured else set())


def _place(wanted: Missing, pair: Sequence[Suspect]) -> str:
    """Where to measure: at a suspect, else at the first by name of those where it would show."""
    return next((s.component for s in pair if s.component in wanted.places), min(wanted.places))


def _measuring(aspect: str, place: str) -> str:
    """How a person makes a fact of this aspect; "" for what is not measured."""
    if aspect in METRIC or aspect in VIBRATION or aspect in MACHINE:
        what = aspect.replace("_", " ").replace("vibration.", "vibration at ")
        return f"Measure the {_WORDS.get(aspect, what)} of {spoken(place)}"
    if aspect in LOG:
        return f"Search the logs of {spoken(place)} for “{aspect.removeprefix('log.').replace('_', ' ')}”"
    return ""


def _named(suspect: Suspect, pair: Sequence[Suspect], taxonomy: Taxonomy) -> str:
    title = taxonomy.title(suspect.fault)
    if len({s.component for s in pair}) == 1:
        return title
    return f"{spoken(suspect.component)} ({title})"


def back_to(fact: Evidence) -> str:
    """What a fact says once the step has helped: its value as it was before, or that it does not happen any more."""
    said = fact.statement.rstrip(".")
    moved = re.fullmatch(r"([^:]+): (.+?) (?:rose|fell|(?:grew|shrank)(?: steadily)?) from .+", said)
    keys = ("from", "to") if fact.kind == "metric.trend" else ("before", "after")
    before, after = (fact.values.get(key) for key in keys)
    if moved and isinstance(before, float | int) and isinstance(after, float | int):
        value, now = with_unit(float(before), fact.unit), with_unit(float(after), fact.unit)
        return f"{moved[1]}: {moved[2]} back at about {value} ({now} in the incident)"
    if fact.aspect == "restart":
        return f"{fact.component} does not restart again"
    if fact.kind == "vibration.line" and "times" in fact.values:
        line = fact.aspect.removeprefix("vibration.").upper()
        return f"{fact.component}: its vibration at {line} back at that of the baseline blocks"
    if fact.kind == "vibration.line" and "spectrum has a line" in said:
        line = fact.aspect.removeprefix("vibration.").upper()
        return f"{fact.component}: the {line} line is gone from the envelope spectrum"
    if fact.kind in PLANT:
        name = signal_spoken(
            str(fact.values.get("channel", "")), fact.aspect, str(fact.values.get("described", ""))
        )
        return f"{fact.component}: {name or 'its signals'} back where the other signals put it"
    return f"this is not {'logged' if fact.kind.startswith('log.') else 'so'} any more: {said}"


def _facts_of_top(weighed: Weighed, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What was observed that speaks most for the cause, or for the likeliest suspect where there is no cause."""
    by_id = {
        e.id: e
        for e in evidence
        if e.aspect not in RANK | CHANGE | MEMORY and e.direction not in ("steady", "none")
    }
    named = [s for s in weighed.suspects if s.component and s.component == (weighed.component or s.component)]
    facts = [whole_departure(by_id[i], evidence) for i in named[0].supporting if i in by_id] if named else []
    facts.sort(key=lambda f: f.kind.startswith("log."))  # a number tells sooner than the absence of a line
    return list({(f.component, f.aspect): f for f in reversed(facts)}.values())[::-1][:_WATCHED]


def _unseen(evidence: Sequence[Evidence], inventory: Inventory) -> list[NextCheck]:
    """Components of which no telemetry was seen, the first three by name."""
    seen = {e.component for e in evidence if e.aspect not in RANK | CHANGE | MEMORY}
    seen |= {c for h in inventory.holdings if h.kind in _TELEMETRY and not h.unread for c in h.components}
    topology = Topology(inventory.components)
    dark = [
        c.id
        for c in inventory.components
        if c.id not in seen and not topology.family(c.id) & topology.machines & seen
    ]
    if not dark:
        return []
    unseen = [spoken(name) for name in dark]
    more = f" and {len(unseen) - _UNSEEN} more" if len(unseen) > _UNSEEN else ""
    what = "signals" if set(dark) <= topology.machines else "metrics or logs"
    text = f"Add {what} for {', '.join(unseen[:_UNSEEN])}{more}: none were found"
    return [NextCheck(text=text, command="aitia init")]
