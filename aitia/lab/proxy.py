"""A TCP proxy per edge between services, so that delay can be injected without privileges.

`python -m scenarios.record.mesh EDGES.json` with {"edges": {"orders->redis": [listen, target]}, "control": port}.
The control port takes lines: `delay EDGE MILLISECONDS JITTER SHARE`; a share below 1 delays only part of the
connections. Where a target refuses, the proxy refuses too until the target is back.
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


@dataclass(kw_only=True)
class Edge:
    """One listener and its target on loopback."""

    listen: int
    target: int
    delay_s: float = 0.0
    jitter_s: float = 0.0
    share: float = 1.0
    server: asyncio.Server | None = None
    jobs: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Accept connections."""
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.listen, backlog=128)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, here = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            self._close_until_back()
            return
        slow = random.random() < self.share
        await asyncio.gather(self._pump(reader, here, slow), self._pump(there, writer, slow))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, slow: bool) -> None:
        try:
            while data := await reader.read(65_536):
                if slow and self.delay_s:
                    await asyncio.sleep(max(0.0, self.delay_s + random.uniform(-1, 1) * self.jitter_s))
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            _reset(writer)
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    def _close_until_back(self) -> None:
        if self.server is None:
            return
        self.server.close()
        self.server = None
        job = asyncio.create_task(self._reopen())
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)

    async def _reopen(self) -> None:
        while True:
            await asyncio.sleep(0.3)
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.target)
                writer.close()
                await self.open()
                return


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


async def run(config: Path) -> None:
    """Serve all edges until killed."""
    raw = json.loads(config.read_text())
    edges = {name: Edge(listen=ports[0], target=ports[1]) for name, ports in raw["edges"].items()}
    for edge in edges.values():
        await edge.open()

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            verb, name, delay, jitter, share = line.decode().split()
            if verb == "delay" and name in edges:
                edge = edges[name]
                edge.delay_s, edge.jitter_s, edge.share = (
                    float(delay) / 1e3,
                    float(jitter) / 1e3,
                    float(share),
                )
        writer.close()

    async with await asyncio.start_server(control, "127.0.0.1", raw["control"]) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
