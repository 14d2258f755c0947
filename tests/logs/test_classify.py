"""Classes of log lines: training, the model file, naming, abstention, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from aitia.core.errors import BadInput, ModelError
from aitia.tools.logs.classify import features
from aitia.tools.logs.classify.classifier import Classifier, load, save
from aitia.tools.logs.classify.folds import ece, folds, weighted_f1
from aitia.tools.logs.classify.hints import names
from aitia.tools.logs.classify.learn import fit_threshold, learn
from aitia.tools.logs.classify.prior import TARGETS, bundled
from aitia.tools.logs.classify.softmax import Span, softmax
from aitia.tools.logs.classify.table import read
from aitia.tools.logs.classify.views import grams, plain, spoken, template
from aitia.tools.logs.classify.words import Model

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")
TEXTS = [f"pump {word} stopped at {n}" for n, word in enumerate(WORDS)]
TEXTS += [f"user {word} opened door {n}" for n, word in enumerate(WORDS)]
LABELS = ["machine"] * 10 + ["door"] * 10


def fake(texts: list[str]) -> np.ndarray:
    """An embedding that knows the first letter."""
    made = np.zeros((len(texts), 26), dtype=np.float32)
    for row, text in zip(made, texts, strict=True):
        row[ord(text[0]) - 97 if text[:1].isascii() and text[:1].isalpha() else 0] = 1
    return made


@pytest.fixture(scope="module")
def model() -> Model:
    return learn(TEXTS, LABELS, lean=False)


def test_unseen_lines_get_the_class_of_their_kind(model: Model) -> None:
    named = Classifier(model).name(["pump omega stopped at 99", "user omega opened door 98"])
    assert [n.best for n in named] == ["machine", "door"]
    assert model.figures.weighted_f1 == 1.0
    assert model.data.lines == {"door": 10, "machine": 10}


def test_a_saved_model_names_the_same(model: Model, tmp_path: Path) -> None:
    save(model, tmp_path / "m.json")
    again = load(tmp_path / "m.json")
    assert again == model
    told = Classifier(again).probabilities(TEXTS)
    assert np.allclose(told, Classifier(model).probabilities(TEXTS))
    assert np.allclose(told.sum(axis=1), 1)


def test_training_is_repeatable(model: Model) -> None:
    assert learn(TEXTS, LABELS, lean=False) == model


def test_lines_like_no_other_are_less_sure_and_may_go_unnamed(model: Model) -> None:
    strict = Classifier(model.model_copy(update={"threshold": 1.01})).name(TEXTS)
    assert {n.label for n in strict} == {""}
    odd, known = Classifier(model).probabilities(["", TEXTS[0]]).max(axis=1)
    assert odd < known


def test_nothing_to_name_and_odd_text(model: Model) -> None:
    assert Classifier(model).name([]) == []
    assert len(Classifier(model).name(["\x00\x1b[31m", "x" * 100_000, "\ud800", " "])) == 4


def test_the_fit_is_the_penalised_optimum() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 80)), rng.integers(0, 3, 30)
    weights, bias = Span(x).fit(y, 3, 5.0)
    told = softmax(x @ weights + bias)
    share = (30 / (3 * np.bincount(y)))[y] * 5.0
    slope = x.T @ ((told - np.eye(3)[y]) * share[:, None]) + weights
    assert np.abs(slope).max() < 0.02 * np.abs(x.T @ (np.eye(3)[y] * share[:, None])).max()


def test_what_embeddings_know_is_used_and_can_be_left_out() -> None:
    mix = learn(TEXTS, LABELS, embed=fake, embedder="abc", lean=False, mixtures=(("words", "minilm"),))
    assert (mix.mixture, mix.embedder) == ("words+minilm", "abc")
    without = Classifier(mix)
    assert without.left_out
    assert without.name(["pump omega stopped"])[0].best == "machine"
    with pytest.raises(ModelError, match="embedding model has changed"):
        Classifier(mix, embed=fake, embedder="other")
    alone = learn(TEXTS, LABELS, embed=fake, lean=False, mixtures=(("minilm",),))
    with pytest.raises(ModelError, match="Fetch the embedding model"):
        Classifier(alone)


def test_lines_are_embedded_by_their_words_and_by_their_template() -> None:
    assert spoken("Took 12 ms at 10.0.0.1:80") == "took num ms at addr"
    one = learn(TEXTS, LABELS, embed=fake, lean=False, mixtures=(("minilm",),))
    assert one.parts[0].embedded == ("words", "template")
    assert len(one.parts[0].weights) == 2 * 26 + len(names())
    assert Classifier(one, embed=fake).name(["pump omega stopped"])[0].best == "machine"


def test_a_model_file_from_before_the_template_was_embedded_names_as_it_did(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(features, "EMBEDDED", ("words",))
    made = learn(TEXTS, LABELS, embed=fake, lean=False, mixtures=(("minilm",),))
    plain_file = json.loads(made.model_dump_json())
    del plain_file["parts"][0]["embedded"]
    (tmp_path / "old.json").write_text(json.dumps(plain_file))
    old = load(tmp_path / "old.json")
    assert len(old.parts[0].weights) == 26 + len(names())
    assert Classifier(old, embed=fake).name(["pump omega stopped"])[0].best == "machine"


def test_a_model_that_leans_on_others_goes_with_these(model: Model) -> None:
    assert model.prior == ""
    with pytest.raises(ModelError, match="Train"):
        Classifier(model.model_copy(update={"prior": "0" * 64}))


def test_the_bundled_models_know_common_lines() -> None:
    asked = {
        "signal": {
            "ERROR: connection to 10.9.9.9 timed out after 30 s": "latency",
            "disk /var is full": "saturation",
        },
        "category": {"login of user eva failed: wrong password": "authentication", "disk /var is full": "io"},
    }
    for target in TARGETS:
        named = Classifier(bundled(target)).name(list(asked[target]))
        assert [n.best for n in named] == list(asked[target].values())


def test_too_few_lines_are_refused() -> None:
    with pytest.raises(BadInput, match="labelled lines"):
        learn(["a b", "c d"], ["x", "y"])
    with pytest.raises(BadInput, match="labelled lines"):
        learn(TEXTS, ["one"] * 20)


def test_variable_parts_are_no_words() -> None:
    assert (
        plain("ERR [conn-12] open /var/lib/x.db by a@b.org at 0x1f, blk_-81 code=17")
        == "err conn open by at blk code"
    )
    assert template("took 12 ms") == template("took 971 ms")
    assert grams("Ab", "chars") == {" a": 1, "ab": 1, "b ": 1, " ab": 1, "ab ": 1, " ab ": 1}
    assert grams("disk is full", "words") == {"disk": 1, "is": 1, "full": 1, "disk is": 1, "is full": 1}
    assert grams("at <secret:0a1b2c3d>", "chars") == grams("at <secret:ffffffff>", "chars")


def test_folds_keep_groups_whole_and_spread_classes() -> None:
    groups = [n // 3 for n in range(60)]
    labels = ["a" if g % 2 else "b" for g in groups]
    part = folds(groups, labels, count=5, seed=1)
    assert all(len({p for p, g in zip(part, groups, strict=True) if g == group}) == 1 for group in groups)
    assert [part.count(k) for k in range(5)] == [12] * 5
    assert part != folds(groups, labels, count=5, seed=2)


def test_scores() -> None:
    assert weighted_f1(["a", "a", "b"], ["a", "a", "b"]) == 1
    assert weighted_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"]) == pytest.approx((2 / 3 + 0.8) / 2)
    assert ece([0.9] * 10, [True] * 9 + [False]) == pytest.approx(0)
    assert ece([1.0, 1.0], [False, False]) == 1
    told = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]])
    assert fit_threshold(told, [0, 0, 1], 0.9) == 0.8
    assert fit_threshold(told, [1, 1, 1], 0.9) > 1


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_tables_read_the_same(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{kind}"
    rows = [("a, b", "x"), ("", "x"), ("c", ""), ('say "d"\nmore', "y")]
    if kind == "csv":
        path.write_text('line,kind\n"a, b",x\n,x\nc,\n"say ""d""\nmore",y\n')
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps({"line": t, "kind": k}) for t, k in rows) + "\n\n")
    else:
        book = openpyxl.Workbook()
        for row in (("line", "kind"), *rows):
            book.active.append(row)
        book.save(path)
    data = read(path, text="line", label="kind")
    assert (data.texts, data.labels, data.skipped) == (("a, b", 'say "d"\nmore'), ("x", "y"), 2)
    with pytest.raises(BadInput, match="'line', 'kind'"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"text,label\n\x00\x01", "binary"),
        ("t.jsonl", b'{"text": "a", "label": "b"}\n[1]\n', "Line 2"),
        ("t.jsonl", b'{"text": NaN, "label": "b"}\n{', "Line 2"),
        ("t.xlsx", b"PK no zip", "xlsx"),
        ("t.parquet", b"", "csv"),
    ],
)
def test_broken_tables_say_what_to_mend(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=said):
        read(tmp_path / name)


def test_missing_and_broken_model_files(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="readable"):
        read(tmp_path / "none.csv")
    with pytest.raises(ModelError, match="readable"):
        load(tmp_path / "none.json")
    for content in (b"{}", b"\xff\x00", b"[1", b""):
        (tmp_path / "m.json").write_bytes(content)
        with pytest.raises(ModelError, match="Train"):
            load(tmp_path / "m.json")


def test_the_commands_train_and_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from aitia.cli.app import run

    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    table, out, lines = tmp_path / "t.jsonl", tmp_path / "m.json", tmp_path / "new.log"
    secret = "hunter2hunter2"
    rows = [
        {"text": f"{text} password={secret}", "label": label}
        for text, label in zip(TEXTS, LABELS, strict=True)
    ]
    table.write_text("\n".join(json.dumps(row) for row in rows))
    assert run(["logs", "train", str(table), "-o", str(out), "--no-minilm", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["data"]["rows"] == 20
    assert "unter2" not in out.read_text()
    lines.write_text(f"pump omega stopped at 3 password={secret}\n\n")
    assert run(["logs", "classify", str(out), str(lines), "--no-minilm"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(("machine\t", "-\t"))
    assert secret not in said
    assert run(["logs", "classify", str(out), str(tmp_path / "none.log"), "--no-minilm"]) == 2
    assert "readable" in capsys.readouterr().err
