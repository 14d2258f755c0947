"""What a report of machines tells beside: works and commands of those hours, and what speaks for and against a suspect."""

from __future__ import annotations

from aitia.core.words import MACHINES, OWN_COMMANDS, NextCheck, Report, Suspect
from aitia.render import text as t
from aitia.render.items import Item, Section


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
