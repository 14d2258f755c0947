"""Source of type `memory`: the site's incident store, asked by likeness. It is never read as a whole."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.home import aitia_home
from aitia.core.state import has_memory
from aitia.core.words import Holding, Window
from aitia.tools.memory.words import Match, Query
from aitia.tools.sources.base import Configured

if TYPE_CHECKING:
    from aitia.tools.memory.store import MemoryStore

TITLES = 50


class IncidentMemory(Configured):
    """`path` is the folder that holds `memory/`; without one it is AITIA_HOME."""

    KIND = "incidents"
    OPTIONS = frozenset[str]()

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self.note = ""
        self._lock = threading.Lock()
        self._store: MemoryStore | None = None

    def search(self, query: Query, *, top: int = 5) -> list[Match]:
        """The similar incidents, best first. Raises SourceError."""
        try:
            store = self._opened()
            found = store.search(query, top=top) if store is not None else []
        except BadInput as error:
            raise SourceError(f"{error} (source {self.name!r})") from None
        self.note = store.note if store is not None else ""
        return found

    def describe(self, window: Window) -> Holding:
        """Titles of the latest that were over by the window's end; components of past incidents need not be this site's."""
        try:
            store = self._opened()
            newest = store.newest(TITLES, before=window.end) if store is not None else []
            count = store.count() if store is not None and newest else 0
        except BadInput as error:
            raise SourceError(f"{error} (source {self.name!r})") from None
        note = "" if newest else f"The memory of source {self.name!r} has no incident from that time."
        return Holding(
            source=self.name, kind="incidents", items=tuple(i.title for i in newest), count=count, note=note
        )

    def _opened(self) -> MemoryStore | None:
        """The store; None where there is none, so that a look makes no file."""
        from aitia.tools.memory.store import FILE, MemoryStore

        path = self._config.path
        home = self._root / Path(path).expanduser() if path else aitia_home()
        with self._lock:
            there = (home / FILE).is_file() if path else has_memory(home)
            if self._store is None and there:
                self._store = MemoryStore(home, shared=not path)
            return self._store
