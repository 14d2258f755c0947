"""Alertmanager's webhook (version 4) on loopback: one alert group is one run, whatever number of alerts it has."""

from __future__ import annotations

import hmac
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast

from aitia.core.errors import BadInput

LARGEST: int = 2_000_000
PATIENCE_S = 10.0
_LONGEST_KEY = 2_000
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


class Desk:
    """A bounded queue with one worker. `handle` is called for one notice at a time, on the worker's thread.

    While a group waits, a later notice of it takes the place of the earlier one: the queue never holds a group twice.
    """

    def __init__(self, handle: Callable[[Notice], None], *, places: int = 20) -> None:
        self._handle, self._places = handle, places
        self._waiting: OrderedDict[str, Notice] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._busy = ""
        self._thread = threading.Thread(target=self._work, name="aitia-desk", daemon=True)

    def start(self) -> None:
        """Start the worker."""
        self._thread.start()

    def take(self, notice: Notice) -> Said:
        """Queue a notice. Raises Full; a group that is resolved before its turn leaves the queue."""
        with self._changed:
            known = notice.group in self._waiting or notice.group == self._busy
            if not notice.firing and notice.group != self._busy and self._waiting.get(notice.group):
                del self._waiting[notice.group]
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
        """Take nothing more, wait for what runs; how many groups were left waiting (-1 in place of 0 if one still runs)."""
        with self._changed:
            left = len(self._waiting)
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(seconds)
        return left

    @property
    def working(self) -> bool:
        """Whether a notice is being handled."""
        with self._changed:
            return bool(self._busy)

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
        """A client that hangs up is no news."""


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
