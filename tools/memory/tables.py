"""Rows in and out of the tables, each function within its caller's transaction, and what leaves no byte behind."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aitia.core import trail
from aitia.core.errors import BadInput
from aitia.core.events import Progress
from aitia.core.redact import Redactor
from aitia.core.state import Session
from aitia.tools.memory import evidence_index, words_index
from aitia.tools.memory.rows import Row, cleaned, known_from, plain, row_of, twin_key
from aitia.tools.memory.schema import meta, transaction
from aitia.tools.memory.words import AuditEntry, Outcome, PastIncident

OnProgress = Callable[[Progress], None]


def known(db: Session, ids: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Number and content hash of the ids that are kept."""
    found: dict[str, tuple[int, bytes]] = {}
    for some in words_index.chunks(ids):
        marks = ",".join("?" * len(some))
        query = f"SELECT id, number, hash FROM incidents WHERE id IN ({marks})"
        found |= {id: (number, digest) for id, number, digest in db.execute(query, some)}
    return found


def twins(db: Session, incidents: Sequence[PastIncident], redactor: Redactor) -> dict[str, str]:
    """Ids of incidents that are not kept, with the id of the other record: one that is kept, or an earlier one of these."""
    keys = {i.id: twin_key(i, redactor) for i in incidents}
    ids = {i.id: cleaned(i.id, redactor) for i in incidents}
    kept = known(db, list(ids.values()))
    first: dict[bytes, str] = {}
    for some in words_index.chunks([key for key in keys.values() if key]):
        marks = ",".join("?" * len(some))
        query = f"SELECT twin, id FROM incidents WHERE twin IN ({marks}) ORDER BY number DESC"
        first |= dict(db.execute(query, some))
    found: dict[str, str] = {}
    for id, key in keys.items():
        if key and ids[id] not in kept and first.setdefault(key, ids[id]) != ids[id]:
            found[id] = first[key]
    return found


def of_runs(db: Session, incidents: Sequence[PastIncident], redactor: Redactor) -> set[str]:
    """Ids under which an incident with other content is kept that came from a run."""
    held: dict[str, bytes] = {}
    for some in words_index.chunks([cleaned(i.id, redactor) for i in incidents]):
        query = f"SELECT id, hash FROM incidents WHERE run <> '' AND id IN ({','.join('?' * len(some))})"
        held |= dict(db.execute(query, some))
    return {
        i.id
        for i in incidents
        if (digest := held.get(cleaned(i.id, redactor))) and digest != row_of(i, redactor).hash
    }


def insert(db: Session, rows: Sequence[Row]) -> None:
    """New incidents with their words and evidence; they wait for a vector."""
    made: list[tuple[int, Row]] = []
    for row in rows:
        i = row.incident
        at, moved = i.at.timestamp() if i.at else None, "\n".join(i.fingerprint)
        number = db.execute(
            "INSERT INTO incidents (id, at, ended, component, run, moved, hash, twin, text_hash, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
            (i.id, at, known_from(i), i.component, i.run, moved, row.hash, row.twin, row.text_hash, row.body),
        ).fetchone()[0]
        made.append((int(number), row))
    _index(db, made)


def drop(db: Session, numbers: Sequence[int]) -> None:
    """Incidents and what the indexes hold of them."""
    words_index.drop(db, numbers)
    evidence_index.drop(db, numbers)
    for some in words_index.chunks(numbers):
        db.execute(f"DELETE FROM incidents WHERE number IN ({','.join('?' * len(some))})", some)


def drop_outcomes(db: Session, numbers: Sequence[int]) -> None:
    """What was said of the runs that these incidents came from."""
    for some in words_index.chunks(numbers):
        runs = f"SELECT run FROM incidents WHERE number IN ({','.join('?' * len(some))}) AND run <> ''"
        db.execute(f"DELETE FROM outcomes WHERE run IN ({runs})", some)


def rebuild(db: Session, redactor: Redactor, on_progress: OnProgress | None) -> int:
    """The indexes of words and evidence anew from the rows; how many."""
    words_index.empty(db)
    evidence_index.empty(db)
    numbers = [n for (n,) in db.execute("SELECT number FROM incidents ORDER BY number")]
    done = 0
    for some in words_index.chunks(numbers):
        marks = ",".join("?" * len(some))
        found = db.execute(f"SELECT number, body FROM incidents WHERE number IN ({marks})", some)
        _index(db, [(n, row_of(PastIncident.model_validate_json(b), redactor)) for n, b in found])
        done += len(some)
        if on_progress is not None:
            on_progress(Progress(what="words and evidence", done=done, total=len(numbers), unit="incidents"))
    words_index.merge(db)
    return len(numbers)


def wipe(db: Session, path: Path) -> None:
    """Write the database anew, so that no byte of what was removed stays; outside any transaction. Raises BadInput."""
    if not isinstance(db, sqlite3.Connection):
        _wipe_server(db)
        return
    with transaction(db):
        words_index.merge(db)
    db.execute("VACUUM")
    if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise BadInput(
            f"The removed data can no longer be found, but another aitia process has {str(path)!r} open, "
            "so its bytes are still there. Stop the other aitia processes and repeat."
        )
    with transaction(db):
        db.execute("DELETE FROM meta WHERE key = 'purge'")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _wipe_server(db: Session) -> None:
    """Its tables anew. The server's write-ahead log, and backups, are its administrator's."""
    for table in ("incidents", "words", "frequency", "tokens", "moved", "outcomes", "vectors"):
        db.execute(f"VACUUM FULL {table}")
    db.execute("DELETE FROM meta WHERE key = 'purge'")


def server_bytes(db: Session) -> int:
    """What the tables of the memory take on a server, with their indexes."""
    tables = ("incidents", "words", "frequency", "tokens", "moved", "outcomes", "audit", "vectors")
    marks = " + ".join("pg_total_relation_size(?::regclass)" for _ in tables)
    return int(db.execute(f"SELECT {marks}", tables).fetchone()[0])


def to_wipe(db: Session) -> bool:
    """Whether something was removed whose bytes may be there yet, by this process or one that was stopped."""
    return bool(meta(db, "purge"))


_SIZES: Final = {
    "incidents": "SELECT count(*) FROM incidents",
    "confirmed": """SELECT count(*) FROM incidents WHERE body LIKE '%"confirmed":true%'""",
    "outcomes": "SELECT count(*) FROM outcomes WHERE reverted = 0",
    "words": "SELECT count(*) FROM frequency",
    "evidence_tokens": "SELECT count(*) FROM tokens",
    "without_vector": "SELECT count(*) FROM incidents WHERE embedded = 0",
}


def sizes(db: Session) -> dict[str, int | str]:
    """How much there is."""
    return {name: int(db.execute(query).fetchone()[0]) for name, query in _SIZES.items()}


def add_outcome(db: Session, outcome: Outcome) -> int:
    """What a person said of a run; its number."""
    row = (outcome.run, outcome.at.timestamp(), outcome.model_dump_json())
    query = "INSERT INTO outcomes (run, at, body, reverted) VALUES (?, ?, ?, 0) RETURNING number"
    return int(db.execute(query, row).fetchone()[0])


def revert_outcomes(db: Session, run: str) -> int:
    """Take back all that was said of a run; how much."""
    return db.execute("UPDATE outcomes SET reverted = 1 WHERE run = ? AND reverted = 0", (run,)).rowcount


def outcomes(db: Session, run: str) -> list[Outcome]:
    """What was said and not taken back, of one run or, with "", of all."""
    query = "SELECT body FROM outcomes WHERE reverted = 0 AND (? = '' OR run = ?) ORDER BY number"
    return [Outcome.model_validate_json(body) for (body,) in db.execute(query, (run, run))]


def add_audit(db: Session, redactor: Redactor, by: str, what: str, detail: str) -> None:
    """A line of the audit."""
    at = datetime.now(tz=UTC).timestamp()
    row = (at, redactor.text(plain(by)), what, redactor.text(plain(detail)))
    db.execute('INSERT INTO audit (at, "by", what, detail) VALUES (?, ?, ?, ?)', row)
    trail.append(db, who=row[1], what=what, about="memory", detail=row[3])


def audit(db: Session) -> list[AuditEntry]:
    """Every change, oldest first."""
    return [
        AuditEntry(at=datetime.fromtimestamp(at, tz=UTC), by=by, what=what, detail=detail)
        for at, by, what, detail in db.execute('SELECT at, "by", what, detail FROM audit ORDER BY number')
    ]


def id_hash(id: str) -> str:
    """By what the audit names an incident that is no longer there."""
    return hashlib.sha256(id.encode()).hexdigest()[:12]


def _index(db: Session, rows: Sequence[tuple[int, Row]]) -> None:
    words_index.add(db, [(number, row.strong, row.rest) for number, row in rows])
    evidence_index.add(db, [(number, row.incident.fingerprint) for number, row in rows])
