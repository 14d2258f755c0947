"""A site's incidents, a stub embedder, and a look at every byte of the memory's folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from aitia.core.postgres import Postgres
from aitia.core.state import server
from aitia.tools.memory.words import PastIncident

T0 = datetime(2026, 11, 1, 10, tzinfo=UTC)
NOW = T0 + timedelta(days=20)
LEAK = PastIncident(
    id="INC-1",
    title="Checkout 5xx ratio high",
    text="The report job held all sessions of the database",
    component="postgres",
    symptoms=("too many clients", "connections at the limit"),
    cause="Report job leaked connections",
    fault="resource.connections",
    mitigation=("Stop the job", "Terminate idle sessions"),
    at=T0,
    resolved_at=T0 + timedelta(hours=1),
    fingerprint=("log.new|error|new|checkout", "metric.shift|connections|up|postgres"),
)
SLOW = PastIncident(
    id="INC-2",
    title="Search is slow",
    text="One core was busy after the release of search",
    component="search",
    cause="Quadratic ranking",
    at=T0 + timedelta(days=3),
    fingerprint=("metric.shift|cpu|up|search",),
)
PUMP = PastIncident(
    id="WO-7",
    kind="work_order",
    title="Feed pump vibrates",
    text="Outer race of the drive end bearing replaced",
    component="pump-3",
    at=T0 - timedelta(days=90),
)
SITE = (LEAK, SLOW, PUMP)


class Stub:
    """Words as vectors: each term has a direction of its own, a text is the mean of its terms'."""

    sha256 = "5" * 64

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.casefold().split() or ["-"]:
                seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:4])
                row += np.random.default_rng(seed).standard_normal(64).astype(np.float32)
            row /= np.linalg.norm(row)
        return rows


def holding(home: Path, needle: str | bytes) -> list[str]:
    """The files of the memory, and the tables on a server, that hold these bytes, in upper or lower case."""
    if (at := server()) is not None:
        return _tables_holding(at, needle if isinstance(needle, str) else needle.hex())
    wanted = (needle.encode() if isinstance(needle, str) else needle).lower()
    return [p.name for p in (home / "memory").rglob("*") if p.is_file() and wanted in p.read_bytes().lower()]


def _tables_holding(at: Postgres, needle: str) -> list[str]:
    with at.reading() as db:
        names = [n for (n,) in db.execute("select tablename from pg_tables where schemaname = 'aitia'")]
        held = {
            n: str([tuple(r) for r in db.execute(f"select t::text from {n} as t")]).lower() for n in names
        }
    return [name for name, rows in held.items() if needle.lower() in rows]
