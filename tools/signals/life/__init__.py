"""Remaining life: trees on rolling statistics of a fleet, and the trend of a single machine."""
