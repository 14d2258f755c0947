"""`aitia look`: recordings in every format that it reads, what it says of them, and what it refuses."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.core.errors import AitiaError
from aitia.tools.signals.vibration import Geometry
from aitia.tools.sources.signals.recordings import read_recording

FS, RPM, SECONDS = 8_192.0, 1_500.0, 6.0
GEOMETRY = Geometry(rolling_elements=9, element_diameter=7.94, pitch_diameter=39.04)
BEARING = "9,7.94,39.04"


def record(
    seed: int = 3, *, defect: float = GEOMETRY.orders.bpfo, unbalance: float = 0.5
) -> np.ndarray[Any, Any]:
    """A shaft's line in noise, and impacts at a multiple of its speed that ring at 2.2 kHz, as acceleration in g."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(FS * SECONDS)) / FS
    x = (
        unbalance * np.sin(2 * np.pi * RPM / 60 * t)
        + 0.1 * np.sin(4 * np.pi * RPM / 60 * t)
        + 0.2 * rng.normal(size=t.size)
    )
    if defect:
        ring = np.exp(-900.0 * t[:200]) * np.sin(2 * np.pi * 2_200.0 * t[:200])
        for begin in np.arange(0.01, SECONDS - 0.1, 60.0 / (RPM * defect)):
            at = int(begin * FS)
            x[at : at + 200] += 3.0 * ring
    return x


def wav(path: Path, x: np.ndarray[Any, Any]) -> None:
    from scipy.io import wavfile

    wavfile.write(path, int(FS), x.astype(np.float32))


def csv(path: Path, x: np.ndarray[Any, Any]) -> None:
    rows = "".join(f"{n / FS:.6f},{value:.5f}\n" for n, value in enumerate(x))
    path.write_text(f"# shaft speed: {RPM / 60:g} Hz\ntime (s),DE horizontal [g]\n{rows}", encoding="utf-8")


def german(path: Path, x: np.ndarray[Any, Any]) -> None:
    rows = "".join(f"{value:.5f};{0.0:.1f}\n".replace(".", ",") for value in x)
    path.write_text(
        f"Abtastrate = {FS / 1000:g} kHz\n".replace(".", ",") + f"Lager außen [m/s²];Takt\n{rows}",
        encoding="cp1252",
    )


def npz(path: Path, x: np.ndarray[Any, Any]) -> None:
    np.savez(path, DE=x.astype(np.float32), fs=FS, rpm=RPM)


def tdms(path: Path, x: np.ndarray[Any, Any]) -> None:
    nptdms = pytest.importorskip("nptdms")
    with nptdms.TdmsWriter(path) as file:
        channel = nptdms.ChannelObject(
            "Vibration", "DE", x, properties={"wf_increment": 1 / FS, "unit_string": "g"}
        )
        file.write_segment([channel])


def uff(path: Path, x: np.ndarray[Any, Any]) -> None:
    pyuff = pytest.importorskip("pyuff")
    one = pyuff.prepare_58(
        binary=0, func_type=1, rsp_node=3, rsp_dir=1, ref_dir=0, ref_node=0, data=x, x=np.arange(x.size) / FS, id1="DE",
        rsp_ent_name="P-101", abscissa_spacing=1, abscissa_spec_data_type=17, ordinate_spec_data_type=12,
        orddenom_spec_data_type=0, ordinate_axis_units_lab="g",
    )  # fmt: skip
    pyuff.UFF(str(path)).write_sets([one], mode="overwrite")


WRITERS: dict[str, Callable[[Path, Any], None]] = {
    "a.wav": wav, "a.csv": csv, "b.txt": german, "a.npz": npz, "a.tdms": tdms, "a.uff": uff,
}  # fmt: skip


def looked(*args: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, ["look", *args, "--json"])
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout)


def refused(*args: str) -> str:
    done = CliRunner().invoke(app, ["look", *args])
    assert isinstance(done.exception, AitiaError), (done.output, done.exception)
    return str(done.exception)


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_every_format_gives_the_same_diagnosis(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path, record())
    said = looked(str(path), "--rpm", f"{RPM:g}", "--bearing", BEARING)
    channel = said["channels"][0]
    assert (channel["outcome"], channel["fault"]) == ("fault", "outer_race"), channel["why"]
    assert channel["confidence"] > 0.5
    assert math.isclose(channel["sampling_rate_hz"], FS, rel_tol=1e-4)


def test_units_rates_and_speeds_are_the_files_own(tmp_path: Path) -> None:
    csv(tmp_path / "a.csv", record())
    german(tmp_path / "b.txt", record())
    npz(tmp_path / "a.npz", record())
    one = read_recording(tmp_path / "a.csv").channels
    assert [(c.name, c.unit, round(c.fs), c.rpm) for c in one] == [("DE horizontal", "g", 8192, RPM)]
    two = read_recording(tmp_path / "b.txt").channels
    assert [(c.name, c.unit, round(c.fs)) for c in two] == [("Lager außen", "m/s2", 8192), ("Takt", "", 8192)]
    three = read_recording(tmp_path / "a.npz").channels
    assert [(c.name, c.unit, c.fs, c.rpm) for c in three] == [("DE", "", FS, RPM)]


def test_the_zone_needs_unit_group_and_support(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", record(defect=0.0, unbalance=0.5))
    place, speed = str(tmp_path / "a.wav"), f"{RPM:g}"
    assert looked(place, "--rpm", speed)["channels"][0]["zone"] is None
    open_ = looked(place, "--rpm", speed, "--unit", "g")["channels"][0]["zone"]
    assert open_["letter"] == ""
    assert "group" in open_["because"]
    told = looked(place, "--rpm", speed, "--unit", "g", "--group", "2", "--support", "rigid")["channels"][0][
        "zone"
    ]
    # A line of .5 g at 25 Hz is .5 * 9806.65 / (2π 25) / √2 = 22.1 mm/s.
    assert told["letter"] == "D"
    assert math.isclose(told["velocity_mm_s"], 22.1, rel_tol=0.02)


def test_shares_of_a_converters_full_scale_have_no_zone(tmp_path: Path) -> None:
    from scipy.io import wavfile

    x = record(defect=0.0, unbalance=0.5)
    wavfile.write(tmp_path / "a.wav", int(FS), (x / 8.0 * 32767).astype(np.int16))
    given = (
        str(tmp_path / "a.wav"),
        "--rpm",
        f"{RPM:g}",
        "--unit",
        "g",
        "--group",
        "2",
        "--support",
        "rigid",
    )
    plain = looked(*given)
    assert plain["channels"][0]["zone"]["letter"] == ""
    assert plain["channels"][0]["zone"]["velocity_mm_s"] is None
    assert "full scale" in plain["channels"][0]["zone"]["because"]
    told = looked(*given, "--scale", "8")
    assert told["channels"][0]["zone"]["letter"] == "D"  # .5 g at 25 Hz is 22.1 mm/s
    assert math.isclose(told["channels"][0]["zone"]["velocity_mm_s"], 22.1, rel_tol=0.02)
    assert told["notes"] == []


def test_volts_are_scaled_by_the_sensitivity(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", record() * 0.1)  # 100 mV/g
    plain = looked(str(tmp_path / "a.wav"), "--unit", "g")["channels"][0]["rms"]
    told = looked(str(tmp_path / "a.wav"), "--unit", "g", "--sensitivity", "100")["channels"][0]["rms"]
    assert math.isclose(told, 10 * plain, rel_tol=1e-3)


def test_a_line_is_named_by_what_may_cause_it(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", record(defect=0.0))
    peaks = looked(str(tmp_path / "a.wav"), "--rpm", f"{RPM:g}")["channels"][0]["peaks"]
    told = {p["what"]: p for p in peaks}
    assert math.isclose(told["1× shaft"]["hz"], RPM / 60, rel_tol=0.01)
    assert math.isclose(told["1× shaft"]["amplitude"], 0.5, rel_tol=0.1)


def test_a_healthy_past_makes_a_rise_of_the_shaft_a_fault(tmp_path: Path) -> None:
    wav(tmp_path / "now.wav", record(1, defect=0.0, unbalance=1.5))
    wav(tmp_path / "then.wav", record(2, defect=0.0, unbalance=0.2))
    alone = looked(str(tmp_path / "now.wav"), "--rpm", f"{RPM:g}")["channels"][0]
    assert alone["outcome"] == "no_indication"
    told = looked(str(tmp_path / "now.wav"), "--rpm", f"{RPM:g}", "--healthy", str(tmp_path / "then.wav"))[
        "channels"
    ][0]
    assert (told["outcome"], told["fault"]) == ("fault", "imbalance"), told["why"]


def test_another_bearing_than_the_measured_one_is_no_verdict(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", record(defect=5.43))  # of no line of this bearing
    told = looked(str(tmp_path / "a.wav"), "--rpm", f"{RPM:g}", "--bearing", "8,6.75,28.5")["channels"][0]
    assert told["outcome"] != "fault" or told["confidence"] <= 0.5


def test_a_person_reads_the_verdict_first(tmp_path: Path) -> None:
    csv(tmp_path / "a.csv", record())
    done = CliRunner().invoke(app, ["look", str(tmp_path / "a.csv"), "--bearing", BEARING])
    assert done.exit_code == 0, done.exception
    assert "DE horizontal: outer race of the bearing" in done.stdout
    assert "BPFO" in done.stdout
    assert "1× shaft" in done.stdout


def with_gap(path: Path) -> None:
    path.write_text(
        "time,x\n" + "".join(f"{n / FS:.6f},1.{n % 7}\n" for n in range(2000) if not 500 < n < 600),
        encoding="utf-8",
    )


def two_rates(path: Path) -> None:
    path.write_text(
        "# sampling rate: 1000 Hz\n# fs = 2000 Hz\nx [g]\n" + "".join(f"0.{n % 10}\n" for n in range(100)),
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("name", "write", "options", "said"),
    [
        ("gap.csv", with_gap, (), "not evenly spaced"),
        ("two.csv", two_rates, (), "two values of its sampling rate: 1000 and 2000"),
        ("a.mp3", lambda p: p.write_bytes(b"x"), (), "must end in one of"),
        ("a.wav", lambda p: p.write_bytes(b"RIFF\x10\0\0\0WAVEfmt junk"), (), "no readable WAV file"),
        ("a.npz", lambda p: p.write_bytes(b"PK\x03\x04" + b"\0" * 60), (), "no readable .npy or .npz file"),
        ("a.npy", lambda p: np.save(p, np.zeros(1000)), (), "sampling rate"),
        ("a.csv", lambda p: p.write_text("a,b\nx,y\n" * 40, encoding="utf-8"), (), "no channel"),
        ("a.csv", lambda p: csv(p, record()), ("--bearing", "NU309"), "--bearing Z,d,D,angle"),
        ("a.csv", lambda p: csv(p, record()), ("--bearing", "9,40,39"), "is no bearing"),
        ("a.csv", lambda p: csv(p, record()), ("--rate", "100"), "The file says 8192 Hz"),
        ("a.csv", lambda p: csv(p, record()), ("--unit", "mm/s"), "Leave --unit out"),
        ("a.csv", lambda p: csv(p, record()), ("--rpm", "-3"), "positive number"),
        ("a.csv", lambda p: csv(p, record()), ("--channel", "NDE"), "no channel 'NDE'; it has DE horizontal"),
        ("a.csv", lambda p: csv(p, record()), ("--scale", "2", "--sensitivity", "100"), "not both"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, write: Callable[[Path], None], options: tuple[str, ...], said: str
) -> None:
    write(tmp_path / name)
    assert said in refused(str(tmp_path / name), *options)


@pytest.mark.parametrize("name", ["a.tdms", "a.uff"])
@pytest.mark.parametrize(
    "junk", [b"", b"TDSm" + b"\xff" * 60, b"    -1\n    58\nhello\n    -1\n", b"\0" * 500]
)
def test_junk_is_no_recording(tmp_path: Path, name: str, junk: bytes) -> None:
    pytest.importorskip("nptdms")
    pytest.importorskip("pyuff")
    (tmp_path / name).write_bytes(junk)
    assert name in refused(str(tmp_path / name))


def test_hertz_called_rpm_are_asked_about(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", record())
    told = looked(str(tmp_path / "a.wav"), "--rpm", "25")["channels"][0]
    assert told["outcome"] == "cannot_be_diagnosed"
    assert any("--rpm 1500" in note for note in told["notes"])


@pytest.mark.parametrize("spoil", ["clipped", "flat", "missing"])
def test_what_a_record_cannot_carry_has_no_verdict(tmp_path: Path, spoil: str) -> None:
    x = record()
    if spoil == "clipped":
        x = np.clip(x, -0.4, 0.4)
    elif spoil == "flat":
        x = np.full_like(x, 0.3)
    else:
        x[100:200] = np.nan
    wav(tmp_path / "a.wav", x)
    options = ("--unit", "g", "--group", "2", "--support", "rigid")
    told = looked(str(tmp_path / "a.wav"), "--rpm", f"{RPM:g}", *options)["channels"][0]
    assert told["outcome"] == "cannot_be_diagnosed"
    assert spoil in told["why"][0]
    assert told["zone"] is None


def test_a_designation_without_an_entry_is_estimated_and_said(tmp_path: Path) -> None:
    csv(tmp_path / "a.csv", record(defect=3.056))
    told = looked(str(tmp_path / "a.csv"), "--bearing", "6309")["channels"][0]
    assert (told["outcome"], told["fault"]) == ("fault", "outer_race"), told["why"]
    assert told["confidence"] <= 0.85
    assert any("estimated from its boundary dimensions 45 × 100 mm" in why for why in told["why"])


ZONE = ("--unit", "g", "--support", "rigid")


def test_power_gives_the_group_and_the_class_is_another_standard(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", record(defect=0.0, unbalance=0.03))
    place = str(tmp_path / "a.wav")
    speed = ("--rpm", f"{RPM:g}")
    by_power = looked(place, *speed, *ZONE, "--power", "75")["channels"][0]["zone"]
    assert by_power == looked(place, *speed, *ZONE, "--group", "2")["channels"][0]["zone"]
    assert by_power["limits_mm_s"] == [1.4, 2.8, 4.5]
    old = looked(place, *speed, "--unit", "g", "--class", "II")["channels"][0]["zone"]
    assert old["limits_mm_s"] == [1.12, 2.8, 7.1]
    assert "class II" in old["because"]
    assert "above 15 kW" in refused(place, *speed, *ZONE, "--power", "7.5")
    assert "two standards" in refused(place, *speed, "--class", "I", "--group", "2")
    assert "group 1" in refused(place, *speed, *ZONE, "--power", "400", "--group", "2")


def test_figures_that_no_machine_has_give_no_zone(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", record(defect=0.0))
    told = looked(str(tmp_path / "a.wav"), "--rpm", f"{RPM:g}", *ZONE, "--group", "2", "--sensitivity", "1")
    zone = told["channels"][0]["zone"]
    assert zone["letter"] == ""
    assert "check unit, scale and sensitivity" in zone["because"]


def test_a_record_that_was_resampled_gives_no_zone(tmp_path: Path) -> None:
    from scipy.signal import resample

    wav(tmp_path / "a.wav", resample(resample(record(defect=0.0), int(1_500 * SECONDS)), int(FS * SECONDS)))
    zone = looked(str(tmp_path / "a.wav"), "--rpm", f"{RPM:g}", *ZONE, "--group", "2")["channels"][0]["zone"]
    assert zone["letter"] == ""
    assert "filtered or resampled" in zone["because"]


def test_a_calm_machine_has_no_leads_and_a_rough_one_has(tmp_path: Path) -> None:
    wav(tmp_path / "calm.wav", record(defect=0.0, unbalance=0.01))
    wav(tmp_path / "rough.wav", record(defect=0.0, unbalance=0.5))
    options = ("--rpm", f"{RPM:g}", *ZONE, "--group", "2")
    calm, rough = (looked(str(tmp_path / f"{n}.wav"), *options)["channels"][0] for n in ("calm", "rough"))
    assert (calm["zone"]["letter"], calm["signs"]) == ("B", [])
    assert [s["fault"] for s in rough["signs"]] == ["imbalance"]
    assert rough["signs"][0]["confidence"] <= 0.5
    assert rough["fault"] == ""


def test_hertz_called_rpm_are_refused_where_the_shaft_shows_them(tmp_path: Path) -> None:
    t = np.arange(int(FS * 60)) / FS
    x = sum(np.sin(2 * np.pi * n * 24.3 * t) / n for n in range(1, 7)) + 0.1 * np.random.default_rng(
        1
    ).normal(size=t.size)
    wav(tmp_path / "a.wav", np.asarray(x))
    told = looked(str(tmp_path / "a.wav"), "--rpm", "24.3", *ZONE, "--group", "2")["channels"][0]
    assert told["outcome"] == "cannot_be_diagnosed"
    assert "give --rpm 1458" in told["why"][0]
    assert told["zone"]["letter"] == ""


def test_a_page_to_print_holds_verdict_and_plots_and_escapes_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{"<b>DE</b>": record().astype(np.float32)}, fs=FS, rpm=RPM)
    place = tmp_path / "out.html"
    looked(str(tmp_path / "a.npz"), "--bearing", BEARING, "--html", str(place))
    page = place.read_text(encoding="utf-8")
    assert page.count('class="chart"') == 3
    assert "outer race of the bearing" in page
    assert "<b>DE" not in page
    assert "<script" not in page
    assert "Cannot write" in refused(
        str(tmp_path / "a.npz"), "--bearing", BEARING, "--html", str(tmp_path / "no" / "x.html")
    )
