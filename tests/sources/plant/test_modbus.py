"""Modbus TCP against a real server, through a register map; and maps that are wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aitia.core.config import Auth, SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.plant.modbus import ModbusFeed
from aitia.tools.sources.plant.readings import Box, Reading
from aitia.tools.sources.plant.register_map import blocks, parse_map

from .servers import free_port, in_a_loop, until

pytest.importorskip("pymodbus")

MAP = """asset,point,table,address,type,word_order,scale,offset,unit,device
P-101,Flow,holding,0,float32,,,,m3/h,
P-101,Speed,holding,2,uint16,,0.1,,rpm,
P-101,Temp,holding,3,int16,,0.1,-10,degC,
P-101,Energy,holding,4,int32,little,,,kWh,
P-101,Running,coil,0,,,,,,
P-101,Fault,discrete,1,,,,,,
P-101,Level,30001,,uint16,,,,m,
"""
MAP = MAP.replace("Level,30001,,uint16", "Level,,30001,uint16")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    wanted = free_port()
    holding = [
        SimData(0, values=[182.5], datatype=DataType.FLOAT32),
        SimData(2, values=[14800], datatype=DataType.UINT16),
        SimData(3, values=[-50], datatype=DataType.INT16),
        SimData(4, values=[0x5678, 0x1234], datatype=DataType.UINT16),
    ]
    coils = [SimData(0, values=[True, False], datatype=DataType.BITS)]
    inputs = [SimData(0, values=[7], datatype=DataType.UINT16)]
    discrete = [SimData(0, values=[False, True], datatype=DataType.BITS)]

    async def serve(end: asyncio.Event) -> None:
        server = ModbusTcpServer(
            SimDevice(id=1, simdata=(coils, discrete, holding, inputs)), address=("127.0.0.1", wanted)
        )
        await server.serve_forever(background=True)
        await end.wait()
        await server.shutdown()

    with in_a_loop(serve, wanted):
        yield wanted


def config(folder: Path, port: int, text: str = MAP) -> SourceConfig:
    (folder / "map.csv").write_text(text)
    return SourceConfig(
        name="plc",
        kind="metrics",
        type="modbus",
        url=f"modbus://127.0.0.1:{port}",
        options={"map": str(folder / "map.csv")},
        step_s=0.2,
    )


def read(source: SourceConfig, wanted: int) -> tuple[dict[str, Reading], Box]:
    box, stop, found = Box(), threading.Event(), list[Reading]()
    thread = threading.Thread(target=ModbusFeed(source, Path("/")).run, args=(box, stop))
    thread.start()
    try:
        until(
            lambda: (found.extend(box.drain()), len(found) >= wanted)[1], f"{wanted} readings, {box.problems}"
        )
    finally:
        stop.set()
        thread.join(30)
    return {r.metric: r for r in found}, box


@pytest.mark.server
def test_registers_of_every_kind(tmp_path: Path, port: int) -> None:
    found, box = read(config(tmp_path, port), wanted=7)
    values = {name: round(r.value, 3) for name, r in found.items()}
    assert values == {
        "Flow": 182.5,
        "Speed": 1480.0,
        "Temp": -15.0,
        "Energy": 0x12345678,
        "Running": 1.0,
        "Fault": 1.0,
        "Level": 7.0,
    }
    assert (found["Flow"].component, found["Flow"].unit) == ("P-101", "m3/h")
    assert box.problems == {}


@pytest.mark.server
def test_a_register_that_is_not_there_is_counted_and_the_others_are_read(tmp_path: Path, port: int) -> None:
    found, box = read(config(tmp_path, port, MAP + "P-101,None,holding,900,uint16,,,,,\n"), wanted=7)
    assert len(found) == 7
    assert any("device 1 refused (holding 900" in problem for problem in box.problems)


def test_no_server_says_what_to_change(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Start the server or fix `url`"):
        ModbusFeed(config(tmp_path, free_port()), Path("/")).run(Box(), threading.Event())
    with pytest.raises(BadInput, match="Modbus TCP has no credentials"):
        ModbusFeed(config(tmp_path, 502).model_copy(update={"auth": Auth(username="me")}), Path("/"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("P,x,holding,70000,uint16,,,,,", "address in line 2 .* 0 to 65535"),
        ("P,x,registers,1,uint16,,,,,", "Set table in line 2"),
        ("P,x,,101,uint16,,,,,", "Name the table in line 2"),
        ("P,x,holding,1,float,,,,,", "Fix type in line 2"),
        ("P,x,coil,1,int16,,,,,", "Fix type in line 2"),
        ("P,x,holding,1,uint16,middle,,,,", "Set word_order in line 2"),
        ('P,x,holding,1,uint16,,"0,1",,,', "Set scale in line 2 of 'm.csv' to a number with a decimal point"),
        ("P,,holding,1,uint16,,,,,", "Name a point in line 2"),
    ],
)
def test_a_wrong_row_is_named(row: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        parse_map(MAP.splitlines()[0] + "\n" + row + "\n", "m.csv")


def test_neighbours_are_read_together_and_nothing_between() -> None:
    head = "asset,point,table,address,type\n"
    rows = [f"P,a{n},holding,{n},uint16" for n in range(300)] + [
        "P,far,holding,5000,float64",
        "P,in,input,0,uint16",
    ]
    made = blocks(parse_map(head + "\n".join(rows), "m.csv"))
    assert [(b.space, b.start, b.count) for b in made] == [
        ("holding", 0, 120), ("holding", 120, 120), ("holding", 240, 60), ("holding", 5000, 4), ("input", 0, 1),
    ]  # fmt: skip
