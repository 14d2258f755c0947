"""Tables on a PostgreSQL server: connections that outlive a restart of it, and what it refuses in words that say what to change.

No message holds a password: what the server or its client says is put into our own words, never passed on.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aitia.core.errors import BadInput, DatabaseAway, StoreError
from aitia.core.state import Found

if TYPE_CHECKING:
    from psycopg import Connection, Cursor
    from psycopg_pool import ConnectionPool

SCHEMA: Final = "aitia"
NEEDED: Final = "Install the extra that speaks to PostgreSQL: pip install '.[postgres]'."
CONNECT_S: Final = 5  # until a server that is silent counts as away
PATIENCE_S: Final = 10.0  # how long a query waits for a connection or a lock
MOST: Final = 8  # connections of one process
# A replica that hangs must not hold a lock for ever; a diagnosis asks for nothing that takes so long.
_BOUNDS: Final = {
    "lock_timeout": 10_000,
    "statement_timeout": 60_000,
    "idle_in_transaction_session_timeout": 60_000,
}
_ALIVE: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_REFUSALS: Final = (  # what the server says, and what to do
    ("starting up", "it is starting. Try again in a moment"),
    ("shutting down", "it is stopping. Start it again"),
    ("password", "the login was refused. Check user and password (AITIA_DATABASE, PGPASSWORD or ~/.pgpass)"),
    ("pg_hba.conf", "the login was refused. Allow this machine in pg_hba.conf"),
    ('role "', "there is no such user. Create the role, or check AITIA_DATABASE"),
    ('database "', "there is no such database. Create it (`createdb`), or check AITIA_DATABASE"),
    ("too many", "all its connections are taken. Raise max_connections, or run fewer workers"),
    ("connection slots", "all its connections are taken. Raise max_connections, or run fewer workers"),
)
_LOCK: Final = threading.Lock()
_POOLS: Final[dict[str, ConnectionPool[Any]]] = {}


class Row(tuple[Any, ...]):
    """A row that is read by position or by name, as sqlite3's."""

    names: dict[str, int]

    def __getitem__(self, at: Any) -> Any:
        return super().__getitem__(self.names[at] if isinstance(at, str) else at)


def _rows(cursor: Cursor[Any]) -> Callable[[Sequence[Any]], Row]:
    names = {column.name: place for place, column in enumerate(cursor.description or ())}

    def make(values: Sequence[Any]) -> Row:
        row = Row(values)
        row.names = names
        return row

    return make


@functools.lru_cache(maxsize=500)
def translated(query: str) -> str:
    """A statement with `?` for values, as psycopg takes it."""
    return query.replace("%", "%%").replace("?", "%s")


def _storable(values: Sequence[Any]) -> list[Any]:
    return [v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in values]


class Speaks:
    """A connection that takes the statements of both databases."""

    def __init__(self, connection: Connection[Any]) -> None:
        self.connection = connection

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Found:
        """Run one statement; a NUL, which PostgreSQL's text cannot hold, becomes the sign for what cannot be shown."""
        found: Found = self.connection.execute(translated(query), _storable(values))
        return found

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> int:
        """Run one statement for each row; how many rows they changed."""
        cursor = self.connection.cursor()
        cursor.executemany(translated(query), [_storable(row) for row in rows])
        return cursor.rowcount


class Kept:
    """A connection that is kept, made anew where a restart ended it; what ran in a transaction then is gone with it.

    Not safe for several threads at a time. Every method raises StoreError where the server refuses.
    """

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._now: Speaks | None = None
        self._open()

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        from psycopg.pq import TransactionStatus

        idle = (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)
        return self._now is not None and self._now.connection.info.transaction_status not in idle

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Found:
        """Run one statement."""
        with self._server.asking():
            return self._open().execute(query, values)

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> int:
        """Run one statement for each row; how many rows they changed."""
        with self._server.asking():
            return self._open().executemany(query, rows)

    def close(self) -> None:
        """Give it back."""
        if self._now is not None:
            self._now.connection.close()

    def _open(self) -> Speaks:
        import psycopg

        if self._now is None or self._now.connection.closed:
            with self._server.asking():
                made = psycopg.connect(**_settings(self._server.url), row_factory=_rows)
            self._now = Speaks(made)
        return self._now


class Postgres:
    """A server's tables. Its schema is made where it is missing, and must be this version's. Raises DatabaseAway, BadInput."""

    for_update = " for update"
    skip_locked = " for update skip locked"

    def __init__(self, url: str, *, check: bool = True) -> None:
        self.url, self.where = url, shown(url)
        if check:
            from aitia.core.migrations import ready

            ready(self)

    @contextmanager
    def reading(self) -> Iterator[Speaks]:
        """A connection whose every statement stands for itself."""
        with self.asking(), _pool(self.url).connection() as connection:
            yield Speaks(connection)

    @contextmanager
    def writing(self, alone: str = "") -> Iterator[Speaks]:
        """One transaction, all or nothing. `alone` names what no two transactions may do at the same time."""
        with self.reading() as db, db.connection.transaction():
            if alone:
                db.execute("select pg_advisory_xact_lock(hashtext(?))", [f"aitia {alone}"])
            yield db

    def held_open(self) -> AbstractContextManager[None]:
        """Nothing: the pool holds its connections open."""
        return nullcontext()

    def now(self, db: Any) -> datetime:
        """The server's clock: replicas whose own clocks differ agree on leases."""
        moment: datetime = db.execute("select clock_timestamp()").fetchone()[0]
        return moment.astimezone(UTC)

    def kept(self) -> Kept:
        """A connection to keep."""
        return Kept(self)

    def forget_run(self, run: str) -> None:
        """Delete the steps of a run, of all its revisions."""
        self._forget("split_part(thread_id, '.', 1) = ?", run)

    def forget_runs(self, before: datetime) -> None:
        """Delete the steps of runs that began before a moment: of replicas that are gone nobody else does."""
        self._forget('thread_id collate "C" < ?', f"{before:%Y%m%d}")

    def _forget(self, which: str, value: str) -> None:
        with self.writing() as db:
            if db.execute("select to_regclass('checkpoint_writes')").fetchone()[0] is not None:
                for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
                    db.execute(f"delete from {table} where {which}", [value])

    def pool(self) -> ConnectionPool[Any]:
        """The connections of this process."""
        return _pool(self.url)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """What the server refuses within, as StoreError."""
        import psycopg

        try:
            yield
        except psycopg.OperationalError as error:
            raise self._away(error) from None
        except psycopg.errors.InsufficientPrivilege:
            raise StoreError(
                f"The user of the database at {self.where} may not do this. Grant it the schema {SCHEMA!r} "
                f"(`GRANT ALL ON SCHEMA {SCHEMA}`), or let it create one."
            ) from None

    def _away(self, error: Exception) -> DatabaseAway:
        return DatabaseAway(f"Cannot use the database at {self.where}: {_why(self.url, error)}.")


def _why(url: str, error: Exception) -> str:
    """What to do about it. A pool only says that it waited: then the server is asked once itself."""
    import psycopg
    from psycopg_pool import PoolTimeout

    if isinstance(error, PoolTimeout):
        try:
            psycopg.connect(**_settings(url)).close()
        except psycopg.OperationalError as refused:
            return _why(url, refused)
        return f"no connection was free for {PATIENCE_S:g} s. Try again later"
    if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
        return "it was busy for too long. Try again later"
    said = str(error).casefold()
    return next(
        (told for sign, told in _REFUSALS if sign in said),
        "it does not answer. Start it, or check AITIA_DATABASE",
    )


def given(url: str) -> dict[str, Any]:
    """What a URL says, by libpq's names. Raises BadInput that repeats nothing of it."""
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise BadInput(NEEDED) from None
    if not url.startswith(("postgresql://", "postgres://")):
        raise BadInput(
            "Give the database as postgresql://USER@HOST:PORT/NAME (AITIA_DATABASE, service.database)."
        )
    try:
        told = conninfo_to_dict(url)
    except ProgrammingError:
        raise BadInput("Fix the database's URL: postgresql://USER:PASSWORD@HOST:PORT/NAME.") from None
    if "@" in str(told.get("host", "")):
        raise BadInput("Fix the database's URL: an @ in its password is written %40.")
    return told


def _settings(url: str) -> dict[str, Any]:
    told = given(url)
    bounds = " ".join(f"-c {name}={value}" for name, value in _BOUNDS.items())
    options = f"{told.pop('options', '')} -c search_path={SCHEMA} -c timezone=UTC {bounds}".strip()
    ways = {"autocommit": True, "prepare_threshold": None}
    return {
        "connect_timeout": CONNECT_S,
        "application_name": "aitia",
        "client_encoding": "UTF8",  # a database without an encoding (SQL_ASCII) would give bytes for texts
        **_ALIVE,
        **told,
        "options": options,
        **ways,
    }


def shown(url: str) -> str:
    """A server as messages name it: host, port and database, and nothing secret."""
    told = given(url)
    return f"{told.get('host', 'localhost')}:{told.get('port', 5432)}/{told.get('dbname', '')}"


def _pool(url: str) -> ConnectionPool[Any]:
    with _LOCK:
        if url not in _POOLS:
            try:
                import psycopg
                from psycopg_pool import ConnectionPool
            except ImportError:
                raise BadInput(NEEDED) from None
            psycopg.connect(**_settings(url)).close()  # a pool would keep trying where one is refused
            # Its warnings are told by us, once and in words that say what to do.
            logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
            _POOLS[url] = ConnectionPool(
                kwargs={**_settings(url), "row_factory": _rows},
                min_size=0,
                max_size=MOST,
                timeout=PATIENCE_S,
                max_idle=60.0,
                reconnect_timeout=PATIENCE_S,
                check=ConnectionPool.check_connection,  # one that a restart ended is not handed out
                name="aitia",
                open=True,
            )
        return _POOLS[url]


def close_pools() -> None:
    """Give all connections back."""
    with _LOCK:
        pools = [*_POOLS.values()]
        _POOLS.clear()
    for pool in pools:
        pool.close()
