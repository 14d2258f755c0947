"""The lab's simulated machines: orders, folders, twins, what is written where, and the parts that stand on top of a simulator."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml

from aitia.core.errors import BadInput
from aitia.core.scenario import load_scenario
from aitia.core.words import Window
from aitia.lab.machines import SYSTEMS
from aitia.lab.machines.case import Case, Run, Span
from aitia.lab.machines.journal import Alarm, trips
from aitia.lab.machines.machine import Machine
from aitia.lab.machines.sensors import Tag, drift, held, measure, offset, stuck
from aitia.lab.words import LAB, Made, Order
from aitia.tools.sources.metrics.table import TableSource
from aitia.tools.sources.signals.waveform import WaveformSource

QUICK = {"before_h": 7.0, "after_h": 3.0, "lead_h": 1.0, "tail_h": 0.3}
ORDERS = {
    "battery": ("joint-resistance", "module03"),
    "grid": ("line-outage", "L08-09"),
    "heat": ("strainer-blocked", "SWP-1"),
    "rotor": ("bearing-outer", "V-301-BS"),
    "water": ("valve-closed", "XV-229"),
}
NAMES = sorted(ORDERS)
TIMES = {"measurements.parquet": "ts, val", "bms_export.parquet": "timestamp, value"}  # columns without words


def system(name: str, *, quick: bool = True) -> Machine:
    """A system with hours instead of days, or as it is."""
    for known in SYSTEMS:
        if known.name == name and isinstance(known, Machine):
            if missing := known.missing():
                pytest.skip(f"needs {', '.join(missing)}")
            kind = type(known)
            short = {"span": replace(known.span, **QUICK)} if quick else {}
            return type(kind.__name__, (kind,), short)()
    raise AssertionError(name)


def order(name: str, **more: Any) -> Order:
    fault, victim = ORDERS[name]
    return Order(
        **{"system": name, "fault": fault, "victim": victim, "strength": "strong", "seed": 11, **more}
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Made]]:
    return {}


@pytest.fixture(params=NAMES)
def made(
    request: pytest.FixtureRequest,
    folders: dict[str, tuple[Path, Made]],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path, Made]:
    name = request.param
    if name not in folders:
        out = tmp_path_factory.mktemp("made") / name
        folders[name] = out, system(name).make(order(name), out, lambda text: None)
    return name, *folders[name]


def texts(folder: Path) -> dict[str, str]:
    """All that a diagnosis could read, by file: packed and binary tables as text, without the answer."""
    found = {}
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != LAB):
        name = str(file.relative_to(folder))
        if file.suffix == ".gz":
            found[name] = gzip.decompress(file.read_bytes()).decode()
        elif file.suffix == ".parquet":
            table = duckdb.sql(f"SELECT DISTINCT * EXCLUDE ({TIMES[name]}) FROM '{file}'")
            found[name] = str([table.columns, table.fetchall()])
        elif file.suffix == ".npz":
            found[name] = " ".join(np.load(file).files)
        else:
            found[name] = file.read_text(encoding="utf-8")
    told = yaml.safe_load(found["scenario.yaml"])
    del told["expected"]
    return found | {"scenario.yaml": json.dumps(told)}


def test_a_folder_is_a_scenario_whose_points_all_have_a_place(made: tuple[str, Path, Made]) -> None:
    name, folder, told = made
    scenario = load_scenario(folder)
    assert scenario.expected.verdict == "cause"
    assert told.onset is not None
    assert scenario.window.start < scenario.now
    historian = next(s for s in scenario.sources if s.name == "historian")
    whole = Window(start=scenario.baselines[0].window.start, end=scenario.now)
    series = TableSource(historian, folder).read(whole)
    tags = system(name).tags
    assert {(s.component, s.metric) for s in series} == {(t.component, t.name) for t in tags}
    known = {c["id"] for c in yaml.safe_load((folder / "topology.yaml").read_text())["components"]}
    assert {t.component for t in tags} | {scenario.expected.component} <= known
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) <= 200_000


def test_lab_json_holds_the_order(made: tuple[str, Path, Made]) -> None:
    name, folder, told = made
    kept = Made.model_validate_json((folder / LAB).read_text())
    assert kept.order == order(name)
    assert kept == told.model_copy(update={"seconds": 0.0})


def test_nothing_but_the_answer_names_the_failure(made: tuple[str, Path, Made]) -> None:
    name, folder, _ = made
    words = {f.id for f in system(name).failures if f.id != "none"} | {f.title for f in system(name).failures}
    words |= {"fault", "chaos", "lab", "inject", "victim", "decoy"}
    for file, text in texts(folder).items():
        for word in words:
            pattern = rf"\b{re.escape(word)}\b"
            assert not re.search(pattern, text, re.IGNORECASE), f"{file} says {word!r}"
            assert not re.search(pattern, file, re.IGNORECASE), f"{file} is named after {word!r}"


def test_the_same_order_gives_the_same_bytes(made: tuple[str, Path, Made], tmp_path: Path) -> None:
    name, folder, _ = made
    system(name).make(order(name), tmp_path / "again", lambda text: None)
    first = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    again = {
        p.relative_to(tmp_path / "again"): p.read_bytes()
        for p in (tmp_path / "again").rglob("*")
        if p.is_file()
    }
    assert sorted(first) == sorted(again)
    assert [str(p) for p in first if first[p] != again[p]] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_differs_only_after_the_onset(name: str) -> None:
    machine = system(name)
    ill, well = (Case(order(name, twin=twin), machine.span, machine.decoys) for twin in (False, True))
    from aitia.lab.machines.machine import quiet

    with quiet():
        readings = [measure(machine.tags, machine.simulate(case), case) for case in (ill, well)]
    before = ill.t < ill.onset - 2 * machine.span.step_s
    moved = []
    for tag in machine.tags:
        a, b = readings[0][tag], readings[1][tag]
        np.testing.assert_allclose(
            a[before], b[before], atol=3 * tag.digit, err_msg=f"{tag.component} {tag.name}"
        )
        moved.append(float(np.nanmax(np.abs(a - b)[~before])) > 3 * tag.digit)
    assert any(moved), "the failure shows nowhere"


@pytest.mark.parametrize("name", NAMES)
def test_a_healthy_hour_says_so(name: str, tmp_path: Path) -> None:
    machine = system(name)
    decoy = machine.decoys[0]
    told = machine.make(
        Order(system=name, fault="none", seed=3, decoys=(decoy,)), tmp_path / "h", lambda text: None
    )
    assert told.onset is None
    assert told.decoys
    assert load_scenario(tmp_path / "h").expected.verdict == "healthy"


@pytest.mark.parametrize("name", NAMES)
def test_an_order_that_cannot_be_carried_out_is_refused(name: str, tmp_path: Path) -> None:
    machine = system(name)
    for wrong, says in (
        ({"fault": "gremlins"}, "gremlins"),
        ({"victim": "nobody"}, "nobody"),
        ({"decoys": ("parade",)}, "parade"),
        ({"fault": "none"}, "victim"),
    ):
        with pytest.raises(BadInput, match=says):
            machine.make(order(name, **wrong), tmp_path / "out", lambda text: None)
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        machine.make(order(name), tmp_path / "full", lambda text: None)


def test_a_strength_that_is_not_offered_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="strength"):
        system("water").make(
            Order(system="water", fault="pump-trip", victim="PU-10", strength="weak", seed=1),
            tmp_path / "o",
            lambda t: None,
        )


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine = next(s for s in SYSTEMS if s.name == "water")
    monkeypatch.setattr(type(machine), "packages", {"no_such_simulator": "no-such-simulator"})
    assert machine.missing() == ("no-such-simulator (pip install 'aitia[lab]')",)
    with pytest.raises(BadInput, match="no-such-simulator"):
        machine.make(order("water"), tmp_path / "o", lambda text: None)


@pytest.mark.parametrize("name", NAMES)
def test_a_system_offers_enough_and_every_failure_has_an_answer(name: str) -> None:
    machine = next(s for s in SYSTEMS if s.name == name)
    assert isinstance(machine, Machine)
    assert [f.id for f in machine.failures].count("none") == 1
    assert len(machine.failures) >= 7
    assert len(machine.decoys) >= 2
    known = {c["id"] for c in machine.components}
    for failure in machine.failures:
        for victim in failure.victims:
            case = Case(Order(system=name, fault=failure.id, victim=victim, seed=1), machine.span, ())
            reply = machine.reply(case)
            assert {reply.component, *(c for c, _ in reply.alternatives)} <= known, (failure.id, victim)


def test_waveforms_carry_the_lines_of_the_bearing(
    folders: dict[str, tuple[Path, Made]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    machine = system("rotor")
    out = tmp_path_factory.mktemp("w") / "rotor"
    folder = folders.setdefault("rotor", (out, Made(order=order("rotor"), kind="machine", family="bearing")))[
        0
    ]
    if folder == out:
        machine.make(order("rotor"), out, lambda text: None)
    scenario = load_scenario(folder)
    source = next(s for s in scenario.sources if s.type == "waveform")
    whole = Window(start=scenario.baselines[0].window.start, end=scenario.now)
    blocks = [b for b in WaveformSource(source, folder).waveforms(whole) if b.component == "V-301-BS"]
    first, last = blocks[0], blocks[-1]
    assert _envelope(last, "bpfo") > 8 * _envelope(first, "bpfo")
    assert _envelope(last, "bpfo") > 5 * _envelope(last, "bpfi")


def _envelope(block: Any, line: str) -> float:
    """Power of the squared envelope above 1.5 kHz at a defect's frequency."""
    from scipy import signal

    from aitia.lab.machines.shaft import orders

    x = np.asarray(block.x, dtype=np.float64)
    high = signal.sosfilt(signal.butter(4, 1_500, "high", fs=block.fs, output="sos"), x)
    power = np.abs(np.fft.rfft(np.abs(signal.hilbert(high)) ** 2 * np.hanning(x.size))) ** 2
    f = np.fft.rfftfreq(x.size, 1 / block.fs)
    rate = orders()[line] * block.rpm / 60
    return float(power[np.abs(f - rate) < 0.02 * rate].max())


def _case(fault: str = "x") -> Case:
    span = Span(before_h=10, after_h=5, step_s=60, lead_h=1, tail_h=1)
    return Case(Order(system="s", fault=fault, seed=1), span, ())


def test_failing_instruments() -> None:
    case = _case()
    value = np.arange(case.t.size, dtype=np.float64)
    after = case.t >= case.onset
    first = int(np.argmax(after))
    assert (stuck(case)(value)[after] == value[first - 1]).all()
    assert (stuck(case)(value)[~after] == value[~after]).all()
    assert (offset(case, 3.0)(value) - value)[after].tolist() == [3.0] * int(after.sum())
    moved = drift(case, 2.0)(value) - value
    assert moved[-1] == pytest.approx(2.0 * (case.t[-1] - case.onset) / 3_600)
    healthy = Case(case.order.model_copy(update={"twin": True}), case.span, ())
    assert (stuck(healthy)(value) == value).all()


def test_a_dead_band_holds_the_last_value() -> None:
    assert held(np.array([1.0, 1.2, 1.6, 1.7, 0.9]), 0.5).tolist() == [1.0, 1.0, 1.6, 1.6, 0.9]


def test_an_alarm_waits_for_its_time_and_goes() -> None:
    case = _case()
    tag = Tag(component="p", name="v", signal="v", digit=0.1)
    value = np.zeros(case.t.size)
    value[100:102] = 9.0  # too short
    value[200:220] = 9.0
    rule = Alarm(component="p", name="v", words="high", above=5.0, hold_s=300)
    found = trips([rule], {tag: value}, case)
    assert [(f.at, f.until) for f in found] == [(case.t[204], case.t[220])]


def test_readings_have_digits_and_lag() -> None:
    case = _case()
    signal = np.where(case.t > case.t[300], 10.0, 0.0)
    slow = Tag(component="p", name="v", signal="v", digit=0.5, lag_s=600)
    got = measure((slow,), Run(signals={"v": signal}), case)[slow]
    got = got[~np.isnan(got)]
    assert (np.round(got / 0.5) * 0.5 == got).all()
    assert ((got > 0) & (got < 10)).sum() > 10
