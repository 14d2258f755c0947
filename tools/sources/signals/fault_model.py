"""`options: {fault_model: FILE, class.LABEL: ASPECT}` of a source of process signals."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from aitia.core.aspects import METRIC, VIBRATION
from aitia.core.errors import BadInput
from aitia.tools.sources.base import Configured, MetricSource

_ASPECTS: Final = METRIC | VIBRATION


@runtime_checkable
class ModelledSource(MetricSource, Protocol):
    """Process signals with a model of the plant's known faults."""

    @property
    def fault_model(self) -> Path | None:
        """The model's file."""
        ...

    @property
    def classes(self) -> dict[str, str]:
        """The aspect of a fault by its label."""
        ...


class Modelled(Configured):
    """A configured source that may name a model of `aitia signals train`."""

    @property
    def fault_model(self) -> Path | None:
        """The model's file."""
        file = self._config.options.get("fault_model")
        return self._root / str(file) if file else None

    @property
    def classes(self) -> dict[str, str]:
        """The aspect of a fault by its label. Raises BadInput for an aspect that is none of a machine's."""
        prefix = "class."
        options = self._config.options.items()
        found = {k.removeprefix(prefix): str(v) for k, v in options if k.startswith(prefix)}
        for label, aspect in found.items():
            if aspect not in _ASPECTS:
                raise BadInput(
                    f"Set class.{label} of source {self.name!r} to one of {', '.join(sorted(_ASPECTS))}, not {aspect!r}."
                )
        return found
