"""Signals: vibration spectra, anomaly detectors and changepoints of process data."""

from aitia.tools.signals.changepoints import Changepoint, changepoints, cusum
from aitia.tools.signals.detectors import PcaT2Spe, RobustBaseline
from aitia.tools.signals.process import signals_changepoints, signals_detect
from aitia.tools.signals.series import detect_series
from aitia.tools.signals.vibration import signals_envelope

__all__ = [
    "Changepoint",
    "PcaT2Spe",
    "RobustBaseline",
    "changepoints",
    "cusum",
    "detect_series",
    "signals_changepoints",
    "signals_detect",
    "signals_envelope",
]
