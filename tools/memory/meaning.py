"""Comparison by meaning: which generation of vectors is in force, which incidents still wait for one, and the search.

SQLite says which generation is in force and how often it was written (`meta`, key `vectors`), so that a process sees
when another one has written and opens the index anew. A vector that no incident has any more is dropped by `renew`.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import numpy as np

from aitia.core.events import Progress
from aitia.core.state import Session
from aitia.tools.memory.rows import embedded_text
from aitia.tools.memory.schema import meta, set_meta, transaction
from aitia.tools.memory.vectors import (
    Embeds,
    Rows,
    ServerVectors,
    VectorIndex,
    failures,
    on_server,
    open_embedder,
    turn,
    writing,
)
from aitia.tools.memory.words import PastIncident
from aitia.tools.memory.words_index import chunks

OnProgress = Callable[[Progress], None]
BATCH: Final = 32  # texts that are embedded and committed together
WHAT: Final = "embedding"
UNREADABLE: Final = "compared by words and evidence only: run `aitia memory reindex` ({})"


class Meaning:
    """The vectors of one store. `note` says why meaning is not, or not wholly, compared."""

    def __init__(
        self,
        db: Session,
        folder: Path,
        home: Path,
        embedder: Embeds | Literal["auto"] | None,
        lock: threading.RLock,
    ) -> None:
        self._db, self._folder, self._home, self._lock = db, folder, home, lock
        self._given = embedder
        self._opened: tuple[str, VectorIndex | ServerVectors] | None = None
        self._model: Embeds | None = None
        self._looked = False
        self.note = ""

    def embedder(self) -> Embeds | None:
        """The model, opened on first use."""
        with self._lock:
            if not self._looked:
                self._looked = True
                if self._given == "auto":
                    self._model, self.note = open_embedder(self._home)
                else:
                    self._model = self._given
                    self.note = "" if self._given else "compared by words and evidence only"
            return self._model

    def pending(self) -> int:
        """How many incidents have no vector yet."""
        return int(self._db.execute("SELECT count(*) FROM incidents WHERE embedded = 0").fetchone()[0])

    def nearest(self, text: str, top: int) -> tuple[Rows, dict[str, float]] | None:
        """The query's vector and the cosines of the nearest texts by hash; None where meaning cannot be compared."""
        model = self.embedder()
        if model is None:
            return None
        try:
            with self._lock:
                index = self._index()
                asked = model.embed([text])[0]
                found = index.nearest(asked, top) if index is not None else {}
        except failures() as error:
            self.note = UNREADABLE.format(error)
            return None
        left = self.pending()
        self.note = f"{left} incidents have no vector yet: run `aitia memory reindex`" if left else ""
        return asked, found

    def cosines(self, asked: Rows, hashes: Sequence[str]) -> dict[str, float]:
        """The cosines of some texts by hash."""
        with self._lock:
            index = self._index()
            return index.cosines(asked, sorted(set(hashes))) if index is not None else {}

    def catch_up(self, *, most: int | None = None, on_progress: OnProgress | None = None) -> int:
        """Give incidents that wait for a vector one, batch by batch; how many. An interrupted call can be repeated."""
        model = self.embedder()
        if model is None or self._db.execute("SELECT 1 FROM incidents LIMIT 1").fetchone() is None:
            return 0
        done = 0
        try:
            with self._lock, self._turn():
                self._index(model, make=True)
            total = min(self.pending(), most if most is not None else 1 << 60)
            while done < total and (made := self._embed(model, min(BATCH, total - done))):
                done += made
                if on_progress is not None:
                    on_progress(Progress(what=WHAT, done=done, total=total, unit="incidents"))
        except failures() as error:
            self.note = UNREADABLE.format(error)
        return done

    def _embed(self, model: Embeds, most: int) -> int:
        with self._lock, self._turn():
            index = self._index(model, make=True)
            rows = self._db.execute(
                "SELECT number, text_hash, body FROM incidents WHERE embedded = 0 ORDER BY number DESC LIMIT ?",
                (most,),
            ).fetchall()
            if rows and index is not None:
                texts = {h: embedded_text(PastIncident.model_validate_json(body)) for _, h, body in rows}
                index.add(list(texts), model.embed(list(texts.values())))
                self._mark(rows)
            return len(rows)

    def renew(self, *, on_progress: OnProgress | None = None, at_any_cost: bool = False) -> None:
        """Write a new generation with the whole vectors of incidents that there are, and delete the old one.

        Where the old one cannot be read all vectors are dropped and the incidents wait for new ones; so they do without
        chromadb `at_any_cost`, since what was removed must go.
        """
        if not self._has_any() or not (at_any_cost or find_spec("chromadb")):
            return
        with self._lock, self._turn():
            state = self._state()
            kept: set[str] = set()
            made = ""
            try:
                if state[0] and find_spec("chromadb") is not None:
                    made = f"{state[0].rpartition('-')[0]}-{state[1] + 1}"
                    kept = self._copy(made, on_progress)
            except failures():
                kept = set()
            self._close()
            with transaction(self._db):
                held = self._db.execute(
                    "SELECT DISTINCT text_hash FROM incidents WHERE embedded = 1"
                ).fetchall()
                lost = [(h,) for (h,) in held if h not in kept]
                self._db.executemany("UPDATE incidents SET embedded = 0 WHERE text_hash = ?", lost)
                set_meta(self._db, "vectors", f"{made if kept else ''} {state[1] + 1}")
            self._drop(lambda name: name != (made if kept else ""))

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self._close()

    def _vectors(self, generation: str) -> VectorIndex | ServerVectors:
        if isinstance(self._db, sqlite3.Connection):
            return VectorIndex(self._folder / generation)
        return on_server(self._db, generation)

    def _turn(self) -> AbstractContextManager[None]:
        return writing(self._folder) if isinstance(self._db, sqlite3.Connection) else turn(self._db)

    def _has_any(self) -> bool:
        if isinstance(self._db, sqlite3.Connection):
            return self._folder.exists()
        return bool(self._state()[0])

    def _drop(self, which: Callable[[str], bool]) -> None:
        """Delete generations by name."""
        if isinstance(self._db, sqlite3.Connection):
            for folder in self._folder.iterdir():
                if folder.is_dir() and which(folder.name):
                    shutil.rmtree(folder)
            return
        for (name,) in self._db.execute("SELECT DISTINCT generation FROM vectors").fetchall():
            if which(name):
                self._db.execute("DELETE FROM vectors WHERE generation = ?", (name,))

    def _copy(self, made: str, on_progress: OnProgress | None) -> set[str]:
        kept: set[str] = set()
        old = self._index()
        if old is None:
            return kept
        query = "SELECT DISTINCT text_hash FROM incidents WHERE embedded = 1"
        wanted = sorted(h for (h,) in self._db.execute(query))
        self._drop(lambda name: name == made)
        new, done = self._vectors(made), 0
        try:
            for some in chunks(wanted):
                hashes, rows = old.vectors(some)
                whole = [i for i in range(len(hashes)) if abs(np.linalg.norm(rows[i]) - 1.0) < 1e-3]
                if whole:
                    new.add([hashes[i] for i in whole], rows[whole])
                    kept |= {hashes[i] for i in whole}
                done += len(some)
                if on_progress is not None:
                    on_progress(Progress(what="vectors", done=done, total=len(wanted), unit="incidents"))
        finally:
            new.close()
        return kept

    def _mark(self, rows: Sequence[tuple[int, str, str]]) -> None:
        generation, writes = self._state()
        with transaction(self._db):
            self._db.executemany(
                "UPDATE incidents SET embedded = 1 WHERE number = ? AND text_hash = ?",
                [(number, h) for number, h, _ in rows],
            )
            set_meta(self._db, "vectors", f"{generation} {writes + 1}")
        if self._opened is not None:
            self._opened = (f"{generation} {writes + 1}", self._opened[1])

    def _state(self) -> tuple[str, int]:
        generation, _, writes = meta(self._db, "vectors", " 0").rpartition(" ")
        return generation, int(writes)

    def _index(
        self, model: Embeds | None = None, *, make: bool = False
    ) -> VectorIndex | ServerVectors | None:
        """The generation in force, opened anew where another process has written; None where there is none."""
        model = model or self._model
        generation, writes = self._state()
        if model is not None and generation.rpartition("-")[0] != model.sha256[:12]:
            if not make:
                return None
            generation = f"{model.sha256[:12]}-{writes + 1}"
            with transaction(self._db):  # another model's vectors cannot be compared
                self._db.execute("UPDATE incidents SET embedded = 0")
                set_meta(self._db, "vectors", f"{generation} {writes + 1}")
            writes += 1
        if not generation:
            return None
        state = f"{generation} {writes}"
        if self._opened is None or self._opened[0] != state:
            self._close()
            self._opened = (state, self._vectors(generation))
        return self._opened[1]

    def _close(self) -> None:
        if self._opened is not None:
            with suppress(*failures()):
                self._opened[1].close()
            self._opened = None
