"""Bearings by designation: an entry of the catalogue, or deep-groove geometry estimated from the boundary dimensions of ISO 15.

A maker is free inside the rings. The section (D - d) and how balls are put between deep grooves bind him: balls take a known
share of the section, their pitch circle lies midway, and a Conrad bearing is filled through 180 to 200 degrees of its
circumference. So d/D of an estimate is a range, and the number of balls one of up to three candidates, the likeliest first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.core.errors import BadInput
from aitia.tools.signals.vibration.bearings import Entry, Geometry, Orders, catalogue

# Measured on the 62 and 63 bearings of the catalogue, each left out in turn (tests/signals/test_vibration_designations.py):
# the ball's share of the section is .273 to .301 below 38.5 mm of section and .303 to .321 above; filled angle 177 to 201°.
SMALL_SECTION: Final = 38.5  # mm of D - d
BALL_SHARE: Final = {
    True: 0.290,
    False: 0.314,
}  # ball diameter over D - d, of a small section and of a large one
SHARE_ERROR: Final = 0.065  # relative: 62 and 63 bearings of the catalogue, the largest error is .06
SERIES_60_ERROR: Final = 0.10  # relative, by hand: two of series 60 are published, too few to measure
FILLED: Final = (176.0, 202.0)  # degrees between the first and the last ball
_LEAST_ERROR: Final = 0.02  # relative: two makers' sizes of the same balls and rings differ by as much
_KIND: Final = "deep groove ball bearing"
_MAKERS: Final = r"(?:SKF|FAG|INA|NSK|NTN|SNR|KOYO|NACHI|TIMKEN|FAFNIR|ZKL|KG|NKE|URB|HCH|LDK)"
_ADVICE: Final = (
    "Give its geometry from the maker's data sheet: --bearing Z,d,D,angle (number of elements, their diameter, pitch diameter,"
    " contact angle in degrees), or its orders: --bearing bpfo=3.05,bpfi=4.95"
)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A bearing known by its boundary dimensions alone: candidates of its orders, the likeliest first, and what to say of it."""

    name: str
    bore: float
    outside: float
    candidates: tuple[Orders, ...]

    @property
    def told(self) -> str:
        """What a verdict must say: that the geometry was estimated, from what, and how wide."""
        balls = " or ".join(str(n) for n in sorted({round(o.bpfo + o.bpfi) for o in self.candidates}))
        first = self.candidates[0]
        return (
            f"geometry of {self.name} estimated from its boundary dimensions {self.bore:g} × {self.outside:g} mm ({balls} balls;"
            f" BPFO ± {100 * first.slack['bpfo']:.1f} %, BPFI ± {100 * first.slack['bpfi']:.1f} %): makers differ inside the"
            " rings, so give --bearing Z,d,D from the data sheet to be sure"
        )


def bearing_of(text: str) -> Orders | Estimate:
    """The orders of `Z,d,D[,angle]` (elements, their diameter, the pitch diameter, degrees), of `bpfo=3.05,bpfi=4.95` or of a
    designation.

    Raises BadInput for a designation that neither the catalogue nor ISO 15's plan of deep groove ball bearings has.
    """
    parts = [part.strip() for part in text.split(",")]
    if all("=" in part for part in parts):
        return _orders_told(parts, text)
    if len(parts) not in (3, 4):
        return bearing_called(text)
    try:
        z, d, pitch, *angle = (float(part) for part in parts)
    except ValueError:
        raise BadInput(f"Give --bearing as Z,d,D[,angle] in numbers, not {text!r}.") from None
    if z != int(z) or not 0 < d < pitch or z < 3 or z * d > math.pi * pitch * 1.001:
        raise BadInput(
            f"{text!r} is no bearing: Z elements (3 or more) of diameter d must fit on the pitch circle D (the same unit)."
        )
    if angle and not 0 <= angle[0] < 90:
        raise BadInput(f"Give the contact angle of --bearing from 0 to below 90 degrees, not {angle[0]:g}.")
    geometry = Geometry(
        rolling_elements=int(z),
        element_diameter=d,
        pitch_diameter=pitch,
        contact_angle=angle[0] if angle else 0.0,
    )
    return geometry.orders


def _orders_told(parts: Sequence[str], text: str) -> Orders:
    """Orders named one by one, as multiples of the shaft speed."""
    told = {}
    for part in parts:
        name, _, value = (word.strip().lower() for word in part.partition("="))
        try:
            told[name] = float(value)
        except ValueError:
            raise BadInput(f"Give --bearing orders in numbers: bpfo=3.05,bpfi=4.95, not {text!r}.") from None
        if name not in ("bpfo", "bpfi", "bsf", "ftf") or not 0 < told[name] < math.inf:
            raise BadInput(
                f"Give --bearing orders above 0 by their names bpfo, bpfi, bsf (the spin), ftf, not {part!r}."
            )
    return Orders(**told)


def bearing_called(text: str) -> Orders | Estimate:
    """A designation's orders: the catalogue's, else an estimate. Raises BadInput where there is neither."""
    wanted = " ".join(text.split())
    entry = _entry(_plain(wanted))
    if entry is not None:
        return entry.orders
    kind, bore, outside = boundary(wanted)
    if kind != _KIND:
        raise BadInput(
            f"{wanted!r}: {kind}, {bore:g} × {outside:g} mm (ISO 15). The catalogue lacks its inside, which is not guessed."
            f" {_ADVICE}."
        )
    return Estimate(
        name=wanted, bore=bore, outside=outside, candidates=estimated_orders(bore, outside, series_of(wanted))
    )


def _entry(plain: str) -> Entry | None:
    """The catalogue's entry of this name, or the only one whose name begins with it: `6205` is `6205-2RS JEM SKF`."""
    names = {_plain(name): made for name, made in catalogue().items()}
    begun = [made for name, made in names.items() if len(plain) >= 4 and name.startswith(plain)]
    return names.get(plain) or (begun[0] if len(begun) == 1 else None)


def boundary(text: str) -> tuple[str, float, float]:
    """Kind, bore and outside diameter in mm of a designation by ISO 15. Raises BadInput for one that is not in the plan."""
    series, code = _parts(text)
    plan = _plan()
    if series not in plan["series"] or code is None:
        raise BadInput(
            f"{text!r} is no designation that is known here. The catalogue has {_some()}; of metric bearings the series"
            f" {', '.join(plan['series'])}. {_ADVICE}."
        )
    kind, diameter = plan["series"][series]
    bore = {0: 10, 1: 12, 2: 15, 3: 17}.get(code, 5 * code)
    if bore not in plan["bores"]:
        raise BadInput(f"{text!r} has no bore of ISO 15's plan from 10 to 150 mm. {_ADVICE}.")
    return kind, float(bore), float(plan["outside"][diameter][plan["bores"].index(bore)])


def series_of(text: str) -> str:
    """The series of a designation, "" where it has none."""
    return _parts(text)[0]


def estimated_orders(
    bore: float, outside: float, series: str, *, share: float | None = None
) -> tuple[Orders, ...]:
    """Candidates of a Conrad bearing's orders, the likeliest number of balls first; `share` of the section: another than ours."""
    section, pitch = outside - bore, (outside + bore) / 2
    ratio = (BALL_SHARE[section < SMALL_SECTION] if share is None else share) * section / pitch
    error = SERIES_60_ERROR if series == "60" else SHARE_ERROR
    found = []
    for balls in range(5, 21):
        # The range of d/D that the section allows and in which so many balls fill the ring as an assembly needs.
        low, high = (math.sin(math.radians(angle / 2 / (balls - 1))) for angle in FILLED)
        low, high = max(low, ratio * (1 - error)), min(high, ratio * (1 + error))
        if low < high:
            centre = (low + high) / 2
            geometry = Geometry(rolling_elements=balls, element_diameter=centre, pitch_diameter=1.0)
            width = max((high - low) / 2 / centre, _LEAST_ERROR)
            orders = geometry.orders.model_copy(update={"ratio_error": width})
            found.append((low - high, orders))
    return tuple(orders for _, orders in sorted(found, key=lambda pair: pair[0]))


def _parts(text: str) -> tuple[str, int | None]:
    plain = re.sub(_MAKERS, " ", text.upper())
    roller = re.match(r"\s*(?:NU|NJ|NUP|N|NF)\s*(10|2|3|22|23)(\d\d)(?!\d)", plain)
    if roller:
        return f"N{roller[1]}", int(roller[2])
    ball = re.match(r"\s*(6[023]|62[23]|7[023]|[13][23]|22[23]|230)(\d\d)(?!\d)", plain)
    return (ball[1], int(ball[2])) if ball else ("", None)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).upper()


def _some() -> str:
    names: Sequence[str] = sorted(catalogue())
    return f"{len(names)} entries ({', '.join(names[:3])}, …)"


@cache
def _plan() -> dict[str, Any]:
    return dict(own_yaml((Path(__file__).parent / "boundary.yaml").read_text(encoding="utf-8")))
