"""What `aitia logs` shows: progress on stderr, templates and changes on stdout."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from aitia.core.redact import Redactor
    from aitia.tools.logs.naming.namer import Namer
    from aitia.tools.text.reading import LogSet

OnBlock = Callable[[int, int], None]


def redactor() -> Redactor:
    """The redactor of this installation."""
    from aitia.core.home import aitia_home
    from aitia.core.redact import Redactor, load_key

    return Redactor(load_key(aitia_home()))


def travelling(safe: Redactor) -> Callable[[str], str]:
    """The same for other machines, without the key."""
    from aitia.core.home import aitia_home
    from aitia.core.redact import OfHome
    from aitia.core.redaction.keys import mark_of

    return OfHome(mark_of(aitia_home()), safe.policy)


@contextmanager
def reading(sets: Sequence[LogSet]) -> Iterator[OnBlock]:
    """Progress by bytes with lines a second, as long as the block runs."""
    from aitia.cli.memory_progress import putting
    from aitia.cli.progress import size as sized

    total = sum(p.stat().st_size for s in sets for p in s.paths if p.exists())
    began, done = time.monotonic(), [0, 0]
    with putting() as put:

        def on_block(size: int, lines: int) -> None:
            done[0] += size
            done[1] += lines
            rate = done[1] / max(1e-3, time.monotonic() - began)
            put(
                "reading",
                float(done[0]),
                float(max(total, done[0], 1)),
                f"{sized(done[0])}, {rate:,.0f} lines/s",
            )

        yield on_block


def put_names(namer: Namer, components: Sequence[dict[str, Any]]) -> None:
    """Add the verified name of each shown template, and keep the names for the next run."""
    from aitia.cli.memory_progress import putting
    from aitia.tools.logs.naming.namer import unique

    total, done = float(sum(len(one["templates"]) for one in components)), 0
    try:
        with putting() as put:
            for one in components:
                names = []
                for row in one["templates"]:
                    put("naming", float(done), total, f"{done} of {total:.0f} templates")
                    names.append(namer.name(row["id"], row["template"]))
                    done += 1
                for row, name in zip(one["templates"], unique(names), strict=True):
                    row["name"] = name
    finally:
        namer.save()


def put_words(component: dict[str, Any], templates: Sequence[str]) -> None:
    """Name each shown template of a component by its words that fewest of all its templates hold."""
    from aitia.tools.logs.naming.check import obvious
    from aitia.tools.logs.naming.distinctive import Telling

    telling = Telling(templates)
    for row in component["templates"]:
        row["name"] = "" if obvious(row["template"]) else telling.name(row["template"])


def put(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what was found."""
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.render.text import clean

    if as_json:
        print_json(found)
        return
    console = stdout_console()
    for i, one in enumerate(found["components"]):
        if i:
            console.print()
        _component(one, console.print)
    for key, where in (("only_before", "before"), ("only_after", "after")):
        if found.get(key):
            note(f"only {where}: {', '.join(map(clean, found[key]))}")
    for line in found["skipped"]:
        note(line)
    sys.stdout.flush()


def _component(one: Mapping[str, Any], show: Callable[..., None]) -> None:
    from rich.text import Text

    from aitia.cli.console import note
    from aitia.render.text import clean

    span = f", {_clock(one['start'])} to {_clock(one['end'])}" if one["start"] else ""
    before = f" (before: {one['lines_before']:,})" if "lines_before" in one else ""
    title = Text(clean(one["component"]), style="bold")
    show(title.append(f"  {one['lines']:,} records{before}{span}, {one['layout']}", style="not bold"))
    if "changes" in one:
        for n, change in enumerate(one["changes"], 1):
            place = f" [{clean(change['first'])}]" if change["first"] else ""
            show(Text(f"{n:>3}. {clean(change['text'])}").append(place, style="dim"))
        if not one["changes"]:
            show(Text(_why_none(one)))
        elif one["change_count"] > len(one["changes"]):
            show(Text(f"     {one['change_count'] - len(one['changes'])} more, with --changes", style="dim"))
    if left := one.get("departure"):
        until = "to the end" if left["open"] else f"until {_clock(left['end'])}"
        between = f"between {_clock(left['start_earliest'])} and {_clock(left['start_latest'])}"
        show(Text(f"departs from normal at {_clock(left['start'])} ({between}) {until}"))
    if one["templates"]:
        show(_table(one["templates"]))
        if one["template_count"] > len(one["templates"]):
            show(
                Text(
                    f"{one['template_count'] - len(one['templates'])} more templates, with --top", style="dim"
                )
            )
    for line in one["skipped"]:
        note(line)


def _why_none(one: Mapping[str, Any]) -> str:
    if not one["lines"] or not one["lines_before"]:
        return f"     nothing to compare: no records {'in the span' if not one['lines'] else 'before it'}"
    return "     no change beyond chance"


def _table(templates: Sequence[Mapping[str, Any]]) -> Table:
    from rich.text import Text

    from aitia.cli.tables import plain_table
    from aitia.render.text import clean, clip

    names = any(row.get("name") for row in templates)
    columns = ("count", "level", *(("name",) if names else ()), "template")
    table = plain_table(*columns, fixed=("count", "level"))
    for row in templates:
        table.add_row(
            Text(f"{row['count']:,}", justify="right"),
            Text(row["level"]),
            *([Text(clean(row["name"]))] if names else []),
            Text(clip(clean(row["template"]), 200)),
        )
    return table


def _clock(iso: str) -> str:
    """A moment in UTC, to the second."""
    return iso[:19].replace("T", " ")
