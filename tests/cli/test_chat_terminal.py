"""`aitia chat` at a real terminal (a pty): history, completion, Ctrl-C in a diagnosis, /resume, leaving."""

from __future__ import annotations

import os
import re
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aitia.core.events import TaskDone
from aitia.core.store import RunStore, list_runs

from .shop import ALARM, AT, settle

pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
ASKED = re.compile(rb"\x1b\[6n")  # the terminal is asked where its cursor stands


class Terminal:
    """A sitting on a terminal of 24 lines and 80 columns; a chat unless told otherwise."""

    def __init__(
        self, folder: Path, home: Path, asked: Sequence[str] = ("chat", "--at", AT), prompt: str = "aitia>"
    ) -> None:
        env = {**os.environ, "AITIA_HOME": str(home), "TERM": "xterm-256color"}
        env = {
            k: v for k, v in env.items() if k not in ("NO_COLOR", "COLUMNS", "LINES", "PROMPT_TOOLKIT_NO_CPR")
        }
        command = ["-c", "from aitia.cli import main; main()", *asked]
        self.program: Any = pexpect.spawn(
            sys.executable, command, cwd=str(folder), env=env, dimensions=(24, 80), timeout=120
        )
        self.until(prompt)

    def until(self, text: str) -> str:
        """Wait until the text appears; what came before it."""
        while self.program.expect([re.escape(text.encode()), ASKED]) == 1:
            self.program.send("\x1b[1;1R")
        return bytes(self.program.before).decode("utf-8", "replace")

    def type(self, keys: str) -> None:
        """Type keys."""
        self.program.send(keys)

    def left(self) -> int:
        """Wait for the end; the exit code."""
        while self.program.expect([pexpect.EOF, ASKED]) == 1:
            self.program.send("\x1b[1;1R")
        self.program.wait()
        return int(self.program.exitstatus)


@pytest.fixture
def terminal(home: Path, tmp_path: Path, scenario: Path) -> Iterator[Terminal]:
    settle(tmp_path, scenario)
    found = Terminal(tmp_path, home)
    yield found
    found.program.close(force=True)


def returned(run: RunStore) -> bool:
    """Whether a call of a run has returned."""
    return any(isinstance(e, TaskDone) for e in run.events())


def test_a_sitting(terminal: Terminal, home: Path) -> None:
    terminal.type("/he")
    terminal.until("this list")  # offered while typing
    terminal.type("\t")
    terminal.until("lp")
    terminal.type("\r")
    terminal.until("/ruled-out")
    terminal.type(f"{ALARM} password=hunter2hunter2\r")
    terminal.until("ask meanwhile")
    while not list_runs(home) or not returned(RunStore.open(home, "last")):
        time.sleep(0.1)
    terminal.type("\x03")
    terminal.until("stopped; continue with /resume, now or later")
    (run,) = list_runs(home)
    assert run["state"] == "interrupted"
    terminal.type("why not the cache?\r")
    terminal.until("This diagnosis is interrupted")
    terminal.type("/resume\r")
    terminal.until("CAUSE")
    terminal.until("ask about it")
    assert RunStore.open(home, "last").report().component == "orders"
    terminal.type("/why post")
    terminal.until("suspect")
    terminal.type("\t")
    terminal.until("gres")
    terminal.type("\r")
    terminal.until("log-odds")
    terminal.type("\x1b[A")  # the line before
    terminal.until("/why postgres")
    terminal.type("\x03")
    terminal.type("\x1b[200~why not\nthe cache?\x1b[201~\r")  # two lines, pasted
    terminal.until("redis")
    terminal.until("confidence that")
    terminal.type("\x04")
    terminal.until(f"saved; continue with: aitia chat {run['id']}")
    assert terminal.left() == 0
    history = home / "chat_history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "/why postgres" in history.read_text()
    assert "hunter2" not in history.read_text()
    assert "+why not\n+the cache?" in history.read_text()


def test_history_lasts_from_one_sitting_to_the_next(terminal: Terminal, home: Path, tmp_path: Path) -> None:
    terminal.type("/runs\r")
    terminal.until("no runs yet")
    terminal.type("/quit\r")
    assert terminal.left() == 0
    later = Terminal(tmp_path, home)
    later.type("\x1b[A\x1b[A\r")
    later.until("no runs yet")
    later.type("\x04")
    assert later.left() == 0


@contextmanager
def _silent_server() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:  # closed
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


def test_ctrl_c_does_not_wait_for_a_source_that_hangs(home: Path, tmp_path: Path, scenario: Path) -> None:
    with _silent_server() as url:
        settle(tmp_path, scenario, {"name": "prom", "kind": "metrics", "type": "prometheus", "url": url})
        terminal = Terminal(tmp_path, home)
        terminal.type(f"{ALARM}\r")
        terminal.until("checking what can be read")
        while not list_runs(home) or "incident" not in list_runs(home)[0]:
            time.sleep(0.1)
        time.sleep(1.0)  # by now it waits for the server
        began = time.monotonic()
        terminal.type("\x03")
        terminal.until("stopped; continue with /resume, now or later")
        terminal.type("\x04")
        assert terminal.left() == 0
        assert time.monotonic() - began < 8.0  # the server is waited for far longer
        assert list_runs(home)[0]["state"] == "interrupted"
