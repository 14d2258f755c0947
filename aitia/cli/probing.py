"""Tables of what `init` found and what `doctor` checked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from aitia.cli.tables import plain_table
from aitia.doctor import Check
from aitia.probe import Probe
from aitia.render.text import clean

_CHECK = {
    "ok": ("✓ ok", "green"),
    "warning": ("! optional", "yellow"),
    "look": ("! look", "bold yellow"),
    "missing": ("✗ missing", "red"),
}
_PROBE = {"found": ("✓", "green"), "absent": ("–", "dim"), "refused": ("✗", "red")}


def checks_table(checks: Sequence[Check]) -> RenderableType:
    """One line a check, its mending below it."""
    table = plain_table("", "check", "found")
    for check in checks:
        label, colour = _CHECK[check.state]
        found = Text(clean(check.detail))
        if check.mend:
            found.append(f"\n→ {clean(check.mend)}", style="bold")
        table.add_row(Text(label, style=colour), Text(clean(check.name)), found)
    broken = sum(c.state == "missing" and c.essential for c in checks)
    doubtful = [c.name for c in checks if c.state == "look"]
    if broken:
        verdict, colour = f"{broken} essential part{'s' * (broken != 1)} missing", "red"
    elif doubtful:
        verdict, colour = f"installed, but check: {clean(', '.join(doubtful))}", "yellow"
    else:
        verdict, colour = "everything essential is in place", "green"
    return Group(table, Text(f"\n{verdict}", style=f"bold {colour}"))


def probe_table(probes: Sequence[Probe]) -> RenderableType:
    """One line a place looked at, with its test query and result."""
    table = plain_table("", "looked for", "where", "result")
    for probe in probes:
        mark, colour = _PROBE[probe.state]
        found = Text(clean(probe.reason))
        if probe.query:
            found.append(f"\n{clean(probe.query)} → {clean(probe.answer)}", style="dim")
        table.add_row(Text(mark, style=colour), Text(clean(probe.what)), Text(clean(probe.place)), found)
    return table
