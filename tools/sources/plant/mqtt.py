"""A broker of MQTT: subscribes, and never publishes. Plain numbers, JSON and Sparkplug B."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.plant.addresses import away, host_and_port, missing
from aitia.tools.sources.plant.payloads import decode
from aitia.tools.sources.plant.readings import Box, now
from aitia.tools.sources.plant.sparkplug import HOLD_S, NAMESPACE, Sparkplug
from aitia.tools.sources.tls import tls_of

if TYPE_CHECKING:
    from paho.mqtt.client import Client

MOST_TOPICS: Final = 100  # filters of one source
KEEPALIVE_S: Final = 30
RETRY_S: Final = (1, 60)  # the shortest and the longest wait before it connects again
_REFUSED: Final = 128  # reason codes from here on


class MqttFeed:
    """Messages of the topics in `options.topics` (comma-separated filters, default all but $SYS)."""

    def __init__(self, config: SourceConfig, root: Path) -> None:
        self._config, self._root = config, root
        self._topics = _topics(config)
        self._level = int(float(config.options.get("asset_level", 0)))
        self._sparkplug = Sparkplug(full_names=bool(config.options.get("full_names", False)))
        self._lock = threading.Lock()
        self._answer = threading.Event()
        self._refused = ""

    def run(self, box: Box, stop: threading.Event) -> None:
        """Subscribe and read until `stop`; a lost connection is taken up again. Raises SourceError, BadInput."""
        host, port = host_and_port(self._config)
        client = self._client(box)
        try:
            client.connect(host, port, keepalive=KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise away(self._config, error) from None
        client.loop_start()
        try:
            self._await_answer()
            while not stop.wait(min(1.0, HOLD_S)):
                if self._refused:
                    raise SourceError(self._refused)
                if box.connected:
                    with self._lock:
                        held = list(self._sparkplug.held(now()))
                    box.put(held)
        finally:
            client.disconnect()
            client.loop_stop()
            box.connected = False

    def _await_answer(self) -> None:
        if not self._answer.wait(self._config.timeout_s):
            raise away(self._config, f"no answer to MQTT within {self._config.timeout_s:g} s")
        if self._refused:
            raise SourceError(self._refused)

    def _client(self, box: Box) -> Client:
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError:
            raise missing("plant", "paho-mqtt") from None
        client = Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=True)
        client.connect_timeout = self._config.timeout_s
        client.reconnect_delay_set(*RETRY_S)
        auth = self._config.auth
        if auth.username:
            client.username_pw_set(auth.username, auth.secret("password"))
        if self._config.url.startswith("mqtts:"):
            client.tls_set_context(tls_of(self._config, self._root))
        client.on_connect = self._connected(box)
        client.on_subscribe = self._subscribed(box)
        client.on_disconnect = self._disconnected(box)
        client.on_message = self._message(box)
        return client

    def _connected(self, box: Box) -> Callable[..., None]:
        def connected(client: Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            if code.is_failure:
                self._refused = (
                    f"{self._config.url} refused the connection ({code}). Set or fix `auth` of source"
                    f" {self._config.name!r}."
                )
                self._answer.set()
                return
            client.subscribe([(topic, 0) for topic in self._topics])

        return connected

    def _subscribed(self, box: Box) -> Callable[..., None]:
        def subscribed(_client: Client, _data: Any, _id: int, codes: list[Any], _properties: Any) -> None:
            refused = [t for t, c in zip(self._topics, codes, strict=False) if c.value >= _REFUSED]
            if len(refused) == len(self._topics):
                self._refused = (
                    f"{self._config.url} refused to subscribe {', '.join(refused)[:200]}. Allow it in the broker's access list, "
                    f"or set options.topics of source {self._config.name!r}."
                )
            for topic in refused:
                box.problem(f"topics that the broker refused ({topic[:80]})")
            box.connected = not self._refused
            self._answer.set()

        return subscribed

    def _disconnected(self, box: Box) -> Callable[..., None]:
        def disconnected(_client: Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            if box.connected and code.is_failure:
                box.problem("lost connections")
            box.connected = False
            with self._lock:
                self._sparkplug.lost()

        return disconnected

    def _message(self, box: Box) -> Callable[..., None]:
        def message(_client: Client, _data: Any, got: Any) -> None:
            at = now()
            try:
                topic = str(got.topic)
                if topic.startswith((f"{NAMESPACE}/STATE/", "STATE/")):
                    return
                if topic.startswith(f"{NAMESPACE}/"):
                    with self._lock:
                        found = self._sparkplug.decode(topic, got.payload, at)
                else:
                    found = decode(topic, got.payload, at, asset_level=self._level)
                    if got.retain:  # an old value; only one that says its time is a sample
                        found = [reading for reading in found if reading.at != at]
            except UnicodeDecodeError:
                box.problem("topics that are no UTF-8")
                return
            except (ValueError, SourceError) as error:
                box.problem(str(error))
                return
            box.put(found)

        return message


def _topics(config: SourceConfig) -> list[str]:
    """The filters of a source. Raises BadInput where one is no filter of MQTT."""
    found = [t.strip() for t in str(config.options.get("topics", "#")).split(",") if t.strip()] or ["#"]
    for topic in found:
        levels = topic.split("/")
        wrong = "#" in "/".join(levels[:-1]) or any(
            ("#" in x and x != "#") or ("+" in x and x != "+") for x in levels
        )
        if wrong or len(topic) > 1000:
            raise BadInput(
                f"Fix options.topics of source {config.name!r}: {topic[:80]!r} is no topic filter; + stands for one level,"
                " # for all that follow."
            )
    if len(found) > MOST_TOPICS:
        raise BadInput(f"Give at most {MOST_TOPICS} filters as options.topics of source {config.name!r}.")
    return found
