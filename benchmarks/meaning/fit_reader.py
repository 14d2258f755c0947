"""Learn what a message means from the curriculum's written messages, and tell what it is worth on authors left out.

    python benchmarks/meaning/fit_reader.py [--data DIR] --json OUT [-o tools/meaning/message_reader.npz]

DIR (of the package by default) holds messages_written.jsonl and messages_further.jsonl: [text, product, kind, whose, author], by
language models that knew the classes and nothing of the words' rules. Each author's messages are read by what was learned from
the others'. `ours` is the learned reader, `peer` the words' rules alone (`fault` from log-odds 0), `trivial` the commonest answer
of the others. Kind and owner are of true faults. -o writes weights of all authors: per head eight-bit steps and a scale.
"""

from __future__ import annotations

import json
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
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.meaning.message_reader import OWNERS, features, size
from aitia.tools.meaning.messages import classes
from aitia.tools.meaning.messages_asking import SAID
from aitia.tools.text.classes import own_words, reading
from benchmarks import contract

HELD_BACK: Final = 8.0  # C: the inverse of the ridge; 3, 8 and 20 are alike
STEPS: Final = 40  # of L-BFGS; the pieces of rare words are overlearned by more
LEAST_STEP: Final = 2  # a column with no larger weight, of 127, is left out
NORMAL: Final = "normal"
FALSE: Final = 0.02
SURE: Final = (0.5, 0.7, 0.8)
FILES: Final = ("messages_written.jsonl", "messages_further.jsonl")
Row = tuple[str, str, str, str]
"""Text, kind or `NORMAL`, whose or "", author."""


def main() -> int:
    """Fit, with each author left out and with all."""
    parser = contract.parser(__doc__)
    parser.add_argument("-o", "--output", default="", help="write the weights here")
    args = parser.parse_args()
    began = time.monotonic()
    rows = messages(Path(args.data))
    table = matrix([r[0] for r in rows])
    authors = contract.chosen(sorted({r[3] for r in rows}), args.cases)
    told: list[dict[str, Any]] = []
    per_case: list[dict[str, Any]] = []
    measured: dict[str, dict[str, list[float]]] = {"ours": {}, "peer": {}, "trivial": {}}
    for author in authors:
        inside = np.array([r[3] == author for r in rows])
        heads = fitted(table[~inside], [r for r, held in zip(rows, inside, strict=True) if not held])
        held = [r for r, one in zip(rows, inside, strict=True) if one]
        scores = heads.scores(table[inside])
        of_author: dict[str, float] = {"messages": len(held)}
        for system, values in scored(held, scores, rows, author).items():
            for metric, every in values.items():
                measured[system].setdefault(metric, []).extend(every)
                of_author[f"{system}: {metric}"] = round(float(np.mean(every)), 3)
        fault = np.array([r[1] != NORMAL for r in held])
        of_author["ours: area"] = round(float(roc_auc_score(fault, scores[:, 0])), 3)
        of_author["peer: area"] = round(float(roc_auc_score(fault, [reading(r[0]).fault for r in held])), 3)
        per_case.append({"case": author, **of_author})
        print(per_case[-1], flush=True)
    for system, values in measured.items():
        told += contract.rows(system, values)
    contract.finish("meaning/fit_reader", told, per_case, n=len(rows), began=began, out=args.json)
    if args.output:
        write(fitted(table, rows), Path(args.output))
    return 0


class Heads:
    """A column of weights for `fault`, each class and each owner, float64, shape (features, heads), and a constant for each."""

    def __init__(self, table: NDArray[np.float64], constants: NDArray[np.float64]) -> None:
        self.table, self.constants = table, constants

    def scores(self, rows: csr_matrix) -> NDArray[np.float64]:
        """Shape (rows, heads)."""
        return np.asarray(rows @ self.table + self.constants)


def messages(data: Path) -> list[Row]:
    """All messages; those of the first file are told as one author."""
    names = {said: kind for kind, said in SAID.items()}
    folder = data if (data / FILES[0]).exists() else Path(__file__).parents[2] / "models" / "curriculum"
    rows = []
    for file in FILES:
        for line in (folder / file).read_text("utf-8").splitlines():
            text, _, kind, whose, *author = json.loads(line)
            rows.append((text, names.get(kind, kind), whose, author[0] if author else "first"))
    return rows


def matrix(texts: Sequence[str]) -> csr_matrix:
    """The features of messages, a row each."""
    starts, columns, values = [0], [], []
    for text in texts:
        of, value = features(own_words(text), reading(text))
        columns.append(of)
        values.append(value.astype(np.float64))
        starts.append(starts[-1] + len(of))
    return csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(starts)), shape=(len(texts), size())
    )


def fitted(table: csr_matrix, rows: Sequence[Row]) -> Heads:
    """The heads that some messages teach."""
    kinds = np.array([r[1] for r in rows])
    owners = np.array([r[2] for r in rows])
    fault = kinds != NORMAL
    owned = fault & np.isin(owners, OWNERS)
    weights, constants = np.zeros((size(), 1 + len(classes()) + len(OWNERS))), []
    used = np.flatnonzero(np.asarray((table != 0).sum(axis=0)).ravel())
    first = 0
    for inside, answers, names in (
        (np.ones(len(rows), dtype=bool), fault, [True]),
        (fault, kinds, list(classes())),
        (owned, owners, list(OWNERS)),
    ):
        model = LogisticRegression(C=HELD_BACK, max_iter=STEPS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose
            model.fit(table[inside][:, used], answers[inside])
        for head, name in enumerate(names, first):
            place = 0 if len(model.coef_) == 1 else list(model.classes_).index(name)
            weights[used, head] = model.coef_[place]
            constants.append(float(model.intercept_[place]))
        first += len(names)
    return Heads(weights, np.array(constants))


def scored(
    held: Sequence[Row], scores: NDArray[np.float64], rows: Sequence[Row], author: str
) -> dict[str, dict[str, list[float]]]:
    """Right or not, message by message, of each system."""
    others = [r for r in rows if r[3] != author]
    faults = [r for r in others if r[1] != NORMAL]
    common = (
        Counter(r[1] for r in faults).most_common(1)[0][0],
        Counter(r[2] for r in faults).most_common(1)[0][0],
    )
    names, end = list(classes()), 1 + len(classes())
    made: dict[str, dict[str, list[float]]] = {"ours": {}, "peer": {}, "trivial": {}}
    for row, score in zip(held, scores, strict=True):
        words = reading(row[0])
        kinds, owners = _shares(score[1:end]), _shares(score[end:])
        told = {
            "ours": (score[0] > 0, names[int(np.argmax(kinds))], OWNERS[int(np.argmax(owners))]),
            "peer": (words.fault > 0, words.kind or "other", words.whose),
            "trivial": (True, *common),
        }
        for system, (fault, kind, whose) in told.items():
            of = made[system]
            of.setdefault("fault or normal right", []).append(float(fault == (row[1] != NORMAL)))
            if row[1] == NORMAL:
                continue
            of.setdefault("kind right", []).append(float(kind == row[1]))
            of.setdefault("owner right", []).append(float(whose == row[2]))
            if system == "ours":
                for bar in SURE:
                    if kinds.max() >= bar:
                        of.setdefault(f"kind right where {bar} is said", []).append(float(kind == row[1]))
                    if owners.max() >= bar:
                        of.setdefault(f"owner right where {bar} is said", []).append(float(whose == row[2]))
    return made


def _shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.exp(scores - scores.max())
    return shares / shares.sum()


def write(heads: Heads, file: Path) -> None:
    """The weights as steps of eight bits, without columns that weigh next to nothing."""
    scale = np.abs(heads.table).max(axis=0) / 127
    steps = np.round(heads.table / scale).astype(np.int8)
    columns = np.flatnonzero(np.abs(steps.astype(np.int16)).max(axis=1) >= LEAST_STEP)
    np.savez_compressed(
        file,
        columns=columns.astype(np.int32),
        steps=steps[columns],
        scale=scale.astype(np.float32),
        constants=heads.constants.astype(np.float32),
    )


if __name__ == "__main__":
    sys.exit(main())
