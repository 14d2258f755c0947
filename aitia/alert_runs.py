"""One run per alert group: the first notification that fires begins it, a later one is its next revision."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aitia import api
from aitia.core.errors import AitiaError, BadInput
from aitia.core.events import Event, RunStarted
from aitia.core.protocols import Source
from aitia.core.store import RunStore, list_runs
from aitia.core.words import Report
from aitia.engine import Engine
from aitia.settings import Settings

REMEMBERED: Final = timedelta(days=7)
_LONGEST_KEY: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notification of an alert group."""

    group: str
    firing: bool
    message: Mapping[str, Any]


def parse_notice(body: bytes) -> Notice:
    """The notification in a request's body. Raises BadInput where it is no webhook message of version 4."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("Send JSON: an Alertmanager webhook message of version 4.") from None
    if not isinstance(message, Mapping) or str(message.get("version")) != "4":
        raise BadInput('Send an Alertmanager webhook message with "version": "4".')
    group, alerts = message.get("groupKey"), message.get("alerts")
    if not isinstance(group, str) or not 0 < len(group) <= _LONGEST_KEY:
        raise BadInput(f'Send "groupKey" as text of 1 to {_LONGEST_KEY} characters.')
    if not isinstance(alerts, list) or not alerts or not all(isinstance(a, Mapping) for a in alerts):
        raise BadInput('Send "alerts" as a list with at least one alert.')
    firing = any(a.get("status", "firing") == "firing" for a in alerts)
    return Notice(group=group, firing=firing, message=message)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a notice: a report and where it lies, or why there is none."""

    group: str
    run: str = ""
    revision: int = 0
    path: str = ""
    report: Report | None = None
    message: str = ""


class GroupRuns:
    """The diagnosis of each alert group. Which run is whose is kept in the runs: a restart forgets nothing.

    The first notice that fires begins a run; a later one of the same group is its next revision, until the group
    is resolved. The group's key holds label values, so that only its hash is stored.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        *,
        home: Path,
        on_outcome: Callable[[Outcome], None],
        sources: Sequence[Source] = (),
    ) -> None:
        self._sources = tuple(sources)  # readers of this process, beside the settings'
        self._settings, self._engine, self._home, self._told = settings, engine, home, on_outcome
        self._runs = _firing(home)
        _free(home, self._runs.values())
        self.current = ""  # the run that is being made

    def __call__(self, notice: Notice) -> None:
        """Diagnose a group that fires; close one that is resolved. A diagnosis that fails is told, never raised."""
        try:
            outcome = self._outcome(notice)
        except AitiaError as error:
            outcome = Outcome(group=notice.group, run=self.current, message=str(error))
        except Exception as error:  # one diagnosis that fails must not end the door for all others
            outcome = Outcome(
                group=notice.group, run=self.current, message=f"{type(error).__name__}: {error}"[:400]
            )
        self.current = ""
        return self._told(outcome)

    def _outcome(self, notice: Notice) -> Outcome:
        digest = hashlib.sha256(notice.group.encode("utf-8", "surrogatepass")).hexdigest()
        if notice.firing:
            return self._diagnosed(notice, digest)
        if (run := self._runs.pop(digest, "")) and _is_kept(self._home, run):
            RunStore.open(self._home, run).update_meta(alert_state="resolved")
        return Outcome(group=notice.group, run=run, message="resolved")

    def _diagnosed(self, notice: Notice, digest: str) -> Outcome:
        report = self._report(notice, self._runs.get(digest, ""))
        store = RunStore.open(self._home, report.run)
        store.update_meta(alert_group=digest, alert_state="firing")
        self._runs[digest] = report.run
        return Outcome(
            group=notice.group,
            run=report.run,
            revision=int(store.meta().get("revision", 1)),
            path=str(store.path / "report.json"),
            report=report,
        )

    def _report(self, notice: Notice, run: str) -> Report:
        llm, options = self._engine.llm, self._engine.options
        if run and _is_kept(self._home, run):
            self.current = run
            return api.again(
                run,
                incident=notice.message,
                sources=self._sources,
                config=self._settings,
                model=llm,
                home=self._home,
            )
        return api.diagnose(
            notice.message,
            sources=self._sources,
            config=self._settings,
            model=llm,
            planner=options.planner,
            narrator=options.narrator,
            max_calls=options.max_calls,
            home=self._home,
            on_event=self._note,
        )

    def _note(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.current = event.run


def _is_kept(home: Path, run: str) -> bool:
    return (home / "runs" / run / "run.json").is_file()


def _free(home: Path, runs: Iterable[str]) -> None:
    """A run that a killed listener left in the making is interrupted: it may be looked at again."""
    for run in runs:
        with contextlib.suppress(AitiaError):  # told when the group is heard of again
            store = RunStore.open(home, run)
            if store.meta().get("state") == "running":
                store.update_meta(state="interrupted")


def _firing(home: Path) -> dict[str, str]:
    """The latest run of each alert group that fired when it was last heard of, in the past week."""
    oldest = (datetime.now(tz=UTC) - REMEMBERED).isoformat()
    found: dict[str, str] = {}
    for meta in list_runs(home):  # newest first
        if meta.get("alert_group") and str(meta.get("created_at", "")) >= oldest:
            found.setdefault(
                str(meta["alert_group"]), str(meta["id"] if meta.get("alert_state") == "firing" else "")
            )
    return {group: run for group, run in found.items() if run}
