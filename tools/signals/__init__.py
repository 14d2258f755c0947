"""Signals: vibration spectra, anomaly detectors and changepoints of process data."""

from aitia.tools.signals.changepoints import Changepoint, changepoints, cusum
from aitia.tools.signals.detectors import PcaT2Spe, RobustBaseline
from aitia.tools.signals.envelope import signals_envelope
from aitia.tools.signals.process import signals_changepoints, signals_detect

__all__ = [
    "Changepoint",
    "PcaT2Spe",
    "RobustBaseline",
    "changepoints",
    "cusum",
    "signals_changepoints",
    "signals_detect",
    "signals_envelope",
]
