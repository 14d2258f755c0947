"""HTTP/1.1 for uvicorn that does not wait without end: a bounded number of connections, heads that must come in time."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from aitia.core.connection_slots import HEAD_S, Places


class PatientProtocol(H11Protocol):
    """A connection that has a place, or makes room for others while its request does not come or its answer is not taken."""

    places: ClassVar[Places]
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, from one that waits where there is none; then wait for a request, but not for ever."""
        super().connection_made(transport)
        admitted, given_up = self.places.take(self, self.client[0] if self.client else "")
        if isinstance(given_up, PatientProtocol):
            given_up.transport.abort()
        if admitted:
            self._watch()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; a head that is not whole yet is still waited for."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """The client does not take its answer."""
        super().pause_writing()
        self.places.waits(self)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        super().connection_lost(exc)
        self.places.leave(self)
        self._forget()

    def _watch(self) -> None:
        state = self.conn.their_state
        if state is h11.IDLE or state is h11.SEND_BODY:
            self.places.waits(self)
        else:
            self.places.works(self)
        if state is not h11.IDLE:
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def patient(places: Places) -> type[PatientProtocol]:
    """The protocol of one server, whose connections share its places."""
    return type("Patient", (PatientProtocol,), {"places": places})
