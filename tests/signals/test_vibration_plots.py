"""Plot data stays small, keeps what matters, and is drawn with title, description and units."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aitia.core.words import Evidence, SourceRef, Window, from_epoch
from aitia.render.plots import plot
from aitia.tools.signals.plots import SERIES, SPECTRUM, series_artifact, spectrum_artifact

MOST = 12_000


def fact(suffix: str, **more: object) -> Evidence:
    return Evidence.model_validate(
        {"id": "E1", "component": "P-1", "kind": "vibration.line", "aspect": "vibration.bpfo", "statement": "x", "unit": "dB", "strength": 0.5,
         "source": SourceRef(source="v", query="q"), "artifact": "a" + suffix} | more
    )  # fmt: skip


WINDOW = Window(start=from_epoch(1e9), end=from_epoch(1e9 + 3600))


@pytest.mark.parametrize("n", [2, 300, 200_000])
def test_series_keep_their_extremes_and_stay_small(n: int) -> None:
    t, v = 1e9 + np.arange(n), np.random.default_rng(0).normal(0, 1, n)
    v[n // 2], v[0] = 50.0, np.nan
    data = series_artifact(t, v, limit=4.0, shares={f"c{i}": 10.0 - i for i in range(9)})
    told = json.loads(data)
    assert len(data) <= MOST
    assert max(x for x in told["values"] if x is not None) == 50.0
    assert told["times"] == sorted(told["times"])
    assert list(told["shares"]) == [f"c{i}" for i in range(6)]


def test_a_spectrum_keeps_its_lines() -> None:
    orders = np.arange(7500) / 300
    db = np.random.default_rng(0).normal(0, 2, 7500)
    db[1075] = 33.3
    told = json.loads(spectrum_artifact(orders, db, marks={"bpfo": 1075 / 300}, limit=10.0))
    assert max(told["db"]) == 33.3
    assert told["orders"][int(np.argmax(told["db"]))] == told["marks"]["bpfo"]
    assert len(told["db"]) <= 320


def test_both_are_drawn_with_title_description_and_units() -> None:
    orders = np.arange(7500) / 300
    spectrum = spectrum_artifact(orders, np.full(7500, 3.0), marks={"bsf": 4.7}, limit=10.0)
    score = series_artifact(
        1e9 + np.arange(1000.0), np.linspace(0, 9, 1000), limit=4.0, shares={"<b>flow": 60.0}
    )
    for suffix, data, words in (
        (SPECTRUM, spectrum, ("2×BSF", "shaft speed", "dB")),
        (SERIES, score, ("60 %", "&lt;b&gt;flow")),
    ):
        drawn = str(plot(fact(suffix, onset=from_epoch(1e9 + 500)), WINDOW, {"a" + suffix: data}))
        assert len(drawn.encode()) <= MOST
        assert "<title" in drawn
        assert "<desc" in drawn
        assert all(w in drawn for w in words)
        assert "stroke-dasharray" not in drawn  # looks are the page's, so that print and dark mode can differ
        assert 'class="torn"' in drawn


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"orders": [1], "db": [1], "marks": {}, "limit": 1}', b'{"orders": 3}', b"\xff",
             b'{"orders": [1, 2], "db": [1, 2], "marks": [], "limit": 1}']
)  # fmt: skip
def test_broken_spectra_are_not_drawn(data: bytes) -> None:
    assert plot(fact(SPECTRUM), WINDOW, {"a" + SPECTRUM: data}) is None
