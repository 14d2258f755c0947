"""A stream of alerts: whose each one is, what it is about, which began first, and which component they point at."""

from aitia.tools.alerts.tool import alerts_rank

__all__ = ["alerts_rank"]
