"""The vectors of incidents: an embedded Chroma collection, one folder a generation, keyed by the hash of the text."""

from __future__ import annotations

import fcntl
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import ModelError
from aitia.core.state import Queries, Session

Rows = NDArray[np.float32]
TURN_S: Final = 0.2
AT_ONCE: Final = 1000  # vectors that are brought into pgvector's table together
_EXTRA: Final = ("chromadb", "onnxruntime", "tokenizers")
MISSING: Final = "compared by words and evidence only: pip install '.[memory]' adds comparison by meaning"


class Embeds(Protocol):
    """Texts to unit vectors, one row each."""

    sha256: str

    def embed(self, texts: Sequence[str]) -> Rows:
        """Shape (n, d), rows of length 1."""
        ...


def open_embedder(home: Path) -> tuple[Embeds | None, str]:
    """The embedding model, or None and the sentence that says why meaning is not compared."""
    if any(find_spec(name) is None for name in _EXTRA):
        return None, MISSING
    from aitia.models.embed import Embedder

    try:
        return Embedder(home=home), ""
    except ModelError as error:
        return None, f"compared by words and evidence only: {error}"


def failures() -> tuple[type[Exception], ...]:
    """What a damaged or unreadable index raises."""
    common = (sqlite3.Error, ValueError, RuntimeError, OSError)
    if find_spec("chromadb") is None:
        return common
    from chromadb.errors import ChromaError

    return (ChromaError, *common)


class VectorIndex:
    """One generation. Ids are hashes: no text of an incident is in it."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.api.shared_system_client import SharedSystemClient

        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = chromadb.config.Settings(anonymized_telemetry=False)
        self._held = 0  # how many there are, 0 where that is to be asked
        try:
            self._client: Any = chromadb.PersistentClient(path=str(folder), settings=settings)
        except failures() as error:  # what a damaged file makes it raise
            # Chroma keeps the half-started system and would hand it out the next time.
            SharedSystemClient._identifier_to_system.pop(str(folder), None)
            raise RuntimeError(f"its vectors cannot be opened: {str(error)[:100]}") from None
        self._rows: Any = self._client.get_or_create_collection(
            "incidents",
            embedding_function=None,  # vectors are always passed in: the default one would fetch a model
            configuration={"hnsw": {"space": "cosine"}},
        )

    def close(self) -> None:
        """Let go of the files."""
        getattr(self._client, "close", lambda: None)()

    def count(self) -> int:
        """How many vectors there are."""
        return int(self._rows.count())

    def add(self, hashes: Sequence[str], vectors: Rows) -> None:
        """Keep vectors; those that are there already stay the same."""
        self._held = 0
        self._rows.upsert(ids=list(hashes), embeddings=vectors)

    def nearest(self, vector: Rows, n: int) -> dict[str, float]:
        """The cosines of the n nearest, by hash."""
        self._held = self._held or self.count()
        asked = min(n, self._held)
        if not asked:
            return {}
        found = self._rows.query(query_embeddings=vector[None, :], n_results=asked, include=["distances"])
        return {i: 1.0 - float(d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)}

    def cosines(self, vector: Rows, hashes: Sequence[str]) -> dict[str, float]:
        """The cosines of some, by hash; those that have no vector are left out."""
        held, rows = self.vectors(hashes)
        return dict(zip(held, (rows @ vector).tolist(), strict=True)) if held else {}

    def vectors(self, hashes: Sequence[str]) -> tuple[list[str], Rows]:
        """Those that there are, with their hashes."""
        found = self._rows.get(ids=list(hashes), include=["embeddings"]) if hashes else {"ids": []}
        if not found["ids"]:
            return [], np.zeros((0, 0), dtype=np.float32)
        return list(found["ids"]), np.asarray(found["embeddings"], dtype=np.float32)


class ServerVectors:
    """One generation on the server that homes share: all are held in memory, and the nearest is exact."""

    def __init__(self, db: Session, generation: str) -> None:
        self._db, self._generation = db, generation
        self._all: tuple[list[str], Rows] | None = None

    def close(self) -> None:
        """Let go of what is held."""
        self._all = None

    def add(self, hashes: Sequence[str], vectors: Rows) -> None:
        """Keep vectors; those that are there already stay the same."""
        self._all = None
        rows = [
            (self._generation, h, v.astype("<f4").tobytes()) for h, v in zip(hashes, vectors, strict=True)
        ]
        query = "INSERT INTO vectors (generation, hash, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._db.executemany(query, rows)

    def nearest(self, vector: Rows, n: int) -> dict[str, float]:
        """The cosines of the n nearest, by hash."""
        hashes, rows = self._held()
        if not hashes:
            return {}
        cosines = rows @ vector
        best = np.argsort(-cosines, kind="stable")[:n]
        return {hashes[i]: float(cosines[i]) for i in best}

    def cosines(self, vector: Rows, hashes: Sequence[str]) -> dict[str, float]:
        """The cosines of some, by hash; those that have no vector are left out."""
        held, rows = self.vectors(hashes)
        return dict(zip(held, (rows @ vector).tolist(), strict=True)) if held else {}

    def vectors(self, hashes: Sequence[str]) -> tuple[list[str], Rows]:
        """Those that there are, with their hashes."""
        query = "SELECT hash, body FROM vectors WHERE generation = ? AND hash = ANY(?)"
        return _matrix(self._db.execute(query, (self._generation, list(hashes))).fetchall())

    def _held(self) -> tuple[list[str], Rows]:
        if self._all is None:
            query = "SELECT hash, body FROM vectors WHERE generation = ? ORDER BY hash"
            self._all = _matrix(self._db.execute(query, (self._generation,)).fetchall())
        return self._all


class ExtensionVectors(ServerVectors):
    """The same where the database has the extension pgvector: the server compares, exactly, and no process holds them all.

    `vectors` stays what is kept; `near` repeats it in pgvector's type, and what another replica wrote without it is filled in.
    """

    def __init__(self, db: Session, generation: str, schema: str) -> None:
        super().__init__(db, generation)
        self._type, self._product = f"{schema}.vector", f"OPERATOR({schema}.<#>)"
        self._whole = False

    def add(self, hashes: Sequence[str], vectors: Rows) -> None:
        """Keep vectors; those that are there already stay the same."""
        super().add(hashes, vectors)
        self._fill()

    def nearest(self, vector: Rows, n: int) -> dict[str, float]:
        """The cosines of the n nearest, by hash."""
        if not self._whole:
            self._fill()
        query = (  # pgvector's product is negative, so that its least is the nearest
            f"SELECT hash, v {self._product} asked AS less FROM near, CAST(? AS {self._type}) AS asked"
            " WHERE generation = ? ORDER BY less, hash LIMIT ?"
        )
        found = self._db.execute(query, (_written(vector), self._generation, n)).fetchall()
        return {h: -float(less) for h, less in found}

    def _fill(self) -> None:
        missing = (
            "SELECT hash, body FROM vectors LEFT JOIN near USING (generation, hash)"
            " WHERE generation = ? AND hash > ? AND v IS NULL ORDER BY hash LIMIT ?"
        )
        with turn(self._db):
            self._db.execute(
                'CREATE TABLE IF NOT EXISTS near (generation text COLLATE "C", hash text COLLATE "C",'
                f" v {self._type} NOT NULL, PRIMARY KEY (generation, hash),"
                " FOREIGN KEY (generation, hash) REFERENCES vectors ON DELETE CASCADE)"
            )
            last = ""
            while found := self._db.execute(missing, (self._generation, last, AT_ONCE)).fetchall():
                hashes, rows = _matrix(found)
                last = hashes[-1]
                self._db.execute(
                    f"INSERT INTO near SELECT ?, h, CAST(v AS {self._type}) FROM unnest(CAST(? AS text[]), CAST(? AS text[]))"
                    " AS t (h, v) ON CONFLICT DO NOTHING",
                    (self._generation, hashes, [*map(_written, rows)]),
                )
        self._whole = True


def on_server(db: Session, generation: str) -> ServerVectors:
    """One generation on a server, compared by its extension where the database has it (`CREATE EXTENSION vector`)."""
    schema = extension(db)
    return ExtensionVectors(db, generation, schema) if schema else ServerVectors(db, generation)


def extension(db: Queries) -> str:
    """The schema of pgvector, quoted; "" where this database has not got it."""
    found = db.execute(
        "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
        " WHERE extname = 'vector'"
    ).fetchone()
    return str(found[0]) if found else ""


def _written(vector: Rows) -> str:
    return f"[{','.join(map(repr, vector.tolist()))}]"


def _matrix(found: Sequence[tuple[str, bytes]]) -> tuple[list[str], Rows]:
    if not found:
        return [], np.zeros((0, 0), dtype=np.float32)
    return [h for h, _ in found], np.stack([np.frombuffer(body, dtype="<f4") for _, body in found])


@contextmanager
def turn(db: Session) -> Iterator[None]:
    """Hold the vectors of a server against other processes; as long as it takes, since embedding is slow."""
    while not db.execute("SELECT pg_try_advisory_lock(hashtext('aitia vectors'))").fetchone()[0]:
        time.sleep(TURN_S)
    try:
        yield
    finally:
        db.execute("SELECT pg_advisory_unlock(hashtext('aitia vectors'))")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the index against other processes: Chroma's files know only one writer."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
