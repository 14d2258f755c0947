"""The server's own tools: diagnose, ask, list_runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aitia.api import diagnose
from aitia.asking import ask
from aitia.core.events import Event, RunFailed, RunFinished, RunStarted
from aitia.core.llm import Llm
from aitia.core.store import RunStore, list_runs
from aitia.core.words import Report
from aitia.engine import AUTO, Engine, choose_engine
from aitia.incoming import make_incident, parse_moment
from aitia.mcp.reports import MIME, uri
from aitia.mcp.words import AskArgs, DiagnoseArgs, Diagnosed, ListArgs, Run, Runs
from aitia.model_use import Narrator, Planner
from aitia.render.markdown import escape, render_markdown
from aitia.render.text import clean, clip
from aitia.settings import Settings


class Stopped(KeyboardInterrupt):
    """Ends a run at its next event as Ctrl-C does: it can be resumed."""


@dataclass(kw_only=True)
class House:
    """Where the server looks and how it works, fixed when it starts."""

    settings: Settings
    home: Path
    config: Path | None = None  # the file that the settings are from
    model: str | Llm | None = AUTO
    planner: Planner | None = None
    narrator: Narrator | None = None
    threads: int | None = None
    _engine: Engine | None = None
    _going: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def diagnose(
        self, args: DiagnoseArgs, tell: Callable[[Event], None], stop: threading.Event
    ) -> tuple[str, Diagnosed]:
        """The short Markdown of the report and its outcome; stopped, it ends at its next event. Raises AitiaError."""

        def hear(event: Event) -> None:
            if isinstance(event, RunStarted):
                self._going.add(event.run)
            elif isinstance(event, RunFinished | RunFailed):
                self._going.discard(event.run)
            elif stop.is_set():
                raise Stopped
            tell(event)

        at = self.settings.service.at
        now = at or datetime.now(tz=UTC)
        since = parse_moment(args.since, now=now) if args.since else None
        incident = make_incident(
            args.incident, now=now, rules=self.settings.window, started_at=since, typed=False
        )  # an agent writes it, and may repeat what an alert says
        if incident.origin == "cli":
            incident = incident.model_copy(update={"origin": "api"})
        report = diagnose(
            incident, config=self.settings, at=at, home=self.home, on_event=hear, **self._roles()
        )
        return f"{render_markdown(report, full=False)}\nRun {report.run}.", _outcome(report)

    def leave(self) -> None:
        """The server ends where its runs stand: they are kept step by step, and say that they can be resumed."""
        for run in sorted(self._going):
            store = RunStore.open(self.home, run)
            if store.meta().get("state") == "running":
                store.update_meta(state="interrupted")

    def ask(self, args: AskArgs, *, corrects: bool = True) -> tuple[str, dict[str, Any]]:
        """The answer with what it rests on; `corrects`: whether who asks may correct a run. Raises AitiaError."""
        answer = ask(
            args.question,
            run=args.run,
            conversation=args.conversation,
            config=None if args.run or args.conversation else self.config,
            model=self.model,
            home=self.home,
            live=self.settings if args.run or args.conversation else None,
            at=self.settings.service.at if args.run or args.conversation else None,
            correcting="mcp" if corrects else "",
        )
        said = [f"{escape(r.text)} {' '.join(f'[{c}]' for c in r.cites)}".strip() for r in answer.replies]
        said += [] if answer.replies else ["None of the sources answers that."]
        near = [f"Nearest: {escape(clean(text))}" for text in answer.nearest]
        near += [f"Query: {escape(clean(query))}" for query in answer.queries]
        held = [f"[{c.id}] {escape(clean(c.text))}" for c in answer.citations]
        on = [f"Continue with conversation {answer.conversation}."] if answer.conversation else []
        return "\n".join([*said, *near, *held, *on]), answer.model_dump(mode="json")

    def runs(self, args: ListArgs) -> tuple[str, Runs]:
        """The newest runs, a line each."""
        runs = Runs(runs=tuple(map(_run, list_runs(self.home)[: args.limit])))
        lines = [
            " ".join(
                part for part in (r.run, r.state, r.verdict, r.component, r.fault, escape(r.title)) if part
            )
            for r in runs.runs
        ]
        return "\n".join(lines) or "There are no runs yet.", runs

    def _roles(self) -> dict[str, Any]:
        """The model is loaded once; where none takes part, the run itself finds out why, and says so."""
        engine = self._chosen()
        if engine.llm is None:
            return {
                "model": self.model,
                "planner": self.planner,
                "narrator": self.narrator,
                "threads": self.threads,
            }
        options = engine.options
        return {"model": engine.llm, "planner": options.planner, "narrator": options.narrator}

    def _chosen(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._engine = choose_engine(
                    self.model,
                    settings=self.settings,
                    planner=self.planner,
                    narrator=self.narrator,
                    threads=self.threads,
                    on_event=None,
                )
            return self._engine


def _outcome(report: Report) -> Diagnosed:
    return Diagnosed(
        run=report.run,
        verdict=report.verdict,
        probability=report.probability,
        component=report.component,
        fault=report.fault,
        fault_title=report.fault_title,
        reports=tuple(str(uri(report.run, form)) for form in MIME),
    )


def _run(meta: dict[str, Any]) -> Run:
    return Run(
        run=str(meta["id"]),
        title=clip(clean(str(meta.get("title", ""))), 200),
        state=str(meta.get("state", "")),
        created_at=str(meta.get("created_at", "")),
        verdict=str(meta.get("verdict", "")),
        probability=meta.get("probability"),
        component=str(meta.get("component", "")),
        fault=str(meta.get("fault", "")),
    )
