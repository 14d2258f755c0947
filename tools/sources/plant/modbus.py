"""A Modbus TCP server: reads the registers that a map names, function codes 1 to 4 only."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.tools.sources.plant.addresses import away, host_and_port, missing
from aitia.tools.sources.plant.readings import Box, Reading, now
from aitia.tools.sources.plant.register_map import Block, Register, blocks, read_map

if TYPE_CHECKING:
    from pymodbus.client import ModbusTcpClient

LEAST_STEP_S: Final = 0.1  # between two readings of all registers
_READS: Final = {
    "coil": "read_coils",
    "discrete": "read_discrete_inputs",
    "input": "read_input_registers",
    "holding": "read_holding_registers",
}


class ModbusFeed:
    """The registers of a map, every `step_s`."""

    def __init__(self, config: SourceConfig, root: Path) -> None:
        if config.auth.username or config.auth.cert:
            raise BadInput(f"Remove `auth` of source {config.name!r}: Modbus TCP has no credentials.")
        self._config = config
        self._blocks = blocks(read_map(config, root))

    def run(self, box: Box, stop: threading.Event) -> None:
        """Poll until `stop`. Raises SourceError where the server does not answer at all."""
        try:
            from pymodbus.client import ModbusTcpClient
            from pymodbus.exceptions import ModbusException
        except ImportError:
            raise missing("plant", "pymodbus") from None
        host, port = host_and_port(self._config)
        client = ModbusTcpClient(host, port=port, timeout=self._config.timeout_s, retries=1)
        try:
            if not client.connect():
                raise away(self._config, "no connection")
            box.connected = True
            while True:
                began = now()
                try:
                    box.put(list(self._all(client, box)))
                except (ModbusException, OSError) as error:
                    raise away(self._config, error) from None
                step = max(LEAST_STEP_S, self._config.step_s)
                if stop.wait(max(0.0, began + step - now())):
                    return
        finally:
            box.connected = False
            client.close()

    def _all(self, client: ModbusTcpClient, box: Box) -> Iterator[Reading]:
        for block in self._blocks:
            at = now()
            answer = getattr(client, _READS[block.space])(
                block.start, count=block.count, device_id=block.device
            )
            if answer.isError():
                code = getattr(answer, "exception_code", 0)
                box.problem(
                    f"reads that device {block.device} refused ({block.space} {block.start}: exception {code})"
                )
            else:
                yield from _readings(block, answer, at)


def _readings(block: Block, answer: Any, at: float) -> Iterator[Reading]:
    for register in block.registers:
        first = register.address - block.start
        value = _value(register, answer, first) * register.scale + register.offset
        yield Reading(component=register.asset, metric=register.point, at=at, value=value, unit=register.unit)


def _value(register: Register, answer: Any, first: int) -> float:
    """The raw value; NaN where the server answered with fewer registers than were asked for."""
    from pymodbus.client import ModbusTcpClient

    held = answer.bits if register.space in ("coil", "discrete") else answer.registers
    words = held[first : first + register.size]
    if len(words) < register.size:
        return math.nan
    if register.type == "bool":
        return float(bool(words[0]))
    kind = ModbusTcpClient.DATATYPE[register.type.upper()]
    order: Any = "little" if register.little else "big"
    converted: Any = ModbusTcpClient.convert_from_registers(words, kind, word_order=order)
    return float(converted)
