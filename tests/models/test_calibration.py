"""Calibrations: what they measure, which file is used and why another is not, and that the work survives Ctrl-C."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from aitia.cli.app import run
from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Prompt
from aitia.models.calibrating import Answers, calibrate, fit
from aitia.models.calibration import (
    Calibration,
    calibration_of,
    ece,
    find_calibration,
    own_file,
    terms_of,
    vote_weight,
)
from aitia.models.catalogue import catalogue
from aitia.models.choosing import KINDS, Question, bundled_questions
from aitia.models.fitting import Answer, folds
from aitia.models.llama import LlamaCpp
from aitia.models.scoring import Terms, choice_of
from aitia.models.scripted import ScriptedLlm

SHA = "ab" * 32
QUESTIONS = bundled_questions()[:12] + bundled_questions()[-12:]


class Counting(ScriptedLlm):
    """Knows the right answers, is interrupted at a call."""

    sha256 = SHA

    def __init__(self, questions: Sequence[Question], *, stop_at: int = -1) -> None:
        super().__init__([], name="counting")
        self._right = {(q.prompt, q.options): q.answer for q in questions}
        self._stop_at, self.calls = stop_at, 0

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        if self.calls == self._stop_at:
            raise KeyboardInterrupt
        self.calls += 1
        scores = [0.0] * len(options)
        scores[self._right[prompt, tuple(options)]] = 40.0
        return choice_of(scores, [0.0] * len(options))


def answers(questions: Sequence[Question], skill: float, seed: int = 0) -> list[Answer]:
    """Scores that are wildly too sure, and right by `skill` standard deviations."""
    chance = np.random.default_rng(seed)
    made = []
    for q in questions:
        scores = chance.normal(size=len(q.options))
        scores[q.answer] += skill
        base = chance.normal(size=len(q.options)) * 20
        made.append(Answer(key=q.key, log_probs=tuple(scores * 30 + base), baselines=tuple(base)))
    return made


@cache
def helpful() -> Calibration:
    """Fitted to answers that help."""
    return fit("m", SHA, bundled_questions(), answers(bundled_questions(), 2.5))


def made(**changed: object) -> Calibration:
    return helpful().model_copy(update=changed)


def test_ece_of_known_cases() -> None:
    assert ece([0.7] * 10, [True] * 7 + [False] * 3) == pytest.approx(0.3 * 0.7 + 0.7 * 0.3)  # a bin each
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.2, 1, 20000)
    honest = rng.uniform(size=20000) < sure
    assert ece(list(sure), list(honest)) < 0.02
    assert ece([1.0] * 1000, [True, False] * 500) == pytest.approx(0.5)


def test_scores_that_help_get_a_vote_and_an_honest_scale() -> None:
    found = helpful()
    assert found.accuracy > 0.6
    assert found.ece < 0.1 < 0.13 < found.ece_before
    assert 10 < found.terms.temperature < 60
    assert found.terms.prior == pytest.approx(1, abs=0.2)
    for kind in KINDS:
        assert found.kinds[kind].gain_ci95[0] > 0
        assert found.kinds[kind].vote_weight > 0.3
    assert found.planner == "vote"


@pytest.mark.parametrize("seed", range(2))
def test_scores_that_mean_nothing_get_no_vote(seed: int) -> None:
    found = fit("m", SHA, bundled_questions(), answers(bundled_questions(), 0, seed))
    assert [found.kinds[k].vote_weight for k in KINDS] == [0, 0]
    assert found.terms.temperature > 100
    assert found.planner == "rules"


def test_families_of_incidents_stay_together_and_folds_are_even() -> None:
    fold = folds(bundled_questions())
    by_group: dict[str, set[int]] = {}
    for q, f in zip(bundled_questions(), fold, strict=True):
        by_group.setdefault(q.group, set()).add(f)
    assert {len(f) for f in by_group.values()} == {1}
    sizes = [fold.count(k) for k in range(5)]
    assert max(sizes) - min(sizes) <= 3


def test_the_users_own_file_wins(tmp_path: Path) -> None:
    path = own_file(SHA, tmp_path)
    assert find_calibration(SHA, tmp_path).calibration is None
    assert vote_weight(SHA, "cause", tmp_path) == 0
    assert terms_of(SHA, tmp_path) == Terms()
    path.parent.mkdir()
    path.write_text(made().model_dump_json())
    assert calibration_of(SHA, tmp_path) == made()
    assert vote_weight(SHA, "cause", tmp_path) == made().kinds["cause"].vote_weight > 0
    default = catalogue()["default"].sha256
    bundled = calibration_of(default, tmp_path)
    assert bundled is not None
    mine = bundled.model_copy(update={"terms": Terms(temperature=3.5)})
    own_file(default, tmp_path).write_text(mine.model_dump_json())
    found = find_calibration(default, tmp_path)
    assert (found.source, found.refused) == (str(own_file(default, tmp_path)), ())
    assert terms_of(default, tmp_path).temperature == 3.5


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (lambda: made(sha256="cd" * 32).model_dump_json(), "the file belongs to another model (m, cdcdcdcdcdcd): calibrate this model"),
        (lambda: made(choices_sha256="x").model_dump_json(), "it was made with other questions or prompts: calibrate again"),
        (lambda: made(schema_version=2).model_dump_json(), "schema_version: "),
        (lambda: made().model_dump_json()[:-20], "not valid JSON ("),
        (lambda: "[]", ": "),
        (lambda: json.dumps(made().model_dump(mode="json") | {"n": 0}), "n: "),
        (lambda: b"\xff\xfe", "check its permissions"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_passed_by_with_a_reason(
    written: Callable[[], str | bytes], reason: str, tmp_path: Path
) -> None:
    path, text = own_file(SHA, tmp_path), written()
    path.parent.mkdir()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = find_calibration(SHA, tmp_path)
    assert found.calibration is None
    (said,) = found.refused
    assert f"{path}: {reason}" in said


def test_past_an_unfit_file_the_bundled_one_is_used(tmp_path: Path) -> None:
    default = catalogue()["default"].sha256
    own_file(default, tmp_path).parent.mkdir()
    own_file(default, tmp_path).write_text("{}")
    found = find_calibration(default, tmp_path)
    assert found.source.startswith("bundled ")
    assert len(found.refused) == 1


@pytest.mark.parametrize("name", [e.name for e in catalogue().models.values() if e.kind == "gguf"])
def test_every_language_model_of_the_catalogue_comes_with_a_calibration(name: str, tmp_path: Path) -> None:
    found = find_calibration(catalogue()[name].sha256, tmp_path)
    assert found.calibration is not None, found.refused
    assert found.source == f"bundled {name}.json"
    assert found.calibration.model == name
    assert found.calibration.n == len(bundled_questions())
    assert found.calibration.ece < found.calibration.ece_before


def test_a_server_has_no_calibration() -> None:
    assert calibration_of("") is None
    assert vote_weight("", "next_check") == 0
    with pytest.raises(ModelError, match=r"has no file hash, so it cannot be calibrated."):
        calibrate(ScriptedLlm([]), QUESTIONS)


def test_modes_follow_what_was_measured() -> None:
    assert (made().planner, made().narrator) == ("vote", "template")
    assert made(free_plans_gain_ci95=(0.01, 0.2)).planner == "free"
    assert made(free_plans_gain_ci95=(-0.3, -0.1)).planner == "vote"
    assert made(planning_gain_ci95=(-0.01, 0.03)).planner == "rules"
    assert made(planning_gain_ci95=(0.01, 0.03)).planner == "vote"
    assert [made(sentences_accepted=s, sentences_say_more=0.4).narrator for s in (0.3, 0.6)] == [
        "template",
        "sentence",
    ]
    assert made(sentences_accepted=0.9, sentences_say_more=0.0).narrator == "template"
    assert made(free_sentences_accepted=0.95).narrator == "free"


def test_a_vote_that_plans_gain_nothing_by_counts_nothing() -> None:
    assert made().weight("next_check") > 0
    assert made(planning_gain_ci95=(-0.01, 0.03)).weight("next_check") == 0
    assert made(planning_gain_ci95=(-0.01, 0.03)).weight("cause") == made().weight("cause")


def test_after_an_interruption_only_the_rest_is_asked(tmp_path: Path) -> None:
    first = Counting(QUESTIONS, stop_at=7)
    with pytest.raises(KeyboardInterrupt):
        calibrate(first, QUESTIONS, home=tmp_path)
    with Answers(SHA, tmp_path).path.open("a") as file:
        file.write('{"key": "cut off in the mid')  # the power went
    second, heard = Counting(QUESTIONS), list[int]()
    done = calibrate(second, QUESTIONS, home=tmp_path, on_done=heard.append)
    assert (first.calls, second.calls) == (7, len(QUESTIONS) - 7)
    assert heard == list(range(1, len(QUESTIONS) + 1))
    assert done.accuracy == 1
    third = Counting(QUESTIONS)
    assert calibrate(third, QUESTIONS, home=tmp_path) == done
    assert third.calls <= 1  # at most the one whose line ran into the cut one


def test_what_others_measured_is_kept(tmp_path: Path) -> None:
    own_file(SHA, tmp_path).parent.mkdir()
    own_file(SHA, tmp_path).write_text(
        made(sentences_accepted=0.7, planning_gain_ci95=(0.1, 0.2)).model_dump_json()
    )
    found = calibrate(Counting(QUESTIONS), QUESTIONS, home=tmp_path)
    assert (found.sentences_accepted, found.planning_gain_ci95) == (0.7, (0.1, 0.2))


@pytest.mark.model
def test_the_command_asks_fits_and_writes(
    smollm: LlamaCpp, smollm_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    monkeypatch.setenv("AITIA_MODELS", str(smollm_path))
    monkeypatch.setattr(
        "aitia.models.choosing.bundled_questions", lambda: QUESTIONS[::6]
    )  # two families of each kind
    assert run(["models", "calibrate", "smollm2-135m", "--threads", "1", "--json"]) == 0
    said, notes = capfd.readouterr()
    row = json.loads(said)
    assert (row["n"], row["model"], row["narrator"]) == (4, "smollm2-135m", "template")
    assert row["planner"] in ("rules", "vote")
    assert "4 of 4" in notes
    assert row["file"] == str(own_file(smollm.sha256, tmp_path))
    assert calibration_of(smollm.sha256, tmp_path) is not None
    assert os.stat(Answers(smollm.sha256, tmp_path).path).st_size > 0
    assert run(["models", "calibrate", "smollm2-135m", "--threads", "1"]) == 0  # from the kept answers
    said, notes = capfd.readouterr()
    assert "vote weight" in said
    assert "ECE" in said
    assert "written to" in notes
