"""Asking an MCP server: a session for each question, a time-out over all of it, and what its tools were when first seen."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import re
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import anyio
from mcp import types
from mcp.client.session import ClientSession
from mcp.shared.exceptions import McpError
from pydantic import ValidationError

from aitia.core.config import McpServer
from aitia.core.errors import AitiaError, OutOfTime, SourceError
from aitia.tools.mcp.library_log import quiet
from aitia.tools.mcp.transport import Line, kept

MOST_TOOLS: Final = 64  # of a server; more are not looked at
_MOST_PAGES: Final = 8
_MOST_SCHEMA: Final = 16_000  # characters of a tool's argument schema
_MOST_SAID: Final = 240  # characters of a tool's description that are kept
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SLACK_S: Final = 5.0  # beyond the time-out, to end the process
T = TypeVar("T")
Listed = dict[str, dict[str, Any]]
"""Per tool: `schema` of its arguments, `sha256` of its whole definition, `description` on one line, cut."""


def list_tools(server: McpServer) -> Listed:
    """The server's tools with usable names and schemas. Raises SourceError, BadInput."""
    return _within(server, _listed)


def call_tool(
    server: McpServer, tool: str, calls: Sequence[Mapping[str, Any]], *, sha256: str
) -> list[types.CallToolResult]:
    """One answer per call. Refused where the tool is no longer what it was. Raises SourceError, BadInput."""

    async def asked(session: ClientSession) -> list[types.CallToolResult]:
        now = (await _listed(session)).get(tool)
        if now is None:
            raise SourceError(f"MCP server {server.name!r} has no tool {tool!r}. Remove it from `read`.")
        if sha256 and now["sha256"] != sha256:
            raise SourceError(
                f"The tool {tool!r} of MCP server {server.name} has changed since it was first seen, so it "
                f"was not called. Check it and accept it with `aitia mcp accept {server.name}`."
            )
        answers = []
        for args in calls:
            request = types.CallToolRequest(
                params=types.CallToolRequestParams(name=tool, arguments=dict(args))
            )
            # Not session.call_tool: it would run the server's own schema, patterns included, over the answer.
            answers.append(await session.send_request(types.ClientRequest(request), types.CallToolResult))
        return answers

    return _within(server, asked)


async def _listed(session: ClientSession) -> Listed:
    found: Listed = {}
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
        for tool in page.tools:
            schema = tool.inputSchema
            if (
                len(found) < MOST_TOOLS
                and _NAME.fullmatch(tool.name)
                and len(json.dumps(schema)) <= _MOST_SCHEMA
            ):
                said = kept(tool.description or "", _MOST_SAID)
                found.setdefault(tool.name, {"schema": schema, "sha256": _digest(tool), "description": said})
        cursor = page.nextCursor
        if not cursor or len(found) >= MOST_TOOLS:
            break
    return found


def _digest(tool: types.Tool) -> str:
    """Of all that says what the tool is, its description among them."""
    told = tool.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"meta", "icons"})
    return hashlib.sha256(
        json.dumps(told, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    ).hexdigest()


def _within(server: McpServer, ask: Callable[[ClientSession], Awaitable[T]]) -> T:
    """What `ask` finds in a session of its own, on a thread of its own: the caller may have an event loop."""
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def work() -> None:
        line = Line(server)
        try:
            future.set_result(anyio.run(_session, line, ask))
        except BaseException as error:  # handed to the caller as one that says what to change
            future.set_exception(_told(error, line))

    threading.Thread(target=work, name=f"aitia-mcp-{server.name}", daemon=True).start()
    try:
        return future.result(server.timeout_s + _SLACK_S)
    except concurrent.futures.TimeoutError:
        raise _slow(server) from None


async def _session(line: Line, ask: Callable[[ClientSession], Awaitable[T]]) -> T:
    async def heard(message: object) -> None:
        # What cannot be read is no answer; a RuntimeError is of one that nobody asked for.
        if isinstance(message, Exception) and not isinstance(message, RuntimeError):
            said = (
                f"The `url` of MCP server {line.server.name!r} does not answer with MCP. Point it at the MCP "
                "endpoint."
            )
            line.trouble = line.trouble or said
            raise message

    quiet()
    with anyio.fail_after(line.server.timeout_s):
        async with (
            line.open() as (received, given),
            ClientSession(received, given, message_handler=heard) as session,
        ):
            await session.initialize()
            return await ask(session)


def _told(error: BaseException, line: Line) -> AitiaError:
    """Why there is no answer: what the connection knows of it, else what the server or the library said."""
    name = line.server.name
    causes = list(_leaves(error))
    ours = next((e for e in causes if isinstance(e, AitiaError)), None)
    if ours is not None:
        return ours
    refused = next((e for e in causes if isinstance(e, McpError)), None)
    if refused is not None and refused.error.code != types.CONNECTION_CLOSED:
        return SourceError(
            f"MCP server {name!r} answered {kept(refused.error.message, 200)!r}. Check the server."
        )
    if line.trouble:
        return SourceError(line.trouble)
    if any(isinstance(e, TimeoutError) for e in causes):
        return _slow(line.server)
    if refused is not None:
        said = f"its last output was {line.last_words!r}" if line.last_words else "no output"
        return SourceError(f"MCP server {name!r} exits before it answers: {said}. Check the server.")
    if any(isinstance(e, ValidationError) for e in causes):
        return SourceError(f"The answer of MCP server {name!r} does not follow the protocol. Fix the server.")
    told = kept(next(iter(causes)), 200)
    return SourceError(f"MCP server {name!r} failed: {type(causes[0]).__name__}: {told}")


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]


def _slow(server: McpServer) -> SourceError:
    return OutOfTime(
        f"MCP server {server.name!r} did not answer within {server.timeout_s:g} s. Raise its "
        "`timeout_s` or check the server."
    )
