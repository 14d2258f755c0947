"""Sources of kind `events`: a library of past incidents, and the alert events of the present one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Holding, Window
from aitia.tools.library.events import Case, Library, read_alerts, read_library
from aitia.tools.library.mix import Mix
from aitia.tools.library.model import LibraryModel, train
from aitia.tools.sources.base import Configured, Reader, check_file

MAX_MODEL = 256 << 20


class EventLibrary(Configured):
    """Source of type `event_library`: past incidents as events (JSONL), or what `aitia library train` made of them (JSON).

    A JSONL file is learned from at each diagnosis, with standard weights; a trained model has its own and is at once there.
    """

    KIND = "events"

    def model(self) -> LibraryModel:
        """The ranking. Raises SourceError."""
        path = check_file(self._config, self._root)
        try:
            return train(read_library(path), mix=Mix()) if path.suffix == ".jsonl" else _trained(path)
        except BadInput as error:
            raise SourceError(f"{error} (source {self.name!r})") from None

    def path(self) -> Path:
        """Where it lies. Raises SourceError."""
        return check_file(self._config, self._root)

    def describe(self, window: Window) -> Holding:
        """The fault kinds that it knows; its components need not be components of this site."""
        path = check_file(self._config, self._root)
        try:
            if path.suffix != ".jsonl":
                model = _trained(path)
                return Holding(source=self.name, kind="events", items=model.faults[:50], count=model.cases)
            library: Library = read_library(path)
        except BadInput as error:
            raise SourceError(f"{error} (source {self.name!r})") from None
        faults = sorted({c.fault for c in library.cases})
        return Holding(source=self.name, kind="events", items=tuple(faults[:50]), count=len(library.cases))


class AlertEvents(Configured):
    """Source of type `alert_events`: the present incident's events as a JSON file of an alerting system."""

    KIND = "events"

    def case(self) -> Case:
        """The events in the order in which they were raised. Raises SourceError."""
        return read_alerts(self.path())

    def path(self) -> Path:
        """Where it lies. Raises SourceError."""
        return check_file(self._config, self._root)

    def describe(self, window: Window) -> Holding:
        """The components that events name, and the signals."""
        case = self.case()
        named = sorted({e.component for e in case.events if e.component})
        signals = sorted({e.signal for e in case.events})
        return Holding(
            source=self.name,
            kind="events",
            components=tuple(named[:500]),
            items=tuple(signals[:50]),
            count=len(case.events),
            note="" if case.events else f"The file of source {self.name!r} contains no events.",
        )


READERS: Final[Mapping[str, Reader]] = {"event_library": EventLibrary, "alert_events": AlertEvents}


def _trained(path: Path) -> LibraryModel:
    if path.stat().st_size > MAX_MODEL:
        raise SourceError(
            f"{str(path)!r} is larger than {MAX_MODEL >> 20} MiB. Train a smaller library model."
        )
    try:
        return LibraryModel.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise SourceError(
            f"{str(path)!r} is not a readable library model. Write one with `aitia library train`."
        ) from None
