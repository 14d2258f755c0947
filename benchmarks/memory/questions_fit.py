"""Fit when a passage answers, on development questions, and say by cross-validation how well that works.

python benchmarks/memory/questions_fit.py --data KNOWLEDGE --questions FILE [--write agent/asking/answerable.json] [--json OUT]

Each question is asked twice: of all documents, and with its own document taken away, where only what others hold can
answer it. A case is positive where what would be quoted holds all that the answer must. The threshold is
the one that refuses 92 % of the training folds' unanswerable questions.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from aitia.agent.asking.answerable import Fit, chosen, features
from aitia.agent.asking.lookup import Lookup, Mix
from benchmarks.contract import finish, parser, rows
from benchmarks.memory.questions import Vectors, documents, holds, meaning, read_answers, read_questions

FOLDS, RIDGE, REFUSE = 5, 5.0, 0.92
WORDS = ("own", "covered", "missing", "document", "sort", "refused")
NAMES = {"words": WORDS, "meaning": (*WORDS, "meaning", "meaning_max")}
MIX = Mix()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One look-up: the question's fold, whether its own document was there, what speaks for the best passage, and truth."""

    fold: int
    whole: bool
    answerable: bool
    features: dict[str, float]
    right: bool


def looked_up(lookup: Lookup, mix: Mix, questions: Sequence[Any], answers: dict[str, Any]) -> list[Row]:
    """All questions, with and without their own document."""
    found = []
    for number, q in enumerate(questions):
        wanted = answers[q.id]
        for without in ("", wanted["document"]) if wanted["document"] else ("",):
            hits = [
                h
                for h in lookup.find(q.question, mix=mix, top=60)
                if h.passage.document != without or not without
            ][:24]
            if not hits:
                continue
            text = "\n".join(h.passage.text for h in chosen(hits))
            right = bool(wanted["must"]) and holds(text, wanted["must"])
            found.append(
                Row(
                    fold=number % FOLDS,
                    whole=not without,
                    answerable=wanted["answerable"],
                    features=features(hits),
                    right=right,
                )
            )
    return found


def fitted(data: Sequence[Row], names: Sequence[str], mix: Mix) -> Fit:
    """A ridge logistic regression on standardised features, with its threshold."""
    x = np.array([[r.features.get(n, 0.0) for n in names] for r in data])
    y = np.array([r.right for r in data], dtype=float)
    means, scales = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-2)
    z = (x - means) / scales

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        u = z @ flat[:-1] + flat[-1]
        p = 1 / (1 + np.exp(-np.clip(u, -30, 30)))
        value = float(np.logaddexp(0, u).sum() - (y * u).sum() + RIDGE * (flat[:-1] ** 2).sum() / 2)
        return value, np.append(z.T @ (p - y) + RIDGE * flat[:-1], (p - y).sum())

    best = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B").x
    made = Fit(
        features=tuple(names),
        means=tuple(np.round(means, 5).tolist()),
        scales=tuple(np.round(scales, 5).tolist()),
        weights=tuple(np.round(best[:-1], 4).tolist()),
        bias=round(float(best[-1]), 4),
        threshold=0.5,
        mix={k: getattr(mix, k) for k in Mix.__dataclass_fields__},
    )
    return made.model_copy(update={"threshold": threshold(made, data)})


def threshold(fit: Fit, data: Sequence[Row]) -> float:
    """Above this share of what is said to the questions that nothing answers."""
    negative = [fit.probability(r.features) for r in data if not r.answerable]
    return round(float(np.quantile(negative, REFUSE)), 3) if negative else 0.5


def validated(data: Sequence[Row], names: Sequence[str], mix: Mix) -> dict[str, list[float]]:
    """Each fold judged by a fit of the others."""
    measured: dict[str, list[float]] = {"right": [], "refused": [], "refused, its document taken away": []}
    for fold in range(FOLDS):
        fit = fitted([r for r in data if r.fold != fold], names, mix)
        for r in (r for r in data if r.fold == fold):
            says = fit.probability(r.features) >= fit.threshold
            if r.whole and r.answerable:
                measured["right"].append(float(says and r.right))
            elif r.whole:
                measured["refused"].append(float(not says))
            elif not r.right:
                measured["refused, its document taken away"].append(float(not says))
    return measured


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--questions", required=True)
    made.add_argument("--vectors", default="")
    made.add_argument("--write", default="", help="write the fits here")
    args = made.parse_args()
    began, file = time.monotonic(), Path(args.questions)
    questions = [q for q in read_questions(file) if q.about == "kb"]
    answers = read_answers(file)
    held = documents(Path(args.data))
    dense = meaning(Path(args.vectors) if args.vectors else None)
    ways = {"words": Lookup(held)} | ({"meaning": Lookup(held, dense=dense)} if dense else {})
    table, fits = [], {}
    for name, lookup in ways.items():
        data = looked_up(lookup, MIX, questions, answers)
        table += rows(name, validated(data, NAMES[name], MIX))
        fits[name] = fitted(data, NAMES[name], MIX).model_dump(mode="json")
    if isinstance(dense, Vectors):
        dense.keep()
    if args.write:
        Path(args.write).write_text(json.dumps(fits, indent=1) + "\n", encoding="utf-8")
    finish("memory/questions_fit", table, [], n=len(questions), began=began, out=args.json)


if __name__ == "__main__":
    main()
