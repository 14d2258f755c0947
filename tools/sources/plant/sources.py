"""Live sources as sources of a diagnosis: what the recorder kept of them; of OPC UA also the server's own history."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Holding, Window
from aitia.tools.sources.base import Configured, MetricSource, Series
from aitia.tools.sources.metrics.table import TableSource
from aitia.tools.sources.plant.chunks import METADATA, PATTERN
from aitia.tools.sources.plant.modbus import ModbusFeed
from aitia.tools.sources.plant.mqtt import MqttFeed
from aitia.tools.sources.plant.opcua import OpcUaFeed
from aitia.tools.sources.plant.opcua_history import OpcUaHistory
from aitia.tools.sources.plant.readings import Feed

_EXAMPLES: Final = {
    "mqtt": "mqtt://broker.example:1883",
    "opcua": "opc.tcp://server.example:4840",
    "modbus": "modbus://plc.example:502",
}
_OF_TABLES: Final = frozenset({"max_points", "fault_model", "class.*", "life_*"})


@runtime_checkable
class Live(Protocol):
    """A source that can be recorded."""

    def feed(self) -> Feed:
        """What reads it live. Raises BadInput for options that are wrong."""
        ...


class Recorded(TableSource):
    """A source whose samples `aitia signals record` keeps in the folder `path`, in chunks of Parquet."""

    KIND = "metrics"
    OWN: frozenset[str] = frozenset()

    def __init__(self, config: SourceConfig, root: Path) -> None:
        if not config.url:
            raise BadInput(f"Set `url` of source {config.name!r}, for example {_EXAMPLES[config.type]}.")
        super().__init__(config, root)
        self._live = config
        folder = root / Path(config.path).expanduser()
        options = {k: v for k, v in config.options.items() if k not in self.OWN}
        if config.path and (folder / METADATA).is_file():
            options["metadata"] = str(Path(config.path) / METADATA)
        self._config = config.model_copy(
            update={"path": str(Path(config.path) / PATTERN), "options": options}
        )
        self._folder = folder if config.path else None

    def describe(self, window: Window) -> Holding:
        """What is recorded of it. Raises SourceError where nothing is."""
        self._check()
        return super().describe(window)

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """The recorded series of the window."""
        self._check()
        return super().read(window, component=component, metric=metric)

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of what is recorded."""
        self._check()
        return super().extent(near)

    def _check(self) -> None:
        if self._folder is None:
            raise SourceError(
                f"Set `path` of source {self.name!r} to a folder: {self._live.type} has no past, so `aitia signals record`"
                " keeps it there."
            )
        if not next(self._folder.glob(PATTERN), None):
            raise SourceError(
                f"Run `aitia signals record`: nothing of source {self.name!r} is in {str(self._folder)!r} yet."
            )


class MqttSource(Recorded):
    """An MQTT broker, recorded."""

    OWN = frozenset({"topics", "asset_level", "full_names"})
    OPTIONS = OWN | _OF_TABLES

    def feed(self) -> Feed:
        """Its subscription."""
        return MqttFeed(self._live, self._root)


class ModbusSource(Recorded):
    """A Modbus TCP server, recorded."""

    OWN = frozenset({"map"})
    OPTIONS = OWN | _OF_TABLES

    def feed(self) -> Feed:
        """The polling of its registers."""
        return ModbusFeed(self._live, self._root)


class _OpcUaRecorded(Recorded):
    """An OPC UA server, recorded."""

    OWN = OpcUaFeed.OPTIONS


class OpcUaSource(Configured):
    """An OPC UA server: what is recorded of it where `path` names a folder, else the history that it keeps itself."""

    KIND = "metrics"
    OPTIONS = OpcUaFeed.OPTIONS | _OF_TABLES

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        recorded = _OpcUaRecorded(config, root)
        self._held: MetricSource = recorded if config.path else OpcUaHistory(config, root)

    def feed(self) -> Feed:
        """Its reading or subscription."""
        return OpcUaFeed(self._config, self._root)

    def describe(self, window: Window) -> Holding:
        """Its variables with samples."""
        return self._held.describe(window)

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """The series of the window."""
        return self._held.read(window, component=component, metric=metric)

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of what is recorded; a server's own history is not asked."""
        return self._held.extent(near) if isinstance(self._held, Recorded) else None
