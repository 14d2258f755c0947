"""A webhook on loopback for alerts of every known format: one alert (group) is one run, however often it is told."""

from __future__ import annotations

import json
import logging
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal, cast

from aitia.alerts import AsksPerson, Notice, parse_notice
from aitia.core.errors import BadInput
from aitia.core.serving import BoundedHandler, BoundedServer, host_name, is_local, length_of, read_body
from aitia.core.tokens import Token
from aitia.jobs import Full, Job, Jobs

_log: Final = logging.getLogger("aitia.listen")
LARGEST: Final = 2_000_000
PATIENCE_S: Final = 10.0
BODY_S: Final = 30.0
BUG: Final = "Internal error. Please report it as an aitia bug; the log has details."
Reply = tuple[HTTPStatus, Mapping[str, Any]]
SNS: Final = "x-amz-sns-message-type"  # Amazon SNS sends JSON as text/plain, with this header
LOCAL: Final = "Without a token only requests to localhost or 127.0.0.1 are answered. Use one of these."
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
    if notice.state != "firing":
        over = notice.state == "resolved"
        return Taken(said="nothing fires", job=jobs.resolve(notice.whose) if over else None)
    known = jobs.submit(
        notice.message, origin=notice.origin, key=notice.key, group=notice.whose, by=notice.origin
    )
    if known.new:
        return Taken(said="queued", job=known.job)
    return Taken(said="known already" if known.job.over else "queued again", job=known.job)


class Listener(BoundedServer):
    """The HTTP door: POST / takes a notification, GET /healthz tells how many jobs are in which state.

    Without a token only requests for this machine are answered. `alive` is whether somebody works on the jobs.
    """

    def __init__(
        self,
        address: tuple[str, int],
        jobs: Jobs,
        *,
        token: str = "",
        on_taken: Callable[[Taken], None] = lambda taken: None,
        alive: Callable[[], bool] = lambda: True,
        **bounds: int,
    ) -> None:
        self.jobs, self.token, self.on_taken, self.alive = jobs, Token(token), on_taken, alive
        super().__init__(address, _Handler, **bounds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up or falls silent is no news; anything else is told as usual."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BoundedHandler):
    timeout = PATIENCE_S
    server_version, sys_version = "aitia", ""
    protocol_version = "HTTP/1.1"
    _retry_s = 0.0

    @property
    def _door(self) -> Listener:
        return cast("Listener", self.server)

    def do_GET(self) -> None:
        if self._strange():
            return self._answer(HTTPStatus.FORBIDDEN, LOCAL)
        if self.path != "/healthz":
            return self._answer(HTTPStatus.NOT_FOUND, error="Use GET /healthz, or POST a notification to /.")
        return self._answer_with(self._health)

    def do_POST(self) -> None:
        if (refused := self._refusal()) is not None:
            self.close_connection = True  # the body was not read
            return self._answer(*refused)
        length = length_of(self.headers["Content-Length"]) or 0
        body = read_body(self, length, seconds=BODY_S)
        if len(body) < length:
            self.close_connection = True
            return None
        return self._answer_with(lambda: self._take(body))

    def _health(self) -> Reply:
        if not self._door.alive():
            return HTTPStatus.SERVICE_UNAVAILABLE, {
                "error": "The worker of aitia listen has ended. Restart aitia listen."
            }
        return HTTPStatus.OK, self._door.jobs.counts()

    def _take(self, body: bytes) -> Reply:
        taken = take(self._door.jobs, parse_notice(body))
        self._door.on_taken(taken)
        return HTTPStatus.ACCEPTED, {"status": taken.said} | ({"job": taken.job.id} if taken.job else {})

    def _answer_with(self, work: Callable[[], Reply]) -> None:
        try:
            code, told = work()
        except Full as error:
            code, told = HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)}
        except BadInput as error:
            if isinstance(error, AsksPerson):
                _log.warning("%s", error)
            code, told = HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except Exception:  # the door's outermost place
            _log.exception("a request failed")
            code, told = HTTPStatus.INTERNAL_SERVER_ERROR, {"error": BUG}
        self._answer(code, **told)

    def _strange(self) -> bool:
        """Whether it comes under a foreign name and without a token: a page whose name was bound to this machine's address."""
        return not self._door.token and not is_local(host_name(self.headers.get("Host", "")))

    def _refusal(self) -> tuple[HTTPStatus, str] | None:
        """What is wrong before the body is read."""
        if self._strange():
            return HTTPStatus.FORBIDDEN, LOCAL
        given, token = self.headers.get("Authorization", ""), self._door.token
        if token and not token.bears(given):
            if given and (wait := token.wrong(self.client_address[0])) > 0:
                self._retry_s = wait
                return HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong tokens. Send the right one."
            return (
                HTTPStatus.UNAUTHORIZED,
                "The token is missing. Send it: http_config.authorization.credentials.",
            )
        if self.path not in ("/", "/alerts"):
            return HTTPStatus.NOT_FOUND, "POST to /."
        # A page in a browser can send plain text to loopback, JSON or a header of its own only with consent.
        if self.headers.get_content_type() != "application/json" and SNS not in self.headers:
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json."
        length = length_of(self.headers.get("Content-Length", ""))
        if length is None:
            return HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length."
        if length > LARGEST:
            return (
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The request is too large. Send at most {LARGEST} bytes (set max_alerts).",
            )
        return None

    def _answer(self, code: HTTPStatus, error: str = "", **told: Any) -> None:
        body = json.dumps({"error": error} if error else told).encode() + b"\n"
        self.send_response(code)
        if code == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        if code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.send_header("Retry-After", "60")
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            self.send_header("Retry-After", str(math.ceil(self._retry_s)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The requests of a webhook are not logged: their runs are."""
