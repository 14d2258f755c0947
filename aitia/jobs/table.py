"""The job table: `AITIA_HOME/jobs.sqlite`, or on the server that several homes share. All who see it claim the same jobs.

A claim is a lease: its owner renews it while it works. What a killed owner leaves behind is claimed again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aitia.core import trail
from aitia.core.state import Queries, open_place, server
from aitia.core.words import Incident
from aitia.jobs import parts
from aitia.jobs.claims import FIRST, SHOWN, Claims, job_of
from aitia.jobs.joined_alerts import TABLE, JoinedAlerts, keep
from aitia.jobs.words import Full, Job, JobNotFound, JobState, KeyTaken

FILE: Final = "jobs.sqlite"
VERSION: Final = 1
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
create index if not exists jobs_firing on jobs (created_at) where alert = 'firing';
"""
SCHEMA: Final = f"{_TABLE} {TABLE} {parts.TABLE} {trail.TABLE}"


class JobTable(Claims):
    """The table's queries. Each takes a connection of its own: safe for threads and forks."""

    def __init__(self, home: Path) -> None:
        self.file = home / FILE
        super().__init__(open_place(self.file, SCHEMA, version=VERSION), home)
        self.joined = JoinedAlerts(self._at)

    def held_open(self) -> AbstractContextManager[None]:
        """Hold it open, for a process that asks often."""
        return self._at.held_open()

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
        with self._at.reading() as db:  # not its incident: that may be large
            found = db.execute(f"select {SHOWN} from jobs where id = ?", [job]).fetchone()
        if found is None:
            raise _not_found(job)
        return job_of(found)

    def row(self, job: str) -> Any:
        """All columns of a job. Raises JobNotFound."""
        with self._at.reading() as db:
            found = db.execute("select * from jobs where id = ?", [job]).fetchone()
        if found is None:
            raise _not_found(job)
        return found

    def incident(self, job: str) -> Incident:
        """What a job is about, with all that was said by alerts that joined it. Raises JobNotFound."""
        row = self.row(job)
        with self._at.reading() as db:
            said = parts.of(db, job)
        return parts.whole(row, said)

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
                "select id, content, run from jobs where alert = 'firing' and (state in ('queued', 'running', 'waiting')"
                " or finished_at >= ?) order by created_at desc limit ?",
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
            query = f"select {SHOWN} from jobs {where} order by id desc limit ?"
            return [job_of(row) for row in db.execute(query, [*values, limit])]

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

    def tell_again(
        self, job: str, incident: Incident, *, content: str, open_end: bool, whole: bool = False
    ) -> None:
        """What is reported of a job's incident by now: at once where it waits or is over, else after the present work.

        whole  of a job that is over: it holds what was said by those who joined, in words that go before theirs
        """
        incident = self._redactor.word(incident)
        told = incident.model_dump_json()
        with self._at.writing() as db:
            row = self._locked(db, job)
            # Its run has the incident as it was: it comes to its end first.
            fields = {"later": told} if row["begun"] else {"incident": told, **_queued(row)}
            fields |= {"content": content, "open_end": int(open_end), "title": incident.title}
            _update(db, job, fields)
            parts.mark(db, job, incident.alerts)
            if whole:
                db.execute("delete from parts where job = ?", [job])

    def join(
        self, job: str, incident: Incident, *, key: str, group: str, content: str, open_end: bool
    ) -> None:
        """An alert becomes a part of a job; where it says more than is known, the job is looked at with it, or again."""
        incident = self._redactor.word(incident)
        with self._at.writing(alone=parts.ONE) as db:
            row = self._locked(db, job)
            keep(db, job, key=key, group=group, content=content)
            if not parts.add(db, job, incident):
                return
            fields = {} if row["begun"] or row["state"] == "queued" else _queued(row)
            if open_end and not row["open_end"]:
                fields["open_end"] = 1
            if fields:
                _update(db, job, fields)

    def _locked(self, db: Queries, job: str) -> Any:
        query = f"select state, begun, reported, open_end from jobs where id = ?{self._at.for_update}"
        row = db.execute(query, [job]).fetchone()
        if row is None:
            raise _not_found(job)
        return row

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
                if h in asked and h not in known and (not said[h] or _other(known.get(FIRST + h), by))
            )
            first = {h for h in taken if said[h] and h in two and FIRST + h not in known}
            answers = known | {FIRST + h if h in first else h: by if h in first else said[h] for h in taken}
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
            for table in ("alerts", "parts", "marks"):
                db.execute(f"delete from {table} where job not in (select id from jobs)")
            if gone:
                self._note(db, who="aitia", what="forget", detail={"jobs": gone, "older_than_days": days})
        if (shared := server()) is not None:
            shared.forget_runs(datetime.now(tz=UTC) - timedelta(days=days))
        return gone

    def last_part(self) -> int:
        """The number of the latest message of an alert that joined a job."""
        with self._at.reading() as db:
            return parts.last(db)

    def parts_since(self, number: int) -> list[Any]:
        """The messages after a number: `number`, `job`, `body`."""
        with self._at.reading() as db:
            return parts.since(db, number)

    def told(self, job: str) -> Incident:
        """What a job's own alert says by now."""
        row = self.row(job)
        return Incident.model_validate_json(row["later"] or row["incident"])

    def said_of(self, job: str) -> list[Incident]:
        """What its own alert says of a job, then what was said by those that joined it."""
        with self._at.reading() as db:
            said = parts.of(db, job)
        return [self.told(job), *map(Incident.model_validate_json, said)]

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


def _not_found(job: str) -> JobNotFound:
    return JobNotFound(f"There is no diagnosis {job[:80]!r}. Give the id of one that was requested.")


def _queued(row: Any) -> dict[str, Any]:
    """What is set in the row of a job that waits, or is over, when there is more to look at."""
    fields: dict[str, Any] = {"state": "queued", "attempts": 0, "finished_at": None, "message": ""}
    if row["state"] in ("done", "failed") and row["reported"]:
        fields["revision"] = row["reported"] + 1
    return fields


def _update(db: Queries, job: str, fields: Mapping[str, Any]) -> None:
    names = ", ".join(f"{name} = ?" for name in fields)
    db.execute(f"update jobs set {names} where id = ?", [*fields.values(), job])


def kind_of(by: str) -> str:
    """The kind of door that knows a person by this name: names of one kind tell persons apart."""
    return "slack" if by.startswith("slack:") else ""


def _other(first: str | None, by: str) -> bool:
    """Whether this person may approve after the first one."""
    return first is None or (first != by and kind_of(first) == kind_of(by))
