"""Single records: faults of an independent simulation are named, healthy ones are not, and doubts are told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.tools.signals.vibration import (
    Diagnosis,
    Geometry,
    Reference,
    Speed,
    diagnose,
    from_tachometer,
    orders_of,
    severity,
)
from aitia.tools.signals.vibration.spectrum import OrderSpectrum
from aitia.tools.signals.vibration.verdict import Summary, bearing_fault

FS, RPM = 12_000.0, 1750.0
BEARING = Geometry(rolling_elements=9, element_diameter=7.94, pitch_diameter=39.04)


def record(
    seed: int, *, fault: str = "", size: float = 0.6, seconds: float = 2.0, rpm: float = RPM, noise: float = 0.1,
    shaft: dict[float, float] | None = None, mains: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """Decaying ringing at 3.1 kHz at each strike (slip 1 %), modulated as the defect passes the load zone."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(FS * seconds)) / FS
    turn = rpm / 60
    x = rng.normal(0, noise, t.size)
    for order, amplitude in ({1.0: 0.05, 2.0: 0.02, 3.0: 0.02} if shaft is None else shaft).items():
        x += amplitude * np.sin(2 * np.pi * order * turn * t + rng.uniform(0, 6))
    if mains:
        x += 0.1 * np.sin(2 * np.pi * 2 * mains * t)
    if fault:
        orders = BEARING.orders
        period = 1 / (orders.impacts[fault] * turn)
        at = np.cumsum(period * (1 + 0.01 * rng.standard_normal(int(seconds / period) + 5)))
        spacing = {"bpfi": 1.0, "bsf": orders.ftf}.get(fault, 0.0)
        for moment in at[at < seconds - 0.02]:
            ring = t[int(moment * FS) + 1 :][:150] - moment
            gain = size * (1 + (0.9 * np.cos(2 * np.pi * spacing * turn * moment) if spacing else 0.0))
            x[int(moment * FS) + 1 :][:150] += gain * np.exp(-900 * ring) * np.sin(2 * np.pi * 3100 * ring)
    return x


@pytest.mark.parametrize(("fault", "name"), [("bpfo", "outer_race"), ("bpfi", "inner_race"), ("bsf", "ball")])
def test_the_fault_is_named_without_a_past(fault: str, name: str) -> None:
    for seed in range(2):
        found = diagnose(record(seed, fault=fault), fs=FS, rpm=RPM, bearing=BEARING)
        assert (found.outcome, found.fault) == ("fault", name)
        assert 0.5 < found.confidence < 1
        line = next(s for s in found.lines if s.name == fault)
        assert line.hz == pytest.approx(line.order * RPM / 60, rel=0.02)


@pytest.mark.parametrize("records", [6, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_healthy_records_have_no_indication(seconds: float, records: int) -> None:
    for seed in range(records):
        for bearing in (BEARING, None):
            found = diagnose(record(seed, seconds=seconds), fs=FS, rpm=RPM, bearing=bearing)
            assert found.outcome == "no_indication", found.why
            assert found.confidence == 0


def test_a_wrong_speed_is_made_exact_by_the_shafts_lines() -> None:
    lines = {float(n): 0.1 for n in range(1, 6)}
    x = record(0, fault="bpfo", rpm=RPM * 1.013, shaft=lines, seconds=5.0)
    found = diagnose(x, fs=FS, rpm=RPM, bearing=BEARING)
    assert found.fault == "outer_race"
    assert found.speed is not None
    assert found.speed.rpm == pytest.approx(RPM * 1.013, abs=3 * found.speed.error)
    assert "refined" in found.speed.origin


def test_the_speed_is_estimated_from_a_comb_or_asked_for() -> None:
    lines = {float(n): 0.1 for n in range(1, 7)}
    found = diagnose(record(0, fault="bpfi", shaft=lines, seconds=4.0), fs=FS, bearing=BEARING)
    assert found.fault == "inner_race"
    assert found.speed is not None
    assert found.speed.origin == "estimated"
    assert found.speed.rpm == pytest.approx(RPM, abs=max(5 * found.speed.error, 2))
    for shaft in ({}, {1.0: 0.1}, {1.0: 0.1, 2.0: 0.1, 3.0: 0.1}):  # too few lines are no comb
        lost = diagnose(record(0, fault="bpfi", shaft=shaft, seconds=4.0), fs=FS, bearing=BEARING)
        assert lost.outcome == "cannot_be_diagnosed"
        assert "order analysis not possible" in lost.why[0]


def test_mains_lines_are_no_shaft_speed() -> None:
    t = np.arange(int(4 * FS)) / FS
    x = np.random.default_rng(0).normal(0, 0.1, t.size)
    for k in range(1, 9):
        x += 0.1 * np.sin(2 * np.pi * 50 * k * t)
    assert diagnose(x, fs=FS, bearing=BEARING).outcome == "cannot_be_diagnosed"


def test_a_tachometer_tells_the_speed() -> None:
    t = np.arange(int(3 * FS)) / FS
    pulses = (np.sin(2 * np.pi * 2 * RPM / 60 * t) > 0.9).astype(float)
    speed = from_tachometer(pulses, FS, pulses_per_rev=2)
    assert speed.rpm == pytest.approx(RPM, abs=2)
    assert speed.error < 5
    assert diagnose(record(0, fault="bpfo"), fs=FS, rpm=speed, bearing=BEARING).fault == "outer_race"
    with pytest.raises(BadInput, match="three pulses"):
        from_tachometer(np.zeros(100), FS)


def test_without_geometry_it_is_bearing_like_and_the_rate_is_told() -> None:
    for fault in ("bpfo", "bpfi"):
        found = diagnose(record(1, fault=fault, seconds=4.0), fs=FS, rpm=RPM)
        assert found.fault == "bearing_like"
        assert "geometry needed" in found.why[0]
        assert f"{BEARING.orders.impacts[fault]:.2f}"[:3] in found.why[0]


def test_another_bearings_impacts_are_no_sign_of_health() -> None:
    other = Geometry(rolling_elements=13, element_diameter=7.5, pitch_diameter=52.0)
    found = diagnose(record(1, fault="bpfo", seconds=4.0), fs=FS, rpm=RPM, bearing=other)
    assert found.outcome == "cannot_be_diagnosed"
    assert "no line of this bearing" in found.why[0]


def test_a_past_that_has_the_line_is_no_news() -> None:
    past = [record(s, fault="bpfo", size=0.5) for s in range(4)]
    same = diagnose(record(9, fault="bpfo", size=0.5), fs=FS, rpm=RPM, bearing=BEARING, reference=past)
    assert same.outcome == "no_indication"
    healthy = [record(s) for s in range(4)]
    worse = diagnose(record(9, fault="bpfo", size=0.5), fs=FS, rpm=RPM, bearing=BEARING, reference=healthy)
    assert worse.fault == "outer_race"


@pytest.mark.parametrize(
    ("shaft", "name"),
    [
        ({1.0: 0.3, 2.0: 0.02, 3.0: 0.02}, "imbalance"),
        ({1.0: 0.05, 2.0: 0.2, 3.0: 0.02}, "misalignment"),
        ({1.0: 0.05, 2.0: 0.02} | {0.5 * n: 0.15 for n in (1, 3, 5, 6, 8, 10, 12)}, "looseness"),
    ],
)
def test_shaft_faults_are_rises_over_the_past(shaft: dict[float, float], name: str) -> None:
    past = [record(s) for s in range(4)]
    found = diagnose(record(9, shaft=shaft), fs=FS, rpm=RPM, bearing=BEARING, reference=past)
    assert (found.outcome, found.fault) == ("fault", name)
    assert diagnose(record(9, shaft=shaft), fs=FS, rpm=RPM, bearing=BEARING).outcome == "no_indication"


@pytest.mark.parametrize(
    "apart", [{"rpm": 0.8 * RPM, "load": 1.0}, {"rpm": RPM, "load": 0.5}], ids=["speed", "load"]
)
def test_a_reference_at_another_speed_or_load_does_not_count(apart: dict[str, float]) -> None:
    shaken = record(9, shaft={1.0: 0.3, 2.0: 0.02, 3.0: 0.02})
    usual = {"rpm": RPM, "load": 1.0}
    past = {
        k: [Reference(x=record(s, rpm=v["rpm"]), **v) for s in range(3)]
        for k, v in (("same", usual), ("apart", apart))
    }

    def told(*kinds: str) -> Diagnosis:
        references = [r for kind in kinds for r in past[kind]]
        return diagnose(shaken, fs=FS, rpm=RPM, load=1.0, bearing=BEARING, reference=references)

    assert told("same").fault == told("same", "apart").fault == "imbalance"
    alone = told("apart")
    assert alone.outcome == "no_indication"
    assert "3 of 3 reference records do not count" in alone.why[-1]


def test_samples_as_reference_tell_their_speed_by_the_shafts_lines() -> None:
    lines = {float(n): 0.1 for n in range(1, 7)}
    slow = [record(s, shaft=lines, rpm=0.7 * RPM, seconds=4.0) for s in range(2)]
    found = diagnose(record(9, shaft=lines, seconds=4.0), fs=FS, rpm=RPM, bearing=BEARING, reference=slow)
    assert "2 of 2 reference records do not count" in found.why[-1]


def summary(name: str, db: float, **other: object) -> Summary:
    usual: dict[str, object] = {"order": 3.0, "found": 3.0, "hz": 90.0, "base": float("nan"), "spread": 1.5,
                                "family": 3, "supported": True}  # fmt: skip
    return Summary(name=name, db=db, **usual | other)  # type: ignore[arg-type]


def test_both_races_at_comparable_heights_are_a_rolling_element() -> None:
    even = bearing_fault([summary("bpfo", 18.0), summary("bpfi", 13.0), summary("bsf", 5.0)])
    assert even is not None
    assert (even.name, even.hidden) == ("ball", ("bpfo", "bpfi"))
    apart = bearing_fault([summary("bpfo", 30.0), summary("bpfi", 13.0), summary("bsf", 5.0)])
    assert apart is not None
    assert apart.name == "outer_race"
    alone = bearing_fault([summary("bpfo", 14.0), summary("bpfi", 5.0)])
    assert alone is not None
    assert alone.name == "outer_race"
    assert even.confidence <= 0.5 < apart.confidence
    assert "a lead only" in even.why
    direct = bearing_fault([summary("bpfo", 16.0), summary("bpfi", 13.0), summary("bsf", 22.0)])
    assert direct is not None
    assert (direct.name, direct.hidden) == ("ball", ())
    assert direct.confidence > 0.5
    low = [summary(n, 9.0, family=1) for n in ("bpfo", "bpfi")]
    assert bearing_fault(low) is None
    cage = bearing_fault([summary("ftf", 14.0), summary("bpfo", 4.0)])
    assert cage is not None
    assert cage.name == "cage"


@pytest.mark.parametrize(
    ("line", "others", "most"),
    [
        (summary("ftf", 25.0, base=2.0), [], 1.0),
        (summary("ftf", 25.0, base=2.0, family=1, supported=False), [], 0.5),
        (summary("bpfo", 25.0, base=2.0, coincides="3 times the shaft speed"), [], 0.5),
        (summary("ftf", 25.0), [summary("bsf", 15.0, coincides="6 times the shaft speed")], 0.5),
    ],
    ids=["cage with harmonics", "a lone line", "on a shaft multiple", "cage beside another line"],
)
def test_an_indirect_line_is_a_lead_and_says_so(line: Summary, others: list[Summary], most: float) -> None:
    found = bearing_fault([line, *others])
    assert found is not None
    assert (found.confidence <= 0.5) == (most == 0.5) == ("a lead only" in found.why)


def test_sidebands_of_the_inner_race_are_no_lines_of_other_parts() -> None:
    """A bearing whose BPFI lies two shaft speeds over its BPFO."""
    inner, beside = summary("bpfi", 22.0, found=7.9), summary("bpfo", 16.0, found=5.905)
    found = bearing_fault([inner, beside])
    assert found is not None
    assert found.name == "inner_race"
    own = bearing_fault([inner, summary("bpfo", 16.0, found=5.7)])
    assert own is not None
    assert own.name == "ball"


def test_a_defect_on_a_shaft_multiple_needs_a_past() -> None:
    """BPFI of 5.0: a 5× line is no proof, its rise over the past is."""
    orders = {"bpfo": 3.1, "bpfi": 5.0}
    shaft = {1.0: 0.05, 5.0: 0.05}
    now = record(0, fault="", shaft=shaft)
    turn = RPM / 60
    t = np.arange(now.size) / FS
    now = now * (1 + 0.8 * np.cos(2 * np.pi * 5 * turn * t) + 0.8 * np.cos(2 * np.pi * 10 * turn * t))
    found = diagnose(now, fs=FS, rpm=RPM, bearing=orders)
    assert found.outcome == "cannot_be_diagnosed"
    assert "5 times the shaft speed" in found.why[0]
    past = [record(s, shaft=shaft) for s in range(1, 5)]
    assert diagnose(now, fs=FS, rpm=RPM, bearing=orders, reference=past).fault == "inner_race"


def test_a_line_at_twice_the_mains_cannot_be_told_apart() -> None:
    rpm = 100.0 * 60 / BEARING.orders.bpfo
    found = diagnose(record(0, fault="bpfo", rpm=rpm, size=0.4), fs=FS, rpm=rpm, bearing=BEARING)
    assert found.outcome == "cannot_be_diagnosed"
    assert "100 Hz" in found.why[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x: x[:1], "too short"),
        (lambda x: x[:0], "too short"),
        (lambda x: x[:3000], "revolutions"),
        (lambda x: np.full(x.size, 2.5), "flat"),
        (lambda x: np.full(x.size, np.nan), "missing"),
        (lambda x: np.where(np.arange(x.size) == 7, np.nan, x), "missing"),
        (lambda x: np.clip(x, -0.15, 0.15), "clipped"),
        (
            lambda x: np.fft.irfft(np.where(np.arange(x.size // 2 + 1) < 600, np.fft.rfft(x), 0), x.size),
            "band-limited",
        ),
    ],
)
def test_what_cannot_be_diagnosed_says_why(change: object, reason: str) -> None:
    found = diagnose(change(record(0, fault="bpfo")), fs=FS, rpm=RPM, bearing=BEARING)  # type: ignore[operator]
    assert found.outcome == "cannot_be_diagnosed"
    assert reason in found.why[0]
    assert found.fault == ""


@pytest.mark.parametrize(
    "given",
    [
        {"fs": 0.0}, {"fs": float("nan")}, {"rpm": -3.0}, {"rpm": float("inf")}, {"bearing": "NU309"}, {"x": ["a"] * 500},
        {"x": np.zeros((500, 2))}, {"x": np.zeros(500) + 1j}, {"bearing": {"bpfo": -1.0}},
    ],
)  # fmt: skip
def test_bad_input_says_what_to_give(given: dict[str, object]) -> None:
    usual: dict[str, object] = {"x": record(0), "fs": FS, "rpm": RPM, "bearing": BEARING}
    merged = usual | given
    x = merged.pop("x")
    with pytest.raises(BadInput, match=r"Give"):
        diagnose(x, **merged)  # type: ignore[arg-type]


def test_zones_need_group_support_speed_and_band() -> None:
    t = np.arange(int(2 * FS)) / FS
    velocity = 4.0 * np.sqrt(2) * np.sin(2 * np.pi * 29 * t)
    zone = severity(velocity, FS, unit="mm/s", rpm=1750, group="2", support="rigid")
    assert (zone.letter, round(zone.velocity, 2)) == ("C", 4.0)
    assert zone.because == "ISO 10816-3:2009, Table A.2"
    acceleration = 4.0e-3 * 2 * np.pi * 29 / 9.80665 * np.sqrt(2) * np.cos(2 * np.pi * 29 * t)
    same = severity(acceleration, FS, unit="g", rpm=1750, group="1", support="rigid")
    assert (same.letter, round(same.velocity, 2)) == ("B", 4.0)
    assert severity(velocity, FS, unit="mm/s", rpm=1750, group=None, support=None).letter == ""
    assert "group" in severity(velocity, FS, unit="mm/s", rpm=1750, group=None, support=None).because
    assert "unit" in severity(velocity, FS, unit="V", rpm=1750, group="1", support="rigid").because
    assert (
        "120 rpm" in severity(velocity, FS, unit="mm/s", rpm=float("nan"), group="1", support="rigid").because
    )
    assert (
        "sampled"
        in severity(velocity[::10], FS / 10, unit="mm/s", rpm=1750, group="1", support="rigid").because
    )
    with pytest.raises(BadInput, match="machine group"):
        severity(velocity, FS, unit="mm/s", rpm=1750, group="3", support="rigid")  # type: ignore[arg-type]


def test_the_scale_of_the_record_does_not_matter() -> None:
    x = record(0, fault="bpfi")
    one, other = (diagnose(k * x + 5.0, fs=FS, rpm=RPM, bearing=BEARING) for k in (1.0, 1e4))
    assert one.fault == other.fault == "inner_race"
    assert one.confidence == pytest.approx(other.confidence, abs=1e-6)


def test_a_given_speed_object_is_used_as_it_is() -> None:
    speed = Speed(rpm=RPM, error=1.0, origin="tachometer")
    assert diagnose(record(0), fs=FS, rpm=speed, bearing=BEARING).speed == speed


def test_peaks_pass_over_the_shafts_own_lines() -> None:
    orders = np.arange(1000) * 0.01
    db = np.zeros(1000)
    db[500], db[486] = 30.0, 12.0
    spectrum = OrderSpectrum(orders=orders, db=db, resolution=0.02)
    assert spectrum.peak(4.9, within=0.11) == (12.0, pytest.approx(4.86))
    assert spectrum.peak(5.0, within=0.05)[0] == 30.0
    assert np.isnan(spectrum.peak(50.0, within=0.5)[0])
    assert dataclasses.replace(spectrum, resolution=0.2).on_shaft(4.9)


def test_orders_of_what_is_not_known_are_zero() -> None:
    assert orders_of(None).impacts == {}
    assert orders_of({"bpfo": 3.0, "note": 4.0}).impacts == {"bpfo": 3.0}
