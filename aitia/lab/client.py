"""The load client of a recording: `python -m aitia.lab.client CONFIG.json`.

It sends requests in open or closed loop, exports what its users see (`/metrics`), takes a new factor for its rate
(`POST /factor`), and writes each answer as a line of the file `view`: epoch seconds, seconds taken, outcome.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aitia.lab.exposition import Exposition, watch_process
from aitia.lab.tracing import Tracing

THREADS: Final = 64
SKEW: Final = 3.0  # half of the requests ask for an eighth of the numbers
Answer = tuple[str, str]  # outcome, code
Send = Callable[[random.Random], Answer]


class Client:
    """One load. `factor` may be changed while it runs."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config, self.factor, self.metrics = config, 1.0, Exposition()
        self._random = random.Random(config["seed"])
        self._view = Path(config["view"])
        self._view.touch()
        self._lock = threading.Lock()
        self._send = SENDERS[config["kind"]](config)
        watch_process(self.metrics)

    def once(self, due: float, rng: random.Random) -> None:
        """One request, counted from when it was due: a client that waits for a free worker waits too."""
        outcome, code = self._send(rng)
        took = time.time() - due
        name = self.config["prefix"]
        self.metrics.count(f"{name}_requests_total", outcome=outcome, code=code)
        self.metrics.observe(f"{name}_request_duration_seconds", took)
        with self._lock, self._view.open("a", encoding="utf-8") as file:
            file.write(f"{due:.3f} {took:.4f} {outcome}\n")

    def run(self) -> None:
        """Until killed."""
        if self.config["mode"] == "open":
            self._open()
        else:
            for number in range(256):
                threading.Thread(target=self._closed, args=(number,), daemon=True).start()
            threading.Event().wait()

    def _wave(self) -> float:
        turn = 2 * math.pi * time.monotonic() / self.config["period_s"]
        swing: float = self.config["wave"]
        return 1.0 + swing * (0.7 * math.sin(turn) + 0.3 * math.sin(3.7 * turn))

    def _open(self) -> None:
        due = time.time()
        with ThreadPoolExecutor(THREADS) as pool:
            while True:
                due += self._random.expovariate(max(1e-3, self.config["rate"] * self._wave() * self.factor))
                time.sleep(max(0.0, due - time.time()))
                pool.submit(self.once, due, random.Random(self._random.random()))

    def _closed(self, number: int) -> None:
        rng = random.Random(self.config["seed"] * 1000 + number)
        while True:
            if number >= round(self.config["workers"] * self.factor):
                time.sleep(0.2)
                continue
            self.once(time.time(), rng)
            time.sleep(self.config["think_ms"] / 1e3 / self._wave() * rng.uniform(0.5, 1.5))


def _number(rng: random.Random, of: int) -> int:
    return 1 + int(of * rng.random() ** SKEW)


def _pick(rng: random.Random, kinds: list[dict[str, Any]]) -> tuple[dict[str, Any], str]:
    kind = rng.choices(kinds, [k["weight"] for k in kinds])[0]
    return kind, str(_number(rng, kind["of"]))


def http_sender(config: dict[str, Any]) -> Send:
    """A request of its own connection, as many clients make."""
    url, tracing = urlsplit(config["target"]), _tracing(config)
    peer = _peer(config, url.hostname or "", url.port or 80)

    def send(rng: random.Random) -> Answer:
        kind, n = _pick(rng, config["requests"])
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=config["timeout_s"])
        try:
            with tracing.span(kind["name"] or kind["path"], "internal") as visit:
                status = ask(connection, kind, n)
                if status >= 500:
                    visit.fail(str(status))
        except TimeoutError:
            return "timeout", "0"
        except (OSError, http.client.HTTPException):
            return "error", "0"
        finally:
            connection.close()
        return ("error" if status >= 500 else "ok"), str(status)

    def ask(connection: http.client.HTTPConnection, kind: dict[str, Any], n: str) -> int:
        method, path = kind["method"], kind["path"].replace("{n}", n)
        body = kind["body"].replace("{n}", n).encode() or None
        told = peer | {"http.request.method": method, "url.full": f"{config['target']}{path}"}
        with tracing.span(method, "client", told) as call:
            connection.request(method, path, body=body, headers=config["headers"] | tracing.headers())
            reply = connection.getresponse()
            reply.read()
            call.answered(reply.status)
        return reply.status

    return send


def sql_sender(config: dict[str, Any]) -> Send:
    """A transaction on one of at most `workers` connections, which are opened anew after an error."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    free: list[psycopg.Connection[Any]] = []
    slots = threading.BoundedSemaphore(config["workers"])
    limit, tracing = config["timeout_s"], _tracing(config)
    place = conninfo_to_dict(config["target"])
    peer = _peer(config, str(place["host"]), int(place.get("port") or 5432)) | {
        "db.system.name": "postgresql", "db.namespace": str(place.get("dbname", "")),
    }  # fmt: skip

    def transact(db: psycopg.Connection[Any], statements: list[str], n: str) -> None:
        # A timeout of the client's own: one of the server's does not end a connection that hangs.
        timer = threading.Timer(limit, lambda: _shut(db.fileno()))
        timer.start()
        try:
            for statement in statements:
                with tracing.span(
                    _statement(statement), "client", peer | {"db.query.text": statement.replace("{n}", "?")}
                ):
                    db.execute(statement.replace("{n}", n).encode())
            with tracing.span("COMMIT", "client", peer):
                db.commit()
        except psycopg.Error:
            with contextlib.suppress(psycopg.Error):
                db.rollback()  # a pooler throws a server connection away whose client leaves within a transaction
            raise
        finally:
            timer.cancel()

    def send(rng: random.Random) -> Answer:
        kind, n = _pick(rng, config["statements"])
        with slots:
            start = time.monotonic()
            try:
                with tracing.span(kind["name"] or _statement(kind["sql"][0]), "internal"):
                    on_connection(kind["sql"], n)
            except psycopg.Error as error:
                outcome = "timeout" if time.monotonic() - start >= limit else "error"
                return outcome, error.sqlstate or "08006"
            return "ok", "00000"

    def on_connection(statements: list[str], n: str) -> None:
        db = free.pop() if free else connected()
        try:
            transact(db, statements, n)
        except psycopg.Error:
            with contextlib.suppress(psycopg.Error):
                db.close()
            raise
        free.append(db)

    def connected() -> psycopg.Connection[Any]:
        with tracing.span("CONNECT", "client", peer):
            return psycopg.connect(
                config["target"], connect_timeout=max(2, round(limit)), prepare_threshold=None
            )

    return send


def _statement(sql: str) -> str:
    """What a statement does and to which table: few names for many statements."""
    table = re.search(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)", sql, re.IGNORECASE)
    return " ".join([sql.split()[0].upper(), *([table[1]] if table else [])])


def _tracing(config: dict[str, Any]) -> Tracing:
    return Tracing(config.get("otlp", ""), config.get("component") or "")


def _peer(config: dict[str, Any], host: str, port: int) -> dict[str, str | int]:
    """Whom a call goes to. `peer.service` comes from a mapping of addresses to names, as agents are given one."""
    named = config.get("peers", {}).get(f"{host}:{port}")
    return {"server.address": host, "server.port": port, **({"peer.service": named} if named else {})}


def _shut(descriptor: int) -> None:
    with contextlib.suppress(OSError), socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.shutdown(socket.SHUT_RDWR)


def argv_sender(config: dict[str, Any]) -> Send:
    """A command line; its exit status is the answer."""

    def send(rng: random.Random) -> Answer:
        argv = [word.replace("{n}", str(_number(rng, 1000))) for word in config["argv"]]
        try:
            done = subprocess.run(argv, capture_output=True, timeout=config["timeout_s"], check=False)
        except subprocess.TimeoutExpired:
            return "timeout", "124"
        return ("ok" if done.returncode == 0 else "error"), str(done.returncode)

    return send


SENDERS: dict[str, Callable[[dict[str, Any]], Send]] = {
    "http": http_sender,
    "sql": sql_sender,
    "argv": argv_sender,
}


def serve(client: Client) -> None:
    """Metrics out, factor in."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(client.metrics.text().encode())

        def do_POST(self) -> None:
            client.factor = float(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing to log."""

    server = ThreadingHTTPServer(("127.0.0.1", client.config["port"]), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    """Serve and send until killed."""
    client = Client(json.loads(Path(sys.argv[1]).read_text()))
    serve(client)
    client.run()


if __name__ == "__main__":
    main()
