"""Ranking suspects from metrics: who adds to the symptom by itself, who left its baseline, what explains it."""

from aitia.tools.rank.tool import metrics_rank

__all__ = ["metrics_rank"]
