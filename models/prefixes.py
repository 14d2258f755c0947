"""Evaluated prompt prefixes kept on disk, so that the next process restores what this one has evaluated.

A file is one JSON line (what it was made under, its length and sha256) and then the state as llama.cpp writes it. Its
name is the hash of everything that the state's bits follow from. What cannot be kept is evaluated again: no error.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from aitia.core.home import aitia_home
from aitia.models.runtime import SavedState, Shape, import_llama_cpp

LIMIT = 256 << 20  # bytes
FORMAT = 1
_HEADER = 1 << 16
_CPU = {"vendor_id", "cpu family", "model", "model name", "stepping", "flags"}
_ARM = {"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features"}

Parts = dict[str, str | int | bool]


class PrefixStore:
    """States under `AITIA_HOME/prefixes`, at most `limit` bytes; the least recently used go first."""

    def __init__(self, home: Path | None = None, *, limit: int = LIMIT) -> None:
        self._home, self._limit = home, limit
        self.problem = ""  # why nothing could be kept or read the last time; empty where it could

    @property
    def folder(self) -> Path:
        """Where the states lie; it may be missing."""
        return (self._home or aitia_home()) / "prefixes"

    def load(self, parts: Parts) -> SavedState | None:
        """The state made under exactly these parts. A file that is damaged or not ours is removed."""
        try:
            path = self.folder / _name(parts)
            state = _read(path, parts)
            if state is None:
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.problem = str(error)
            return None
        with suppress(OSError):  # another process removed it, or the folder is read-only
            os.utime(path)
        return state

    def save(self, parts: Parts, state: SavedState) -> None:
        """Keep a state, with mode 0600; others go where it would not fit."""
        header = {"parts": parts, "bytes": len(state.data), "sha256": hashlib.sha256(state.data).hexdigest()}
        head = json.dumps(header, sort_keys=True).encode() + b"\n"
        try:
            folder = self.folder
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._make_room(len(head) + len(state.data)):
                _write(folder / _name(parts), head, state.data)
            self.problem = ""
        except OSError as error:
            self.problem = str(error)

    def forget(self, parts: Parts) -> None:
        """Remove a state that turned out to be of no use."""
        with suppress(OSError):  # it is asked for by its hash again, and found wanting again
            (self.folder / _name(parts)).unlink(missing_ok=True)

    def files(self) -> list[tuple[int, Path]]:
        """Size and path of each file, the least recently used first; what a crash left half-written counts too."""
        found = []
        for path in [*self.folder.glob("*.state"), *self.folder.glob(".*.part")]:
            with suppress(FileNotFoundError):  # another process was quicker
                stat = path.stat()
                found.append((stat.st_mtime_ns, stat.st_size, path))
        return [(size, path) for _, size, path in sorted(found)]

    def clear(self) -> int:
        """Remove all states; how many they were. Raises OSError."""
        gone = self.files()
        for _, path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _make_room(self, need: int) -> bool:
        files = self.files()
        total = sum(size for size, _ in files)
        for size, path in files:
            if need > self._limit or total + need <= self._limit:
                break
            path.unlink(missing_ok=True)
            total -= size
        return need <= self._limit


def parts_of(model: str, shape: Shape, tokens: Sequence[int]) -> Parts:
    """All that the bits of a prefix's state follow from: `model` is the file's sha256."""
    digest = hashlib.sha256(b"".join(token.to_bytes(4, "little") for token in tokens)).hexdigest()
    return {
        "format": FORMAT,
        "model": model,
        "prefix": digest,
        "tokens": len(tokens),
        **asdict(shape),
        **host(),
    }


@cache
def host() -> dict[str, str]:
    """Build of llama.cpp, processor and C library: results may differ in their last bits between two of any of them."""
    binding: Any = import_llama_cpp()
    built = hashlib.sha256()
    for path in sorted({p.resolve() for p in Path(binding.llama_cpp._lib._name).parent.glob("lib*")}):
        if path.name.startswith(("libllama", "libggml")):
            built.update(path.name.encode() + path.read_bytes())
    return {
        "binding": str(binding.__version__),
        "build": built.hexdigest(),
        "features": binding.llama_print_system_info().decode("utf-8", "replace"),
        "cpu": _cpu(),
        "libc": "-".join(platform.libc_ver()),
    }


def _cpu() -> str:
    try:
        first, _, _ = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").partition("\n\n")
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    fields = (line.partition(":") for line in first.splitlines())
    return "; ".join(value.strip() for key, _, value in fields if key.strip() in _CPU | _ARM)


def _name(parts: Parts) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40] + ".state"


def _read(path: Path, parts: Parts) -> SavedState | None:
    """None where the file is not what its name says."""
    with path.open("rb") as file:
        line = file.readline(_HEADER)
        data = file.read()
    try:
        header = json.loads(line)
    except ValueError:
        return None
    right = {"parts": parts, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return SavedState(data=data, tokens=int(parts["tokens"])) if header == right else None


def _write(path: Path, head: bytes, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)  # 0600
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(head)
            file.write(data)
        fresh.replace(path)  # without fsync: the hash tells a file that a power cut left short
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
