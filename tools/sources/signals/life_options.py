"""`options: {life_model: FILE, ...}` of a source of process signals: how the remaining life of its machines is told."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from pydantic import Field, ValidationError, model_validator

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.words import Word
from aitia.tools.sources.base import MetricSource

SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PREFIX: Final = "life_"


class Life(Word):
    """By a fitted fleet (`model`), or by an indicator's trend to its limit.

    `time` names the metric that counts the life (cycles, operating hours); without it life runs by the clock, and `unit` is
    one of s, min, h, d.
    """

    model: str = ""
    indicator: str = ""
    limit: float | None = Field(None, allow_inf_nan=False)
    limit_error: float = Field(0.0, ge=0.0, allow_inf_nan=False)
    time: str = ""
    unit: str = Field("", max_length=20)

    @model_validator(mode="after")
    def _one_way(self) -> Life:
        if bool(self.model) == bool(self.indicator) or (self.limit is None) != (not self.indicator):
            raise ValueError("give either life_model, or life_indicator and life_limit")
        if not self.time and self.unit not in ("", *SECONDS):
            raise ValueError(f"without life_time, life_unit is one of {', '.join(SECONDS)}")
        return self

    @property
    def named_unit(self) -> str:
        """How a sentence names the unit of time."""
        return self.unit or ("" if self.time else "h")


@runtime_checkable
class LifeSource(MetricSource, Protocol):
    """Process signals of machines whose remaining life may be told."""

    @property
    def life(self) -> Life | None:
        """How, or None where it is not asked for. Raises BadInput for options that do not fit together."""
        ...

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of all rows in epoch seconds; None where there are none."""
        ...


def life_of(config: SourceConfig, root: Path) -> Life | None:
    """The options of a source that begin with `life_`; a model's file is relative to the root."""
    given = {k.removeprefix(_PREFIX): v for k, v in config.options.items() if k.startswith(_PREFIX)}
    if not given:
        return None
    if file := given.get("model"):
        given["model"] = str(root / str(file))
    try:
        return Life.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f" life_{part}" for part in first["loc"])
        known = ", ".join(_PREFIX + name for name in Life.model_fields)
        raise BadInput(
            f"Fix the options{where} of source {config.name!r}: {first['msg']} (valid options: {known})."
        ) from None
