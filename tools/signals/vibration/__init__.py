"""Vibration of rotating machines: bearing defects, shaft faults and severity from single records or against a past."""

from aitia.tools.signals.vibration.bearings import Geometry, Orders, catalogue, orders_of
from aitia.tools.signals.vibration.diagnose import Diagnosis, diagnose
from aitia.tools.signals.vibration.reference import Reference
from aitia.tools.signals.vibration.speed import Speed, from_tachometer
from aitia.tools.signals.vibration.tool import signals_envelope
from aitia.tools.signals.vibration.zones import Zone, severity

__all__ = [
    "Diagnosis",
    "Geometry",
    "Orders",
    "Reference",
    "Speed",
    "Zone",
    "catalogue",
    "diagnose",
    "from_tachometer",
    "orders_of",
    "severity",
    "signals_envelope",
]
