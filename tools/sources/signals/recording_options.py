"""What may be said of a vibration recording beside its file, as options of its source or after its name on the command line."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, field_validator

from aitia.core.words import Moment, Word

RECORDED: Final = (".wav", ".npz", ".npy", ".tdms", ".uff", ".unv")
"""Endings that are vibration recordings whatever they hold; text files may be slow signals as well."""


class About(Word):
    """What the options of a recording say.

    `rpm`, `unit`, `scale` or `sensitivity` (mV a unit), `rate` in Hz, `load`, `bearing` (a designation, Z,d,D,angle or orders),
    the machine's ISO 10816-3 `group` and `support`, and the moment at which the recording `ended`.
    """

    rpm: float | None = Field(default=None, gt=0)
    unit: Literal["g", "m/s2", "mm/s", "m/s", ""] = ""
    scale: float | None = Field(default=None, gt=0)
    sensitivity: float | None = Field(default=None, gt=0)
    rate: float | None = Field(default=None, gt=0)
    load: float | None = None
    bearing: str = ""
    group: Literal["1", "2", ""] = ""
    support: Literal["rigid", "flexible", ""] = ""
    ended: Moment | None = None

    @field_validator("group", "bearing", mode="before")
    @classmethod
    def _text(cls, given: object) -> object:
        return f"{given:g}" if isinstance(given, int | float) and not isinstance(given, bool) else given


OPTIONS: Final = frozenset(About.model_fields)
