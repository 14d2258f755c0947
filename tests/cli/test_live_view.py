"""The progress view, fed with events as the engine sends them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions

from aitia.cli.live import LiveView, describe
from aitia.cli.progress_board import Board
from aitia.cli.screen import screen, shares
from aitia.core import events as ev
from aitia.core.words import Suspect, Task

NOW = datetime(2026, 11, 25, tzinfo=UTC)
STREAM: list[ev.Event] = [
    ev.RunStarted(run="r1", title="slow \x1b[31m[bold]x[/]", at=NOW),
    ev.Findings(statements=("latency rose",), seconds=0.4),
    ev.PlanMade(round=1, tasks=(Task(id=1, tool="metrics_scan", args={"component": "a"}),), by="rules"),
    ev.Decided(question="which", options=("x", "y"), rules=(1.0, 0.5), chosen=(1,)),
    ev.Ranked(
        suspects=(
            Suspect(component="", fault="unknown", score=1, probability=0.6),
            Suspect(component="a", fault="resource.cpu", score=1, probability=0.3),
            Suspect(component="b", fault="resource.disk", score=1, probability=0.1),
        ),
        settled=False,
    ),
    ev.TaskDone(
        task=1,
        tool="metrics_scan",
        status="ok",
        facts=3,
        seconds=0.2,
        strongest=(
            ev.Glimpse(component="a", statement="a: CPU use \x1b[2J[red]rose\u202e.", strength=0.93),
            ev.Glimpse(component="a", statement="a: hardly anything.", strength=0.01),
        ),
    ),
    ev.TaskDone(task=2, tool="logs_diff", status="no_data", message="Widen the window.", seconds=0.2),
    ev.NodeDone(node="gather"),
    ev.Ranked(
        suspects=(
            Suspect(component="a", fault="resource.cpu", score=1, probability=0.8),
            Suspect(component="c", fault="network.loss", score=1, probability=0.15),
            Suspect(component="", fault="unknown", score=1, probability=0.05),
        )
    ),
    ev.SentenceDone(text="a is hot.", by="model"),
    ev.Progress(what="fetching", done=5, total=10, unit="bytes"),
    ev.RunFailed(run="r1", message="stopped"),
    ev.RunFinished(run="r1", verdict="cause", probability=0.8),
]


def test_the_stream_covers_every_kind_of_event() -> None:
    # A correction begins the board anew: it has a test of its own below.
    assert {type(e) for e in STREAM} | {ev.Corrected} == set(get_args(get_args(ev.Event)[0]))


def test_a_correction_is_a_line_and_cannot_write_to_the_terminal() -> None:
    out = io.StringIO()
    with LiveView(Console(file=out, width=80)) as view:
        for event in (*STREAM[:2], ev.Corrected(text="not \x1b[31mb, we checked", by="anna"), *STREAM[2:]):
            view(event)
    assert "\x1b" not in out.getvalue()
    assert (view.run, view.finished) == ("r1", True)


def test_plain_lines_where_stderr_is_no_terminal() -> None:
    out = io.StringIO()
    with LiveView(Console(file=out, width=80)) as view:
        for event in STREAM:
            view(event)
    lines = out.getvalue().splitlines()
    assert lines[0] == "run r1: slow [bold]x[/]"
    assert "metrics_scan #1: 3 facts (0.2 s): a: CPU use [red]rose." in lines
    assert (
        "suspects so far: 60 % a cause not visible in this telemetry; 30 % a resource.cpu; 10 % b resource.disk"
        in lines
    )
    assert "logs_diff #2: no_data: Widen the window. (0.2 s)" in lines
    assert (
        "suspects: 80 % a resource.cpu; 15 % c network.loss; 5 % a cause not visible in this telemetry"
        in lines
    )
    assert "decided: which y" in lines
    assert "\x1b" not in out.getvalue()
    assert (view.run, view.finished) == ("r1", True)


def test_a_moving_view_on_a_terminal_that_leaves_nothing_behind() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True)
    with LiveView(console) as view:
        for event in STREAM:
            view(event)
    assert "metrics_scan" in out.getvalue()
    assert "\x1b[31m[bold]" not in out.getvalue()


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=lambda e: next(iter(e)))
def test_plain_lines_for_who_wants_no_colour_and_terminals_that_cannot_move(env: dict[str, str]) -> None:
    out = io.StringIO()
    with LiveView(Console(file=out, width=80, force_terminal=True, _environ=env)) as view:
        for event in STREAM:
            view(event)
    assert out.getvalue().startswith("run r1: slow [bold]x[/]\n")
    assert "\x1b" not in out.getvalue()


def _told(width: int, height: int, upto: int = len(STREAM)) -> list[str]:
    now = iter([0.0, *[12.0] * 9])
    board = Board(clock=lambda: next(now))
    for event in STREAM[:upto]:
        board.take(event)
    console = Console(file=io.StringIO(), width=width, height=height, record=True)
    console.print(screen(board, width=width, height=height))
    return console.export_text().splitlines()


def test_the_board_shows_what_moves() -> None:
    lines = _told(80, 22)
    assert lines[0].startswith("slow [bold]x[/]")
    assert lines[0].endswith("12 s")
    text = "\n".join(lines)
    assert "   80 % ↑   ████████   a resource.cpu  was 30 %" in text
    assert "   15 % new █▌         c network.loss" in text
    assert "    5 % ↓   ▌          a cause not visible in this telemetry  was 60 %" in text
    assert "0.93 a: CPU use [red]rose." in text
    assert "hardly anything" not in text
    assert "✓ metrics_scan component=a  3 facts (0.2 s)" in text
    assert "∅ logs_diff  Widen the window. (0.2 s)" in text
    assert "“a is hot.”" in text
    assert "b resource.disk" not in text
    assert "so far" in "\n".join(_told(80, 22, upto=5))


def test_calls_that_have_not_returned_are_what_runs_now() -> None:
    board = Board()
    for event in STREAM[:4]:
        board.take(event)
    assert board.now() == "1 call under way: metrics_scan"
    board.take(ev.Progress(what="fetching", done=5, total=10))
    assert board.now() == "fetching 50 %"


@given(width=st.integers(20, 200), height=st.integers(3, 80), upto=st.integers(0, len(STREAM)))
def test_the_board_fits_any_screen(width: int, height: int, upto: int) -> None:
    lines = _told(width, height, upto)
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 6)), min_size=1, max_size=5), st.integers(0, 120)
)
def test_lists_share_the_room_and_none_is_longer_than_it_is(wanted: list[tuple[int, int]], room: int) -> None:
    given_ = shares(wanted, room)
    assert sum(n + 1 for n in given_ if n) <= room
    assert all(n <= length for n, (length, _) in zip(given_, wanted, strict=True))
    if sum(length + 1 for length, _ in wanted if length) <= room:
        assert given_ == [length for length, _ in wanted]


def test_a_change_of_size_clears_what_was_drawn() -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, height=30, force_terminal=True)
    with LiveView(console) as view:
        for event in STREAM[:6]:
            view(event)
        assert view._live is not None
        view._live.refresh()
        assert "\x1b[2J" not in out.getvalue()
        console.size = ConsoleDimensions(60, 20)
        before = len(out.getvalue())
        view._live.refresh()
        assert out.getvalue()[before:].startswith("\x1b[2J\x1b[H")


@pytest.mark.parametrize("event", STREAM, ids=lambda e: e.type)
def test_every_event_is_one_line(event: ev.Event) -> None:
    assert "\n" not in describe(event)
