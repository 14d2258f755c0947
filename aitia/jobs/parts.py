"""What alerts say that joined a job: a row for each message, so that one more costs the same however many there are.

A worker puts the rows into the incident when it claims the job; what comes while it works is the job's next revision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from aitia.core.state import Queries
from aitia.core.words import Alert, Incident
from aitia.jobs.joining import MOST, folded

TABLE: Final = """
create table if not exists parts (
  number integer primary key autoincrement, job text not null, body text not null, seen integer not null default 0
);
create index if not exists parts_job on parts (job, number);
create table if not exists marks (job text not null, mark text not null, ends text not null, primary key (job, mark));
"""
ONE: Final = "parts"  # numbers are given in the order of commits: who reads on from one misses none
_NONE: Final = "none"  # the mark of a job whose own incident holds no alert


def add(db: Queries, job: str, incident: Incident) -> bool:
    """Keep what a message says; whether it says more than is known: another alert, or one that ended or began anew."""
    if db.execute("select 1 from marks where job = ? limit 1", [job]).fetchone() is None:
        row = db.execute("select incident, later from jobs where id = ?", [job]).fetchone()
        mark(db, job, Incident.model_validate_json(row["later"] or row["incident"]).alerts)
        db.execute("insert into marks values (?, ?, '')", [job, _NONE])
    if not mark(db, job, incident.alerts):
        return False
    db.execute("insert into parts (job, body) values (?, ?)", [job, incident.model_dump_json()])
    return True


def mark(db: Queries, job: str, alerts: Iterable[Alert]) -> int:
    """Note that a job knows these alerts; how many it did not know as they are now."""
    query = (
        "insert into marks values (?, ?, ?) on conflict (job, mark) do update set ends = excluded.ends"
        " where marks.ends <> excluded.ends"
    )
    return sum(
        db.execute(query, [job, _mark(a), a.end.isoformat() if a.end else ""]).rowcount for a in alerts
    )


def of(db: Queries, job: str, *, seen: bool | None = None) -> list[str]:
    """What was said of a job by those who joined it, oldest first, as JSON; with `seen` only what its worker has, or has not."""
    which = "" if seen is None else f" and seen = {int(seen)}"
    rows = db.execute(f"select body from parts where job = ?{which} order by number", [job]).fetchall()
    return [row["body"] for row in rows]


def unseen(db: Queries, job: str) -> bool:
    """Whether something was said since the worker of a job took it."""
    found = db.execute("select 1 from parts where job = ? and seen = 0 limit 1", [job]).fetchone()
    return found is not None


def see(db: Queries, job: str) -> None:
    """A worker takes all that was said; of more rows than an incident may hold alerts the oldest go."""
    db.execute("update parts set seen = 1 where job = ? and seen = 0", [job])
    oldest = "select number from parts where job = ? order by number desc limit 1 offset ?"
    db.execute(f"delete from parts where job = ? and number <= ({oldest})", [job, job, MOST])


def since(db: Queries, number: int) -> list[Any]:
    """The rows after a number, of all jobs: `number`, `job`, `body`."""
    return db.execute(
        "select number, job, body from parts where number > ? order by number", [number]
    ).fetchall()


def last(db: Queries) -> int:
    """The number of the latest row; 0 where there is none."""
    (number,) = db.execute("select coalesce(max(number), 0) from parts").fetchone()
    return int(number)


def whole(row: Any, said: Iterable[str]) -> Incident:
    """The incident of a job's row with all that was said by those who joined it."""
    return folded(Incident.model_validate_json(row["incident"]), [*map(Incident.model_validate_json, said)])


def _mark(alert: Alert) -> str:
    told = [alert.name, alert.start.isoformat(), sorted(alert.labels.items())]
    return hashlib.sha256(json.dumps(told).encode("utf-8", "surrogatepass")).hexdigest()
