"""The progress view, fed with events as the engine sends them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import get_args

import pytest
from rich.console import Console

from aitia.cli.live import LiveView, describe
from aitia.core import events as ev
from aitia.core.words import Suspect, Task

NOW = datetime(2026, 11, 25, tzinfo=UTC)
STREAM: list[ev.Event] = [
    ev.RunStarted(run="r1", title="slow \x1b[31m[bold]x[/]", at=NOW),
    ev.Findings(statements=("latency rose",), seconds=0.4),
    ev.PlanMade(round=1, tasks=(Task(id=1, tool="metrics_scan", args={"component": "a"}),), by="rules"),
    ev.Decided(question="which", options=("x", "y"), rules=(1.0, 0.5), chosen=(1,)),
    ev.TaskDone(task=1, tool="metrics_scan", status="ok", facts=3, seconds=0.2),
    ev.TaskDone(task=2, tool="logs_diff", status="no_data", message="Widen the window.", seconds=0.2),
    ev.NodeDone(node="gather"),
    ev.Ranked(suspects=(Suspect(component="a", fault="resource.cpu", score=1, probability=0.8),)),
    ev.SentenceDone(text="a is hot.", by="model"),
    ev.Progress(what="fetching", done=5, total=10, unit="bytes"),
    ev.RunFailed(run="r1", message="stopped"),
    ev.RunFinished(run="r1", verdict="cause", probability=0.8),
]


def test_the_stream_covers_every_kind_of_event() -> None:
    assert {type(e) for e in STREAM} == set(get_args(get_args(ev.Event)[0]))


def test_plain_lines_where_stderr_is_no_terminal() -> None:
    out = io.StringIO()
    with LiveView(Console(file=out, width=80)) as view:
        for event in STREAM:
            view(event)
    lines = out.getvalue().splitlines()
    assert lines[0] == "run r1: slow [bold]x[/]"
    assert "metrics_scan #1: 3 facts (0.2 s)" in lines
    assert "logs_diff #2: no_data: Widen the window. (0.2 s)" in lines
    assert "suspects: 80 % a resource.cpu" in lines
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


@pytest.mark.parametrize("event", STREAM, ids=lambda e: e.type)
def test_every_event_is_one_line(event: ev.Event) -> None:
    assert "\n" not in describe(event)
