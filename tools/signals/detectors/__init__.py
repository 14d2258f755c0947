"""Anomaly detectors of several channels behind one protocol, `Detector`: our own, one file a family, and those of libraries."""

from aitia.tools.signals.detectors.autoregression import VectorAutoregression
from aitia.tools.signals.detectors.base import Blaming, Detector, Limited, Unfit
from aitia.tools.signals.detectors.ensemble import Ensemble
from aitia.tools.signals.detectors.libraries import library_detector
from aitia.tools.signals.detectors.mcd import Mcd
from aitia.tools.signals.detectors.neighbours import Knn
from aitia.tools.signals.detectors.pca import PcaT2Spe

__all__ = [
    "Blaming",
    "Detector",
    "Ensemble",
    "Knn",
    "Limited",
    "Mcd",
    "PcaT2Spe",
    "Unfit",
    "VectorAutoregression",
    "library_detector",
]
