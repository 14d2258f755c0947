"""The database of the incident store: its tables, its version, and what is said where it cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aitia.core import trail
from aitia.core.database import is_damage, replace_damaged, sound, trouble_of
from aitia.core.disk import trouble
from aitia.core.errors import BadInput, StoreDamaged
from aitia.core.state import Session

VERSION: Final = 1
APPLICATION: Final = 0x61697469  # "aiti": another program's database is not taken for a memory
BUSY_S: Final = 30.0  # how long a writer waits for another process

# `ended` is the moment from which on an incident may be known: the later of `at` and `resolved_at`, epoch seconds.
# `moved` in `incidents` repeats the fingerprint, one token a line; the table `moved` finds incidents by token.
# `words` holds terms, not text: they are made by `aitia.tools.memory.terms`.
_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE incidents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at REAL, ended REAL, component TEXT NOT NULL,
    run TEXT NOT NULL, moved TEXT NOT NULL, hash BLOB NOT NULL, twin BLOB, text_hash TEXT NOT NULL,
    embedded INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL
);
CREATE INDEX incidents_at ON incidents (at, id);
CREATE INDEX incidents_ended ON incidents (ended);
CREATE INDEX incidents_text ON incidents (text_hash);
CREATE INDEX incidents_twin ON incidents (twin) WHERE twin IS NOT NULL;
CREATE INDEX incidents_pending ON incidents (number) WHERE embedded = 0;
CREATE VIRTUAL TABLE words USING fts5(strong, rest, tokenize = 'unicode61 remove_diacritics 0');
CREATE TABLE frequency (term TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tokens (number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, n INTEGER NOT NULL);
CREATE TABLE moved (
    token INTEGER NOT NULL REFERENCES tokens (number), incident INTEGER NOT NULL
    REFERENCES incidents (number) ON DELETE CASCADE, PRIMARY KEY (token, incident)
) WITHOUT ROWID;
CREATE INDEX moved_incident ON moved (incident);
CREATE TABLE outcomes (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL, at REAL NOT NULL, body TEXT NOT NULL, reverted INTEGER NOT NULL
);
CREATE INDEX outcomes_run ON outcomes (run);
CREATE TABLE audit (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, "by" TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL
);
"""


def connect(path: Path) -> sqlite3.Connection:
    """The open database, made if it is missing (folder mode 0700, file 0600); a damaged one is set aside for a fresh one.

    Raises BadInput where it cannot be used.
    """
    with said(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return sound(path, lambda: _opened(path), whole=False)


def _opened(path: Path) -> sqlite3.Connection:
    if not path.exists():
        path.touch(mode=0o600)
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (
            "journal_mode = WAL",
            "foreign_keys = ON",
            "secure_delete = ON",
            "synchronous = FULL",  # what a person confirmed outlives a power cut
        ):
            db.execute(f"PRAGMA {pragma}")
        _prepare(db, path)
        db.execute(trail.TABLE)  # beside the tables of this version: those before do not know it
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    if _version(db, path) == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        if _version(db, path) == 0:  # no other process was quicker
            for statement in _TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection, path: Path) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise BadInput(
            f"{str(path)!r} has schema {version}, this aitia reads {VERSION}. Use the version that wrote it."
        )
    foreign = db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if foreign and (version or tables):
        raise BadInput(f"{str(path)!r} is the database of another program. Move it away.")
    return version


@contextmanager
def said(path: Path) -> Iterator[None]:
    """What SQLite and the file system refuse, as BadInput that begins with what to change."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise BadInput(
                f"{str(path)!r} was busy for {BUSY_S:g} s. Try again when no other process writes to it."
            ) from None
        if "no such" in str(error) or "syntax" in str(error) or "malformed" in str(error):
            raise _damaged(path, error) from None
        raise trouble_of(error, path) or BadInput(
            f"Cannot write {str(path)!r} ({error}). Check the path and its permissions and the free space on its disk."
        ) from None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise _damaged(path, error) from None
    except OSError as error:
        raise trouble(error, path.parent) from None


def _damaged(path: Path, error: sqlite3.Error) -> StoreDamaged:
    if is_damage(error) and replace_damaged(path):
        return StoreDamaged(
            f"{str(path)!r} was damaged and has been set aside; a new one was started. Repeat the command."
        )
    return StoreDamaged(
        f"{str(path)!r} is damaged ({error}). Restore it from a copy, or move it away and import again."
    )


def begin(db: Session) -> None:
    """Begin a transaction with the write lock in hand."""
    if isinstance(db, sqlite3.Connection):
        db.execute("BEGIN IMMEDIATE")
        return
    db.execute("BEGIN")
    db.execute("SELECT pg_advisory_xact_lock(hashtext('aitia memory'))")


def damage_of(db: Session) -> str:
    """What SQLite finds damaged, "ok" for nothing; a server looks after its own pages."""
    if not isinstance(db, sqlite3.Connection):
        return "ok"
    return str(db.execute("PRAGMA quick_check(1)").fetchone()[0])


@contextmanager
def transaction(db: Session) -> Iterator[None]:
    """All or nothing; the write lock is taken at once, so that two processes wait. One within another is part of it."""
    if within(db):
        yield
        return
    begin(db)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def within(db: Session) -> bool:
    """Whether a transaction is open."""
    return db.in_transaction


def meta(db: Session, key: str, default: str = "") -> str:
    """One value of the store itself."""
    found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(found[0]) if found else default


def set_meta(db: Session, key: str, value: str) -> None:
    """Keep one value of the store itself."""
    db.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )
