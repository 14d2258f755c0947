"""`aitia chat` fed line by line: a diagnosis, questions, commands, exit codes."""

from __future__ import annotations

import io
import json
import re
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from aitia.cli.chat_asked import Asked
from aitia.cli.chat_line import RedactedHistory, Words
from aitia.cli.console import artifacts_of
from aitia.cli.conversation import Talk
from aitia.cli.under_way import UnderWay, toolbar
from aitia.core.events import Event, TaskDone
from aitia.core.redact import Redactor, load_key
from aitia.core.store import RunStore
from aitia.tools.query.behind import behind_check
from aitia.tools.query.notation import written

from .conftest import Aitia, Outcome
from .shop import ALARM, AT, settle

Chat = Callable[..., Outcome]


@pytest.fixture
def chat(aitia: Aitia, monkeypatch: pytest.MonkeyPatch) -> Chat:
    def talk(*lines: str | bytes, options: tuple[str, ...] = ()) -> Outcome:
        fed = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(fed)))
        return aitia("chat", *options)

    return talk


@pytest.fixture
def recorded(diagnosed: Callable[[str], Any], home: Path) -> None:
    diagnosed("connection-exhaustion").copied(home)


def test_words_are_diagnosed_then_asked_about(chat: Chat, home: Path, tmp_path: Path, scenario: Path) -> None:
    settle(tmp_path, scenario)
    got = chat(ALARM, "why not the cache?", "and the database?", options=("--at", AT))
    assert got.code == 0, got.err
    assert "CAUSE" in got.out
    assert "orders" in got.out
    assert "suspects so far:" in got.err  # the live view, as plain lines
    assert "postgres" in got.out.split("redis")[-1]  # “and the database?” was understood as “why not”
    run = RunStore.open(home, "last")
    assert len(list((run.path / "asks").iterdir())) == 1  # one conversation for both questions
    unknown = chat(f"/open {run.id}", "who approved the release?")
    assert unknown.code == 11
    assert "None of my sources answers that." in unknown.out


@pytest.mark.usefixtures("recorded")
def test_commands_show_the_run(chat: Chat, home: Path) -> None:
    report = RunStore.open(home, "last").report()

    def told(line: str) -> str:
        got = chat(line, options=("last",))
        assert got.code == 0, got.err
        return got.out

    assert "E5 " in told("/evidence E5")
    assert "read again" in told("/evidence e5")
    assert "E5 " in told("/evidence postgres")
    assert "gateway: configuration change" in told("/evidence change")
    assert "connections exhausted" not in told("/evidence")
    why = told("/why")
    assert "log-odds" in why
    assert "orders resource.connections" in why
    assert "postgres resource.connections" not in why
    assert "postgres resource.connections" in told("/why postgres")
    look = behind_check(report.next_checks[0], report, artifacts_of(report))
    assert look is not None
    assert written(look) in told("/next")  # whole: it can be copied
    steps = told("/steps")
    assert "[makes changes]" in steps
    assert "[read-only]" in steps
    assert "payment (bad release) is unlikely" in told("/ruled-out")
    assert "01:08:41" in told("/timeline")
    assert "Tool calls" in told("/report")
    assert f"→ {report.run}" in told("/runs")
    assert "/ruled-out" in told("/help")


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("/bogus", "/help"),
        ("/var/log is full", "/new"),
        ("/evidence E999", "E999"),
        ("/why the-moon", "orders"),
        ("/confirm", "/confirm wrong COMPONENT FAULT"),
        ("/confirm wrong", "/confirm wrong COMPONENT FAULT"),
        ("/confirm right orders", "/confirm wrong COMPONENT FAULT"),
        ("/save", ".html"),
        ("/save report.docx", ".html"),
        ("/open nothing", "There is no such run"),
        ("/since 2h", "/since 2h checkout is slow"),
        ("/since noon the gateway fails", "30m"),
        ("/again", "used recorded telemetry, which has no later"),
        ("/new the gateway fails", "aitia init"),
    ],
)
def test_what_cannot_be_done_is_told_and_the_talk_goes_on(chat: Chat, line: str, word: str) -> None:
    got = chat("/open last", line, "/help")
    assert got.code == 2
    assert got.err.splitlines()[1].startswith("error: ")
    assert word in got.err
    assert "/evidence" in got.out  # the line after it was carried out


def test_without_a_run_there_is_nothing_to_show(chat: Chat) -> None:
    for line in (
        "/evidence",
        "/why",
        "/next",
        "/report",
        "/again",
        "/resume",
        "/confirm right",
        "/save a.md",
    ):
        got = chat(line)
        assert got.code == 2
        assert "/open last" in got.err, line
    assert "no runs yet" in chat("/runs").err
    got = chat("the gateway fails")
    assert got.code == 2
    assert "aitia.yaml" in got.err


@pytest.mark.usefixtures("recorded")
def test_what_is_finished_is_not_resumed_without_a_word(chat: Chat, aitia: Aitia) -> None:
    for got in (aitia("resume", "last"), chat("/resume", options=("last",))):
        assert "is already finished; this is its report" in got.err
        assert "CAUSE" in got.out


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("name", ["out.docx", "out.CSV", "out.png"])
def test_a_document_that_is_not_written_is_refused(aitia: Aitia, tmp_path: Path, name: str) -> None:
    got = aitia("report", "last", "-o", name)
    assert got.code == 2
    assert ".md, .json, .html" in got.err
    assert not (tmp_path / name).exists()
    assert aitia("report", "last", "-o", name, "--format", "md").code == 0
    assert (tmp_path / name).read_text().startswith("# CAUSE")


def test_the_talk_begins_with_the_sources_there_are(home: Path, tmp_path: Path, scenario: Path) -> None:
    assert "aitia init --write" in Talk(Asked()).telemetry()
    settle(tmp_path, scenario)
    assert Talk(Asked()).telemetry().startswith("telemetry: metrics, logs")


@pytest.mark.usefixtures("recorded")
def test_a_run_is_confirmed_and_saved(chat: Chat, tmp_path: Path, aitia: Aitia) -> None:
    got = chat("/confirm right", "/save r.html", "/save r.json", "/save r.md", options=("last",))
    assert got.code == 0, got.err
    assert "confirmed: cause 95 % orders resource.connections; run " in got.err
    assert '"Gateway 5xx ratio above 5 %"' in got.err
    assert (tmp_path / "r.html").read_text().lstrip().lower().startswith("<!doctype html")
    assert json.loads((tmp_path / "r.json").read_text())["component"] == "orders"
    assert (tmp_path / "r.md").read_text().startswith("#")
    said = json.loads(aitia("confirm", "list", "--json").out)["outcomes"]
    assert [o["right"] for o in said] == [True]


def test_looking_again_makes_a_revision(chat: Chat, home: Path, tmp_path: Path, scenario: Path) -> None:
    settle(tmp_path, scenario, kinds=("metrics", "topology"))
    assert chat(ALARM, options=("--at", "2026-11-25T01:09:57Z")).code == 0
    got = chat("/again", "/timeline", options=("last", "--at", AT))
    assert got.code == 0, got.err
    run = RunStore.open(home, "last")
    assert run.meta()["revision"] == 2
    assert run.report().incident.window.end > run.revision(1).report().incident.window.end


def test_quit_ends_it_and_bytes_that_are_no_text_do_not(chat: Chat) -> None:
    got = chat(b"/\xff\xfe\x1b[31m\x00", "/quit", "/help")
    assert got.code == 2
    assert "\x1b" not in got.err
    assert got.out == ""


@pytest.mark.usefixtures("recorded")
def test_a_defect_is_told_and_the_talk_goes_on(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AITIA_DEBUG", raising=False)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("aitia.cli.chat_show.show_facts", broken)
    got = chat("/evidence", "/help", options=("last",))
    assert got.code == 1
    assert "ZeroDivisionError: by nothing" in got.err
    assert "/evidence" in got.out


def test_an_alert_is_a_new_incident_whatever_is_in_hand(
    chat: Chat, home: Path, tmp_path: Path, scenario: Path
) -> None:
    settle(tmp_path, scenario, kinds=("metrics", "topology"))
    alert = json.dumps(json.loads((scenario / "alert.json").read_text()))
    got = chat(ALARM, alert, options=("--at", AT))
    assert got.code == 0, got.err
    assert RunStore.open(home, "last").report().incident.origin == "alertmanager"
    assert len(list((home / "runs").iterdir())) == 2


@pytest.mark.usefixtures("recorded")
def test_what_telemetry_says_is_shown_as_text(chat: Chat, home: Path) -> None:
    hostile = "\x1b[2J\x1b]0;owned\x07[bold red]x[/] \u202e<!channel>\nerror: stop"
    run = RunStore.open(home, "last")
    report = run.report()
    facts = tuple(e.model_copy(update={"statement": hostile, "component": hostile}) for e in report.evidence)
    steps = tuple(m.model_copy(update={"text": hostile, "command": hostile}) for m in report.mitigations)
    suspects = tuple(s.model_copy(update={"component": hostile}) for s in report.suspects)
    run.put_report(report.model_copy(update={"evidence": facts, "mitigations": steps, "suspects": suspects}))
    run.update_meta(title=hostile)
    got = chat("/open last", "/evidence", "/evidence E5", "/why x", "/steps", "/timeline", "/runs", "/report")
    assert got.code == 0, got.err
    for text in (got.out, got.err):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert "[bold red]x[/] <!channel>" in text
    assert not [line for line in got.err.splitlines() if line.startswith("error: ")]


def _offered(talk: Talk, text: str) -> list[str]:
    found = Words(talk).get_completions(Document(text), CompleteEvent(completion_requested=True))
    return [c.text for c in found]


@pytest.mark.usefixtures("recorded")
def test_what_tab_offers(home: Path) -> None:
    talk = Talk(Asked())
    run = RunStore.open(home, "last").id
    assert _offered(talk, "/ev") == ["/evidence"]
    assert _offered(talk, "/evidence ") == _offered(talk, "why not ") == []  # no run in hand
    assert _offered(talk, "/open ") == [run]
    assert _offered(talk, "/resume ") == []  # none was stopped
    talk.open("last")
    assert {"E5", "E51"} <= set(_offered(talk, "/evidence e5"))
    assert "log.new" in _offered(talk, "/evidence log.")
    assert "orders" in _offered(talk, "/why o")
    assert _offered(talk, "/confirm ") == ["right", "wrong"]
    assert _offered(talk, "/confirm wrong post") == ["postgres"]
    assert "resource.disk" in _offered(talk, "/confirm wrong postgres resource.")
    assert "redis" in _offered(talk, "why not red")
    assert _offered(talk, "/confirm right ") == _offered(talk, "/next ") == []


def test_the_history_forgets_secrets_and_long_pastes(tmp_path: Path) -> None:
    file = tmp_path / "chat_history"
    history = RedactedHistory(file, Redactor(load_key(tmp_path)))
    history.append_string("login fails with password=hunter2hunter2")
    history.append_string("x" * 10_001)
    kept = file.read_text()
    assert "login fails with password=" in kept
    assert "hunter2" not in kept
    assert "xxx" not in kept
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_correction_in_chat_goes_on_from_the_run_in_hand(
    chat: Chat, home: Path, tmp_path: Path, scenario: Path
) -> None:
    settle(tmp_path, scenario)
    lines = (ALARM, "not the database, we checked", "/run 1", "1", "/correct thanks")
    told = chat(*lines, options=("--at", AT))
    assert "read as a correction" in told.err
    assert "You said: not postgres" in told.out
    assert told.out.count("query: series(") == 2
    assert "query: series(" in told.out
    assert "I read no correction" in told.err
    assert told.code == 2
    assert RunStore.open(home, "last").meta()["revision"] == 2


@pytest.fixture
def mid_run(
    tmp_path: Path, scenario: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Talk, threading.Event]:
    """A conversation beside whose prompt a diagnosis waits at its fifth call, and what lets it go on."""
    there, go_on = threading.Event(), threading.Event()
    real = UnderWay._hear

    def hear(self: UnderWay, event: Event) -> None:
        real(self, event)
        if isinstance(event, TaskDone) and len(self.board.done) == 5:
            there.set()
            assert go_on.wait(120)

    monkeypatch.setattr(UnderWay, "_hear", hear)
    settle(tmp_path, scenario)
    talk = Talk(
        Asked(config=tmp_path / "aitia.yaml", at=datetime.fromisoformat(AT), model="none"), staying=True
    )
    talk.beside = True
    talk.take(ALARM)
    assert there.wait(120)
    return talk, go_on


def ended(talk: Talk) -> None:
    """Wait for the diagnosis beside the prompt, and show what it came to."""
    assert talk.under_way is not None
    assert talk.under_way.wait(120)
    talk.settle()


def test_it_is_asked_and_corrected_while_it_runs(
    mid_run: tuple[Talk, threading.Event], capsys: pytest.CaptureFixture[str]
) -> None:
    talk, go_on = mid_run

    def told(line: str) -> str:
        capsys.readouterr()
        talk.take(line)
        got = capsys.readouterr()
        return got.out + got.err

    assert "This diagnosis is still running: 5 calls returned" in told("how far are you?")
    assert talk.under_way is not None
    assert "Calls  5 returned" in re.sub(r"\x1b\[[0-9;]*m", "", toolbar(talk.under_way).value)
    cache = told("why not the cache?")
    assert "redis" in cache
    assert "so far only" in cache
    assert "so far only" in told("/evidence")
    assert "A diagnosis runs already" in told("/new the shop is down")
    assert "no report to save yet" in told("/save report.html")
    assert "error log lines of orders" in told("how many errors did orders log?")
    assert "taken as a correction" in told("not the database, we checked")
    go_on.set()
    ended(talk)
    assert "CAUSE" in capsys.readouterr().out
    assert [c.excluded for c in talk.report().incident.corrections] == [("postgres",)]
    assert talk.code == 0


def test_one_that_hangs_is_left_and_carried_on_once_its_call_is_over(
    mid_run: tuple[Talk, threading.Event], capsys: pytest.CaptureFixture[str]
) -> None:
    talk, go_on = mid_run
    talk.interrupt(typed="half a line")
    assert talk.under_way is not None
    talk.take("stop")
    assert talk.under_way is None
    assert "stopped; continue with /resume" in capsys.readouterr().err
    assert talk.held().meta()["state"] == "interrupted"
    threading.Timer(1.0, go_on.set).start()
    talk.take("/resume")
    assert "waiting for the call that was under way" in capsys.readouterr().err
    ended(talk)
    assert talk.report().component == "orders"
