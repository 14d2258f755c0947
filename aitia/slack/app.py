"""The Slack app: Socket Mode or signed HTTP in, acknowledged in time, everything else after that."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from aiohttp import ClientError, web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from aitia.core.errors import BadInput
from aitia.core.redact import Redactor, load_key
from aitia.jobs import Jobs
from aitia.settings import Settings
from aitia.slack import actions, commands
from aitia.slack.dedupe import Entry, Inbox
from aitia.slack.delivery import Delivery
from aitia.slack.dispatcher import Desk
from aitia.slack.entries import COMMAND, FORMS, MODALS, PRESSES, SHORTCUT, entry_of

PATH: Final = "/slack/events"
API: Final = "https://slack.com/api/"
CLOSE_S: Final = 10.0  # seconds that saying goodbye to Slack may take
_log: Final = logging.getLogger("aitia.slack")
_Next = Callable[[], Awaitable[BoltResponse]]
_Of = TypeVar("_Of")


def token(name: str, *, prefix: str = "") -> str:
    """A credential from the environment. Raises BadInput."""
    found = os.environ.get(name, "").strip()
    if not found:
        raise BadInput(f"Set {name}: see docs/slack.md for where Slack shows it.")
    if not found.startswith(prefix):
        raise BadInput(f"{name} does not begin with {prefix}. Set it to the token that does.")
    return found


@asynccontextmanager
async def served(
    home: Path, settings: Settings, *, http: tuple[str, int] | None = None, api: str = API
) -> AsyncIterator[str]:
    """The door while it is open; where it listens, or as whom it is connected.

    http  host and port to take signed requests on, in place of Socket Mode
    api   another Slack's Web API, such as GovSlack's
    """
    bot = token(settings.slack.bot_token_env, prefix="xoxb-")
    secret = token(settings.slack.signing_secret_env) if http else "socket"
    app_token = "" if http else token(settings.slack.app_token_env, prefix="xapp-")
    app = AsyncApp(token=bot, signing_secret=secret, request_verification_enabled=http is not None)
    app.client.base_url = api if api.endswith("/") else api + "/"
    who = await _greeted(app.client.auth_test(), settings.slack.bot_token_env)
    if not http:
        await _greeted(app.client.apps_connections_open(app_token=app_token), settings.slack.app_token_env)
    delivery = Delivery(app.client, me=str(who["user_id"]))
    desk = Desk(home, settings, Jobs(home, settings), Inbox(home), delivery)
    teams = {str(who["team_id"]), *settings.slack.teams} if who.get("team_id") else set[str]()
    redact = Redactor(load_key(home)).text
    await asyncio.to_thread(
        redact, API
    )  # the first text takes as long as thousands after it: not while Slack waits
    register(app, desk, redact=redact, teams=teams)
    await desk.start()
    try:
        async with _http(app, http) if http else _socket(app, app_token):
            yield f"http://{http[0]}:{http[1]}{PATH}" if http else f"{who['user']} in {who['team']}"
    finally:
        await desk.stop()


async def _greeted(call: Awaitable[AsyncSlackResponse], name: str) -> AsyncSlackResponse:
    """A first call with a token. Raises BadInput where it is not taken."""
    try:
        return await call
    except SlackApiError as error:
        raise BadInput(f"Set {name} to a valid token; Slack says {error.response['error']}.") from None
    except (ClientError, TimeoutError) as error:
        raise BadInput(f"Slack cannot be reached ({error}). Check the network.") from None


def register(app: AsyncApp, desk: Desk, *, redact: Callable[[str], str], teams: Collection[str] = ()) -> None:
    """What is taken from Slack: kept before it is acknowledged, so that nothing is lost and nothing done twice.

    teams  the workspaces whose people are heard; all where empty
    """
    inbox, channels = desk.door.inbox, desk.door.settings.slack.channels
    arrivals = ThreadPoolExecutor(1, thread_name_prefix="aitia-slack-arrivals")  # Slack waits three seconds

    async def first(function: Callable[..., _Of], *args: Any, **options: Any) -> _Of:
        """In a thread that nothing else uses: those of `to_thread` may all be at work on results."""
        call = functools.partial(function, *args, **options)
        return await asyncio.get_running_loop().run_in_executor(arrivals, call)

    @app.middleware  # type: ignore[untyped-decorator,unused-ignore]
    async def keep(body: dict[str, Any], context: AsyncBoltContext, next: _Next) -> BoltResponse | None:
        entry = entry_of(body, me=desk.door.delivery.me, redact=redact)
        if entry is None or (teams and entry.team not in teams):
            return BoltResponse(status=200)
        if entry.kind == "message" and not (await first(inbox.thread, entry.channel, entry.thread))[0]:
            return BoltResponse(status=200)  # what people say elsewhere is not kept
        refused = bool(channels) and entry.channel not in channels
        talk = (
            entry.kind == "command" and await first(commands.at_once, desk.door.jobs, entry.text) is not None
        )
        done = refused or talk or entry.kind == "modal"
        if not await first(inbox.put, entry, done=done):
            return BoltResponse(status=200)
        context["entry"], context["refused"] = entry, refused
        return await next()

    async def taken(context: AsyncBoltContext, ack: AsyncAck) -> None:
        await ack()
        if not context["refused"]:
            desk.take(context["entry"])

    @app.command(COMMAND)
    async def command(context: AsyncBoltContext, ack: AsyncAck) -> None:
        entry: Entry = context["entry"]
        if context["refused"]:
            return await _said(
                ack, "aitia is not set up for this channel. Use one that is (slack.channels in aitia.yaml)."
            )
        told = await first(commands.at_once, desk.door.jobs, entry.text)
        await _said(ack, told or commands.TAKEN)
        if told is None:
            desk.take(entry)

    async def modal(context: AsyncBoltContext, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        if not context["refused"]:
            await _open(desk, context["entry"], str(body["trigger_id"]))

    app.event("app_mention")(taken)
    app.event("message")(taken)
    app.shortcut(SHORTCUT)(taken)
    for name in MODALS:
        app.action(name)(modal)
    for name in PRESSES:
        app.action(_beginning(name))(taken)
    for name in FORMS:
        app.view(name)(taken)


async def _said(ack: AsyncAck, text: str) -> None:
    await ack(text=text, response_type="ephemeral")


async def _open(desk: Desk, entry: Entry, trigger: str) -> None:
    """Open a form. The trigger lives three seconds: it is now or not at all."""
    try:
        view = await actions.view(desk.door, entry)
        await desk.door.delivery.call("views.open", trigger_id=trigger, view=view)
    except BadInput as error:
        await desk.door.tell(entry, str(error))
    except SlackApiError as error:
        _log.warning("form %s: %s", entry.name, error.response["error"])
        await desk.door.tell(
            entry, f"Slack did not open the form ({error.response['error']}). Press the button again."
        )


def _beginning(name: str) -> Any:
    import re

    return re.compile(rf"{name}(?: .*)?")


@asynccontextmanager
async def _socket(app: AsyncApp, app_token: str) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app, app_token)
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
        yield
    finally:
        # A connection that broke while it was replaced may never answer: the door closes all the same.
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def _http(app: AsyncApp, at: tuple[str, int]) -> AsyncIterator[None]:
    runner = web.AppRunner(app.server(port=at[1], path=PATH, host=at[0]).web_app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, *at).start()
        yield
    except OSError as error:
        raise BadInput(
            f"Cannot listen on {at[0]}:{at[1]} ({error.strerror}). Choose another --http."
        ) from None
    finally:
        await runner.cleanup()
