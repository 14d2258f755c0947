"""session-api: sessions in Redis, whose primary it asks a Sentinel for. Settings come from the environment."""

import json
import logging
import os
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from exposition import Exposition, watch_process  # type: ignore[import-not-found]

VERSION = os.environ.get("APP_VERSION", "2.8.1")
WAYS = dict(pair.split("=") for pair in os.environ["REDIS_WAYS"].split(","))
TIMEOUT_S = float(os.environ.get("REDIS_TIMEOUT", "1.5"))
POOL = threading.BoundedSemaphore(int(os.environ.get("REDIS_POOL", "24")))
metrics = Exposition()
recent: list[bytes] = []


class JsonLines(logging.Formatter):
    """One JSON object a line, as a container platform collects them."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z"
        line = {
            "ts": now,
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(JsonLines())
logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"), handlers=[handler])
log = logging.getLogger("session-api")


class RedisError(Exception):
    """An error that the server answered."""


class Redis:
    """A few connections to one server."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.name, self.free = port, name, list[socket.socket]()

    def ask(self, *words: object) -> Any:
        """One command. Raises OSError or RedisError."""
        start = time.perf_counter()
        sock = (
            self.free.pop()
            if self.free
            else socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
        )
        try:
            texts = [str(w).encode() for w in words]
            sock.sendall(b"*%d\r\n" % len(texts) + b"".join(b"$%d\r\n%s\r\n" % (len(t), t) for t in texts))
            found = read(sock.makefile("rb"))
        except OSError:
            sock.close()
            metrics.count("redis_client_errors_total", server=self.name)
            raise
        finally:
            took = time.perf_counter() - start
            metrics.observe(
                "redis_client_command_seconds",
                took,
                buckets=(),
                server=self.name,
                command=str(words[0]).lower(),
            )
        self.free.append(sock)
        if isinstance(found, RedisError):
            metrics.count("redis_client_errors_total", server=self.name)
            raise found
        return found


def read(file: Any) -> Any:
    """One reply of the Redis protocol."""
    line = file.readline().rstrip(b"\r\n")
    if not line:
        raise ConnectionResetError("connection closed by server")
    kind, rest = line[:1], line[1:]
    if kind == b"-":
        return RedisError(rest.decode())
    if kind == b"$":
        return None if rest == b"-1" else file.read(int(rest) + 2)[:-2]
    if kind == b"*":
        return [read(file) for _ in range(int(rest))]
    return int(rest) if kind == b":" else rest


class Store:
    """The sessions; the primary is looked up again after an error, at most once a second."""

    def __init__(self) -> None:
        self.sentinel = Redis(int(os.environ["SENTINEL_PORT"]), "sentinel")
        self.primary: Redis | None = None
        self.looked = 0.0
        self.lock = threading.Lock()

    def ask(self, *words: object) -> Any:
        """A command to the present primary."""
        with self.lock:
            if self.primary is None or (self.looked < 0 and time.time() + self.looked > 1.0):
                _, port = self.sentinel.ask("SENTINEL", "get-master-addr-by-name", "sessions")
                way = WAYS[port.decode()]
                if self.primary is None or self.primary.port != int(way):
                    log.info("primary of sessions is 127.0.0.1:%s", port.decode())
                    self.primary = Redis(int(way), "sessions")
                self.looked = time.time()
            primary = self.primary
        try:
            return primary.ask(*words)
        except (OSError, RedisError):
            with self.lock:
                self.looked = -time.time() if self.looked > 0 else self.looked
            raise


store = Store()


def session(number: str) -> bytes:
    """A session, made anew where it is not there."""
    key = f"session:{number}"
    if os.environ.get("SESSION_INDEX") == "scan":
        keys = store.ask("KEYS", f"session:*{number}")
        metrics.set("session_index_size", float(len(keys)))
    found: bytes | None = store.ask("GET", key)
    if found is None:
        metrics.count("session_lookups_total", result="miss")
        time.sleep(0.03)  # the user is asked of the directory
        found = json.dumps({"user": number, "cart": [], "token": os.urandom(600).hex()}).encode()
        store.ask("SET", key, found.decode(), "EX", 900)
    else:
        metrics.count("session_lookups_total", result="hit")
    if os.environ.get("RECENT_SESSIONS") == "all":
        recent.append(found * 24)
    return found


class Handler(BaseHTTPRequestHandler):
    """Sessions and health."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A session, or metrics."""
        if self.path == "/actuator/prometheus":
            self.answer(200, metrics.text().encode())
            return
        start, code = time.perf_counter(), 500
        try:
            with POOL:
                body = session(self.path.rpartition("/")[2])
            code = 200
        except (OSError, RedisError) as error:
            body, code = json.dumps({"error": str(error)}).encode(), 503
            log.error("GET %s failed after %d ms: %s", self.path, (time.perf_counter() - start) * 1e3, error)
        finally:
            took = time.perf_counter() - start
            metrics.count("http_server_requests_total", uri="/sessions/{id}", status=str(code))
            metrics.observe("http_server_requests_seconds", took, uri="/sessions/{id}")
        self.answer(code, body)

    def answer(self, code: int, body: bytes) -> None:
        """Status and body."""
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted, not logged."""


watch_process(metrics)
metrics.set("app_info", 1, version=VERSION)
log.info(
    "session-api %s listens on %s, log level %s",
    VERSION,
    os.environ["PORT"],
    os.environ.get("LOG_LEVEL", "INFO"),
)
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
