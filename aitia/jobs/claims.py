"""The worker's side of the job table: a job is claimed by a lease, renewed while it is worked on, and settled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from aitia.core.redact import Redactor, load_key
from aitia.core.state import Place
from aitia.core.words import Incident
from aitia.jobs import parts
from aitia.jobs.owner import is_alive
from aitia.jobs.words import Job, JobState

FIRST: Final = "first "  # before a hash: who approved it, while a second person is waited for
SHOWN: Final = (
    "id, origin, title, state, created_at, started_at, finished_at, run, revision, attempts, verdict, probability, component,"
    " fault, message, asked, answers, by, place, alert"
)
"""The columns that are shown of a job."""
_FAR_S: Final = 600.0  # or ten leases: clocks and settings of other workers differ by less
_JSON: Final = ("asked", "answers", "place")  # columns that hold a JSON text


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A job with all that its worker needs, and under which name it is held."""

    job: Job
    incident: Incident
    open_end: bool  # the window ends where the diagnosis begins
    reported: int  # the last revision that came to a report
    answers: Mapping[str, bool]
    owner: str


class Claims:
    """The queries of a worker. Each takes a connection of its own: safe for threads and forks."""

    def __init__(self, place: Place, home: Path) -> None:
        self._at, self._home = place, home

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
                "update jobs set state = 'queued', incident = case when later != '' then later else incident end, later = '',"
                " attempts = 0, begun = 0, owner = '', lease_until = '', run = case when reported > 0 then run else '' end"
                f" {given_up[0]} and (later != '' or exists (select 1 from parts where job = jobs.id and seen = 0))",
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
            found = db.execute(
                f"select id, begun from jobs where {free} order by created_at limit 1{self._at.skip_locked}",
                over,
            ).fetchone()
            if found is None:
                return None
            row = db.execute(
                "update jobs set state = 'running', owner = ?, lease_until = ?, attempts = attempts + 1, begun = 1,"
                " started_at = coalesce(started_at, ?), message = '' where id = ? returning *",
                [owner, _after(now, lease_s), now.isoformat(), found["id"]],
            ).fetchone()
            if not found["begun"]:  # else its run has the incident as it was
                parts.see(db, found["id"])
            said = parts.of(db, found["id"], seen=True)
        return Claim(
            job=job_of(row),
            incident=parts.whole(row, said),
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
            if over and row is not None and (row["later"] or parts.unseen(db, claim.job.id)):
                values |= {"state": "queued", "later": "", "attempts": 0}
                values |= {"incident": row["later"]} if row["later"] else {}
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


def job_of(row: Any) -> Job:
    """A job as it is shown, from the columns `SHOWN`."""
    told = {name: row[name] for name in SHOWN.split(", ") if name != "answers"}
    answers = json.loads(row["answers"])
    asked = [a | {"first": answers.get(FIRST + a["hash"], "")} for a in json.loads(row["asked"])]
    return Job.model_validate(told | {"asked": asked, "place": json.loads(row["place"])})


def _after(now: datetime, seconds: float) -> str:
    return (now + timedelta(seconds=seconds)).isoformat()
