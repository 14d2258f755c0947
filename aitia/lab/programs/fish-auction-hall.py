"""The halls of an auction: `crier` publishes the prices of the clocks over NATS, `clerk HALL` writes them and the bids to
InfluxDB, `morning` writes the prices of the hours before. Settings come from the environment.
"""

import base64
import http.client
import json
import logging
import os
import queue
import random
import signal
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from exposition import Exposition, watch_process  # type: ignore[import-not-found]

ROLE = sys.argv[1]
VERSION = os.environ.get("APP_VERSION", "2.11.0")
LOTS = range(1, 21)
SPECIES = ("cod", "plaice", "turbot", "hake")
LEASE_S = 8
metrics = Exposition()
logging.Formatter.default_msec_format = "%s.%03d"
logging.basicConfig(
    level=logging.INFO, stream=sys.stdout,
    format="%(asctime)s | %(levelname)-8s | %(name)s:%(funcName)s:%(lineno)d - %(message)s",
)  # fmt: skip
log = logging.getLogger(ROLE)


class Wire:
    """One connection to NATS."""

    def __init__(self) -> None:
        raw = socket.create_connection(("127.0.0.1", int(os.environ["WIRE_PORT"])), timeout=5)
        raw.recv(4096)  # INFO; the server wants TLS
        context = ssl.create_default_context(cafile=os.environ["WIRE_CA"])
        self.sock = context.wrap_socket(raw, server_hostname=os.environ["WIRE_NAME"])
        self.file, self.lock = self.sock.makefile("rb"), threading.Lock()
        hello = {
            "verbose": False, "pedantic": False, "lang": "python3", "name": " ".join(sys.argv[1:]), "protocol": 1,
            "user": os.environ["WIRE_USER"], "pass": os.environ["WIRE_PASSWORD"],
        }  # fmt: skip
        self.write(f"CONNECT {json.dumps(hello)}\r\nPING\r\n".encode())
        self.take()
        self.sock.settimeout(12)

    def write(self, data: bytes) -> None:
        """Bytes, whole."""
        with self.lock:
            self.sock.sendall(data)

    def publish(self, subject: str, body: dict[str, Any]) -> None:
        """One message."""
        text = json.dumps(body).encode()
        self.write(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(text), text))

    def take(self) -> tuple[str, str, bytes] | None:
        """The next message: subject, where to reply, body; None after a PONG. Raises OSError."""
        while line := self.file.readline():
            words = line.split()
            if words[0] == b"MSG":
                body = self.file.read(int(words[-1]) + 2)[:-2]
                return words[1].decode(), words[3].decode() if len(words) == 5 else "", body
            if words[0] == b"PING":
                self.write(b"PONG\r\n")
            if words[0] == b"-ERR":
                raise ConnectionError(line[5:].decode().strip())
            if words[0] == b"PONG":
                return None
        raise ConnectionError("connection closed by server")

    def close(self) -> None:
        """Give the socket back."""
        self.sock.close()


class Answered(OSError):
    """A server answered with an error."""


def post(address: str, path: str, body: bytes, user: str = "", timeout: float = 5) -> bytes:
    """One request. Raises OSError or HTTPException."""
    connection = http.client.HTTPConnection(address, timeout=timeout)
    login = f"{user}:{os.environ.get('LEDGER_PASSWORD', '')}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(login).decode()} if user else {}
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise Answered(f"HTTP {response.status}: {text.decode().strip()[:200]}")
        return text
    finally:
        connection.close()


def ledger(lines: list[str], timeout: float = 5) -> None:
    """Write points."""
    begun = time.perf_counter()
    try:
        post(
            os.environ["LEDGER"],
            "/write?db=auction&precision=ms",
            "\n".join(lines).encode(),
            "clerk",
            timeout,
        )
        metrics.count("clerk_points_written_total", len(lines))
    except (OSError, http.client.HTTPException):
        metrics.count("clerk_ledger_errors_total")
        raise
    finally:
        metrics.observe("clerk_ledger_write_seconds", time.perf_counter() - begun)


def keeper(path: str, **body: Any) -> dict[str, Any]:
    """One call of etcd; keys and values are given as text."""
    coded = {
        k: base64.b64encode(v.encode()).decode() if k in ("key", "value") else v for k, v in body.items()
    }
    found: dict[str, Any] = json.loads(
        post(os.environ["KEEPER"], path, json.dumps(coded).encode(), timeout=3)
    )
    return found


class Clerk:
    """Answers the bids of a hall as long as it holds the hall's lease."""

    def __init__(self, hall: str) -> None:
        self.hall, self.name, self.lease = hall, f"{hall}-{os.urandom(4).hex()}", ""
        self.wire: Wire | None = None
        self.bids = queue.Queue[tuple[str, bytes]](500)
        self.ticks = list[str]()
        self.lock = threading.Lock()

    def run(self) -> None:
        """Listen; connections are made anew."""
        signal.signal(signal.SIGTERM, self.leave)
        for work in (self.hold, self.flush, self.answer):
            threading.Thread(target=work, daemon=True).start()
        while True:
            wire = None
            try:
                wire = Wire()
                wire.write(f"SUB price.{self.hall}.* 1\r\nSUB hall.{self.hall}.bid 2\r\n".encode())
                log.info("listening to hall %s", self.hall)
                self.wire = wire
                while True:
                    if found := wire.take():
                        self.message(*found)
            except OSError as error:
                log.error("wire: %s; reconnecting in 1 s", error)
                metrics.count("clerk_wire_disconnects_total")
                self.wire = None
                if wire:
                    wire.close()
                time.sleep(1)

    def message(self, subject: str, reply: str, body: bytes) -> None:
        """A price or a bid."""
        if reply:
            if self.lease:
                self.bids.put((reply, body))
            return
        try:
            tick = json.loads(body)
            line = f"ticks,hall={self.hall},lot={tick['lot']} price={float(tick['price'])},kg={tick['kg']} {tick['ts']}"
        except (ValueError, KeyError):
            log.exception("cannot read %s", subject)
            metrics.count("clerk_ticks_dropped_total")
            return
        with self.lock:
            self.ticks.append(line)

    def flush(self) -> None:
        """Write prices once a second; what could not be written waits."""
        while True:
            time.sleep(1)
            with self.lock:
                lines, self.ticks = self.ticks[-4000:], []
            metrics.set("clerk_ticks_waiting", len(lines))
            metrics.set("clerk_bids_waiting", self.bids.qsize())
            if not lines:
                continue
            try:
                ledger(lines)
            except (OSError, http.client.HTTPException) as error:
                log.warning("ledger: %d prices not written, kept: %s", len(lines), error)
                with self.lock:
                    self.ticks = lines + self.ticks

    def answer(self) -> None:
        """Take bids one after the other."""
        while True:
            reply, body = self.bids.get()
            begun = time.perf_counter()
            try:
                bid = json.loads(body)
                if os.environ.get("BID_CHECK") == "market":
                    q = f"SELECT percentile(price, 95), stddev(price) FROM ticks WHERE hall = '{self.hall}' GROUP BY lot"
                    post(os.environ["LEDGER"], "/query?db=auction&q=" + q.replace(" ", "%20"), b"", "clerk")
                ledger([f"bids,hall={self.hall},lot={bid['lot']} amount={bid['amount']},buyer=\"{bid['buyer']}\""
                        f" {time.time_ns() // 1_000_000}"])  # fmt: skip
                answer = {"taken": True, "hall": self.hall}
            except (OSError, http.client.HTTPException) as error:
                log.error("bid not booked: %s", error)
                answer = {"error": f"not booked: {error}"}
            metrics.count("clerk_bids_total", result="refused" if "error" in answer else "taken")
            metrics.observe("clerk_bid_seconds", time.perf_counter() - begun)
            try:
                if wire := self.wire:
                    wire.publish(reply, answer)
            except OSError as error:
                log.warning("reply to %s lost: %s", reply, error)

    def hold(self) -> None:
        """Keep the hall and note how far one is; without either the hall is given up."""
        renewed = 0.0
        while True:
            try:
                lease = self.claim()
                if not self.lease:
                    log.info("hall %s is ours, lease %s", self.hall, lease)
                self.lease = lease
                keeper("/v3/kv/put", key=f"/auction/position/{self.hall}", value=str(time.time_ns()))
                renewed = time.time()
            except (OSError, http.client.HTTPException, KeyError, ValueError) as error:
                metrics.count("clerk_keeper_errors_total")
                log.warning("keeper: %s", error)
                if self.lease and time.time() - renewed > LEASE_S:
                    log.error("hall %s given up, not renewed for %.0f s", self.hall, time.time() - renewed)
                    self.lease = ""
            metrics.set("clerk_holds_hall", float(bool(self.lease)), hall=self.hall)
            time.sleep(2)

    def leave(self, *_: object) -> None:
        """Give the hall back, and end."""
        log.info("SIGTERM, leaving hall %s", self.hall)
        try:
            if self.lease:
                keeper("/v3/lease/revoke", ID=self.lease)
        except (OSError, http.client.HTTPException) as error:
            log.warning("keeper: %s", error)
        os._exit(0)

    def claim(self) -> str:
        """The hall under a new lease. Raises Answered where somebody else holds it."""
        lease = str(keeper("/v3/lease/grant", TTL=LEASE_S)["ID"])
        key = base64.b64encode(f"/auction/halls/{self.hall}".encode()).decode()
        own = base64.b64encode(self.name.encode()).decode()
        free = {"key": key, "target": "CREATE", "create_revision": "0"}
        ours = {"key": key, "target": "VALUE", "value": own}
        put = {"request_put": {"key": key, "lease": lease, "value": own}}
        again = {"request_txn": {"compare": [free], "success": [put]}}
        done = keeper("/v3/kv/txn", compare=[ours], success=[put], failure=[again])
        inner = done.get("responses", [{}])[0].get("response_txn", {"succeeded": True})
        if not inner.get("succeeded"):
            keeper("/v3/lease/revoke", ID=lease)
            raise Answered(f"hall {self.hall} is held by somebody else")
        return lease


def cry() -> None:
    """Prices fall as the clock runs, and begin anew when somebody buys."""
    price = {(hall, lot): random.uniform(90, 240) for hall in ("north", "south") for lot in LOTS}
    while True:
        wire = None
        try:
            wire = Wire()
            log.info("clocks of %d lots run", len(price))
            while True:
                for (hall, lot), old in price.items():
                    new = price[hall, lot] = old * 0.993 if old > 60 else random.uniform(140, 240)
                    shown = f"{new:.2f}".replace(
                        ".", "," if os.environ.get("PRICE_FORMAT") == "da_DK" else "."
                    )
                    body = {
                        "hall": hall,
                        "lot": lot,
                        "price": shown,
                        "kg": 20 + lot * 3,
                        "species": SPECIES[lot % 4],
                    }
                    wire.publish(f"price.{hall}.{lot}", body | {"ts": time.time_ns() // 1_000_000})
                    metrics.count("crier_prices_total", hall=hall)
                    time.sleep(0.025)
                wire.write(b"PING\r\n")
                wire.take()
        except OSError as error:
            log.error("wire: %s; reconnecting in 1 s", error)
            if wire:
                wire.close()
            time.sleep(1)


def morning() -> None:
    """Prices of five hours, one each 5 s."""
    now = time.time_ns() // 1_000_000
    for start in range(3600, 0, -240):
        ledger([
            f"ticks,hall={hall},lot={lot} price={60 + (lot * 31 + step * 7) % 180}.5,kg={20 + lot * 3} {now - step * 5000}"
            for step in range(start, start - 240, -1) for hall in ("north", "south") for lot in LOTS
        ], 30)  # fmt: skip


class Metrics(BaseHTTPRequestHandler):
    """Metrics over HTTP."""

    def do_GET(self) -> None:
        """All."""
        body = metrics.text().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not logged."""


if ROLE == "morning":
    morning()
else:
    watch_process(metrics)
    metrics.set("hall_build_info", 1, version=VERSION, role=ROLE)
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Metrics)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log.info("%s %s started", " ".join(sys.argv[1:]), VERSION)
    if ROLE == "crier":
        cry()
    else:
        Clerk(sys.argv[2]).run()
