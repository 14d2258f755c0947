"""A TCP proxy per edge between programs, so that a network can misbehave without privileges.

`python -m aitia.lab.proxy EDGES.json` with {"edges": {"orders->redis": [listen, target]}, "control": port}. The control
port takes lines of JSON: {"edge": NAME, "delay_ms": 200, …}, the fields of `Habit`; what a line leaves out is 0 again.
Where a target refuses, the proxy refuses too until the target is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0: closing sends RST


@dataclass(frozen=True, kw_only=True)
class Habit:
    """What an edge does to what passes; shares are of connections."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    share: float = 1.0
    stall: float = 0.0
    reset: float = 0.0
    refuse: bool = False
    cut: bool = False
    kb_s: float = 0.0


@dataclass(kw_only=True)
class Edge:
    """One listener and its target on loopback."""

    listen: int
    target: int
    habit: Habit = field(default_factory=Habit)
    server: asyncio.Server | None = None
    jobs: set[asyncio.Task[None]] = field(default_factory=set)
    open_now: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        """Accept connections."""
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.listen, backlog=128)

    async def become(self, habit: Habit) -> None:
        """Behave so from now on."""
        refused, self.habit = self.habit.refuse, habit
        if habit.cut:
            for writer in tuple(self.open_now):
                _reset(writer)
        if habit.refuse:
            self._close()
        elif refused:
            self._later(self._reopen())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        habit = self.habit
        if random.random() < habit.stall:
            await reader.read()  # nothing is answered until the caller gives up
            writer.close()
            return
        if random.random() < habit.reset:
            await asyncio.sleep(random.uniform(0.0, 0.05))
            _reset(writer)
            return
        try:
            there, here = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            self._close()
            self._later(self._reopen())
            return
        slow = random.random() < habit.share
        self.open_now |= {writer, here}
        try:
            await asyncio.gather(self._pump(reader, here, slow), self._pump(there, writer, slow))
        finally:
            self.open_now -= {writer, here}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, slow: bool) -> None:
        try:
            while data := await reader.read(65_536):
                habit = self.habit
                wait = (
                    max(0.0, habit.delay_ms + random.uniform(-1, 1) * habit.jitter_ms) / 1e3 if slow else 0.0
                )
                if habit.kb_s:
                    wait += len(data) / 1024 / habit.kb_s
                if wait:
                    await asyncio.sleep(wait)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            _reset(writer)
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    def _close(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None

    def _later(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        job = asyncio.create_task(work)
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)

    async def _reopen(self) -> None:
        while self.server is None and not self.habit.refuse:
            await asyncio.sleep(0.3)
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.target)
                writer.close()
                if self.server is None and not self.habit.refuse:
                    await self.open()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def tell(control: int, edge: str, **habit: float | bool) -> None:
    """Tell the running proxies how an edge behaves from now on, and wait until it does."""
    with socket.create_connection(("127.0.0.1", control), timeout=10) as sock:
        sock.sendall(json.dumps({"edge": edge, **habit}).encode() + b"\n")
        sock.shutdown(socket.SHUT_WR)
        sock.recv(1)


async def run(config: Path) -> None:
    """Serve all edges until killed."""
    raw = json.loads(config.read_text())
    edges = {name: Edge(listen=ports[0], target=ports[1]) for name, ports in raw["edges"].items()}
    for edge in edges.values():
        await edge.open()

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            asked = json.loads(line)
            await edges[asked.pop("edge")].become(Habit(**asked))
        writer.close()

    async with await asyncio.start_server(control, "127.0.0.1", raw["control"]) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
