"""What a door does with jobs: ask for a diagnosis, look at it, follow it, answer it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aitia import api
from aitia.core.archive import use_archive
from aitia.core.errors import BadInput, DatabaseAway, RunNotFound
from aitia.core.events import Event
from aitia.core.incidents import redacted
from aitia.core.redact import use
from aitia.core.state import database_url, use_database
from aitia.core.steering import waiting
from aitia.core.store import RunStore, find_run
from aitia.core.telemetry import use_telemetry
from aitia.core.words import Incident, Origin
from aitia.incoming import make_incident
from aitia.jobs.event_stream import Tail, parse_cursor
from aitia.jobs.joining import folded, topology_of
from aitia.jobs.table import JobTable, kind_of
from aitia.jobs.troubles import Troubles
from aitia.jobs.words import APPROVAL, Job, JobState, KeyTaken, Submitted, Update
from aitia.settings import Settings

BEAT_S: Final = 10.0
POLL_S: Final = 0.2


class Jobs:
    """The jobs of one home. Safe for threads; other processes of the same home see the same."""

    def __init__(self, home: Path, settings: Settings) -> None:
        self.home, self.settings = home, settings
        use(settings.redaction)
        use_database(settings.service.database)
        use_telemetry(settings.telemetry)
        use_archive(settings.runs)
        self.table = JobTable(home)
        self._troubles = Troubles(
            self.table, home, lambda: (*self.settings.components, *topology_of(self.settings))
        )
        self.table.forget(days=settings.service.keep_days)

    def submit(
        self,
        report: str | Mapping[str, Any] | Incident,
        *,
        origin: Origin,
        key: str = "",
        group: str = "",
        by: str = "",
        place: Mapping[str, str] | None = None,
    ) -> Submitted:
        """Ask for a diagnosis of words, an alert (`aitia.alerts`), or an incident. Raises BadInput, Full.

        key    two requests of one key are one job: said again it is the same, said otherwise the job's next revision
        group  of alerts that come and go together: while it fires it is one job, whatever the key
        """
        now = self.settings.service.at or datetime.now(tz=UTC)
        incident = self._incident(report, now=now, origin=origin)
        open_end = incident.window.end >= now
        content = _content(incident)
        key, group = _digest(key), _digest(group)
        known = (self.table.by_key(key) if key else None) or (self.table.firing(group) if group else None)
        if known is None and group:
            at, same = self._joins(incident, key, group, content)
            if at and not same:
                self.table.join(at, incident, key=key, group=group, content=content, open_end=open_end)
            if at:
                return Submitted(job=self.get(at), new=False)
        if known is None:
            try:
                job = self.table.add(
                    incident,
                    places=self.settings.service.places,
                    key=key,
                    alert_group=group,
                    content=content,
                    open_end=int(open_end),
                    by=by[:200],
                    place=json.dumps(dict(place or {})),
                    alert="firing" if group else "",
                )
                return Submitted(job=job, new=True)
            except KeyTaken:  # the same key came in at the same moment
                known = self.table.by_key(key)
                assert known is not None
        if group and (known["alert"], known["alert_group"]) != ("firing", group):
            self.table.set(known["id"], alert="firing", alert_group=group)
        if known["content"] != content:
            if self.table.joined.fires(known["id"]):  # what was said of it stays said
                incident = folded(self.table.told(known["id"]), [incident])
            self.table.tell_again(known["id"], incident, content=content, open_end=open_end)
        return Submitted(job=self.get(known["id"]), new=False)

    def _joins(self, incident: Incident, key: str, group: str, content: str) -> tuple[str, bool]:
        """The job of which an alert is a part, and whether it says what that job knows from it already; "" for none."""
        before = self.table.joined.find(key, group)
        if before is not None:
            same = (before["key"], before["content"], before["alert"]) == (key, content, "firing")
            return str(before["job"]), same
        within = timedelta(minutes=self.settings.service.join_minutes)
        return self._troubles.find(incident, within=within), False

    def get(self, job: str) -> Job:
        """A job by its id. Raises JobNotFound."""
        return self.table.get(job)

    def incident(self, job: str) -> Incident:
        """What a job is about, as it was told last. Raises JobNotFound."""
        return self.table.incident(job)

    def find(self, key: str) -> Job | None:
        """The job of an idempotency key."""
        row = self.table.by_key(_digest(key)) if key else None
        return self.get(row["id"]) if row is not None else None

    def list(
        self, *, states: Iterable[JobState] = (), origin: str = "", limit: int = 50, before: str = ""
    ) -> list[Job]:
        """Jobs, newest first; `before` is the last id of the page before."""
        return self.table.jobs(states=states, origin=origin, limit=limit, before=before)

    def again(self, job: str, *, by: str) -> Job:
        """Look at a finished job's incident again, up to now: its run's next revision. Raises BadInput."""
        row = self.table.row(job)
        if row["state"] not in ("done", "failed"):
            raise BadInput(f"Diagnosis {job} is {row['state']}. Wait until it has ended.")
        incident = Incident.model_validate_json(row["incident"])
        self._note(job, again_by=by[:200])
        self.table.note(job, what="look again", who=by[:200])
        self.table.tell_again(job, incident, content=row["content"], open_end=bool(row["open_end"]))
        return self.get(job)

    def correct(self, job: str, text: str, *, by: str) -> Job:
        """Go on with what a person says of a job's incident: at once while it runs, else as its run's next revision.

        Raises BadInput where that corrects nothing, and for a job that waits.
        """
        from aitia.correcting import with_correction

        row = self.table.row(job)
        if row["state"] == "running" and self._told(job, text, by):
            return self.get(job)
        if row["state"] not in ("done", "failed"):
            raise BadInput(
                f"Diagnosis {job} is {row['state']}. Correct it while it runs or when it has ended."
            )
        told = with_correction(self.incident(job), text, self.run_store(job), by=by, settings=self.settings)
        self._note(job, corrected_by=by[:200])
        self.table.note(job, what="correct", who=by[:200])
        open_end = bool(row["open_end"])
        self.table.tell_again(job, told, content=row["content"], open_end=open_end, whole=True)
        return self.get(job)

    def _told(self, job: str, text: str, by: str) -> bool:
        """Tell the run of a job that is under way; what was said stays with the job. False where the run has just ended."""
        from aitia.correcting import tell

        store = self.run_store(job)
        if not tell(store, text, by=by, settings=self.settings):
            return False
        said = waiting(store)
        told = said.incident if said and said.incident else Incident.model_validate(store.meta()["incident"])
        moved = {"corrections": told.corrections, "started_at": told.started_at}
        moved |= {"window": told.window, "baselines": told.baselines}
        own = Incident.model_validate_json(self.table.row(job)["incident"]).model_copy(update=moved)
        self.table.set(job, incident=own.model_dump_json())
        self._note(job, corrected_by=by[:200])
        self.table.note(job, what="correct", who=by[:200])
        return True

    def stop(self, job: str, *, by: str) -> Job:
        """Stop a job that is under way; `again` carries it on. Raises BadInput where it does not run."""
        from aitia.correcting import stop

        found = self.get(job)
        if found.state != "running" or not stop(self.run_store(job), by=by):
            raise BadInput(f"Diagnosis {job} is {self.get(job).state}. Only one that runs can be stopped.")
        self.table.note(job, what="stop", who=by[:200])
        return found

    def answer(self, job: str, said: Mapping[str, bool], *, by: str, vouched: bool = False) -> Job:
        """Approve or deny what a job asked for, by hash. Once everything is answered the run goes on. Raises BadInput.

        vouched  the door knows that it is this person: only then it counts as one of two (`service.two_persons`)
        """
        found = self.get(job)
        if found.state != "waiting":
            raise BadInput(f"Diagnosis {job} is {found.state} and is not waiting for an answer.")
        if strange := set(said) - {a.hash for a in found.asked}:
            raise BadInput(
                f"{sorted(strange)[0][:80]!r} is not the hash of a waiting call. Answer one that was asked."
            )
        if any(said.get(a.hash) and a.stale for a in found.asked):
            hours = f"{APPROVAL.total_seconds() / 3600:g}"
            raise BadInput(f"This was asked more than {hours} hours ago. Deny it and diagnose again.")
        _need_person(found, said, self.table.redacted(by[:200]), vouched=vouched)
        two = {a.hash for a in found.asked if a.persons > 1}
        taken = self.table.answer(job, said, by=by[:200], two=two)
        if said and not taken:
            raise BadInput("Somebody has already answered this. Check the diagnosis.")
        after = self.get(job)
        waits = {a.hash for a in after.asked if a.first}
        final = [h for h in taken if not said[h] or h not in waits or after.state != "waiting"]
        self._note(job, **{f"answer_{h}": {"approved": said[h], "by": by[:200], "at": _now()} for h in final})
        return after

    def resolve(self, key: str) -> Job | None:
        """The alert of this key or group is over; its job, None where nobody knew of it. A job is over with all its alerts."""
        digest = _digest(key)
        row = self.table.by_key(digest) or self.table.firing(digest)
        joined_alerts = self.table.joined
        job = str(row["id"]) if row is not None else joined_alerts.resolve(digest)
        if not job:
            return None
        if row is not None:
            joined_alerts.own_is_over(job)
        if joined_alerts.is_over(job):
            self.table.set(job, alert="resolved")
        return self.get(job)

    def place(self, job: str, **fields: str) -> Job:
        """Merge fields into `place`, where a door keeps what it has shown."""
        self.table.merge_place(job, fields)
        return self.get(job)

    def run_store(self, job: str) -> RunStore:
        """The run of a job. Raises BadInput where it has not begun, RunNotFound where it was deleted."""
        found = self.get(job)
        if not found.run:
            raise BadInput(f"Diagnosis {job} is {found.state}. Wait until it has started.")
        if find_run(self.home, found.run) is None and database_url():
            raise RunNotFound(
                f"Run {found.run} is not below this AITIA_HOME: another replica made it, or it was deleted. Mount one "
                "folder as AITIA_HOME/runs of all replicas."
            )
        return RunStore.open(self.home, found.run)

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return self.table.counts()

    def oldest_wait_s(self) -> float:
        """For how many seconds the oldest queued job waits."""
        return self.table.oldest_wait_s()

    def follow(self, job: str, *, after: str = "", poll_s: float = POLL_S) -> Iterator[Update]:
        """What happened after the cursor, then what happens; ends when the job is over or waits for a person."""
        watch = _Watch(self, job, after)
        while True:
            update, ended = watch.look()
            if update is not None:
                yield update
            if ended:
                return
            time.sleep(poll_s)

    async def afollow(self, job: str, *, after: str = "", poll_s: float = POLL_S) -> AsyncIterator[Update]:
        """`follow` for an event loop: files are read on a thread."""
        watch = await asyncio.to_thread(_Watch, self, job, after)
        while True:
            update, ended = await asyncio.to_thread(watch.look)
            if update is not None:
                yield update
            if ended:
                return
            await asyncio.sleep(poll_s)

    def _incident(
        self, report: str | Mapping[str, Any] | Incident, *, now: datetime, origin: Origin
    ) -> Incident:
        """The incident without secrets: nothing else of a request is kept."""
        if isinstance(report, Incident):
            made = api.incident_of(report, self.settings, now=now)
        else:
            made = make_incident(report, now=now, rules=self.settings.window, origin=origin)
        return redacted(made, self.home).model_copy(update={"origin": origin})

    def _note(self, job: str, **fields: Any) -> None:
        run = self.get(job).run
        if find_run(self.home, run) is not None:
            RunStore.open(self.home, run).update_meta(**fields)


class _Watch:
    """One reader of one job: what it has told so far."""

    def __init__(self, jobs: Jobs, job: str, after: str) -> None:
        self._jobs, self._id, self._after = jobs, job, after
        parse_cursor(after)
        self._told: Job | None = None
        self._tail: Tail | None = None
        self._beat = time.monotonic()

    def look(self) -> tuple[Update | None, bool]:
        """An update where there is something to tell, and whether that was the last."""
        try:
            job = self._jobs.get(self._id)  # before the events: what ended has written them all
        except DatabaseAway:
            if self._told is None:
                raise
            return None, False  # who follows it waits for the server, as its worker does
        events = tuple(self._events(job))
        ended = job.over or job.state == "waiting"
        changed = self._told is None or _state(self._told) != _state(job)
        now = time.monotonic()
        if not (events or changed or now - self._beat > BEAT_S):
            return None, ended
        self._told, self._beat = job, now
        return Update(job=job, events=events), ended

    def _events(self, job: Job) -> list[tuple[str, Event]]:
        run = find_run(self._jobs.home, job.run)
        if run is None:
            return []
        if self._tail is None or self._tail.run != run:  # begun anew: the first run came to nothing
            self._tail = Tail(run, after=self._after if self._tail is None else "")
        return self._tail.read()


def _need_person(job: Job, said: Mapping[str, bool], by: str, *, vouched: bool) -> None:
    """Of a step that two must approve: why this person cannot be one of them. Raises BadInput."""
    for asked in job.asked:
        if asked.persons < 2 or not said.get(asked.hash):
            continue
        if not vouched:
            raise BadInput(
                "Two persons must approve this step, each with a token of their own (`aitia tokens new NAME --role approve`)."
            )
        if asked.first == by:
            raise BadInput("You have approved this step already. A second person must approve it.")
        if asked.first and kind_of(asked.first) != kind_of(by):
            raise BadInput(
                "Approve this step where it was approved first: only there two persons can be told apart."
            )


def _state(job: Job) -> tuple[Any, ...]:
    return job.state, job.run, job.revision, job.alert, job.attempts, job.message


def _content(incident: Incident) -> str:
    """What a notice says, whenever it was sent."""
    said = incident.model_dump(mode="json", include={"title", "text", "labels", "hints"})
    return _digest(json.dumps(said, sort_keys=True))


def _now() -> str:
    return datetime.now(tz=UTC).isoformat()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if text else ""
