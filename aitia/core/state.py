"""Where tables are kept: in SQLite files below AITIA_HOME, or on a PostgreSQL server that several homes share."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from aitia.core.database import querying, sound
from aitia.core.disk import is_file, storing
from aitia.core.errors import BadInput

if TYPE_CHECKING:
    from aitia.core.postgres import Postgres

ENV: Final = "AITIA_DATABASE"
_PATIENCE_S: Final = 10.0  # how long a query waits for another process
_configured: list[str] = []


def use_database(url: str) -> None:
    """The server that the settings name, for this process; `AITIA_DATABASE` goes before it, "" is SQLite."""
    _configured[:] = [url] if url else []


def database_url() -> str:
    """The server that is used; "" where tables are SQLite files."""
    return os.environ.get(ENV, "") or "".join(_configured)


def has_memory(home: Path) -> bool:
    """Whether there are past incidents to look into; on a server there always are."""
    return bool(database_url()) or is_file(home / "memory" / "incidents.sqlite")


class Found(Protocol):
    """What a query found: rows that are read by position or by name."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """The next row; None where there is none."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Queries(Protocol):
    """A connection: `?` stands for a value, whichever database it is."""

    def execute(self, query: str, values: Sequence[Any] = ..., /) -> Found:
        """Run one statement."""
        ...


class Session(Queries, Protocol):
    """A connection that is kept, with transactions of its own."""

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        ...

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run one statement for each row."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


class Place(Protocol):
    """Where one store has its tables. Safe for threads: each context has a connection of its own.

    Both contexts raise StoreError where the file or the server refuses.
    """

    for_update: str  # ends a SELECT whose row is changed next
    skip_locked: str  # the same, without rows that another one is changing

    def reading(self) -> AbstractContextManager[Queries]:
        """A connection whose every statement stands for itself."""
        ...

    def writing(self, alone: str = "") -> AbstractContextManager[Queries]:
        """One transaction, all or nothing. `alone` names what no two transactions may do at the same time."""
        ...

    def held_open(self) -> AbstractContextManager[None]:
        """Hold open what each use would open and close again: for a process that asks often."""
        ...

    def now(self, db: Queries) -> datetime:
        """The moment that all who share the tables go by."""
        ...


class SqliteFile:
    """The tables of one file (mode 0600), made where they are missing. A damaged file is set aside for a fresh one."""

    for_update = skip_locked = ""  # a writer is alone with the file

    def __init__(self, file: Path, tables: str, *, version: int = 0) -> None:
        self.file, self._tables, self._version = file, tables, version
        with storing(file.parent):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        sound(file, self._begin, whole=True)

    def _begin(self) -> None:
        with self.reading() as db:
            db.execute("pragma journal_mode=wal")
            (version,) = db.execute("pragma user_version").fetchone()
            if version not in (0, self._version):
                raise BadInput(
                    f"{str(self.file)!r} has schema {version}, from another aitia version. Use the version that "
                    "wrote it."
                )
            db.executescript(f"{self._tables} pragma user_version = {self._version};")
        with querying(self.file):
            self.file.chmod(0o600)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection whose every statement stands for itself."""
        with querying(self.file):
            db = sqlite3.connect(self.file, timeout=_PATIENCE_S, isolation_level=None)
            db.row_factory = sqlite3.Row
            try:
                yield db
            finally:
                db.close()

    @contextmanager
    def writing(self, alone: str = "") -> Iterator[sqlite3.Connection]:
        """One transaction; what raises leaves it, and closing the connection rolls it back."""
        with self.reading() as db:
            db.execute("begin immediate")
            yield db
            db.execute("commit")

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """Keep the file open: with its last connection SQLite also closes its journal, which costs more than a write."""
        with self.reading() as db:
            db.execute("select 1 from sqlite_master").fetchone()
            yield

    def now(self, db: Queries) -> datetime:
        """The clock of the machine, which all who have the file share."""
        return datetime.now(tz=UTC)


def open_place(file: Path, tables: str, *, version: int = 0) -> Place:
    """The server where one is configured, else a file with these tables. Raises StoreError, BadInput."""
    return server() or SqliteFile(file, tables, version=version)


def server() -> Postgres | None:
    """The configured server, ready to use; None where tables are files. Raises DatabaseAway, BadInput."""
    if not (url := database_url()):
        return None
    from aitia.core.postgres import Postgres

    return Postgres(url)
