"""Runs a command; when it ends, or who wanted it, ends whatever it started: `python -I -S keeper.py COMMAND...` (Linux).

A process that leaves its group or session, or whose parent ends, comes back to this one: it is their subreaper.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


def main(command: list[str]) -> int:
    """The command's exit code, once nothing of it is left."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    try:
        return subprocess.call(command)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while _children():
            for pid in _children():
                os.kill(pid, signal.SIGKILL)
            _reap()


def _children() -> list[int]:
    """Processes whose parent is this one; those that ended and were not waited for among them."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):  # it has ended meanwhile
            continue
        if parent == os.getpid():
            found.append(int(name))
    return found


def _reap() -> None:
    try:
        while os.waitpid(-1, 0)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
