"""How many threads llama.cpp gets: physical cores that this process may use, at most four."""

from __future__ import annotations

import os
from pathlib import Path

MOST = 4


def default_threads() -> int:
    """Physical cores within the process's affinity and its cgroup's CPU quota, between 1 and 4."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    return max(1, min(MOST, _physical(usable), _quota()))


def _physical(cpus: set[int]) -> int:
    cores = set()
    for cpu in cpus:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(str(cpu))
    return len(cores)


def _quota() -> int:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return MOST
    return MOST if quota == "max" else max(1, int(quota) // int(period))
