"""An OTLP/HTTP receiver that keeps a window of spans in memory and is itself a trace source.

`POST /v1/traces` in protobuf or JSON, gzip or not, with the answers of the OTLP specification (1.x, "OTLP/HTTP"). It
listens on loopback unless told otherwise, and holds a bounded number of spans and minutes: the oldest leave first.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Component, Holding, SourceKind, Window
from aitia.tools.sources.base import Span
from aitia.tools.sources.traces.otlp_http import TraceServer
from aitia.tools.sources.traces.span_files import derived

MAX_BODY: Final = 16 << 20  # bytes, packed or not


class OtlpReceiver:
    """A trace source that is sent its spans. Use it as a context manager, or `start` and `stop` it.

    Args:
        name: the source's name in reports.
        host, port: where to listen; port 0 takes a free one (`address` tells which).
        minutes: how long a span is kept after it arrived.
        max_spans: how many are kept at most.
        max_body, body_s: the bytes of a request at most, and the seconds that it may take to arrive.
        in_flight: requests that are read at the same time; more are answered 429.
        token: if set, requests need `Authorization: Bearer TOKEN`.
    """

    kind: Final[SourceKind] = "traces"

    def __init__(
        self,
        *,
        name: str = "otlp",
        host: str = "127.0.0.1",
        port: int = 4318,
        minutes: float = 120.0,
        max_spans: int = 200_000,
        max_body: int = MAX_BODY,
        body_s: float = 30.0,
        in_flight: int = 4,
        token: str = "",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.token, self.max_body, self.body_s = name, token, max_body, body_s
        self.slots = threading.BoundedSemaphore(max(1, in_flight))
        self._place, self._seconds, self._most, self._now = (host, port), 60.0 * minutes, max_spans, now
        self._held: deque[tuple[float, Span]] = deque()
        self._lock = threading.Lock()
        self._dropped = 0
        self._server: TraceServer | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on. Raises BadInput before `start`."""
        if self._server is None:
            raise BadInput(f"Start the receiver {self.name!r} before asking for its address.")
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def start(self) -> OtlpReceiver:
        """Listen, on a thread of its own. Raises SourceError where the address is taken."""
        try:
            self._server = TraceServer(self._place, self)
        except OSError as error:
            raise SourceError(
                f"Cannot listen on {self._place[0]}:{self._place[1]} ({error.strerror}). Choose another host "
                f"or port for the receiver {self.name!r}."
            ) from None
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name=f"aitia-{self.name}", daemon=True
        ).start()
        return self

    def stop(self) -> None:
        """Stop listening; the spans stay."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> OtlpReceiver:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def keep(self, spans: list[Span]) -> None:
        """Take spans in; the oldest leave where the window is full."""
        with self._lock:
            now = self._now()
            self._held.extend((now, span) for span in spans)
            while self._held and (len(self._held) > self._most or self._held[0][0] < now - self._seconds):
                self._held.popleft()
                self._dropped += 1

    def spans(self, window: Window) -> list[Span]:
        """The spans held that start in the window, by start, trace and id."""
        start, end = window.epoch
        found = [s for s in self._all() if start <= s.start < end]
        return sorted(found, key=lambda s: (s.start, s.trace, s.id))

    def describe(self, window: Window) -> Holding:
        """What is held now."""
        held = self._all()
        notes = []
        if not held:
            notes.append("No span has arrived yet: point an OTLP/HTTP exporter at this receiver.")
        elif (first := min(s.start for s in held)) > window.epoch[0]:
            notes.append(f"the first stored span starts {first - window.epoch[0]:.0f} s after the window")
        if self._dropped:
            notes.append(f"{self._dropped} older spans were dropped from the window")
        return Holding(
            source=self.name,
            kind="traces",
            components=tuple(sorted({s.component for s in held})),
            items=tuple(sorted({s.operation for s in held}))[:200],
            count=len(held),
            note="; ".join(notes),
        )

    def components(self) -> list[Component]:
        """Who calls whom, by the spans held."""
        return derived(self._all())

    def _all(self) -> list[Span]:
        with self._lock:
            return [span for _, span in self._held]
