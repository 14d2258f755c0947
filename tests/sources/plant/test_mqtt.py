"""MQTT against a real broker: what becomes of topics and payloads, refusals, a broker that goes and comes back."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aitia.core.config import Auth, SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.plant.mqtt import MqttFeed
from aitia.tools.sources.plant.readings import Box, Reading
from aitia.tools.sources.plant.sparkplug import payload_class

from .servers import free_port, mosquitto, until

mqtt = pytest.importorskip("paho.mqtt.client")
pytestmark = pytest.mark.server


def config(port: int, **options: str | float | bool) -> SourceConfig:
    return SourceConfig(
        name="line",
        kind="metrics",
        type="mqtt",
        url=f"mqtt://127.0.0.1:{port}",
        options=options,
        timeout_s=20,
    )


@contextmanager
def reading(source: SourceConfig) -> Iterator[Box]:
    box, stop, failed = Box(), threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            MqttFeed(source, Path("/")).run(box, stop)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: box.connected or bool(failed), "it subscribed")
    assert not failed, failed
    try:
        yield box
    finally:
        stop.set()
        thread.join(30)


@contextmanager
def publisher(port: int) -> Iterator[object]:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def sent(
    port: int, source: SourceConfig, messages: list[tuple[str, bytes]], wanted: int
) -> tuple[dict[tuple[str, str], Reading], Box]:
    """The last reading of each signal after some messages."""
    found: list[Reading] = []
    with reading(source) as box, publisher(port) as client:
        for topic, payload in messages:
            client.publish(topic, payload, qos=1).wait_for_publish(30)  # type: ignore[attr-defined]

        def enough() -> bool:
            found.extend(box.drain())
            return len(found) >= wanted

        until(enough, f"{wanted} readings of {messages}")
    return {(r.component, r.metric): r for r in found}, box


def test_numbers_and_json_become_signals_of_assets(tmp_path: Path) -> None:
    at = time.time() - 5
    with mosquitto(tmp_path, port := free_port()):
        found, box = sent(
            port,
            config(port, topics="plant/#"),
            [
                ("plant/P-101/flow", b"182.5"),
                (
                    "plant/P-101",
                    json.dumps({"speed": 1480, "running": True, "ts": int(at * 1000), "name": "x"}).encode(),
                ),
                (
                    "plant/P-102/temp",
                    json.dumps({"value": 61.5, "timestamp": at, "unit": "degC", "quality": "Good"}).encode(),
                ),
                ("plant/P-102/pressure", json.dumps({"value": 3.5, "quality": "Bad"}).encode()),
                (
                    "plant/gateway",
                    json.dumps(
                        {"timestamp": at, "values": [{"id": "T7", "v": 4, "t": int(at * 1e3)}]}
                    ).encode(),
                ),
                ("plant/P-101/note", b"hello"),
                ("plant/P-101/broken", b"\xff\xfe\x00"),
            ],
            wanted=6,
        )
    assert found["P-101", "flow"].value == 182.5
    assert found["P-101", "x.speed"].value == 1480
    assert found["P-101", "x.running"].value == 1
    assert abs(found["P-101", "x.speed"].at - at) < 0.01
    assert (found["P-102", "temp"].value, found["P-102", "temp"].unit) == (61.5, "degC")
    assert math.isnan(found["P-102", "pressure"].value)
    assert found["gateway", "T7"].value == 4
    until(lambda: len(box.problems) >= 1, "the text is counted")
    assert sum(box.problems.values()) <= 2


def test_a_level_of_the_topic_names_the_asset(tmp_path: Path) -> None:
    with mosquitto(tmp_path, port := free_port()):
        found, _ = sent(
            port,
            config(port, topics="site/#", asset_level=3),
            [("site/hall/P-101/bearing/de/temp", b"71")],
            wanted=1,
        )
    assert list(found) == [("P-101", "bearing.de.temp")]


def sparkplug(*metrics: dict[str, object], at: float | None = None) -> bytes:
    message = payload_class()(timestamp=int((at or time.time()) * 1000), seq=0)
    for metric in metrics:
        message.metrics.add(**metric)
    return bytes(message.SerializeToString())


def test_sparkplug_aliases_signs_and_deaths(tmp_path: Path) -> None:
    birth = sparkplug(
        {"name": "Motor/Speed", "alias": 1, "datatype": 10, "double_value": 1480.0},
        {"name": "Temp", "alias": 2, "datatype": 3, "int_value": 2**32 - 5},
        {"name": "Name", "alias": 3, "datatype": 12},
        {"name": "Running", "alias": 4, "datatype": 11, "boolean_value": True},
    )
    data = sparkplug({"alias": 1, "double_value": 1490.5})
    with mosquitto(tmp_path, port := free_port()):
        found, _ = sent(
            port,
            config(port),
            [("spBv1.0/site/DBIRTH/edge/P-101", birth), ("spBv1.0/site/DDATA/edge/P-101", data)],
            4,
        )
        assert found["P-101", "Motor/Speed"].value == 1490.5
        assert found["P-101", "Temp"].value == -5
        assert found["P-101", "Running"].value == 1
        assert ("P-101", "Name") not in found
        dead, _ = sent(
            port,
            config(port),
            [("spBv1.0/site/DBIRTH/edge/P-101", birth), ("spBv1.0/site/NDEATH/edge", b"")],
            6,
        )
        assert math.isnan(dead["P-101", "Motor/Speed"].value)


def test_a_refused_password_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_PW", "wrong")
    with mosquitto(tmp_path, port := free_port(), password="right"):
        source = config(port).model_copy(update={"auth": Auth(username="reader", password_env="BROKER_PW")})
        with pytest.raises(SourceError, match="Set or fix `auth`"):
            MqttFeed(source, Path("/")).run(Box(), threading.Event())
        monkeypatch.setenv("BROKER_PW", "right")
        with reading(source) as box:
            assert box.connected


def test_it_never_publishes(tmp_path: Path) -> None:
    """A broker that lets nobody write to it sees no attempt: its log of the client has no PUBLISH from it."""
    with mosquitto(tmp_path, port := free_port()), reading(config(port)) as box:
        spied: list[str] = []
        with publisher(port) as client:
            client.on_message = lambda _c, _d, m: spied.append(m.topic)  # type: ignore[attr-defined]
            client.subscribe("#")  # type: ignore[attr-defined]
            client.publish("mark", b"1", qos=1).wait_for_publish(30)  # type: ignore[attr-defined]
            until(lambda: "mark" in spied and bool(box.signals), "the mark came to both")
        assert spied == ["mark"]


def test_a_broker_that_comes_back_is_read_again(tmp_path: Path) -> None:
    port = free_port()
    box, stop = Box(), threading.Event()
    with mosquitto(tmp_path, port):
        thread = threading.Thread(target=MqttFeed(config(port), Path("/")).run, args=(box, stop))
        thread.start()
        until(lambda: box.connected, "it subscribed")
    until(lambda: not box.connected, "it noticed")
    with mosquitto(tmp_path, port):
        until(lambda: box.connected, "it is back")
        stop.set()
        thread.join(30)
    assert box.problems == {"lost connections": 1}


def test_no_server_and_wrong_filters_say_what_to_change() -> None:
    with pytest.raises(SourceError, match=r"Start the server or fix `url` of source 'line'"):
        MqttFeed(config(free_port()), Path("/")).run(Box(), threading.Event())
    with pytest.raises(BadInput, match="no topic filter"):
        MqttFeed(config(1883, topics="plant/#/x"), Path("/"))
    with pytest.raises(BadInput, match="Move the credentials"):
        MqttFeed(
            SourceConfig(name="a", kind="metrics", type="mqtt", url="mqtt://me:secret@127.0.0.1"), Path("/")
        ).run(Box(), threading.Event())
    with pytest.raises(ValueError, match="mqtt:// or mqtts://"):
        SourceConfig(name="a", kind="metrics", type="mqtt", url="http://127.0.0.1")
