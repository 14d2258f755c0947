"""What a running diagnosis looks like, fitted to a screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aitia.cli.progress_board import Board, name_of, pair
from aitia.core.events import TaskDone
from aitia.core.percent import chance
from aitia.core.words import Task
from aitia.render.text import clean, count, duration

_MARKS = {
    "ok": ("✓", "green"),
    "no_data": ("∅", "yellow"),
    "error": ("✗", "red"),
    "needs_approval": ("?", "cyan"),
}
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SHORT = 0.05  # seconds from which on a phase is worth a word


def screen(board: Board, *, width: int, height: int) -> RenderableType:
    """The board in at most `height` lines of `width` columns; what finds no room is left out, oldest first."""
    sections: tuple[tuple[str, list[RenderableType], int], ...] = (
        ("Suspects", _suspects(board, width), 5),
        ("Evidence", _evidence(board), 4),
        ("Calls", _calls(board), 4),
        ("Sentences", [_line(Text(f"“{s}”", style="dim")) for s in board.sentences], 2),
    )
    blocks: list[RenderableType] = [_title(board), _phases(board)]
    room = shares([(len(lines), least) for _, lines, least in sections], height - len(blocks))
    for (name, lines, _), kept in zip(sections, room, strict=True):
        if kept:
            blocks += [_heading(name, board), *(lines[:kept] if name == "Suspects" else lines[-kept:])]
    return Group(*blocks)


def shares(wanted: Sequence[tuple[int, int]], room: int) -> list[int]:
    """Lines for each list (its length, what it needs at least), a heading each; the first lists are served first."""
    given = [0] * len(wanted)
    for place, (length, least) in enumerate(wanted):
        take = min(length, least, max(room - 1, 0))
        given[place] = take
        room -= take + 1 if take else 0
    while room > 0:
        growing = [n for n, (length, _) in enumerate(wanted) if given[n] and given[n] < length]
        if not growing:
            break
        for place in growing[:room]:
            given[place] += 1
        room -= min(room, len(growing))
    return given


def bar(share: float, width: int) -> str:
    """A share as a bar of blocks, an eighth of a column fine."""
    whole, rest = divmod(round(share * width * 8), 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)


def _line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return Text("  ", no_wrap=True, overflow="ellipsis").append_text(text)


def _heading(name: str, board: Board) -> Text:
    told = {
        "Suspects": "" if board.settled else "so far",
        "Evidence": count(board.facts, "fact") + ", newest last",
        "Calls": f"{len(board.done)} returned" + (f", {n} to come" if (n := len(board.running())) else ""),
    }.get(name, "")
    return Text.assemble((name, "bold"), (f"  {told}", "dim"), no_wrap=True, overflow="ellipsis")


def _title(board: Board) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(justify="right", no_wrap=True)
    spent = duration(board.clock() - board.began)
    grid.add_row(Text(board.title or "starting", style="bold"), Text(f" {spent}", style="dim"))
    return grid


def _phases(board: Board) -> Text:
    names = {"run_task": "calls"}
    took = {names.get(node, node): seconds for node, seconds in board.phases.items() if seconds >= _SHORT}
    told = " › ".join(f"{name} {duration(seconds)}" for name, seconds in took.items())
    return Text(told, style="dim", no_wrap=True, overflow="ellipsis")


def _suspects(board: Board, width: int) -> list[RenderableType]:
    long = 10 if width < 100 else 20
    lines: list[RenderableType] = []
    for suspect in board.suspects:
        if suspect.probability < 0.001 and lines:
            continue
        mark, colour = board.moved(suspect)
        was = board.before.get(pair(suspect))
        lines.append(
            _line(
                Text.assemble(
                    f"{chance(suspect.probability):>5} ",
                    (f"{mark:<3} ", colour),
                    (bar(suspect.probability, long) + " ", "blue"),
                    name_of(suspect),
                    (f"  was {chance(was)}" if mark and was is not None else "", "dim"),
                )
            )
        )
    return lines


def _evidence(board: Board) -> list[RenderableType]:
    return [_line(Text.assemble((f"{g.strength:.2f} ", "cyan"), clean(g.statement))) for g in board.newest]


def _calls(board: Board) -> list[RenderableType]:
    """What returned, then what is under way: the last lines are those to watch."""
    tasks = [
        *(board.planned.get(n, Task(id=n, tool=d.tool)) for n, d in board.done.items()),
        *board.running(),
    ]
    return [_call(task, board.done.get(task.id)) for task in tasks]


def _call(task: Task, done: TaskDone | None) -> Text:
    mark, colour = _MARKS[done.status] if done else ("…", "dim")
    args = clean(" ".join(f"{key}={value}" for key, value in sorted(task.args.items())))
    line = Text.assemble((mark, colour), f" {clean(task.tool)} {args}".rstrip())
    if done:
        told = count(done.facts, "fact") if done.status == "ok" else clean(done.message)
        line.append(f"  {told} ({duration(done.seconds)})", style="dim")
    return _line(line)
