"""How a service reaches its stores and its peers: a PostgreSQL pool, a small Redis client, HTTP with a timeout."""

from __future__ import annotations

import http.client
import logging
import queue
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from aitia.lab.exposition import Exposition

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger("stores")


class PoolTimeout(Exception):
    """No connection became free in time."""


class Database:
    """A bounded pool of PostgreSQL connections that are replaced after `max_age_s`."""

    def __init__(self, metrics: Exposition, *, dsn: dict[str, Any], size: int, max_age_s: float) -> None:
        self._dsn = dsn
        self._metrics = metrics
        self._idle: queue.LifoQueue[tuple[float, psycopg.Connection[Any]]] = queue.LifoQueue()
        self._free = threading.Semaphore(size)
        self._max_age_s = max_age_s
        self._in_use = 0
        metrics.set("db_pool_max", size)
        metrics.gauge("db_pool_in_use", lambda: float(self._in_use))
        metrics.gauge("db_pool_idle", lambda: float(self._idle.qsize()))

    def connect(self) -> psycopg.Connection[Any]:
        """A new connection to the server."""
        import psycopg

        try:
            return psycopg.connect(**self._dsn, connect_timeout=3, autocommit=True)
        except psycopg.Error as error:
            self._metrics.count("db_connect_errors_total", peer="postgres")
            raise ConnectionError(str(error).strip()) from None

    def run(self, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """One statement on a pooled connection."""
        if not self._free.acquire(timeout=2.0):
            raise PoolTimeout("no database connection became free within 2 s")
        self._in_use += 1
        start = time.perf_counter()
        try:
            since, connection = self._take()
            try:
                cursor = connection.execute(sql, parameters)
                rows = cursor.fetchall() if cursor.description else []
            except Exception:
                connection.close()
                raise
            self._idle.put((since, connection))
            return rows
        except Exception:
            self._metrics.count("db_errors_total", peer="postgres")
            raise
        finally:
            self._in_use -= 1
            self._free.release()
            took = time.perf_counter() - start
            self._metrics.observe("db_query_duration_seconds", took, buckets=(), peer="postgres")

    def _take(self) -> tuple[float, psycopg.Connection[Any]]:
        while True:
            try:
                since, connection = self._idle.get_nowait()
            except queue.Empty:
                return time.monotonic(), self.connect()
            if not connection.closed and time.monotonic() - since < self._max_age_s:
                return since, connection
            connection.close()


class Cache:
    """One command per connection over the Redis protocol, as simple clients do."""

    def __init__(self, metrics: Exposition, *, port: int, timeout_s: float = 2.0) -> None:
        self._metrics, self._port, self._timeout_s = metrics, port, timeout_s

    def connect(self) -> socket.socket:
        """A new connection."""
        return socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout_s)

    def command(self, *words: str) -> str:
        """The reply as text, "" for nil. Raises ConnectionError, TimeoutError or the server's error."""
        start = time.perf_counter()
        try:
            with self.connect() as sock:
                sock.sendall(_encode(words))
                return _decode(sock.makefile("rb").readline(), sock)
        except OSError as error:
            self._metrics.count("cache_errors_total", peer="redis", reason=type(error).__name__)
            raise
        finally:
            took = time.perf_counter() - start
            self._metrics.observe("cache_command_duration_seconds", took, buckets=(), peer="redis")


def _encode(words: tuple[str, ...]) -> bytes:
    parts = [f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]
    return "".join(parts).encode()


def _decode(line: bytes, sock: socket.socket) -> str:
    text = line.decode().rstrip("\r\n")
    if not text:
        raise ConnectionResetError("connection closed by server")
    if text.startswith("-"):
        raise ConnectionError(f"redis: {text[1:]}")
    return "" if text == "$-1" else text


class Peer:
    """HTTP calls to another service."""

    def __init__(self, metrics: Exposition, *, name: str, port: int, timeout_s: float = 2.0) -> None:
        self._metrics, self._name, self._port, self._timeout_s = metrics, name, port, timeout_s

    def call(self, method: str, path: str) -> tuple[int, bytes]:
        """Status and body. Raises ConnectionError or TimeoutError."""
        start = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_s)
        code = "error"
        try:
            connection.request(method, path, body=b"" if method == "POST" else None)
            response = connection.getresponse()
            code = str(response.status)
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            took = round((time.perf_counter() - start) * 1e3)
            reason = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
            self._metrics.count("http_client_errors_total", peer=self._name, reason=reason)
            where = f"{self._name} (127.0.0.1:{self._port})"
            logging.getLogger("client").warning(
                "%s %s to %s failed after %d ms: %s", method, path, where, took, error
            )
            raise
        finally:
            connection.close()
            took_s = time.perf_counter() - start
            self._metrics.count("http_client_requests_total", peer=self._name, code=code)
            self._metrics.observe("http_client_request_duration_seconds", took_s, buckets=(), peer=self._name)
