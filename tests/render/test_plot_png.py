"""The picture of what a report cites: every curve with its band, onset and alarm, nothing of what is not cited."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from aitia.core.words import Evidence, Incident, Report, Sentence, SourceRef, Window
from aitia.render.plot_png import HIGH, MOST, WIDE, curves_png, panels

PIL = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
START = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=10))
BAND, ONSET = (0xDF, 0xE7, 0xEF), (0xC6, 0x28, 0x28)


def fact(number: int, *, onset: bool = True) -> Evidence:
    return Evidence(
        id=f"E{number}", component="db", kind="metric.shift", aspect="errors", statement="db: errors rose × 3 <b>…",
        strength=0.9, source=SourceRef(source="m", query="q"), unit="/s", artifact=f"a{number}.series.json",
        onset=START + timedelta(minutes=5) if onset else None,
    )  # fmt: skip


def report(*facts: Evidence, cited: int) -> Report:
    told = Sentence(text="x", cites=tuple(f.id for f in facts[:cited]), by="template", role="summary")
    return Report(
        run="r", incident=Incident(id="i", title="t", started_at=START, window=WINDOW), verdict="unknown",
        probability=0.5, summary=(told,), evidence=facts,
    )  # fmt: skip


def samples(*, band: bool = True) -> bytes:
    begin = START.timestamp()
    told = {"times": [begin + 30 * n for n in range(21)], "values": [1.0] * 10 + [9.0] * 11}
    return json.dumps(told | ({"band": [0.5, 3.0], "baseline": "before"} if band else {})).encode()


def test_each_cited_curve_has_a_panel_with_its_band_and_onset() -> None:
    facts = [fact(n) for n in range(1, 4)]
    kept = {f.artifact: samples() for f in facts}
    data = curves_png(report(*facts, cited=2), kept)
    assert data is not None
    image = PIL.open(io.BytesIO(data)).convert("RGB")
    assert image.size == (WIDE, 2 * HIGH)
    for top in (0, HIGH):
        colours = {c for _, c in image.crop((0, top, WIDE, top + HIGH)).getcolors(WIDE * HIGH)}
        assert {BAND, ONSET} <= colours


def test_without_band_and_onset_none_is_drawn() -> None:
    calm = fact(1, onset=False)
    data = curves_png(report(calm, cited=1), {calm.artifact: samples(band=False)})
    assert data is not None
    colours = {c for _, c in PIL.open(io.BytesIO(data)).convert("RGB").getcolors(WIDE * HIGH)}
    assert not {BAND, ONSET} & colours


def test_no_more_than_fits_and_nothing_without_samples() -> None:
    facts = [fact(n) for n in range(1, 12)]
    assert len(panels(report(*facts, cited=11), {f.artifact: samples() for f in facts})) == MOST
    assert curves_png(report(*facts, cited=11), {}) is None
    assert curves_png(report(*facts, cited=11), {facts[0].artifact: b"{broken"}) is None


def test_without_pillow_there_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    one = fact(1)
    assert curves_png(report(one, cited=1), {one.artifact: samples()}) is None
