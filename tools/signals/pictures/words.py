"""What a picture tells, as sentences: places, degrees with their error, orders, moments. No cause and no part is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aitia.tools.signals.pictures.alike import LEAST_K, Named
from aitia.tools.signals.pictures.ridges import Ridge, Ridges
from aitia.tools.signals.pictures.thermal import Heat, Spot

NOTHING: Final = "no spot stands out over {against}, which is no proof that none is there"


def spot_words(spot: Spot, heat: Heat) -> str:
    """One spot or even body: where, how large, how far above what."""
    where = f"{100 * spot.across:.0f} % from the left, {100 * spot.down:.0f} % from the top"
    where = f"in {spot.region}, {where}" if spot.region else where
    what = "hot spot" if spot.shape == "spot" else "evenly warm area with a sharp edge"
    if spot.degrees is None or spot.peak_degrees is None:
        over = f"{100 * spot.over:.0f} % of the picture's range over {heat.against}"
    else:
        error = f" (± {heat.error:.1g})" if heat.error >= 0.05 else ""
        more = "at least " if spot.at_least else ""
        over = f"{spot.degrees:.1f} K over {heat.against}, at {more}{spot.peak_degrees:.1f} °C{error}"
    return f"{what} {where}: {over}; {100 * spot.area:.2g} % of the picture"


def region_words(region: Named, unit: str) -> str:
    """A named region against its like."""
    digits = f"{region.warm:.1f} °C" if unit else f"{100 * region.warm:.0f} % of the range"
    said = f"{region.name}: its hottest part is at {digits}"
    if region.difference is None:
        return f"{said}; no like region to compare it with"
    others = " and ".join(region.others) if len(region.others) < 4 else f"{len(region.others)} others"
    if not differs(region, unit):
        return f"{said}, like {others}"
    by = f"{abs(region.difference):.1f} K" if unit else f"{100 * abs(region.difference):.0f} % of the range"
    error = f" (± {region.error:.1g})" if unit and region.error >= 0.05 else ""
    severity = f": {region.severity}" if region.severity else ""
    return f"{said}, {by} {'above' if region.difference > 0 else 'below'} {others}{error}{severity}"


def differs(region: Named, unit: str) -> bool:
    """Whether a region's difference to its like is more than cameras disagree by."""
    least = max(LEAST_K, 3 * region.error) if unit else max(0.05, 3 * region.error)
    return region.difference is not None and abs(region.difference) >= least


def heat_lines(heat: Heat) -> list[str]:
    """All that a thermal picture tells: spots, regions, even bodies, then what a reader must know."""
    spots = [spot_words(s, heat) for s in heat.spots] or [NOTHING.format(against=heat.against)]
    bodies = [
        f"{spot_words(s, heat)} (no source is seen in it: a warm thing, a mirror image or a label)"
        for s in heat.bodies
    ]
    hottest = (
        [f"the hottest part of the picture is at {heat.hottest:.1f} °C"] if heat.hottest is not None else []
    )
    return [*spots, *(region_words(r, heat.unit) for r in heat.regions), *bodies, *hottest]


def ridge_words(ridge: Ridge, found: Ridges, start: datetime | None = None) -> str:
    """One line: order or frequency, its course, when it began, by how much it rose."""
    name = f"{ridge.middle_hz:.4g} Hz" if abs(ridge.begin_hz - ridge.end_hz) <= 2 * ridge.error_hz else (
        f"{ridge.begin_hz:.4g} to {ridge.end_hz:.4g} Hz")  # fmt: skip
    if ridge.order is not None:
        name = f"order {ridge.order:.3g} (± {ridge.order_error or 0:.1g}; {name})"
    elif ridge.kind == "order":
        ratio = "" if ridge.ratio in (None, 1.0) else f", {ridge.ratio:.3g} × the lowest of these"
        name = f"{name}, follows the speed{ratio}"
    else:
        name = f"{name} (± {ridge.error_hz:.2g}), constant"
    parts = [name]
    if ridge.multiple > 1:
        parts.append(
            f"harmonic {ridge.multiple} of the lowest {'one' if ridge.kind == 'order' else 'constant line'}"
        )
    if ridge.sideband_of is not None:
        parts.append(f"{ridge.spacing:.3g} beside {ridge.sideband_of:.4g}, with a partner on the other side")
    if ridge.began_s is not None:
        at = _moment(ridge.began_s, start)
        rose = f"rose {ridge.rose:.0f} dB" if ridge.rose is not None else "rose"
        parts.append(
            f"began {at}" + (f", {rose} at least" if ridge.rose is not None else "")
            if ridge.from_nothing
            else f"{rose} at {at}"
        )
    else:
        parts.append(f"from {_moment(ridge.begin_s, start)} to {_moment(ridge.end_s, start)}")
    return ", ".join(parts)


def _moment(seconds: float, start: datetime | None) -> str:
    return f"{seconds:.4g} s" if start is None else f"{start + timedelta(seconds=seconds):%H:%M:%S}"


def ridge_lines(found: Ridges, start: datetime | None = None) -> list[str]:
    """All lines of a spectrogram's picture."""
    return [ridge_words(r, found, start) for r in found.ridges] or [
        "no line stands out for a quarter of the picture"
    ]


def notes_of(*groups: Sequence[str]) -> list[str]:
    """Notes in order, each once."""
    return list(dict.fromkeys(note for group in groups for note in group))
