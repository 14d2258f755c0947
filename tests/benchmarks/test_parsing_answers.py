"""The parsing benchmark reads answers in its scorer only, and scores as its papers say."""

from __future__ import annotations

import csv
import json
import random
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.logs import parsing  # noqa: E402


def made(folder: Path, *, noise: bool) -> Path:
    rng = random.Random(1)
    for system in ("Alpha", "Beta"):
        case = folder / system
        case.mkdir(parents=True)
        events = [("E1", f"opened file {i} of user{i}", "opened file <*> of <*>") for i in range(30)]
        events += [("E2", "disk is full", "disk is full")] * 5
        rng.shuffle(events)
        (case / f"{system}.log").write_text(
            "".join(f"2026-11-25 03:00:00 INFO {text}\n" for _, text, _ in events)
        )
        with (case / f"{system}.log_structured.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("LineId", "Content", "EventId", "EventTemplate"))
            for i, (event, text, template) in enumerate(events):
                rows.writerow((i, text, f"E{i % 7}" if noise else event, "x" if noise else template))
    return folder


def predictions(data: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    monkeypatch.setattr(sys, "argv", ["parsing.py", "--data", str(data), "--json", str(out)])
    parsing.main()
    told = json.loads(out.read_text())
    assert told["n"] == 2
    assert {r["system"] for r in told["rows"]} == {"ours", "ours known", "trivial"}
    return {(r["id"], r["system"]): r["predicted"] for r in told["per_case"]}


def test_noise_in_the_answers_changes_no_prediction(tmp_path, monkeypatch, capsys):
    seen = [
        predictions(made(tmp_path / str(noise), noise=noise), tmp_path / "out.json", monkeypatch)
        for noise in (False, True)
    ]
    assert seen[0] == seen[1]


def test_right_answers_score_full(tmp_path):
    case = made(tmp_path, noise=False) / "Alpha"
    score = parsing.scored(case, parsing.ours(parsing.raw_lines(case)))
    assert score == dict.fromkeys(parsing.METRICS, 1.0)


def test_agreement_forgives_one_line_in_twenty_and_no_more():
    truth = ["a"] * 20 + ["b"] * 20
    assert parsing.agreement(truth, ["x"] * 20 + ["y"] * 20) == 1.0
    assert parsing.agreement(truth, ["x"] * 19 + ["z"] + ["y"] * 20) == 1.0
    assert parsing.agreement(truth, ["x"] * 18 + ["z"] * 2 + ["y"] * 20) == 0.5
    assert parsing.agreement(truth, ["x"] * 40) == 0.0


def test_grouping_accuracy_counts_lines_of_whole_groups():
    ga, fga = parsing.grouping("aaabbc", "xxxyzc")
    assert ga == pytest.approx(4 / 6)
    assert fga == pytest.approx(2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3))


def test_placeholders_are_normalised():
    assert parsing.normalised("took <*>ms of 17:  /a/b") == "took <*> of <*> <*>".replace(
        "<*> <*>", "<*>: <*>"
    )
    assert parsing.normalised("a <*>,<*>:<*> b") == "a <*> b"
