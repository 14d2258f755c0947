"""Learn what a question asks for from the curriculum's written questions, and tell what it is worth on authors left out.

    python benchmarks/ask/fit_learned.py --data models/curriculum --json OUT [--folds N]

The questions are of made-up sites by language models (`questions_written` and `questions_further` in models/curriculum; the
end of a site's name tells the author). Each group of authors is read by what was learned from the others. `ours` is the learned
verb and what is wanted, `trivial` the commonest answer of the others.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.asking.question.asked_how import VERBS, WANTED, features, size, verb_of, wanted_of
from aitia.models.curriculum.written import further_questions, questions
from benchmarks import contract

HELD_BACK: Final = 8.0  # C: the inverse of the ridge
STEPS: Final = 40  # of L-BFGS
SURE: Final = (0.5, 0.7, 0.8, 0.9)
Row = tuple[str, tuple[str, ...], str, str, str, str]
"""Question, names of its site, line before it or "", verb, what is wanted, author."""


def main() -> int:
    """Fit, with each group of authors left out and with all."""
    parser = contract.parser(__doc__)
    parser.add_argument("--folds", type=int, default=7, help="groups of authors")
    args = parser.parse_args()
    began = time.monotonic()
    rows = asked()
    made = matrix(rows)
    authors = sorted({r[5] for r in rows})
    told: list[dict[str, Any]] = []
    per_case: list[dict[str, Any]] = []
    measured: dict[str, dict[str, list[float]]] = {"ours": {}, "trivial": {}}
    for fold in range(args.folds):
        out = authors[fold :: args.folds]
        inside = np.array([r[5] in out for r in rows])
        heads = fitted(made[~inside], [r for r, held in zip(rows, inside, strict=True) if not held])
        held = [r for r, one in zip(rows, inside, strict=True) if one]
        scores = np.asarray(made[inside] @ heads[0] + heads[1])
        of_fold: dict[str, Any] = {"questions": len(held)}
        for system, values in scored(held, scores, [r for r in rows if r[5] not in out]).items():
            for metric, every in values.items():
                measured[system].setdefault(metric, []).extend(every)
                of_fold[f"{system}: {metric}"] = round(float(np.mean(every)), 3)
        per_case.append({"case": " ".join(out), **of_fold})
        print(per_case[-1], flush=True)
    for system, values in measured.items():
        told += contract.rows(system, values)
    contract.finish("ask/fit_learned", told, per_case, n=len(rows), began=began, out=args.json)
    return 0


def asked() -> list[Row]:
    """All questions whose line has a verb."""
    rows = []
    for site, components, metrics, asks in (*questions(), *further_questions()):
        names = (*components, *metrics)
        rows += [
            (question, names, before, verb, wanted_of(line), site.split()[-1])
            for question, line, _, before in asks
            if (verb := verb_of(line))
        ]
    return rows


def matrix(rows: Sequence[Row]) -> csr_matrix:
    """The features of questions, a row each."""
    starts, columns, values = [0], [], []
    for question, names, before, *_ in rows:
        of, value = features(question, names, before)
        columns.append(of)
        values.append(value.astype(np.float64))
        starts.append(starts[-1] + len(of))
    return csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(starts)), shape=(len(rows), size())
    )


def fitted(made: csr_matrix, rows: Sequence[Row]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of each verb and of what is wanted, shape (features, heads), and a constant for each."""
    weights = np.zeros((size(), len(VERBS) + len(WANTED)))
    constants = np.full(len(VERBS) + len(WANTED), -20.0)  # of what nobody asked
    used = np.flatnonzero(np.asarray((made != 0).sum(axis=0)).ravel() >= 2)
    for answers, names, first in (
        ([r[3] for r in rows], VERBS, 0),
        ([r[4] for r in rows], WANTED, len(VERBS)),
    ):
        model = LogisticRegression(C=HELD_BACK, max_iter=STEPS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose
            model.fit(made[:, used], answers)
        for place, name in enumerate(model.classes_):
            weights[used, first + names.index(name)] = model.coef_[place]
            constants[first + names.index(name)] = model.intercept_[place]
    return weights, constants


def scored(
    held: Sequence[Row], scores: NDArray[np.float64], others: Sequence[Row]
) -> dict[str, dict[str, list[float]]]:
    """Right or not, question by question, of each system."""
    common = Counter(r[3] for r in others).most_common(1)[0][0]
    end = len(VERBS)
    made: dict[str, dict[str, list[float]]] = {"ours": {}, "trivial": {}}
    for row, score in zip(held, scores, strict=True):
        shares = _shares(score[:end])
        verb, wanted = VERBS[int(np.argmax(shares))], WANTED[int(np.argmax(score[end:]))]
        for system, says in (("ours", verb), ("trivial", common)):
            made[system].setdefault("verb right", []).append(float(says == row[3]))
            if row[3] != "none":
                made[system].setdefault("verb right, answerable", []).append(float(says == row[3]))
        made["ours"].setdefault("wanted right", []).append(float(wanted == row[4]))
        answerable = [s for v, s in zip(VERBS, shares, strict=True) if v != "none"]
        if row[3] != "none":
            best = [v for v in VERBS if v != "none"][int(np.argmax(answerable))]
            made["ours"].setdefault("verb right, none left out", []).append(float(best == row[3]))
        for bar in SURE:
            if shares.max() >= bar:
                made["ours"].setdefault(f"verb right where {bar} is said", []).append(float(verb == row[3]))
    return made


def _shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.exp(scores - scores.max())
    return shares / shares.sum()


if __name__ == "__main__":
    sys.exit(main())
