"""Poisoned telemetry: how often somebody who can write a part of it has a false cause named. See docs/benchmarks.md."""
