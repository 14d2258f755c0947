"""What a message means by the learned reader, by a small model with its adapter, and by both, on authors that neither learned.

    python benchmarks/meaning/reader_and_model.py --data models/curriculum --model BASE+ADAPTER.gguf [--most N] --json OUT

The authors are those that no adapter learns (`models.curriculum.written.LEFT_OUT`); the reader is fitted here without them. Of
each author the first N messages by a hash are read. Both are weighed alike: their log-probabilities are added. Rows: ours (both),
no_model (the reader), peer (the model alone, its answers to nothing taken off), trivial (the commonest of the others).
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.comparing import open_model
from aitia.core.llm import Classifier
from aitia.models.curriculum.written import LEFT_OUT
from aitia.tools.meaning.message_reader import OWNERS
from aitia.tools.meaning.messages import classes
from aitia.tools.meaning.messages_asking import SAID, WHOSE, ask_message
from benchmarks import contract
from benchmarks.meaning.fit_reader import NORMAL, Row, fitted, matrix, messages

MOST: Final = 250
Floats = NDArray[np.float64]


def main() -> int:
    """Fit without the authors, read their messages with both, and score."""
    parser = contract.parser(__doc__)
    parser.add_argument("--most", type=int, default=MOST, help="messages of each author")
    args = parser.parse_args()
    began = time.monotonic()
    rows = messages(Path(args.data))
    model = open_model(args.model, "messages")
    others = [r for r in rows if r[3] not in LEFT_OUT]
    heads = fitted(matrix([r[0] for r in others]), others)
    measured: dict[str, dict[str, list[float]]] = {}
    per_case: list[dict[str, Any]] = []
    for author in contract.chosen(LEFT_OUT, args.cases):
        held = sorted((r for r in rows if r[3] == author), key=_drawn)[: args.most]
        scores = heads.scores(matrix([r[0] for r in held]))
        of: dict[str, dict[str, list[float]]] = {}
        for row, score in zip(held, scores, strict=True):
            for system, told in _told(row, score, model, others).items():
                for metric, value in _right(row, told).items():
                    of.setdefault(system, {}).setdefault(metric, []).append(value)
        told_of = {f"{s}: {m}": round(float(np.mean(v)), 3) for s, vs in of.items() for m, v in vs.items()}
        per_case.append({"case": author, "messages": len(held), **told_of})
        print(per_case[-1], flush=True)
        for system, values in of.items():
            for metric, every in values.items():
                measured.setdefault(system, {}).setdefault(metric, []).extend(every)
    table = [row for system, values in measured.items() for row in contract.rows(system, values)]
    contract.finish("meaning/reader_and_model", table, per_case, n=len(rows), began=began, out=args.json)
    return 0


def _drawn(row: Row) -> str:
    return hashlib.sha256(row[0].encode()).hexdigest()


def _told(
    row: Row, score: Floats, model: Classifier, others: Sequence[Row]
) -> dict[str, tuple[bool, str, str]]:
    names, end = list(classes()), 1 + len(classes())
    said = ask_message(model, row[0])
    fault = said.fault[0] - said.fault[1]
    by_model = dict(
        zip(SAID, said.kind or [0.0] * len(SAID), strict=True)
    )  # none where it calls it normal for sure
    kinds = np.array([by_model[n] for n in names])
    by_owner = dict(zip(WHOSE, said.whose or [0.0] * len(WHOSE), strict=True))
    owners = np.array([by_owner[n] for n in OWNERS])
    own_kinds, own_owners = _log(score[1:end]), _log(score[end:])

    def told(fault: float, kinds: Floats, owners: Floats) -> tuple[bool, str, str]:
        return fault > 0, names[int(np.argmax(kinds))], OWNERS[int(np.argmax(owners))]

    return {
        "ours": told(score[0] + fault, own_kinds + _log(kinds), own_owners + _log(owners)),
        "no_model": told(score[0], own_kinds, own_owners),
        "peer": told(fault, kinds, owners),
        "trivial": (True, "unavailable", "peer"),
    }


def _log(scores: Floats) -> Floats:
    found: Floats = scores - (scores.max() + np.log(np.exp(scores - scores.max()).sum()))
    return found


def _right(row: Row, told: tuple[bool, str, str]) -> dict[str, float]:
    made = {"fault or normal right": float(told[0] == (row[1] != NORMAL))}
    if row[1] != NORMAL:
        made |= {"kind right": float(told[1] == row[1]), "owner right": float(told[2] == row[2])}
    return made


if __name__ == "__main__":
    sys.exit(main())
