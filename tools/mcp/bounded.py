"""HTTP to an MCP server, with a bound on what it may answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from aitia.tools.mcp.transport import Line


class Bounded(httpx.AsyncHTTPTransport):
    """HTTP whose answers are counted as they come, and never unpacked: a small body cannot become a large one."""

    def __init__(self, line: Line) -> None:
        super().__init__(trust_env=False)
        self._line = line

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask, and say in the connection's `trouble` what is wrong with the answer."""
        name = self._line.server.name
        try:
            answer = await super().handle_async_request(request)
        except httpx.HTTPError as error:
            self._line.trouble = (
                f"MCP server {name!r} cannot be reached ({type(error).__name__}). Start it or fix its `url`."
            )
            raise
        if answer.headers.get("content-encoding", "identity") != "identity":
            self._line.trouble = (
                f"MCP server {name!r} sent a compressed answer, although it was asked not to. Turn its "
                "compression off."
            )
        elif answer.status_code in (401, 403):
            self._line.trouble = (
                f"MCP server {name!r} answered {answer.status_code}. Set or fix its `token_env`."
            )
        elif answer.status_code >= 300 and request.method == "POST":
            self._line.trouble = f"MCP server {name!r} answered {answer.status_code}. Fix its `url`."
        else:
            assert isinstance(answer.stream, httpx.AsyncByteStream)
            answer.stream = _Counted(answer.stream, self._line)
            return answer
        await answer.aclose()
        raise httpx.RemoteProtocolError(self._line.trouble, request=request)


class _Counted(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, line: Line) -> None:
        self._stream, self._line = stream, line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._line.count(len(part))
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
