"""A PostgreSQL cluster of our own with 40 connections, and the shop's tables."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from aitia.core.errors import BadInput
from aitia.lab.supervisor import wait_for

# Accounts of a cluster that lives on loopback for some minutes.
PASSWORDS = {name: f"{name}-on-loopback" for name in ("postgres", "orders", "payment", "users")}
POSTGRES_CONF = """listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
max_connections = 40
superuser_reserved_connections = 3
shared_buffers = 16MB
fsync = off
checkpoint_timeout = 60s
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'UTC'
log_checkpoints = on
log_min_duration_statement = 400
"""
TABLES = (
    "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL)",
    "CREATE TABLE orders (id serial PRIMARY KEY, item int NOT NULL, at timestamptz DEFAULT now())",
    "CREATE TABLE charges (id serial PRIMARY KEY, order_ref int NOT NULL, cents int, at timestamptz DEFAULT now())",
    "INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 500) AS i",
    "INSERT INTO orders (item) SELECT i FROM generate_series(1, 500) AS i",
)


def postgres_bin() -> Path:
    """The folder of the newest installed PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[4]))
    if not found:
        raise BadInput("Install postgresql (see docs/scenarios.md): the recorder starts a real PostgreSQL.")
    return found[-1].parent


def cluster_user() -> str | None:
    """PostgreSQL refuses to run as root; anybody else runs it as themselves."""
    return "postgres" if os.geteuid() == 0 else None


def init_cluster(data: Path) -> Path:
    """An empty cluster that the cluster's user owns."""
    user = cluster_user()
    data.mkdir()
    secret = data.parent / "pg.secret"
    secret.write_text(PASSWORDS["postgres"])
    if user:
        for path in (data, secret):
            shutil.chown(path, user, user)
    argv = [str(postgres_bin() / "initdb"), "-D", str(data), "-A", "scram-sha-256", f"--pwfile={secret}", "-N", "-U", "postgres",
            "--locale=C.UTF-8", "-E", "UTF8"]  # fmt: skip
    done = subprocess.run(
        argv, user=user, group=user, capture_output=True, text=True, check=False, cwd="/",
        env={**os.environ, "HOME": "/tmp"},
    )  # fmt: skip
    if done.returncode:
        raise BadInput(f"Mend the PostgreSQL installation, initdb failed: {done.stderr.strip()[-300:]}")
    with (data / "postgresql.conf").open("a") as file:
        file.write("include = 'shop.conf'\n")
    return data


def fill(port: int) -> None:
    """Roles, tables and first rows."""
    import psycopg

    def connect(dbname: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=port,
            user="postgres",
            password=PASSWORDS["postgres"],
            dbname=dbname,
            autocommit=True,
        )

    def answers() -> bool:
        try:
            connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    wait_for(answers, what="postgres")
    with connect("postgres") as admin:
        admin.execute("CREATE DATABASE shop")
    with connect("shop") as db:
        for statement in TABLES:
            db.execute(statement)
        for role in ("orders", "payment", "users"):
            db.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORDS[role]}'")
            db.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
            db.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}")
