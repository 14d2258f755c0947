"""Units in which a person wants a number: MB of bytes, ms of seconds, °F of °C."""

from __future__ import annotations

from typing import Final

SCALES: Final[dict[str, dict[str, float]]] = {  # by the unit as it is measured: how many of each other unit it is
    "bytes": {"KB": 1e-3, "MB": 1e-6, "GB": 1e-9, "TB": 1e-12, "KiB": 2.0**-10, "MiB": 2.0**-20, "GiB": 2.0**-30},
    "s": {"ms": 1e3, "µs": 1e6, "min": 1 / 60, "h": 1 / 3600, "d": 1 / 86400},
    "ms": {"s": 1e-3, "min": 1 / 60e3},
    "h": {"min": 60.0, "s": 3600.0, "d": 1 / 24},
    "bar": {"mbar": 1e3, "kPa": 100.0, "psi": 14.5037738},
    "mbar": {"bar": 1e-3, "kPa": 0.1, "Pa": 100.0},
    "kW": {"W": 1e3, "MW": 1e-3},
    "W": {"kW": 1e-3},
    "m³/h": {"l/min": 1000 / 60, "m³/s": 1 / 3600, "l/s": 1 / 3.6},
    "m³/s": {"m³/h": 3600.0},
    "1/min": {"Hz": 1 / 60},
    "/s": {"/min": 60.0, "/h": 3600.0},
}  # fmt: skip
SPELLED: Final = {
    "By": "bytes",
    "rpm": "1/min",
    "/min": "1/min",
    "Cel": "celsius",
    "amperes": "A",
    "a": "A",
    "°C": "celsius",
    "mm/s": "mm/s",
}


def factor(unit: str, wanted: str) -> float | None:
    """By what a number in a unit is multiplied to be in another one; None where the two do not measure the same."""
    own = SPELLED.get(unit.strip(), unit.strip())
    if own.endswith("/s") and len(own) > 2 and not wanted.startswith("/"):
        own, wanted = own.removesuffix("/s"), wanted.removesuffix("/s")
    if own == SPELLED.get(wanted, wanted):
        return 1.0
    held = SCALES.get(own, {})
    if wanted in held:
        return held[wanted]
    found = [s[wanted] / s[own] for s in SCALES.values() if own in s and wanted in s]
    back = SCALES.get(wanted, {})
    return found[0] if found else 1.0 / back[own] if own in back else None


def converted(value: float, unit: str, wanted: str) -> tuple[float, str]:
    """A number and its unit (with a blank before it) as somebody wants it told; as it is where that cannot be."""
    if wanted == "°F" and unit.strip() in ("celsius", "°C"):
        return value * 9 / 5 + 32, " °F"
    by = factor(unit, wanted) if wanted else None
    return (value, unit) if by is None else (value * by, f" {wanted}")
