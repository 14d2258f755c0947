"""Who knows a token: the right one always passes, and who sends wrong ones is told to wait, by address."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

CLIENTS: Final = 10_000  # that are remembered; those not heard of for longest are forgotten
WRONG_PER_S: Final = 0.2  # of one address: a person who mistypes, not a program that guesses
WRONG_BURST: Final = 10
ALL_PER_S: Final = 5.0  # wrong tokens of all addresses together: whoever has many of them guesses no faster
ALL_BURST: Final = 200
_NETWORK: Final = 64  # bits of an IPv6 address that a subscriber cannot choose


class Buckets:
    """A token bucket for each client. Safe for threads."""

    def __init__(self, *, per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._burst, self._clock = per_s, float(burst), clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._mutex = threading.Lock()

    def wait(self, client: str) -> float:
        """Take one; for how many seconds to wait where there is none, else 0."""
        with self._mutex:
            now = self._clock()
            left, then = self._left.pop(client, (self._burst, now))
            left = min(self._burst, left + (now - then) * self._per_s)
            allowed = left >= 1.0
            self._left[client] = (left - 1.0 if allowed else left, now)
            if len(self._left) > CLIENTS:
                self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self._per_s


class Token:
    """The token of a door; "" where the door is open. Wrong ones are counted, the right one never is.

    Nobody is locked out by others of the same address (a proxy, a shared host): only an answer to a wrong token says to wait.
    """

    def __init__(self, token: str) -> None:
        self._right, self.given = _digest(token), bool(token)
        self._one = Buckets(per_s=WRONG_PER_S, burst=WRONG_BURST)
        self._all = Buckets(per_s=ALL_PER_S, burst=ALL_BURST)

    def __bool__(self) -> bool:
        return self.given

    @property
    def mark(self) -> str:
        """What tells whether it is the same token, without telling it: for what must end where it changes."""
        return hashlib.sha256(b"mark" + self._right).hexdigest()

    def knows(self, said: str) -> bool:
        """Whether that is the token, in a time that does not tell how much of it is right."""
        return self.given and hmac.compare_digest(_digest(said), self._right)

    def bears(self, authorization: str) -> bool:
        """Whether an Authorization header holds the token."""
        kind, _, said = authorization.partition(" ")
        return kind.lower() == "bearer" and self.knows(said.strip())

    def wrong(self, address: str) -> float:
        """A wrong token came from there: for how many seconds to wait, 0 where it was not too often."""
        return max(self._one.wait(client_of(address)), self._all.wait(""))


def client_of(address: str) -> str:
    """Who an address stands for: an IPv6 network of 64 bits is one client, an IPv4 address in IPv6 form is itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), _NETWORK), strict=False))
    return str(found)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
