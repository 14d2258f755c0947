"""Vectors of incidents on a PostgreSQL server: compared in the process's memory and by pgvector, with seeded unit vectors.

    python benchmarks/memory/on_server.py --data . --n 100000 --json OUT

A server of its own is started where PostgreSQL and its pgvector are installed. `ours` is pgvector, `peer` the same vectors
held in memory, which is what happens without the extension. `--data` is taken and not used.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import psycopg

from aitia.core.postgres import Postgres
from aitia.tools.memory.vectors import Rows, ServerVectors, on_server
from benchmarks.contract import finish, parser, rows
from tests.database import running_server

DIMENSIONS, QUERIES, TOP, AT_ONCE = 384, 100, 50, 5000


def unit(seed: int, n: int) -> Rows:
    """Unit vectors (n, 384)."""
    drawn = np.random.default_rng(seed).standard_normal((n, DIMENSIONS)).astype(np.float32)
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def resident() -> float:
    """Memory of this process, MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1e3


def asked(index: ServerVectors, queries: list[Rows]) -> tuple[list[list[str]], dict[str, Any]]:
    """What is found, and what it cost: of the first search, and of each one after it."""
    before, began = resident(), time.monotonic()
    index.nearest(queries[0], TOP)
    first, took, found = time.monotonic() - began, [], []
    for query in queries:
        began = time.monotonic()
        found.append([*index.nearest(query, TOP)])
        took.append(1e3 * (time.monotonic() - began))
    told = {
        "first search, s": first,
        "search, ms": took,
        "memory of the process, MB more": resident() - before,
    }
    return found, told


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__)
    arguments.add_argument("--n", type=int, default=100_000)
    given = arguments.parse_args()
    began = time.monotonic()
    with running_server() as server:
        url = server.database()
        db = Postgres(url).kept()
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("create extension vector")
        plain = ServerVectors(db, "g-1")
        for start in range(0, given.n, AT_ONCE):
            some = min(AT_ONCE, given.n - start)
            plain.add([f"{i:08}" for i in range(start, start + some)], unit(start, some))
        queries = [*unit(given.n, QUERIES)]
        by_server, ours = asked(
            on_server(db, "g-1"), queries
        )  # its first search brings the rows into pgvector's table
        in_memory, peer = asked(plain, queries)
        db.close()
    same = [float(a[:5] == b[:5]) for a, b in zip(by_server, in_memory, strict=True)]
    ours["the same first five"] = same
    cases = [{"system": name} | told for name, told in (("ours", ours), ("peer", peer))]
    made = [
        line
        for name, told in (("ours", ours), ("peer", peer))
        for line in rows(
            name, {key: value if isinstance(value, list) else [value] for key, value in told.items()}
        )
    ]
    finish("memory/on_server", made, cases, n=given.n, began=began, out=given.json)


if __name__ == "__main__":
    main()
