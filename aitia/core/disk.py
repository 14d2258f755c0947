"""Files that are kept: room, whole writes, and what the file system refuses in words that say what to change."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aitia.core.errors import NoAccess, NoRoom, StoreError

# Bytes that must be free before a run: the bundled scenarios' runs take .2 to 1.1 MB (benchmarks/attack/faults_store.py prints
# it), long ones with plots some MB; the rest is for the write-ahead logs of SQLite, which hold a second copy meanwhile.
ROOM: Final = 16 << 20
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_REFUSED: Final = {errno.EACCES, errno.EPERM, errno.EROFS}
_KIND: Final = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.ENOTEMPTY}

log: Final = logging.getLogger("aitia.store")
_TOLD: Final[set[str]] = set()


def tell_once(message: str) -> None:
    """A line on stderr (or where the program's log goes), once in a process."""
    if message not in _TOLD:
        _TOLD.add(message)
        log.warning("%s", message)


def is_full(error: OSError) -> bool:
    """Whether it is for want of room."""
    return error.errno in _FULL or error.errno == errno.EFBIG


def trouble(error: OSError, path: Path) -> StoreError:
    """What the file system refused, beginning with what to change."""
    if error.errno in _FULL:
        return no_room(path, error.strerror or "no space left")
    if error.errno == errno.EFBIG:
        return NoRoom(
            f"{str(path)!r} has reached the file size limit ({error.strerror}). Raise it (`ulimit -f`)."
        )
    if error.errno in _REFUSED:
        return NoAccess(
            f"Cannot read and write {str(path)!r} ({error.strerror}). Check the path and its permissions, or set "
            "AITIA_HOME."
        )
    if error.errno in _KIND:
        named = str(error.filename or path)
        return NoAccess(f"{named!r} is in the way ({error.strerror}). Move it away or set AITIA_HOME.")
    if error.errno == errno.ENOENT:
        return NoAccess(f"{str(error.filename or path)!r} is missing. Put it back.")
    return NoAccess(
        f"Cannot use {str(path)!r} ({error.strerror or error}). Check its disk or set AITIA_HOME."
    )


def no_room(path: Path, why: str) -> NoRoom:
    """The disk of a path is full."""
    free = free_bytes(path)
    left = "" if free is None else f", {free / 1e6:.1f} MB are left"
    return NoRoom(
        f"Not enough space on the disk of {str(path)!r} ({why}{left}). Free {ROOM / 1000000.0:.0f} MB "
        "or set AITIA_HOME."
    )


def free_bytes(path: Path) -> int | None:
    """Bytes that this user may still write to the disk of a path, whether it exists yet or not; None where that is unknown."""
    for place in (path, *path.parents):
        try:
            found = os.statvfs(place)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return None
        return found.f_bavail * found.f_frsize
    return None


def need_room(path: Path) -> None:
    """Raises NoRoom where less than `ROOM` is free."""
    free = free_bytes(path)
    if free is not None and free < ROOM:
        raise no_room(path, "a run needs free space before it starts")


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """What the file system refuses within, as StoreError about `path`."""
    try:
        yield
    except OSError as error:
        raise trouble(error, path) from error


def is_file(path: Path) -> bool:
    """Whether a file is there and can be reached; a folder that may not be searched holds none."""
    try:
        return path.is_file()
    except OSError:
        return False


def write_whole(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace a file at once: a reader, or what a kill leaves, sees the old bytes or the new.

    durable  what was acknowledged must outlive a power cut: file and folder are flushed to the disk
    """
    part = path.with_name(f"{path.name}.{threading.get_ident()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):  # the first failure is the one to tell
            part.unlink(missing_ok=True)
        raise
    if durable:
        flush_folder(path.parent)


def flush_folder(path: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def set_aside(path: Path, why: str) -> Path:
    """Rename what is damaged, so that a fresh one can be begun; nothing is deleted. Raises StoreError."""
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(tz=UTC):%Y%m%d-%H%M%S-%f}")
    with storing(path):
        path.rename(aside)
    tell_once(
        f"{str(path)!r} was damaged ({why}) and is now {aside.name!r}. Restore it from a copy, if you "
        "have one."
    )
    return aside
