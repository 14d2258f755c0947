"""The incident store: SQLite is the truth, words and evidence are indexed in it, vectors beside it.

from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import Query

with MemoryStore() as memory:
    for match in memory.search(Query(text="checkout answers with 5xx", component="checkout")):
        print(match.similarity, match.incident.title, match.why)
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.state import Session, server
from aitia.core.trail import Line, lines
from aitia.tools.memory import tables, words_index
from aitia.tools.memory.meaning import Meaning, OnProgress
from aitia.tools.memory.rows import plain, redacted_outcome, row_of
from aitia.tools.memory.schema import begin, connect, damage_of, said, set_meta, transaction
from aitia.tools.memory.search import search
from aitia.tools.memory.vectors import Embeds
from aitia.tools.memory.words import AuditEntry, Counts, Match, Outcome, PastIncident, Query

FILE: Final = Path("memory") / "incidents.sqlite"
BATCH: Final = 500  # incidents of one transaction
SOON: Final = 16  # incidents without a vector that a search gives one before it looks
_START: Final = (-1e18, "")  # before the first incident by time, and before those without a time


class MemoryStore:
    """`AITIA_HOME/memory/incidents.sqlite` and the vectors beside it, or both on the server that homes share (with `shared`).

    Safe for several threads and processes.

    Each change is one transaction with its line of the audit. Everything is redacted before it is kept. Every method
    raises BadInput where the database is damaged, of a newer schema, busy or not writable.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        embedder: Embeds | Literal["auto"] | None = "auto",
        shared: bool = True,
    ) -> None:
        home = home or aitia_home()
        self.path = home / FILE
        at = server() if shared else None
        self._db: Session = connect(self.path) if at is None else at.kept()
        self._at = at
        self._close = weakref.finalize(self, self._db.close)
        self._lock = threading.RLock()
        self._redactor = Redactor(load_key(home))
        self._meaning = Meaning(self._db, self.path.parent / "vectors", home, embedder, self._lock)

    def __enter__(self) -> MemoryStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._meaning.close()
            self._close()

    @property
    def note(self) -> str:
        """Why the last search did not, or not wholly, compare by meaning; "" where it did."""
        return self._meaning.note

    def put(self, incidents: Iterable[PastIncident], *, by: str) -> Counts:
        """Keep incidents, by id; what is kept already with the same content is passed over. A transaction a batch."""
        counts, source = Counts(), iter(incidents)
        while batch := list(itertools.islice(source, BATCH)):
            rows = {row.incident.id: row for row in (row_of(i, self._redactor) for i in batch)}
            with self._writing():
                known = tables.known(self._db, list(rows))
                new = [row for id, row in rows.items() if id not in known]
                changed = [row for id, row in rows.items() if id in known and known[id][1] != row.hash]
                tables.drop(self._db, [known[row.incident.id][0] for row in changed])
                tables.insert(self._db, [*new, *changed])
                done = Counts(
                    added=len(new), updated=len(changed), unchanged=len(batch) - len(new) - len(changed)
                )
                if new or changed:
                    self._audit(by, "put", f"{done.added} added, {done.updated} updated")
            counts += done
        return counts

    def get(self, id: str) -> PastIncident:
        """One incident. Raises BadInput that names the id."""
        with self._reading():
            kept = self._redactor.text(plain(id))
            found = self._db.execute("SELECT body FROM incidents WHERE id = ?", (kept,)).fetchone()
        if found is None:
            raise BadInput(f"There is no incident {id!r}. Give an id from `aitia memory list`.")
        return PastIncident.model_validate_json(found[0])

    def all(self) -> Iterator[PastIncident]:
        """All incidents by time, then id; those without a time come first."""
        place = _START
        while True:
            with self._reading():
                rows = self._db.execute(
                    "SELECT coalesce(at, -1e18), id, body FROM incidents WHERE (coalesce(at, -1e18), id) > (?, ?)"
                    " ORDER BY coalesce(at, -1e18), id LIMIT ?",
                    (*place, BATCH),
                ).fetchall()
            if not rows:
                return
            yield from (PastIncident.model_validate_json(body) for _, _, body in rows)
            place = (rows[-1][0], rows[-1][1])

    def newest(self, limit: int, *, before: datetime | None = None) -> list[PastIncident]:
        """The latest incidents that were over before a moment, latest first."""
        moment = before.timestamp() if before is not None else 1e18
        with self._reading():
            rows = self._db.execute(
                "SELECT body FROM incidents WHERE ended IS NULL OR ended < ? ORDER BY at DESC NULLS LAST, id LIMIT ?",
                (moment, limit),
            ).fetchall()
        return [PastIncident.model_validate_json(body) for (body,) in rows]

    def count(self) -> int:
        """How many incidents there are."""
        with self._reading():
            return int(self._db.execute("SELECT count(*) FROM incidents").fetchone()[0])

    def twins(self, incidents: Sequence[PastIncident]) -> dict[str, str]:
        """Those that another one is a record of, kept or earlier among them: its id by theirs (`rows.twin_key`)."""
        with self._reading():
            return tables.twins(self._db, incidents, self._redactor)

    def of_runs(self, incidents: Sequence[PastIncident]) -> set[str]:
        """The ids of those that would overwrite, with other content, what a person said of a run."""
        with self._reading():
            return tables.of_runs(self._db, incidents, self._redactor)

    def remove(self, ids: Sequence[str], *, by: str) -> int:
        """Really delete incidents, their vectors, and what was said of the runs that they came from; how many.

        The database is written anew, and so are the vectors. The audit keeps a hash of each id.
        """
        wanted = list(dict.fromkeys(self._redactor.text(plain(id)) for id in ids))
        with self._writing():
            known = tables.known(self._db, wanted)
            if known:
                numbers = [number for number, _ in known.values()]
                tables.drop_outcomes(self._db, numbers)
                tables.drop(self._db, numbers)
                self._audit(by, "remove", f"{len(known)} removed: {' '.join(map(tables.id_hash, known))}")
                set_meta(self._db, "purge", "1")
        self._purge()
        return len(known)

    def search(self, query: Query, *, top: int = 5) -> list[Match]:
        """The similar incidents, best first, each with the score of every part; [] where none is similar enough.

        Incidents that were not over before `query.before`, and those whose id or run is excluded, are not found.
        """
        with self._reading():
            self._meaning.catch_up(most=SOON)
            return search(self._db, self._meaning, query, top=top)

    def embed(self, *, on_progress: OnProgress | None = None) -> int:
        """Give all incidents that wait for a vector one; how many. Can be interrupted and repeated."""
        return self._meaning.catch_up(on_progress=on_progress)

    def pending(self) -> int:
        """How many incidents have no vector yet."""
        with self._reading():
            return self._meaning.pending()

    def stats(self) -> dict[str, int | str]:
        """What `aitia memory stats` tells; bytes are those of the whole folder."""
        with self._reading():
            told = tables.sizes(self._db)
        if self._at is not None:
            with self._reading():
                return told | {"bytes": tables.server_bytes(self._db), "folder": self._at.where}
        folder = self.path.parent
        told["bytes"] = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
        told["folder"] = str(folder)
        return told

    def settle(self) -> None:
        """After many changes: make the index of words quick to ask."""
        with self._writing():
            words_index.merge(self._db)

    def reindex(self, *, on_progress: OnProgress | None = None) -> None:
        """Build the indexes of words and evidence anew from the rows, and write the vectors anew. Raises BadInput."""
        with self._reading():
            state = damage_of(self._db)
        if state != "ok":
            raise BadInput(f"{str(self.path)!r} is damaged ({state}). Restore it from a copy.")
        with self._writing():
            total = tables.rebuild(self._db, self._redactor, on_progress)
            self._audit("aitia", "reindex", f"{total} incidents")
        self._purge()
        self._meaning.renew(on_progress=on_progress)
        self._meaning.catch_up(on_progress=on_progress)

    def record(self, outcome: Outcome) -> int:
        """Keep what a person said of a run; its number."""
        kept = redacted_outcome(outcome, self._redactor)
        with self._writing():
            number = tables.add_outcome(self._db, kept)
            self._audit(kept.by, "record", f"run {kept.run}: {'right' if kept.right else 'wrong'}")
        return number

    def outcomes(self, run: str = "") -> list[Outcome]:
        """What was said and not taken back, in the order in which it was said; of one run, or of all."""
        with self._reading():
            return tables.outcomes(self._db, run)

    def revert(self, run: str, *, by: str) -> bool:
        """Take back all that was said of a run; whether there was anything."""
        with self._writing():
            if done := tables.revert_outcomes(self._db, run):
                self._audit(by, "revert", f"run {run}: {done} undone")
        return done > 0

    def audit(self) -> list[AuditEntry]:
        """Every change, oldest first."""
        with self._reading():
            return tables.audit(self._db)

    def trail(self) -> list[Line]:
        """The same as a chain of hashes; on a server with what was asked of the doors."""
        with self._reading():
            return list(lines(self._db))

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is kept, recorded or taken back within is one transaction; nothing can be removed in it."""
        with self._lock:
            with said(self.path):
                begin(self._db)
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            with said(self.path):
                self._db.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, said(self.path):
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, said(self.path), transaction(self._db):
            yield

    def _purge(self) -> None:
        with self._reading():
            if tables.to_wipe(self._db):
                self._meaning.renew(at_any_cost=True)
                tables.wipe(self._db, self.path)

    def _audit(self, by: str, what: str, detail: str) -> None:
        tables.add_audit(self._db, self._redactor, by, what, detail)
