"""What every word of aitia is: frozen, without unknown fields, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


def utc(moment: datetime) -> datetime:
    """The same moment in UTC."""
    return moment.astimezone(UTC)


def from_epoch(seconds: float) -> datetime:
    """Epoch seconds to a UTC datetime, rounded to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), tz=UTC)


Moment = Annotated[AwareDatetime, AfterValidator(utc)]
Unit01 = Annotated[float, Field(ge=0.0, le=1.0)]


class Word(BaseModel):
    """Base of every word: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")
