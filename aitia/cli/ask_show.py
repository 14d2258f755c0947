"""Answers from live sources in a terminal: the number or the lines, one sentence, a sparkline, the query, the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer
    from aitia.tools.query.found import Found


def show_looked(answer: Answer, *, going_on: str) -> None:
    """The answer for a person: what is said, the lines, the curve, then the query that was run and where."""
    from rich.text import Text

    from aitia.cli.console import note, stdout_console
    from aitia.render.sparklines import sparkline
    from aitia.render.text import clean, glance

    console = stdout_console()
    if answer.status in ("not_known", "unclear", "refused"):
        first = answer.replies[0].text if answer.replies else "Not in what I have."
        style = "bold"
        console.print(Text(clean(first), style=style))
    shown = answer.replies[1:] if answer.status != "answered" and answer.replies else answer.replies
    for reply in shown:
        style = "" if reply.by == "quote" else "bold"
        console.print(Text(("  " if reply.by == "quote" else "") + clean(reply.text), style=style))
    for found in answer.found:
        if len(found.curve) > 2:
            console.print(
                Text(f"  {sparkline([p.value for p in found.curve])}  {_ends(found)}", style="cyan")
            )
    if answer.needs:
        console.print(Text(f"  would have it: {clean(answer.needs)}", style="dim"))
    for query in answer.queries:
        console.print(Text(f"  query: {clean(query)}", style="dim"), soft_wrap=True)
    places = {f"{c.source}: {glance(c.query, 100)}" for c in answer.citations if c.id.startswith("Q")}
    for place in sorted(places):
        console.print(Text(f"  source: {clean(place)}", style="dim"), no_wrap=True, overflow="ellipsis")
    if answer.choices and going_on:
        note(f"choose: aitia ask --again {'1' if len(answer.choices) > 1 else 'yes'}")
    if answer.queries and going_on:
        note(f"edit the query: aitia ask --query '…'{going_on}")
    for line in answer.notes:
        note(line)


def _ends(found: Found) -> str:
    return f"{found.curve[0].at:%H:%M:%S} – {found.curve[-1].at:%H:%M:%S} UTC"
