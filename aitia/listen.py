"""Alertmanager's webhook (version 4) on loopback: one alert group is one run, whatever number of alerts it has."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Literal, cast

from aitia import api
from aitia.core.errors import AitiaError, BadInput
from aitia.core.events import Event, RunStarted
from aitia.core.store import RunStore, list_runs
from aitia.core.words import Report
from aitia.settings import Settings

LARGEST: Final = 2_000_000
PATIENCE_S: Final = 10.0
REMEMBERED: Final = timedelta(days=7)
_LONGEST_KEY: Final = 2_000
Said = Literal["queued", "queued again", "nothing fires"]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notification of an alert group."""

    group: str
    firing: bool
    message: Mapping[str, Any]


class Full(Exception):
    """The queue holds as many groups as it may."""


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
        self, settings: Settings, engine: api.Engine, *, home: Path, on_outcome: Callable[[Outcome], None]
    ) -> None:
        self._settings, self._engine, self._home, self._told = settings, engine, home, on_outcome
        self._runs = _firing(home)
        self.current = ""  # the run that is being made

    def __call__(self, notice: Notice) -> None:
        """Diagnose a group that fires; close one that is resolved. A failure is told, never raised."""
        digest = hashlib.sha256(notice.group.encode("utf-8", "surrogatepass")).hexdigest()
        if not notice.firing:
            if (run := self._runs.pop(digest, "")) and (self._home / "runs" / run).is_dir():
                RunStore.open(self._home, run).update_meta(alert_state="resolved")
            return self._told(Outcome(group=notice.group, run=run, message="resolved"))
        try:
            outcome = self._diagnosed(notice, digest)
        except AitiaError as error:
            outcome = Outcome(group=notice.group, run=self.current, message=str(error))
        except Exception as error:  # one diagnosis that fails must not end the door for all others
            outcome = Outcome(
                group=notice.group, run=self.current, message=f"{type(error).__name__}: {error}"[:400]
            )
        self.current = ""
        return self._told(outcome)

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
        if run and (self._home / "runs" / run / "run.json").is_file():
            self.current = run
            return api.again(run, incident=notice.message, config=self._settings, model=llm, home=self._home)
        return api.diagnose(
            notice.message,
            config=self._settings,
            model=llm,
            planner=options.planner,
            narrator=options.narrator,
            home=self._home,
            on_event=self._note,
        )

    def _note(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.current = event.run


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


class Desk:
    """A bounded queue with one worker. `handle` is called for one notice at a time, on the worker's thread.

    While a group waits, a later notice of it takes the earlier one's place: the queue never holds a group twice.
    """

    def __init__(self, handle: Callable[[Notice], None], *, places: int = 20) -> None:
        self._handle, self._places = handle, places
        self._waiting: OrderedDict[str, Notice] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._busy = ""
        self._thread = threading.Thread(target=self._work, name="aitia-desk", daemon=True)
        self._thread.start()

    def take(self, notice: Notice) -> Said:
        """Queue a notice. Raises Full."""
        with self._changed:
            known = notice.group in self._waiting or notice.group == self._busy
            if notice.group not in self._waiting and len(self._waiting) >= self._places:
                raise Full
            self._waiting[notice.group] = notice
            self._changed.notify_all()
        if not notice.firing:
            return "nothing fires"
        return "queued again" if known else "queued"

    def state(self) -> dict[str, Any]:
        """How many groups wait, of how many places, and whether one is being diagnosed."""
        with self._changed:
            return {"waiting": len(self._waiting), "places": self._places, "busy": bool(self._busy)}

    def idle(self, seconds: float) -> bool:
        """Wait until nothing waits and nothing runs; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout=seconds)

    def close(self, seconds: float) -> int:
        """Begin nothing more and wait for what runs; how many groups were left waiting."""
        with self._changed:
            left = len(self._waiting)
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(seconds)
        return left

    def _work(self) -> None:
        while (notice := self._next()) is not None:
            try:
                self._handle(notice)
            finally:
                with self._changed:
                    self._busy = ""
                    self._changed.notify_all()

    def _next(self) -> Notice | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._waiting))
            if self._closed:
                return None
            self._busy, notice = self._waiting.popitem(last=False)
            return notice


class Listener(ThreadingHTTPServer):
    """The HTTP door: POST / takes a notification, GET /healthz tells the state of the desk."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 32

    def __init__(self, address: tuple[str, int], desk: Desk, *, token: str = "") -> None:
        self.desk, self.token = desk, token
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up or falls silent is no news; anything else is told as usual."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    timeout = PATIENCE_S
    server_version, sys_version = "aitia", ""
    protocol_version = "HTTP/1.1"

    @property
    def _door(self) -> Listener:
        return cast("Listener", self.server)

    def do_GET(self) -> None:
        if self.path != "/healthz":
            return self._answer(HTTPStatus.NOT_FOUND, error="Ask for /healthz, or POST a notification to /.")
        return self._answer(HTTPStatus.OK, **self._door.desk.state())

    def do_POST(self) -> None:
        if (refused := self._refusal()) is not None:
            self.close_connection = True  # the body was not read
            return self._answer(*refused)
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return None
        try:
            said = self._door.desk.take(parse_notice(body))
        except BadInput as error:
            return self._answer(HTTPStatus.BAD_REQUEST, str(error))
        except Full:
            return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "Send again later: the queue is full.")
        return self._answer(HTTPStatus.ACCEPTED, status=said)

    def _refusal(self) -> tuple[HTTPStatus, str] | None:
        """What is wrong before the body is read."""
        given = self.headers.get("Authorization", "").encode("utf-8", "replace")
        if self._door.token and not hmac.compare_digest(given, f"Bearer {self._door.token}".encode()):
            return HTTPStatus.UNAUTHORIZED, "Send the token: http_config.authorization.credentials."
        if self.path not in ("/", "/alerts"):
            return HTTPStatus.NOT_FOUND, "POST to /."
        # A page in a browser can send plain text to loopback, JSON only with consent.
        if self.headers.get_content_type() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json."
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length."
        if int(length[:12]) > LARGEST:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Send at most {LARGEST} bytes; set max_alerts."
        return None

    def _answer(self, code: HTTPStatus, error: str = "", **told: Any) -> None:
        body = json.dumps({"error": error} if error else told).encode() + b"\n"
        self.send_response(code)
        if code == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        if code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.send_header("Retry-After", "60")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The requests of a webhook are not logged: their runs are."""
