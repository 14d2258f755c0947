"""Thumbnails over a message broker (STOMP): `jobs.py intake` takes orders over HTTP and waits for the reply, `jobs.py worker`
makes them, `jobs.py put TEXT N` puts messages by hand. Settings come from the environment.
"""

import itertools
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

ROLE = sys.argv[1]
QUEUE = "/queue/thumbnails"
WORK_MS = {"good": 45.0, "best": 160.0}[os.environ.get("THUMB_QUALITY", "good")]
REPLY_S = float(os.environ.get("REPLY_TIMEOUT", "3"))
metrics = Exposition()
logging.basicConfig(
    level=logging.INFO, stream=sys.stdout,
    format="%(asctime)s %(levelname)-5s [%(threadName)s] com.acme.thumbs.%(name)s - %(message)s",
)  # fmt: skip
log = logging.getLogger(ROLE)


class Closed(ConnectionError):
    """The broker closed the connection or sent an error."""


class Stomp:
    """One connection to the broker."""

    def __init__(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", int(os.environ["BROKER_PORT"])), timeout=5)
        self.file, self.lock = self.sock.makefile("rb"), threading.Lock()
        self.send("CONNECT", {"accept-version": "1.2", "host": "/", "login": os.environ["BROKER_USER"],
                              "passcode": os.environ["BROKER_PASSWORD"]})  # fmt: skip
        self.frame()
        self.sock.settimeout(None)

    def send(self, command: str, headers: dict[str, str], body: str = "") -> None:
        """One frame."""
        lines = "".join(f"{key}:{value}\n" for key, value in headers.items())
        with self.lock:
            self.sock.sendall(f"{command}\n{lines}\n{body}\0".encode())

    def frame(self) -> tuple[str, dict[str, str], str]:
        """The next frame. Raises Closed."""
        command = b"\n"
        while command == b"\n":
            command = self.file.readline()
        if not command:
            raise Closed("connection to broker lost")
        headers: dict[str, str] = {}
        while (line := self.file.readline().strip()) != b"":
            key, _, value = line.decode().partition(":")
            headers.setdefault(key, value)
        size = int(headers.get("content-length", "-1"))
        body = (
            self.file.read(size + 1)[:-1] if size >= 0 else b"".join(iter(lambda: self.file.read(1), b"\0"))
        )
        if command.strip() == b"ERROR":
            raise Closed(f"{headers.get('message', '')}: {body.decode().strip()}")
        return command.strip().decode(), headers, body.decode()


def serve(handler: type[BaseHTTPRequestHandler]) -> None:
    """HTTP on PORT, in a thread."""
    ThreadingHTTPServer.request_queue_size = 128
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), handler)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()


class Http(BaseHTTPRequestHandler):
    """Metrics, and orders where the role takes them."""

    def do_GET(self) -> None:
        """Metrics."""
        self.answer(200, metrics.text())

    def do_POST(self) -> None:
        """An order for a thumbnail."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        start = time.perf_counter()
        code, body = intake.order(self.path)
        metrics.count("intake_http_responses_total", code=str(code))
        metrics.observe("intake_http_response_time_seconds", time.perf_counter() - start)
        self.answer(code, body)

    def answer(self, code: int, body: str) -> None:
        """Status and body."""
        self.send_response(code)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted, not logged."""


class Intake:
    """Publishes orders and hands the replies to those that wait for them."""

    def __init__(self) -> None:
        self.stomp: Stomp | None = None
        self.numbers, self.waiting = itertools.count(1), dict[str, tuple[threading.Event, list[str]]]()

    def order(self, path: str) -> tuple[int, str]:
        """Status and body."""
        number, event, replies = str(next(self.numbers)), threading.Event(), list[str]()
        stomp = self.stomp
        if stomp is None:
            return 503, "no connection to broker"
        self.waiting[number] = event, replies
        try:
            order = json.dumps({"id": number, "picture": path.rpartition("/")[2]})
            stomp.send(
                "SEND",
                {"destination": QUEUE, "reply-to": "/temp-queue/done", "correlation-id": number},
                order,
            )
            metrics.count("intake_orders_published_total")
            if not event.wait(REPLY_S):
                metrics.count("intake_orders_timed_out_total")
                log.warning("order %s: no reply within %.0f s", number, REPLY_S)
                return 504, "no reply"
            return 200, replies[0]
        except OSError as error:
            log.error("order %s: %s", number, error)
            return 503, str(error)
        finally:
            self.waiting.pop(number, None)

    def run(self) -> None:
        """Keep a connection."""
        while True:
            try:
                stomp = self.stomp = Stomp()
                log.info("connected to broker")
                while True:
                    _, headers, body = stomp.frame()
                    metrics.count("intake_replies_total")
                    if found := self.waiting.get(headers.get("correlation-id", "")):
                        found[1].append(body)
                        found[0].set()
            except OSError as error:
                log.error("broker: %s; trying again in 1 s", error)
                self.stomp = None
                time.sleep(1)


def work() -> None:
    """Take orders one after the other."""
    metrics.count("worker_thumbnails_total", 0)
    while True:
        try:
            stomp = Stomp()
            stomp.send(
                "SUBSCRIBE",
                {"id": "0", "destination": QUEUE, "ack": "client-individual", "prefetch-count": "4"},
            )
            log.info("consuming %s, quality %s", QUEUE, os.environ.get("THUMB_QUALITY", "good"))
            while True:
                one(stomp, *stomp.frame()[1:])
        except OSError as error:
            log.error("broker: %s; trying again in 1 s", error)
            time.sleep(1)


def one(stomp: Stomp, headers: dict[str, str], body: str) -> None:
    """One order; what cannot be read is given back."""
    start = time.perf_counter()
    try:
        order = json.loads(body)
        time.sleep(WORK_MS / 1e3)
        done = {"destination": headers["reply-to"], "correlation-id": headers["correlation-id"]}
        stomp.send("SEND", done, json.dumps({"thumbnail": f"{order['picture']}-128.webp"}))
        stomp.send("ACK", {"id": headers["ack"]})
        metrics.count("worker_thumbnails_total")
    except (ValueError, KeyError):
        log.exception("cannot read order, giving it back")
        metrics.count("worker_orders_returned_total")
        time.sleep(WORK_MS / 1e3)
        stomp.send("NACK", {"id": headers["ack"], "requeue": "true"})
    finally:
        metrics.observe("worker_order_duration_seconds", time.perf_counter() - start)


def put(text: str, number: int) -> None:
    """Messages by hand."""
    stomp = Stomp()
    for n in range(number):
        stomp.send("SEND", {"destination": QUEUE, "receipt": str(n)}, text)
        stomp.frame()


intake = Intake()
if ROLE == "put":
    put(sys.argv[2], int(sys.argv[3]))
else:
    watch_process(metrics)
    metrics.set("build_info", 1, version=os.environ.get("APP_VERSION", "4.1.0"), role=ROLE)
    serve(Http)
    log.info("%s %s started", ROLE, os.environ.get("APP_VERSION", "4.1.0"))
    if ROLE == "intake":
        intake.run()
    else:
        work()
