"""The history that an OPC UA server keeps of its variables (Historical Access), as a source of metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.errors import OutOfTime
from aitia.core.words import Holding, Window
from aitia.tools.meaning.metadata import Metadata
from aitia.tools.sources.base import Configured, Series
from aitia.tools.sources.plant.opcua import connected, ran, stamp_of
from aitia.tools.sources.plant.opcua_nodes import Tag, browse, number_in
from aitia.tools.sources.rows import Floats, ordered, sorted_series

if TYPE_CHECKING:
    from asyncua import Client

T = TypeVar("T")
MOST_POINTS: Final = 20_000  # of one variable in one read
MOST_IN_ALL: Final = 4_000_000  # of all variables in one read
AT_A_TIME: Final = 8  # variables that are asked for together
LEAST_S: Final = 25.0  # seconds that one question may take, or `timeout_s` where that is more


class OpcUaHistory(Configured):
    """Variables whose history the server keeps and lets be read."""

    KIND = "metrics"

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._tags: list[Tag] | None = None

    def describe(self, window: Window) -> Holding:
        """The variables with a history; a word on those without."""
        tags = self._in_time(self._browsed())
        kept = [tag for tag in tags if tag.history]
        without = f"{len(tags) - len(kept)} of {len(tags)} variables have no history on the server"
        note = f"{without}: record them with `aitia signals record`"
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({tag.component for tag in kept if tag.component})),
            items=tuple(sorted({tag.metric for tag in kept})),
            count=len(kept),
            note=note if len(kept) < len(tags) else "",
        )

    def read(self, window: Window, *, component: str = "", metric: str = "") -> list[Series]:
        """The series of the window, at most MOST_POINTS of each. Raises SourceError."""
        return sorted_series(self._in_time(self._history(window, component, metric)))

    def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        seconds = max(LEAST_S, self._config.timeout_s)
        try:
            return ran(work, seconds)
        except TimeoutError:
            raise OutOfTime(
                f"Raise `timeout_s` of source {self.name!r} or narrow options.root: its history could not be read within"
                f" {seconds:g} s."
            ) from None

    async def _browsed(self) -> list[Tag]:
        """All variables, browsed for once."""
        if self._tags is None:
            async with connected(self._config, self._root) as client:
                self._tags = await browse(client, self._config)
        return self._tags

    async def _history(self, window: Window, component: str, metric: str) -> list[Series]:
        wanted = [
            tag
            for tag in await self._browsed()
            if tag.history and component in ("", tag.component) and metric in ("", tag.metric)
        ]
        most = max(1, min(MOST_POINTS, MOST_IN_ALL // max(1, len(wanted))))
        found: list[Series] = []
        async with connected(self._config, self._root) as client:
            for start in range(0, len(wanted), AT_A_TIME):
                some = wanted[start : start + AT_A_TIME]
                found += await asyncio.gather(*(self._series(client, tag, window, most) for tag in some))
        return [series for series in found if series.t.size]

    async def _series(self, client: Client, tag: Tag, window: Window, most: int) -> Series:
        t, v = await _samples(client, tag, window, most)
        return Series(
            component=self._config.component or tag.component,
            metric=tag.metric,
            t=t,
            v=v,
            metadata=Metadata(unit=tag.unit),
            query=f"{self._config.url} {tag.node.nodeid.to_string()}",
        )


async def _samples(client: Client, tag: Tag, window: Window, most: int) -> tuple[Floats, Floats]:
    """The newest `most` samples in the window: asked for backwards in time, since a server cuts at the end."""
    begin, until = (datetime.fromtimestamp(at, tz=UTC) for at in window.epoch)
    told = await client.get_node(tag.node.nodeid).read_raw_history(
        until, begin, numvalues=most, return_bounds=False
    )
    return _arrays([(at, number) for value in told if (at := stamp_of(value)) is not None
                    and (number := number_in(value)) is not None and window.epoch[0] <= at < window.epoch[1]])  # fmt: skip


def _arrays(points: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    table = np.array(points, dtype=np.float64).reshape(-1, 2)
    return ordered(table[:, 0], table[:, 1])
