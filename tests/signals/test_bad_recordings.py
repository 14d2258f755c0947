"""What no data can carry: a zone, a lifetime or a fault told from a gap of days, a still recording, a clipped or mislabelled signal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.core.words import Window, from_epoch
from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.words import AssetSignals, Limits, Point
from tests.signals.made_machine import BEGIN, DAY_S, OUTLET, machine, rising
from tests.sources.exported import source

EVER = Window(start=from_epoch(0), end=from_epoch(4.1e9))


def without(asset: AssetSignals, since_day: float, until_day: float) -> AssetSignals:
    """The same without some days, as after a server that was down."""
    points = {}
    for name, p in asset.points.items():
        day = (p.t - BEGIN) / DAY_S
        keep = (day < since_day) | (day >= until_day)
        points[name] = Point(t=p.t[keep], v=p.v[keep], quantity=p.quantity, unit=p.unit)
    return AssetSignals(name=asset.name, points=points)


@pytest.mark.parametrize("gap", [(12.0, 17.0), (24.0, 31.0), (34.0, 38.0)])
def test_a_gap_of_days_raises_nothing_on_a_healthy_machine(gap: tuple[float, float]) -> None:
    told = assess(without(machine(1), *gap), limits={OUTLET: Limits(high=95.0)})
    assert told.status == "ok"
    assert told.findings == ()


def test_a_trend_is_told_over_a_gap_and_its_time_counts_from_the_last_sample() -> None:
    asset = without(machine(4, changed={OUTLET: rising(0.3, since_day=18.0)}), 24.0, 29.0)
    told = assess(asset, limits={OUTLET: Limits(high=95.0)})
    (found, *_) = told.findings
    assert (found.point, found.kind) == (OUTLET, "trend")
    assert found.limit is not None
    assert told.now is not None
    assert found.limit.earliest >= told.now


def test_what_ends_in_a_gap_has_too_little_to_tell() -> None:
    told = assess(without(machine(1), 0.5, 39.8))
    assert told.status == "no_data"
    assert told.not_judged


def test_no_lifetime_without_a_limit_and_none_of_a_step() -> None:
    ramp = machine(4, changed={OUTLET: rising(0.3, since_day=20.0)})
    step = machine(4, changed={"flow": lambda t, v: v * np.where(t / DAY_S > 25, 0.7, 1.0)})
    for asset, limits in ((ramp, {}), (step, {"flow": Limits(low=20.0)})):
        told = assess(asset, limits=limits).findings
        assert told
        assert all(f.limit is None and f.no_limit for f in told if f.kind == "step" or not limits)


def test_a_recording_that_stands_still_is_judged_up_to_then_and_says_so() -> None:
    asset = machine(1)
    frozen = {
        n: Point(t=p.t, v=np.where((p.t - BEGIN) / DAY_S < 30, p.v, p.v[int(0.75 * p.v.size)]), unit=p.unit)
        for n, p in asset.points.items()
    }
    told = assess(AssetSignals(name="E-301", points=frozen))
    assert "show one value" in told.not_judged[""]
    assert told.findings == ()


def export(folder: Path, head: str) -> str:
    rows = "".join(f"2026-03-09 18:{n:02d}:00,{20 + n / 7:.2f},{30 - n / 9:.2f}\n" for n in range(40))
    (folder / "export.csv").write_text(head + rows, encoding="utf-8")
    return source(folder / "export.csv").describe(EVER).note


def test_an_unknown_unit_is_said_and_nothing_is_converted(tmp_path: Path) -> None:
    note = export(tmp_path, "time,P-101.flow [furlong],P-101.TI [°C]\n")
    assert "unknown unit furlong: kept as written, nothing is converted" in note
    values = {s.metric: s.v for s in source(tmp_path / "export.csv").read(EVER)}
    assert values["flow"][0] == 20.0


def test_a_zone_needs_a_known_unit_of_velocity(tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("tag,unit,zone\nP-101.vib,furlong,II\n", encoding="utf-8")
    export(tmp_path, "time,P-101.vib,P-101.TI [°C]\n")
    from aitia.tools.signals.condition.limits import limits_of

    found = next(s for s in source(tmp_path / "export.csv").read(EVER) if s.metric == "vib")
    with pytest.raises(BadInput, match="Set the unit of 'vib' to mm/s or in/s, not 'furlong'"):
        limits_of(found.metadata, found.metric)


def test_a_tag_without_a_map_belongs_to_its_file_and_that_is_said(tmp_path: Path) -> None:
    note = export(tmp_path, "time;XQ 0815;Temp\n".replace(";", ","))
    assert "no machine told for" in note
    assert "aitia tags FILE --write tags.csv" in note
