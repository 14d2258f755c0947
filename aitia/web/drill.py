"""The page of a drill: the incident, looks at its telemetry, the answer, and only then what was recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse

from aitia.access import Doorkeeper
from aitia.core.errors import AitiaError, BadInput
from aitia.core.redaction.speech import said
from aitia.drill.debrief import Sides
from aitia.drill.looks import COMMANDS
from aitia.drill.naming import fault_names
from aitia.drill.sitting import Drill
from aitia.graphs.replay import Replayed
from aitia.render.html import render_html
from aitia.render.text import duration
from aitia.web import problems
from aitia.web.auth import Guard, login_router
from aitia.web.embed import Embedded, embedded
from aitia.web.guarded_route import GuardedRoute
from aitia.web.limits import Aside, Bounds
from aitia.web.middleware import Door
from aitia.web.page_templates import page
from aitia.web.pages import open_router, problem_page

NOBODY: Final = ("healthy", "unknown")
_PLAIN: Final = ("hint", "changes", "sources", "tools", "incident", "faults", "help")  # take no component
Short = Annotated[str, Form(max_length=300)]


@dataclass(frozen=True)
class Shown:
    """A command and what there was to read."""

    line: str
    lines: tuple[str, ...]


class Table:
    """The drill that the pages are about: one thing at a time, whoever asks."""

    def __init__(self, held: Drill, diagnose: Callable[[Path], Replayed]) -> None:
        self.held, self._diagnose, self._mutex = held, diagnose, threading.Lock()
        self.state: Literal["open", "comparing", "done"] = "open"
        self.shown: list[Shown] = []
        self.sides: Sides | None = None
        self.report: Embedded | None = None
        self.failed = ""  # why there is nothing to compare with

    def take(self, line: str) -> None:
        """A command of the terminal's. Raises BadInput."""
        words = line.strip()
        if words.partition(" ")[0] in ("answer", "give", "quit", ""):
            raise BadInput("Choose what to look at, or answer below.")
        with self._mutex:
            if self.state == "open":
                told = self.held.take(words)
                self.shown.append(Shown(said(words), tuple(map(said, told))))

    def answer(self, words: str, probability: float | None) -> None:
        """Name the cause; "" gives up. The comparison goes on by itself. Raises BadInput."""
        with self._mutex:
            if self.state != "open":
                return
            if words:
                self.held.answer(words, probability=probability)
            else:
                self.held.take("give up")
            self.state = "comparing"
        threading.Thread(target=self._compare, daemon=True).start()

    def _compare(self) -> None:
        try:
            self.sides = self.held.end(self._replayed)
        except AitiaError as error:
            self.failed = str(error)
        finally:
            self.state = "done"

    def _replayed(self, folder: Path) -> Replayed | None:
        try:
            done = self._diagnose(folder)
        except AitiaError as error:
            self.failed = f"aitia's own diagnosis: {error}"
            return None
        self.report = embedded(render_html(done.report))
        return done


def create_drill_app(table: Table, *, token: str = "") -> FastAPI:
    """The ASGI application of one drill, behind the door of the service."""
    app = FastAPI(
        title="aitia drill", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    app.state.guard = Guard(Doorkeeper(token=token))
    app.state.quick = Aside(threads=2, waiting=20, seconds=120.0)
    app.state.problem_page = partial(problem_page, template="drill_message.html")
    app.include_router(login_router())
    app.include_router(open_router())
    app.include_router(_router(table))
    problems.install(app)
    app.add_middleware(
        Door,
        bounds=Bounds(),
        local_only=lambda: not token,
        known=app.state.guard.known,
        on_answer=lambda *_: None,
    )
    return app


def _router(table: Table) -> APIRouter:
    made = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @made.get("/")
    async def drill(request: Request) -> Response:
        return page(request, "drill.html", **await request.app.state.quick(view, table))

    @made.get("/{form}")
    async def again(request: Request, form: Literal["looks", "answer"]) -> Response:
        return RedirectResponse("/", status_code=303)  # an address that a browser keeps after a form

    @made.post("/looks")
    async def look(
        request: Request, what: Short = "", component: Short = "", text: Short = "", line: Short = ""
    ) -> Response:
        words = line or " ".join(filter(None, [what, "" if what in _PLAIN else component, text.strip()]))
        try:
            await request.app.state.quick(table.take, words)
        except AitiaError as error:
            typed = {"what": what, "component": component, "text": text, "line": line, "refused": str(error)}
            return page(
                request, "drill.html", status=422, **await request.app.state.quick(view, table, **typed)
            )
        return RedirectResponse("/#seen", status_code=303)

    @made.post("/answer")
    async def answer(
        request: Request, suspect: Short = "", fault: Short = "", sure: Short = "", give_up: Short = ""
    ) -> Response:
        try:
            words = "" if give_up else suspect if suspect in NOBODY else f"{suspect} {fault}"
            await request.app.state.quick(table.answer, words, None if give_up else _share(sure))
        except AitiaError as error:
            typed = {"suspect": suspect, "fault": fault, "sure": sure, "answer_refused": str(error)}
            return page(
                request, "drill.html", status=422, **await request.app.state.quick(view, table, **typed)
            )
        return RedirectResponse("/", status_code=303)

    return made


def _share(sure: str) -> float | None:
    if not sure.strip():
        return None
    if not (sure.isascii() and sure.strip().isdigit() and int(sure[:9]) <= 100):
        raise BadInput("Say how sure you are as a whole number from 0 to 100, or leave it empty.")
    return int(sure) / 100


def view(table: Table, **typed: str) -> dict[str, Any]:
    """What the page shows; of the answer only once it was given."""
    held, incident = table.held, table.held.looks.incident
    title, *about = map(said, held.incident())
    tools = [(f"look {spec.name}", spec.doc) for spec in incident.tools]
    plain = [(name, command.help) for name, command in COMMANDS.items() if name not in ("look", "cluster")]
    if "cluster_state" in incident.tools.names():
        plain.append(("cluster", COMMANDS["cluster"].help))
    record = held.record
    empty = dict.fromkeys(
        ("what", "component", "text", "line", "refused", "suspect", "fault", "sure", "answer_refused"), ""
    )
    return {
        "state": table.state,
        "title": title,
        "about": about,
        "plain": [*plain, ("hint", "where something changed that you have not looked at")],
        "tools": tools,
        "components": incident.components,
        "faults": fault_names(held.taxonomy),
        "shown": list(reversed(list(enumerate(table.shown, 1)))),
        "sides": table.sides if table.state == "done" else None,
        "report": table.report if table.state == "done" else None,
        "failed": table.failed if table.state == "done" else "",
        "looks": [(said(look.line), duration(look.after_s)) for look in record.looks] if record else [],
        **(empty | typed),
    }
