"""Alarms of control systems after ISA-18.2: chattering, floods, standing and stale alarms, and which one came first."""

from aitia.tools.alarms.tool import alarms_first

__all__ = ["alarms_first"]
