"""Whether refusing by meaning pays: an answer is withheld where its query's words are far from the question's.

python benchmarks/ask/nearness.py --data HELD[,HELD...] --fit SHOWN [--root FOLDER] --json OUT

`--fit` is a set of questions that was looked at: the threshold is fitted there and nowhere else, then read off once on each
set of `--data`, of which totals alone are told. Nearness is the cosine of all-MiniLM between the question, component names left
out, and the words of its first query (verb, statistic, measurement, text), or of what it says, whichever is larger.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.models.embed import Embedder
from benchmarks.ask.judging import judged
from benchmarks.ask.questions import Asked, Said, answers, read_answers, read_questions
from benchmarks.contract import finish, parser, rows

_NAMES: Final = re.compile(r'component="[^"]*"|since="[^"]*"|until="[^"]*"|limit=\d+')
_SIGNS: Final = re.compile(r"[^A-Za-zÀ-ÿ0-9]+")


def nearness(question: str, said: Said, embedder: Embedder) -> float:
    """How near the words of what was looked at are to the question, -1..1; 1 where nothing was looked at."""
    if said.status != "answered" or not said.queries:
        return 1.0
    query = _SIGNS.sub(" ", _NAMES.sub(" ", said.queries[0]))
    told = re.sub(r"[\d.:]+", " ", said.text.split("\n")[0])
    one, *others = embedder.embed([question, query, told])
    return float(max(np.dot(one, other) for other in others))


def seen(data: Path, root: Path, embedder: Embedder) -> list[tuple[float, bool, bool]]:
    """Of each question its nearness, whether it was answered rightly, and whether wrongly."""
    questions = read_questions(data)
    found, wanted = answers(questions, root, None), read_answers(data)
    return [_one(q, found[q.id]["no_model"], wanted[q.id], embedder) for q in questions]


def _one(q: Asked, said: Said, wanted: dict[str, object], embedder: Embedder) -> tuple[float, bool, bool]:
    verdict = judged(said, wanted)
    right = verdict.get("right: answerable", False)
    return nearness(q.question, said, embedder), right, verdict["wrong: all"]


def fitted(told: Sequence[tuple[float, bool, bool]]) -> float:
    """The threshold that takes most wrong answers away over right ones; the lowest of equals, -1 where none pays."""
    best, at = 0, -1.0
    for least in np.arange(-0.1, 0.9, 0.01):
        gained = sum(wrong - right for near, right, wrong in told if near < least)
        if gained > best:
            best, at = gained, float(least)
    return at


def main() -> None:
    made = parser(__doc__)
    made.add_argument(
        "--fit", required=True, help="questions that were looked at: the threshold is fitted there"
    )
    made.add_argument("--root", default=str(Path(__file__).parents[2]))
    args = made.parse_args()
    began, embedder, root = time.monotonic(), Embedder(), Path(args.root)
    shown = seen(Path(args.fit), root, embedder)
    least = fitted(shown)
    table = rows("ours", {"threshold": [least]})
    number = 0
    held = (seen(Path(d), root, embedder) for d in args.data.split(","))
    for place, told in enumerate([shown, *held]):
        number += len(told)
        label = f"set {place}" if place else "fit"
        for system, bar in (("no_model", -1.0), ("ours", least)):
            table += rows(
                system,
                {
                    f"{label} right: all": [float(r and near >= bar) for near, r, _ in told],
                    f"{label} wrong: all": [float(w and near >= bar) for near, _, w in told],
                },
            )
    finish("ask/nearness", table, [], n=number, began=began, out=args.json)


if __name__ == "__main__":
    main()
