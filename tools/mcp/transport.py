"""How an MCP server is reached: a process of its own or streamable HTTP, with a bound on all that it may send."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from anyio.abc import ByteReceiveStream, Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCMessage

from aitia.core.children import environment, program
from aitia.core.config import McpServer
from aitia.core.errors import BadInput, SourceError
from aitia.tools.mcp.bounded import Bounded

MOST_BYTES: Final = 4 * 2**20  # that a server may send in one session
_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_GRACE_S: Final = 0.5  # to end by itself
_KEPT_S: Final = 3.0  # for the keeper to end what the process started
_KEEPER: Final = (sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")))
_TAIL: Final = 2000  # bytes of what it wrote on stderr
Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]


class Line:
    """A connection: its streams, why it broke where that is known, and what a process said last on stderr."""

    def __init__(self, server: McpServer) -> None:
        self.server = server
        self.trouble = ""
        self.last_words = ""
        self._got = 0

    def count(self, size: int) -> None:
        """Count bytes received. Raises SourceError beyond the bound."""
        self._got += size
        if self._got > MOST_BYTES:
            self.trouble = (
                f"MCP server {self.server.name!r} sent more than {MOST_BYTES // 2**20} MiB. Make it return "
                "less."
            )
            raise SourceError(self.trouble)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Streams]:
        """Connect; everything is closed, and a process gone, at the end."""
        opened = self._process() if self.server.command else self._http()
        async with opened as streams:
            yield streams

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[Streams]:
        process = await self._started()
        to_us, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        to_them, given = anyio.create_memory_object_stream[SessionMessage](0)
        async with to_us, received, to_them, given, anyio.create_task_group() as tasks:
            tasks.start_soon(self._read, process, to_us)
            tasks.start_soon(_write, process, given)
            tasks.start_soon(self._listen, process)
            try:
                yield received, to_them
            finally:
                with anyio.CancelScope(shield=True):
                    await _ended(process)
                tasks.cancel_scope.cancel()

    async def _started(self) -> Process:
        env = environment()
        for name in self.server.env_names:
            if name not in os.environ:
                raise BadInput(
                    f"The environment variable {name} is not set, but it is in env_names of MCP server "
                    f"{self.server.name!r}. Set it."
                )
            env[name] = os.environ[name]
        folder = Path(self.server.cwd) if self.server.cwd else None
        try:
            command = [program(self.server.command[0], folder=folder), *self.server.command[1:]]
        except OSError as error:
            raise SourceError(
                f"Fix `command` of MCP server {self.server.name!r}: it does not start ({error.strerror})."
            ) from None
        if shutil.which(command[0]) is None:
            raise SourceError(
                f"Fix `command` of MCP server {self.server.name!r}: it does not start ({command[0]!r} is not "
                "a program)."
            )
        kept = _KEEPER if sys.platform == "linux" else ()
        return await anyio.open_process([*kept, *command], env=env, cwd=folder, start_new_session=True)

    async def _read(
        self, process: Process, to_us: MemoryObjectSendStream[SessionMessage | Exception]
    ) -> None:
        """Messages, one a line. When the process ends, sends too much or a broken message, whoever waits is told."""
        assert process.stdout is not None
        gone = (SourceError, anyio.BrokenResourceError, anyio.ClosedResourceError)
        async with to_us:
            with contextlib.suppress(*gone):
                async for line in self._lines(process.stdout):
                    try:
                        message = JSONRPCMessage.model_validate_json(line)
                    except ValueError:
                        name = self.server.name
                        self.trouble = f"The stdout of MCP server {name!r} is not MCP. Fix its `command`."
                        if line.lstrip().startswith(b"{"):
                            return
                        continue  # a stray print
                    await to_us.send(SessionMessage(message))

    async def _lines(self, stdout: ByteReceiveStream) -> AsyncIterator[bytes]:
        parts: list[bytes] = []
        async for chunk in stdout:
            self.count(len(chunk))
            *whole, rest = chunk.split(b"\n")
            for line in whole:
                yield b"".join([*parts, line])
                parts = []
            parts.append(rest)

    async def _listen(self, process: Process) -> None:
        """Keep the end of what it says on stderr, for the message where it dies."""
        assert process.stderr is not None
        tail = b""
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            async for chunk in process.stderr:
                tail = (tail + chunk)[-_TAIL:]
        last = tail.decode("utf-8", "replace").strip().rpartition("\n")[2]
        self.last_words = kept(last, 200)

    @asynccontextmanager
    async def _http(self) -> AsyncIterator[Streams]:
        limit = self.server.timeout_s
        async with (
            httpx.AsyncClient(
                transport=Bounded(self),
                headers={"Accept-Encoding": "identity", **self._credentials()},
                timeout=limit,
                follow_redirects=False,
                trust_env=False,
            ) as client,
            streamable_http_client(self.server.url, http_client=client) as (received, to_them, _),
        ):
            yield received, to_them

    def _credentials(self) -> dict[str, str]:
        if not self.server.token_env:
            return {}
        token = os.environ.get(self.server.token_env, "")
        if not token or not (token.isascii() and token.isprintable()):
            raise BadInput(
                f"The environment variable {self.server.token_env} (token_env of MCP server "
                f"{self.server.name!r}) cannot be sent over HTTP. Set it to a valid token."
            )
        return {"Authorization": f"Bearer {token}"}


async def _write(process: Process, given: MemoryObjectReceiveStream[SessionMessage]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        async for each in given:
            text = each.message.model_dump_json(by_alias=True, exclude_none=True)
            await process.stdin.send(text.encode() + b"\n")


async def _ended(process: Process) -> None:
    """Close its stdin, and end it with all that it started."""
    assert process.stdin is not None
    with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        await process.stdin.aclose()
    with anyio.move_on_after(_GRACE_S):
        await process.wait()
    for number, patience_s in ((signal.SIGTERM, _KEPT_S), (signal.SIGKILL, _GRACE_S)):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        with anyio.move_on_after(patience_s):
            await process.wait()
            await anyio.sleep(0.02)
    with anyio.move_on_after(_GRACE_S):
        await process.wait()
    with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        await process.aclose()


def kept(value: Any, most: int) -> str:
    """The first `most` characters of what a server said, on one line, without control characters and colours.

    A word is kept whole or not at all: half a secret would not be known as one.
    """
    text = _ANSI.sub("", str(value)[: 8 * most])
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(flat) <= most and len(str(value)) <= 8 * most:
        return flat
    whole = flat[:most] if flat[most - 1 : most] == " " else flat[:most].rpartition(" ")[0]
    return f"{whole.rstrip()} …".lstrip()
