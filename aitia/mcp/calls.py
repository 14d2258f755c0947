"""How a client's call becomes an answer or a clear error: checked, on a thread, a bounded number at a time."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, TypeVar

import anyio
from mcp import types
from mcp.server.lowlevel import Server
from pydantic import ValidationError
from starlette.requests import Request

from aitia.access import EVERYTHING, Role
from aitia.access.identity import MEANS, NOBODY, WHO
from aitia.core.errors import AitiaError, BadInput
from aitia.core.events import Event
from aitia.core.words import Result, Word
from aitia.mcp.installed_tools import Desk
from aitia.mcp.progress import line_of
from aitia.mcp.server_tools import House
from aitia.mcp.words import AskArgs, DiagnoseArgs, ListArgs
from aitia.render.text import clean, clip

MOST_TEXT: Final = 60_000  # characters of a tool's text
MOST_DATA: Final = 200_000  # characters of a tool's structured result; its `data` is left out beyond
MOST_CALLS: Final = 8  # tool calls at a time, diagnoses apart
T = TypeVar("T", bound=Word)
Content = tuple[list[types.TextContent], dict[str, Any]]


class Calls:
    """The calls of all clients of one server."""

    def __init__(self, server: Server[Any, Any], house: House, desk: Desk) -> None:
        self._server, self._house, self._desk = server, house, desk
        self._names = {spec.name for spec in desk.specs()}
        self._places = house.settings.service.places
        self._limits: dict[bool, anyio.CapacityLimiter] = {}

    async def answer(self, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """The tool's answer; whatever is wrong with the call is said in it."""
        try:
            text, data = await self._called(name, arguments)
        except AitiaError as error:
            return _failed(str(error))
        except Exception as error:  # the door's outermost place: the server goes on
            return _failed(
                f"Internal error: {type(error).__name__}: {error}. Please report it as an aitia bug."
            )
        return types.CallToolResult(
            content=text, structuredContent=data, isError=data.get("status") == "error"
        )

    async def _called(self, name: str, arguments: dict[str, Any]) -> Content:
        most = self._house.settings.service.max_body
        if len(json.dumps(arguments, ensure_ascii=False)) > most:
            raise BadInput(f"Shorten the arguments of {name!r}: at most {most} characters.")
        if name == "diagnose":
            self._allow("diagnose")
            return await self._diagnosed(_checked(DiagnoseArgs, arguments))
        if name == "ask":
            asked = _checked(AskArgs, arguments)
            may = self._may("diagnose")
            said, answer = await self._on_thread(lambda: self._house.ask(asked, corrects=may))
            return _content(said, answer)
        if name == "list_runs":
            limit = _checked(ListArgs, arguments)
            said, runs = await self._on_thread(lambda: self._house.runs(limit))
            return _content(said, runs.model_dump(mode="json"))
        if name not in self._names:
            raise BadInput(f"{clip(name, 80)!r} is not a tool of this server. Choose one that is.")
        result = await self._on_thread(lambda: self._desk.call(name, arguments))
        return _content(_told(result), _bounded(result))

    def _allow(self, role: Role) -> None:
        """Refuse who has not the role. Raises BadInput."""
        if not self._may(role):
            raise BadInput(f"This token may not {MEANS[role]}. Use one with the role {role!r}.")

    def _may(self, role: Role) -> bool:
        """Whether who calls has a role. On stdin and stdout it is whoever started this process."""
        request = self._server.request_context.request
        who = request.scope.get(WHO, NOBODY) if isinstance(request, Request) else EVERYTHING
        return bool(who.may(role))

    async def _diagnosed(self, args: DiagnoseArgs) -> Content:
        context = self._server.request_context
        token = context.meta.progressToken if context.meta else None
        tell, told = anyio.create_memory_object_stream[str](1000)
        stop, loop = threading.Event(), asyncio.get_running_loop()

        def hear(event: Event) -> None:
            if token is not None and (line := line_of(event)):
                loop.call_soon_threadsafe(_put, tell, line)

        async def report() -> None:
            done = 0
            with told:
                async for line in told:
                    done += 1
                    await context.session.send_progress_notification(
                        token or 0, done, message=line, related_request_id=str(context.request_id)
                    )

        trouble: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(report)
            try:
                said, outcome = await self._on_thread(
                    lambda: self._house.diagnose(args, hear, stop), diagnosis=True
                )
            except Exception as error:  # raised outside: a task group would wrap it
                trouble = error
            finally:
                stop.set()
                tell.close()
        if trouble is not None:
            raise trouble
        return _content(said, outcome.model_dump(mode="json"))

    async def _on_thread(self, work: Callable[[], Any], *, diagnosis: bool = False) -> Any:
        """The work on a thread. A client that is gone is not waited for; what still runs keeps its place until it ends."""
        if diagnosis not in self._limits:
            number = self._house.settings.service.workers if diagnosis else MOST_CALLS
            self._limits[diagnosis] = anyio.CapacityLimiter(number)
        told = [limit.statistics() for limit in self._limits.values()]
        if (inside := sum(t.borrowed_tokens + t.tasks_waiting for t in told)) >= self._places:
            raise BadInput(f"{inside} calls are already waiting. Try again later.")
        limit, place, loop = self._limits[diagnosis], object(), asyncio.get_running_loop()
        done: Future[Any] = Future()

        def leave(_: Future[Any]) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(limit.release_on_behalf_of, place)

        await limit.acquire_on_behalf_of(place)
        done.add_done_callback(leave)
        threading.Thread(target=_work, args=(done, work), name="aitia-mcp", daemon=True).start()
        return await asyncio.wrap_future(done)


def _work(done: Future[Any], work: Callable[[], Any]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(work())
    except BaseException as error:  # raised where it is waited for
        done.set_exception(error)


def _put(stream: Any, line: str) -> None:
    try:
        stream.send_nowait(line)
    except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
        return  # nobody reads progress any more, or too slowly: the report does not wait for it


def _checked(model: type[T], arguments: dict[str, Any]) -> T:
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the arguments"
        raise BadInput(f"Fix {clip(where, 80)!r}: {first['msg']}.") from None


def _told(result: Result) -> str:
    """A result in words: its facts, a line each, or why there are none."""
    lines = [clean(e.statement) for e in result.evidence]
    message = clean(result.message)
    return "\n".join([*lines, *([message] if message else [])]) or f"{result.tool} found nothing to report."


def _bounded(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = result.model_dump(mode="json")
    if len(json.dumps(found, ensure_ascii=False)) > MOST_DATA:
        found["data"] = {}
        found["message"] = f"{result.message} (the data is left out: it is too long)".strip()
    return found


def _content(text: str, data: dict[str, Any]) -> Content:
    return [types.TextContent(type="text", text=clip(text, MOST_TEXT))], data


def _failed(message: str) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=clip(clean(message), 2000))], isError=True
    )
