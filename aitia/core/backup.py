"""A home as one archive while its services run, and back into an empty one.

SQLite files come whole by SQLite's own backup, before anything else: what is copied after them may be newer, never older than
they say. The list of hashes, `MANIFEST.json`, is the archive's last member: an archive without it was cut off.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, Final

from aitia.core.database import querying
from aitia.core.disk import storing
from aitia.core.errors import BadInput
from aitia.core.words import Word

MANIFEST: Final = "MANIFEST.json"
FORM: Final = 1
# What is fetched or made anew: weights of models, evaluated prompts, sockets.
_SPARE: Final = ("models", "prefixes")
_BESIDE: Final = ("-wal", "-shm", "-journal", ".lock", ".tmp")
_MOST_LIST: Final = 100_000_000  # bytes of the list of hashes: about a million files


class Backup(Word):
    """What an archive holds."""

    file: str
    files: int
    bytes: int


def backup(home: Path, folder: Path) -> Backup:
    """Write `aitia-DATE.tar.gz` (mode 0600) into a folder outside of the home. Raises BadInput, StoreError."""
    if folder.resolve().is_relative_to(home.resolve()):
        raise BadInput(f"Choose an --output outside of {str(home)!r}.")
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = folder / f"aitia-{datetime.now(tz=UTC):%Y%m%d-%H%M%S}.tar.gz"
        return pack(home, target)


def pack(home: Path, target: Path) -> Backup:
    """Write the files of a folder into one archive (mode 0600), which is there once it is whole. Raises OSError."""
    part = target.with_suffix(".part")
    held: dict[str, str] = {}
    size = 0
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archive:
            for name, file in _members(home):
                held[name], length = _add(archive, name, file)
                size += length
            told = {"form": FORM, "made_at": datetime.now(tz=UTC).isoformat(), "files": held}
            _add(archive, MANIFEST, io.BytesIO(json.dumps(told, indent=1).encode()))
        out.flush()
        os.fsync(out.fileno())
    part.rename(target)
    return Backup(file=str(target), files=len(held), bytes=size)


def restore(archive: Path, home: Path) -> Backup:
    """Bring an archive into a home that holds nothing yet, each file checked. Raises BadInput, and then brings nothing."""
    if home.exists() and any(p for p in home.iterdir() if p.name not in _SPARE):
        raise BadInput(
            f"Give an empty home: {str(home)!r} holds files already. Set AITIA_HOME to a new folder."
        )
    with storing(home), tempfile.TemporaryDirectory(dir=_parent(home), prefix=".aitia-restore-") as place:
        found = unpack(archive, Path(place))
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for each in Path(place).iterdir():
            each.rename(home / each.name)
    return found.model_copy(update={"file": str(archive)})


def _parent(home: Path) -> Path:
    home.parent.mkdir(parents=True, exist_ok=True)
    return home.parent


def _members(home: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Every file that is kept, open to be read once, tables first."""
    paths = [p for p in sorted(home.rglob("*")) if p.is_file() and not p.is_symlink() and _kept(p, home)]
    tables = [p for p in paths if p.suffix in (".sqlite", ".sqlite3")]
    for path in tables:
        with _table(path) as file:
            yield path.relative_to(home).as_posix(), file
    for path in paths:
        if path in tables:
            continue
        try:
            file = path.open("rb")
        except FileNotFoundError:  # retention deleted it meanwhile
            continue
        with file:
            yield path.relative_to(home).as_posix(), file


def _kept(path: Path, home: Path) -> bool:
    return path.relative_to(home).parts[0] not in _SPARE and not path.name.endswith(_BESIDE)


@contextmanager
def _table(path: Path) -> Iterator[BinaryIO]:
    """A SQLite file as it is at one moment, whoever writes to it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        with (
            querying(path),
            closing(sqlite3.connect(path, timeout=10.0)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target, pages=1000)
        with copy.open("rb") as file:
            yield file


def _add(archive: tarfile.TarFile, name: str, file: BinaryIO) -> tuple[str, int]:
    """Write what is in a file now, as a member; its hash and how many bytes it is."""
    read = _Hashed(file)
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = _length(file), 0o600, int(datetime.now(tz=UTC).timestamp())
    archive.addfile(member, read)
    return read.digest(), member.size


def _length(file: BinaryIO) -> int:
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    return length


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is read: it need not fit into memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        """Of all that was read."""
        return self._hash.hexdigest()


def unpack(archive: Path, folder: Path) -> Backup:
    """The archive's files below a folder, once all are there and none differs from the list. Raises BadInput."""
    seen: dict[str, str] = {}
    told: dict[str, Any] | None = None
    size = 0
    try:
        with tarfile.open(archive, "r:gz") as members:
            for member in members:
                long = member.name == MANIFEST and member.size > _MOST_LIST
                if not member.isfile() or not _inside(member.name) or long:
                    raise BadInput(
                        f"Give an archive of `aitia state backup`: {member.name[:80]!r} is no file of one."
                    )
                file = members.extractfile(member)
                assert file is not None  # of a plain file there is one
                if member.name == MANIFEST:
                    told = json.loads(file.read())
                    continue
                read, to = _Hashed(file), folder / member.name
                to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    shutil.copyfileobj(read, out)
                seen[member.name], size = read.digest(), size + member.size
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise BadInput(
            f"Cannot read {str(archive)!r} ({error}). Give an archive of `aitia state backup`."
        ) from None
    if not isinstance(told, dict) or told.get("form") != FORM:
        raise BadInput(
            f"{str(archive)!r} was cut off, or is of another version: its list of files is missing."
        )
    if differ := sorted({*seen.items()} ^ {*told.get("files", {}).items()}):
        raise BadInput(
            f"{str(archive)!r} was changed: {differ[0][0][:80]!r} is not as its list of files says."
        )
    return Backup(file="", files=len(seen), bytes=size)


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts)
