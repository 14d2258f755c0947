"""What a report of machines tells beside: works and commands of those hours, and what speaks for and against a suspect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.agent.topology import Topology
from aitia.core.words import MACHINES, OWN_COMMANDS, Evidence, NextCheck, Report, Suspect, TimelineEntry
from aitia.render import text as t
from aitia.render.items import Item, Section

_MOVED: Final = (
    "metric.shift",
    "metric.trend",
    "signal.quantity",
    "signal.stuck",
    "vibration.line",
    "condition.",
)
_STRONG: Final = 0.5  # strength from which on what moved beside the chain is told under why; by hand
_MOST_BESIDE: Final = 2
_ROUGH_S: Final = 600.0  # uncertainty of an onset from which on a journal's time tells it better; by hand


def is_plant(report: Report) -> bool:
    """Whether it is about machines: of what is known there are at least as many machines as anything else."""
    kinds = [c.type in MACHINES for c in report.inventory.components]
    return any(kinds) and 2 * sum(kinds) >= len(kinds)


def checks_of(report: Report) -> list[NextCheck]:
    """What is to be checked next; of a plant without what is wrong with its sources, which comes last and is told apart."""
    return [c for c in report.next_checks if not (is_plant(report) and c.command in OWN_COMMANDS)]


def same_hours(report: Report) -> Section:
    """Works and commands of those hours, and what each may explain: those that may first, those that explain nothing last."""
    items = [Item(text=t.clean(s.text), cites=t.missing_cites(s)) for s in report.same_hours]
    items.sort(key=lambda i: ("may explain" not in i.text, "explains nothing" in i.text))
    return Section(title="In the same hours", items=tuple(items))


def weighed(suspect: Suspect) -> str:
    """What speaks most for a suspect of a plant, and most against it, as its ledger has it."""
    lines = [c for c in suspect.ledger if c.why and c.evidence and not c.term.startswith("rank")]
    by_weight = sorted(lines, key=lambda c: -abs(c.log_odds))
    told = [
        f"{name}: {t.clean(line.why)}"
        for name, sign in (("for it", 1.0), ("against", -1.0))
        if (line := next((c for c in by_weight if sign * c.log_odds > 0), None)) is not None
    ]
    return f"; {'; '.join(told)}" if told and suspect.component else ""


def plainest_beside(report: Report, told: Sequence[Item]) -> tuple[Item, ...]:
    """What moved most of a machine that is the cause, where the chain does not say it: told with its figures."""
    if report.verdict != "cause" or not is_plant(report):
        return ()
    cited = {c for item in told for c in item.cites} | {c for s in report.chain for c in s.cites}
    series = {
        (e.component, str(e.values.get("channel") or e.values.get("metric")))
        for e in report.evidence
        if e.id in cited
    }
    lines = {e.aspect for e in report.evidence if e.id in cited and e.kind == "vibration.line"}
    near = Topology(report.inventory.components).family(report.component)
    moved = [
        e for e in report.evidence
        if e.component in near and e.kind.startswith(_MOVED) and e.strength >= _STRONG and e.id not in cited
        and (e.component, str(e.values.get("channel") or e.values.get("metric"))) not in series
        and not (e.kind == "vibration.line" and e.aspect in lines)  # told of the machine, it is not told of each bearing again
    ]  # fmt: skip
    moved.sort(key=lambda e: (-e.strength, t.id_order(e.id)))
    once = {(e.component, str(e.values.get("channel") or e.values.get("metric"))): e for e in reversed(moved)}
    return tuple(
        Item(text=t.clean(e.statement), cites=(e.id,)) for e in reversed(list(once.values())[-_MOST_BESIDE:])
    )


def once(report: Report) -> list[TimelineEntry]:
    """The entries of a plant, of one signal the first alone: several tests find the same departure.

    What a journal tells to the second has that time; what averaged samples show of it later, or before, is told with it.
    """
    series = {e.id: str(e.values.get("channel") or e.values.get("metric") or e.id) for e in report.evidence}
    at = {e.id: str(e.values.get("at") or e.component) for e in report.evidence}
    first: dict[tuple[str, str], TimelineEntry] = {}
    acted = [e for e in report.evidence if e.kind == "journal.entry" and e.values.get("acted") == "yes"]
    errors = {e.id: e.onset_error_s for e in report.evidence}
    entries = [_with_what_acted(e, acted, errors.get(e.evidence or "", 0.0)) for e in report.timeline]
    entries += [
        TimelineEntry(at=e.onset, component=e.component, text=e.statement, evidence=e.id)
        for e in acted
        if e.onset and report.incident.window.start <= e.onset
    ]
    look = next(
        (e for e in report.evidence if report.look_first and e.id == report.look_first.fact and e.onset), None
    )
    if look is not None and look.onset and all(e.evidence != look.id for e in entries):
        entries.append(
            TimelineEntry(at=look.onset, component=look.component, text=look.statement, evidence=look.id)
        )
    for entry in sorted(entries, key=lambda e: (e.at, not (e.evidence and _is_of(e, acted)), e.text)):
        told = entry.evidence or entry.text
        first.setdefault((at.get(told, entry.component), series.get(told, told)), entry)
    return list(first.values())


def _is_of(entry: TimelineEntry, acted: Sequence[Evidence]) -> bool:
    return any(e.id == entry.evidence for e in acted)


def _with_what_acted(entry: TimelineEntry, acted: Sequence[Evidence], error_s: float) -> TimelineEntry:
    """The entry at the time of what acted, where its own is uncertain by minutes and covers that."""
    near = [
        e
        for e in acted
        if e.onset and error_s >= _ROUGH_S and abs((entry.at - e.onset).total_seconds()) <= error_s
    ]
    if not near or _is_of(entry, acted):
        return entry
    at = min(near, key=lambda e: abs((entry.at - e.onset).total_seconds()) if e.onset else error_s).onset
    text = re.sub(r" (?:at|since) \d\d:\d\d:\d\d UTC(?=[,;. ]|$)", "", entry.text, count=1)
    return entry.model_copy(update={"at": at, "text": f"with it: {text}"})
