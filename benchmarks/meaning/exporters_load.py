"""A light, varying load on the servers of the rig, and what any day brings: a job, a backup, a rotation, a reload, a restart."""

from __future__ import annotations

import hashlib
import math
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from benchmarks.meaning.exporters_rig import Rig, haproxy_conf, nginx_conf
from scenarios.record.store_setup import PASSWORDS, postgres_bin

WAVE_S, RIPPLE_S = 240.0, 37.0
BURST_S, BURST = 8.0, 3.0  # so long, so many times as much
CRON_S: Final = 120.0
Act = Callable[[], object]


class Load:
    """A thread for each client; a context manager."""

    def __init__(self, rig: Rig, *, seed: int) -> None:
        self._rig, self._seed, self._done = rig, seed, threading.Event()
        self._start = time.monotonic()
        self._threads = [
            threading.Thread(target=self._run, args=(made, rate, i), daemon=True)
            for i, (made, rate) in enumerate(CLIENTS)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _run(self, made: Callable[[Rig, random.Random], Act], rate: float, number: int) -> None:
        chance = random.Random(self._seed * 100 + number)
        phase, burst = chance.uniform(0, 6), chance.uniform(60, 120)
        act: Act | None = None
        while not self._done.is_set():
            t = time.monotonic() - self._start
            if t > burst + BURST_S:
                burst = t + chance.uniform(80, 160)
            now = rate * (1 + 0.3 * math.sin(2 * math.pi * t / WAVE_S + phase) + 0.1 * math.sin(t / RIPPLE_S))
            self._done.wait(chance.expovariate(now * (BURST if t >= burst else 1.0)))
            try:
                act = act or made(self._rig, chance)
                act()
            except (OSError, httpx.HTTPError, RuntimeError):  # a server restarts: the client connects again
                act = None


def _web(
    server: str, pages: tuple[str, ...] = ("index.html", "small.txt", "big.bin")
) -> Callable[[Rig, random.Random], Act]:
    def made(rig: Rig, chance: random.Random) -> Act:
        client = httpx.Client(base_url=f"http://{rig.at(server)}", timeout=4, trust_env=False)
        return lambda: client.get(f"/{chance.choice(pages)}")

    return made


def _proxied(rig: Rig, chance: random.Random) -> Act:
    client = httpx.Client(proxy=f"http://{rig.at('squid')}", timeout=4, trust_env=False)
    return lambda: client.get(f"http://{rig.at('nginx')}/{chance.choice(('index.html', 'small.txt'))}")


def _sql(rig: Rig, chance: random.Random) -> Act:
    import psycopg

    try:
        db = psycopg.connect(host="127.0.0.1", port=rig.port("pgbouncer"), user="postgres", password=PASSWORDS["postgres"],
                             dbname="shop", autocommit=True, prepare_threshold=None)  # fmt: skip
    except psycopg.Error as error:
        raise OSError(str(error)) from None

    def act() -> None:
        item = chance.randrange(1, 500)
        db.execute("SELECT * FROM users WHERE id = %s", (item,))
        if chance.random() < 0.4:
            db.execute("INSERT INTO orders (item) VALUES (%s)", (item,))

    return act


def _mariadb(rig: Rig, chance: random.Random) -> Act:
    client = subprocess.Popen(["mariadb", f"--defaults-file={rig.folder}/my.cnf", "--protocol=tcp", "-f"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    assert client.stdin
    lines = client.stdin
    lines.write(
        "CREATE DATABASE IF NOT EXISTS shop; USE shop;\nCREATE TABLE IF NOT EXISTS visits (id INT AUTO_INCREMENT PRIMARY KEY,"
        " item INT, KEY (item));\n"
    )

    def act() -> None:
        item = chance.randrange(500)
        lines.write(
            f"INSERT INTO visits (item) VALUES ({item});\nSELECT count(*) FROM visits WHERE item = {item};\n"
        )
        lines.flush()

    return act


def _redis(rig: Rig, chance: random.Random) -> Act:
    line = socket.create_connection(("127.0.0.1", rig.port("redis")), timeout=4)

    def act() -> None:
        key = f"cart:{chance.randrange(2_000)}"
        line.sendall(
            f"GET {key}\r\nSET {key} {'x' * chance.randrange(10, 400)} EX 90\r\nINCR hits\r\n".encode()
        )
        line.recv(65_536)

    return act


def _name(server: str) -> Callable[[Rig, random.Random], Act]:
    def made(rig: Rig, chance: random.Random) -> Act:
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.settimeout(2)

        def act() -> None:
            labels = (f"h{int(chance.paretovariate(0.7)) % 110}", "shop", "test")
            name = b"".join(bytes([len(x)]) + x.encode() for x in labels) + b"\0"
            head = chance.randrange(65_536).to_bytes(2, "big") + bytes.fromhex("01000001000000000000")
            line.sendto(head + name + bytes.fromhex("00010001"), ("127.0.0.1", rig.port(server)))
            line.recv(2_048)

        return act

    return made


def _stomp(rig: Rig, chance: random.Random) -> Act:
    line = socket.create_connection(("127.0.0.1", rig.port("stomp")), timeout=4)
    line.sendall(b"CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\n\n\0")
    line.recv(4_096)
    line.sendall(b"SUBSCRIBE\nid:0\ndestination:/queue/jobs\nack:auto\n\n\0")

    def act() -> None:
        line.sendall(b"SEND\ndestination:/queue/jobs\n\n" + b"x" * chance.randrange(20, 900) + b"\0")
        line.recv(65_536)

    return act


def _etcd(rig: Rig, chance: random.Random) -> Act:
    client = httpx.Client(base_url=f"http://{rig.at('etcd')}", timeout=4, trust_env=False)

    def act() -> None:
        key = f"a2V5{chance.randrange(1000, 1099)}"  # base64 already
        client.post("/v3/kv/put", json={"key": key, "value": "dmFsdWU="})
        client.post("/v3/kv/range", json={"key": key})

    return act


def _influx(rig: Rig, chance: random.Random) -> Act:
    client = httpx.Client(base_url=f"http://{rig.at('influx')}", timeout=4, trust_env=False)
    client.post("/query", params={"q": "CREATE DATABASE rig"})

    def act() -> None:
        client.post(
            "/write", params={"db": "rig"}, content=f"room,n={chance.randrange(20)} t={chance.gauss(21, 1)}"
        )
        if chance.random() < 0.3:
            client.get(
                "/query",
                params={"db": "rig", "q": "SELECT mean(t) FROM room WHERE time > now() - 5m GROUP BY n"},
            )

    return act


def _victoria(rig: Rig, chance: random.Random) -> Act:
    client = httpx.Client(base_url=f"http://{rig.at('vm')}", timeout=4, trust_env=False)

    def act() -> None:
        client.post(
            "/api/v1/import/prometheus",
            content=f'room_t{{n="{chance.randrange(20)}"}} {chance.gauss(21, 1)}\n',
        )
        if chance.random() < 0.3:
            client.get("/api/v1/query", params={"query": "avg(room_t)"})

    return act


def _registry(rig: Rig, chance: random.Random) -> Act:
    client = httpx.Client(base_url=f"http://{rig.at('registry')}", timeout=4, trust_env=False)

    def act() -> None:
        blob = os.urandom(chance.randrange(1_000, 40_000))
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        started = client.post("/v2/shop/blobs/uploads/").raise_for_status()
        client.put(httpx.URL(started.headers["location"]).copy_merge_params({"digest": digest}), content=blob)
        client.get(f"/v2/shop/blobs/{digest}")

    return act


def _monitoring(rig: Rig, chance: random.Random) -> Act:
    prometheus = httpx.Client(base_url=f"http://{rig.at('prometheus')}", timeout=8, trust_env=False)

    def act() -> None:
        prometheus.get(
            "/api/v1/query", params={"query": "sum by (job) (rate(process_cpu_seconds_total[1m]))"}
        )
        alert = {"labels": {"alertname": "Drill", "room": str(chance.randrange(5))}}
        httpx.post(f"http://{rig.at('alertmanager')}/api/v2/alerts", json=[alert], timeout=4, trust_env=False)

    return act


CLIENTS: Final[tuple[tuple[Callable[[Rig, random.Random], Act], float], ...]] = (
    (_web("nginx"), 4.0), (_web("nginx", ("php",)), 2.0), (_web("apache"), 3.0), (_web("haproxy"), 3.0),
    (_web("varnish"), 3.0), (_web("caddy"), 3.0), (_proxied, 2.0), (_sql, 4.0), (_mariadb, 3.0), (_redis, 5.0),
    (_name("bind"), 4.0), (_name("pdns"), 4.0), (_name("dnsdist"), 4.0), (_stomp, 3.0), (_etcd, 2.0), (_influx, 2.0),
    (_victoria, 2.0), (_registry, 1.0), (_monitoring, 0.5),
)  # fmt: skip


def _rotate(rig: Rig) -> None:
    for name in ("nginx", "apache"):
        (rig.folder / f"{name}-access.log").rename(rig.folder / f"{name}-access.log.1")
    _nginx(rig, "reopen")
    _apache_graceful(rig)


def _nginx(rig: Rig, what: str) -> None:
    subprocess.run(["nginx", "-c", nginx_conf(rig), "-s", what], check=True, capture_output=True)


def _apache_graceful(rig: Rig) -> None:
    subprocess.run(
        ["apache2", "-f", rig.folder / "apache.conf", "-k", "graceful"], check=True, capture_output=True
    )


def _reload_haproxy(rig: Rig) -> None:
    rig.client_s = 12
    haproxy_conf(rig)
    os.kill(int((rig.folder / "haproxy.pid").read_text()), signal.SIGUSR2)


def _reload_nginx(rig: Rig) -> None:
    rig.keepalive = 75
    _nginx(rig, "reload")


def _restart_caddy(rig: Rig) -> None:
    subprocess.run(["caddy", "stop", "--address", rig.at("caddy-admin")], check=True, capture_output=True)


def _backup(rig: Rig) -> None:
    into = {"stdout": subprocess.DEVNULL, "check": True}
    dsn = f"postgresql://postgres:{PASSWORDS['postgres']}@{rig.at('postgres')}/shop"
    subprocess.run([postgres_bin() / "pg_dump", dsn], **into)  # type: ignore[call-overload]
    subprocess.run(["mariadb-dump", f"--defaults-file={rig.folder}/my.cnf", "--protocol=tcp", "shop"], **into)  # type: ignore[call-overload]
    with socket.create_connection(("127.0.0.1", rig.port("redis")), timeout=4) as line:
        line.sendall(b"BGSAVE\r\n")
        line.recv(100)


def _cron(rig: Rig) -> None:
    began = time.time()
    dsn = f"postgresql://postgres:{PASSWORDS['postgres']}@{rig.at('postgres')}/shop"
    question = "SELECT a.item, count(*) FROM orders a JOIN orders b USING (item) GROUP BY 1"
    subprocess.run([postgres_bin() / "psql", dsn, "-qc", question], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        [
            "mariadb",
            f"--defaults-file={rig.folder}/my.cnf",
            "--protocol=tcp",
            "shop",
            "-e",
            "SELECT item, count(*) FROM visits GROUP BY 1",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    told = f"report_last_success_timestamp_seconds {time.time()}\nreport_duration_seconds {time.time() - began}\n"
    httpx.post(
        f"http://{rig.at('pushgateway')}/metrics/job/report", content=told, timeout=4, trust_env=False
    ).raise_for_status()


EVENTS: Final[tuple[tuple[float, str, Callable[[Rig], Any]], ...]] = (
    (0.30, "logs of nginx and apache rotated", _rotate),
    (0.45, "haproxy reloaded: timeout client 10 s to 12 s", _reload_haproxy),
    (0.55, "apache gracefully restarted", _apache_graceful),
    (0.62, "logs of nginx and apache rotated", _rotate),
    (0.67, "backup of PostgreSQL, MariaDB and Redis", _backup),
    (0.77, "caddy restarted", _restart_caddy),
    (0.86, "nginx reloaded: keepalive_timeout 65 s to 75 s", _reload_nginx),
)


def live(rig: Rig, seconds: float) -> list[dict[str, Any]]:
    """Let a recording's time pass with its events; what was done when."""
    start, journal = time.time(), list[dict[str, Any]]()
    due = [(share * seconds, text, act) for share, text, act in EVENTS]
    due += [(at, "report job", _cron) for at in _steps(CRON_S / 2, seconds)]
    for at, text, act in sorted(due, key=lambda d: d[0]):
        time.sleep(max(0.0, start + at - time.time()))
        journal.append({"at": time.time(), "text": text})
        act(rig)
    time.sleep(max(0.0, start + seconds - time.time()))
    return journal


def _steps(first: float, end: float) -> list[float]:
    return [first + CRON_S * i for i in range(int((end - first) / CRON_S) + 1)]
