"""Blocks of ports, one for each recording that runs on this machine, held by a lock that ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput
from aitia.lab.net import is_free, outgoing_ports

FIRST: Final = 23_000
SIZE: Final = 150
RUN: Final = "run-"  # how the folder of a recording begins
LOCKS: Final = Path("/tmp")  # not TMPDIR, which differs between runs that share the ports


class Ports:
    """Free ports of one block, the same for the same name."""

    def __init__(self, first: int) -> None:
        self._given: dict[str, int] = {}
        self._left = iter(range(first, first + SIZE))

    def __getitem__(self, name: str) -> int:
        if name not in self._given:
            free = next((port for port in self._left if is_free(port)), None)
            if free is None:
                raise BadInput(f"Too many ports: a system may have {SIZE}, less those that others use.")
            self._given[name] = free
        return self._given[name]


@contextlib.contextmanager
def block_of_ports(folder: Path) -> Iterator[Ports]:
    """A block that nobody else has, for a recording in `folder`. What an earlier one left running is ended."""
    home = LOCKS / f"aitia-ports-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    if home.stat().st_uid != os.getuid() or home.is_symlink():
        raise BadInput(f"Remove {str(home)!r}: it belongs to somebody else, and what it says is acted upon.")
    for first in range(FIRST, outgoing_ports() - SIZE, SIZE):
        with (home / f"{first}.lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            lock.seek(0)
            if left := lock.read().strip():
                clear(Path(left))
            lock.seek(0)
            lock.truncate()
            lock.write(str(folder))
            lock.flush()
            try:
                yield Ports(first)
            finally:
                lock.seek(0)
                lock.truncate()
            return
    raise BadInput("Wait for other recordings to end: all blocks of ports are taken.")


def clear(folder: Path) -> None:
    """What a recording that was killed has left: processes, mounted volumes, its folder."""
    if not folder.name.startswith(RUN):
        return
    end_all(folder)
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        if (place := line.split()[1]).startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", place], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def end_all(folder: Path) -> None:
    """SIGKILL to every process of a recording: those whose HOME lies in its folder."""
    mark = f"HOME={folder}/".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if any(entry.startswith(mark) for entry in environ.read_bytes().split(b"\0")):
                os.kill(int(environ.parent.name), signal.SIGKILL)
