"""The limits of a point as a tag map tells them: its own, else the zones of vibration of its machine's class."""

from __future__ import annotations

from typing import Final

from aitia.core.errors import BadInput
from aitia.tools.meaning.metadata import Metadata
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.meaning.vibration_zones import boundaries_of
from aitia.tools.signals.condition.words import Limits

_VELOCITY: Final = "mm/s"


def limits_of(said: Metadata, point: str) -> Limits | None:
    """The limits of a point in its unit; None where nobody told any. Raises BadInput for zones of what is no velocity.

    Zones hold for RMS velocity. The boundary between A and B is no limit: B is unrestricted operation.
    """
    if said.zone and said.high is None and (zones := boundaries_of(said.zone)) is not None:
        unit = unit_named(said.unit) if said.unit else None
        if unit is None or unit.to != _VELOCITY:
            raise BadInput(
                f"Set the unit of {point[:60]!r} to mm/s or in/s, not {said.unit!r}, or remove its zone {said.zone!r}: zones"
                " are of RMS velocity."
            )
        (_, *bounds), clause = zones
        held = tuple(float(f"{(b - unit.offset) / unit.factor:.6g}") for b in bounds)
        return Limits(low=said.low, high=held[-1], origin="iso", zones=held, clause=clause)
    if said.low is None and said.high is None:
        return None
    return Limits(low=said.low, high=said.high, origin="tag")
