"""Counters, gauges and histograms in the Prometheus text format, and what a process knows of itself."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Key = tuple[tuple[str, str], ...]
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Exposition:
    """A process's metrics. All methods are safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, dict[Key, float]] = {}
        self._kinds: dict[str, str] = {}
        self._buckets: dict[str, Sequence[float]] = {}
        self._gauges: dict[str, Callable[[], float]] = {}

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        with self._lock:
            self._add(name, "counter", _key(labels), amount)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._kinds[name] = "gauge"
            self._values.setdefault(name, {})[_key(labels)] = value

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """A gauge that is read at each scrape."""
        self._gauges[name] = read

    def observe(self, name: str, value: float, *, buckets: Sequence[float] = BUCKETS, **labels: str) -> None:
        """Add an observation to a histogram; without buckets, to a summary of sum and count."""
        with self._lock:
            self._kinds[name] = "histogram" if buckets else "summary"
            self._add(f"{name}_sum", "", _key(labels), value)
            self._add(f"{name}_count", "", _key(labels), 1.0)
            for bound in (*buckets, float("inf")) if buckets else ():
                le = "+Inf" if bound == float("inf") else f"{bound:g}"
                self._add(f"{name}_bucket", "", _key({**labels, "le": le}), 1.0 if value <= bound else 0.0)

    def _add(self, name: str, kind: str, key: Key, amount: float) -> None:
        if kind:
            self._kinds[name] = kind
        series = self._values.setdefault(name, {})
        series[key] = series.get(key, 0.0) + amount

    def text(self) -> str:
        """The exposition, families in name order."""
        with self._lock:
            values = {name: dict(series) for name, series in self._values.items()}
        for name, read in self._gauges.items():
            values[name] = {(): read()}
            self._kinds[name] = "gauge"
        lines = [f"# TYPE {name} {kind}" for name, kind in sorted(self._kinds.items())]
        for name, series in sorted(values.items()):
            lines += [f"{name}{_braces(key)} {value:.10g}" for key, value in sorted(series.items())]
        return "\n".join(lines) + "\n"


def _key(labels: dict[str, str]) -> Key:
    return tuple(sorted(labels.items()))


def _braces(key: Key) -> str:
    quoted = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in key)
    return "{" + ",".join(quoted) + "}" if key else ""


def resident_bytes(pid: int | str = "self") -> int:
    """Resident memory of a process; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def watch_process(metrics: Exposition) -> None:
    """The process metrics that every Prometheus client library exports."""
    start = time.time()
    metrics.gauge("process_resident_memory_bytes", resident_bytes)
    metrics.gauge("process_open_fds", lambda: float(len(os.listdir("/proc/self/fd"))))
    metrics.gauge("process_start_time_seconds", lambda: start)
    metrics.gauge("process_threads", lambda: float(threading.active_count()))

    def cpu() -> float:
        times = os.times()
        return times.user + times.system

    metrics.gauge("process_cpu_seconds_total", cpu)
