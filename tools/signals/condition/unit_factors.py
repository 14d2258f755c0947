"""Conversions by which a changed unit shows: exact by definition (NIST SP 811, 2008, appendix B)."""

from __future__ import annotations

from typing import Final

# name: (factor, offset), from the first unit to the second; both ways are tried.
CONVERSIONS: Final[dict[str, tuple[float, float]]] = {
    "°C to °F": (1.8, 32.0),
    "°C to K": (1.0, 273.15),
    "°F to K": (1 / 1.8, 459.67 / 1.8),
    "bar to psi": (14.503774, 0.0),
    "bar to kPa": (100.0, 0.0),
    "bar to MPa": (0.1, 0.0),
    "kPa to psi": (0.14503774, 0.0),
    "kPa to mbar": (10.0, 0.0),
    "kPa to inH2O": (4.014631, 0.0),
    "Pa to inH2O": (0.004014631, 0.0),
    "kPa to inHg": (0.2952998, 0.0),
    "m³/h to l/s": (1 / 3.6, 0.0),
    "m³/h to l/min": (1000.0 / 60.0, 0.0),
    "m³/h to gpm": (4.402868, 0.0),
    "l/min to gpm": (0.2641721, 0.0),
    "l/s to gpm": (15.85032, 0.0),
    "m³/s to m³/h": (3600.0, 0.0),
    "m³/h to ft³/h": (35.31467, 0.0),
    "kg/h to lb/h": (2.204623, 0.0),
    "m to ft": (3.280840, 0.0),
    "m of water to bar": (0.0980665, 0.0),
    "mm to in": (1 / 25.4, 0.0),
    "g to m/s²": (9.80665, 0.0),
    "rpm to Hz": (1 / 60.0, 0.0),
    "rpm to rad/s": (0.10471976, 0.0),
    "kW to hp": (1.341022, 0.0),
    "ratio to %": (100.0, 0.0),
    "1 to 1000 (k, m)": (1000.0, 0.0),
}
_ANY: Final = ("ratio to %", "1 to 1000 (k, m)")  # whatever is measured
_PRESSURE: Final = (
    "bar to psi", "bar to kPa", "bar to MPa", "kPa to psi", "kPa to mbar", "kPa to inH2O", "Pa to inH2O", "kPa to inHg",
    "m of water to bar", "m to ft",
)  # fmt: skip
OF_QUANTITY: Final[dict[str, tuple[str, ...]]] = {
    "temperature": ("°C to °F", "°C to K", "°F to K"),
    "pressure": _PRESSURE,
    "pressure_drop": _PRESSURE,
    "flow": ("m³/h to l/s", "m³/h to l/min", "m³/h to gpm", "l/min to gpm", "l/s to gpm", "m³/s to m³/h", "m³/h to ft³/h",
             "kg/h to lb/h"),
    "level": ("m to ft", "mm to in"),
    "vibration": ("g to m/s²", "mm to in"),
    "speed": ("rpm to Hz", "rpm to rad/s"),
    "power": ("kW to hp",),
}  # fmt: skip
"""By what is measured. What stands nowhere here changes by prefixes and shares alone, what nobody can name by all but
temperatures."""


def pairs(quantity: str) -> list[tuple[str, float, float]]:
    """The conversions that a point of this quantity may have undergone, both ways."""
    if quantity:
        names = OF_QUANTITY.get(quantity, ())
        names += _ANY if quantity != "temperature" else ()
    else:
        names = tuple(n for n in CONVERSIONS if n not in OF_QUANTITY["temperature"])
    found = []
    for name in names:
        factor, offset = CONVERSIONS[name]
        one, two = name.split(" to ", 1)
        found += [(name, factor, offset), (f"{two} to {one}", 1.0 / factor, -offset / factor)]
    return found
