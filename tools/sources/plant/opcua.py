"""An OPC UA server: reads and subscribes to its variables, and reads their history. Nothing is written and no method called."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, OutOfTime, SourceError
from aitia.tools.sources.plant.addresses import away, host_and_port, missing
from aitia.tools.sources.plant.opcua_nodes import AT_ONCE, Tag, browse, number_in, values
from aitia.tools.sources.plant.readings import Box, Reading, now

if TYPE_CHECKING:
    from asyncua import Client, Node, ua

T = TypeVar("T")
LEAST_STEP_S: Final = 0.1  # between two readings of all variables
STANDING_S: Final = (
    60.0  # what is told on change only is read again this often, so that a steady value has samples
)
START_S: Final = 60.0  # for browsing a large server


class OpcUaFeed:
    """The variables below a node: read every `step_s`, or with `options.mode: subscribe` as they change."""

    OPTIONS: ClassVar = frozenset({"root", "asset_level", "mode"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        self._config, self._root = config, root
        mode = str(config.options.get("mode", "read"))
        if mode not in ("read", "subscribe"):
            raise BadInput(
                f"Set options.mode of source {config.name!r} to read or subscribe, not {mode[:20]!r}."
            )
        self._subscribe = mode == "subscribe"

    def run(self, box: Box, stop: threading.Event) -> None:
        """Read until `stop`. Raises SourceError where the server is away or refuses, BadInput for a wrong root."""
        asyncio.run(self._run(box, stop))

    async def _run(self, box: Box, stop: threading.Event) -> None:
        async with connected(self._config, self._root) as client:
            tags = await asyncio.wait_for(browse(client, self._config), START_S)
            box.connected = True
            try:
                if self._subscribe:
                    await self._listen(client, tags, box)
                await self._read(client, tags, box, stop)
            finally:
                box.connected = False

    async def _listen(self, client: Client, tags: Sequence[Tag], box: Box) -> None:
        by_node = {tag.node.nodeid: tag for tag in tags}
        subscription = await client.create_subscription(1000.0 * self._config.step_s, _Changes(by_node, box))
        for start in range(0, len(tags), AT_ONCE):
            nodes = [tag.node for tag in tags[start : start + AT_ONCE]]
            sampling = 1000.0 * self._config.step_s
            told = await subscription.subscribe_data_change(nodes, sampling_interval=sampling)
            if refused := sum(1 for handle in told if not isinstance(handle, int)):
                box.problem(
                    f"variables that cannot be subscribed ({refused} of {len(nodes)}): read once a minute"
                )

    async def _read(self, client: Client, tags: Sequence[Tag], box: Box, stop: threading.Event) -> None:
        step = STANDING_S if self._subscribe else max(LEAST_STEP_S, self._config.step_s)
        nodes = [tag.node for tag in tags]
        due = 0.0
        while not stop.is_set():
            if now() >= due:
                at = now()
                due = at + step
                told = await values(client, nodes)
                box.put(r for tag, value in zip(tags, told, strict=True) if (r := _reading(tag, value, at)))
            await asyncio.sleep(min(0.2, max(0.01, due - now())))


class _Changes:
    """What asyncua calls for each change."""

    def __init__(self, tags: dict[Any, Tag], box: Box) -> None:
        self._tags, self._box = tags, box

    def datachange_notification(self, node: Node, _value: Any, data: Any) -> None:
        """One variable has a new value."""
        tag, at = self._tags.get(node.nodeid), now()
        value = data.monitored_item.Value
        if tag is not None and (found := _reading(tag, value, stamp_of(value) or at)):
            self._box.put([found])


def _reading(tag: Tag, value: ua.DataValue, at: float) -> Reading | None:
    """A present value as a sample of the moment at which it was read."""
    number = number_in(value)
    if number is None:
        return None
    return Reading(component=tag.component, metric=tag.metric, at=at, value=number, unit=tag.unit)


def stamp_of(value: ua.DataValue) -> float | None:
    """When the source measured a value, else when the server got it."""
    at = value.SourceTimestamp or value.ServerTimestamp
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp() if at is not None else None


@asynccontextmanager
async def connected(config: SourceConfig, root: Path) -> AsyncIterator[Client]:
    """A session with the server. What goes wrong in it is a SourceError."""
    try:
        from asyncua import Client
        from asyncua.ua.uaerrors import UaError
    except ImportError:
        raise missing("plant", "asyncua") from None
    host_and_port(config)
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # it logs what we raise
    client = Client(config.url, timeout=config.timeout_s)
    client.name = client.description = "aitia"
    try:
        await _secure(client, config, root)
        async with client:
            yield client
    except TimeoutError:
        raise OutOfTime(
            f"Raise `timeout_s` of source {config.name!r} or narrow options.root: {config.url} did not answer within"
            f" {config.timeout_s:g} s."
        ) from None
    except (UaError, OSError, ValueError) as error:
        if (
            "denied" in str(error).lower()
            or "identity" in str(error).lower()
            or "security" in str(error).lower()
        ):
            raise SourceError(
                f"{config.url} refused the session ({' '.join(str(error).split())[:160]}). Set or fix `auth` of source"
                f" {config.name!r}."
            ) from None
        raise away(config, error) from None


async def _secure(client: Client, config: SourceConfig, root: Path) -> None:
    """The user of `auth`; with auth.cert and auth.key a signed and encrypted channel (Basic256Sha256), auth.ca the server's."""
    from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

    auth = config.auth
    if auth.username:
        client.set_user(auth.username)
        client.set_password(auth.secret("password"))
    if auth.cert:
        cert, key, server = (
            root / Path(f).expanduser() if f else None for f in (auth.cert, auth.key, auth.ca)
        )
        if cert is None or key is None:
            raise BadInput(f"Set auth.key of source {config.name!r}: a certificate needs its private key.")
        known = str(server) if server else None
        await client.set_security(SecurityPolicyBasic256Sha256, str(cert), str(key), server_certificate=known)


def ran(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result of a coroutine, in a thread and loop of its own: a notebook's thread has one already. Raises TimeoutError."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(_within(work, seconds))).result()


async def _within(work: Coroutine[Any, Any, T], seconds: float) -> T:
    return await asyncio.wait_for(work, seconds)
