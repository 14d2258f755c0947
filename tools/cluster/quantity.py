"""Kubernetes quantities (`500m`, `64Mi`, `129e6`)."""

from __future__ import annotations

import re
from typing import Final

# A suffix or an exponent, never both, as apimachinery's resource.Quantity has it: `2E` is 2 * 10^18, `2E3` is 2000.
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?")
_UNITS: Final = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def quantity(text: object) -> float | None:
    """A Kubernetes quantity (`500m`, `64Mi`, `2`) in its base unit, or None."""
    match = _QUANTITY.fullmatch(str(text).strip())
    return float(match[1] + (match[2] or "")) * _UNITS[match[3] or ""] if match else None
