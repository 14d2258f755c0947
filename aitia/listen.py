"""Alertmanager's webhook (version 4) on loopback: one alert group is one run, whatever number of alerts it has."""

from __future__ import annotations

import hmac
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Literal, cast

from aitia.core.errors import BadInput
from aitia.core.serving import BoundedServer, length_of, read_body
from aitia.jobs import Full, Job, Jobs
from aitia.notices import Notice, parse_notice

LARGEST: Final = 2_000_000
PATIENCE_S: Final = 10.0
BODY_S: Final = 30.0
Said = Literal["queued", "queued again", "known already", "nothing fires"]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What came of a notification: what is said of it, and its job (None where there is nothing to diagnose)."""

    said: Said
    job: Job | None = None


def take(jobs: Jobs, notice: Notice) -> Taken:
    """A group that fires is diagnosed: its first notification begins a run, one that says more is its next revision.

    A group that is resolved is closed. Raises BadInput, Full.
    """
    group = f"alertmanager {notice.group}"
    if not notice.firing:
        return Taken(said="nothing fires", job=jobs.resolve(group))
    known = jobs.submit(
        notice.message, origin="alertmanager", key=f"{group} {notice.began}", group=group, by="alertmanager"
    )
    if known.new:
        return Taken(said="queued", job=known.job)
    return Taken(said="known already" if known.job.over else "queued again", job=known.job)


class Listener(BoundedServer):
    """The HTTP door: POST / takes a notification, GET /healthz tells how many jobs are in which state."""

    def __init__(
        self,
        address: tuple[str, int],
        jobs: Jobs,
        *,
        token: str = "",
        on_taken: Callable[[Taken], None] = lambda taken: None,
        **bounds: int,
    ) -> None:
        self.jobs, self.token, self.on_taken = jobs, token, on_taken
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
        return self._answer(HTTPStatus.OK, "", **self._door.jobs.counts())

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
            taken = take(self._door.jobs, parse_notice(body))
        except Full as error:
            return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except BadInput as error:
            return self._answer(HTTPStatus.BAD_REQUEST, str(error))
        self._door.on_taken(taken)
        return self._answer(
            HTTPStatus.ACCEPTED, status=taken.said, **({"job": taken.job.id} if taken.job else {})
        )

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
