"""One job, from its claim to its end: begun, resumed, or looked at again, by what its run says of itself."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aitia import api
from aitia.core.disk import tell_once
from aitia.core.errors import AitiaError, BadInput, DatabaseAway, StoreDamaged, StoreError, WaitsForPerson
from aitia.core.events import Event, RunStarted
from aitia.core.protocols import Source
from aitia.core.redact import Redactor, load_key
from aitia.core.store import RunStore, find_run, not_stored, remove_run
from aitia.core.words import Report
from aitia.jobs.claims import Claim
from aitia.jobs.table import JobTable
from aitia.jobs.words import JobState
from aitia.settings import Settings

if TYPE_CHECKING:
    from aitia.engine import Engine

LONGEST_MESSAGE: Final = 400
_TAKEN: Final = "Another worker has taken over this job. Check it again."
_log: Final = logging.getLogger("aitia.jobs")
_PASSING: Final = (sqlite3.OperationalError, StoreError)  # a locked table, a full disk
PAUSE_S: Final = 1.0  # until a server that was away is asked again
T = TypeVar("T")
_BEATS: Final = 4  # signs of life in the time of a lease


def _revision(meta: Mapping[str, Any]) -> int:
    """Which revision of the job a run tells: one that was begun anew for a later one counts from there."""
    return int(meta.get("revision", 1)) + int(meta.get("first_revision", 1)) - 1


class Work:
    """Carries out jobs with one engine. `run(claim)` never raises for what goes wrong in a diagnosis."""

    def __init__(
        self,
        table: JobTable,
        home: Path,
        settings: Settings,
        engine: Engine,
        *,
        sources: Sequence[Source] = (),
    ) -> None:
        self._table, self._home, self._settings, self._engine = table, home, settings, engine
        self._lost = threading.Event()
        self._own = tuple(sources)  # readers of this process, beside the settings'

    def run(self, claim: Claim, *, lost: Callable[[], None] = lambda: None) -> None:
        """Carry out a job and settle it. Where another worker holds it by now, `lost` is called and the run stops."""
        over, self._lost = threading.Event(), threading.Event()
        beat = threading.Thread(target=self._beat, args=(claim, over, lost), name="aitia-lease", daemon=True)
        beat.start()
        try:
            self._settle(claim)
        finally:
            over.set()
            beat.join()

    def _beat(self, claim: Claim, over: threading.Event, lost: Callable[[], None]) -> None:
        lease, held = self._settings.service.lease_s, time.monotonic()
        while not over.wait(lease / _BEATS):
            try:
                kept = self._table.renew(claim, lease_s=lease)
            except _PASSING:  # there are more beats before the lease runs out
                kept = time.monotonic() - held < lease
            else:
                held = time.monotonic()
            if not kept and not over.is_set():
                self._lost.set()
                lost()
                return

    def _settle(self, claim: Claim) -> None:
        try:
            self._settled(claim)
        except (
            StoreError
        ) as error:  # the table itself: the lease runs out, and the job is taken up again from its run
            _log.error("diagnosis %s will be retried later: %s", claim.job.id, error)

    def _persons(self, tool: str) -> int:
        """How many must approve a step."""
        return 2 if any(fnmatchcase(tool, p) for p in self._settings.service.two_persons) else 1

    def _settled(self, claim: Claim) -> None:
        try:
            report = self._report(claim)
        except WaitsForPerson as error:
            at = datetime.now(tz=UTC).isoformat()
            asked = [
                {
                    "hash": h,
                    "tool": call["tool"],
                    "args": call["args"],
                    "at": at,
                    "persons": self._persons(call["tool"]),
                }
                for h, call in error.asked.items()
            ]
            self._keep(claim, "waiting", run=error.run, asked=json.dumps(asked), answers="{}")
        except DatabaseAway:
            raise
        except AitiaError as error:
            told = Redactor(load_key(self._home)).text(str(error))
            self._keep(claim, "failed", message=told[:LONGEST_MESSAGE])
        except Exception as error:  # one diagnosis that fails must not end the worker for all others
            _log.exception("diagnosis %s failed", claim.job.id)
            told = (
                f"Internal error in diagnosis {claim.job.id}: {type(error).__name__}. Please report it as an "
                "aitia bug, with the log."
            )
            self._keep(claim, "failed", message=told)
        else:
            revision = _revision(RunStore.open(self._home, report.run).meta())
            self._keep(
                claim,
                "done",
                run=report.run,
                revision=revision,
                reported=revision,
                verdict=report.verdict,
                probability=report.probability,
                component=report.component,
                fault=report.fault,
                message=not_stored(self._home, report.run)[:LONGEST_MESSAGE],
            )

    def _keep(self, claim: Claim, state: JobState, **fields: Any) -> None:
        self._patiently(lambda: self._table.settle(claim, state, **fields))

    def _patiently(self, ask: Callable[[], T]) -> T:
        """What a server answers that is away for a moment: what was diagnosed is not lost, as long as the job is held."""
        while True:
            try:
                return ask()
            except DatabaseAway:
                if self._lost.wait(PAUSE_S):
                    raise

    def _report(self, claim: Claim) -> Report:
        """By what the run says of itself: a worker may have been killed at any moment before."""
        store = self._store(claim.job.run)
        if store is None:
            return self._begun(claim)
        meta = store.meta()
        state = meta.get("state")
        if state == "finished":
            looked = _revision(meta) >= claim.job.revision
            return store.report() if looked else self._again(claim, store)
        from aitia.graphs.diagnose import has_begun

        if state == "failed" or not has_begun(store):
            return self._anew(claim, store)
        return api.resume(
            store.id,
            sources=self._readers(),
            model=self._engine.llm,
            home=self._home,
            on_event=self._hear,
            answers=claim.answers or None,
        )

    def _store(self, run: str) -> RunStore | None:
        if find_run(self._home, run) is None:
            return None
        try:
            return RunStore.open(self._home, run)
        except StoreDamaged as error:  # it stays for a person to look at; the diagnosis begins anew
            tell_once(str(error))
            return None

    def _anew(self, claim: Claim, store: RunStore) -> Report:
        """From the beginning; revisions that came to a report stay."""
        if claim.reported:
            store.update_meta(state="interrupted")
            return self._again(claim, store)
        remove_run(self._home, store.id)
        return self._begun(claim)

    def _begun(self, claim: Claim) -> Report:
        def note(event: Event) -> None:
            self._hear(event)
            if not isinstance(event, RunStarted):
                return
            if claim.job.revision > 1:  # the run of those before is another replica's, or was deleted
                RunStore.open(self._home, event.run).update_meta(first_revision=claim.job.revision)
            if not self._patiently(lambda: self._table.set(claim.job.id, held_by=claim.owner, run=event.run)):
                raise BadInput(_TAKEN)

        incident, at = claim.incident, self._settings.service.at
        now = at or datetime.now(tz=UTC)
        if claim.open_end and now > incident.window.end:
            incident = incident.model_copy(update={"window": incident.window.model_copy(update={"end": now})})
        return api.diagnose(
            incident,
            sources=self._own,
            config=self._settings,
            **self._roles(),
            at=at,
            home=self._home,
            on_event=note,
            approvals=True,
        )

    def _again(self, claim: Claim, store: RunStore) -> Report:
        return api.again(
            store.id,
            incident=claim.incident,
            sources=self._readers(),
            config=self._settings,
            model=self._engine.llm,
            at=self._settings.service.at,
            home=self._home,
            on_event=self._hear,
        )

    def _hear(self, event: Event) -> None:
        if self._lost.is_set():
            raise BadInput(_TAKEN)

    def _readers(self) -> list[Source]:
        """In place of those that the run recorded, where this process holds some that could not be: all of them.

        Objects could not be, nor what a configuration itself holds of a secret: the run has a pseudonym for it.
        """
        from aitia.core.redact import Redactor, load_key
        from aitia.tools.sources import open_sources

        configs = [each.model_dump(mode="json") for each in self._settings.sources]
        if not self._own and Redactor(load_key(self._home)).plain(configs) == configs:
            return []
        return [*open_sources(self._settings.sources, Path("/")), *self._own]

    def _roles(self) -> dict[str, Any]:
        options = self._engine.options
        return {
            "model": self._engine.model,
            "planner": options.planner,
            "narrator": options.narrator,
            "max_calls": options.max_calls,
        }
