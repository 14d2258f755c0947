"""Bearing lines from an independent simulation: impacts at a known order, in noise, against the machine's own past."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from aitia.core.config import SourceConfig
from aitia.core.words import Baseline, Evidence, Incident, Result, Window, from_epoch
from aitia.render.plots import plot
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.signals import signals_envelope
from aitia.tools.signals.vibration.channels import Channel, usable_blocks
from aitia.tools.sources import open_source
from aitia.tools.sources.base import Waveform

T0, FS, RPM, SECONDS = 1_767_225_600.0, 12_000.0, 1480.0, 1.0
ORDERS = {"bpfo": 3.585, "bpfi": 5.415, "bsf": 2.357, "ftf": 0.398}
STRIKES = {"bpfo": 3.585, "bpfi": 5.415, "bsf": 2 * 2.357}


def block(
    rng: np.random.Generator, *, fault: str = "", size: float = 1.0, imbalance: float = 0.05, rpm: float = RPM
) -> np.ndarray:
    t = np.arange(int(FS * SECONDS)) / FS
    shaft = rpm / 60.0
    x = rng.normal(0, 0.1, t.size) + imbalance * np.sin(2 * np.pi * shaft * t + rng.uniform(0, 6))
    if fault:
        period = 1.0 / (STRIKES[fault] * shaft)
        at = np.cumsum(period * (1 + 0.01 * rng.standard_normal(400)))
        for moment in at[at < SECONDS - 0.01]:
            ring = t[t >= moment][:120] - moment
            modulation = 1.0 + (np.cos(2 * np.pi * shaft * moment) if fault == "bpfi" else 0.0)
            start = int(np.searchsorted(t, moment))
            x[start : start + ring.size] += (
                size * modulation * np.exp(-900 * ring) * np.sin(2 * np.pi * 3100 * ring)
            )
    return x


def run(
    folder: Path,
    past: list[np.ndarray],
    now: list[np.ndarray],
    kept: dict[str, bytes] | None = None,
    each: list[dict[str, float]] | None = None,
    **common: object,
) -> Result:
    fields = {
        "component": "P-1",
        "channel": "DE",
        "fs": FS,
        "unit": "g",
        "rpm": RPM,
        "bearing": ORDERS,
    } | common
    arrays = {f"b{i}": x for i, x in enumerate([*past, *now])}
    np.savez(folder / "w.npz", **arrays)
    times = [T0 + 600.0 * i for i in range(len(past))] + [T0 + 36_000 + 600.0 * i for i in range(len(now))]
    listing = [
        {"at": from_epoch(at).isoformat(), "file": "w.npz", "key": key, **own}
        for at, key, own in zip(times, arrays, each or [{}] * len(arrays), strict=True)
    ]
    (folder / "signals.yaml").write_text(yaml.safe_dump({"defaults": fields, "blocks": listing}))
    source = open_source(SourceConfig(name="v", kind="signals", type="waveform", path="signals.yaml"), folder)
    window = Window(start=from_epoch(T0 + 35_000), end=from_epoch(T0 + 50_000))
    baseline = Baseline(name="preceding", window=Window(start=from_epoch(T0), end=window.start))
    incident = Incident(
        id="i", title="vibration", started_at=from_epoch(T0 + 40_000), window=window, baselines=(baseline,)
    )

    def put(data: bytes, suffix: str) -> str:
        name = f"{len(kept or {})}{suffix}"
        if kept is not None:
            kept[name] = data
        return name

    return signals_envelope(ToolContext(incident=incident, sources=SourceSet([source]), put_artifact=put))


def lines(result: Result) -> list[Evidence]:
    return [e for e in result.evidence if e.kind == "vibration.line"]


@pytest.mark.parametrize("fault", ["bpfo", "bpfi", "bsf"])
def test_the_line_of_the_fault_is_the_strongest(tmp_path: Path, fault: str) -> None:
    for seed in range(2):
        rng = np.random.default_rng(seed)
        result = run(tmp_path, [block(rng) for _ in range(4)], [block(rng, fault=fault) for _ in range(3)])
        best = lines(result)[0]
        assert best.aspect == f"vibration.{fault}"
        assert best.strength > 0.8
        assert best.values["frequency_hz"] == pytest.approx(STRIKES[fault] * RPM / 60, rel=0.02)
        assert best.direction == "new"
        assert "BPFO" in best.statement or fault != "bpfo"


@pytest.mark.parametrize("machines", [12, pytest.param(40, marks=pytest.mark.long)])
def test_healthy_machines_have_no_line_but_a_quiet_fact(tmp_path: Path, machines: int) -> None:
    flagged = 0
    for seed in range(machines):
        rng = np.random.default_rng(seed)
        result = run(tmp_path, [block(rng) for _ in range(4)], [block(rng) for _ in range(3)])
        flagged += bool(lines(result))
        assert lines(result) or [e.kind for e in result.evidence if e.aspect == "vibration.none"] == [
            "vibration.quiet"
        ]
    assert flagged <= 1


def test_imbalance_is_a_line_at_the_shaft_speed(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    result = run(tmp_path, [block(rng) for _ in range(4)], [block(rng, imbalance=0.25) for _ in range(3)])
    best = lines(result)[0]
    assert best.aspect == "vibration.1x"
    assert best.values["times"] == pytest.approx(5, rel=0.15)
    assert [e.aspect for e in lines(result)] == ["vibration.1x"]


def test_the_onset_is_the_first_block_with_the_line(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    now = [block(rng), block(rng, fault="bpfo"), block(rng, fault="bpfo")]
    best = lines(run(tmp_path, [block(rng) for _ in range(4)], now))[0]
    assert best.onset == from_epoch(T0 + 36_600)
    assert best.onset_error_s == 600.0


def test_without_geometry_or_speed_it_says_what_is_needed(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    past, now = [block(rng) for _ in range(4)], [block(rng, fault="bpfo") for _ in range(3)]
    assert "geometry needed" in run(tmp_path, past, now, bearing={}).message
    assert "order analysis not possible" in run(tmp_path, past, now, rpm=None).message
    assert not lines(run(tmp_path, past, now, rpm=None))


def test_without_a_past_only_an_unmistakable_line_counts(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    found = lines(run(tmp_path, [], [block(rng, fault="bpfo") for _ in range(3)]))
    assert [e.aspect for e in found] == ["vibration.bpfo"]
    assert not lines(run(tmp_path, [], [block(rng) for _ in range(3)]))


def test_broken_blocks_are_left_out_and_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    bad = block(rng)
    bad[7] = np.nan
    result = run(tmp_path, [block(rng) for _ in range(4)], [bad, np.zeros(3000), block(rng, fault="bpfo")])
    assert "2 blocks" in result.message
    assert lines(result)[0].aspect == "vibration.bpfo"


def test_the_overall_level_is_a_shift(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    result = run(
        tmp_path, [block(rng) for _ in range(4)], [block(rng, fault="bpfo", size=2.0) for _ in range(3)]
    )
    shift = next(e for e in result.evidence if e.values.get("metric") == "vibration_rms")
    assert shift.aspect == "vibration"
    assert shift.direction == "up"


def test_no_blocks_is_no_data(tmp_path: Path) -> None:
    result = run(tmp_path, [], [])
    assert result.status == "no_data"
    assert "Widen it" in result.message


def test_the_last_block_of_a_route_is_read_where_none_is_in_the_window(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    result = run(tmp_path, [block(rng), block(rng), block(rng, fault="bpfo")], [])
    assert "the last one of each channel was read" in result.message
    assert lines(result)[0].aspect == "vibration.bpfo"


def test_the_spectrum_of_a_line_is_stored_and_drawn(tmp_path: Path) -> None:
    rng, kept = np.random.default_rng(9), {}
    result = run(tmp_path, [block(rng) for _ in range(4)], [block(rng, fault="bpfi") for _ in range(3)], kept)
    best = lines(result)[0].model_copy(update={"id": "E1"})
    assert json.loads(kept[best.artifact])["marks"]["bpfi"] == pytest.approx(5.415, rel=0.02)
    assert "BPFI at order 5." in str(plot(best, Window(start=from_epoch(T0), end=from_epoch(T0 + 9)), kept))


def test_lines_of_both_races_are_one_fact_of_a_rolling_element(tmp_path: Path) -> None:
    for seed in range(2):
        rng = np.random.default_rng(seed)
        now = [block(rng, fault="bpfo", size=0.8) + block(rng, fault="bpfi", size=0.8) for _ in range(3)]
        result = run(tmp_path, [block(rng) for _ in range(4)], now)
        assert [e.aspect for e in lines(result)] == ["vibration.bsf"]
        assert "both races" in lines(result)[0].statement
        assert "a lead only" in lines(result)[0].statement
        assert lines(result)[0].strength <= 0.5


def test_baseline_blocks_at_another_load_do_not_count(tmp_path: Path) -> None:
    """The shaft shakes more at full load: against idling it would look like imbalance."""
    rng = np.random.default_rng(15)
    past, now = [block(rng) for _ in range(4)], [block(rng, imbalance=0.3) for _ in range(3)]
    assert [e.aspect for e in lines(run(tmp_path, past, now))] == ["vibration.1x"]
    loads = [{"load": 20.0}] * 4 + [{"load": 100.0}] * 3
    told = run(tmp_path, past, now, each=loads)
    assert not lines(told)
    assert "4 blocks cannot be diagnosed: baseline at another speed or load" in told.message


def test_a_misaligned_and_a_loose_machine_show_in_its_shaft_orders(tmp_path: Path) -> None:
    t, turn = np.arange(int(FS * SECONDS)) / FS, 2 * np.pi * RPM / 60
    rng = np.random.default_rng(11)
    past = [block(rng) + 0.02 * np.sin(2 * turn * t) for _ in range(4)]
    twice = [block(rng) + 0.2 * np.sin(2 * turn * t) for _ in range(3)]
    assert [e.aspect for e in lines(run(tmp_path, past, twice))] == ["vibration.2x"]
    many = [
        block(rng) + sum(0.2 * np.sin(n * turn * t) for n in (0.5, 1.5, 2.5, 3, 4, 5, 6)) for _ in range(3)
    ]
    assert "vibration.harmonics" in {e.aspect for e in lines(run(tmp_path, past, many))}


def test_a_bearing_of_unknown_geometry_is_told_by_its_rate(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    past, now = [block(rng) for _ in range(4)], [block(rng, fault="bpfi", size=2.0) for _ in range(3)]
    assert (
        "bearing-like, geometry needed: the envelope repeats at 5.4"
        in run(tmp_path, past, now, bearing={}).message
    )


def test_mixed_rates_are_left_out_and_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(13)
    channel = Channel(component="P-1", name="DE", inside=(False, True, True), blocks=tuple(
        Waveform(component="P-1", channel="DE", at=from_epoch(T0 + i), x=block(rng), fs=fs)
        for i, fs in enumerate((48_000.0, FS, FS))
    ))  # fmt: skip
    kept, notes = usable_blocks(channel)
    assert len(kept.blocks) == 2
    assert "another rate" in notes[0]
