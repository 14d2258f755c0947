"""One bounded HTTP GET with the configured credentials: no redirects, no surprises, errors that say what to change."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aitia.core.bounds import TooManyValues, load_json
from aitia.core.config import SourceConfig
from aitia.core.deadline import Deadline
from aitia.core.errors import BadInput, OutOfTime, SourceError
from aitia.tools.sources.tls import tls_of

if TYPE_CHECKING:
    import httpx

    from aitia.tools.sources.http_call import TimedTransport

MAX_BYTES = 96 * 1024 * 1024  # of an answer, unpacked: 4,000 series of 1,000 samples
SILENT_S = 30.0
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class JsonApi:
    """GET requests to one server that answers JSON."""

    def __init__(self, config: SourceConfig, root: Path) -> None:
        self._config = config
        self._root = root
        self.ahead_s = 0.0
        """By how much the server's clock was ahead of this machine's at the last answer, where it tells its time."""
        self._silent: tuple[float, type[SourceError], str] | None = None
        self._calls: TimedTransport | None = None

    @property
    def is_silent(self) -> bool:
        """Whether the server did not answer, less than half a minute ago."""
        return self._silent is not None and time.monotonic() - self._silent[0] < SILENT_S

    def get(self, path: str, params: Sequence[tuple[str, str]]) -> Any:
        """The parsed answer, within `timeout_s` from connecting to its last byte.

        Raises SourceError for a dead or slow server, refused credentials, redirects and non-JSON.

        A server that did not answer is not asked again for half a minute: the tools of one run wait for it once.
        """
        import httpx

        self._not_silent()
        where = f"{self._config.url}{path}"
        try:
            with self._client() as client, client.stream("GET", where, params=list(params)) as answer:
                body = self._bounded(answer)
        except httpx.TimeoutException:
            raise self._slow() from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._away(error) from None
        self.ahead_s = _ahead(answer.headers.get("Date", ""))
        return self._parsed(answer, body)

    def _slow(self) -> SourceError:
        seconds = self._calls.deadline.seconds if self._calls is not None else self._config.timeout_s
        return self._gone(
            OutOfTime,
            f"Raise `timeout_s` of source {self._config.name!r} or narrow its `match`: {self._config.url} did not answer"
            f" within {seconds:.3g} s.",
        )

    def _away(self, error: Exception) -> SourceError:
        return self._gone(
            SourceError,
            f"{self._config.url} cannot be reached ({_ERRNO.sub('', clean(str(error))) or type(error).__name__}). Start "
            f"the server or fix {self._config.place('url')}.",
        )

    def _not_silent(self) -> None:
        """Raises what was raised when the server did not answer, for half a minute from then."""
        if self._silent and self.is_silent:
            raise self._silent[1](self._silent[2])

    def _gone(self, kind: type[SourceError], message: str) -> SourceError:
        self._silent = time.monotonic(), kind, message
        return kind(message)

    def check_credentials(self, *texts: str) -> None:
        """Raises BadInput for what HTTP does not carry, before an error of the HTTP library can show it."""
        if not all(text.isascii() and text.isprintable() for text in texts):
            raise BadInput(
                f"The credentials of source {self._config.name!r} cannot be sent: a token, password, tenant "
                "or header contains a line break or a character that HTTP does not allow. Fix them."
            )

    def _client(self) -> httpx.Client:
        """A client whose calls end `timeout_s` from now."""
        import httpx

        from aitia.tools.sources.http_call import TimedTransport

        auth, given = self._config.auth, dict(self._config.auth.headers)
        bearer = auth.secret("bearer")
        self.check_credentials(bearer, auth.secret("password"), auth.username, *given.values())
        if bearer:
            given["Authorization"] = f"Bearer {bearer}"
        basic = (auth.username, auth.secret("password")) if auth.username else None
        self._calls = TimedTransport(
            Deadline(self._config.timeout_s),
            verify=tls_of(self._config, self._root),
            proxy=auth.proxy or None,
        )
        return httpx.Client(
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", **given},
            auth=basic,
            timeout=self._config.timeout_s,
            follow_redirects=False,
            transport=self._calls,
            trust_env=False,
        )

    def _bounded(self, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in self._pieces(answer):
            size += len(part)
            if size > MAX_BYTES:
                raise SourceError(
                    f"Narrow `match` of source {self._config.name!r}: the answer has more than {MAX_BYTES // 2**20} MiB."
                )
            parts.append(part)
        return b"".join(parts)

    def _pieces(self, answer: httpx.Response) -> Iterator[bytes]:
        """The body, unpacked. Raises SourceError where it is packed in another way than was asked for."""
        from aitia.tools.sources.http_call import Unreadable, unpacked

        try:
            yield from unpacked(answer)
        except Unreadable as error:
            raise SourceError(
                f"The server of source {self._config.name!r} must answer in gzip or uncompressed: {error}."
            ) from None

    def _parsed(self, answer: httpx.Response, body: bytes) -> Any:
        name, status = self._config.name, answer.status_code
        if status in (401, 403):
            raise SourceError(f"{self._config.url} answered {status}. Set or fix `auth` of source {name!r}.")
        if 300 <= status < 400:
            raise SourceError(f"Set `url` of source {name!r} to the final address: it redirects ({status}).")
        try:
            parsed = load_json(body)
        except TooManyValues as error:
            raise SourceError(
                f"Narrow `match` of source {name!r}: its answer is too large ({error})."
            ) from None
        except ValueError:
            start = clean(body[:80].decode("utf-8", "replace"))
            raise SourceError(
                f"{self._config.url} answered {status} without JSON ({start!r}). Point `url` of source "
                f"{name!r} at the API."
            ) from None
        if status >= 400:
            raise SourceError(
                f"{self._config.url} answered {status}: {reason(parsed)}. Fix `match` or `url` of source "
                f"{name!r}."
            )
        return parsed


def _ahead(date: str) -> float:
    """Seconds between an HTTP date, which is whole, and now; 0 for none."""
    try:
        told = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return 0.0
    return told.timestamp() - time.time() if told.tzinfo else 0.0


def reason(parsed: object) -> str:
    """The error text of an answer, on one line, at most 200 characters."""
    said: Mapping[str, Any] = parsed if isinstance(parsed, dict) else {}
    return clean(str(said.get("error") or said.get("message") or "no reason given"))


def clean(text: str) -> str:
    """Foreign text on one line, at most 200 characters."""
    return _CONTROL.sub(" ", text).strip()[:200]
