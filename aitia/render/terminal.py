"""The report in a terminal: width-aware, quick to read at 03:10. All outside text is plain `Text`, never markup."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from aitia.core.words import Report, Verdict
from aitia.render.document import Amount, Document, Headline, build, split_subject
from aitia.render.items import Item, Section
from aitia.render.plant import is_plant
from aitia.render.sparklines import LEGEND

_COLOUR: dict[Verdict, str] = {"cause": "red", "healthy": "green", "unknown": "yellow"}
_WIDEST = 110
_SCREEN = 35  # lines
_PAPER = 66  # lines of a printed page, which a planner's report of a plant may take
_Layout = tuple[Amount, bool, bool]  # how much, with blank lines, with curves


def print_report(
    console: Console, report: Report, *, full: bool = False, artifacts: Mapping[str, bytes] | None = None
) -> None:
    """Print the report on a console. With the run's `artifacts` its measurements are drawn as sparklines."""
    width = min(console.width, _WIDEST)
    console.print(_fitting(console, report, width, full, artifacts), width=width, highlight=False, crop=False)


def print_sections(console: Console, sections: Sequence[Section]) -> None:
    """Print sections by themselves, nothing cut."""
    for section in sections:
        shown = Group(_title(section, True), *_items(section))
        console.print(shown, width=min(console.width, _WIDEST), highlight=False, crop=False)


def _fitting(
    console: Console, report: Report, width: int, full: bool, artifacts: Mapping[str, bytes] | None
) -> RenderableType:
    """The most generous of the layouts that fits a screen: with curves, with blank lines, without, with shorter lists."""
    screen: list[_Layout] = [
        ("screen", True, True),
        ("screen", False, True),
        ("screen", False, False),
        ("cramped", False, True),
        ("cramped", False, False),
    ]
    page: list[_Layout] = [
        ("page", True, True),
        ("page", False, True),
        ("page", False, False),
        ("half page", False, False),
    ]
    plant = is_plant(report)
    layouts: list[_Layout] = [("full", True, True)] if full else page if plant else screen
    room = _PAPER if plant else _SCREEN
    options = console.options.update(width=width)
    for amount, spaced, drawn in layouts:
        document = build(report, amount=amount, artifacts=artifacts, curves=True)
        shown = layout(document if drawn else _undrawn(document), full=full, spaced=spaced)
        if full or len(console.render_lines(shown, options)) <= room:
            break
    return shown


def _undrawn(document: Document) -> Document:
    """Without curves, which take a line each."""
    sections = (
        replace(s, items=tuple(replace(i, curves=()) for i in s.items), note=s.note.replace(LEGEND, ""))
        for s in document.sections
    )
    return replace(document, sections=tuple(sections))


def render_text(report: Report, *, width: int = 100, full: bool = False) -> str:
    """The same as plain text, without colour or links."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=False, no_color=True, legacy_windows=False)
    print_report(console, report, full=full)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def layout(document: Document, *, full: bool, spaced: bool = False) -> RenderableType:
    """The document as one renderable."""
    head = document.headline
    if document.left_out:  # the run stands below then, in the command that tells the rest
        head = replace(head, context=tuple(c for c in head.context if c != f"run {head.run}"))
    blocks: list[RenderableType] = [_headline(head)]
    blocks += [_paragraph(item) for item in document.summary]
    for section in document.sections:
        if spaced:
            blocks.append(Text(""))
        blocks.append(_title(section, full))
        blocks += _items(section)
    if document.left_out:
        if spaced:
            blocks.append(Text(""))
        rest = ", ".join(f"{title[0].lower()}{title[1:]} ({n})" for title, n in document.left_out)
        more = f"aitia report {document.headline.run} --full: {rest}"
        blocks.append(Text(more, style="dim", no_wrap=True, overflow="ellipsis"))
    return Group(*blocks, _last_line(document, full=full))


def _headline(head: Headline) -> Panel:
    colour = _COLOUR[head.verdict]
    lines = [
        Text.assemble((head.told, f"bold {colour}"), "  ", (head.subject, "bold")),
        Text(head.incident),
        *([Text(head.understood)] if head.understood else []),
        Text("  ·  ".join(head.context), style="dim"),
    ]
    return Panel(Group(*lines), border_style=colour, padding=(0, 1))


def _last_line(document: Document, *, full: bool) -> Text:
    """The verdict and the first step once more, where the eye is when the report has scrolled by; on one line of a screen."""
    head = document.headline
    line = Text.assemble(
        (head.told, f"bold {_COLOUR[head.verdict]}"),
        ("  " + split_subject(head.subject)[0], "bold"),
        no_wrap=not full,
        overflow="fold" if full else "ellipsis",
    )
    for section in (s for s in document.sections if s.title in ("Do now", "Check next")):
        line.append(f"  ·  {section.title.lower()}: ", style="dim").append_text(
            _body(replace(section.items[0], source=""))
        )
        break
    return line


def _paragraph(item: Item) -> RenderableType:
    return Text.assemble(" ", item.text, _cites(item))


def _title(section: Section, full: bool) -> RenderableType:
    extra = section.note
    if section.more:
        extra = f"{extra + '; ' if extra else ''}{section.more} more" + ("" if full else " with --full")
    return Text.assemble(section.title, ("  " + extra if extra else "", "dim not bold"), style="bold")


def _cites(item: Item) -> Text:
    return Text(f" [{', '.join(item.cites)}]" if item.cites else "", style="cyan")


def _items(section: Section) -> list[RenderableType]:
    """A grid per section, so that leads align; a command stays one line, whatever its length, to be copied whole."""
    leads = [item.lead or (f"{i}." if section.numbered else "·") for i, item in enumerate(section.items, 1)]
    width = max(map(len, leads), default=0)
    blocks: list[RenderableType] = []
    for lead, item in zip(leads, section.items, strict=True):
        grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
        grid.add_column(width=1)
        grid.add_column(width=min(width, 24), style="dim", no_wrap=True, overflow="ellipsis")
        grid.add_column(ratio=1, no_wrap=item.short, overflow="ellipsis" if item.short else "fold")
        grid.add_row("", Text(lead), _body(item))
        blocks.append(grid)
        blocks += _curves(item, indent=min(width, 24) + 3)
        blocks += _command(item, indent=min(width, 24) + 3)
    return blocks


def _body(item: Item) -> Text:
    body = Text()
    if item.mark:
        style = "bold yellow" if item.mark == "changing" else "green"
        body.append(f"[{item.does}] ", style=style)
    if item.short:  # citations first: the end of the line may be cut
        body.append(f"[{', '.join(item.cites)}] " if item.cites else "", style="cyan")
        body.append(item.text)
    else:
        body.append(item.text)
        body.append_text(_cites(item))
    if item.source:
        body.append(f"  ({item.source})", style="dim")
    return body


def _curves(item: Item, *, indent: int) -> list[RenderableType]:
    return [
        Text(" " * indent + line, style="cyan", no_wrap=True, overflow="ellipsis") for line in item.curves
    ]


def _command(item: Item, *, indent: int) -> list[RenderableType]:
    pad, first = " " * indent, "$ " if item.shell else "› "
    return [
        Text(
            pad + (first if n == 0 else "  ") + line,
            style="blue" if item.glance else "bold blue",
            no_wrap=True,
            overflow="ellipsis" if item.glance else "ignore",
        )
        for n, line in enumerate(item.command.split("\n"))
        if item.command
    ]
