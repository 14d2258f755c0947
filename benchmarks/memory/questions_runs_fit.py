"""Fit how questions over a run are understood (agent/asking/runs.json), and say by cross-validation how well that works.

python benchmarks/memory/questions_runs_fit.py --data RUNS --questions FILE[,FILE] [--cases GLOB] [--write FIT] [--json OUT]

RUNS is a folder of scenarios. Three fits, each one's out-of-fold output feeding the next: the kinds of questions, from the
prototypes of agent/asking/kinds.yaml (ten folds for the temperature); which lines of a report answer, from lines that hold
what an answer must; whether any answer is held. Folds are whole runs. Questions that are reported must not be among these.
Rows: `ours` with meaning, `no_model` by words alone: of the answerable questions those whose kept lines hold the answer, and
the refusals, all out of fold; `kinds` the share of prototypes whose kind, or sort of kind (held or not), is recovered.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from aitia.agent.asking import has_answer, lines
from aitia.agent.asking.answerable import Fit
from aitia.agent.asking.kinds import Embeds, Kinds, KindsFit, ridge
from aitia.agent.asking.questions import Topic, understood
from aitia.agent.asking.record import Record
from aitia.agent.taxonomy import bundled
from benchmarks.contract import chosen, finish, parser, rows
from benchmarks.memory.questions import flat, holds, meaning, read_answers, read_questions, reports

Floats = NDArray[np.float64]
FOLDS, RIDGE, REFUSE = 5, 3.0, 0.93
WORDS_COUNT = 0.5  # of the scores of words beside those of meaning
COMMON = 0.3  # a part of an answer that more lines hold tells no line from another
TOLD = 4


@dataclass(kw_only=True)
class Asked:
    """A question with what it is understood as, and what its answer must hold."""

    question: str
    run: int
    record: Record
    topic: Topic
    wanted: Mapping[str, Any]
    ranked: list[lines.Scored] = field(default_factory=list)

    def right_lines(self) -> list[bool]:
        """Which lines of the report hold a part of the answer that few others do."""
        texts = [flat(e.statement) for e in self.record.lines.values()]
        parts = [[any(flat(a) in t for a in group) for t in texts] for group in self.wanted["must"]]
        telling = [p for p in parts if 0 < sum(p) < COMMON * len(texts)]
        return [any(p[i] for p in telling) for i in range(len(texts))]


def logistic(x: Floats, y: Floats, names: Sequence[str], weights: Floats) -> Fit:
    """A ridge logistic regression on standardised features."""
    means, scales = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-2)
    z = (x - means) / scales

    def loss(flat: Floats) -> tuple[float, Floats]:
        u = z @ flat[:-1] + flat[-1]
        p = 1 / (1 + np.exp(-np.clip(u, -30, 30)))
        error = weights * (p - y)
        value = float((weights * (np.logaddexp(0, u) - y * u)).sum() + RIDGE * (flat[:-1] ** 2).sum() / 2)
        return value, np.append(z.T @ error + RIDGE * flat[:-1], error.sum())

    best = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B").x
    return Fit(
        features=tuple(names),
        means=tuple(np.round(means, 5).tolist()),
        scales=tuple(np.round(scales, 5).tolist()),
        weights=tuple(np.round(best[:-1], 4).tolist()),
        bias=round(float(best[-1]), 4),
        threshold=0.5,
    )


def kinds_fitted(vectors: Embeds | None) -> tuple[KindsFit, dict[str, list[float]]]:
    """The weights of meaning, temperatures by ten folds, and how often a prototype's kind is recovered out of fold."""
    plain = Kinds()
    of = np.array([k for k, _ in plain.prototypes])
    texts = [t for _, t in plain.prototypes]
    n, fold = len(plain.names), np.random.default_rng(0).permutation(len(of)) % 10
    rows_of = {"words": np.array([plain.row(t) for t in texts])}
    if vectors is not None:
        found = vectors.embed(texts).astype(np.float64)
        rows_of["meaning"] = np.column_stack([found, np.ones(len(found))])
    out: dict[str, Floats] = {}
    for name, x in rows_of.items():
        out[name] = np.zeros((len(of), n))
        for f in range(10):
            train = fold != f
            out[name][~train] = x[~train] @ (x[train].T @ ridge(x[train], of[train].tolist(), n))
    heats = {"words": _temperature(out["words"], of)}
    best = out["words"]
    weights = np.zeros((1, n))
    if "meaning" in rows_of:
        best = out["meaning"] + WORDS_COUNT * out["words"]
        heats["meaning"] = _temperature(best, of)
        weights = rows_of["meaning"].T @ ridge(rows_of["meaning"], of.tolist(), n)
    not_held = np.array([k in plain.not_held for k in plain.names])
    measured = {
        "prototypes: kind": (best.argmax(axis=1) == of).astype(float).tolist(),
        "prototypes: held or not": (not_held[best.argmax(axis=1)] == not_held[of]).astype(float).tolist(),
    }
    fit = KindsFit(
        prototypes=plain.sha256,
        model=getattr(vectors, "sha256", ""),
        meaning=base64.b64encode(weights.astype("<f2").tobytes()).decode(),
        words=WORDS_COUNT,
        temperatures=heats,
    )
    return fit, measured


def _temperature(scores: Floats, of: NDArray[np.int64]) -> float:
    """The one that makes the right kinds likeliest."""

    def loss(log_heat: float) -> float:
        z = scores / np.exp(log_heat)
        top = z.max(axis=1, keepdims=True)
        return float((np.log(np.exp(z - top).sum(axis=1)) + top[:, 0] - z[np.arange(len(of)), of]).mean())

    return round(float(np.exp(minimize_scalar(loss, bounds=(-4, 1), method="bounded").x)), 4)


def lines_fitted(asked: Sequence[Asked], vectors: Embeds | None, fits: Mapping[str, Fit]) -> Fit:
    """Which lines answer; each question's lines weigh 1 where they hold the answer and 3 where not."""
    xs, ys, ws = [], [], []
    names = tuple(f for f in lines.FEATURES if vectors is not None or f != "meaning")
    for q in asked:
        right = q.right_lines() if q.wanted["answerable"] else []
        if not any(right):
            continue
        of = dict(zip(q.record.lines, right, strict=True))
        found = lines.scored(q.question, q.topic, q.record, vectors, fits=fits)
        y = np.array([of[s.line.id] for s in found], dtype=float)
        if 0 < y.sum() < len(y):
            xs.append([[s.features.get(n, 0.0) for n in names] for s in found])
            ys.append(y)
            ws.append(np.where(y > 0, 1 / y.sum(), 3 / (len(y) - y.sum())))
    return logistic(np.vstack(xs), np.concatenate(ys), names, np.concatenate(ws))


def _blank() -> Fit:
    return Fit(features=(), means=(), scales=(), weights=(), bias=0.0, threshold=0.5)


def ranking(asked: Sequence[Asked], vectors: Embeds | None) -> dict[str, Fit]:
    """The fit of lines by words alone; or by words, and of what these take, by meaning."""
    by_words = lines_fitted(asked, None, {"words": _blank()})
    if vectors is None:
        return {"words": by_words}
    return {
        "first": by_words,
        "meaning": lines_fitted(asked, vectors, {"first": by_words, "meaning": _blank()}),
    }


def features(asked: Sequence[Asked], fits: Mapping[str, Fit], vectors: Embeds | None) -> Floats:
    """What speaks for and against an answer, a row a question; the ranked lines are kept."""
    found = []
    for q in asked:
        q.ranked = lines.scored(q.question, q.topic, q.record, vectors, fits=fits)
        made = has_answer.features(q.question, q.topic, q.record, q.ranked, vectors)
        found.append([made.get(n, 0.0) for n in has_answer.FEATURES])
    return np.array(found)


def held_fitted(x: Floats, y: Floats) -> Fit:
    """Whether an answer is held; both sorts of questions count the same."""
    share = y.mean()
    return logistic(x, y, has_answer.FEATURES, np.where(y > 0, 0.5 / share, 0.5 / (1 - share)))


def fitted(
    asked: Sequence[Asked], vectors: Embeds | None
) -> tuple[dict[str, Fit], Fit, dict[str, list[float]]]:
    """The fits of lines and of what is held, on all questions; and what each fold gets from fits of the others."""
    y = np.array([q.wanted["answerable"] for q in asked], dtype=float)
    fold = np.array([q.run % FOLDS for q in asked])
    p, hit = np.zeros(len(asked)), np.zeros(len(asked), dtype=bool)
    outer = np.zeros((len(asked), len(has_answer.FEATURES)))
    for f in range(FOLDS):
        train = [q for q, g in zip(asked, fold, strict=True) if g != f]
        fits = ranking(train, vectors)
        x = features(asked, fits, vectors)
        outer[fold == f] = x[fold == f]
        for i in np.flatnonzero(fold == f):
            told = "\n".join(s.line.statement for s in lines.told(asked[i].ranked, TOLD))
            hit[i] = holds(told, asked[i].wanted["must"])
    for f in range(FOLDS):
        fit = held_fitted(outer[fold != f], y[fold != f])
        p[fold == f] = [
            fit.probability(dict(zip(has_answer.FEATURES, r, strict=True))) for r in outer[fold == f]
        ]
    threshold = round(float(np.quantile(p[y == 0], REFUSE)), 3)
    says = p >= threshold
    measured = {
        "answer in the four best lines": hit[y == 1].astype(float).tolist(),
        "answered, answer in the four best lines": (hit & says)[y == 1].astype(float).tolist(),
        "answerable: answered": says[y == 1].astype(float).tolist(),
        "unanswerable: refused": (~says)[y == 0].astype(float).tolist(),
        "area under the ROC": [
            float(np.mean([(a > b) + 0.5 * (a == b) for a in p[y == 1] for b in p[y == 0]]))
        ],
    }
    fits = ranking(asked, vectors)
    last = held_fitted(outer, y)
    return fits, last.model_copy(update={"threshold": threshold}), measured


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--questions", required=True, help="files of questions, comma-separated")
    made.add_argument("--vectors", default="")
    made.add_argument("--reports", default="", help="keep the reports of runs here, for the next time")
    made.add_argument("--write", default="", help="write the fits here")
    args = made.parse_args()
    began = time.monotonic()
    known, wanted = [], {}
    for file in map(Path, args.questions.split(",")):
        mine = [q for q in read_questions(file) if q.about != "kb"]
        take = set(chosen([q.id for q in mine], args.cases))
        answers = read_answers(file)
        known += [q for q in mine if q.id in take]
        wanted |= {q.id: answers[q.id] for q in mine if q.id in take}
    vectors: Any = meaning(Path(args.vectors) if args.vectors else None)
    kinds_fit, measured = kinds_fitted(vectors)
    table = rows("kinds", measured)
    of = Kinds(kinds_fit)
    kept = Path(args.reports) if args.reports else None
    told = reports(Path(args.data), (q.about for q in known), kept)
    records = {name: Record(report, bundled()) for name, report in told.items()}
    runs = sorted(records)
    fits: dict[str, Any] = {"kinds": kinds_fit.model_dump(mode="json"), "lines": {}, "held": {}}
    for name, way in {"words": None, **({"meaning": vectors} if vectors else {})}.items():
        asked = [
            Asked(
                question=q.question,
                run=runs.index(q.about),
                record=records[q.about],
                topic=understood(q.question, records[q.about].report, meaning=way, known=of),
                wanted=wanted[q.id],
            )
            for q in known
        ]
        by_line, answered, measured = fitted(asked, way)
        table += rows("no_model" if way is None else "ours", measured)
        fits["lines"] |= {k: v.model_dump(mode="json") for k, v in by_line.items()}
        fits["held"][name] = answered.model_dump(mode="json")
    if vectors:
        vectors.keep()
    if args.write:
        Path(args.write).write_text(json.dumps(fits, indent=1) + "\n", encoding="utf-8")
    finish("memory/questions_runs_fit", table, [], n=len(known), began=began, out=args.json)


if __name__ == "__main__":
    main()
