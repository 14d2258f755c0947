"""Fit how much a model's yes or no counts when a question is asked of documents (agent/asking/reading.py).

python benchmarks/memory/reading_fit.py --data KNOWLEDGE --questions FILE[,FILE] --model NAME [--write FIT] [--json OUT]

Each question is looked up with its document and without it; the model reads what would be quoted. Two features (the log-odds
without the model, and the model's) go into a ridge logistic regression. Printed: the area under the ROC curve (Hanley and
McNeil 1982) without the model, of the model alone, and of both, each left out once. Questions that are reported must not be
among these.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from aitia.agent.asking.answerable import Fit, chosen, features, fit_of, mix_of
from aitia.agent.asking.lookup import Lookup
from aitia.agent.asking.reading import answers
from benchmarks.contract import finish, parser, rows
from benchmarks.memory.questions import Vectors, documents, holds, meaning, read_answers, read_questions
from benchmarks.rca.product import model

Floats = NDArray[np.float64]
RIDGE, THRESHOLD = 1.0, 0.35


def fitted(x: Floats, y: Floats) -> Fit:
    """The regression on standardised features."""
    means, scales = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    z = (x - means) / scales

    def loss(w: Floats) -> float:
        return float(
            np.logaddexp(0, -(2 * y - 1) * (z @ w[:-1] + w[-1])).sum() + RIDGE * (w[:-1] ** 2).sum() / 2
        )

    w = minimize(loss, np.zeros(x.shape[1] + 1)).x
    return Fit(
        features=("logit", "read"),
        means=tuple(np.round(means, 5).tolist()),
        scales=tuple(np.round(scales, 5).tolist()),
        weights=tuple(np.round(w[:-1], 4).tolist()),
        bias=round(float(w[-1]), 4),
        threshold=THRESHOLD,
    )


def area(scores: Sequence[float], y: Floats) -> float:
    """The area under the ROC curve; ties count half."""
    s = np.asarray(scores)
    good, bad = s[y == 1][:, None], s[y == 0][None, :]
    return float(((good > bad) + 0.5 * (good == bad)).mean())


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--questions", required=True, help="files of development questions, comma-separated")
    made.add_argument("--vectors", default="", help="keep embeddings in this .npz, for the next time")
    made.add_argument("--write", default="", help="put the fit into this file (agent/asking/answerable.json)")
    args = made.parse_args()
    began, llm, dense = (
        time.monotonic(),
        model(args.model),
        meaning(Path(args.vectors) if args.vectors else None),
    )
    if llm is None or not isinstance(dense, Vectors):
        raise SystemExit("Give a --model, and install the extra `memory`: both are needed.")
    lookup, base = Lookup(documents(Path(args.data)), dense=dense), fit_of(meaning=True)
    x, y = [], []
    for file in map(Path, args.questions.split(",")):
        wanted = read_answers(file)
        for q in (q for q in read_questions(file) if q.about == "kb"):
            own, must = wanted[q.id]["document"], wanted[q.id]["must"]
            for without in ("", own) if own else ("",):
                found = lookup.find(q.question, mix=mix_of(base), top=60)
                hits = [h for h in found if h.passage.document != without][:24]
                if not hits:
                    continue
                told = "\n".join(h.passage.text for h in chosen(hits))
                p = base.probability(features(hits))
                x.append([math.log(p / (1 - p)), answers(q.question, chosen(hits), llm)])
                y.append(float(bool(must) and holds(told, must)))
    dense.keep()
    xs, ys = np.array(x), np.array(y)
    left_out = []
    for i in range(len(ys)):
        fit = fitted(np.delete(xs, i, axis=0), np.delete(ys, i))
        left_out.append(fit.probability(dict(zip(fit.features, xs[i], strict=True))))
    table = [
        *rows("no_model", {"area under ROC": [area(xs[:, 0].tolist(), ys)]}),
        *rows("ours, the model alone", {"area under ROC": [area(xs[:, 1].tolist(), ys)]}),
        *rows("ours", {"area under ROC": [area(left_out, ys)]}),
    ]
    if args.write:
        file = Path(args.write)
        fits = json.loads(file.read_text(encoding="utf-8"))
        fits["read"] = fitted(xs, ys).model_dump(mode="json") | {"model": llm.sha256}
        file.write_text(json.dumps(fits, indent=1) + "\n", encoding="utf-8")
    finish("memory/reading_fit", table, [], n=len(ys), began=began, out=args.json)


if __name__ == "__main__":
    main()
