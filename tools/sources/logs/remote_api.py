"""Requests to a log server: one connection per fetch, answers as JSON or line by line, patience with a busy server."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aitia.core.bounds import TooManyValues, load_json
from aitia.core.config import SourceConfig
from aitia.core.deadline import Deadline
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.http import JsonApi, clean, reason

if TYPE_CHECKING:
    import httpx

MAX_LINE: Final = 64 * 1024 * 1024
LONG_QUERY: Final = 2000  # longer parameters go in the body: proxies refuse long addresses
_BUSY: Final = (429, 503)
_LEAST_S: Final = (
    0.5  # what is asked at the very end of a read's time still gets an answer from a server nearby
)
_ECHOED: Final = re.compile(
    r"^remoteAddr: .{0,200}?; requestURI: \S*?; "
)  # VictoriaLogs repeats the question first

Params = Sequence[tuple[str, str]]


class Refused(SourceError):
    """A server that is there and does not answer the question: it asks for too much, or cannot be read."""


class LogApi(JsonApi):
    """Bounded requests; `moved` counts the bytes of answers as they came over the wire, `asked` the requests."""

    def __init__(self, config: SourceConfig, root: Path, *, headers: Mapping[str, str]) -> None:
        place = urlsplit(config.url)
        if place.username or place.password:
            raise BadInput(
                f"The `url` of source {config.name!r} contains credentials, and addresses are shown in "
                "errors. Move them to `auth`."
            )
        super().__init__(config, root)
        self._headers = dict(headers)
        self._held: httpx.Client | None = None
        self.moved = 0
        self.asked = 0

    @contextmanager
    def session(self) -> Iterator[None]:
        """Requests within share one connection. Not for several threads at once."""
        if self._held is not None:
            yield
            return
        self._held = self._opened()
        try:
            yield
        finally:
            self._held.close()
            self._held = None

    def ask(self, path: str, params: Params, *, deadline: Deadline) -> Any:
        """The parsed JSON answer. Raises SourceError where there is none."""
        with self.session(), self._answer(path, params, deadline) as answer:
            body = self._bounded(answer)
            try:
                return load_json(body)
            except TooManyValues as error:
                raise SourceError(
                    f"Narrow `match` of source {self._config.name!r}: its answer is too large ({error})."
                ) from None
            except ValueError:
                start = clean(body[:80].decode("utf-8", "replace"))
                raise SourceError(
                    f"{self._config.url} did not answer with JSON ({start!r}). Point `url` of source "
                    f"{self._config.name!r} at the API."
                ) from None

    def lines(self, path: str, params: Params, *, deadline: Deadline) -> Iterator[bytes]:
        """The answer's lines as they come; ends early at the deadline.

        Raises SourceError where not even one came by then: that is a server that does not answer, not one without lines.
        """
        import httpx

        count = 0
        try:
            with self._answer(path, params, deadline, whole=False) as answer:
                for line in self._split(answer):
                    yield line
                    count += 1
        except httpx.TimeoutException:
            if not count or deadline.left > 0:
                raise self._slow() from None

    def _split(self, answer: httpx.Response) -> Iterator[bytes]:
        held: list[bytes] = []  # the pieces of a line that is not whole yet
        size = 0
        for piece in self._pieces(answer):
            head, *more = piece.split(b"\n")
            held.append(head)
            size += len(head)
            if more:
                yield b"".join(held)
                yield from more[:-1]
                held, size = [more[-1]], len(more[-1])
            if size > MAX_LINE:
                raise SourceError(
                    f"A line of source {self._config.name!r} is longer than {MAX_LINE >> 20} MiB. Narrow its "
                    "`match`."
                )
        if (rest := b"".join(held)).strip():
            yield rest

    @contextmanager
    def _answer(
        self, path: str, params: Params, deadline: Deadline, *, whole: bool = True
    ) -> Iterator[httpx.Response]:
        """An answer whose head has come within `timeout_s`; so must the `whole` of it, or else go on to the deadline."""
        import httpx

        self._not_silent()
        assert self._held is not None
        assert self._calls is not None
        long = sum(len(v) for _, v in params) > LONG_QUERY
        sent: dict[str, Any] = {"data": dict(params)} if long else {"params": list(params)}
        where, attempt = f"{self._config.url}{path}", 0
        try:
            while True:
                self.asked += 1
                self._calls.deadline = Deadline(min(self._config.timeout_s, max(_LEAST_S, deadline.left)))
                with self._held.stream("POST" if long else "GET", where, **sent) as answer:
                    if answer.status_code in _BUSY and self._waited(answer, attempt, deadline):
                        attempt += 1
                        continue
                    try:
                        self._check(answer)
                        if not whole:
                            self._calls.deadline = Deadline(max(_LEAST_S, deadline.left))
                        yield answer
                    finally:
                        self.moved += answer.num_bytes_downloaded
                    return
        except httpx.TimeoutException:
            if not whole:
                raise
            raise self._slow() from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._away(error) from None

    def _waited(self, answer: httpx.Response, attempt: int, deadline: Deadline) -> bool:
        """Whether there is time to ask again, after the pause that the server asks for (else 0.25 s, doubled each time)."""
        told = answer.headers.get("Retry-After", "")
        pause = float(told) if told.isdigit() else 0.25 * 2.0**attempt
        if attempt >= 5 or pause > deadline.left:
            return False
        time.sleep(pause)
        return True

    def _check(self, answer: httpx.Response) -> None:
        """Raises SourceError for an answer that is none, with the server's own words where it gives a reason."""
        name, status = self._config.name, answer.status_code
        if status < 300:
            return
        if status in (401, 403) or 300 <= status < 400:
            self._parsed(answer, b"")
        body = self._bounded(answer)
        try:
            said = reason(load_json(body))
        except ValueError:
            said = clean(_ECHOED.sub("", body[:16384].decode("utf-8", "replace"))) or "no reason given"
        if status == 404:
            raise SourceError(
                f"Point `url` of source {name!r} at the API: {self._config.url} answered 404: {said}"
            )
        if status in _BUSY:
            raise SourceError(
                f"{self._config.url} is busy ({status}: {said}). Narrow `match` of source {name!r}, or try "
                "again later."
            )
        raise Refused(
            f"{self._config.url} answered {status}: {said}. Fix `match` or `url` of source {name!r}."
        )

    def _opened(self) -> httpx.Client:
        """A client with the configured credentials, none of which can turn up in an error of the HTTP library."""
        self.check_credentials(*self._headers.values())
        client = self._client()
        client.headers.update(self._headers)
        return client
