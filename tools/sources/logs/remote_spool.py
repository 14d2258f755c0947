"""A private folder in which lines of a server lie while a run reads them."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections import defaultdict
from pathlib import Path
from typing import BinaryIO, Final

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_Key = tuple[str, int]  # component, piece


class Folder:
    """A folder that only its owner may look into, removed with the last that holds it, at the latest with the program."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="aitia-logs-"))  # mode 0700
        self.close = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class Spool:
    """Lines of several components, added block by block in any order, put into a file each in the order of time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scratch: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by `close`)
        self._blocks: dict[_Key, list[tuple[int, int, int]]] = defaultdict(list)  # begin, offset, size
        self._sizes: dict[_Key, int] = defaultdict(int)
        self._end = 0

    def add(self, name: str, piece: int, start: int, data: bytes) -> None:
        """Lines of a component from `start` on."""
        self._blocks[name, piece].append((start, self._end, len(data)))
        self._sizes[name, piece] += len(data)
        self._end += self._scratch.write(data)

    def size(self, name: str, piece: int) -> int:
        """Bytes of a component in a piece so far."""
        return self._sizes[name, piece]

    def write(self, name: str, pieces: int, number: int) -> Path | None:
        """The component's file; None where it has no lines. `number` keeps files of like names apart."""
        found = [b for piece in range(pieces) for b in sorted(self._blocks.get((name, piece), ()))]
        if not found:
            return None
        folder = self._folder / str(number)
        folder.mkdir()
        path = folder / f"{_UNSAFE.sub('_', name)[:80].strip('.') or 'logs'}.jsonl"
        with path.open("xb") as out:
            for _, offset, size in found:
                self._scratch.seek(offset)
                out.write(self._scratch.read(size))
        return path

    def close(self) -> None:
        """Give the scratch file back; the components' files stay."""
        self._scratch.close()
