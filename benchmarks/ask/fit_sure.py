"""Learn how likely what rules read is right from how a model reads the same question, and tell what it is worth.

    python benchmarks/ask/fit_sure.py --data SET[,SET] --reader BASE+ADAPTER.gguf --keep ROWS.jsonl [--home FOLDER]
    python benchmarks/ask/fit_sure.py --data ROWS.jsonl [--write] --json OUT

SET are folders of questions as of `questions.py`, each of an author; of none a case is told or kept, only what was compared
and whether the rules' reading is right. `--home` keeps what the model wrote, so that a run that was cut goes on. Each author is
judged by what was learned from the others; `--write` keeps what was learned of all (agent/asking/question/sure.json). `ours` is
the learned probability, `trivial` the share that is right of the others' readings.
"""

from __future__ import annotations

import json
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.asking.answerable import Fit
from aitia.agent.asking.looked import answered
from aitia.agent.asking.question.by_model import QuestionReader
from aitia.agent.asking.question.follow import pieces_of, read_pieces
from aitia.agent.asking.question.line_form import line_of
from aitia.agent.asking.question.met import unmet
from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.second import may_say, unheard
from aitia.agent.asking.question.several import read_several
from aitia.agent.asking.question.sure import FIT, features, fit
from aitia.comparing import open_model
from aitia.graphs.looking import checked, look
from aitia.tools.query.execute import execute
from aitia.tools.query.words import Query
from benchmarks import contract
from benchmarks.ask.judging import judged
from benchmarks.ask.questions import Held, as_said, cases_of, folder_of, hold

RIDGE: Final = 0.3  # C: its inverse
BARS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
THRESHOLD: Final = 0.7
Row = dict[str, Any]


def main() -> int:
    """Put the questions to the model, or learn from what was kept."""
    parser = contract.parser(__doc__)
    parser.add_argument(
        "--reader", default="", help="BASE+ADAPTER.gguf that reads the questions beside the rules"
    )
    parser.add_argument("--keep", default="", help="where the rows go of questions that are put to the model")
    parser.add_argument("--home", default="", help="where what the model wrote is kept")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of what is answered rightly this share is put to it"
    )
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--write", action="store_true", help="keep what was learned of all")
    args = parser.parse_args()
    began = time.monotonic()
    if args.keep:
        model = open_model(args.reader, "questions", threads=args.threads)
        reader = QuestionReader(model, home=Path(args.home) if args.home else None)
        root = Path(__file__).parents[2]
        with Path(args.keep).open("a", encoding="utf-8") as file:
            for data in map(Path, args.data.split(",")):
                for row in read(data, root, reader, args.share):
                    file.write(json.dumps(row) + "\n")
                    file.flush()
        return 0
    rows = [json.loads(line) for line in Path(args.data).read_text(encoding="utf-8").splitlines()]
    table, cases = told(rows)
    if args.write:
        FIT.write_text(json.dumps(fitted(rows).model_dump(), indent=1) + "\n", encoding="utf-8")
    contract.finish("ask/fit_sure", table, cases, n=len(rows), began=began, out=args.json)
    return 0


def read(data: Path, root: Path, reader: QuestionReader, share: float = 1.0) -> Iterator[Row]:
    """A row for each question of which rules have a reading that a source answers.

    share  of those answered rightly, by the hash of their id; each counts for that many
    """
    before: dict[str, Query | None] = {}
    held: dict[tuple[str, datetime], Held] = {}
    for q in cases_of(data):
        key = (str(q["source"]), datetime.fromisoformat(str(q["at"])))
        if key not in held:
            held.clear()
            held[key] = hold(folder_of(root, key[0]), key[1])
        site, text = held[key].site, checked(str(q["question"]))
        last = before.get(str(q.get("follows") or ""))
        site.begin()
        p = pieces_of(text, site, last)
        reading = read_several(text, site, last, read_pieces(p, last))
        found = look(text, site, last)
        before[str(q["id"])] = found[1] if found is not None else last
        own = reading.queries or reading.offers
        lined = [o for o in own if line_of(o)]
        if not lined or not may_say(p, reading, last):
            continue
        answers = reading.status == "query"
        if not answers and (len(lined) < len(own) or unmet(p, own) or any(unheard(p, o) for o in own)):
            continue
        answer = answered(
            text, Reading(status="query", queries=own), [(o, execute(o, site)) for o in own], str
        )
        if answer.status != "answered":
            continue
        right = judged(as_said(answer, 0.0), q).get("right: answerable", False)
        if answers and right and zlib.crc32(str(q["id"]).encode()) % 1000 >= 1000 * share:
            continue
        proposal = reader.read(p, last)
        yield {
            "model": reader.adapter,
            "author": f"{data.parent.name}/{data.name}",
            "offered": not answers,
            "right": right,
            "weight": round(1 / share, 3) if answers and right else 1.0,
            "told": min((features(o, proposal) for o in lined), key=fit().probability),
        }


def fitted(rows: Sequence[Row]) -> Fit:
    """A logistic regression with a ridge, over standardised features; a row counts for as many as it was drawn of."""
    names = tuple(sorted(rows[0]["told"]))
    (by,) = {r.get("model") or fit().model for r in rows}  # rows without one are of the model before
    made = np.array([[r["told"][n] for n in names] for r in rows])
    means, scales = made.mean(axis=0), np.maximum(made.std(axis=0), 0.05)
    model = LogisticRegression(C=RIDGE, max_iter=500)
    model.fit(
        (made - means) / scales,
        [r["right"] for r in rows],
        sample_weight=[r["weight"] for r in rows],
    )
    return Fit(
        features=names,
        means=tuple(round(float(m), 4) for m in means),
        scales=tuple(round(float(s), 4) for s in scales),
        weights=tuple(round(float(w), 4) for w in model.coef_[0]),
        bias=round(float(model.intercept_[0]), 4),
        threshold=THRESHOLD,
        model=by,
    )


def told(rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The table, authors left out, and what was learned without each."""
    authors = sorted({r["author"] for r in rows})
    sure, share = np.zeros(len(rows)), np.zeros(len(rows))
    cases = []
    for author in authors:
        others = [r for r in rows if r["author"] != author]
        learned = fitted(others)
        weights = np.array([r["weight"] for r in others])
        usual = float(np.average([r["right"] for r in others], weights=weights))
        for n, row in enumerate(rows):
            if row["author"] == author:
                sure[n], share[n] = learned.probability(row["told"]), usual
        cases.append({"case": author, **dict(zip(learned.features, learned.weights, strict=True))})
    table: list[dict[str, Any]] = []
    for system, values in (("ours", sure), ("trivial", share)):
        table += contract.rows(system, _measured(rows, values))
    return table, cases


def _measured(rows: Sequence[Row], sure: NDArray[np.float64]) -> dict[str, list[float]]:
    made: dict[str, list[float]] = {}
    weight = np.array([r["weight"] for r in rows])
    right = np.array([bool(r["right"]) for r in rows])
    for label, kind in (("answered", False), ("offered", True)):
        of = np.array([bool(r["offered"]) is kind for r in rows])
        if not of.any():
            continue
        made[f"AUC, {label}"] = [_auc(sure[of], right[of])]
        made[f"ECE, {label}"] = [_ece(sure[of], right[of], weight[of])]
        for bar in BARS:
            for name, which in (("right", right), ("wrong", ~right)):
                kept = float(weight[of & which & (sure >= bar)].sum() / max(1.0, weight[of & which].sum()))
                made[f"{label}, kept from {bar}: {name}"] = [kept]
    return made


def _auc(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    pairs = sure[right][:, None] - sure[~right][None, :]
    return float(((pairs > 0) + 0.5 * (pairs == 0)).mean()) if pairs.size else float("nan")


def _ece(sure: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [
        abs(
            np.average(sure[bins == b], weights=weight[bins == b])
            - np.average(right[bins == b], weights=weight[bins == b])
        )
        * weight[bins == b].sum()
        for b in sorted(set(bins.tolist()))
    ]
    return float(sum(gaps) / weight.sum())


if __name__ == "__main__":
    sys.exit(main())
