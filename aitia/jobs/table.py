"""The job table: `AITIA_HOME/jobs.sqlite`, or on the server that several homes share. All who see it claim the same jobs.

A claim is a lease: its owner renews it while it works. What a killed owner leaves behind is claimed again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from aitia.core import trail
from aitia.core.redact import Redactor, load_key
from aitia.core.state import Queries, open_place, server
from aitia.core.words import Incident
from aitia.jobs.joined_alerts import TABLE, JoinedAlerts
from aitia.jobs.owner import is_alive
from aitia.jobs.words import Full, Job, JobNotFound, JobState, KeyTaken

FILE: Final = "jobs.sqlite"
VERSION: Final = 1
_FAR_S: Final = 600.0  # or ten leases: clocks and settings of other workers differ by less
_TABLE: Final = """
create table if not exists jobs (
  id text primary key, key text not null default '', alert_group text not null default '', content text not null default '',
  origin text not null, title text not null, incident text not null, open_end integer not null default 1,
  state text not null, created_at text not null, started_at text, finished_at text,
  run text not null default '', revision integer not null default 1, reported integer not null default 0,
  attempts integer not null default 0, verdict text not null default '', probability real not null default 0,
  component text not null default '', fault text not null default '', message text not null default '',
  asked text not null default '[]', answers text not null default '{}', later text not null default '',
  by text not null default '', place text not null default '{}', alert text not null default '',
  owner text not null default '', lease_until text not null default '', begun integer not null default 0
);
create unique index if not exists jobs_key on jobs (key) where key != '';
create index if not exists jobs_state on jobs (state, created_at);
create index if not exists jobs_group on jobs (alert_group) where alert_group != '';
create index if not exists jobs_created on jobs (created_at);
"""
SCHEMA: Final = f"{_TABLE} {TABLE} {trail.TABLE}"
_FIRST: Final = "first "  # before a hash: who approved it, while a second person is waited for
_JSON: Final = ("asked", "answers", "place")  # columns that hold a JSON text
_SHOWN: Final = (
    "id", "origin", "title", "state", "created_at", "started_at", "finished_at", "run", "revision", "attempts", "verdict",
    "probability", "component", "fault", "message", "asked", "by", "place", "alert",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A job with all that its worker needs, and under which name it is held."""

    job: Job
    incident: Incident
    open_end: bool  # the window ends where the diagnosis begins
    reported: int  # the last revision that came to a report
    answers: Mapping[str, bool]
    owner: str


class JobTable:
    """The table's queries. Each takes a connection of its own: safe for threads and forks."""

    def __init__(self, home: Path) -> None:
        self.file, self._home = home / FILE, home
        self._at = open_place(self.file, SCHEMA, version=VERSION)
        self.joined = JoinedAlerts(self._at)

    def check(self) -> None:
        """Take a writer's place and give it back. Raises StoreError, sqlite3.OperationalError."""
        with self._at.writing() as db:
            db.execute("select 1")

    def add(self, incident: Incident, *, places: int, **fields: Any) -> Job:
        """Queue a new job. Raises Full where `places` wait already, and KeyTaken where its key is known."""
        now = datetime.now(tz=UTC)
        incident = self._redactor.word(incident)
        row = {
            "id": f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}{secrets.token_hex(3)}",
            "origin": incident.origin,
            "title": incident.title,
            "incident": incident.model_dump_json(),
            "state": "queued",
            "created_at": now.isoformat(),
            **self._safe(fields),
        }
        names = ", ".join(row)
        with self._at.writing(alone="places") as db:
            (waiting,) = db.execute("select count(*) from jobs where state = 'queued'").fetchone()
            if waiting >= places:
                raise Full(f"{waiting} diagnoses are already waiting. Send it again later.")
            marks = ", ".join("?" * len(row))
            query = f"insert into jobs ({names}) values ({marks}) on conflict do nothing"
            if not db.execute(query, [*row.values()]).rowcount:
                raise KeyTaken("There is a job of this key already.")
            self._note(
                db, who=row.get("by", ""), what="request", about=row["id"], detail={"origin": row["origin"]}
            )
        return self.get(row["id"])

    def get(self, job: str) -> Job:
        """A job by its id. Raises JobNotFound."""
        return _job(self.row(job))

    def row(self, job: str) -> Any:
        """All columns of a job. Raises JobNotFound."""
        with self._at.reading() as db:
            found = db.execute("select * from jobs where id = ?", [job]).fetchone()
        if found is None:
            raise JobNotFound(f"There is no diagnosis {job[:80]!r}. Give the id of one that was requested.")
        return found

    def by_key(self, key: str) -> Any:
        """The job of an idempotency key."""
        with self._at.reading() as db:
            return db.execute("select * from jobs where key = ?", [key]).fetchone()

    def firing(self, group: str) -> Any:
        """The latest job of an alert group, where the group was firing when it was last heard of."""
        with self._at.reading() as db:
            row = db.execute(
                "select * from jobs where alert_group = ? order by created_at desc limit 1", [group]
            ).fetchone()
        return row if row is not None and row["alert"] == "firing" else None

    def recent(self, since: datetime, limit: int = 50) -> list[Any]:
        """Jobs of alerts that still fire, that are under way or ended since then, newest first."""
        with self._at.reading() as db:
            return db.execute(
                "select * from jobs where alert = 'firing' and (state in ('queued', 'running', 'waiting') or finished_at >= ?)"
                " order by created_at desc limit ?",
                [since.isoformat(), limit],
            ).fetchall()

    def jobs(
        self, *, states: Iterable[JobState] = (), origin: str = "", limit: int = 50, before: str = ""
    ) -> list[Job]:
        """Jobs, newest first; `before` is the id after which a page begins."""
        wanted = list(states)
        terms = [f"state in ({', '.join('?' * len(wanted))})"] if wanted else []
        values: list[Any] = [*wanted]
        for term, value in (("origin = ?", origin), ("id < ?", before)):
            if value:
                terms.append(term)
                values.append(value)
        where = f"where {' and '.join(terms)}" if terms else ""
        with self._at.reading() as db:
            rows = db.execute(f"select * from jobs {where} order by id desc limit ?", [*values, limit])
            return [_job(row) for row in rows]

    def set(self, job: str, *, held_by: str | None = None, **fields: Any) -> bool:
        """Change columns of a job; with `held_by` only while that worker holds it. Whether it was changed."""
        fields = self._safe(fields)
        names = ", ".join(f"{name} = ?" for name in fields)
        held = "" if held_by is None else " and owner = ? and state = 'running'"
        values = [*fields.values(), job, *([] if held_by is None else [held_by])]
        with self._at.writing() as db:
            return db.execute(f"update jobs set {names} where id = ?{held}", values).rowcount == 1

    def merge_place(self, job: str, fields: Mapping[str, str]) -> None:
        """Merge fields into `place`."""
        with self._at.writing() as db:
            row = db.execute(f"select place from jobs where id = ?{self._at.for_update}", [job]).fetchone()
            if row is None:
                raise JobNotFound(f"There is no diagnosis called {job[:80]!r}.")
            place = json.loads(row["place"]) | self._redactor.plain(dict(fields))
            db.execute("update jobs set place = ? where id = ?", [json.dumps(place), job])

    def tell_again(self, job: str, incident: Incident, *, content: str, open_end: bool) -> None:
        """What is reported of a job's incident by now: at once where it waits or is over, else after the present work."""
        incident = self._redactor.word(incident)
        told = incident.model_dump_json()
        with self._at.writing() as db:
            query = f"select state, begun, reported from jobs where id = ?{self._at.for_update}"
            row = db.execute(query, [job]).fetchone()
            if row["begun"]:  # its run has the incident as it was: it comes to its end first
                fields: dict[str, Any] = {"later": told}
            else:
                fields = {
                    "incident": told,
                    "state": "queued",
                    "attempts": 0,
                    "finished_at": None,
                    "message": "",
                }
                if row["state"] in ("done", "failed") and row["reported"]:
                    fields["revision"] = row["reported"] + 1
            fields |= {"content": content, "open_end": int(open_end), "title": incident.title}
            names = ", ".join(f"{name} = ?" for name in fields)
            db.execute(f"update jobs set {names} where id = ?", [*fields.values(), job])

    def answer(
        self, job: str, said: Mapping[str, bool], *, by: str = "", two: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Keep answers to what is asked, the first to each; once all are there the job is queued again.

        two  hashes of calls that a second person must approve: the first approval is noted, and the call waits on

        The hashes that were answered or noted now: strange ones, and those that somebody answered before, are not kept.
        """
        by = self.redacted(by)
        with self._at.writing() as db:
            row = db.execute(
                f"select asked, answers from jobs where id = ? and state = 'waiting'{self._at.for_update}",
                [job],
            ).fetchone()
            if row is None:
                return ()
            asked, known = {a["hash"] for a in json.loads(row["asked"])}, json.loads(row["answers"])
            taken = tuple(
                h
                for h in said
                if h in asked and h not in known and (not said[h] or _other(known.get(_FIRST + h), by))
            )
            first = {h for h in taken if said[h] and h in two and _FIRST + h not in known}
            answers = known | {_FIRST + h if h in first else h: by if h in first else said[h] for h in taken}
            db.execute(
                "update jobs set answers = ?, state = ?, attempts = 0 where id = ?",
                [json.dumps(answers), "queued" if asked <= set(answers) else "waiting", job],
            )
            for call in taken:
                self._note(
                    db,
                    who=by,
                    what="approve first of two" if call in first else "approve" if said[call] else "deny",
                    about=job,
                    detail={"call": call},
                )
        return taken

    def claim(self, owner: str, *, lease_s: float, attempts: int) -> Claim | None:
        """The oldest job that waits, or whose lease ran out; None where there is none.

        A job that was begun `attempts` times without an end is given up. A lease that ends later than any that is given now
        was given before the clock was set back: it is over too.
        """
        free = "(state = 'queued' or (state = 'running' and (lease_until < ? or lease_until > ?)))"
        with self._at.writing() as db:
            now = self._at.now(db)
            over = [now.isoformat(), _after(now, max(_FAR_S, 10 * lease_s))]
            given_up = f"where {free} and attempts >= ?", [*over, attempts]
            db.execute(
                "update jobs set state = 'queued', incident = later, later = '', attempts = 0, begun = 0, owner = '',"
                f" lease_until = '', run = case when reported > 0 then run else '' end {given_up[0]} and later != ''",
                given_up[1],
            )
            why = (
                f"The worker of this diagnosis died {attempts} times without an error. Try again with fewer "
                "workers or more memory."
            )
            db.execute(
                "update jobs set state = 'failed', finished_at = ?, message = ?, begun = 0, owner = '', lease_until = ''"
                f" {given_up[0]}",
                [now.isoformat(), why, *given_up[1]],
            )
            row = db.execute(
                f"update jobs set state = 'running', owner = ?, lease_until = ?, attempts = attempts + 1, begun = 1,"
                f" started_at = coalesce(started_at, ?), message = '' where id ="
                f" (select id from jobs where {free} order by created_at limit 1{self._at.skip_locked}) returning *",
                [owner, _after(now, lease_s), now.isoformat(), *over],
            ).fetchone()
        if row is None:
            return None
        return Claim(
            job=_job(row),
            incident=Incident.model_validate_json(row["incident"]),
            open_end=bool(row["open_end"]),
            reported=row["reported"],
            answers={h: said for h, said in json.loads(row["answers"]).items() if isinstance(said, bool)},
            owner=owner,
        )

    def renew(self, claim: Claim, *, lease_s: float) -> bool:
        """Hold a job for another while; False where it is held no longer."""
        with self._at.writing() as db:
            held = db.execute(
                "update jobs set lease_until = ? where id = ? and owner = ? and state = 'running'",
                [_after(self._at.now(db), lease_s), claim.job.id, claim.owner],
            )
            return held.rowcount == 1

    def settle(self, claim: Claim, state: JobState, **fields: Any) -> bool:
        """End the work on a job: `done`, `failed` or `waiting`. With a later notice there, it is queued again.

        False where the job is held by another worker by now: then nothing is changed.
        """
        over = state in ("done", "failed")
        values = {"state": state, "owner": "", "lease_until": "", **self._safe(fields)}
        if over:
            values |= {
                "finished_at": datetime.now(tz=UTC).isoformat(),
                "asked": "[]",
                "answers": "{}",
                "begun": 0,
            }
        if state == "done":
            values |= {"attempts": 0}
        with self._at.writing() as db:
            query = f"select later, revision from jobs where id = ?{self._at.for_update}"
            row = db.execute(query, [claim.job.id]).fetchone()
            if over and row is not None and row["later"]:
                values |= {"state": "queued", "incident": row["later"], "later": "", "attempts": 0}
                values |= {"revision": values.get("revision", row["revision"]) + 1}
            names = ", ".join(f"{name} = ?" for name in values)
            held = "where id = ? and owner = ? and state = 'running'"
            done = db.execute(
                f"update jobs set {names} {held}", [*values.values(), claim.job.id, claim.owner]
            )
            return done.rowcount == 1

    def free_dead(self, *, orderly: bool = False) -> int:
        """Queue again what dead workers of this host held; how many jobs that was.

        orderly  they were ended on purpose: that is no failed attempt
        """
        gone = [owner for owner in self.owners() if not is_alive(owner)]
        if not gone:
            return 0
        with self._at.writing() as db:
            return db.execute(
                "update jobs set state = 'queued', owner = '', lease_until = '',"
                " attempts = case when attempts > ? then attempts - ? else 0 end"
                f" where state = 'running' and owner in ({', '.join('?' * len(gone))})",
                [int(orderly), int(orderly), *gone],
            ).rowcount

    def owners(self) -> list[str]:
        """Who holds a job."""
        with self._at.reading() as db:
            return [
                row["owner"] for row in db.execute("select distinct owner from jobs where state = 'running'")
            ]

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        with self._at.reading() as db:
            found = dict(db.execute("select state, count(*) from jobs group by state").fetchall())
        return {state: found.get(state, 0) for state in ("queued", "running", "waiting", "done", "failed")}

    def oldest_wait_s(self) -> float:
        """For how many seconds the oldest queued job waits."""
        with self._at.reading() as db:
            (oldest,) = db.execute("select min(created_at) from jobs where state = 'queued'").fetchone()
        return (datetime.now(tz=UTC) - datetime.fromisoformat(oldest)).total_seconds() if oldest else 0.0

    def forget(self, *, days: int) -> int:
        """Delete jobs that ended more than `days` ago; how many."""
        oldest = (datetime.now(tz=UTC) - timedelta(days=days)).isoformat()
        with self._at.writing() as db:
            gone = db.execute(
                "delete from jobs where state in ('done', 'failed') and finished_at < ?", [oldest]
            ).rowcount
            db.execute("delete from alerts where job not in (select id from jobs)")
            if gone:
                self._note(db, who="aitia", what="forget", detail={"jobs": gone, "older_than_days": days})
        if (shared := server()) is not None:
            shared.forget_runs(datetime.now(tz=UTC) - timedelta(days=days))
        return gone

    def redacted(self, by: str) -> str:
        """A name as it is kept."""
        return str(self._redactor.plain(by))

    def note(self, job: str, *, what: str, who: str) -> None:
        """Add a line to the trail."""
        with self._at.writing() as db:
            self._note(db, who=who, what=what, about=job, detail={})

    def trail(self) -> list[trail.Line]:
        """Who asked for what, oldest first."""
        with self._at.reading() as db:
            return list(trail.lines(db))

    def _note(self, db: Queries, *, who: str, what: str, about: str = "", detail: Mapping[str, Any]) -> None:
        trail.append(db, who=self._redactor.plain(who), what=what, about=about, detail=detail)

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor(load_key(self._home))

    def _safe(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Columns without secrets, whoever filled them."""
        return {
            name: json.dumps(self._redactor.plain(json.loads(value)))
            if name in _JSON
            else self._redactor.plain(value)
            for name, value in fields.items()
        }


def kind_of(by: str) -> str:
    """The kind of door that knows a person by this name: names of one kind tell persons apart."""
    return "slack" if by.startswith("slack:") else ""


def _other(first: str | None, by: str) -> bool:
    """Whether this person may approve after the first one."""
    return first is None or (first != by and kind_of(first) == kind_of(by))


def _job(row: Any) -> Job:
    told = {name: row[name] for name in _SHOWN}
    answers = json.loads(row["answers"])
    asked = [a | {"first": answers.get(_FIRST + a["hash"], "")} for a in json.loads(row["asked"])]
    return Job.model_validate(told | {"asked": asked, "place": json.loads(row["place"])})


def _after(now: datetime, seconds: float) -> str:
    return (now + timedelta(seconds=seconds)).isoformat()
