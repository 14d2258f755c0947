"""The benchmark of choosing: predictions never depend on answers, figures follow from what is kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from aitia.core.errors import ModelError
from aitia.models.choosing import bundled_questions
from aitia.models.files import path_of
from benchmarks.model import choosing

DATA = Path(__file__).with_name("choices.jsonl")


def ran(data: Path, out: Path, *more: str) -> dict[str, Any]:
    sys.argv = ["choosing.py", "--data", str(data), "--json", str(out), *more]
    assert choosing.main() == 0
    return json.loads(out.read_text())  # type: ignore[no-any-return]


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """The same questions with other answers and reasons."""
    file = tmp_path / "noise.jsonl"
    rows = [json.loads(line) for line in DATA.read_text().splitlines()]
    turned = [r | {"answer": (r["answer"] + 1) % len(r["options"]), "why": "noise"} for r in rows]
    file.write_text("\n".join(map(json.dumps, turned)))
    return file


@pytest.fixture
def argv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)


@pytest.mark.usefixtures("argv")
def test_without_a_model_answers_change_figures_but_no_prediction(tmp_path: Path, noise: Path) -> None:
    true, turned = ran(DATA, tmp_path / "a.json"), ran(noise, tmp_path / "b.json")
    assert true["per_case"] == turned["per_case"]
    assert {r["system"] for r in true["rows"]} == {"trivial", "peer retrieval", "no_model"}
    assert _value(true, "no_model", "log-loss") != _value(turned, "no_model", "log-loss")
    assert true["n"] == 5


@pytest.mark.usefixtures("argv")
@pytest.mark.model
def test_with_a_model_too_and_what_was_said_is_kept(
    tmp_path: Path, noise: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        path_of("smollm2-135m")
    except ModelError:
        pytest.skip("smollm2-135m is not fetched")
    more = ("--models", "smollm2-135m", "--threads", "1", "--answers", str(tmp_path))
    true = ran(DATA, tmp_path / "a.json", *more)
    monkeypatch.setattr(choosing, "scores", lambda llm, question: pytest.fail("asked again"))
    monkeypatch.setattr(choosing, "greedy", lambda llm, question: pytest.fail("asked again"))
    turned = ran(noise, tmp_path / "b.json", *more)
    assert true["per_case"] == turned["per_case"]
    first = true["per_case"][0]
    for system in ("ours", "ours raw", "ours pool", "peer greedy"):
        assert sum(first[f"{system} smollm2-135m"]) == pytest.approx(1, abs=1e-3)
    assert sorted(first["peer greedy smollm2-135m"]) == [0, 0, 1]
    assert _value(true, "ours raw smollm2-135m", "ECE") >= 0
    assert _value(true, "ours smollm2-135m", "tokens") > 20


def test_a_kept_prediction_gives_the_figure() -> None:
    questions = bundled_questions()[:20]
    told = {"no_model": [tuple(float(i == q.answer) for i in range(len(q.options))) for q in questions]}
    rows = choosing.scored(questions, told, {})
    assert _value({"rows": rows}, "no_model", "accuracy") == 1
    assert _value({"rows": rows}, "no_model", "ECE") == 0


def _value(result: dict[str, Any], system: str, metric: str) -> float:
    (row,) = [r for r in result["rows"] if (r["system"], r["metric"]) == (system, metric)]
    return float(row["value"])
