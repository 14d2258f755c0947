"""What a Prometheus API answers, as plain values: label sets, instant values, batches of names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

_BATCH_SERIES, _BATCH_CHARS = 400, 4000

Labels = dict[str, str]


def number_of(entry: object) -> float:
    """The value of an instant answer; NaN where it is none."""
    try:
        return float(entry["value"][1])  # type: ignore[index]
    except (KeyError, IndexError, TypeError, ValueError):
        return float("nan")


def aggregated(metric: str) -> str:
    """The name of an aggregate: no counter any more."""
    if metric.endswith("_sum"):
        return metric.removesuffix("_sum") + "_mean"
    return metric + "_per_second" if metric.endswith(("_total", "_count")) else metric


def labels_of(raw: object) -> Labels:
    """A label set of an answer; empty where it is none."""
    return {str(k): str(v) for k, v in raw.items()} if isinstance(raw, dict) else {}


def key_of(labels: Labels) -> tuple[tuple[str, str], ...]:
    """A label set as a sortable key."""
    return tuple(sorted(labels.items()))


def batches(names: Sequence[str]) -> Iterator[list[str]]:
    """Metric names, each once, in batches that bound the series and the length of one query."""
    batch: list[str] = []
    series = chars = 0
    for name, same in groupby(sorted(names)):
        count = sum(1 for _ in same)
        if batch and (series + count > _BATCH_SERIES or chars + len(name) > _BATCH_CHARS):
            yield batch
            batch, series, chars = [], 0, 0
        batch.append(name)
        series, chars = series + count, chars + len(name)
    if batch:
        yield batch
