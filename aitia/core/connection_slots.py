"""Who may be connected: so many at a time, so many of one address; who has not said what it wants makes room for others."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Final

CONNECTIONS: Final = 400  # at a time; a process may have 1,024 open files, and needs others
PER_CLIENT: Final = 200  # of one address; behind a proxy all clients have its address
HEAD_S: Final = 15.0  # from connecting, or from the last answer, to the end of a request's head


class Places:
    """The connections of one server, told apart by any key. Calls may come from several threads.

    A connection `waits` until its request has come whole, and while it does not take its answer. Where there is no room
    the one that waits longest is given up for the newcomer: half-open connections, however many, keep nobody out.
    """

    def __init__(
        self,
        *,
        most: int = CONNECTIONS,
        per_client: int = PER_CLIENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._per_client, self._clock = most, per_client, clock
        self._clients: dict[Hashable, str] = {}
        self._counts: Counter[str] = Counter()
        self._waiting: dict[Hashable, float] = {}  # since when, longest first
        self._lock = threading.Lock()

    def take(self, key: Hashable, client: str) -> tuple[bool, Hashable | None]:
        """Whether a newcomer has a place, and whose connection must be closed for it (None: nobody's)."""
        with self._lock:
            crowded = self._counts[client] >= self._per_client
            given_up: Hashable | None = None
            if crowded or len(self._clients) >= self._most:
                waiting = (k for k in self._waiting if not crowded or self._clients[k] == client)
                given_up = next(waiting, None)
                if given_up is None:
                    return False, None
                self._forget(given_up)
            self._clients[key] = client
            self._counts[client] += 1
            self._waiting[key] = self._clock()
            return True, given_up

    def waits(self, key: Hashable) -> None:
        """From now on it is waited for; where it was already, since then."""
        with self._lock:
            if key in self._clients:
                self._waiting.setdefault(key, self._clock())

    def works(self, key: Hashable) -> None:
        """Its request has come whole, or it takes its answer again."""
        with self._lock:
            self._waiting.pop(key, None)

    def leave(self, key: Hashable) -> None:
        """It is closed."""
        with self._lock:
            self._forget(key)

    def late(self, seconds: float) -> list[Hashable]:
        """Those that have been waited for longer than that; they lose their places."""
        with self._lock:
            until = self._clock() - seconds
            found = [key for key, since in self._waiting.items() if since < until]
            for key in found:
                self._forget(key)
            return found

    def _forget(self, key: Hashable) -> None:
        self._waiting.pop(key, None)
        client = self._clients.pop(key, None)
        if client is not None:
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]
