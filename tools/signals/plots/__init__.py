"""Plot data of findings: what a tool stores beside a fact, small and plain, for the report to draw."""

from aitia.tools.signals.plots.data import SERIES, SPECTRUM, series_artifact, spectrum_artifact

__all__ = ["SERIES", "SPECTRUM", "series_artifact", "spectrum_artifact"]
