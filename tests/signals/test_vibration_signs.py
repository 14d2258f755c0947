"""Signs of shaft, gear, blades, motor and flow: each only where its option and its pattern are there, and never a verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aitia.tools.signals.vibration.signs import Plant, flow, signs
from aitia.tools.signals.vibration.speed import Speed
from aitia.tools.signals.vibration.tracking import tracked

FS, SHAFT, SECONDS = 8_192.0, 24.6, 8.0
T = np.arange(int(FS * SECONDS)) / FS


def machine(*lines: tuple[float, float], seed: int = 0) -> np.ndarray[Any, Any]:
    """Velocity in mm/s: lines of (order, amplitude) in noise."""
    noise = 0.05 * np.random.default_rng(seed).normal(size=T.size)
    return noise + sum(a * np.sin(2 * np.pi * o * SHAFT * T + o) for o, a in lines)


def named(x: np.ndarray[Any, Any], plant: Plant) -> set[str]:
    return {s.name for s in signs(x, FS, SHAFT, plant, acceleration=False)}


GEAR = [(23.0, 1.0), (22.0, 0.6), (24.0, 0.5), (21.0, 0.3), (25.0, 0.3)]
FIELD = (100.0 / SHAFT, 2.0)


@pytest.mark.parametrize(
    ("lines", "plant", "expected"),
    [
        ([(1.0, 4.0), (2.0, 0.4)], Plant(), {"imbalance"}),
        ([(1.0, 2.0), (2.0, 2.5)], Plant(), {"misalignment"}),
        ([(float(n), 0.8) for n in range(1, 9)] + [(0.5, 0.8), (1.5, 0.8), (2.5, 0.8)], Plant(), {"looseness", "misalignment"}),
        (GEAR, Plant(gears=(23,)), {"gear"}),
        (GEAR, Plant(gears=(31,)), set()),
        ([(23.0, 1.0), (1.0, 0.5), (3.0, 0.8)], Plant(gears=(23,)), set()),
        ([(1.0, 0.5), (6.0, 2.0)], Plant(blades=6), {"blade_pass"}),
        ([(1.0, 0.5), (6.0, 2.0)], Plant(), set()),
        ([(1.0, 0.5), FIELD], Plant(line_hz=50.0), {"electrical"}),
        ([(1.0, 0.5), FIELD], Plant(line_hz=60.0), set()),
        ([], Plant(gears=(23,), blades=6, line_hz=50.0), set()),
    ],
    ids=["1x", "2x", "loose", "gear", "another gear", "a mesh without sidebands", "blades", "no blades told", "motor", "60 Hz", "noise"],
)  # fmt: skip
def test_a_pattern_is_told_where_it_is(
    lines: list[tuple[float, float]], plant: Plant, expected: set[str]
) -> None:
    assert named(machine(*lines), plant) == expected


def test_every_sign_is_a_lead_and_says_what_would_decide() -> None:
    x = machine((1.0, 4.0), *GEAR, FIELD)
    found = signs(x, FS, SHAFT, Plant(gears=(23,), line_hz=50.0), acceleration=False)
    assert found
    assert all(s.confidence <= 0.5 and s.instead and s.decide for s in found)


def test_a_two_pole_field_that_cannot_be_parted_from_the_shaft_is_said() -> None:
    x = np.sin(2 * np.pi * 100.0 * T) + 0.05 * np.random.default_rng(1).normal(size=T.size)
    told = signs(x, FS, 50.0, Plant(line_hz=50.0), acceleration=False)
    electrical = next(s for s in told if s.name == "electrical")
    assert electrical.confidence <= 0.2
    assert "cannot part" in electrical.why


def test_noise_that_rose_is_told_and_a_line_is_not() -> None:
    quiet = np.random.default_rng(1).normal(size=T.size)
    loud = 3.0 * np.random.default_rng(2).normal(size=T.size)
    assert flow(loud, quiet, FS) is not None
    assert flow(quiet + 50 * np.sin(2 * np.pi * 2_500 * T), quiet, FS) is None
    assert flow(loud, np.zeros(T.size), FS) is None


@pytest.mark.parametrize("drift", [0.0, 0.012, -0.02])
def test_an_even_drift_is_taken_out_and_none_is_invented(drift: float) -> None:
    share = T / SECONDS
    angle = SHAFT * SECONDS * (share + drift * (share**2 - share) / 2)
    x = sum(np.cos(2 * np.pi * n * angle) / n for n in range(1, 7)) + 0.5 * np.random.default_rng(3).normal(
        size=T.size
    )
    moved, speed, found = tracked(np.asarray(x), FS, Speed(rpm=60 * SHAFT, error=5.0, origin="given"))
    assert found == pytest.approx(drift, abs=0.002)
    spectrum = np.abs(np.fft.rfft(moved * np.hanning(moved.size)))
    at = round(6 * speed.hz * SECONDS)
    # The sixth order of a drifting shaft is spread over many lines; at constant speed it is one again.
    assert (
        spectrum[at - 2 : at + 3].max()
        > 0.8 * np.abs(np.fft.rfft(np.cos(2 * np.pi * at / SECONDS * T) / 6 * np.hanning(T.size))).max()
    )


def test_noise_has_no_drift() -> None:
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=T.size)
        assert tracked(x, FS, Speed(rpm=1_476.0, error=5.0, origin="given"))[2] == 0.0


@pytest.mark.parametrize("hertz", [25.0, 30.0, 49.3])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_steady_shaft_has_no_drift_though_its_orders_fall_on_the_mains(hertz: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = (
        0.5 * np.sin(2 * np.pi * hertz * T)
        + 0.1 * np.sin(4 * np.pi * hertz * T)
        + 0.2 * rng.normal(size=T.size)
    )
    x += 0.3 * np.sin(2 * np.pi * 100.0 * T)
    assert tracked(x, FS, Speed(rpm=60 * hertz, error=5.0, origin="given"))[2] == 0.0
