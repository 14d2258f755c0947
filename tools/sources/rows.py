"""From rows to series: the one place where sorting, duplicate samples and label order are decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aitia.core.bounds import load_json
from aitia.tools.sources.base import Series

Floats = NDArray[np.float64]


def parse_labels(text: str) -> dict[str, str]:
    """Labels of a JSON object column, values as text; anything else than an object is no label."""
    if not text:
        return {}
    try:
        raw = load_json(text)
    except ValueError:
        return {}
    if not isinstance(raw, dict):
        return {}
    return {str(key): _text(value) for key, value in sorted(raw.items()) if value is not None}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def ordered(t: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Samples in time order; of several samples at one time the last one given wins."""
    if t.size > 1 and not bool(np.all(t[1:] > t[:-1])):
        order = np.argsort(t, kind="stable")
        t, v = t[order], v[order]
        last = np.append(t[1:] != t[:-1], True)
        t, v = t[last], v[last]
    return t, v


def sorted_series(series: Iterable[Series]) -> list[Series]:
    """Series in the order every metric source answers: component, metric, labels. Equal keys are merged."""
    merged: dict[tuple[str, str, tuple[tuple[str, str], ...]], Series] = {}
    for one in series:
        key = (one.component, one.metric, label_key(one.labels))
        merged[key] = _merge(merged[key], one) if key in merged else one
    return [merged[key] for key in sorted(merged)]


def label_key(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Labels as a sortable, hashable key."""
    return tuple(sorted(labels.items()))


def _merge(first: Series, second: Series) -> Series:
    t, v = ordered(np.concatenate([first.t, second.t]), np.concatenate([first.v, second.v]))
    return replace(first, t=t, v=v)
