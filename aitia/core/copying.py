"""From the SQLite files of a home to a server, batch by batch: what an interrupted copy brought is not brought again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from aitia.core import trail
from aitia.core.database import querying
from aitia.core.errors import BadInput
from aitia.core.events import Progress

if TYPE_CHECKING:
    from aitia.core.postgres import Postgres, Speaks

BATCH: Final = 500  # rows of one transaction
OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of a file."""

    file: str
    name: str
    key: str = "rowid"  # by what its rows are read in order
    serial: str = ""  # the column that the server counts on from
    only: str = "1"  # which rows
    version: int = 1  # of the file's schema that is read


_MEMORY: Final = "memory/incidents.sqlite"
# Rows that others refer to come first. Values of the memory that are about its own file stay.
TABLES: Final = (
    *(Table(file="jobs.sqlite", name=name) for name in ("jobs", "alerts")),
    Table(file="jobs.sqlite", name="parts", key="number", serial="number"),
    Table(file="jobs.sqlite", name="marks", key="job, mark"),
    Table(file="access.sqlite", name="access_tokens"),
    *(Table(file="slack.sqlite", name=name, version=0) for name in ("inbox", "threads", "answers")),
    *(
        Table(file=_MEMORY, name=name, serial="number")
        for name in ("incidents", "tokens", "outcomes", "audit")
    ),
    Table(file=_MEMORY, name="words"),
    Table(file=_MEMORY, name="frequency", key="term"),
    Table(file=_MEMORY, name="moved", key="token, incident"),
    Table(file=_MEMORY, name="meta", key="key", only="key not in ('purge', 'vectors')"),
)


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What became of one table: rows in the file, brought now or before, and those that the server had already."""

    file: str
    name: str
    rows: int
    brought: int
    known: int

    @property
    def whole(self) -> bool:
        """Whether every row of the file is on the server."""
        return self.rows == self.brought + self.known


def copy(home: Path, server: Postgres, *, on_progress: OnProgress | None = None) -> list[Copied]:
    """Bring every table that the home has. Can be stopped and repeated. Raises StoreError, BadInput.

    Incidents are brought into a memory that is empty, or that an earlier copy of the same file began: their numbers would
    meet others. Their vectors are made anew where they are searched.
    """
    with server.writing(alone="copy") as db:
        db.execute(
            "create table if not exists copied (file text, name text, place text not null, brought bigint not null,"
            " known bigint not null, primary key (file, name))"
        )
    done = []
    for file in (home / "jobs.sqlite", home / "access.sqlite", home / _MEMORY):
        _link(file, server)
    for table in TABLES:
        if _holds(home / table.file, table.name):
            done.append(_copy(home / table.file, table, server, on_progress))
    return done


def _holds(file: Path, table: str) -> bool:
    """Whether a file has the table: one that an earlier version wrote lacks what came since."""
    if not file.is_file():
        return False
    with querying(file), closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source:
        return source.execute("select 1 from sqlite_master where name = ?", [table]).fetchone() is not None


def _link(file: Path, server: Postgres) -> None:
    """The chain of a file stays in it: the server's own goes on from its last hash. Once for each file."""
    if not file.is_file():
        return
    with querying(file), closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source:
        if source.execute("select 1 from sqlite_master where name = 'trail'").fetchone() is None:
            return
        last = source.execute("select number, hash from trail order by number desc limit 1").fetchone()
    if last is None:
        return
    with server.writing(alone="copy") as db:
        if db.execute("select 1 from copied where file = ?", [str(file.resolve())]).fetchone() is None:
            detail = {"file": file.name, "lines": last[0], "head": last[1]}
            trail.append(db, who="aitia", what="copy", about="state", detail=detail)


def _copy(file: Path, table: Table, server: Postgres, on_progress: OnProgress | None) -> Copied:
    named = str(file.resolve())
    with querying(file), closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source:
        _check(source, file, table, server)
        (rows,) = source.execute(f"select count(*) from {table.name} where {table.only}").fetchone()
        brought = known = 0
        more = True
        while more:
            with server.writing(alone="copy") as db:
                place, brought, known = _so_far(db, named, table)
                batch = _batch(source, table, place)
                more = bool(batch)
                if batch:
                    new = _put(db, table, batch)
                    brought, known = brought + new, known + len(batch) - new
                    _note(db, named, table, _place(batch[-1], table), brought, known)
            if on_progress is not None:
                what = f"{table.file} {table.name}"
                on_progress(Progress(what=what, done=brought + known, total=rows, unit="rows"))
    return Copied(file=table.file, name=table.name, rows=rows, brought=brought, known=known)


def _check(source: sqlite3.Connection, file: Path, table: Table, server: Postgres) -> None:
    """The file is one that this version reads, and the server's memory is empty or was begun from it."""
    source.row_factory = sqlite3.Row
    (version,) = source.execute("pragma user_version").fetchone()
    if version != table.version:
        raise BadInput(
            f"{str(file)!r} has schema {version}, this aitia copies {table.version}. Open it once with this one."
        )
    if table.file != _MEMORY or table.name != "incidents":
        return
    with server.reading() as db:
        begun = db.execute("select 1 from copied where file = ?", [str(file.resolve())]).fetchone()
        held = db.execute("select 1 from incidents limit 1").fetchone()
    if held and not begun and source.execute("select 1 from incidents limit 1").fetchone():
        raise BadInput(
            f"The memory at {server.where} is not empty. Bring the incidents of {str(file)!r} with `aitia memory export` "
            "and `aitia memory import`, and move the file away to copy the rest."
        )


def _so_far(db: Speaks, named: str, table: Table) -> tuple[list[Any], int, int]:
    row = db.execute(
        "select place, brought, known from copied where file = ? and name = ?", [named, table.name]
    ).fetchone()
    return (json.loads(row[0]), row[1], row[2]) if row is not None else ([], 0, 0)


def _note(db: Speaks, named: str, table: Table, place: Sequence[Any], brought: int, known: int) -> None:
    db.execute(
        "insert into copied values (?, ?, ?, ?, ?) on conflict (file, name) do update set place = excluded.place,"
        " brought = excluded.brought, known = excluded.known",
        [named, table.name, json.dumps(place), brought, known],
    )


def _batch(source: sqlite3.Connection, table: Table, place: Sequence[Any]) -> list[sqlite3.Row]:
    after = f"and ({table.key}) > ({', '.join('?' * len(place))})" if place else ""
    read = (
        "rowid, *" if table.name == "words" else "*" if table.key != "rowid" else "*, rowid as place_in_file"
    )
    query = f"select {read} from {table.name} where {table.only} {after} order by {table.key} limit {BATCH}"
    return cast("list[sqlite3.Row]", source.execute(query, list(place)).fetchall())


def _place(row: sqlite3.Row, table: Table) -> list[Any]:
    if table.key == "rowid":
        return [row["rowid" if table.name == "words" else "place_in_file"]]
    return [row[name] for name in table.key.split(", ")]


def _put(db: Speaks, table: Table, batch: Sequence[sqlite3.Row]) -> int:
    """How many of them were new."""
    names = [name for name in batch[0].keys() if name != "place_in_file"]  # noqa: SIM118 (a Row is no dict)
    marks = ", ".join("0" if name == "embedded" else "?" for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    rows = [[row[name] for name in names if name != "embedded"] for row in batch]
    query = f"insert into {table.name} ({columns}) values ({marks}) on conflict do nothing"
    new = db.executemany(query, rows)
    if table.serial:
        db.execute(
            f"select setval(pg_get_serial_sequence('{table.name}', '{table.serial}'), max({table.serial}))"
            f" from {table.name}"
        )
    return new
