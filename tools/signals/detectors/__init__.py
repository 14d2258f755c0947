"""Anomaly detectors in the usual vocabulary: fit, decision_function, threshold_, predict. One file a family."""

from aitia.tools.signals.detectors.autoregression import VectorAutoregression
from aitia.tools.signals.detectors.base import Blaming, Detector, Scaler, Unfit
from aitia.tools.signals.detectors.drift import DriftAware
from aitia.tools.signals.detectors.ensemble import Ensemble
from aitia.tools.signals.detectors.mcd import Mcd
from aitia.tools.signals.detectors.neighbours import Knn, Lof
from aitia.tools.signals.detectors.pca import PcaT2Spe
from aitia.tools.signals.detectors.robust import RobustBaseline

__all__ = [
    "Blaming",
    "Detector",
    "DriftAware",
    "Ensemble",
    "Knn",
    "Lof",
    "Mcd",
    "PcaT2Spe",
    "RobustBaseline",
    "Scaler",
    "Unfit",
    "VectorAutoregression",
]
