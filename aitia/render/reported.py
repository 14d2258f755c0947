"""What was reported of a machine, in its own figures: the alarm's signal, and what the journal says of those concerned."""

from __future__ import annotations

from typing import Final

from aitia.core.words import Evidence, Report
from aitia.render import text as t
from aitia.render.items import Item, Section

_MOST: Final = 4  # entries of a journal


def section(report: Report) -> Section:
    """The alarm's signal first, then entries of the journal: what acted, then those of the alarm's and the cause's asset."""
    alarms = [e for e in report.evidence if e.kind == "alarm.signal"]
    entries = [e for e in report.evidence if e.kind == "journal.entry"]
    concerned = {report.component, *report.incident.hints} - {""}

    def first(e: Evidence) -> tuple[bool, bool, str]:
        return e.values.get("acted") != "yes", e.component not in concerned, str(e.onset)

    told = sorted(sorted(entries, key=first)[:_MOST], key=lambda e: str(e.onset))
    return Section(
        title="Alarm and journal",
        items=tuple(Item(text=t.clean(e.statement), cites=(e.id,), kept=True) for e in (*alarms, *told)),
    )
