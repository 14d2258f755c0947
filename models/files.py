"""Model files on disk: where they lie, and whether they are the bytes that the catalogue names."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aitia.core.disk import write_whole
from aitia.core.errors import HashMismatch, ModelError
from aitia.core.events import Progress
from aitia.core.home import aitia_home
from aitia.models.catalogue import Entry, catalogue

OnProgress = Callable[[Progress], None]
CHUNK = 1 << 20
_SETTLED_S = (
    2.0  # the coarsest clock of a file system in use (FAT); ext4, xfs and tmpfs tick every 4 ms or finer
)


def silent(progress: Progress) -> None:
    """Progress that nobody listens to."""


def model_folder(home: Path | None = None) -> Path:
    """Where fetched models lie; made if missing."""
    folder = (home or aitia_home()) / "models"
    with suppress(OSError):  # who writes to it is told
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def hash_file(
    path: Path, *, on_progress: OnProgress = silent, what: str = "", into: hashlib._Hash | None = None
) -> str:
    """The sha256 of a file as it is now. `into` continues another hash."""
    digest = into or hashlib.sha256()
    total, done = path.stat().st_size, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            on_progress(Progress(what=what or f"checking {path.name}", done=done, total=total, unit="bytes"))
    return digest.hexdigest()


def sha256_of(path: Path, *, home: Path | None = None, on_progress: OnProgress = silent) -> str:
    """The sha256 of a file, remembered as long as it was not written to (see `_seal`)."""
    try:
        before = path.stat()
    except OSError as error:
        raise ModelError(
            f"Cannot read the model file {str(path)!r} ({error.strerror}). Check the path and its permissions."
        ) from None
    if (known := _read_note(_note_path(path, home), _seal(path, before))) is not None:
        return known
    found = hash_file(path, on_progress=on_progress)
    remember_hash(path, found, before, home=home)
    return found


def remember_hash(path: Path, sha256: str, before: os.stat_result, *, home: Path | None = None) -> None:
    """Note the sha256 that was just computed from the file's bytes; `before` is its state when that began.

    Not noted, and hence computed again the next time: of a file that was written to meanwhile or within the last `_SETTLED_S`
    (a later write could bear the same time), and where the note cannot be written.
    """
    seal = _seal(path, before)
    if _seal(path, path.stat()) != seal or time.time() - before.st_ctime < _SETTLED_S:
        return
    note = _note_path(path, home)
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(note, json.dumps({"seal": seal, "sha256": sha256}).encode())


def _seal(path: Path, stat: os.stat_result) -> list[str | int]:
    """What changes when a file is written to or replaced.

    The modification time can be set back by whoever writes (utimensat(2)); the change time is set by the kernel at each write,
    and at each setting of the other, and only a change of the machine's clock or the raw disk gets around it.
    """
    return [str(path.resolve()), stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _note_path(path: Path, home: Path | None) -> Path:
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    return model_folder(home) / ".hashes" / f"{key}.json"


def _read_note(note: Path, seal: list[str | int]) -> str | None:
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(known, dict) or known.get("seal") != seal:
        return None
    found = known.get("sha256")
    return found if isinstance(found, str) else None


def _places(entry: Entry, home: Path | None) -> list[Path]:
    places = [model_folder(home) / entry.file]
    if extra := os.environ.get("AITIA_MODELS"):
        given = Path(extra).expanduser()
        places.append(given if given.is_file() and given.name == entry.file else given / entry.file)
    return places


def locate(entry: Entry, *, home: Path | None = None) -> Path | None:
    """Where the entry's file lies, unverified."""
    return next((path for path in _places(entry, home) if path.is_file()), None)


def find(entry: Entry, *, home: Path | None = None, on_progress: OnProgress = silent) -> Path | None:
    """The entry's verified file in AITIA_HOME or AITIA_MODELS, if it is there. Raises HashMismatch for a wrong one."""
    path = locate(entry, home=home)
    if path is not None:
        check(entry, path, sha256_of(path, home=home, on_progress=on_progress))
    return path


def check(entry: Entry, path: Path, found: str) -> None:
    """Raises HashMismatch unless `found` is the entry's sha256."""
    if found != entry.sha256:
        raise HashMismatch(
            f"The sha256 of {str(path)!r} is {found}, but the catalogue's is {entry.sha256}. Remove the "
            f"file and run `aitia models fetch {entry.name}` again."
        )


def path_of(name: str, *, home: Path | None = None) -> Path:
    """The verified file of a model of the catalogue. Raises ModelError where it is not fetched."""
    entry = catalogue()[name]
    found = find(entry, home=home)
    if found is None:
        raise ModelError(_missing(entry))
    return found


def verify(name: str, *, home: Path | None = None, on_progress: OnProgress = silent) -> str:
    """Hash the model's file anew, whatever is remembered of it. Returns its sha256, raises HashMismatch."""
    entry = catalogue()[name]
    path = locate(entry, home=home)
    if path is None:
        raise ModelError(_missing(entry))
    before = path.stat()
    found = hash_file(path, on_progress=on_progress)
    remember_hash(path, found, before, home=home)
    check(entry, path, found)
    return found


def _missing(entry: Entry) -> str:
    return f"Run `aitia models fetch {entry.name}` first: the model is not on this machine."
