"""OPC UA against a real server: browsing, reading, subscribing, history, and that nothing is written."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources import MetricSource, open_source
from aitia.tools.sources.plant.opcua import OpcUaFeed
from aitia.tools.sources.plant.opcua_nodes import named
from aitia.tools.sources.plant.readings import Box, Reading

from .servers import free_port, in_a_loop, until

pytest.importorskip("asyncua")
pytestmark = [pytest.mark.server, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


class Plant:
    """A server with two pumps; `writes` are those of clients."""

    def __init__(self, port: int) -> None:
        self.url = f"opc.tcp://127.0.0.1:{port}"
        self.flow: list[object] = []
        self.ready = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, end: asyncio.Event) -> None:
        from asyncua import Server, ua

        server = Server()
        await server.init()
        server.set_endpoint(self.url + "/")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        space = await server.register_namespace("urn:plant")
        site = await server.nodes.objects.add_object(space, "Site")
        for name in ("P-101", "P-102\x1b[31m"):
            pump = await site.add_object(space, name)
            bearing = await pump.add_object(space, "Bearing")
            flow = await pump.add_variable(space, "Flow", 1.0)
            unit = ua.EUInformation()
            unit.DisplayName = ua.LocalizedText("m3/h")
            await flow.add_property(0, "EngineeringUnits", unit)
            await pump.add_variable(space, "Running", True)
            await pump.add_variable(space, "Maker", "KSB")
            await bearing.add_variable(space, "Temp", 55.0)
            await flow.set_writable()
            self.flow.append(flow)
        await bearing.add_reference(site.nodeid, ua.ObjectIds.Organizes)  # a circle
        async with server:
            await server.historize_node_data_change(self.flow[0], period=None, count=5000)  # type: ignore[arg-type]
            for n in range(20):
                await self.flow[0].write_value(float(n))  # type: ignore[attr-defined]
                await asyncio.sleep(0.01)
            bad = ua.DataValue(
                ua.Variant(0.0, ua.VariantType.Double), ua.StatusCode(ua.StatusCodes.BadSensorFailure)
            )
            await self.flow[1].write_value(bad)  # type: ignore[attr-defined]
            self.ready.set()
            await end.wait()


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    made = Plant(port := free_port())
    with in_a_loop(made.serve, port) as loop:
        made.loop = loop
        assert made.ready.wait(60)
        yield made


def config(plant: Plant, **options: str | float | bool) -> SourceConfig:
    return SourceConfig(
        name="plc", kind="metrics", type="opcua", url=plant.url, options=options, step_s=0.2, timeout_s=30
    )


@contextmanager
def reading(source: SourceConfig) -> Iterator[Box]:
    box, stop = Box(), threading.Event()
    thread = threading.Thread(target=OpcUaFeed(source, Path("/")).run, args=(box, stop))
    thread.start()
    try:
        until(lambda: box.connected, "it connected")
        yield box
    finally:
        stop.set()
        thread.join(60)


@pytest.mark.parametrize("mode", ["read", "subscribe"])
def test_variables_of_machines_are_read(plant: Plant, mode: str) -> None:
    found: list[Reading] = []
    with reading(config(plant, mode=mode)) as box:
        until(lambda: (found.extend(box.drain()), len(found) >= 6)[1], "readings")
    by_key = {(r.component, r.metric): r for r in found}
    assert set(by_key) == {
        ("P-101", "Flow"), ("P-101", "Running"), ("P-101/Bearing", "Temp"),
        ("P-102 [31m", "Flow"), ("P-102 [31m", "Running"), ("P-102 [31m/Bearing", "Temp"),
    }  # fmt: skip
    assert by_key["P-101", "Flow"].unit == "m3/h"
    assert by_key["P-101", "Running"].value == 1.0
    assert math.isnan(by_key["P-102 [31m", "Flow"].value)


def test_the_history_of_a_server_is_a_source_of_metrics(plant: Plant) -> None:
    source = open_source(config(plant), Path("/"))
    assert isinstance(source, MetricSource)
    window = Window(start=from_epoch(time.time() - 3600), end=from_epoch(time.time() + 60))
    held = source.describe(window)
    assert (held.components, held.items, held.count) == (("P-101",), ("Flow",), 1)
    assert "5 of 6 variables have no history" in held.note
    (series,) = source.read(window)
    assert list(series.v)[-20:] == [float(n) for n in range(20)]
    assert series.metadata.unit == "m3/h"
    assert source.read(Window(start=from_epoch(1e9), end=from_epoch(1e9 + 60))) == []
    assert source.read(window, component="P-102") == []


def test_nothing_is_written_or_called(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions that come from outside read: none of them writes a node or calls a method. The server's own writes its clock."""
    from asyncua.server.internal_session import InternalSession

    asked: list[str] = []
    for name in ("read", "write", "call"):
        before = getattr(InternalSession, name)

        def spy(self: InternalSession, *a: object, _before: object = before, _name: str = name) -> object:
            if self.external:
                asked.append(_name)
            return _before(self, *a)  # type: ignore[operator]

        monkeypatch.setattr(InternalSession, name, spy)
    found: list[Reading] = []
    with reading(config(plant)) as box:
        until(lambda: (found.extend(box.drain()), len(found) >= 12)[1], "readings")
    assert set(asked) == {"read"}


def test_wrong_roots_and_dead_servers_say_what_to_change(plant: Plant) -> None:
    with pytest.raises(BadInput, match="is no node id"):
        OpcUaFeed(config(plant, root="Site"), Path("/")).run(Box(), threading.Event())
    with pytest.raises(SourceError, match=r"options\.root|BadNodeIdUnknown"):
        OpcUaFeed(config(plant, root="ns=2;s=nowhere"), Path("/")).run(Box(), threading.Event())
    with pytest.raises(BadInput, match="read or subscribe"):
        OpcUaFeed(config(plant, mode="write"), Path("/"))
    dead = config(plant).model_copy(update={"url": f"opc.tcp://127.0.0.1:{free_port()}"})
    with pytest.raises(SourceError, match="Start the server or fix `url`"):
        open_source(dead, Path("/")).describe(Window(start=from_epoch(0), end=from_epoch(1)))


def test_names_are_as_long_as_makes_them_unique() -> None:
    paths = [
        (("A", "P-1", "Bearing", "T"), 3),
        (("A", "P-2", "Bearing", "T"), 3),
        (("A", "P-1", "Flow"), 2),
        (("A", "P-2", "Motor", "I", "L1"), 3),
    ]
    assert named(paths) == [("P-1/Bearing", "T"), ("P-2/Bearing", "T"), ("P-1", "Flow"), ("Motor", "I.L1")]
    assert named(paths, 2) == [
        ("P-1", "Bearing.T"),
        ("P-2", "Bearing.T"),
        ("P-1", "Flow"),
        ("P-2", "Motor.I.L1"),
    ]
