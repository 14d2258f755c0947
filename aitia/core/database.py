"""SQLite files that are kept: one that is damaged is set aside and begun anew, and what SQLite refuses says what to change."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from aitia.core.disk import ROOM, free_bytes, no_room, set_aside, storing
from aitia.core.errors import NoAccess, StoreDamaged, StoreError

T = TypeVar("T")
# Primary result codes, https://sqlite.org/rescode.html
_PERM, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 3, 8, 10, 11, 13, 14, 26
_CORRUPT_VTAB: Final = 267  # an index of words: it can be made anew from the rows
_BESIDE: Final = ("-wal", "-shm", "-journal")


def trouble_of(error: sqlite3.Error, path: Path) -> StoreError | None:
    """What SQLite refused, beginning with what to change; None where it is a busy file or a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", 0)
    if is_damage(error):
        return StoreDamaged(f"{str(path)!r} is damaged ({error}). Restore it from a copy, or move it away.")
    free = free_bytes(path)
    if code & 0xFF == _FULL or (code & 0xFF == _IOERR and free is not None and free < ROOM):
        return no_room(path, str(error))
    if code & 0xFF == _IOERR:
        return NoAccess(
            f"Cannot write {str(path)!r} ({error}). Check its disk and the file size limit (`ulimit -f`)."
        )
    if code & 0xFF in (_PERM, _READONLY, _CANTOPEN):
        return NoAccess(
            f"Cannot write {str(path)!r} or its folder ({error}). Check the permissions, or set AITIA_HOME."
        )
    return None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file does not hold what SQLite wrote."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code != _CORRUPT_VTAB and code & 0xFF in (_CORRUPT, _NOTADB)


@contextmanager
def querying(path: Path) -> Iterator[None]:
    """What SQLite and the file system refuse within, as StoreError about `path`; a busy file stays sqlite3's own error."""
    try:
        with storing(path):
            yield
    except sqlite3.Error as error:
        if (told := trouble_of(error, path)) is not None:
            raise told from error
        raise


def sound(path: Path, begin: Callable[[], T], *, whole: bool) -> T:
    """What `begin` makes of a database; where the file is damaged, of a fresh one in its place.

    whole  look at every page first: for files of some MB at most (10 MB take about 20 ms)

    Raises StoreError where it cannot be read or written, and where it is a link that leads nowhere.
    """
    with querying(path):
        if path.is_symlink() and not path.exists():
            raise NoAccess(f"{str(path)!r} is a broken link. Restore its target, or remove the link.")
        if path.is_dir():
            replace_damaged(path, "it was a folder")
        elif whole and path.is_file() and (why := damage(path)):
            replace_damaged(path, why)
        try:
            return begin()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            replace_damaged(path, str(error))
        return begin()


def replace_damaged(path: Path, why: str = "") -> bool:
    """Set a database aside, where SQLite finds it damaged, with what lies beside it; whether it was.

    Of several processes that find it damaged, one does.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        found = damage(path) if path.is_file() else why
        if not found:
            return False
        aside = set_aside(path, found)
        for end in _BESIDE:
            beside = path.with_name(path.name + end)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + end))
        return True
    finally:
        os.close(folder)


def damage(path: Path) -> str:
    """What SQLite finds damaged in a file (its header, its schema, its pages); "" where that is nothing."""
    try:
        with closing(sqlite3.connect(path, timeout=10.0)) as db:
            found = str(db.execute("pragma quick_check(1)").fetchone()[0])
        return "" if found == "ok" else found
    except sqlite3.Error as error:
        return str(error) if is_damage(error) else ""
