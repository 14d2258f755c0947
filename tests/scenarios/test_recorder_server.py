"""The shop's services against a real Redis and a real PostgreSQL: faults have the consequences that they claim."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aitia.core.errors import BadInput
from aitia.lab.net import listening
from aitia.lab.supervisor import Child, Supervisor, wait_for
from scenarios.record.store_setup import (
    PASSWORDS,
    POSTGRES_CONF,
    cluster_user,
    fill,
    init_cluster,
    postgres_bin,
)

pytestmark = pytest.mark.server
Start = Callable[..., int]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def call(port: int, method: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def metric(port: int, line: str) -> float:
    text = call(port, "GET", "/metrics")[1]
    return float(next(x for x in text.splitlines() if x.startswith(line)).rsplit(" ", 1)[1])


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="aitia-test-record-"))
    path.chmod(0o755)  # user postgres must reach its cluster
    yield path
    shutil.rmtree(path)


@pytest.fixture
def supervisor(folder: Path) -> Iterator[Supervisor]:
    with Supervisor(folder / "host.log", host="shop-host") as running:
        yield running


@pytest.fixture
def start(supervisor: Supervisor, folder: Path) -> Start:
    def begin(name: str, **config: Any) -> int:
        port = free_port()
        full = {
            "name": name,
            "version": "1.0.0",
            "port": port,
            "pool": 4,
            "ready": str(folder / "ready"),
            **config,
        }
        file = folder / f"{name}.json"
        file.write_text(json.dumps(full))
        argv = [sys.executable, "-m", "scenarios.record.app", str(file)]
        supervisor.start(Child(name=name, argv=argv, log=folder / f"{name}.log"))
        wait_for((folder / "ready").exists, what=name)
        return port

    return begin


@pytest.fixture
def redis(supervisor: Supervisor, folder: Path) -> int:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    port = free_port()
    argv = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--maxclients", "40"]
    supervisor.start(Child(name="redis", argv=argv, log=folder / "redis.log"))
    wait_for(lambda: listening(port), what="redis")
    return port


@pytest.fixture
def postgres(supervisor: Supervisor, folder: Path) -> int:
    pytest.importorskip("psycopg", reason="the [record] extra is not installed")
    try:
        binary = postgres_bin() / "postgres"
    except BadInput as error:
        pytest.skip(str(error))
    data, port = init_cluster(folder / "pg"), free_port()
    (data / "shop.conf").write_text(POSTGRES_CONF.format(port=port, sockets=data))
    supervisor.start(
        Child(
            name="postgres",
            argv=[str(binary), "-D", str(data)],
            log=folder / "postgres.log",
            user=cluster_user(),
        )
    )
    wait_for(lambda: listening(port), what="postgres")
    fill(port)
    return port


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.chdir(root)


def test_catalog_answers_counts_and_outlives_its_redis(
    start: Start, redis: int, supervisor: Supervisor, folder: Path
) -> None:
    port = start("catalog", cache=redis)
    assert [call(port, "GET", "/items/7")[0] for _ in range(3)] == [200] * 3
    assert metric(port, "cache_misses_total") == 1
    assert metric(port, "cache_hits_total") == 2
    assert metric(port, 'http_requests_total{code="200"') == 3
    supervisor.kill_for_good("redis")
    wait_for(lambda: not listening(redis), what="the end of redis")
    assert call(port, "GET", "/items/7")[0] == 503
    log = (folder / "catalog.log").read_text()
    assert "starting catalog version 1.0.0" in log
    assert "cache lookup of item 7 failed: ConnectionRefusedError" in log


def test_a_release_that_raises_logs_a_traceback_of_a_deployed_service(
    start: Start, redis: int, folder: Path, root: Path
) -> None:
    port = start("catalog", cache=redis, release={"locale_share": 1.0})
    assert call(port, "GET", "/items/7")[0] == 500
    log = (folder / "catalog.log").read_text()
    assert "KeyError: 'currency'" in log
    assert 'File "/srv/catalog/handlers.py"' in log
    assert str(root) not in log


def test_sessions_of_redis_that_are_kept_run_out(start: Start, redis: int, folder: Path) -> None:
    port = start("catalog", cache=redis, release={"audit_share": 1.0})
    codes = [call(port, "GET", f"/items/{k}")[0] for k in range(60)]
    assert codes[0] == 200
    assert codes[-1] == 500
    assert "max number of clients reached" in (folder / "catalog.log").read_text()


def test_sessions_of_postgres_that_are_kept_run_out(start: Start, postgres: int, folder: Path) -> None:
    dsn = {
        "host": "127.0.0.1",
        "port": postgres,
        "user": "users",
        "password": PASSWORDS["users"],
        "dbname": "shop",
    }
    port = start("users", db=dsn, release={"audit_share": 1.0})
    assert call(port, "GET", "/users/5") == (200, '{"name": "user 5"}')
    assert metric(port, "db_pool_max") == 4
    codes = [call(port, "GET", f"/users/{k}")[0] for k in range(1, 60)]
    assert codes.index(500) in range(30, 40)
    assert set(codes[-10:]) == {500}
    assert "remaining connection slots are reserved" in (folder / "users.log").read_text()
    assert "FATAL:  remaining connection slots are reserved" in (folder / "postgres.log").read_text()


def test_a_wrong_password_is_refused_by_postgres(start: Start, postgres: int, folder: Path) -> None:
    dsn = {"host": "127.0.0.1", "port": postgres, "user": "users", "password": "wrong", "dbname": "shop"}
    port = start("users", db=dsn)
    assert call(port, "GET", "/users/5")[0] == 500
    assert 'password authentication failed for user "users"' in (folder / "users.log").read_text()
