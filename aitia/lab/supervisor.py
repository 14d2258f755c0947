"""Starts, watches and stops child processes: restart on exit, a memory limit, and a host log of what it did."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from aitia.core.errors import BadInput
from aitia.lab.exposition import resident_bytes
from aitia.lab.journal import follow

POLL_S, RESTART_S, AFTER_KILL_S = 0.2, 2.0, 8.0


@dataclass(kw_only=True)
class Child:
    """One supervised program."""

    name: str
    argv: list[str]
    log: Path
    user: str | None = None
    restart: bool = True
    limit_mb: float = 0.0
    noted: bool = True  # whether the host log speaks of it
    stop_signal: signal.Signals = signal.SIGTERM
    env: dict[str, str] = field(default_factory=dict)
    clean: bool = False  # whether `env` is all of its environment
    cwd: Path | None = None
    unit: str = ""  # of the journal, where its output is kept as the journal exports it
    process: subprocess.Popen[bytes] | None = None
    due: float = 0.0
    files: list[IO[bytes]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Exit:
    """A child that ended by itself or was killed by others."""

    at: float
    name: str
    how: str


class Supervisor:
    """A thread that keeps children running. Use as a context manager: leaving it stops all of them."""

    def __init__(self, log: Path, *, host: str) -> None:
        self._log, self._host = log, host
        self.exits: list[Exit] = []
        self._children: dict[str, Child] = {}
        self._lock = threading.RLock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Supervisor:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()
        for child in reversed(self._children.values()):
            _kill(child.process, child.stop_signal)
        for child in reversed(self._children.values()):
            _reap(child.process)
            for file in child.files:
                file.close()

    def note(self, text: str, *, program: str = "supervisord[412]") -> None:
        """A line in the host's log, as rsyslog writes it."""
        stamp = datetime.now(tz=UTC).isoformat(timespec="microseconds")
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"{stamp} {self._host} {program}: {text}\n")

    def start(self, child: Child) -> None:
        """Start a child and keep it."""
        with self._lock:
            self._children[child.name] = child
            self._spawn(child)

    def roll(self, name: str, argv: list[str], ready: Path) -> None:
        """Replace a child by a new version that is up before the old one is asked to stop."""
        ready.unlink(missing_ok=True)
        with self._lock:
            child = self._children[name]
            old, child.argv = child.process, argv
            self._spawn(child)
        wait_for(ready.exists, what=f"the new version of {name}")
        _kill(old, child.stop_signal)
        _reap(old)
        if child.noted and old is not None:
            self.note(f"stopped: {name} (pid {old.pid}, replaced)")

    def kill_for_good(self, name: str) -> None:
        """SIGKILL, and no restart."""
        with self._lock:
            child = self._children[name]
            child.restart = False
            _kill(child.process, signal.SIGKILL)

    def process(self, name: str) -> subprocess.Popen[bytes] | None:
        """The running process of a child, or None while it is down."""
        return self._children[name].process

    def end(self, name: str, how: signal.Signals, *, back: bool) -> None:
        """A signal that ends a child; `back`: it is started again, else it stays away."""
        with self._lock:
            child = self._children[name]
            child.restart = back
            _kill(child.process, how)

    def renew(self, name: str, **changes: Any) -> None:
        """Stop a child as an operator does, and start it with changed fields."""
        with self._lock:
            child = self._children[name]
            old, child.process, child.due = child.process, None, float("inf")
            _kill(old, child.stop_signal)
            _reap(old)
            if child.noted and old is not None:
                self.note(f"stopped: {name} (pid {old.pid})")
            for field_name, value in changes.items():
                setattr(child, field_name, value)
            self._spawn(child)

    def pause(self, name: str, seconds: float) -> None:
        """Stop the process for a moment, as a stalled virtual CPU does."""
        process = self._children[name].process
        if process is not None:
            os.kill(process.pid, signal.SIGSTOP)
            try:
                time.sleep(seconds)
            finally:
                os.kill(process.pid, signal.SIGCONT)

    def _spawn(self, child: Child) -> None:
        output: IO[bytes] | int = subprocess.PIPE
        if not child.unit:
            child.files.append(opened := child.log.open("ab"))
            output = opened
        child.process = subprocess.Popen(
            child.argv, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            user=child.user, group=group_of(child.user), cwd=child.cwd or ("/" if child.user else Path.cwd()),
            env=child.env if child.clean else {**os.environ, "TZ": "UTC", **child.env},
        )  # fmt: skip
        child.due = 0.0
        if child.process.stdout is not None:
            follow(child.process.stdout, child.log, unit=child.unit, pid=child.process.pid, host=self._host)
        if child.noted:
            self.note(f"spawned: '{child.name}' with pid {child.process.pid}")

    def _watch(self) -> None:
        while not self._done.wait(POLL_S):
            with self._lock:
                for child in self._children.values():
                    self._look_after(child)

    def _look_after(self, child: Child) -> None:
        process = child.process
        if process is None:
            if child.restart and time.monotonic() >= child.due:
                self._spawn(child)
            return
        mb = resident_bytes(process.pid) / 2**20
        if child.limit_mb and mb > child.limit_mb:
            self.note(
                f"memory: {child.name} (pid {process.pid}) uses {mb:.0f} MiB of {child.limit_mb:.0f} MiB, "
                "killed (OOMKilled, exit code 137)"
            )
            _kill(process, signal.SIGKILL)
            process.wait()
            child.process, child.due = None, time.monotonic() + AFTER_KILL_S
            self.exits.append(Exit(at=time.time(), name=child.name, how="memory limit"))
            self.note(f"backoff: {child.name} restarts in {AFTER_KILL_S:.0f} s")
            return
        code = process.poll()
        if code is None:
            return
        child.process, child.due = None, time.monotonic() + RESTART_S
        how = f"terminated by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        self.exits.append(Exit(at=time.time(), name=child.name, how=how))
        if child.noted:
            self.note(f"exited: {child.name} ({how}; not expected)")
            if not child.restart:
                self.note(f"gave up: {child.name} entered FATAL state, autorestart is off")


def group_of(user: str | None) -> int | None:
    """The primary group of a user, whatever it is called."""
    return pwd.getpwnam(user).pw_gid if user else None


def wait_for(condition: Callable[[], bool], *, what: str, seconds: float = 30.0) -> None:
    """Poll until the callable is true. Raises BadInput when it takes too long."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise BadInput(
                f"Free the machine or the ports and record again: {what} was not up in {seconds:g} s."
            )
        time.sleep(0.1)


def _kill(process: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
    if process is not None and process.poll() is None:
        os.killpg(process.pid, how)


def _reap(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    try:
        process.wait(timeout=8)
    except subprocess.TimeoutExpired:
        _kill(process, signal.SIGKILL)
        process.wait()
