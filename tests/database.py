"""A PostgreSQL server of the tests' own, where its programs are installed: a fresh database for whoever asks."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aitia.core.postgres import close_pools

PASSWORD = "never-to-be-shown-41"
# What is acknowledged outlives a crash of its process (synchronous_commit stays on), not of the machine.
QUICK = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=150",
    "shared_buffers=16MB",
)


def programs() -> Path | None:
    """Where initdb and postgres are; None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Server:
    """One server on loopback; `url` is a database of its superuser, who logs in with a password."""

    def __init__(self, folder: Path, bin: Path) -> None:
        self._folder, self._bin = folder, bin
        self.port = _free_port()
        self.user = "postgres" if os.geteuid() == 0 else None
        folder.chmod(0o755)
        if self.user:
            shutil.chown(folder, self.user)
        secret = folder / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        self._run(
            "initdb", "-D", "data", "-U", "aitia", "-A", "scram-sha-256", "--pwfile", "secret", "--no-sync"
        )
        self.process = self._start()

    def url(self, name: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://aitia:{password}@127.0.0.1:{self.port}/{name}"

    def database(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        name = f"t{secrets.token_hex(6)}"
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute(f'create database "{name}"')
        return self.url(name)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: by default at once and in order (a fast shutdown)."""
        self.process.send_signal(how)
        self.process.wait(30)

    def start(self) -> None:
        """Start it again."""
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        settings = [word for each in QUICK for word in ("-c", each)]
        log = (self._folder / "log").open("ab")
        started = subprocess.Popen(
            [self._bin / "postgres", "-D", "data", "-p", str(self.port), "-h", "127.0.0.1", "-k", "", *settings],
            cwd=self._folder, user=self.user, stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        until = time.monotonic() + 60
        while not self._answers():
            assert started.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < until, (self._folder / "log").read_text()
            time.sleep(0.05)
        return started

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / program, *arguments],
            cwd=self._folder,
            user=self.user,
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for as long as the context; skips where PostgreSQL or the extra is not installed."""
    pytest.importorskip("psycopg_pool")
    if (bin := programs()) is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="aitia-pg-"))
    try:
        server = Server(folder, bin)
        try:
            yield server
        finally:
            close_pools()
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
