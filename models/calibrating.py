"""Making a calibration: ask the bundled questions once, keep each answer, cross-validate over families of incidents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import ValidationError

from aitia.core.errors import ModelError
from aitia.core.home import aitia_home
from aitia.core.llm import Llm
from aitia.models.calibration import Calibration, KindCalibration, calibration_of
from aitia.models.choosing import KINDS, Question, Retrieval, choices_sha256
from aitia.models.fitting import (
    FOLDS,
    Answer,
    Matrix,
    accuracy,
    error_of,
    fit_no_model,
    fit_terms,
    folds,
    interval,
)
from aitia.models.scoring import pick, pool

_GRID: Final = np.linspace(0, 1, 101)


class Answers:
    """A model's answers so far, one JSON line each in `AITIA_HOME/calibration`; what was asked is not asked again."""

    def __init__(self, sha256: str, home: Path | None = None) -> None:
        self.path = (home or aitia_home()) / "calibration" / f"{sha256}.answers.jsonl"
        self._known = {a.key: a for a in _answers(self.path)}

    def ask(self, llm: Llm, question: Question) -> Answer:
        """The kept answer, or a new one, which is kept at once."""
        if (known := self._known.get(question.key)) is not None:
            return known
        choice = llm.choose(question.prompt, question.options)
        made = Answer(
            key=question.key,
            log_probs=choice.log_probs,
            baselines=choice.baselines,
            tokens=choice.prompt_tokens,
            seconds=choice.seconds,
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(made.model_dump_json() + "\n")
        self._known[made.key] = made
        return made


def _answers(path: Path) -> Iterable[Answer]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield Answer.model_validate_json(line)
        except ValidationError:  # a line that an interruption cut: the question is asked again
            continue


def calibrate(
    llm: Llm,
    questions: Sequence[Question],
    *,
    home: Path | None = None,
    on_done: Callable[[int], None] = lambda done: None,
) -> Calibration:
    """Ask what was not asked yet and fit; `on_done` hears how many are answered.

    Raises ModelError for a model without a hash (a server's).
    """
    if not llm.sha256:
        raise ModelError(f"{llm.name!r} has no file hash, so it cannot be calibrated. Give a model file.")
    answers, given = Answers(llm.sha256, home), list[Answer]()
    for n, question in enumerate(questions, 1):
        given.append(answers.ask(llm, question))
        on_done(n)
    made = fit(llm.name, llm.sha256, questions, given)
    before = calibration_of(llm.sha256, home)
    kept = {
        "planning_gain_ci95", "free_plans_gain_ci95", "sentences_accepted", "free_sentences_accepted", "sentences_say_more",
    }  # fmt: skip
    return made.model_copy(update=before.model_dump(include=kept)) if before else made


def fit(name: str, sha256: str, questions: Sequence[Question], answers: Sequence[Answer]) -> Calibration:
    """The calibration that the answers give. Accuracy, ECE and gain are of questions whose family was held out."""
    fold = folds(questions)
    model: list[tuple[float, ...]] = [()] * len(questions)
    without: list[tuple[float, ...]] = [()] * len(questions)
    for k in range(FOLDS):
        learn = [i for i in range(len(questions)) if fold[i] != k]
        terms = fit_terms([questions[i] for i in learn], [answers[i] for i in learn])
        coefficients = fit_no_model([questions[i] for i in learn])
        retrieval = Retrieval([questions[i] for i in learn])
        for i in (i for i in range(len(questions)) if fold[i] == k):
            model[i] = pick(answers[i].log_probs, answers[i].baselines, terms)[1]
            without[i] = retrieval.shares(questions[i], coefficients[questions[i].kind])
    plain = [pick(a.log_probs, a.baselines)[1] for a in answers]
    right = [q.answer for q in questions]
    kinds = {
        kind: _kind([(right[i], without[i], model[i]) for i, q in enumerate(questions) if q.kind == kind])
        for kind in KINDS
        if any(q.kind == kind for q in questions)
    }
    return Calibration(
        model=name,
        sha256=sha256,
        choices_sha256=choices_sha256(),
        n=len(questions),
        accuracy=accuracy(model, right),
        accuracy_before=accuracy(plain, right),
        ece=error_of(model, right),
        ece_before=error_of(plain, right),
        terms=fit_terms(questions, answers),
        no_model=fit_no_model(questions),
        kinds=kinds,
    )


def _kind(held_out: Sequence[tuple[int, tuple[float, ...], tuple[float, ...]]]) -> KindCalibration:
    right = [answer for answer, _, _ in held_out]
    model = [voted for _, _, voted in held_out]
    losses = np.array([[-np.log(pool(r, m, w)[a]) for w in _GRID] for a, r, m in held_out])
    best = _best(losses)
    gains = losses[:, 0] - _left_out(losses)
    low, high = interval(gains)
    return KindCalibration(
        n=len(held_out),
        accuracy=accuracy(model, right),
        accuracy_no_model=accuracy([rules for _, rules, _ in held_out], right),
        ece=error_of(model, right),
        vote_weight=best if low > 0 else 0.0,
        gain=round(float(gains.mean()), 4),
        gain_ci95=(low, high),
    )


def _best(losses: Matrix) -> float:
    return float(_GRID[int(np.argmin(losses.mean(axis=0)))].round(2))


def _left_out(losses: Matrix) -> Matrix:
    """Each question's loss under the weight that is best for all the others."""
    others = losses.sum(axis=0) - losses
    chosen: Matrix = losses[np.arange(len(losses)), others.argmin(axis=1)]
    return chosen
