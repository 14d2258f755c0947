"""Real servers on loopback: mosquitto, asyncua's OPC UA server, pymodbus' TCP server."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 60.0  # on a busy machine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"never happened: {what}")
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def mosquitto(
    folder: Path, port: int, *, password: str = "", acl: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed (Debian: apt install mosquitto)")
    lines = [
        f"listener {port} 127.0.0.1",
        f"allow_anonymous {'false' if password else 'true'}",
        "persistence false",
        "user root",
    ]
    if password:
        (folder / "passwd").write_text(f"reader:{password}\n")
        subprocess.run(["mosquitto_passwd", "-U", str(folder / "passwd")], check=True)
        lines.append(f"password_file {folder / 'passwd'}")
    if acl:
        (folder / "acl").write_text(acl)
        lines.append(f"acl_file {folder / 'acl'}")
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    process = subprocess.Popen(
        [program, "-c", str(folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: listens(port), "mosquitto listens")
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def in_a_loop(
    serve: Callable[[asyncio.Event], Coroutine[Any, Any, None]], port: int
) -> Iterator[asyncio.AbstractEventLoop]:
    """A server in a loop and thread of its own; it ends when the event that it is given is set."""
    loop, end = asyncio.new_event_loop(), asyncio.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            loop.run_until_complete(serve(end))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        until(lambda: listens(port) or bool(failed), "the server listens")
        assert not failed, failed
        yield loop
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(PATIENCE_S)
        loop.close()
