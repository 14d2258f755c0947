"""What `aitia state status` tells of the tables: where they are, in which schema, and how many rows they have."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from aitia.core.copying import TABLES
from aitia.core.database import querying
from aitia.core.migrations import STEPS, version
from aitia.core.postgres import Postgres


def of_files(home: Path) -> dict[str, Any]:
    """The SQLite files of a home. Raises StoreError."""
    rows: dict[str, int] = {}
    sizes = 0
    for file in dict.fromkeys(table.file for table in TABLES):
        path = home / file
        if not path.is_file():
            continue
        sizes += path.stat().st_size
        with querying(path), closing(sqlite3.connect(path)) as db:
            for table in (t for t in TABLES if t.file == file):
                rows[f"{file} {table.name}"] = int(
                    db.execute(f"select count(*) from {table.name}").fetchone()[0]
                )
    return {"kept": "SQLite", "where": str(home), "bytes": sizes, "rows": rows}


def of_server(at: Postgres) -> dict[str, Any]:
    """A server's tables, and how many other processes of aitia use them now. Raises StoreError."""
    have = version(at)
    told: dict[str, Any] = {"kept": "PostgreSQL", "where": at.where, "schema": have, "needs": len(STEPS)}
    with at.reading() as db:
        told["server"] = db.execute("show server_version").fetchone()[0]
        vector = db.execute("select extversion from pg_extension where extname = 'vector'").fetchone()
        told["vectors"] = f"compared by pgvector {vector[0]}" if vector else "compared in memory"
        there = {n for (n,) in db.execute("select tablename from pg_tables where schemaname = 'aitia'")}
        told["rows"] = {
            t.name: int(db.execute(f"select count(*) from {t.name}").fetchone()[0])
            for t in TABLES
            if t.name in there
        }
        size = "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c where c.relkind = 'r'"
        told["bytes"] = int(db.execute(f"{size} and c.relnamespace = to_regnamespace('aitia')").fetchone()[0])
        others = "select count(*) from pg_stat_activity where application_name = 'aitia' and pid <> pg_backend_pid()"
        told["connections"] = int(db.execute(f"{others} and datname = current_database()").fetchone()[0])
    return told
