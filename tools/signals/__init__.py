"""Signals: vibration spectra, anomaly detectors and changepoints of process data."""

from aitia.tools.signals.detectors import PcaT2Spe, library_detector
from aitia.tools.signals.pictures.tool import signals_pictures
from aitia.tools.signals.process import signals_changepoints, signals_detect
from aitia.tools.signals.series import detect_series
from aitia.tools.signals.vibration import signals_envelope

__all__ = [
    "PcaT2Spe",
    "detect_series",
    "library_detector",
    "signals_changepoints",
    "signals_detect",
    "signals_envelope",
    "signals_pictures",
]
