"""The drills that were done, as a table."""

from __future__ import annotations

from aitia.cli.console import note, print_json, stdout_console
from aitia.core.home import aitia_home
from aitia.drill.records import kept
from aitia.drill.words import Answered, Record
from aitia.render.text import clean, duration


def show_history(*, as_json: bool) -> None:
    """All drills, oldest first. A stopped one tells neither its scenario nor its answer."""
    found = kept(aitia_home())
    if as_json:
        print_json({"drills": [r.model_dump(mode="json") for r in found]})
        return
    if not found:
        note("no drills yet; start one with: aitia drill")
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("when", "incident", "you", "recorded", "aitia", "time", "looks"):
        table.add_column(heading)
    for r in found:
        table.add_row(*(Text(clean(cell)) for cell in _cells(r)))
    stdout_console().print(table)
    done = [r for r in found if r.state != "stopped"]
    mine = sum(bool(r.person.right) for r in done)
    compared = [r.aitia for r in done if r.aitia is not None]
    note(f"you {mine} of {len(done)} right, aitia {sum(bool(a.right) for a in compared)} of {len(compared)}")


def _cells(record: Record) -> tuple[str, ...]:
    person = "stopped" if record.state == "stopped" else "gave up" if record.state == "gave_up" else ""
    return (
        f"{record.began:%Y-%m-%d %H:%M}",
        record.scenario or record.title,
        person or _named(record.person),
        _named(record.recorded),
        _named(record.aitia),
        duration(record.person.seconds),
        str(record.person.looks),
    )


def _named(given: Answered | None) -> str:
    if given is None or given.verdict is None:
        return "–"
    mark = {True: "✓ ", False: "✗ ", None: ""}[given.right]
    return mark + (f"{given.component} {given.fault}".strip() or given.verdict)
