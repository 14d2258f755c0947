"""A second PostgreSQL that follows a first one synchronously, and takes over when that is killed (`replicas.py --failover`)."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.database import PASSWORD, QUICK, Server, _free_port, programs

PATIENCE_S = 60.0


class Pair:
    """Two servers with one content. What the first acknowledges is on the second."""

    def __init__(self, first: Server, folder: Path) -> None:
        found = programs()
        assert found is not None
        self.first, self._folder, self._bin, self.port = first, folder, found, _free_port()
        source = f"postgresql://aitia:{PASSWORD}@127.0.0.1:{first.port}/postgres?application_name=second"
        self._run(
            "pg_basebackup", "-d", source, "-D", "second", "-R", "-X", "stream", "--no-sync", "-c", "fast"
        )
        settings = [word for each in QUICK for word in ("-c", each)]
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [found / "postgres", "-D", "second", "-p", str(self.port), "-h", "127.0.0.1", "-k", "", *settings],
                cwd=folder, user=first.user, stdout=log, stderr=log,
            )  # fmt: skip
        self._until("select 1 from pg_stat_replication where state = 'streaming'", first.url())
        with psycopg.connect(first.url(), autocommit=True) as db:
            db.execute("alter system set synchronous_standby_names = 'second'")
            db.execute("select pg_reload_conf()")
        self._until("select 1 from pg_stat_replication where sync_state = 'sync'", first.url())

    def url(self, database: str) -> str:
        """A database of both: whichever takes writes is used."""
        name = database.rpartition("/")[2]
        hosts = f"127.0.0.1:{self.first.port},127.0.0.1:{self.port}"
        return f"postgresql://aitia:{PASSWORD}@{hosts}/{name}?target_session_attrs=read-write"

    def fail_over(self) -> float:
        """Kill the first for good and promote the second; the seconds until that takes writes."""
        began = time.monotonic()
        self.first.stop(signal.SIGQUIT)
        self._run("pg_ctl", "promote", "-D", "second", "-w")
        url = self.first.url().replace(f":{self.first.port}/", f":{self.port}/")
        self._until("select 1 where not pg_is_in_recovery()", url)
        return time.monotonic() - began

    def stop(self) -> None:
        """End the second."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def _until(self, query: str, url: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                with psycopg.connect(url, connect_timeout=2) as db:
                    if db.execute(query).fetchone() is not None:
                        return
            except psycopg.OperationalError:
                pass  # it starts still
            assert time.monotonic() < until, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.1)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / program, *arguments], cwd=self._folder, user=self.first.user, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def running_pair(first: Server) -> Iterator[Pair]:
    """The second server for as long as the context."""
    folder = Path(tempfile.mkdtemp(prefix="aitia-pg2-"))
    folder.chmod(0o755)
    if first.user:
        shutil.chown(folder, first.user)
    try:
        pair = Pair(first, folder)
        try:
            yield pair
        finally:
            pair.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
