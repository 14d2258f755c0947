"""Kubernetes quantities (`500m`, `64Mi`)."""

from __future__ import annotations

import re
from typing import Final

_QUANTITY = re.compile(r"^([+-]?\d+(?:\.\d+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$")
_UNITS: Final = {
    "": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50,
}  # fmt: skip


def quantity(text: object) -> float | None:
    """A Kubernetes quantity (`500m`, `64Mi`, `2`) in its base unit, or None."""
    match = _QUANTITY.match(str(text).strip())
    return float(match.group(1)) * _UNITS[match.group(2) or ""] if match else None
