"""Metrics: comparable series, changes that survive their own noise, and what stayed calm."""

from aitia.tools.metrics.component import metrics_component
from aitia.tools.metrics.scan import metrics_scan

__all__ = ["metrics_component", "metrics_scan"]
