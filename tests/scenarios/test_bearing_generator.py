"""The generator is repeatable, and its lines lie where the equations put them (checked by an FFT of our own here)."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from aitia.core.scenario import load_scenario
from aitia.lab.folder import new_folder
from scenarios.record.bearing import GEOMETRY, main
from scenarios.record.plant import growth, velocity_rms
from scenarios.record.vibration import Fault, Geometry, Rig, quantise, strikes, waveform

RIG = Rig(geometry=GEOMETRY)
RPM = 1480.0
SECONDS = 4.0


def signal_of(fault: Fault, *, seed: int = 1, severity: float = 1.0, snr: float = 6.0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return waveform(RIG, rng, fault=fault, rpm=RPM, snr_db=snr, severity=severity, seconds=SECONDS)


def envelope_prominence(x: NDArray[np.float64], hz: float) -> float:
    """The line near `hz` over the median of the envelope spectrum: band by FFT masking, envelope by squaring."""
    spectrum = np.fft.rfft(x)
    f = np.fft.rfftfreq(x.size, 1 / RIG.fs)
    spectrum[(f < 2200) | (f > 4300)] = 0
    power = np.abs(np.fft.rfft(np.fft.irfft(spectrum, x.size) ** 2))
    near = np.abs(f - hz) <= 0.02 * hz
    return float(power[near].max() / np.median(power[(f > 5) & (f < 400)]))


def line(x: NDArray[np.float64], hz: float) -> float:
    """Amplitude of the line at `hz`."""
    k = round(hz * x.size / RIG.fs)
    return float(np.abs(np.fft.rfft(x))[k - 2 : k + 3].max() * 2 / x.size)


RATES = {
    "outer_race": GEOMETRY.orders()["bpfo"],
    "inner_race": GEOMETRY.orders()["bpfi"],
    "ball": 2 * GEOMETRY.orders()["bsf"],
}


def test_orders_agree_with_the_published_ones_of_a_6205() -> None:
    orders = Geometry(balls=9, ball_mm=7.94, pitch_mm=39.04).orders()
    published = {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 4.7135 / 2, "ftf": 0.39828}
    assert orders == pytest.approx(published, rel=2e-3)


def test_bpfo_and_bpfi_sum_to_the_ball_count() -> None:
    orders = GEOMETRY.orders()
    assert orders["bpfo"] + orders["bpfi"] == pytest.approx(GEOMETRY.balls)
    assert orders["bpfo"] == pytest.approx(GEOMETRY.balls * orders["ftf"])


@pytest.mark.parametrize("fault", sorted(RATES))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_faults_line_stands_out_and_only_with_the_fault(fault: Fault, seed: int) -> None:
    hz = RATES[fault] * RPM / 60
    assert envelope_prominence(signal_of(fault, seed=seed), hz) > 8
    assert envelope_prominence(signal_of("none", seed=seed), hz) < 5


def test_each_bearing_fault_is_strongest_at_its_own_rate() -> None:
    for fault, order in RATES.items():
        x = signal_of(fault)  # type: ignore[arg-type]
        others = [o for name, o in RATES.items() if name != fault]
        own = envelope_prominence(x, order * RPM / 60)
        assert own > 1.5 * max(envelope_prominence(x, o * RPM / 60) for o in others), fault


def test_imbalance_raises_the_shaft_line_only() -> None:
    healthy, faulty = signal_of("none"), signal_of("imbalance")
    assert line(faulty, RPM / 60) > 2.5 * line(healthy, RPM / 60)
    assert line(faulty, 2 * RPM / 60) == pytest.approx(line(healthy, 2 * RPM / 60), rel=0.3)


def test_inner_race_is_modulated_by_the_shaft() -> None:
    shaft, bpfi = RPM / 60, RATES["inner_race"] * RPM / 60
    assert envelope_prominence(signal_of("inner_race"), bpfi - shaft) > 5
    assert envelope_prominence(signal_of("outer_race"), RATES["outer_race"] * RPM / 60 - shaft) < 5


def test_severity_and_snr_mean_what_they_say() -> None:
    noise, fault = signal_of("none"), signal_of("outer_race", snr=6.0)
    added = np.var(fault) - np.var(noise)
    assert 10 * math.log10(added / RIG.noise_g**2) == pytest.approx(6.0, abs=0.7)


def test_strikes_slip_around_the_period() -> None:
    moments = strikes(np.random.default_rng(5), period=0.01, slip=0.012, seconds=20)
    steps = np.diff(moments)
    assert steps.mean() == pytest.approx(0.01, rel=2e-3)
    assert steps.std() == pytest.approx(0.00012, rel=0.1)


def test_velocity_of_a_known_sine() -> None:
    t = np.arange(48_000) / 12_000
    x = 0.5 * np.sin(2 * math.pi * 50 * t)  # g
    assert velocity_rms(x, 12_000) == pytest.approx(
        0.5 * 9806.65 / (2 * math.pi * 50) / math.sqrt(2), rel=0.02
    )


def test_growth_starts_at_the_onset_and_ends_at_one() -> None:
    severity = growth(np.array([0.0, 99.0, 100.0, 150.0, 200.0, 900.0]), 100.0, rise_s=100.0)
    assert severity.tolist() == [0.0, 0.0, 0.0, 0.5, 1.0, 1.0]


def test_quantise_keeps_16_bits() -> None:
    codes = quantise(np.array([0.0, 1e-5, 0.1, 99.0])) * 2**11
    assert codes.tolist() == [0.0, 0.0, 205.0, 32767.0]


def read(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def arrays(folder: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for path in sorted(folder.glob("waveforms/*.npz")):
        with np.load(path) as file:
            found |= {f"{path.name}:{key}": file[key].tolist() for key in file.files}
    return found


def test_same_seed_same_folder_other_seed_other_waveforms(tmp_path: Path) -> None:
    for name, seed in (("a/m", 4), ("b/m", 4), ("c/m", 5)):
        assert main(["--seed", str(seed), "--fault", "ball", "--out", str(tmp_path / name)]) == 0
    first, second = read(tmp_path / "a/m"), read(tmp_path / "b/m")
    same = {k for k in first if not k.endswith(".npz")}  # an npz holds the time of writing
    assert {k: first[k] for k in same} == {k: second[k] for k in same}
    assert arrays(tmp_path / "a/m") == arrays(tmp_path / "b/m")
    assert arrays(tmp_path / "a/m") != arrays(tmp_path / "c/m")


@pytest.mark.parametrize(
    ("fault", "verdict"), [("imbalance", "cause"), ("none", "healthy"), ("inner_race", "cause")]
)
def test_other_machines_and_faults_make_valid_scenarios(tmp_path: Path, fault: str, verdict: str) -> None:
    out = tmp_path / "m"
    assert main(["--machine", "P-204B", "--fault", fault, "--rpm", "2950", "--out", str(out)]) == 0
    scenario = load_scenario(out)
    assert scenario.expected.verdict == verdict
    assert "P-204B" in scenario.incident.title
    blocks = yaml.safe_load((out / "signals.yaml").read_text())["blocks"]
    assert {b["component"] for b in blocks} == {"P-204A-DE", "P-204B-DE"}
    assert all(abs(b["rpm"] - 2950) < 15 for b in blocks)


def test_a_fault_too_weak_for_the_alarm_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--snr", "-20", "--out", str(tmp_path / "m")]) == 2
    assert "Raise --snr" in capsys.readouterr().err


def test_a_folder_of_something_else_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "precious.txt").write_text("keep me")
    assert main(["--out", str(tmp_path)]) == 2
    assert "Give --out a new folder" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").read_text() == "keep me"
    assert new_folder(tmp_path / "new").is_dir()
