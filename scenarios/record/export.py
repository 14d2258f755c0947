"""From a live Prometheus and live logs to the files of a scenario."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from aitia.core.errors import SourceError
from aitia.lab.folder import Row, pack_log
from scenarios.record.ports import HOST, SERVICES

_OWN = (
    r"up|http_.*|db_.*|cache_.*|app_build_info|orders_created_total|charges_total|"
    r"process_(resident_memory_bytes|cpu_seconds_total|open_fds|start_time_seconds|threads)"
)
KEEP: dict[str, str] = {
    **dict.fromkeys(SERVICES, _OWN),
    "gateway": r"up|http_.*|upstream_.*|nginx_.*",
    "postgres": (
        r"up|pg_up|pg_postmaster_start_time_seconds|pg_settings_(max_connections|superuser_reserved_connections)|"
        r"pg_stat_activity_(count|max_tx_duration)|pg_locks_count|pg_database_size_bytes|"
        r"pg_stat_database_(numbackends|xact_commit|xact_rollback|blks_hit|blks_read|tup_(fetched|inserted|returned)|deadlocks)"
    ),
    "redis": (
        r"up|redis_up|redis_(connected_clients|blocked_clients|config_maxclients|memory_used_bytes|memory_max_bytes|"
        r"commands_processed_total|keyspace_hits_total|keyspace_misses_total|rejected_connections_total|"
        r"connections_received_total|db_keys|expired_keys_total|evicted_keys_total|cpu_(sys|user)_seconds_total|"
        r"uptime_in_seconds|commands_duration_seconds_total|net_(input|output)_bytes_total)"
    ),
    HOST: (
        r"up|node_(load1|load5|cpu_seconds_total|memory_(MemAvailable|MemTotal|Cached)_bytes|procs_(running|blocked)|"
        r"context_switches_total|disk_(io_time_seconds|read_bytes|written_bytes)_total|filesystem_avail_bytes|"
        r"network_(receive|transmit)_bytes_total|netstat_Tcp_(CurrEstab|RetransSegs|ActiveOpens)|filefd_allocated|"
        r"sockstat_TCP_(inuse|tw)|vmstat_pgmajfault|pressure_cpu_waiting_seconds_total)"
    ),
}
_DROP = {"job", "instance", "server", "__name__"}


def read_samples(url: str, *, start: float, end: float, hide: frozenset[str]) -> list[Row]:
    """Raw samples in [start, end) of the kept metrics, `job` as the component."""
    rows: list[Row] = []
    with httpx.Client(base_url=url, timeout=30.0) as client:
        for job, pattern in sorted(KEEP.items()):
            if job in hide:
                continue
            selector = f'{{job="{job}",__name__=~"{pattern}"}}[{round((end - start) * 1000)}ms]'
            reply = client.get("/api/v1/query", params={"query": selector, "time": f"{end:.3f}"})
            if reply.status_code != 200:
                raise SourceError(f"Record again: Prometheus refused {selector}: {reply.text[:200]}")
            for series in reply.json()["data"]["result"]:
                rows += _rows(job, series)
    return rows


def _rows(job: str, series: dict[str, Any]) -> Iterable[Row]:
    metric: dict[str, str] = series["metric"]
    labels = {key: value for key, value in sorted(metric.items()) if key not in _DROP and value}
    values = [(float(t), float(v)) for t, v in series["values"]]
    if metric["__name__"].startswith("pg_") and not any(value for _, value in values):
        return []  # the exporter fills a matrix of states that never occur
    text = json.dumps(labels, sort_keys=True)
    return [(t, job, metric["__name__"], text, value) for t, value in values]


def copy_logs(source: Path, target: Path, *, hide: frozenset[str], private: Path) -> None:
    """The logs as they are, without those of hidden components and without paths of the recording machine."""
    target.mkdir()
    word = re.compile("|".join(map(re.escape, sorted(hide)))) if hide else None
    for file in sorted(source.glob("*.log")):
        if file.stem in hide:
            continue
        text = file.read_text(encoding="utf-8", errors="replace").replace(str(private), "/var/lib/shop")
        if word is not None and file.stem == HOST:
            text = "".join(line for line in text.splitlines(keepends=True) if not word.search(line))
        if text:
            (target / file.name).write_text(text, encoding="utf-8")
            pack_log(target / file.name)


def copy_runbooks(source: Path, target: Path) -> None:
    """The site's runbooks."""
    shutil.copytree(source, target)
