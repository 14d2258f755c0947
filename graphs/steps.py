"""Where the steps of a run are kept, from which it goes on: in its folder, or on the server that homes share.

SQLite must not lie on a folder that several machines mount; a server may serve all of them.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite import SqliteSaver

from aitia.core.database import querying, sound
from aitia.core.disk import storing
from aitia.core.state import server
from aitia.core.store import RunStore
from aitia.graphs.serde import STRICT

if TYPE_CHECKING:
    from aitia.core.postgres import Postgres

FILE: Final = "checkpoints.sqlite"
PATIENCE_S: Final = 60.0  # a server that restarts takes seconds; after this the run waits to be resumed
PAUSE_S: Final = 0.5
T = TypeVar("T")


@contextmanager
def steps_of(store: RunStore) -> Iterator[BaseCheckpointSaver[Any]]:
    """The saver of a run's steps. Raises StoreError."""
    at = _server_of(store)
    with _in_file(store) if at is None else _on_server(at) as saver:
        yield saver


def thread_of(store: RunStore) -> str:
    """Under which name they are kept: on a server each revision has its own, in a folder each has its own file."""
    if _server_of(store) is None:
        return store.id
    return f"{store.id}.{store.meta().get('revision', 1)}"


def any_kept(store: RunStore) -> bool:
    """Whether a first step was kept."""
    if _server_of(store) is None and not os.path.lexists(store.path / FILE):
        return False
    with steps_of(store) as saver:
        return saver.get_tuple({"configurable": {"thread_id": thread_of(store)}}) is not None


def forget(store: RunStore) -> None:
    """A run that has ended needs no steps: those on a server are deleted, those in its folder go with it."""
    if (at := _server_of(store)) is not None:
        at.forget_run(store.id)


def drop(store: RunStore) -> None:
    """Forget the steps and results of a run that begins anew; its events, and what it is about, stay."""
    forget(store)
    with storing(store.path):
        for suffix in ("", "-wal", "-shm"):
            (store.path / f"{FILE}{suffix}").unlink(missing_ok=True)
        for result in (store.path / "results").glob("*.json"):
            result.unlink(missing_ok=True)


def _server_of(store: RunStore) -> Postgres | None:
    """None also for a run that was begun in its folder, and for one that is kept in memory."""
    if os.path.lexists(store.path / FILE):
        return None
    at = server()
    return None if at is None or "not_stored" in store.meta() else at


@contextmanager
def _in_file(store: RunStore) -> Iterator[SqliteSaver]:
    file = store.path / FILE

    def begin() -> SqliteSaver:
        connection = sqlite3.connect(file, check_same_thread=False)
        try:
            connection.execute("pragma journal_mode=wal")
            # A power cut may take the last steps back, which are taken again; SQLite would flush the disk for each.
            connection.execute("pragma synchronous=normal")
            saver = SqliteSaver(connection, serde=STRICT)
            saver.setup()
        except BaseException:
            connection.close()
            raise
        return saver

    saver = sound(file, begin, whole=True)
    try:
        with querying(file):
            yield saver
    finally:
        with saver.lock:  # after a second Ctrl-C a step may still be written in a thread of LangGraph's
            saver.conn.close()


@contextmanager
def _on_server(at: Postgres) -> Iterator[BaseCheckpointSaver[Any]]:
    """Each step waits out a restart of the server: writing one twice changes nothing."""
    import psycopg
    from langgraph.checkpoint.postgres import PostgresSaver

    class Saver(PostgresSaver):
        # Within a transaction, which several processes take one by one, and on empty tables.
        MIGRATIONS = [m.replace("CONCURRENTLY", "") for m in PostgresSaver.MIGRATIONS]

        def get_tuple(self, *args: Any, **named: Any) -> Any:
            return _patiently(lambda: PostgresSaver.get_tuple(self, *args, **named), psycopg.OperationalError)

        def put(self, *args: Any, **named: Any) -> Any:
            return _patiently(lambda: PostgresSaver.put(self, *args, **named), psycopg.OperationalError)

        def put_writes(self, *args: Any, **named: Any) -> None:
            _patiently(lambda: PostgresSaver.put_writes(self, *args, **named), psycopg.OperationalError)

    with at.writing(alone="steps") as db:
        Saver(db.connection).setup()
    with at.asking():
        yield Saver(at.pool(), serde=STRICT)


def _patiently(ask: Callable[[], T], passing: type[Exception]) -> T:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except passing:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_S)
