"""Learned diagnosis on machines whose faults are known: layouts, figures by machine, sets, transfer, files."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from aitia.cli.app import run
from aitia.core.errors import BadInput, ModelError
from aitia.tools.signals.learned import table
from aitia.tools.signals.learned.conformal import class_quantiles
from aitia.tools.signals.learned.faults import FaultModel, load, save
from aitia.tools.signals.learned.layouts import read
from aitia.tools.signals.learned.train import train
from aitia.tools.signals.learned.trees import Trees
from aitia.tools.signals.learned.windows import Record, Windows, cut

FS, WINDOW = 4000.0, 2000


def vibration(kind: str, machine: int, *, fs: float = FS, seconds: float = 4.0, gain: float = 1.0) -> Record:
    """A shaft at 20 to 30 Hz with noise; a `race` fault strikes 3.6 times a turn, an `unbalance` shakes once a turn."""
    rng = np.random.default_rng([machine, len(kind)])
    turn = 20.0 + machine % 11
    t = np.arange(int(seconds * fs)) / fs
    x = 0.5 * rng.standard_normal(t.size)
    if kind == "race":
        strikes = (np.arange(0, seconds, 1 / (3.6 * turn)) * fs).astype(int)
        ring = 4.0 * np.exp(-np.arange(60) / 12.0) * np.sin(2 * np.pi * 0.3 * np.arange(60))
        for at in strikes[strikes < t.size - 60]:
            x[at : at + 60] += ring
    if kind == "unbalance":
        x += 2.0 * np.sin(2 * np.pi * turn * t)
    return Record(name=f"{machine}-{kind}", label=kind, group=str(machine), x=gain * x[:, None], channels=("casing",),
                  fs=fs, rpm=60 * turn, orders=(3.6, 5.4, 2.4, 0.4))  # fmt: skip


KINDS = ("healthy", "race", "unbalance")


@cache
def machines() -> Windows:
    return cut([vibration(k, m, seconds=2.0) for m in range(10) for k in KINDS], window=WINDOW)


@cache
def trained(healthy: str = "") -> FaultModel:
    return train(machines(), healthy=healthy)


@pytest.fixture(scope="module")
def fleet() -> Windows:
    return machines()


@pytest.fixture(scope="module")
def model() -> FaultModel:
    return trained()


def test_faults_of_a_machine_never_seen(model: FaultModel) -> None:
    f = model.about.figures
    assert f.accuracy.value > 0.9
    assert f.accuracy.low <= f.accuracy.value <= f.accuracy.high
    assert model.about.unit == "machine"
    asked = cut([vibration(k, 31) for k in KINDS], window=WINDOW)
    told = model.diagnose(asked)
    assert [d.best for d in told] == list(KINDS)
    assert sum(d.label == d.best for d in told) >= 2
    race = told[1]
    assert any(
        "envelope" in r.feature or "kurtosis" in r.feature or "factor" in r.feature for r in race.reasons
    )
    assert all(r.share > 0 for r in race.reasons)


def test_labels_by_chance_are_not_learned(fleet: Windows) -> None:
    rng = np.random.default_rng(0)
    shuffled = replace(fleet, labels=tuple(str(v) for v in rng.permutation(fleet.labels)))
    figures = train(shuffled).about.figures
    assert figures.accuracy.low < 1 / 3 + 0.1
    assert figures.named < 0.7


def test_a_model_file_gives_the_same_answers(model: FaultModel, tmp_path: Path) -> None:
    save(model, tmp_path / "m.npz")
    again = load(tmp_path / "m.npz")
    asked = cut([vibration("race", 40)], window=WINDOW)
    assert again.about == model.about
    assert again.diagnose(asked) == model.diagnose(asked)
    with np.load(tmp_path / "m.npz", allow_pickle=False) as held:
        assert all(held[n].dtype != object for n in held.files)


def test_a_damaged_model_file_is_refused(model: FaultModel, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    save(model, path)
    with np.load(path) as held:
        arrays = {n: held[n] for n in held.files}
    np.savez(path, **(arrays | {"trees.left": arrays["trees.left"] + 10_000_000}))
    with pytest.raises(ModelError, match="do not match"):
        load(path)
    path.write_bytes(b"PK\3\4 nothing")
    with pytest.raises(ModelError, match="Train"):
        load(path)
    np.savez(path, about=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError, match="Train"):
        load(path)


def test_trees_are_those_of_scikit_learn_and_their_reasons_add_up() -> None:
    from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingRegressor

    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 6))
    y = x[:, 0] + (x[:, 1] > 0) * 2
    classes = ExtraTreesClassifier(20, random_state=0).fit(x, y > 1)
    own = Trees.of(classes.estimators_, weight=1 / 20, bias=np.zeros(2))
    asked = rng.standard_normal((50, 6))
    assert np.allclose(own.predict(asked), classes.predict_proba(asked))
    boosted = GradientBoostingRegressor(n_estimators=30, random_state=0).fit(x, y)
    trees = Trees.of(boosted.estimators_[:, 0], weight=0.1, bias=np.ravel(boosted.init_.constant_))
    assert np.allclose(trees.predict(asked)[:, 0], boosted.predict(asked))
    for made in (own, trees):
        assert np.allclose(made.contributions(asked).sum(axis=1) + made.baseline, made.predict(asked))


def test_sets_miss_as_seldom_as_asked() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 2000)
    right = np.clip(rng.beta(3, 2, 4000), 0.01, 0.99)
    shares = np.where(np.arange(2)[None] == y[:, None], right[:, None], 1 - right[:, None])
    groups = np.arange(4000)
    limits, missed = class_quantiles(shares[::2], y[::2], groups[::2], error=0.3)
    assert missed.tolist() == [0.3, 0.3]
    inside = 1 - shares[1::2][np.arange(2000), y[1::2]] <= limits[y[1::2]]
    assert np.mean(inside) == pytest.approx(0.7, abs=0.03)
    few, missed = class_quantiles(shares[::500], y[::500], groups[::500], error=0.1)
    assert missed.tolist() == [0.2, 0.2]  # four units a class cannot hold 10 %
    score = 1 - shares[::500][np.arange(8), y[::500]]
    assert few.tolist() == [max(score[:4].max(), 0.5), max(score[4:].max(), 0.5)]
    same, _ = class_quantiles(shares, y, np.zeros(4000, dtype=int), error=0.1)
    assert same[0] == pytest.approx(max(np.mean(1 - right[:2000]), 0.5))  # one machine counts once


def test_few_labelled_windows_move_a_new_machine(model: FaultModel) -> None:
    """On a machine whose healthy state looks like unbalance to the fleet, its own windows say so."""
    loud = [replace(vibration("unbalance", 50), label="healthy"), vibration("race", 50)]
    known = cut([replace(r, x=r.x[:8000]) for r in loud], window=WINDOW)
    asked = cut([replace(r, x=r.x[8000:]) for r in loud], window=WINDOW)
    before, after = model.diagnose(asked), model.adapted(known).diagnose(asked)
    healthy = model.about.classes.index("healthy")
    rows = model.rows(asked)[:4]
    gained = model.adapted(known).probabilities(rows)[:, healthy] - model.probabilities(rows)[:, healthy]
    assert before[0].best == "unbalance"
    assert gained.mean() > 0.1
    assert after[1].best == "race"
    with pytest.raises(BadInput, match="does not know"):
        model.adapted(replace(known, labels=("rust",) * len(known.labels)))


def test_each_machine_against_its_own_healthy_windows() -> None:
    """Gains that differ by machine hide the level of a fault; distances from the own healthy state do not."""
    rng = np.random.default_rng(3)
    records = []
    for m in range(12):
        level = 10.0 ** rng.uniform(-2, 2)
        for kind, factor in (("healthy", 1.0), ("worn", 1.6)):
            x = level * (1 + factor * 0.2 * rng.standard_normal((400, 2)))
            records.append(
                Record(name=f"{m}{kind}", label=kind, group=str(m), x=x, channels=("flow", "level"))
            )
    windows = cut(records, window=40)
    plain = train(windows).about.figures.accuracy.value
    own = train(windows, healthy="healthy")
    assert own.about.figures.accuracy.value > plain + 0.05
    with pytest.raises(BadInput, match="healthy"):
        own.diagnose(windows.pick(np.array([label == "worn" for label in windows.labels])))


def test_a_folder_with_an_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["file,label,group,fs,rpm,bpfo,bpfi,bsf,ftf"]
    for r in (vibration(k, m, seconds=2.0) for m in range(4) for k in KINDS):
        np.save(tmp_path / f"{r.name}.npy", r.x[:, 0])
        rows.append(f"{r.name}.npy,{r.label},{r.group},{r.fs},{r.rpm},3.6,5.4,2.4,0.4")
    (tmp_path / "index.csv").write_text("\n".join(rows))
    out = tmp_path / "model.npz"
    command = ["signals", "train", str(tmp_path), "-o", str(out), "--window", str(WINDOW)]
    assert run([*command, "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["unit"] == "record"
    assert len(about["data"]["sha256"]) == 64
    assert run(command) == 0
    assert "cross-validated by machine (4 folds)" in capsys.readouterr().out
    assert run(["signals", "predict", str(out), str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told) == 12
    assert sum(d["best"] in d["record"] for d in told) >= 10
    assert run(["signals", "predict", str(out), str(tmp_path), "--known", str(tmp_path)]) == 0
    assert "best race" in capsys.readouterr().out


def test_an_npz_of_windows_and_a_table_of_process_signals(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 64))
    label, group = np.array(["a", "b"] * 20), np.array([str(n % 5) for n in range(40)])
    x[label == "b"] *= 3
    np.savez(tmp_path / "w.npz", x=x, label=label, group=group)
    windows = read(tmp_path / "w.npz")
    assert windows.x.shape == (40, 64, 1)
    assert train(windows).about.figures.accuracy.value > 0.9
    lines = ["time,pump,state,flow,level"]
    for m in range(4):
        for n in range(120):
            leak = n >= 60
            lines.append(
                f"{n},{m},{'leak' if leak else 'ok'},{rng.normal(5 - 2 * leak):.4f},{rng.normal(1):.4f}"
            )
    (tmp_path / "t.csv").write_text("\n".join(lines))
    process = read(tmp_path / "t.csv", label="state", group="pump", window=20, time="time")
    assert process.channels == ("flow", "level")
    assert len(process.labels) == 24
    model = train(process)
    assert model.about.figures.accuracy.value > 0.9
    assert "correlation of flow and level" in model.about.features
    assert model.diagnose(process)[0].reasons[0].feature.endswith("flow")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("time,g,label,a\n", "has only a header. Give a table with rows."),
        ("time,g,label,a\n1,1,ok,hot\n", "'a' (1 of 1 cells)"),
        ("time,g,a\n1,1,2\n", "label"),
        ("time,g,label\n1,1,ok\n", "channels"),
        ("time,g,label,a\n1,1,ok,1\n", "without gaps"),
        ("time,g,label,a\n" + "".join(f"{n % 5},1,ok,1\n" for n in range(40)), "Sort"),
        ("time,g,label,a\n" + "".join(f"{n},1,ok,nan\n" for n in range(40)), "without gaps"),
        (
            "time,g,label,a\n" + "".join(f"{n},1,ok,1\n" for n in range(40)),
            "machines. Give at least 2 of each, to learn and",
        ),
        ("time,g,label,a\n" + "".join(f"{n},1,,1\n" for n in range(40)), "no label"),
    ],
)
def test_bad_tables_say_what_to_mend(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(BadInput) as error:
        train(read(tmp_path / "t.csv", group="g", window=10, time="time"))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.array([["a"]])}, "no array of numbers"),
        ({"y": np.zeros((3, 64))}, "no array of numbers"),
        ({"x": np.zeros((3, 64)), "label": np.array(["a", "b"])}, "with one entry per window"),
        ({"x": np.zeros(64)}, "windows x samples"),
        ({"x": np.zeros((3, 64)), "fs": np.array([1.0, 2.0])}, "one number"),
        (
            {"x": np.zeros((3, 64)), "rpm": np.array(["fast"] * 3)},
            "`fs` must be one number, and `rpm` one number",
        ),
        ({"x": np.full((3, 64), np.nan)}, "without gaps"),
    ],
)
def test_bad_arrays_say_what_to_mend(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    n = len(arrays.get("x", [0]))
    np.savez(tmp_path / "w.npz", **({"label": np.array(["a"] * n), "group": np.array(["m"] * n)} | arrays))
    with pytest.raises(BadInput, match=said):
        read(tmp_path / "w.npz")
    for damaged in (b"nothing", b"PK\3\4 nothing", b""):
        (tmp_path / "w.npz").write_bytes(damaged)
        with pytest.raises(BadInput, match="no array of numbers"):
            read(tmp_path / "w.npz")


def test_mixed_rates_are_refused_or_resampled() -> None:
    records = [vibration("race", 1), vibration("race", 2, fs=4 * FS)]
    with pytest.raises(BadInput, match="4000 Hz and 16000 Hz"):
        cut(records, window=WINDOW)
    made = cut(records, window=WINDOW, rate=FS)
    assert len(made.labels) == 16
    assert made.fs == FS


def test_constant_windows_are_learned_from_without_a_warning() -> None:
    still = [Record(name=f"{m}", label=f"{m % 2}", group=f"{m}", x=np.full((4000, 1), float(m % 2)), channels=("c",),
                    fs=FS, rpm=1500.0) for m in range(4)]  # fmt: skip
    assert train(cut(still, window=WINDOW)).about.figures.accuracy.value >= 0.0


def test_files_outside_the_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "out.npy", np.zeros(100))
    (tmp_path / "in" / "index.csv").write_text("file,label,group\n../out.npy,a,1\n")
    with pytest.raises(BadInput, match="is not a file in"):
        read(tmp_path / "in", window=50)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ("file,label\na.npy,x\n", "no column 'group'"),
        ("file,label,group\n", "lists no record"),
        ("file,label,group,fs\na.npy,x,1,fast\n", "not a number"),
        ("file,label,group,fs\na.npy,x,1,0\n", "but must be above 0. Fix"),
        ("file,label,group\nbad.npy,x,1\n", "not an array of numbers"),
        ("file,label,group\ncube.npy,x,1\n", "shape"),
        ("file,label,group\ntwo.npz,x,1\n", "). Name one of them as `key` in"),
        ("file,label,group\na.npy,x,1\nb.npy,x,1\n", "Give every record the channels"),
    ],
)
def test_bad_folders_say_what_to_mend(tmp_path: Path, index: str, said: str) -> None:
    np.save(tmp_path / "a.npy", np.zeros(100))
    np.save(tmp_path / "b.npy", np.zeros((100, 2)))
    np.save(tmp_path / "cube.npy", np.zeros((4, 4, 4)))
    np.savez(tmp_path / "two.npz", a=np.zeros(100), b=np.zeros(100))
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    (tmp_path / "index.csv").write_text(index)
    with pytest.raises(BadInput) as error:
        read(tmp_path, window=50)
    assert said in str(error.value)


def test_a_table_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 60)
    with pytest.raises(BadInput, match="Aggregate or split"):
        table.read(tmp_path / "t.csv", most=100)
    assert table.read(tmp_path / "t.csv", most=200).rows == 60
