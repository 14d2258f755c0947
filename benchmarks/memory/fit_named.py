"""Learn which name in a story is what was at fault, and tell what it is worth on authors left out.

    python benchmarks/memory/fit_named.py [--data DIR] --json OUT [-o tools/memory/importing/named]

DIR (of the package by default) holds passages_written.jsonl. A conditional logit over the names of each post-mortem, with a score
of its own for nobody (`aitia.tools.memory.importing.named`); the words that count as common are those of two other authors at
least. A name is right where it is the author's, or the one holds the other whole. `ours` tells a name from .5 on, `trivial` the
name that stands most often. -o writes NAME.json and NAME.npz, without the authors of whom nothing is learned.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.models.curriculum.passages import LEFT_OUT, Document
from aitia.tools.meaning.passages.asking import read_roles
from aitia.tools.meaning.passages.units import units_of
from aitia.tools.memory.importing.named import FEATURES, SURE, Named, names_in, word_hash
from benchmarks import contract
from benchmarks.meaning.fit_passages import documents_in

RIDGE: Final = 1.0
LEAST: Final = 2  # authors who use a common word
_LETTERS: Final = re.compile(r"[^\W\d_]+")


def main() -> int:
    """Fit, with each author left out and with all."""
    parser = contract.parser(__doc__)
    parser.add_argument("-o", "--output", default="", help="write the weights here")
    args = parser.parse_args()
    began = time.monotonic()
    documents = documents_in(Path(args.data))
    users = words_of(documents)
    stories = [d for d in documents if d.kind == "postmortem"]
    rows = {d.id: _names(d, users, d.author) for d in stories}
    measured: dict[str, dict[str, list[float]]] = {"ours": {}, "trivial": {}}
    per_case: list[dict[str, Any]] = []
    for author in contract.chosen(sorted({d.author for d in stories}), args.cases):
        known = [d for d in stories if d.author not in (author, *LEFT_OUT)]
        weights = fitted([(rows[d.id], d) for d in known])
        for d in (d for d in stories if d.author == author):
            names = rows[d.id]
            shares = shares_of(names, weights)
            best = int(shares[:-1].argmax()) if names else -1
            said = names[best].text if names and shares[best] >= SURE else ""
            often = max(names, key=lambda n: n.roles.total()).text if names else ""
            for system, name in (("ours", said), ("trivial", often)):
                _score(name, d.record["component"], measured[system])
            per_case.append({"case": d.id, "said": bool(said), "right": same(said, d.record["component"])})
    if args.output:
        learned = [d for d in stories if d.author not in LEFT_OUT]
        weights = fitted([(rows[d.id], d) for d in learned])
        told = {
            "weights": dict(zip(FEATURES, (round(float(w), 3) for w in weights[:-1]), strict=True)),
            "nobody": round(float(weights[-1]), 3),
        }
        Path(f"{args.output}.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
        common = sorted(word_hash(w) for w, authors in users.items() if len(authors - set(LEFT_OUT)) >= LEAST)
        np.savez_compressed(f"{args.output}.npz", common=np.array(common, dtype=np.uint32))
    table = [row for system, values in measured.items() for row in contract.rows(system, values)]
    contract.finish("memory/fit_named", table, per_case, n=len(stories), began=began, out=args.json)
    return 0


def words_of(documents: Sequence[Document]) -> dict[str, set[str]]:
    """Which authors use a word."""
    users: dict[str, set[str]] = {}
    for d in documents:
        for word in {w for p in d.parts for w in _LETTERS.findall(p.text.lower())}:
            users.setdefault(word, set()).add(d.author)
    return users


def _names(document: Document, users: dict[str, set[str]], author: str) -> list[Named]:
    known = {word_hash(w) for w, authors in users.items() if len(authors - {author, *LEFT_OUT}) >= LEAST}
    units = [u for u in units_of(document.text) if u.style != "code"]
    return names_in(units, [r.name for r in read_roles(units, "postmortem")], known)


def fitted(rows: Sequence[tuple[Sequence[Named], Document]]) -> NDArray[np.float64]:
    """The weight of each feature, and nobody's score last."""
    groups = []
    for names, document in rows:
        right = [same(n.text, document.record["component"]) for n in names]
        groups.append(
            (
                np.array([n.features for n in names]).reshape(len(names), len(FEATURES)),
                np.array([*right, not any(right)], dtype=float),
            )
        )

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, slope = RIDGE * float(weights @ weights) / 2, RIDGE * weights
        for table, right in groups:
            scores = np.append(table @ weights[:-1], weights[-1])
            share = np.exp(scores - scores.max())
            share /= share.sum()
            hit = float(share @ right)
            total -= float(np.log(max(hit, 1e-12)))
            step = share - share * right / max(hit, 1e-12)
            slope = slope + np.append(table.T @ step[:-1], step[-1])
        return total, slope

    return np.asarray(minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, method="L-BFGS-B").x)


def shares_of(names: Sequence[Named], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of each name, and of nobody last."""
    table = np.array([n.features for n in names]).reshape(len(names), len(FEATURES))
    scores = np.append(table @ weights[:-1], weights[-1])
    share = np.exp(scores - scores.max())
    return np.asarray(share / share.sum())


def same(one: str, other: str) -> bool:
    """Whether two names are one, or the one holds the other whole."""
    a, b = one.casefold(), other.casefold()
    return bool(a and b) and any(
        re.search(rf"(?<!\w){re.escape(x)}(?!\w)", y) is not None for x, y in ((a, b), (b, a))
    )


def _score(said: str, wanted: str, into: dict[str, list[float]]) -> None:
    right = same(said, wanted)
    into.setdefault("component right", []).append(float(right) if wanted else float(not said))
    into.setdefault("wrong component told", []).append(float(bool(said) and not right))
    if said:
        into.setdefault("right where told", []).append(float(right))
    into.setdefault("told", []).append(float(bool(said)))


if __name__ == "__main__":
    raise SystemExit(main())
