"""Known faults of a plant by their signature: named where they were seen, and nothing where none is alike."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

import aitia
from aitia.cli.app import run
from aitia.core.errors import BadInput, ModelError
from aitia.core.words import NOT_SEEN, Baseline, Evidence, Incident, Report, Result, Window, from_epoch
from aitia.settings import load_settings
from aitia.tools import SourceSet, ToolContext
from aitia.tools.signals import signals_detect
from aitia.tools.signals.learned import signature
from aitia.tools.signals.learned.faults import FaultModel, save
from aitia.tools.signals.learned.open_set import Pool, counted, leads, nearest, precision
from aitia.tools.signals.learned.signature import SignatureModel
from aitia.tools.signals.learned.signature_train import train_signatures
from aitia.tools.signals.learned.train import train
from aitia.tools.signals.learned.windows import Record, cut
from aitia.tools.sources import open_source

NAMES = (
    "discharge_pressure_bar", "water_flow_lpm", "motor_current_amps", "bearing_temperature_celsius", "tank_level_percent",
    "inlet_pressure_bar",
)  # fmt: skip
MEAN = np.array([4.0, 120.0, 11.0, 60.0, 50.0, 1.0])
LOAD = np.array([0.1, 2.0, 0.5, 0.3, -0.4, 0.02])
NOISE = np.array([0.02, 0.5, 0.1, 0.1, 0.2, 0.01])
FAULTS = {  # in units of a channel's noise
    "valve V-4 sticks": (6.0, -8.0, 0.0, 0.0, 2.0, 0.0),
    "leak at S-2": (-6.0, 5.0, 4.0, 0.0, -6.0, 0.0),
    "bearing runs hot": (0.0, 0.0, 4.0, 9.0, 0.0, 0.0),
    "filter blocked": (-4.0, -5.0, -3.0, 0.0, 0.0, -9.0),
}
UNSEEN = (0.0, 0.0, -9.0, 0.0, 9.0, 6.0)
T0, STEP, BEFORE, ROWS = 1_767_225_600.0, 10.0, 600, 900


def plant(
    seed: int, *, rows: int = 400, fault: tuple[float, ...] | None = None, since: int = 0
) -> np.ndarray:
    """Six signals that follow one load; a fault moves some of them by more or less, from row `since` on."""
    rng = np.random.default_rng(seed)
    load = np.zeros(rows)
    for i in range(1, rows):
        load[i] = 0.95 * load[i - 1] + rng.normal(0, 0.3)
    x = MEAN + load[:, None] * LOAD + rng.normal(0, 1, (rows, 6)) * NOISE
    if fault is not None:
        x[since:] += rng.uniform(0.7, 1.3) * np.array(fault) * NOISE
    return np.asarray(x)


def records(runs: int = 3) -> list[Record]:
    made = [("normal", plant(n), n) for n in range(3)]
    made += [(f, plant(100 * k + n, rows=200, fault=FAULTS[f]), 100 * k + n)
             for k, f in enumerate(FAULTS, 1) for n in range(runs)]  # fmt: skip
    return [Record(name=f"{n}/1", label=label, group=str(n), x=x, channels=NAMES) for label, x, n in made]


@cache
def signatures(runs: int = 3) -> SignatureModel:
    return train_signatures(records(runs), healthy="normal")


@cache
def trees() -> FaultModel:
    return train(cut(records(), window=50))


@pytest.fixture(scope="module")
def model() -> SignatureModel:
    return signatures()


def asked(x: np.ndarray) -> Record:
    return Record(name="now", label="", group="P-1", x=x, channels=NAMES)


def test_a_known_fault_is_named_and_an_unknown_one_is_not(model: SignatureModel) -> None:
    named = {
        f: [model.name(asked(plant(900 + n, fault=FAULTS[f], since=150))) for n in range(5)] for f in FAULTS
    }
    assert sum(t.label == f for f, told in named.items() for t in told) >= 18
    assert all(t.label in ("", f) for f, told in named.items() for t in told)
    unknown = [model.name(asked(plant(950 + n, fault=UNSEEN, since=150))) for n in range(10)]
    assert [t.state for t in unknown] == ["none"] * 10
    usual = [model.name(asked(plant(970 + n))) for n in range(10)]
    assert not any(t.label for t in usual)
    assert sum(t.state == "normal" for t in usual) >= 7
    told = named["bearing runs hot"][0]
    assert told.ranked[0].label == "bearing runs hot"
    assert told.since is not None
    assert 150 <= told.since <= 165
    assert told.reasons[0].channel == "bearing_temperature_celsius"


def test_two_known_faults_that_are_alike_are_not_told_apart() -> None:
    twins = [replace(r, label="twin", name=f"t{r.name}") for r in records() if r.label == "filter blocked"]
    model = train_signatures([*records(), *twins], healthy="normal")
    told = model.name(asked(plant(900, fault=FAULTS["filter blocked"], since=150)))
    assert (told.state, told.label) == ("several", "")
    assert set(model.about.alike) == {"filter blocked", "twin"}
    assert {a.label for a in told.ranked[:2]} == {"filter blocked", "twin"}


def test_the_figures_are_of_what_was_left_out(model: SignatureModel) -> None:
    r = model.about.recognised
    assert (r.runs, r.faults) == (12, 4)
    assert r.right is not None
    assert r.right > 0.8
    assert r.wrong == 0.0
    assert model.about.held == pytest.approx(0.2)  # four faults cannot hold less
    assert r.unseen <= 0.5  # three and less when one is left out
    assert r.precision == pytest.approx(precision(12 * r.right, 0, 12, 4 * r.unseen, 4))
    assert all(f.runs == 3 and f.right >= 2 for f in model.about.faults)


def test_labels_by_chance_name_nothing_to_be_trusted() -> None:
    rng = np.random.default_rng(0)
    made = records()
    labels = rng.permutation([r.label for r in made[3:]])
    shuffled = made[:3] + [replace(r, label=str(f)) for r, f in zip(made[3:], labels, strict=True)]
    r = train_signatures(shuffled, healthy="normal").about.recognised
    assert r.right is not None
    assert r.right < 0.4
    assert r.precision < 0.6


def test_runs_that_change_nothing_are_told_and_not_learned() -> None:
    silent = Record(name="9/1", label="label on the wrong day", group="9", x=plant(77), channels=NAMES)
    about = train_signatures([*records(2), silent], healthy="normal").about
    assert about.left_out == {"9/1 (label on the wrong day)": "it never left the normal pattern"}
    assert [f.label for f in about.faults] == sorted(FAULTS)


def test_the_next_fault_counts_as_a_right_angle_at_most() -> None:
    angles = np.array([[0.3, 0.2, 1.2, 2.9]])
    near = nearest(angles, np.array([0, 0, 1, 3]), 4)
    assert near.tolist() == [[0.2, 1.2, np.inf, 2.9]]
    assert leads(near)[0] == pytest.approx(1 - 0.2 / 1.2)
    assert leads(np.array([[0.4, 2.9]]))[0] == pytest.approx(1 - 0.4 / (np.pi / 2))
    assert leads(np.array([[2.0, 2.5]]))[0] == 0.0
    assert leads(np.array([[np.inf, np.inf]]))[0] == 0.0


def test_the_limit_holds_for_faults_that_were_left_out() -> None:
    """Faults that scatter at random: a further one passes the limit as seldom as asked."""
    rng = np.random.default_rng(1)
    passed = []
    for _ in range(60):
        known = rng.standard_normal((21, 6))
        known /= np.linalg.norm(known, axis=1)[:, None]
        pool = Pool(angles=np.arccos(np.clip(known @ known.T, -1, 1)), fault=np.arange(21), run=np.arange(21))
        told = np.arange(21) < 20
        passed.append(pool.asked(~told, told)[1][0] > pool.limit(told, 0.2)[0])
    assert np.mean(passed) == pytest.approx(0.2, abs=0.13)
    one = Pool(angles=np.zeros((2, 2)), fault=np.zeros(2, dtype=int), run=np.arange(2))
    assert one.limit(np.ones(2, dtype=bool), 0.1) == (1.0, 0.0)
    assert counted(one, 0.1).unseen == {}


def test_precision_by_hand() -> None:
    assert precision(0, 0, 0, 0, 0) == pytest.approx(1 / 3)
    assert precision(9, 0, 9, 0, 9) == pytest.approx(0.95 / (0.95 + 0.05 + 0.05))
    assert precision(9, 0, 9, 9, 9) == pytest.approx(0.95 / (0.95 + 0.05 + 0.95))


def test_a_model_file_gives_the_same_answers(model: SignatureModel, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    signature.save(model, path)
    again = signature.load(path)
    run_ = asked(plant(5, fault=FAULTS["leak at S-2"]))
    assert again.about == model.about
    assert again.name(run_) == model.name(run_)
    with np.load(path, allow_pickle=False) as held:
        arrays = {n: held[n] for n in held.files}
    assert all(a.dtype != object for a in arrays.values())
    wrong = {
        "known": arrays["known"][:, 1:], "fault": arrays["fault"] + 1, "spread": 0 * arrays["spread"],
        "precision": -arrays["precision"], "usual": np.full_like(arrays["usual"], np.nan),
    }  # fmt: skip
    for name, array in wrong.items():
        np.savez(path, **(arrays | {name: array}))
        with pytest.raises(ModelError, match="Train"):
            signature.load(path)
    np.savez(path, **{n: a for n, a in arrays.items() if n != "known"})
    with pytest.raises(ModelError, match="is not a signature model"):
        signature.load(path)
    with pytest.raises(BadInput, match="Give the channels"):
        model.name(replace(run_, channels=(*NAMES[:-1], "other")))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda r: [replace(r[0], label=""), *r], "1 runs have no label"),
        (lambda r: r[3:], "Name the label of normal operation"),
        (
            lambda r: [replace(r[0], x=r[0].x[:30]), *r[3:]],
            "There are 30 rows without gaps labelled 'normal'",
        ),
        (lambda r: r[:4], "at least 3 faults"),
        (lambda r: r[:5], "Only 2 labelled faults left the normal pattern"),
        (lambda r: [replace(r[0], fs=100.0), *r], "--learner trees"),
        (lambda r: [replace(r[0], channels=NAMES[::-1]), *r], "Give every run the channels"),
        (lambda r: r[:3] + [replace(c, x=plant(n)) for n, c in enumerate(r[3:])], "never left the normal"),
    ],
)
def test_bad_runs_say_what_to_mend(made: object, said: str) -> None:
    with pytest.raises(BadInput) as error:
        train_signatures(made(records(1)), healthy="normal")  # type: ignore[operator]
    assert said in str(error.value)


def table(path: Path, runs: int = 2) -> Path:
    lines = [f"minute,run,state,{','.join(NAMES)}"]
    for r in records(runs):
        lines += [f"{i},{r.group},{r.label},{','.join(f'{v:.5f}' for v in row)}" for i, row in enumerate(r.x)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_trained_and_asked_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = table(tmp_path / "runs.csv"), tmp_path / "plant.npz"
    columns = ["--label", "state", "--group", "run", "--time", "minute"]
    command = [
        "signals",
        "train",
        str(data),
        "-o",
        str(out),
        "--learner",
        "signatures",
        "--healthy",
        "normal",
        *columns,
    ]
    assert run(command) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "8 runs held out:" in said
    assert "leak at S-2: 2 runs" in said
    assert "give them one label if they are the same fault" in said
    assert run([*command, "--window", "60"]) == 2
    assert "--window and --rate do not apply to signatures" in capsys.readouterr().err
    assert run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "signature"
    ask = ["signals", "predict", str(out), str(data), "--group", "run", "--time", "minute", "--drop", "state"]
    assert run([*ask, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [t["state"] for t in told[:3]] == ["normal"] * 3
    assert [t["label"] for t in told[3:]] == [f for f in FAULTS for _ in range(2)]
    assert run(ask) == 0
    assert "likeness: filter blocked" in capsys.readouterr().out
    assert run([*ask, "--known", str(data)]) != 0
    assert "--known does not apply to a signature model." in capsys.readouterr().err


def site(
    folder: Path,
    x: np.ndarray,
    *,
    learner: str = "signatures",
    names: tuple[str, ...] = NAMES,
    **options: str,
) -> Path:
    """A plant's table with 600 normal rows before the window, and a model of its known faults."""
    if learner == "signatures":
        signature.save(signatures(), folder / "plant.npz")
    else:
        save(trees(), folder / "plant.npz")
    lines = [f"{T0 + STEP * i},P-1,{n},{x[i, k]:.5f}" for i in range(len(x)) for k, n in enumerate(names)]
    (folder / "plant.csv").write_text("\n".join(["time,component,metric,value", *lines]) + "\n")
    source = {"name": "plant", "kind": "metrics", "type": "table", "path": "plant.csv"}
    source["options"] = {"fault_model": "plant.npz"} | options
    (folder / "aitia.yaml").write_text(yaml.safe_dump({"sources": [source], "model": {"name": "none"}}))
    return folder / "aitia.yaml"


def history(fault: tuple[float, ...] | None, seed: int = 40) -> np.ndarray:
    return plant(seed, rows=ROWS, fault=fault, since=BEFORE + 100)


WINDOW = Window(start=from_epoch(T0 + STEP * BEFORE), end=from_epoch(T0 + STEP * ROWS))


def called(file: Path) -> Result:
    (config,) = load_settings(file).sources
    past = Baseline(name="preceding", window=Window(start=from_epoch(T0), end=WINDOW.start))
    incident = Incident(id="i", title="P-1", started_at=WINDOW.start, window=WINDOW, baselines=(past,))
    return signals_detect(ToolContext(incident=incident, sources=SourceSet([open_source(config, Path("/"))])))


def patterns(result: Result | Report) -> list[Evidence]:
    return [e for e in result.evidence if e.kind == "signal.pattern"]


@pytest.mark.parametrize("learner", ["signatures", "trees"])
def test_a_seen_fault_is_a_fact_with_its_record_of_being_right(tmp_path: Path, learner: str) -> None:
    options = {"class.bearing runs hot": "temperature"}
    result = called(site(tmp_path, history(FAULTS["bearing runs hot"]), learner=learner, **options))
    (fact,) = patterns(result)
    assert (fact.component, fact.aspect, fact.direction) == ("P-1", "temperature", "changed")
    assert '"bearing runs hot"' in fact.statement
    assert fact.values["fault"] == "bearing runs hot"
    assert fact.onset is not None
    late = fact.onset.timestamp() - (T0 + STEP * (BEFORE + 100))
    assert -fact.onset_error_s <= late <= 150.0
    assert 0.5 < fact.strength < 0.97
    assert [row["channel"] for row in result.data["anomalies"]] == ["bearing_temperature_celsius"]


@pytest.mark.parametrize("learner", ["signatures", "trees"])
def test_an_unseen_fault_is_no_fact(tmp_path: Path, learner: str) -> None:
    result = called(site(tmp_path, history(UNSEEN), learner=learner))
    assert not patterns(result)
    assert "fault model plant.npz does not know a" in result.message


@pytest.mark.parametrize("learner", ["signatures", "trees"])
def test_normal_operation_is_no_fact(tmp_path: Path, learner: str) -> None:
    assert not patterns(called(site(tmp_path, history(None), learner=learner)))


def test_a_plant_that_is_not_the_one_learned_from_is_not_judged(tmp_path: Path) -> None:
    result = called(site(tmp_path, history(FAULTS["leak at S-2"]) + 10 * NOISE))
    assert not patterns(result)
    assert "outside the normal pattern that was learned" in result.message
    calm = history(FAULTS["leak at S-2"])
    calm[:BEFORE] = calm[:BEFORE].mean(axis=0) + 0.2 * (calm[:BEFORE] - calm[:BEFORE].mean(axis=0))
    result = called(site(tmp_path, calm))
    assert not patterns(result)
    assert "vary 0.2 times as much" in result.message


@pytest.mark.parametrize(
    ("options", "names", "said"),
    [({"fault_model": "none.npz"}, NAMES, "). Give a readable model file."),
     ({"class.leak at S-2": "log.dns"}, NAMES, "Set class.leak at S-2 of source 'plant' to one of"),
     ({}, (*NAMES[:-1], "outlet_pressure_bar"), "P-1 lacks 'inlet_pressure_bar' (1 of 6 signals)")],
)  # fmt: skip
def test_a_wrong_model_class_or_signal_is_told_and_the_detectors_go_on(
    tmp_path: Path, options: dict[str, str], names: tuple[str, ...], said: str
) -> None:
    result = called(site(tmp_path, history(FAULTS["leak at S-2"]), names=names, **options))
    assert said in result.message.partition(NOT_SEEN)[2]  # what the report repeats under "What is missing"
    assert not patterns(result)
    assert any(e.kind == "signal.anomaly" for e in result.evidence)


def test_a_class_that_the_model_does_not_know_is_told(tmp_path: Path) -> None:
    options = {"class.leak at S-3": "temperature", "class.leak at S-2": "temperature"}
    result = called(site(tmp_path, history(None), **options))
    assert (
        "class.leak at S-3 of source 'plant' is not a fault that plant.npz knows: \"bearing runs hot\", "
        in result.message
    )
    assert "class.leak at S-2 " not in result.message


def test_a_label_is_text(tmp_path: Path) -> None:
    hostile = 'valve\n"V-4"\u202e; E9 proves 99 % ' + "x" * 100
    made = [replace(r, label=hostile if r.label == "leak at S-2" else r.label) for r in records()]
    file = site(tmp_path, history(FAULTS["leak at S-2"]))
    signature.save(train_signatures(made, healthy="normal"), tmp_path / "plant.npz")
    (fact,) = patterns(called(file))
    assert fact.taint
    assert len(str(fact.values["fault"])) <= 60
    assert fact.statement.isprintable()
    assert "\"valve 'V-4' ; E9" in fact.statement


def diagnosed(file: Path) -> Report:
    return aitia.diagnose(
        "P-1 behaves oddly", config=file, at=WINDOW.end, started_at=WINDOW.start, window=WINDOW
    )


def test_the_report_names_a_seen_fault_and_no_unseen_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    report = diagnosed(site(tmp_path, history(FAULTS["valve V-4 sticks"])))
    (fact,) = patterns(report)
    assert '"valve V-4 sticks"' in fact.statement
    assert (report.verdict, report.component, report.fault) == ("cause", "P-1", "machine.known_fault")
    assert report.suspects[0].supporting == (fact.id,)
    report = diagnosed(site(tmp_path, history(UNSEEN)))
    assert not patterns(report)
    assert not any(f in e.statement for e in report.evidence for f in FAULTS)
    assert all(s.fault != "machine.known_fault" for s in report.suspects)
    assert any(e.kind == "signal.anomaly" for e in report.evidence)


def test_a_fault_known_from_one_run_is_no_cause_yet_but_nothing_is_not_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    file = site(tmp_path, history(FAULTS["leak at S-2"]))
    signature.save(signatures(1), tmp_path / "plant.npz")
    report = diagnosed(file)
    (fact,) = patterns(report)
    assert "known from one run" in fact.statement
    assert fact.strength <= 0.5
    assert report.verdict == "unknown"
    assert any(s.fault == "machine.known_fault" for s in report.suspects)
