"""Severity zones and tachometers in a diagnosis: what they add, and that nothing is said where they are not named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import aitia
from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.core.resolve import Resolver
from aitia.core.words import NOT_SEEN, Baseline, Component, Evidence, Incident, Link, Report, Result, Window
from aitia.tools import SourceSet, ToolContext
from aitia.tools.signals import signals_envelope
from aitia.tools.signals.alarm_target import is_alarmed
from aitia.tools.signals.vibration.zone_facts import _strength
from aitia.tools.signals.vibration.zones import severity, zone_at
from aitia.tools.sources import open_source
from aitia.tools.sources.base import SignalSource
from aitia.tools.sources.exporting import write_waveforms

from .test_envelope import FS, ORDERS, RPM, block

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(start=BEGAN + timedelta(hours=6), end=BEGAN + timedelta(hours=12))
BEFORE = Window(start=BEGAN, end=WINDOW.start)
MACHINE = {"group": 2, "support": "rigid"}


def fan(level: float, seed: int, *, rpm: float = RPM, seconds: float = 2.0) -> np.ndarray:
    """Velocity in mm/s of so much RMS, nearly all of it at the shaft speed; 5120 Hz."""
    t = np.arange(int(5120 * seconds)) / 5120
    rng = np.random.default_rng(seed)
    return level * np.sqrt(2) * np.sin(2 * np.pi * rpm / 60 * t + rng.uniform(0, 6)) + rng.normal(
        0, 0.02, t.size
    )


def pulses(rpm: float, seconds: float = 1.0, fs: float = FS) -> np.ndarray:
    """One short pulse a revolution."""
    t = np.arange(int(fs * seconds)) / fs
    return ((rpm / 60 * t) % 1.0 < 0.05).astype(float)


def site(folder: Path, past: list[np.ndarray], now: list[np.ndarray], **common: Any) -> SourceConfig:
    """A machine F-12 with a block an hour, the past before 06:00."""
    fields = {"component": "F-12", "channel": "DE", "fs": 5120.0, "unit": "mm/s", "rpm": RPM} | common
    extra = fields.pop("extra", [])
    blocks = []
    for n, x in enumerate([*past, *now]):
        hour = n if n < len(past) else 6 + n - len(past)
        np.save(folder / f"{n}.npy", x)
        blocks.append({"at": (BEGAN + timedelta(hours=hour)).isoformat(), "file": f"{n}.npy"})
    listing = {"defaults": {k: v for k, v in fields.items() if v is not None}, "blocks": blocks + extra}
    (folder / "signals.yaml").write_text(yaml.safe_dump(listing))
    return SourceConfig(name="vibration", kind="signals", type="waveform", path=str(folder / "signals.yaml"))


def called(config: SourceConfig, **incident: Any) -> Result:
    given = {"title": "vibration", "hints": ("F-12",)} | incident
    found = Incident(
        id="i", started_at=WINDOW.start, window=WINDOW, baselines=(Baseline(name="preceding", window=BEFORE),), **given
    )  # fmt: skip
    return signals_envelope(ToolContext(incident=found, sources=SourceSet([open_source(config, Path("/"))])))


def zones(result: Result | Report) -> list[Evidence]:
    return [e for e in result.evidence if e.kind == "vibration.zone"]


def diagnosed(config: SourceConfig, home: Path) -> Report:
    return aitia.diagnose(
        "F-12 shakes", sources=[config], model=None, at=WINDOW.end, started_at=WINDOW.start, window=WINDOW, home=home
    )  # fmt: skip


def test_a_machine_that_rose_into_zone_d_is_told_with_its_clause_and_its_past(tmp_path: Path) -> None:
    past, now = [fan(2.0, n) for n in range(6)], [fan(2.0, 8), fan(6.0, 9), fan(6.0, 10), fan(6.0, 11)]
    report = diagnosed(site(tmp_path, past, now, **MACHINE), tmp_path / "home")
    (fact,) = zones(report)
    assert fact.statement.startswith(
        "F-12: RMS velocity of DE (10 to 1000 Hz) is 5.99 mm/s, since 07:00:00 UTC: zone D"
    )
    assert "over 4.5 mm/s) of ISO 10816-3:2009, Table A.2" in fact.statement
    assert "2 mm/s, zone B" in fact.statement
    assert (fact.aspect, fact.direction, fact.onset_error_s) == ("vibration", "up", 3600.0)
    assert fact.onset == BEGAN + timedelta(hours=7)
    assert fact.strength == pytest.approx(0.9, abs=0.01)
    assert (report.verdict, report.component, report.fault) == ("cause", "F-12", "machine.imbalance")
    assert fact.id in report.suspects[0].supporting
    cause, felt = report.chain[0].cites  # both began in one block: what tells the fault comes first
    assert (next(e.aspect for e in report.evidence if e.id == cause), felt) == ("vibration.1x", fact.id)


@pytest.mark.parametrize(("level", "letter"), [(6.0, "D"), (3.5, "C")])
def test_a_machine_that_always_shook_too_much_is_not_called_healthy(
    tmp_path: Path, level: float, letter: str
) -> None:
    past, now = [fan(level, n) for n in range(6)], [fan(level, n) for n in range(8, 12)]
    plain = diagnosed(site(tmp_path, past, now), tmp_path / "home")
    assert plain.verdict == "healthy"
    assert not zones(plain)
    told = diagnosed(site(tmp_path, past, now, **MACHINE), tmp_path / "home")
    assert told.verdict == "unknown"
    (fact,) = zones(told)
    assert (fact.values["zone"], fact.values["baseline_zone"], fact.direction) == (letter, letter, "changed")
    assert fact.onset is None


def test_zone_b_changes_no_verdict(tmp_path: Path) -> None:
    past, now = [fan(2.0, n) for n in range(6)], [fan(2.0, n) for n in range(8, 12)]
    plain = diagnosed(site(tmp_path, past, now), tmp_path / "home")
    told = diagnosed(site(tmp_path, past, now, **MACHINE), tmp_path / "home")
    assert (told.verdict, told.probability) == (plain.verdict, plain.probability) != ("unknown", 0)
    (fact,) = zones(told)
    assert (fact.values["zone"], fact.direction) == ("B", "steady")
    assert 0.4 < fact.strength <= 0.5  # a defect's lines may stand in zone B: it outweighs none


def test_an_old_zone_c_is_no_news_of_a_machine_that_the_alarm_does_not_name(tmp_path: Path) -> None:
    config = site(tmp_path, [fan(3.5, n) for n in range(6)], [fan(3.5, 8), fan(3.5, 9)], **MACHINE)
    assert zones(called(config))[0].direction == "changed"
    assert zones(called(config, hints=(), title="other trouble"))[0].direction == "steady"
    assert zones(called(config, hints=(), title="other trouble"))[0].values["zone"] == "C"


@pytest.mark.parametrize(("level", "letter"), [(6.0, "D"), (3.5, "C")])
def test_without_a_past_the_standard_stands_alone(tmp_path: Path, level: float, letter: str) -> None:
    now = [fan(level, 8), fan(level, 9)]
    (fact,) = zones(called(site(tmp_path, [], now, **MACHINE), hints=(), title="other trouble"))
    assert fact.values["zone"] == letter
    assert (fact.direction, fact.onset, fact.values["baseline_blocks"]) == ("changed", None, 0)
    assert "no earlier data" in fact.statement


def test_one_knock_is_no_zone(tmp_path: Path) -> None:
    now = [fan(9.0, 7), *(fan(2.0, n) for n in range(8, 13))]
    config = site(tmp_path, [fan(2.0, 1)] * 4, now, **MACHINE)
    (told,) = zones(called(config, hints=()))
    assert (told.values["zone"], told.direction) == ("B", "steady")
    assert "; the highest block reached 9 mm/s, zone D; in 4" in told.statement
    (alarmed,) = zones(called(config))
    assert (alarmed.values["zone"], alarmed.direction) == ("B", "changed")
    assert alarmed.strength == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("before", [1, 2, 5])
def test_a_machine_whose_last_block_is_in_zone_d_is_not_told_well(tmp_path: Path, before: int) -> None:
    now = [*(fan(1.0, n) for n in range(7, 7 + before)), fan(9.0, 20)]
    report = diagnosed(site(tmp_path, [], now, **MACHINE), tmp_path / "home")
    (fact,) = zones(report)
    assert (fact.values["zone"], fact.direction) == ("D", "changed")
    assert report.verdict == "unknown"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"group": 2}, "give the machine group"),
        ({**MACHINE, "unit": "V"}, "neither a velocity nor an acceleration"),
        ({**MACHINE, "rpm": 90.0}, "120 rpm"),
        ({**MACHINE, "rpm": 300.0}, "5 s of samples"),
        ({**MACHINE, "fs": 2000.0}, "sampled at 2000 Hz"),
    ],
)
def test_where_there_is_no_zone_it_says_why(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    result = called(site(tmp_path, [fan(2.0, 1)] * 4, [fan(6.0, 8)] * 2, **change))
    assert not zones(result)
    assert said in result.message


def test_without_group_and_support_nothing_is_said(tmp_path: Path) -> None:
    result = called(site(tmp_path, [fan(2.0, 1)] * 4, [fan(6.0, 8)] * 2))
    assert not zones(result)
    assert "zone" not in result.message


def test_a_wrong_group_names_the_field(tmp_path: Path) -> None:
    config = site(tmp_path, [], [fan(2.0, 1)], group=3, support="rigid")
    source = open_source(config, Path("/"))
    assert isinstance(source, SignalSource)
    with pytest.raises(SourceError, match="'group'"):
        source.waveforms(WINDOW)


def test_the_strength_grows_with_the_velocity_and_is_low_at_a_limit() -> None:
    told = [_strength(zone_at(v, group="2", support="rigid")) for v in np.linspace(2.81, 12.0, 60)]
    assert told == sorted(told)
    assert told[0] == pytest.approx(0.36, abs=0.02)
    assert told[-1] == pytest.approx(0.9)
    calm = [_strength(zone_at(v, group="2", support="rigid")) for v in (0.5, 1.5, 2.79)]
    assert calm == sorted(calm, reverse=True)
    assert calm[0] == pytest.approx(0.5)


def test_a_record_too_short_for_its_band_has_no_zone() -> None:
    x = fan(6.0, 0, seconds=0.5)
    assert "1 s of samples" in severity(x, 5120, unit="mm/s", rpm=1480, group="2", support="rigid").because


# A tachometer beside the channel.


def turning(folder: Path, *, told: np.ndarray | None = None, **common: Any) -> SourceConfig:
    """An outer race that fails, no shaft line from which the speed could be estimated; `told` are the pulses."""
    rng = np.random.default_rng(4)
    past = [block(rng, imbalance=0.0) for _ in range(6)]
    now = [block(rng, imbalance=0.0, fault="bpfo", size=1.5) for _ in range(4)]
    fields = {"fs": FS, "unit": "g", "rpm": None, "bearing": ORDERS} | common
    if told is not None:
        np.save(folder / "tacho.npy", told)
        fields["tachometer"] = "TACHO"
        fields["extra"] = [
            {"channel": "TACHO", "at": (BEGAN + timedelta(hours=h)).isoformat(), "file": "tacho.npy", "unit": "V"}
            for h in range(10)
        ]  # fmt: skip
    return site(folder, past, now, **fields)


def test_the_speed_by_a_tachometer_finds_the_bearing_that_is_lost_without(tmp_path: Path) -> None:
    lost = diagnosed(turning(tmp_path), tmp_path / "home")
    assert lost.verdict != "cause"
    report = diagnosed(turning(tmp_path, told=pulses(RPM)), tmp_path / "home")
    assert (report.verdict, report.component, report.fault) == (
        "cause",
        "F-12",
        "machine.bearing.outer_race",
    )
    line = next(e for e in report.evidence if e.aspect == "vibration.bpfo")
    assert line.values["rpm"] == pytest.approx(RPM, rel=0.003)
    assert line.values["speed_by"] == "tachometer"
    assert 0 < float(line.values["rpm_error"]) < 0.01 * RPM
    assert not [e for e in report.evidence if "TACHO" in e.statement]


def test_a_given_speed_goes_before_the_tachometer(tmp_path: Path) -> None:
    wrong = pulses(900.0)
    given, by_pulses = (called(turning(tmp_path, told=wrong, rpm=rpm)) for rpm in (RPM, None))
    (line,) = [e for e in given.evidence if e.aspect == "vibration.bpfo"]
    assert "speed_by" not in line.values
    assert not [e for e in by_pulses.evidence if e.aspect == "vibration.bpfo"]


def test_several_pulses_a_revolution_and_a_long_record_of_them(tmp_path: Path) -> None:
    config = turning(tmp_path, told=pulses(60 * RPM, 4.0, 51_200.0))
    listing = yaml.safe_load((tmp_path / "signals.yaml").read_text())
    for entry in listing["blocks"]:
        if entry.get("channel") == "TACHO":
            entry |= {"fs": 51_200.0, "pulses_per_rev": 60}
    (tmp_path / "signals.yaml").write_text(yaml.safe_dump(listing))
    line = next(e for e in called(config).evidence if e.aspect == "vibration.bpfo")
    assert line.values["rpm"] == pytest.approx(RPM, rel=0.003)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (np.zeros(12_000), "at least three pulses"),
        (np.where(np.arange(12_000) == 5, np.nan, pulses(RPM)), "missing samples"),
        (pulses(RPM) * (np.arange(12_000) // 1946 != 3), "missing or counted twice"),
        (np.random.default_rng(0).normal(0, 1, 12_000), "missing or counted twice"),
        (((np.linspace(0.7, 1.3, 12_000).cumsum() / 12_000 * 25) % 1 < 0.05) * 1.0, "varies by more than"),
        (np.array(["x"] * 12_000), "Store numbers"),
    ],
)
def test_bad_pulses_say_why_orders_cannot_be_analysed(tmp_path: Path, told: np.ndarray, said: str) -> None:
    result = called(turning(tmp_path, told=told))
    assert "order analysis not possible with the tachometer TACHO" in result.message
    assert said in result.message
    assert not [e for e in result.evidence if e.kind == "vibration.line"]


def test_what_cannot_be_analysed_is_in_the_part_that_the_report_repeats(tmp_path: Path) -> None:
    result = called(turning(tmp_path, told=np.zeros(12_000)))
    assert result.status == "ok"
    assert "order analysis not possible with the tachometer TACHO" in result.message.partition(NOT_SEEN)[2]


@pytest.mark.parametrize(
    ("name", "said"), [("NONE", "no such channel"), ("T", "write COMPONENT/CHANNEL"), ("A/T", "")]
)
def test_a_tachometer_is_found_by_name_or_said_to_be_unclear(tmp_path: Path, name: str, said: str) -> None:
    config = turning(tmp_path, told=pulses(RPM))
    listing = yaml.safe_load((tmp_path / "signals.yaml").read_text())
    for number, entry in enumerate([e for e in listing["blocks"] if e.get("channel") == "TACHO"]):
        entry |= {"channel": "T", "component": "A" if number % 2 else "B"}
    listing["blocks"] += [
        e | {"component": "A" if e["component"] == "B" else "B"}
        for e in listing["blocks"]
        if e.get("channel") == "T"
    ]
    listing["defaults"]["tachometer"] = name
    (tmp_path / "signals.yaml").write_text(yaml.safe_dump(listing))
    result = called(config)
    assert (said in result.message) if said else ("not possible" not in result.message)


def test_a_recorded_incident_keeps_tachometer_and_zone(tmp_path: Path) -> None:
    source = open_source(turning(tmp_path, told=pulses(RPM), **MACHINE), Path("/"))
    assert isinstance(source, SignalSource)
    blocks = source.waveforms(WINDOW)
    (tmp_path / "copy").mkdir()
    assert write_waveforms(tmp_path / "copy", blocks, Redactor(b"0" * 32)) == 4
    copied = open_source(
        SourceConfig(name="c", kind="signals", type="waveform", path=str(tmp_path / "copy")), Path("/")
    )
    assert isinstance(copied, SignalSource)
    again = copied.waveforms(WINDOW)
    assert [b.at for b in again] == [b.at for b in blocks]
    for one, other in zip(blocks, again, strict=True):
        assert (other.group, other.support) == ("2", "rigid")
        assert one.tachometer is not None
        assert other.tachometer is not None
        assert np.array_equal(one.tachometer.x, other.tachometer.x)
        assert other.tachometer.fs == FS


@pytest.mark.parametrize(
    ("named", "component", "alarmed"),
    [("P-1-DE", "P-1", True), ("P-1", "P-1-DE", True), ("P-1-DE", "P-2", False), ("P-1", "P-1", True)],
)
def test_the_alarm_names_a_machine_by_its_whole_or_its_part(
    named: str, component: str, alarmed: bool
) -> None:
    parts = {"P-1": "plant", "P-2": "plant", "P-1-DE": "P-1"}
    known = [Component(id=p, links=(Link(relation="part_of", to=w),)) for p, w in parts.items()]
    incident = Incident(id="i", title=f"{named}: vibration", started_at=WINDOW.start, window=WINDOW)
    ctx = ToolContext(
        incident=incident, sources=SourceSet(), resolver=Resolver([*known, Component(id="plant")])
    )
    assert is_alarmed(ctx, component) is alarmed
