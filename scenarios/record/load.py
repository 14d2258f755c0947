"""Open-loop load on the gateway: Poisson arrivals around a slowly varying rate."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import threading

MIX = (("GET", "/api/catalog/items/{}", 0.42), ("GET", "/api/orders/{}", 0.18),
       ("POST", "/api/orders/{}", 0.24), ("GET", "/api/users/{}", 0.16))  # fmt: skip


class Load:
    """A thread that sends requests and throws the answers away. A context manager; `factor` may be changed."""

    def __init__(self, *, port: int, rate: float, seed: int) -> None:
        self.factor = 1.0
        self._port, self._rate, self._random = port, rate, random.Random(seed)
        self._done = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load", daemon=True)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join(timeout=10)

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        start = due = clock()
        jobs: set[asyncio.Task[None]] = set()
        while not self._done.is_set():
            wave = 1.0 + 0.12 * math.sin((clock() - start) / 47.0) + 0.06 * math.sin((clock() - start) / 13.0)
            due += self._random.expovariate(self._rate * wave * self.factor)
            await asyncio.sleep(max(0.0, due - clock()))
            jobs.add(job := asyncio.create_task(self._send(*self._pick())))
            job.add_done_callback(jobs.discard)

    def _pick(self) -> tuple[str, str]:
        method, path, _ = self._random.choices(MIX, [share for *_, share in MIX])[0]
        return method, path.format(1 + int(self._random.paretovariate(0.8)) % 400)

    async def _send(self, method: str, path: str) -> None:
        head = f"{method} {path} HTTP/1.1\r\nHost: shop\r\nUser-Agent: shop-web/3.1\r\nContent-Length: 0\r\n"
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                writer.write(f"{head}Connection: close\r\n\r\n".encode())
                await asyncio.wait_for(reader.read(), timeout=8.0)
            finally:
                writer.close()
