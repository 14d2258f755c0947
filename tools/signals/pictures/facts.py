"""Facts of pictures for a diagnosis: what a temperature or vibration sensor would say there, and never more.

Held against an earlier picture, or its like, a place is warmer (`up`); in one picture alone it only stands out (`changed`). No
fault kind is named: a picture's facts support what others show, by the aspects `temperature` and `vibration`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from aitia.core.words import Direction, Evidence, Scalar, SourceRef, Window
from aitia.tools.signals.pictures.alike import Named
from aitia.tools.signals.pictures.ridges import Ridge, Ridges
from aitia.tools.signals.pictures.thermal import Heat, Spot
from aitia.tools.signals.pictures.words import differs, region_words, ridge_words, spot_words

# By hand: below what a sensor of the same quantity is given (a shift of a temperature series has up to .95).
AGAINST_REFERENCE: Final = 0.7
AGAINST_LIKE: Final = 0.65
ALONE: Final = 0.4
UNSCALED: Final = 0.3
BEGAN: Final = 0.65
AGAINST: Final = "the reference picture"
_FULL_K: Final = 20.0  # degrees at which the strength is the whole of it
_FULL_DB: Final = 15.0

Resolve = Callable[[str], str]


def heat_facts(
    heat: Heat, component: str, at: datetime, window: Window, ref: SourceRef, resolve: Resolve
) -> list[Evidence]:
    """A fact for each hot spot and each region that differs from its like; the quiet fact where a comparison shows neither."""
    compared = heat.against == AGAINST
    facts = [_spot(s, heat, component, at, window, ref, resolve, compared=compared) for s in heat.spots]
    if compared:  # a body that became warmer as a whole is news, too
        facts += [_spot(s, heat, component, at, window, ref, resolve, compared=True) for s in heat.bodies]
    facts += [
        _region(r, heat, component, at, window, ref, resolve)
        for r in heat.regions
        if differs(r, heat.unit) and (r.difference or 0) > 0
    ]
    if not facts and (compared or any(r.others for r in heat.regions)):
        than = heat.against if compared else "its like"
        said = f"{component}: the thermal picture of {at:%Y-%m-%d %H:%M} shows nothing warmer than {than}."
        facts.append(
            _fact(
                component,
                "picture.quiet",
                "temperature",
                said,
                {"compared": compared},
                heat.unit,
                at,
                window,
                ref,
                "steady",
                0.4,
            )
        )
    return facts


def _spot(
    spot: Spot, heat: Heat, component: str, at: datetime, window: Window, ref: SourceRef, resolve: Resolve, *, compared: bool
) -> Evidence:  # fmt: skip
    whose = resolve(spot.region) or component if spot.region else component
    most = AGAINST_REFERENCE if compared else ALONE
    strength = most * _grown(spot.degrees, _FULL_K) if spot.degrees is not None else min(most, UNSCALED)
    values: dict[str, Scalar] = {
        "across": spot.across, "down": spot.down, "area": spot.area, "share_of_range": spot.over, "error": round(heat.error, 3),
        "against": heat.against, "shape": spot.shape, "channel": "surface temperature at the hot spot",
    }  # fmt: skip
    if spot.degrees is not None and spot.peak_degrees is not None:
        values |= {"difference": spot.degrees, "peak": spot.peak_degrees}
    if spot.region:
        values["region"] = spot.region[:80]
    said = f"{whose}: thermal picture of {at:%Y-%m-%d %H:%M}: {spot_words(spot, heat)}."
    return _fact(
        whose,
        "picture.hot_spot",
        "temperature",
        said,
        values,
        heat.unit,
        at,
        window,
        ref,
        "up" if compared else "changed",
        strength,
    )


def _region(
    region: Named, heat: Heat, component: str, at: datetime, window: Window, ref: SourceRef, resolve: Resolve
) -> Evidence:  # fmt: skip
    whose = resolve(region.name) or component
    difference = region.difference or 0.0
    strength = AGAINST_LIKE * _grown(difference, _FULL_K) if heat.unit else UNSCALED
    values: dict[str, Scalar] = {
        "region": region.name[:80], "warm": round(region.warm, 2), "difference": round(difference, 2),
        "error": round(region.error, 3),
        "others": ", ".join(region.others)[:200],
        "channel": "surface temperature",
    }  # fmt: skip
    said = f"{whose}: thermal picture of {at:%Y-%m-%d %H:%M}: {region_words(region, heat.unit)}."
    return _fact(
        whose, "picture.unlike", "temperature", said, values, heat.unit, at, window, ref, "up", strength
    )


def ridge_facts(
    found: Ridges, component: str, at: datetime, window: Window, ref: SourceRef
) -> list[Evidence]:
    """A fact for each line that began or rose in the picture; of lines that were there all along none: they may be normal."""
    facts = []
    for ridge in found.ridges:
        if ridge.began_s is not None:
            facts.append(_began(ridge, found, component, at, window, ref))
    return facts


def _began(
    ridge: Ridge, found: Ridges, component: str, at: datetime, window: Window, ref: SourceRef
) -> Evidence:
    onset = at + timedelta(seconds=ridge.began_s or 0.0)
    strength = BEGAN * _grown(ridge.rose, _FULL_DB) if ridge.rose is not None else UNSCALED
    values: dict[str, Scalar] = {"hz": ridge.middle_hz, "kind": ridge.kind, "error_hz": ridge.error_hz,
                                "channel": "vibration at the line"}  # fmt: skip
    values |= {"rose": ridge.rose} if ridge.rose is not None else {}
    values |= {"order": ridge.order} if ridge.order is not None else {}
    said = f"{component}: spectrogram of {at:%Y-%m-%d %H:%M}: {ridge_words(ridge, found, at)}."
    made = _fact(
        component, "picture.line", "vibration", said, values, found.unit, at, window, ref, "up", strength
    )
    return made.model_copy(update={"onset": onset, "onset_error_s": 1.0}) if window.contains(onset) else made


def _grown(amount: float | None, full: float) -> float:
    """From a half at nothing to the whole at `full`."""
    return 0.5 + 0.5 * min(1.0, max(0.0, (amount or 0.0) / full))


def _fact(
    component: str, kind: str, aspect: str, said: str, values: dict[str, Scalar], unit: str, at: datetime, window: Window,
    ref: SourceRef, direction: Direction, strength: float,
) -> Evidence:  # fmt: skip
    return Evidence(
        component=component, kind=kind, aspect=aspect, statement=said, values={"taken": f"{at:%Y-%m-%dT%H:%M:%S%z}", **values},
        unit=unit, window=window, direction=direction, strength=round(strength, 3), source=ref,
    )  # fmt: skip
