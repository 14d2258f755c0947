"""Alertmanager's webhook (version 4) on loopback: one alert group is one run, whatever number of alerts it has."""

from __future__ import annotations

import contextlib
import hmac
import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Literal, cast

from aitia.alert_runs import Notice, parse_notice
from aitia.core.errors import BadInput
from aitia.core.serving import BoundedServer, length_of, read_body

LARGEST: Final = 2_000_000
PATIENCE_S: Final = 10.0
BODY_S: Final = 30.0
Said = Literal["queued", "queued again", "nothing fires"]


class Full(Exception):
    """The queue holds as many groups as it may."""


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
            except Exception as error:  # the only worker: it must not end while notices are taken
                with contextlib.suppress(OSError, ValueError):
                    print(f"aitia: {type(error).__name__}: {error}"[:400], file=sys.stderr, flush=True)
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


class Listener(BoundedServer):
    """The HTTP door: POST / takes a notification, GET /healthz tells the state of the desk."""

    def __init__(self, address: tuple[str, int], desk: Desk, *, token: str = "", **bounds: int) -> None:
        self.desk, self.token = desk, token
        super().__init__(address, _Handler, **bounds)

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
        length = length_of(self.headers["Content-Length"]) or 0
        body = read_body(self, length, seconds=BODY_S)
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
        length = length_of(self.headers.get("Content-Length", ""))
        if length is None:
            return HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length."
        if length > LARGEST:
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
