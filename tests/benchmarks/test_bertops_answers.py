"""What the benchmark of line classes predicts for a line depends on the other folds' labels alone."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.logs import bertops  # noqa: E402

NOUNS = ("valve", "pump", "motor", "fan", "belt", "drive", "tank", "door")
TEXTS = [f"{noun} {n} refused to answer" for n, noun in enumerate(NOUNS)]
TEXTS += [f"{noun} took {n} seconds too long" for n, noun in enumerate(NOUNS)]
LABELS = ["availability"] * 8 + ["latency"] * 8


def test_labels_of_the_tested_fold_change_nothing() -> None:
    part = [n % 4 for n in range(len(TEXTS))]
    honest = bertops.predictions(TEXTS, LABELS, part, embed=None)
    chance = random.Random(0)
    for fold in range(4):
        noise = [
            chance.choice(["noise", "latency"]) if p == fold else label
            for p, label in zip(part, LABELS, strict=True)
        ]
        told = bertops.predictions(TEXTS, noise, part, embed=None)
        assert [told[n] for n, p in enumerate(part) if p == fold] == [
            honest[n] for n, p in enumerate(part) if p == fold
        ]
    assert {row["no_model"] for row in honest} == {"availability", "latency"}


def test_zero_shot_looks_at_no_label_but_the_set_of_them() -> None:
    labels = [*LABELS, "error", "information", "saturation"][-len(TEXTS) :]
    honest = bertops.zero_shot(TEXTS, labels, None)
    assert honest
    assert bertops.zero_shot(TEXTS, labels[::-1], None) == honest
    assert bertops.zero_shot(TEXTS, ["a", *labels[1:]], None) == []


def test_splits_keep_equal_texts_together() -> None:
    texts, labels = [*TEXTS, *TEXTS], [*LABELS, *LABELS]
    part = bertops.split(texts, labels, str, 0)
    assert part[: len(TEXTS)] == part[len(TEXTS) :]
    assert len(set(part)) == bertops.FOLDS


def test_any_folder_of_the_layout_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "other_task").mkdir(parents=True)
    book = openpyxl.Workbook()
    for row in (
        (None, "text", "labels"),
        *((n, t, k) for n, (t, k) in enumerate(zip(TEXTS, LABELS, strict=True))),
    ):
        book.active.append(row)
    book.save(tmp_path / "data" / "other_task" / "few.xlsx")
    out = tmp_path / "out.json"
    monkeypatch.setattr(
        sys,
        "argv",
        ["bertops", "--data", str(tmp_path / "data"), "--seeds", "1", "--no-minilm", "--json", str(out)],
    )
    bertops.main()
    told = json.loads(out.read_text())
    assert {"no_model", "trivial", "peer char TF-IDF + SVM"} <= {row["system"] for row in told["rows"]}
    assert all(row["ci95"][0] <= row["ci95"][1] for row in told["rows"])
    assert told["n"] == 2 * len(TEXTS)


def test_calibration_and_abstention_are_scored() -> None:
    run = [{"ours": "a", "p": 0.7, "named": n < 10, "chosen": "words"} for n in range(20)]
    rows = bertops.scored("x", ["a", "b"] * 10, [run], [str(n) for n in range(20)])
    told = {row["metric"]: row["value"] for row in rows}
    assert told == {"x F1": 0.3333, "x named": 0.5, "x right when named": 0.5, "x ECE": 0.2}
