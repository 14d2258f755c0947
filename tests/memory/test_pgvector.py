"""Vectors on a server whose database has pgvector: the same answers as without it, and nothing that stays behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import psycopg
import pytest

from aitia.core import migrations
from aitia.core.postgres import Kept, Postgres
from aitia.tools.memory.vectors import ExtensionVectors, Rows, ServerVectors, extension, on_server
from tests.database import Server

DIMENSIONS = 384


@pytest.fixture
def url(database_server: Server) -> str:
    """A database with the extension; skips where the server has not got it."""
    made = database_server.database()
    with psycopg.connect(made, autocommit=True) as db:
        there = db.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone()
        if there is None:
            pytest.skip("pgvector is not installed")
        db.execute("CREATE EXTENSION vector")
    return made


@pytest.fixture
def db(url: str) -> Iterator[Kept]:
    kept = Postgres(url).kept()
    yield kept
    kept.close()


def unit(n: int, seed: int = 0) -> Rows:
    drawn = np.random.default_rng(seed).standard_normal((n, DIMENSIONS)).astype(np.float32)
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def count(db: Kept) -> int:
    return int(db.execute("SELECT count(*) FROM near").fetchone()[0])


def test_the_extension_finds_what_memory_finds_in_the_same_order(db: Kept) -> None:
    rows = unit(2500)
    hashes = [f"h{n:04}" for n in range(len(rows))]
    by_memory, by_server = ServerVectors(db, "g-1"), on_server(db, "g-1")
    assert isinstance(by_server, ExtensionVectors)
    assert by_server.nearest(rows[0], 5) == {}
    by_server.add(hashes, rows)
    for asked in unit(10, seed=1):
        expected, found = by_memory.nearest(asked, 40), by_server.nearest(asked, 40)
        assert list(found) == list(expected)
        assert list(found.values()) == pytest.approx(list(expected.values()), abs=1e-5)
    assert by_server.nearest(rows[7], 1) == {"h0007": pytest.approx(1.0, abs=1e-5)}


def test_what_a_replica_without_it_wrote_is_compared_too(db: Kept) -> None:
    rows = unit(3)
    ServerVectors(db, "g-1").add(["a", "b"], rows[:2])
    ServerVectors(db, "g-2").add(["elsewhere"], rows[2:])
    assert list(on_server(db, "g-1").nearest(rows[1], 9)) == ["b", "a"]
    assert list(on_server(db, "g-2").nearest(rows[1], 9)) == ["elsewhere"]


def test_a_vector_that_is_deleted_is_gone_from_both_tables(db: Kept) -> None:
    index = on_server(db, "g-1")
    index.add(["a", "b"], unit(2))
    db.execute("DELETE FROM vectors WHERE hash = 'a'")
    assert count(db) == 1
    assert list(index.nearest(unit(1)[0], 9)) == ["b"]


def test_a_database_without_it_does_without(database_server: Server) -> None:
    db = Postgres(database_server.database()).kept()
    assert extension(db) == ""
    assert type(on_server(db, "g-1")) is ServerVectors
    db.close()


def test_the_schema_goes_back_with_its_table_and_forward_again(url: str, db: Kept) -> None:
    on_server(db, "g-1").add(["a"], unit(1))
    server = Postgres(url)
    assert "near" in migrations.migrate(server, to=2)
    assert db.execute("SELECT to_regclass('near'), to_regclass('vectors')").fetchone() == (None, None)
    migrations.migrate(server)
    index = on_server(db, "g-1")
    index.add(["a"], unit(1))
    assert list(index.nearest(unit(1)[0], 9)) == ["a"]
