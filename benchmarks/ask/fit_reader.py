"""Fit how questions are read without rules (`learned.npz`), and tell what it is worth on the other half of the authors.

python benchmarks/ask/fit_reader.py --data models/curriculum [--of N] [--told N] [--write] --json OUT

The questions and sites are those of `written.py`. All is learned of the first half of the authors, pairs and the last
regression of lines with each author read by what was learned from the others of that half, table of words included. Told is, of
the other half, what lines from each probability on would answer where rules do not. `--write` then learns verbs and what is
wanted of all authors; pairs and the last regression stay those of the first half.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.asking.question.asked_how import VERBS, WANTED, features
from aitia.agent.asking.question.learned import MEASURED, WEIGHTS, Candidate, candidates, choose, rows_of
from aitia.agent.asking.question.line_form import line_of
from aitia.agent.asking.question.second import may_say, rules_left_open
from aitia.agent.asking.question.translated import Table, words_of
from benchmarks.ask import fit_learned, translations_fit
from benchmarks.ask.written import Put, asked, half, owners, sites, slots
from benchmarks.contract import finish, parser, rows

FREE: Final = (7, 9, 10, 13)  # of the features of a line: those that may speak either way
BARS: Final = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
_RIDGE: Final = 0.01
_LEVELS: Final = 127  # of a weight of the verbs in one byte
Weights = np.ndarray[Any, np.dtype[np.float64]]


class Case(NamedTuple):
    """A question with what is measured where it is asked."""

    put: Put
    author: str
    found: list[Candidate]
    spoken: frozenset[str]
    right: list[int]
    held: dict[str, list[str]]
    open: bool


def cases(which: int, of: int) -> Iterator[Case]:
    """The questions of a half."""
    for site in sites(which, of):
        held = owners(site)
        with tempfile.TemporaryDirectory() as folder:
            for put in asked(site, Path(folder)):
                found = candidates(put.p, put.before)
                wanted = slots(put.ask.line, held)
                told = len(wanted) > 2 and wanted[0] in MEASURED
                right = [
                    i
                    for i, c in enumerate(found)
                    if told and c.family == wanted[1] and wanted[2] in ("", c.component)
                ]
                left = may_say(put.p, put.reading, put.before) and rules_left_open(put.reading)
                spoken = words_of(put.p.as_put, put.p.low)
                yield Case(put, site.name.split()[-1], found, spoken, right, held, left)


def pairs(made: Sequence[tuple[Weights, list[int]]]) -> Weights:
    """The conditional logit of which measurement is meant."""
    scale = np.concatenate([x for x, _ in made]).std(0) + 1e-9

    def loss(w: Weights) -> tuple[float, Weights]:
        total, slope = 0.0, np.zeros_like(w)
        for x, right in made:
            z = x / scale @ w
            shares = np.exp(z - z.max())
            shares /= shares.sum()
            wanted = np.zeros_like(shares)
            wanted[right] = shares[right]
            total -= math.log(wanted.sum())
            slope -= (x / scale).T @ (wanted / wanted.sum() - shares)
        return total / len(made) + _RIDGE * float(w @ w), slope / len(made) + 2 * _RIDGE * w

    fitted = minimize(loss, np.zeros(scale.size), jac=True, method="L-BFGS-B").x
    return np.asarray(fitted / scale)


def lines(told: Sequence[tuple[list[float], bool]]) -> Weights:
    """The regression of whether a line is right, on raw features, the constant last; what speaks for it never speaks against."""
    x, y = np.array([t for t, _ in told]), np.array([float(r) for _, r in told])
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = (x - mean) / spread

    def loss(c: Weights) -> tuple[float, Weights]:
        p = 1.0 / (1.0 + np.exp(-(z @ c[:-1] + c[-1])))
        total = -float((y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12)).sum())
        return total + 0.5 * float(c[:-1] @ c[:-1]), np.append(z.T @ (p - y) + c[:-1], (p - y).sum())

    bounds = [(None if i in FREE else 0.0, None) for i in range(z.shape[1])] + [(None, None)]
    c = minimize(loss, np.zeros(z.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    slopes = c[:-1] / spread
    return np.append(slopes, c[-1] - slopes @ mean)


def head(asked_rows: Sequence[fit_learned.Row]) -> tuple[Weights, Weights]:
    """Weights of verbs and of what is wanted, and constants."""
    return fit_learned.fitted(fit_learned.matrix(asked_rows), asked_rows)


def shares(case: Case, made: tuple[Weights, Weights]) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The probabilities of verbs and of what is wanted."""
    names = [*{c.component for c in case.found}, *{c.family for c in case.found}]
    columns, values = features(case.put.ask.question, names, line_of(case.put.before))
    scores = values @ made[0][columns] + made[1]
    return tuple(
        dict(zip(n, np.exp(s - s.max()) / np.exp(s - s.max()).sum(), strict=True))
        for n, s in ((VERBS, scores[: len(VERBS)]), (WANTED, scores[len(VERBS) :]))
    )  # type: ignore[return-value]


def chosen(
    case: Case, table: Table, made: tuple[Weights, Weights], pair: Weights
) -> tuple[str, list[float]] | None:
    """The line of a question by these weights."""
    if not case.found or not case.open:
        return None
    scores = [table.score(case.spoken, c.parts) for c in case.found]
    return choose(case.put.p, case.put.before, case.found, scores, *shares(case, made), pair)


def right(case: Case, line: str) -> bool:
    """Whether it is the line that answers; its bound is read by code."""
    wanted, read = slots(case.put.ask.line, case.held), slots(line, case.held)
    return (
        len(wanted) > 5 and wanted[:2] == read[:2] and wanted[2] in ("", read[2]) and wanted[4:6] == read[4:6]
    )


def write(pair: Weights, of_lines: Weights, file: Path, made: tuple[Weights, Weights]) -> None:
    """The weights as they are shipped: of the verbs a byte each."""
    used = np.flatnonzero(np.abs(made[0]).max(axis=1) > 0)
    every = np.vstack([made[0][used], made[1]])
    scale = np.abs(every).max(axis=0) / _LEVELS
    np.savez_compressed(
        file, used=used.astype(np.int32), asked=np.round(every / scale).astype(np.int8), scale=scale.astype(np.float32),
        pair=pair, right=of_lines,
    )  # fmt: skip


def main() -> None:
    """Fit and tell."""
    made = parser(__doc__)
    made.add_argument("--of", type=int, default=1)
    made.add_argument("--told", type=int, default=1, help="tell of one site in so many of the other half")
    made.add_argument("--write", action="store_true")
    args = made.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    began = time.monotonic()
    first, second = list(cases(0, args.of)), list(cases(1, max(args.of, args.told)))
    written = fit_learned.asked()
    every = [s for h in (0, 1) for s in sites(h, 1)]
    mine = [r for r in written if half(r[5]) == 0]
    authors = sorted({c.author for c in first})
    by_author = {}
    for author in authors:
        by_author[author] = (
            translations_fit.fitted(
                [s for s in every if half(s.name.split()[-1]) == 0 and s.name.split()[-1] != author]
            ),
            head([r for r in mine if r[5] != author]),
        )
    told = [
        (rows_of(c.found, [by_author[c.author][0].score(c.spoken, x.parts) for x in c.found]), c.right)
        for c in first
        if c.right
    ]
    pair = pairs(told)
    read = [(c, chosen(c, *by_author[c.author], pair)) for c in first]
    of_lines = lines([(got[1], right(c, got[0])) for c, got in read if got])
    table = translations_fit.fitted([s for s in every if half(s.name.split()[-1]) == 0])
    totals: dict[str, list[float]] = {}
    of_half = head(mine)
    for c in second:
        got = chosen(c, table, of_half, pair)
        sure = 1 / (1 + math.exp(-float(of_lines[:-1] @ np.array(got[1]) + of_lines[-1]))) if got else 0.0
        for bar in BARS:
            says = got is not None and sure >= bar
            totals.setdefault(f"{bar} gained", []).append(float(says and right(c, got[0])))  # type: ignore[index]
            totals.setdefault(f"{bar} wrong", []).append(float(says and not right(c, got[0])))  # type: ignore[index]
    if args.write:
        write(pair, of_lines, WEIGHTS, head(written))
    finish("ask/fit_reader", rows("ours", totals), [], n=len(second), began=began, out=args.json)


if __name__ == "__main__":
    main()
