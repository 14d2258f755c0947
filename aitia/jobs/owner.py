"""Who holds a job: a process of this host, or of another."""

from __future__ import annotations

import socket
from pathlib import Path


def owner_of(pid: int) -> str:
    """The name of a worker: host, process, and when that process began (a process id is used again)."""
    return f"{socket.gethostname()}/{pid}/{_began(pid)}"


def is_alive(owner: str) -> bool:
    """Whether a worker may be alive. Of another host, or without /proc, nothing is known: its lease tells."""
    if not Path("/proc/self/stat").exists():
        return True
    host, _, rest = owner.partition("/")
    pid, _, began = rest.partition("/")
    return host != socket.gethostname() or (pid.isdigit() and began != "" and _began(int(pid)) == began)


def _began(pid: int) -> str:
    """When a process began, in clock ticks since boot; "" where there is none (see proc(5), stat, field 22)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in ("Z", "X") else fields[18]
